//! Where master keys rest, as the people who keep them see it: made, brought in by two, listed, retired.

use std::io;

use crate::keys::{CheckValue, Component, KeySet, Master, Unfit};
use crate::soft::{OpenError, SealError};
use crate::token::TokenError;

/// Fills a buffer from a source of randomness that is good enough for keys.
pub type Random<'a> = dyn FnMut(&mut [u8]) -> io::Result<()> + 'a;

/// A place where master keys rest: a [`KeyFile`](crate::KeyFile) or a [`TokenStore`](crate::TokenStore).
///
/// A change is whole or not there: what was interrupted shows as [`Listing::incomplete`] at most, and is done again.
pub trait KeyStore {
    /// What is there, by check value and never by key.
    fn list(&mut self) -> Result<Listing, StoreError>;

    /// Makes new random keys of which no person has seen any part. A token has a `random` of its own.
    fn generate(&mut self, set: KeySet, random: &mut Random<'_>) -> Result<CheckValue, StoreError>;

    /// Keeps the first custodian's part until the second comes. One that waits already is replaced.
    fn wait(&mut self, first: &Component) -> Result<(), StoreError>;

    /// The keys of the part that waits and the second custodian's. Nothing is stored yet.
    fn join(&mut self, second: &Component) -> Result<Master, StoreError>;

    /// Stores keys beside those of other names, and forgets the part that waited for them.
    fn keep(&mut self, keys: &Master) -> Result<(), StoreError>;

    /// Removes keys. Cards that ask for them can no longer be charged, nor their loads be proven.
    fn retire(&mut self, set: KeySet) -> Result<(), StoreError>;
}

/// What is in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Its keys, by card type and version.
    pub keys: Vec<CheckValue>,
    /// The parts of first custodians that wait for the second.
    pub waiting: Vec<CheckValue>,
    /// Sets of which one key is missing: the token was interrupted when they were made or retired.
    pub incomplete: Vec<KeySet>,
}

impl Listing {
    pub(crate) fn sorted(mut self) -> Self {
        self.keys.sort_by_key(|value| value.set.place());
        self.waiting.sort_by_key(|value| value.set.place());
        self.incomplete.sort_by_key(|set| set.place());
        self
    }

    /// The check values of a set, if it is whole.
    pub fn of(&self, set: KeySet) -> Option<CheckValue> {
        self.keys.iter().find(|value| value.set == set).copied()
    }

    /// Whether anything is under this name already.
    pub fn knows(&self, set: KeySet) -> bool {
        self.of(set).is_some() || self.incomplete.contains(&set)
    }
}

/// Why keys were not looked at or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Keys of this name are there; they are never overwritten.
    #[error("there are keys for {0} already")]
    Exists(KeySet),
    /// One key of this name is there and the other is not.
    #[error("the keys for {0} are incomplete, since they were interrupted in the making; retire them first")]
    Incomplete(KeySet),
    /// There are no keys of this name.
    #[error("there are no keys for {0}")]
    Missing(KeySet),
    /// No first part waits.
    #[error("no component for {0} is waiting")]
    NothingWaits(KeySet),
    /// The two parts make no keys.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Tokens have no SM4.
    #[error("a token has no SM4: such keys can only rest in a key file")]
    Sm4InToken,
    /// There is no randomness to make keys from.
    #[error("the system gives no randomness")]
    Random(#[source] io::Error),
    /// Another command is changing keys in the same folder.
    #[error("another command is at work on the keys in this folder; wait for its end")]
    Busy,
    /// The key file could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The key file could not be written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The token could not be used.
    #[error(transparent)]
    Token(#[from] TokenError),
}
