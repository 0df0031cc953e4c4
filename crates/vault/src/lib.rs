//! Who may use the card keys: a trait, and soft keys in a sealed file
