use std::collections::BTreeMap;

use ledger::Fen;

use super::ClassName;

/// A class of cards and what may be charged to them; rows of `card_classes`, which staff can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// The class byte of file 15 as two hexadecimal digits.
    pub code: String,
    /// What people call it.
    pub name: ClassName,
    /// The smallest load.
    pub least: Fen,
    /// Loads are multiples of this.
    pub step: Fen,
    /// The largest load.
    pub most: Fen,
    /// The most on the card after a load.
    pub ceiling: Fen,
    /// Amounts offered as buttons.
    pub presets: Vec<Fen>,
    /// The key index that INITIALIZE FOR LOAD names.
    pub key_index: u8,
    /// The PIN that a load needs, decimal digits, if it needs one.
    pub pin: Option<String>,
}

/// All active classes, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes(BTreeMap<String, Class>);

impl Classes {
    /// Of a card's class byte.
    pub fn of(&self, code: u8) -> Option<&Class> {
        self.0.get(&format!("{code:02x}"))
    }

    /// Every one.
    pub fn all(&self) -> impl Iterator<Item = &Class> {
        self.0.values()
    }
}

impl FromIterator<Class> for Classes {
    fn from_iter<I: IntoIterator<Item = Class>>(classes: I) -> Self {
        Self(classes.into_iter().map(|class| (class.code.clone(), class)).collect())
    }
}
