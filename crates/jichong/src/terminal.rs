//! `jichong terminal …`: the program beside a reader.

#[cfg(feature = "pcsc")]
mod readers;
#[cfg(not(feature = "pcsc"))]
#[path = "terminal/no_readers.rs"]
mod readers;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use epurse::keys::Key;
use rand::SeedableRng as _;
use rand::rngs::{StdRng, SysRng};
use serde::Deserialize;
use terminal::{
    Config, EXCHANGE_LIMIT, MasterKeys, ServerAddress, SoftCardDefinition, SoftReader, TapPage, sample_cards,
};

use crate::cli::{Enrol, Run};
use crate::{say, system};

/// This program as a terminal's: whether it was built to drive readers.
pub(crate) const OWN_PROGRAM: portal::TerminalProgram =
    portal::TerminalProgram::Own { readers: cfg!(feature = "pcsc") };

/// The issuer that the foreign sample card is from.
const FOREIGN: [u8; 16] = [0xF0; 16];

/// The master keys that sample cards are made from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SoftKeys {
    mlk: String,
    mpk: String,
    mtk: String,
}

/// Binds this machine to its terminal number.
pub(crate) async fn enrol(enrol: Enrol) -> Result<()> {
    let server: ServerAddress = enrol.server.parse()?;
    let mut entropy = randomness()?;
    let folder = &enrol.state.state;
    let enrolled = terminal::enrol(&server, enrol.state.ca.as_deref(), &enrol.code, folder, &mut entropy).await?;
    say(format!("this is now terminal {} ({}); its key is in {}", enrolled.terminal, enrolled.name, folder.display()))
}

/// Runs the terminal until it is told to stop.
pub(crate) async fn run(run: Run) -> Result<()> {
    let config = Config {
        server: run.server.parse()?,
        state_dir: run.state.state.clone(),
        ca_file: run.state.ca.clone(),
        exchange_limit: EXCHANGE_LIMIT,
    };
    match &run.soft_keys {
        Some(file) => with_soft_reader(&run, config, &soft_keys(file)?).await,
        None => readers::run(config).await,
    }
}

async fn with_soft_reader(run: &Run, config: Config, keys: &MasterKeys) -> Result<()> {
    let reader = soft_reader(&run.state.state.join("soft-cards.json"), keys)?;
    let handle = terminal::start(config, Arc::new(reader.clone()), Box::new(randomness()?))?;
    let page = TapPage::open(run.listen_reader, reader, handle.terminal(), handle.status()).await?;
    let open = format!("terminal {}: tap cards at http://{}/", handle.terminal(), page.address());
    system::ready(&open);
    say(open)?;
    system::told_to_stop().await?;
    system::stopping();
    handle.stop().await;
    page.stop().await;
    Ok(())
}

/// A reader with the sample cards of an issuer with these keys; what they remember is kept in `memory`.
pub(crate) fn soft_reader(memory: &Path, keys: &MasterKeys) -> Result<SoftReader> {
    let seed = rand::Rng::next_u64(&mut randomness()?);
    Ok(SoftReader::open("Software reader", Some(memory.to_owned()), sample_definitions(keys, seed))?)
}

/// The sample cards of an issuer with these keys.
pub(crate) fn sample_definitions(keys: &MasterKeys, seed: u64) -> Vec<SoftCardDefinition> {
    let foreign = MasterKeys { mlk: Key::new(FOREIGN), mpk: Key::new(FOREIGN), mtk: Key::new(FOREIGN) };
    sample_cards(keys, &foreign, seed)
}

/// Reads the master keys of sample cards.
pub(crate) fn soft_keys(file: &Path) -> Result<MasterKeys> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let keys: SoftKeys = serde_json::from_str(&text)
        .map_err(|error| anyhow!("{}: line {}: mlk, mpk and mtk are expected", file.display(), error.line()))?;
    let key = |name, text: &str| text.parse::<Key>().map_err(|error| anyhow!("{}: {name}: {error}", file.display()));
    Ok(MasterKeys { mlk: key("mlk", &keys.mlk)?, mpk: key("mpk", &keys.mpk)?, mtk: key("mtk", &keys.mtk)? })
}

/// A generator seeded by the operating system.
pub(crate) fn randomness() -> Result<StdRng> {
    StdRng::try_from_rng(&mut SysRng).map_err(|error| anyhow!("the system gives no randomness: {error}"))
}
