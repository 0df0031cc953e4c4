//! The sealed file as a place to make, bring in and retire keys.

use std::fmt;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use epurse::keys::Key;
use zeroize::Zeroizing;

use super::file::{self, Contents, OpenError, WorkFactor};
use crate::keys::{CheckValue, Component, KeySet, Master};
use crate::store::{KeyStore, Listing, Random, StoreError};

/// How long a command that is ending may still hold the folder.
const ENDING: Duration = Duration::from_secs(1);
/// How often it is looked whether it has.
const TRY_EVERY: Duration = Duration::from_millis(10);

/// A sealed key file that is being changed. While it is open no other command can open one in the same folder to change
/// it; servers read it all the same.
pub struct KeyFile {
    path: PathBuf,
    passphrase: Zeroizing<String>,
    contents: Contents,
    /// As the file was read; none if there is none yet.
    before: Option<Vec<u8>>,
    work: WorkFactor,
    /// Locked for as long as this lives; none where folders cannot be.
    _folder: Option<File>,
}

impl KeyFile {
    /// Opens the file at `path`. Should there be none it is made with the first keys, and then costs `work` to open; one
    /// that is there keeps the work factor it was made with.
    pub fn open(path: &Path, passphrase: &str, work: WorkFactor) -> Result<Self, StoreError> {
        let folder = if cfg!(unix) { Some(lock(file::folder(path))?) } else { None };
        let there = path.try_exists().map_err(OpenError::Io)?;
        let before = if there { Some(file::read(path)?) } else { None };
        let contents = before.as_ref().map(|sealed| file::open(sealed, passphrase)).transpose()?.unwrap_or_default();
        let work = before.as_deref().and_then(WorkFactor::of).unwrap_or(work);
        let passphrase = Zeroizing::new(passphrase.to_owned());
        Ok(Self { path: path.to_owned(), passphrase, contents, before, work, _folder: folder })
    }

    /// Where the file is kept as it was before the last change.
    pub fn previous(path: &Path) -> PathBuf {
        file::previous(path)
    }

    /// Changes the file; if that fails, what is in memory is as before too.
    fn change(&mut self, change: impl FnOnce(&mut Contents)) -> Result<(), StoreError> {
        let mut contents = self.contents.clone();
        change(&mut contents);
        let sealed = match &self.before {
            Some(before) => file::replace(&self.path, before, &self.passphrase, &contents, self.work),
            None => file::create(&self.path, &self.passphrase, &contents, self.work),
        }?;
        (self.contents, self.before) = (contents, Some(sealed));
        Ok(())
    }

    fn knows(&self, set: KeySet) -> bool {
        self.contents.masters.iter().any(|keys| keys.set() == set)
    }
}

/// A folder that nobody else has locked. Not the file itself: what is written takes its place, and with it the lock.
///
/// A command that is just ending is waited for, and so is a process that was just forked from one and holds all its files
/// until it begins a program of its own.
fn lock(folder: &Path) -> Result<File, StoreError> {
    let folder = File::open(folder).map_err(OpenError::Io)?;
    let began = Instant::now();
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(TryLockError::WouldBlock) if began.elapsed() < ENDING => std::thread::sleep(TRY_EVERY),
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
            Err(TryLockError::Error(error)) => return Err(OpenError::Io(error).into()),
        }
    }
}

impl KeyStore for KeyFile {
    fn list(&mut self) -> Result<Listing, StoreError> {
        let keys = self.contents.masters.iter().map(Master::check_value).collect();
        let waiting = self.contents.waiting.iter().map(Component::check_value).collect();
        Ok(Listing { keys, waiting, incomplete: Vec::new() }.sorted())
    }

    fn generate(&mut self, set: KeySet, random: &mut Random<'_>) -> Result<CheckValue, StoreError> {
        let mut key = || {
            let mut bytes = Zeroizing::new([0; 16]);
            random(&mut *bytes).map_err(StoreError::Random)?;
            Ok::<_, StoreError>(Key::new(*bytes))
        };
        let keys = Master::new(set, key()?, key()?);
        self.keep(&keys)?;
        Ok(keys.check_value())
    }

    fn wait(&mut self, first: &Component) -> Result<(), StoreError> {
        first.sound()?;
        if self.knows(first.set()) {
            return Err(StoreError::Exists(first.set()));
        }
        self.change(|contents| {
            contents.waiting.retain(|part| part.set() != first.set());
            contents.waiting.push(first.clone());
        })
    }

    fn join(&mut self, second: &Component) -> Result<Master, StoreError> {
        let first = self.contents.waiting.iter().find(|part| part.set() == second.set());
        Ok(first.ok_or(StoreError::NothingWaits(second.set()))?.join(second)?)
    }

    fn keep(&mut self, keys: &Master) -> Result<(), StoreError> {
        let set = keys.set();
        if self.knows(set) {
            return Err(StoreError::Exists(set));
        }
        self.change(|contents| {
            contents.waiting.retain(|part| part.set() != set);
            contents.masters.push(keys.clone());
        })
    }

    fn retire(&mut self, set: KeySet) -> Result<(), StoreError> {
        if !self.knows(set) {
            return Err(StoreError::Missing(set));
        }
        self.change(|contents| contents.masters.retain(|keys| keys.set() != set))
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("path", &self.path).finish_non_exhaustive()
    }
}
