//! Files that are whole after a power cut: the old content or the new, never half.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use crate::Error;

/// The file that a running program holds.
const LOCK: &str = "lock";
/// How long a program that is ending may still hold it.
const ENDING: Duration = Duration::from_secs(1);
/// How often it is looked whether it has.
const TRY_EVERY: Duration = Duration::from_millis(10);

/// Puts `bytes` at `path`: a temporary file beside it, synced, renamed over it, the folder synced.
///
/// Only the owner can read the file.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_and_rename(path, bytes).map_err(Error::file(path))
}

/// The file's content, or nothing if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(path)(error)),
    }
}

/// Refuses a secret that anyone but its owner could read or change, or that lies where others could put another in its
/// place.
pub(crate) fn must_be_private(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    refuse_open(path, 0o077)?;
    refuse_open(folder, 0o022)
}

/// Refuses what has any of these permissions. What is not there is open to nobody.
#[cfg(unix)]
fn refuse_open(path: &Path, forbidden: u32) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = match fs::metadata(path) {
        Ok(found) => found.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::file(path)(error)),
    };
    if mode & forbidden == 0 { Ok(()) } else { Err(Error::Open { path: path.to_owned(), mode: mode & 0o777 }) }
}

/// Elsewhere the user's own folder is what keeps others out.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on unix")]
fn refuse_open(_: &Path, _: u32) -> Result<(), Error> {
    Ok(())
}

/// Makes the folder if need be, for its owner alone, and holds it for one program until the returned file is dropped.
pub(crate) fn lock(folder: &Path) -> Result<File, Error> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder).map_err(Error::file(folder))?;
    hold(&folder.join(LOCK), folder)
}

/// Holds a file of its own name, with `.lock` behind it, for one program until the returned file is dropped.
pub(crate) fn lock_beside(path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    hold(Path::new(&name), path)
}

/// A program that is just ending is waited for, and so is a process that was just forked from one and holds all its files
/// until it begins a program of its own.
fn hold(lock: &Path, what: &Path) -> Result<File, Error> {
    let file = File::create(lock).map_err(Error::file(lock))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < ENDING => std::thread::sleep(TRY_EVERY),
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(what.to_owned())),
            Err(TryLockError::Error(error)) => return Err(Error::file(lock)(error)),
        }
    }
}

/// Whether a program holds the folder. Looking takes nothing from who wants to hold it but the blink of an eye.
pub(crate) fn is_locked(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join(LOCK)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn write_and_rename(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder)
}

/// A rename is durable only once its folder is; systems without folder handles do it by themselves.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
