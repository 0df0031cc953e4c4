//! Who may use the card keys: a trait, soft keys in a sealed file, and keys in a PKCS#11 token.
//!
//! The business never sees a key. It asks three things of a [`Vault`]: is this card genuine (MAC1), sign this load
//! (MAC2), did the card really take the money (TAC). [`SoftVault`] computes them in this process, with master keys that
//! rest in a file sealed by a passphrase. [`TokenVault`] has a token compute them, with master keys that never leave it.
//!
//! People who keep the keys see a [`KeyStore`], the same for both: new keys are drawn in it, or brought in by two people
//! of whom none knows them, and old versions are kept for the cards that have them until they are retired.
//!
//! # Why the trait is not async
//!
//! The soft vault takes microseconds, less than handing the work to another thread. A token takes milliseconds over a
//! blocking C interface; it says so ([`Vault::blocks`]), and is called from a thread that may wait. An async trait would
//! change nothing.

mod keys;
mod soft;
mod store;
#[cfg(all(feature = "testing", unix))]
pub mod testing;
mod token;

use epurse::keys::{AlgorithmRefused, Diversifier};
use epurse::load::Session;
use epurse::mac::Mac;
use epurse::time::HostTime;

pub use keys::{CheckValue, Component, KeyRef, KeySet, Master, Unfit};
pub use soft::{KeyFile, OpenError, SealError, SoftVault, WorkFactor};
pub use store::{KeyStore, Listing, Random, StoreError};
pub use token::{PinProblem, Refusal, TokenError, TokenPlace, TokenStore, TokenVault};

/// What a MAC or TAC is worth.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was made with this card's key over exactly these values.
    Genuine,
    /// It was not: another key, other values, or bytes changed on the way.
    Forged,
}

impl Verdict {
    /// True for [`Genuine`](Self::Genuine).
    pub fn is_genuine(self) -> bool {
        self == Self::Genuine
    }

    fn of(genuine: bool) -> Self {
        if genuine { Self::Genuine } else { Self::Forged }
    }
}

/// The use of load and TAC keys, without the keys.
pub trait Vault: Send + Sync {
    /// Whether the card's answer to INITIALIZE FOR LOAD is genuine.
    fn verify_mac1(&self, key: KeyRef, card: Diversifier, session: &Session, mac1: Mac) -> Result<Verdict, VaultError>;

    /// The MAC2 that orders the card to add the money. Whoever has it can load the card: commit the hold first.
    fn mac2(&self, key: KeyRef, card: Diversifier, session: &Session, time: HostTime) -> Result<Mac, VaultError>;

    /// Whether the TAC proves that the card has added the money. `session` and `time` are those of MAC2.
    fn verify_tac(
        &self,
        key: KeyRef,
        card: Diversifier,
        session: &Session,
        time: HostTime,
        tac: Mac,
    ) -> Result<Verdict, VaultError>;

    /// Whether an answer may take so long that it must not be waited for where others wait too.
    fn blocks(&self) -> bool {
        false
    }

    /// Whether it could answer now, for those who watch the process.
    fn ready(&self) -> Result<(), VaultError> {
        Ok(())
    }
}

/// Why a vault could not answer. It says nothing about the card being genuine or not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The vault has no such keys.
    #[error("no keys for {0}")]
    UnknownKey(KeyRef),
    /// The card asks for an algorithm that is unknown, or not allowed here.
    #[error(transparent)]
    Algorithm(#[from] AlgorithmRefused),
    /// The token could not be used; the text says why, in words for the people who run it.
    #[error("the key token: {0}")]
    Token(String),
}
