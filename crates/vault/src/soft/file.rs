//! The sealed key file: JSON in an age file with a passphrase (scrypt) recipient.
//!
//! ```json
//! {"format": "jichong-keys", "version": 1,
//!  "keys": [{"card_type": 1, "version": 1, "algorithm": "3des", "mlk": "32 hex digits", "mtk": "32 hex digits"}],
//!  "waiting": [the parts of first custodians, in the same form]}
//! ```
//!
//! The `age` program opens it too (`age -d`), so the keys can be brought out in an emergency without this program. No
//! error carries a word of the plaintext: serde's messages quote what they could not read, so they are dropped.
//!
//! The file is written beside its place and then renamed into it, so it is never there in part. What it held before is
//! kept in `….previous`.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use epurse::keys::Key;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::keys::{Component, KeySet, Master};

const FORMAT: &str = "jichong-keys";
const VERSION: u32 = 1;

/// More than a set of keys under every name there is (card type, version, algorithm) takes, at some 150 bytes each: a
/// larger file is not one of ours, and is not read into memory.
const MAX_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// The dearest work factor that [`open`] accepts: 4 GiB of memory and some twenty seconds. Above it a file is an attack.
const MAX_WORK_FACTOR: u8 = 22;

/// What one try at the passphrase costs: scrypt with `N = 2^n`, `r = 8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkFactor(u8);

impl WorkFactor {
    /// 2^18, 256 MiB and about a second: what age itself takes on today's machines.
    pub const DEFAULT: Self = Self(18);
    /// 2^4: no protection at all, for tests.
    pub const INSECURE_FOR_TESTS: Self = Self(4);

    /// `2^log_n`, from 1 to 22.
    pub fn new(log_n: u8) -> Option<Self> {
        (1..=MAX_WORK_FACTOR).contains(&log_n).then_some(Self(log_n))
    }

    /// The one a file was sealed with: the last word of its second line.
    pub(super) fn of(sealed: &[u8]) -> Option<Self> {
        let stanza = sealed.split(|byte| *byte == b'\n').nth(1)?;
        let word = stanza.rsplit(|byte| *byte == b' ').next()?;
        Self::new(std::str::from_utf8(word).ok()?.parse().ok()?)
    }
}

/// Why a key file was not written.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Two of the keys have the same card type, version and algorithm.
    #[error("two sets of keys have the same card type, version and algorithm")]
    Duplicate,
    /// The file is there already.
    #[error("the key file exists already")]
    Exists,
    /// The file belongs to another user, and a new one would not.
    #[error("the key file belongs to another user, who could not read what is written now; run this as that user")]
    Owner(#[source] io::Error),
    /// The file could not be written.
    #[error("the key file could not be written")]
    Io(#[source] io::Error),
}

/// Why a key file was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be read.
    #[error("the key file could not be read")]
    Io(#[source] io::Error),
    /// The passphrase is not the one it was sealed with.
    #[error("wrong passphrase for the key file")]
    WrongPassphrase,
    /// It is not a key file, or it was cut short or changed.
    #[error("the key file is damaged")]
    Damaged,
    /// It was made by a newer program.
    #[error("the key file has format version {0}, this program reads version {VERSION}")]
    Version(u32),
    /// Opening it would take more work than any key file of ours.
    #[error("the key file asks for too much work to open")]
    TooMuchWork,
}

/// What a key file holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    pub(super) masters: Vec<Master>,
    pub(super) waiting: Vec<Component>,
}

/// The plaintext. Keys are borrowed from it, so that no copy is made that nobody wipes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<'a> {
    format: &'a str,
    version: u32,
    #[serde(borrow)]
    keys: Vec<Entry<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Entry<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    card_type: u8,
    version: u8,
    algorithm: &'a str,
    mlk: &'a str,
    mtk: &'a str,
}

/// Enough of the plaintext to know its version, whatever else a newer one holds.
#[derive(Deserialize)]
struct Head<'a> {
    format: &'a str,
    version: u32,
}

/// The sealed bytes at `path`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    let mut sealed = Vec::new();
    let file = File::open(path).map_err(OpenError::Io)?;
    file.take(MAX_FILE_BYTES).read_to_end(&mut sealed).map_err(OpenError::Io)?;
    Ok(sealed)
}

/// Seals into a new file, and returns its bytes; one that is there stays as it is.
pub(super) fn create(
    path: &Path,
    passphrase: &str,
    contents: &Contents,
    work: WorkFactor,
) -> Result<Vec<u8>, SealError> {
    let sealed = seal(contents, passphrase, work)?;
    let folder = folder(path);
    beside(folder, &sealed).map_err(SealError::Io)?.persist_noclobber(path).map_err(|refused| {
        let exists = refused.error.kind() == io::ErrorKind::AlreadyExists;
        if exists { SealError::Exists } else { SealError::Io(refused.error) }
    })?;
    durable(folder)?;
    Ok(sealed)
}

/// Seals in place of the file at `path`, which holds `before`, and returns the new bytes; the old are kept in
/// [`previous`].
pub(super) fn replace(
    path: &Path,
    before: &[u8],
    passphrase: &str,
    contents: &Contents,
    work: WorkFactor,
) -> Result<Vec<u8>, SealError> {
    let sealed = seal(contents, passphrase, work)?;
    let folder = folder(path);
    let (kept, new) = (beside(folder, before), beside(folder, &sealed));
    let (kept, new) = (kept.map_err(SealError::Io)?, new.map_err(SealError::Io)?);
    for file in [&kept, &new] {
        allow_as(path, file).map_err(SealError::Owner)?;
    }
    kept.persist(previous(path)).map_err(|refused| SealError::Io(refused.error))?;
    new.persist(path).map_err(|refused| SealError::Io(refused.error))?;
    durable(folder)?;
    Ok(sealed)
}

/// Where the file at `path` is kept as it was before its last change.
pub(super) fn previous(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".previous");
    name.into()
}

/// The folder a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file in `folder` that holds `bytes` durably, but has no name yet that anybody knows. Its owner alone may read it.
fn beside(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    // A temporary file is made with mode 0600 on unix.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Lets those read `file` who may read the one at `path`: the server often is another user than who keeps its keys.
fn allow_as(path: &Path, file: &NamedTempFile) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let (theirs, ours) = (path.metadata()?, file.as_file().metadata()?);
        if (theirs.uid(), theirs.gid()) != (ours.uid(), ours.gid()) {
            fchown(file.as_file(), Some(theirs.uid()), Some(theirs.gid()))?;
        }
        file.as_file().set_permissions(theirs.permissions())?;
    }
    #[cfg(not(unix))]
    let _ = (path, file);
    Ok(())
}

/// A name is durable only once its folder is.
fn durable(folder: &Path) -> Result<(), SealError> {
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(SealError::Io)?;
    }
    Ok(())
}

/// What `sealed` holds.
pub(super) fn open(sealed: &[u8], passphrase: &str) -> Result<Contents, OpenError> {
    let plain = unseal(sealed, passphrase)?;
    let head: Head<'_> = serde_json::from_slice(&plain).map_err(|_| OpenError::Damaged)?;
    match head {
        Head { format: FORMAT, version: VERSION } => {}
        Head { format: FORMAT, version } => return Err(OpenError::Version(version)),
        Head { .. } => return Err(OpenError::Damaged),
    }
    let sealed: Sealed<'_> = serde_json::from_slice(&plain).map_err(|_| OpenError::Damaged)?;
    let masters: Option<Vec<Master>> = sealed.keys.iter().map(Entry::read).collect();
    let waiting: Option<Vec<Master>> = sealed.waiting.iter().map(Entry::read).collect();
    let component = |part: Master| Component::new(part.set(), part.mlk.clone(), part.mtk.clone());
    let waiting: Option<Vec<Component>> = waiting.map(|parts| parts.into_iter().map(component).collect());
    let contents = masters.zip(waiting).map(|(masters, waiting)| Contents { masters, waiting });
    contents.filter(all_different).ok_or(OpenError::Damaged)
}

/// Whether every set of keys has a name of its own.
fn all_different(contents: &Contents) -> bool {
    let masters: HashSet<_> = contents.masters.iter().map(Master::set).collect();
    let waiting: HashSet<_> = contents.waiting.iter().map(Component::set).collect();
    masters.len() == contents.masters.len() && waiting.len() == contents.waiting.len()
}

impl Entry<'_> {
    fn read(&self) -> Option<Master> {
        let set = KeySet { card_type: self.card_type, version: self.version, algorithm: self.algorithm.parse().ok()? };
        Some(Master::new(set, self.mlk.parse().ok()?, self.mtk.parse().ok()?))
    }
}

/// The digits of a set of keys, wiped when they are dropped.
struct Digits {
    set: KeySet,
    algorithm: String,
    mlk: Zeroizing<String>,
    mtk: Zeroizing<String>,
}

impl Digits {
    fn of(set: KeySet, (mlk, mtk): (&Key, &Key)) -> Self {
        let digits = |key: &Key| Zeroizing::new(hex::encode_upper(key.expose()));
        Self { set, algorithm: set.algorithm.to_string(), mlk: digits(mlk), mtk: digits(mtk) }
    }

    fn entry(&self) -> Entry<'_> {
        let Self { set, algorithm, mlk, mtk } = self;
        Entry { card_type: set.card_type, version: set.version, algorithm, mlk, mtk }
    }
}

/// The JSON of `contents`, in memory that is wiped.
fn plaintext(contents: &Contents) -> io::Result<Zeroizing<Vec<u8>>> {
    let keys: Vec<Digits> =
        contents.masters.iter().map(|keys| Digits::of(keys.set(), (&keys.mlk, &keys.mtk))).collect();
    let waiting: Vec<Digits> = contents.waiting.iter().map(|part| Digits::of(part.set(), part.parts())).collect();
    // Reserved at once: a buffer that grows leaves copies behind. A set of keys takes about 150 bytes.
    let sets = keys.len().saturating_add(waiting.len());
    let mut plain = Zeroizing::new(Vec::with_capacity(sets.saturating_mul(256).saturating_add(256)));
    let (keys, waiting) = (keys.iter().map(Digits::entry).collect(), waiting.iter().map(Digits::entry).collect());
    serde_json::to_writer(&mut *plain, &Sealed { format: FORMAT, version: VERSION, keys, waiting })?;
    Ok(plain)
}

fn seal(contents: &Contents, passphrase: &str, work: WorkFactor) -> Result<Vec<u8>, SealError> {
    if !all_different(contents) {
        return Err(SealError::Duplicate);
    }
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(work.0);
    let sealed = || {
        let plain = plaintext(contents)?;
        let recipients = std::iter::once(&recipient as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let mut sealed = Vec::new();
        let mut writer = encryptor.wrap_output(&mut sealed)?;
        writer.write_all(&plain)?;
        writer.finish()?;
        Ok(sealed)
    };
    sealed().map_err(SealError::Io)
}

fn unseal(sealed: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let mut identity = scrypt::Identity::new(SecretString::from(passphrase));
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let decrypt = || Decryptor::new_buffered(sealed)?.decrypt(std::iter::once(&identity as &dyn age::Identity));
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "age's enum is open; whatever else goes wrong, the file cannot be read"
    )]
    let mut reader = decrypt().map_err(|error| match error {
        // scrypt ran and its key opened nothing.
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => OpenError::WrongPassphrase,
        DecryptError::ExcessiveWork { .. } => OpenError::TooMuchWork,
        _ => OpenError::Damaged,
    })?;
    // Never longer than the sealed file, so that it does not grow and leave copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut plain).map_err(|_| OpenError::Damaged)?;
    Ok(plain)
}
