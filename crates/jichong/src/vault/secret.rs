//! Secrets in files, and from standard input.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use zeroize::Zeroizing;

use crate::system::closed_to_others;

/// The shortest passphrase: the file may be copied, and then only its length stands in the way.
const LEAST_PASSPHRASE: usize = 12;

/// The most bytes that are read of a secret. As much is set aside before reading, for a text that grew while it is read
/// would leave pieces behind; a set of keys takes about 150.
const MOST_BYTES: u16 = 0xFFFF;

/// The passphrase in a file that only its owner can read, without the line's end.
pub(super) fn passphrase(path: &Path) -> Result<Zeroizing<String>> {
    let passphrase = line(path, "the passphrase")?;
    if passphrase.chars().count() < LEAST_PASSPHRASE {
        bail!("the passphrase in {} must have at least {LEAST_PASSPHRASE} characters", path.display());
    }
    Ok(passphrase)
}

/// The PIN in a file that only its owner can read. How long it must be is the token's affair.
pub(super) fn pin(path: &Path) -> Result<Zeroizing<String>> {
    let pin = line(path, "the PIN")?;
    if pin.is_empty() {
        bail!("the PIN in {} is empty", path.display());
    }
    Ok(pin)
}

/// The first and only line of a file that only its owner can read; `what` names it to people.
pub(crate) fn line(path: &Path, what: &str) -> Result<Zeroizing<String>> {
    let text = file(path, what)?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// What is in a file that only its owner can read; `what` names it to people.
pub(super) fn file(path: &Path, what: &str) -> Result<Zeroizing<String>> {
    let unreadable = || format!("{} cannot be read", path.display());
    let file = File::open(path).with_context(unreadable)?;
    closed_to_others(&file, path, what)?;
    text(file).with_context(unreadable)
}

/// Reads a text that is wiped when it is dropped.
pub(super) fn text(from: impl Read) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(usize::from(MOST_BYTES)));
    let read = from.take(MOST_BYTES.into()).read_to_string(&mut text)?;
    if read == usize::from(MOST_BYTES) {
        bail!("fewer than {MOST_BYTES} bytes are expected");
    }
    Ok(text)
}
