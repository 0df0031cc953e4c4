//! Keys in this process's memory, at rest in a sealed file.

mod file;

use std::fmt;
use std::path::Path;

use epurse::keys::{Algorithm, Diversifier, Key, Sm4Policy};
use epurse::load::Session;
use epurse::mac::Mac;
use epurse::time::HostTime;

pub use self::file::{CreateError, OpenError, WorkFactor};
use crate::{KeyRef, Vault, VaultError, Verdict};

/// The master keys of one card type, version and algorithm.
///
/// There is no purchase key among them: the server sells nothing, and a key it does not hold it cannot lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Master {
    /// The kind of card as the issuer numbers its key sets.
    pub card_type: u8,
    /// The key version as cards report it.
    pub version: u8,
    /// What the keys are for.
    pub algorithm: Algorithm,
    /// The load master key.
    pub mlk: Key,
    /// The TAC master key.
    pub mtk: Key,
}

/// What tells two sets of keys apart without telling what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckValue {
    /// As in [`Master`].
    pub card_type: u8,
    /// As in [`Master`].
    pub version: u8,
    /// As in [`Master`].
    pub algorithm: Algorithm,
    /// The load master key's check value: the first three bytes of a block of zeros, enciphered.
    pub load: [u8; 3],
    /// The TAC master key's.
    pub tac: [u8; 3],
}

impl fmt::Display for CheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { card_type, version, algorithm, load, tac } = self;
        let (load, tac) = (hex::encode_upper(load), hex::encode_upper(tac));
        write!(f, "card type {card_type}, version {version:02X}, {algorithm}: load {load}, TAC {tac}")
    }
}

/// A [`Vault`] in software: master keys in memory, wiped when it is dropped.
#[derive(Debug)]
pub struct SoftVault {
    masters: Vec<Master>,
    sm4: Sm4Policy,
}

impl SoftVault {
    /// A vault with keys that rest nowhere, for tests and the demo.
    pub fn in_memory(masters: Vec<Master>) -> Self {
        Self { masters, sm4: Sm4Policy::default() }
    }

    /// Seals `masters` into a new file at `path`, readable by its owner alone. An existing file is never replaced: it
    /// may be the only copy of some keys.
    pub fn create(path: &Path, passphrase: &str, masters: &[Master], work: WorkFactor) -> Result<(), CreateError> {
        file::create(path, passphrase, masters, work)
    }

    /// Opens the file at `path`. This takes about a second, by design: it is what guessing a passphrase costs.
    pub fn open(path: &Path, passphrase: &str) -> Result<Self, OpenError> {
        file::open(path, passphrase).map(Self::in_memory)
    }

    /// The same vault with another rule for cards that ask for SM4, which are refused by default.
    #[must_use]
    pub fn with_sm4(self, sm4: Sm4Policy) -> Self {
        Self { sm4, ..self }
    }

    /// The check values of all its keys, for people to compare with the key ceremony's record.
    pub fn check_values(&self) -> Vec<CheckValue> {
        let check = |master: &Master| CheckValue {
            card_type: master.card_type,
            version: master.version,
            algorithm: master.algorithm,
            load: master.mlk.check_value(master.algorithm),
            tac: master.mtk.check_value(master.algorithm),
        };
        self.masters.iter().map(check).collect()
    }

    fn master(&self, key: KeyRef) -> Result<&Master, VaultError> {
        let algorithm = Algorithm::from_id(key.algorithm_id, self.sm4)?;
        let wanted = (key.card_type, key.version, algorithm);
        let found = self.masters.iter().find(|master| (master.card_type, master.version, master.algorithm) == wanted);
        found.ok_or(VaultError::UnknownKey(key))
    }
}

impl Vault for SoftVault {
    fn verify_mac1(&self, key: KeyRef, card: Diversifier, session: &Session, mac1: Mac) -> Result<Verdict, VaultError> {
        let Master { algorithm, mlk, .. } = self.master(key)?;
        let session_key = session.key(*algorithm, &mlk.diversify(*algorithm, card));
        Ok(Verdict::of(session.mac1(&session_key) == mac1))
    }

    fn mac2(&self, key: KeyRef, card: Diversifier, session: &Session, time: HostTime) -> Result<Mac, VaultError> {
        let Master { algorithm, mlk, .. } = self.master(key)?;
        let session_key = session.key(*algorithm, &mlk.diversify(*algorithm, card));
        Ok(session.mac2(&session_key, time))
    }

    fn verify_tac(
        &self,
        key: KeyRef,
        card: Diversifier,
        session: &Session,
        time: HostTime,
        tac: Mac,
    ) -> Result<Verdict, VaultError> {
        let Master { algorithm, mtk, .. } = self.master(key)?;
        let tac_key = mtk.diversify(*algorithm, card).tac(*algorithm);
        // A new balance beyond the card's field is a load no card makes, so nothing proves it.
        Ok(Verdict::of(session.tac(&tac_key, time) == Some(tac)))
    }
}
