//! Keys in this process's memory, at rest in a sealed file.

mod file;
mod store;

use std::path::Path;

use epurse::keys::{Diversifier, Sm4Policy};
use epurse::load::Session;
use epurse::mac::Mac;
use epurse::time::HostTime;

pub use self::file::{OpenError, SealError, WorkFactor};
pub use self::store::KeyFile;
use crate::keys::{CheckValue, KeyRef, Master};
use crate::{Vault, VaultError, Verdict};

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
    pub fn create(path: &Path, passphrase: &str, masters: &[Master], work: WorkFactor) -> Result<(), SealError> {
        let contents = file::Contents { masters: masters.to_vec(), waiting: Vec::new() };
        file::create(path, passphrase, &contents, work).map(drop)
    }

    /// Opens the file at `path`. This takes about a second, by design: it is what guessing a passphrase costs.
    pub fn open(path: &Path, passphrase: &str) -> Result<Self, OpenError> {
        Ok(Self::in_memory(file::open(&file::read(path)?, passphrase)?.masters))
    }

    /// The same vault with another rule for cards that ask for SM4, which are refused by default.
    #[must_use]
    pub fn with_sm4(self, sm4: Sm4Policy) -> Self {
        Self { sm4, ..self }
    }

    /// The check values of all its keys, for people to compare with the key ceremony's record.
    pub fn check_values(&self) -> Vec<CheckValue> {
        self.masters.iter().map(Master::check_value).collect()
    }

    fn master(&self, key: KeyRef) -> Result<&Master, VaultError> {
        let set = key.set(self.sm4)?;
        self.masters.iter().find(|master| master.set() == set).ok_or(VaultError::UnknownKey(key))
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
