use epurse::card::Moment;

/// What lies on the desk of a software reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// The reader's name.
    pub reader: String,
    /// All cards, in the order of their definitions.
    pub cards: Vec<SoftCardView>,
    /// When the card will be torn away, if it will.
    pub tear: Option<Tear>,
}

/// A software card as one sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftCardView {
    /// Its number, which also names it on the desk.
    pub number: String,
    /// What it is an example of.
    pub title: Title,
    /// Its balance, in fen.
    pub balance_fen: u32,
    /// The online counter: how many loads it has taken.
    pub loads: u16,
    /// The last day it is valid, `YYYY-MM-DD`.
    pub expiry: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether it is the one on the reader.
    pub lies_there: bool,
}

/// A short text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Title {
    /// A text in Chinese and in English.
    pub fn new(zh: &str, en: &str) -> Self {
        Self { zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// The worst moments to take a card away: around the command that writes the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// Before CREDIT FOR LOAD reaches the card.
    BeforeCredit,
    /// While it arrives: the card has not acted on it.
    DuringCredit,
    /// After the card has acted on it: the money is there, its answer is lost.
    AfterCredit,
}

impl Tear {
    /// All of them, in the order of time.
    pub const ALL: [Self; 3] = [Self::BeforeCredit, Self::DuringCredit, Self::AfterCredit];

    pub(super) fn moment(self) -> Moment {
        match self {
            Self::BeforeCredit => Moment::Command(0),
            Self::DuringCredit => Moment::BeforeWrite,
            Self::AfterCredit => Moment::AfterWrite,
        }
    }

    /// As forms name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BeforeCredit => "before",
            Self::DuringCredit => "during",
            Self::AfterCredit => "after",
        }
    }
}
