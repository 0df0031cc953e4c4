//! The sealed key file: JSON in an age file with a passphrase (scrypt) recipient.
//!
//! ```json
//! {"format": "jichong-keys", "version": 1,
//!  "keys": [{"card_type": 1, "version": 1, "algorithm": "3des", "mlk": "32 hex digits", "mtk": "32 hex digits"}]}
//! ```
//!
//! The `age` program opens it too (`age -d`), so the keys can be brought out in an emergency without this program. No
//! error carries a word of the plaintext: serde's messages quote what they could not read, so they are dropped.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Master;

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
}

/// Why a key file was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Two of the keys have the same card type, version and algorithm.
    #[error("two sets of keys have the same card type, version and algorithm")]
    Duplicate,
    /// The file is there already.
    #[error("the key file exists already")]
    Exists,
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

/// The plaintext. Keys are borrowed from it, so that no copy is made that nobody wipes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<'a> {
    format: &'a str,
    version: u32,
    #[serde(borrow)]
    keys: Vec<SealedMaster<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedMaster<'a> {
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

pub(super) fn create(path: &Path, passphrase: &str, masters: &[Master], work: WorkFactor) -> Result<(), CreateError> {
    if !all_different(masters) {
        return Err(CreateError::Duplicate);
    }
    let sealed = plaintext(masters).and_then(|plain| seal(&plain, passphrase, work)).map_err(CreateError::Io)?;

    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is made with mode 0600 on unix.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(CreateError::Io)?;
    file.write_all(&sealed).and_then(|()| file.as_file().sync_all()).map_err(CreateError::Io)?;
    file.persist_noclobber(path).map_err(|refused| {
        let exists = refused.error.kind() == io::ErrorKind::AlreadyExists;
        if exists { CreateError::Exists } else { CreateError::Io(refused.error) }
    })?;
    // The name is durable only once the folder is.
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(CreateError::Io)?;
    Ok(())
}

pub(super) fn open(path: &Path, passphrase: &str) -> Result<Vec<Master>, OpenError> {
    let mut sealed = Vec::new();
    let file = File::open(path).map_err(OpenError::Io)?;
    file.take(MAX_FILE_BYTES).read_to_end(&mut sealed).map_err(OpenError::Io)?;
    let plain = unseal(&sealed, passphrase)?;

    let head: Head<'_> = serde_json::from_slice(&plain).map_err(|_| OpenError::Damaged)?;
    match head {
        Head { format: FORMAT, version: VERSION } => {}
        Head { format: FORMAT, version } => return Err(OpenError::Version(version)),
        Head { .. } => return Err(OpenError::Damaged),
    }
    let sealed: Sealed<'_> = serde_json::from_slice(&plain).map_err(|_| OpenError::Damaged)?;
    let masters: Option<Vec<_>> = sealed.keys.iter().map(SealedMaster::read).collect();
    masters.filter(|masters| all_different(masters)).ok_or(OpenError::Damaged)
}

/// Whether every set of keys has a name of its own.
fn all_different(masters: &[Master]) -> bool {
    let names: HashSet<_> = masters.iter().map(|master| (master.card_type, master.version, master.algorithm)).collect();
    names.len() == masters.len()
}

impl SealedMaster<'_> {
    fn read(&self) -> Option<Master> {
        let (card_type, version) = (self.card_type, self.version);
        let algorithm = self.algorithm.parse().ok()?;
        let (mlk, mtk) = (self.mlk.parse().ok()?, self.mtk.parse().ok()?);
        Some(Master { card_type, version, algorithm, mlk, mtk })
    }
}

/// The JSON of `masters`, in memory that is wiped.
fn plaintext(masters: &[Master]) -> io::Result<Zeroizing<Vec<u8>>> {
    let text = |master: &Master| {
        let digits = |key: &epurse::keys::Key| Zeroizing::new(hex::encode_upper(key.expose()));
        (master.algorithm.to_string(), digits(&master.mlk), digits(&master.mtk))
    };
    let texts: Vec<_> = masters.iter().map(text).collect();
    let keys = masters.iter().zip(&texts).map(|(master, (algorithm, mlk, mtk))| SealedMaster {
        card_type: master.card_type,
        version: master.version,
        algorithm,
        mlk,
        mtk,
    });
    let sealed = Sealed { format: FORMAT, version: VERSION, keys: keys.collect() };
    // Reserved at once: a buffer that grows leaves copies behind. A set of keys takes about 150 bytes.
    let mut plain = Zeroizing::new(Vec::with_capacity(masters.len().saturating_mul(256).saturating_add(256)));
    serde_json::to_writer(&mut *plain, &sealed)?;
    Ok(plain)
}

fn seal(plain: &[u8], passphrase: &str, work: WorkFactor) -> io::Result<Vec<u8>> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(work.0);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed)?;
    writer.write_all(plain)?;
    writer.finish()?;
    Ok(sealed)
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
