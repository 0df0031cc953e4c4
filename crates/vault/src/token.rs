//! Keys in a PKCS#11 token.
//!
//! The master keys rest in the token and never leave it. For each question the token itself enciphers `F ‖ ~F` with the
//! load master key (`CKM_DES3_ECB_ENCRYPT_DATA`), which is the card's load key, and with that `X ‖ X`, which is the
//! session key twice over. 3DES with two equal halves is single DES, so that `CKM_DES3_CBC` over the padded message ends
//! in the MAC. None of these keys is ever in this process. (X is
//! [`Session::key_input`](epurse::load::Session::key_input); tokens have single DES no longer, and this needs none.)
//!
//! **A TAC is another matter.** Its key is one half of the card's TAC key XOR the other, and tokens offer no such step
//! (`CKM_XOR_BASE_AND_DATA` XORs with data, not with the key's own half, and is often absent). So the TAC key of this one
//! card is read out, for the length of the call, and wiped. It makes no MAC1 and no MAC2, so that nobody can load a card
//! with it; the TAC master key stays in the token.
//!
//! **What a token is worth.** Whoever has its PIN can ask it for the key of any card, as this process does, but not for
//! the master keys. It keeps the masters from being copied away; it does not make the PIN less precious.
//!
//! SM4 is not in such tokens: a card that asks for it is refused.

mod error;
mod objects;
mod raw;
mod sessions;
mod store;

use std::fmt;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::ObjectHandle;
use epurse::keys::{Algorithm, Diversifier, Key, Sm4Policy};
use epurse::load::Session;
use epurse::mac::{Mac, padded};
use epurse::time::HostTime;

pub use self::error::{PinProblem, Refusal, TokenError};
use self::objects::{Label, Purpose, own, readable, session_key};
pub use self::sessions::TokenPlace;
use self::sessions::{Access, Lent, Sessions};
pub use self::store::TokenStore;
use crate::keys::{CheckValue, KeyRef, KeySet};
use crate::{Vault, VaultError, Verdict};

/// DES enciphers so many bytes at once.
const BLOCK: usize = 8;

/// A [`Vault`] whose keys are in a token.
pub struct TokenVault {
    sessions: Sessions,
}

impl TokenVault {
    /// Opens the token: the module loads, the token is there and the PIN is right. Its keys are looked for when they are
    /// asked for, so that a new version serves at once.
    pub fn open(place: TokenPlace) -> Result<Self, TokenError> {
        Ok(Self { sessions: Sessions::open(place, Access::Use)? })
    }

    /// The check values of all its keys, for people to compare with the key ceremony's record.
    pub fn check_values(&self) -> Result<Vec<CheckValue>, TokenError> {
        Ok(self.sessions.run(store::list)?.keys)
    }

    /// The MAC of a load's message with the session key; both stay in the token.
    fn mac(&self, key: KeyRef, card: Diversifier, session: &Session, message: &[u8]) -> Result<Mac, VaultError> {
        let label = Label { set: set(key)?, purpose: Purpose::Load };
        let mac = self.sessions.run(|lent| {
            let Some(master) = lent.master(label)? else { return Ok(None) };
            let own = lent.derive(master, &with_complement(card.0), &own())?;
            lent.mac(own.handle, session.key_input(), message).map(Some)
        });
        mac?.ok_or(VaultError::UnknownKey(key))
    }
}

impl Lent<'_> {
    /// The MAC of `message` with the session key that `input` and a card's own key make.
    fn mac(&self, own: ObjectHandle, input: [u8; 8], message: &[u8]) -> Result<Mac, TokenError> {
        let key = self.derive(own, &twice(input), &session_key())?;
        let cbc = Mechanism::Des3Cbc([0; BLOCK]);
        let enciphered = self.session()?.encrypt(&cbc, key.handle, &padded(message, BLOCK))?;
        let last = enciphered.rchunks_exact(BLOCK).next().and_then(|block| block.first_chunk());
        last.map(|mac| Mac(*mac)).ok_or_else(|| Refusal::odd("C_Encrypt").into())
    }
}

/// For vectors that name a card's own key and no master.
#[cfg(feature = "testing")]
impl TokenVault {
    /// The MAC of `message` with the session key that `input` and a card's `own` key make, as the token computes it.
    pub fn mac_of(&self, own: &Key, input: [u8; 8], message: &[u8]) -> Result<Mac, TokenError> {
        self.sessions.run(|lent| lent.mac(lent.pass(own)?.handle, input, message))
    }
}

impl Vault for TokenVault {
    fn verify_mac1(&self, key: KeyRef, card: Diversifier, session: &Session, mac1: Mac) -> Result<Verdict, VaultError> {
        // `==` of a `Mac` takes the same time wherever two of them differ.
        Ok(Verdict::of(self.mac(key, card, session, &session.mac1_input())? == mac1))
    }

    fn mac2(&self, key: KeyRef, card: Diversifier, session: &Session, time: HostTime) -> Result<Mac, VaultError> {
        self.mac(key, card, session, &session.mac2_input(time))
    }

    fn verify_tac(
        &self,
        key: KeyRef,
        card: Diversifier,
        session: &Session,
        time: HostTime,
        tac: Mac,
    ) -> Result<Verdict, VaultError> {
        let label = Label { set: set(key)?, purpose: Purpose::Tac };
        let own = self.sessions.run(|lent| {
            let Some(master) = lent.master(label)? else { return Ok(None) };
            let own = lent.derive(master, &with_complement(card.0), &readable())?;
            let value = lent.raw().value::<16>(lent.session()?, own.handle)?;
            Ok(Some(Key::new(*value)))
        });
        let tac_key = own?.ok_or(VaultError::UnknownKey(key))?.tac(Algorithm::TripleDes);
        // A new balance beyond the card's field is a load no card makes, so nothing proves it.
        Ok(Verdict::of(session.tac(&tac_key, time) == Some(tac)))
    }

    fn blocks(&self) -> bool {
        true
    }

    fn ready(&self) -> Result<(), VaultError> {
        // One key has to do its work: sessions outlive a token that is gone, in the memory of its module.
        let work = |lent: &Lent<'_>| match lent.ours()?.iter().find(|(label, _)| label.purpose == Purpose::Load) {
            Some((_, key)) => lent.check_value(*key).map(drop),
            None => Ok(()),
        };
        Ok(self.sessions.run(work)?)
    }
}

impl From<TokenError> for VaultError {
    fn from(error: TokenError) -> Self {
        Self::Token(error.to_string())
    }
}

/// The set of keys that a card means, if a token can have it.
fn set(key: KeyRef) -> Result<KeySet, VaultError> {
    Ok(key.set(Sm4Policy::Refused)?)
}

/// `F ‖ ~F`.
fn with_complement(factor: [u8; 8]) -> [u8; 16] {
    both(factor, factor.map(|byte| !byte))
}

/// `X ‖ X`.
fn twice(input: [u8; 8]) -> [u8; 16] {
    both(input, input)
}

fn both(left: [u8; 8], right: [u8; 8]) -> [u8; 16] {
    let mut out = [0; 16];
    for (byte, value) in out.iter_mut().zip(left.into_iter().chain(right)) {
        *byte = value;
    }
    out
}

impl fmt::Debug for TokenVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVault").finish_non_exhaustive()
    }
}
