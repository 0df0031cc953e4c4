//! `jichong vault …`: the key file of the soft vault.
//!
//! What is read here, the passphrase and the plain keys, is wiped from memory as soon as it is not needed. What the
//! standard library and the JSON parser keep of it in buffers of their own is not: seal keys on a machine you trust.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use vault::{Master, SoftVault, WorkFactor};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::say;
use crate::system::closed_to_others;

/// The shortest passphrase: the file may be copied, and then only its length stands in the way.
const LEAST_PASSPHRASE: usize = 12;

/// The most bytes that are read of a passphrase or of keys. As much is set aside before reading, for a text that grew
/// while it is read would leave pieces behind; a key takes about 150.
const MOST_BYTES: u16 = 0xFFFF;

#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct PlainKey {
    class: String,
    version: u8,
    algorithm: String,
    mlk: String,
    mtk: String,
}

/// Seals the keys on standard input into a new file.
pub(crate) fn seal(file: &Path, passphrase_file: &Path) -> Result<()> {
    let passphrase = passphrase(passphrase_file)?;
    let text = secret(std::io::stdin()).context("the keys are read from standard input")?;
    let keys: Vec<PlainKey> = serde_json::from_str(&text)
        .map_err(|error| anyhow!("the keys cannot be read at line {} column {}", error.line(), error.column()))?;
    if keys.is_empty() {
        bail!("no keys came on standard input");
    }
    let masters = keys.iter().map(master).collect::<Result<Vec<_>>>()?;
    SoftVault::create(file, &passphrase, &masters, WorkFactor::DEFAULT)
        .with_context(|| format!("the key file {} was not made", file.display()))?;
    say(format!("{} keys sealed in {}. Check values:\n{}", masters.len(), file.display(), check_values(masters)))
}

/// The passphrase in a file that only its owner can read, without the line's end.
pub(crate) fn passphrase(path: &Path) -> Result<Zeroizing<String>> {
    let unreadable = || format!("{} cannot be read", path.display());
    let file = File::open(path).with_context(unreadable)?;
    closed_to_others(&file, path, "the passphrase")?;
    let text = secret(file).with_context(unreadable)?;
    let passphrase = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if passphrase.chars().count() < LEAST_PASSPHRASE {
        bail!("the passphrase in {} must have at least {LEAST_PASSPHRASE} characters", path.display());
    }
    Ok(passphrase)
}

/// Reads a text that is wiped when it is dropped.
fn secret(from: impl Read) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(usize::from(MOST_BYTES)));
    let read = from.take(MOST_BYTES.into()).read_to_string(&mut text)?;
    if read == usize::from(MOST_BYTES) {
        bail!("fewer than {MOST_BYTES} bytes are expected");
    }
    Ok(text)
}

fn check_values(masters: Vec<Master>) -> String {
    let lines: Vec<String> =
        SoftVault::in_memory(masters).check_values().iter().map(|value| format!("  {value}")).collect();
    lines.join("\n")
}

fn master(key: &PlainKey) -> Result<Master> {
    Ok(Master {
        card_type: u8::from_str_radix(&key.class, 16)
            .map_err(|_| anyhow!("class: two hexadecimal digits are expected, is {:?}", key.class))?,
        version: key.version,
        algorithm: key.algorithm.parse().map_err(|error| anyhow!("algorithm: {error}, is {:?}", key.algorithm))?,
        mlk: key.mlk.parse().map_err(|error| anyhow!("mlk: {error}"))?,
        mtk: key.mtk.parse().map_err(|error| anyhow!("mtk: {error}"))?,
    })
}
