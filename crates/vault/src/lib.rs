//! Who may use the card keys: a trait, and soft keys in a sealed file.
//!
//! The business never sees a key. It asks three things of a [`Vault`]: is this card genuine (MAC1), sign this load
//! (MAC2), did the card really take the money (TAC). [`SoftVault`] computes them in this process, with master keys that
//! rest in a file sealed by a passphrase.
//!
//! # A hardware token
//!
//! A PKCS#11 token fits behind the same trait, and this is how (tried on `SoftHSM` 2.6.1):
//!
//! - The master keys are `CKK_DES2` objects, found by a label made of the [`KeyRef`]. `CKM_DES3_ECB_ENCRYPT_DATA` over
//!   `F ‖ ~F` derives the card's key inside the token, and once more over `X ‖ X` (X is
//!   [`Session::key_input`](epurse::load::Session::key_input)) a session key whose halves are equal, so that
//!   `CKM_DES3_CBC` is the single-DES CBC of MAC1 and MAC2. Neither key leaves the token.
//! - A TAC needs one half of the card's key XOR the other, which tokens do not offer: that one key of one card is in
//!   this process's memory for the length of the call, wiped after it. The master key is not.
//! - SM4 is not in such tokens and stays with the soft vault.
//!
//! # Why the trait is not async
//!
//! The soft vault takes microseconds, less than handing the work to another thread. A token takes milliseconds over a
//! blocking C interface; it says so ([`Vault::blocks`]), and is called from a thread that may wait. An async trait would
//! change nothing.

mod soft;

use std::fmt;

use epurse::keys::{AlgorithmRefused, Diversifier};
use epurse::load::{Initialized, Session};
use epurse::mac::Mac;
use epurse::time::HostTime;

pub use soft::{CheckValue, CreateError, Master, OpenError, SoftVault, WorkFactor};

/// Which master keys a card's keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyRef {
    /// The kind of card as the issuer numbers its key sets; the card does not send it.
    pub card_type: u8,
    /// The key version of the card's INITIALIZE answer.
    pub version: u8,
    /// The algorithm identifier of the same answer. The vault decides whether it may be used.
    pub algorithm_id: u8,
}

impl KeyRef {
    /// The keys that a card of `card_type` means by its INITIALIZE answer.
    pub fn new(card_type: u8, answer: &Initialized) -> Self {
        Self { card_type, version: answer.key_version, algorithm_id: answer.algorithm_id }
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "card type {}, version {:02X}, algorithm {:02X}", self.card_type, self.version, self.algorithm_id)
    }
}

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
    /// The token could not be used; the text is its own.
    #[error("the key token: {0}")]
    Token(String),
}
