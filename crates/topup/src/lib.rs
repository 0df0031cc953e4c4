//! The business: groups, people, terminals, cards and loads
