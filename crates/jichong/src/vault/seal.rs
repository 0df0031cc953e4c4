//! `jichong vault seal`: plain keys into a new file.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use vault::{Master, SoftVault, WorkFactor};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::secret;
use crate::say;

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
pub(super) fn run(file: &Path, passphrase_file: &Path) -> Result<()> {
    let passphrase = secret::passphrase(passphrase_file)?;
    let text = secret::text(std::io::stdin()).context("the keys are read from standard input")?;
    let keys: Vec<PlainKey> = serde_json::from_str(&text)
        .map_err(|error| anyhow!("the keys cannot be read at line {} column {}", error.line(), error.column()))?;
    if keys.is_empty() {
        bail!("no keys came on standard input");
    }
    let masters = keys.iter().map(master).collect::<Result<Vec<_>>>()?;
    SoftVault::create(file, &passphrase, &masters, WorkFactor::DEFAULT)
        .with_context(|| format!("the key file {} was not made", file.display()))?;
    let values: Vec<String> = masters.iter().map(|keys| format!("  {}", keys.check_value())).collect();
    say(format!("{} keys sealed in {}. Check values:\n{}", masters.len(), file.display(), values.join("\n")))
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
