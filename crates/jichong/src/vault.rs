//! `jichong vault …`: the key file of the soft vault.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use vault::{Master, SoftVault, WorkFactor};

use crate::say;

/// The shortest passphrase: the file may be copied, and then only its length stands in the way.
const LEAST_PASSPHRASE: usize = 12;

#[derive(Deserialize)]
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
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("the keys are read from standard input")?;
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

/// The passphrase in a file, without the line's end.
pub(crate) fn passphrase(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let passphrase = text.trim_end_matches(['\r', '\n']).to_owned();
    if passphrase.chars().count() < LEAST_PASSPHRASE {
        bail!("the passphrase in {} must have at least {LEAST_PASSPHRASE} characters", file.display());
    }
    Ok(passphrase)
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
