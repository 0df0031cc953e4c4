//! `jichong terminal doctor`: what is wrong with this terminal, in plain words.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::Args;
use terminal::ServerAddress;
use terminal::doctor::{Consultation, Language, examine};

use crate::cli::State;
use crate::say;

/// Where the terminal lives that was installed as a service.
const INSTALLED: &str = "/var/lib/jichong-terminal";

/// Where a locale is named, the first that is set winning.
const LOCALES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The server, for example <https://topup.example.cn>; the one that this terminal was enrolled with if absent
    #[arg(long, env = "JICHONG_SERVER", value_name = "URL")]
    pub(crate) server: Option<String>,
    #[command(flatten)]
    pub(crate) state: State,
    /// Wait so long for a card to be put down
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait_card: u64,
    /// zh or en; that of the system's language if absent
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<String>,
    /// Everything that was seen as JSON, for those who help
    #[arg(long)]
    pub(crate) json: bool,
}

/// Examines this terminal and says what to mend; false if something is broken.
pub(crate) async fn run(doctor: Doctor) -> Result<bool> {
    let language = match &doctor.lang {
        Some(tag) => Language::parse(tag).ok_or_else(|| anyhow!("--lang: zh or en are known, is {tag:?}"))?,
        None => Language::of_locale(&locale()),
    };
    let server = doctor.server.as_deref().filter(|server| !server.is_empty());
    let asked = Consultation {
        server: server.map(str::parse::<ServerAddress>).transpose()?,
        state_dir: folder(doctor.state.state),
        ca_file: doctor.state.ca,
        readers: readers()?,
        wait_card: Duration::from_secs(doctor.wait_card),
    };
    let found = examine(asked).await;
    if doctor.json {
        say(found.json(language))?;
    } else {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        say(found.text(language, colour))?;
    }
    Ok(found.sound())
}

/// The folder asked for; that of the installed terminal if it is not there and nobody asked for another.
fn folder(asked: PathBuf) -> PathBuf {
    let installed = Path::new(INSTALLED);
    let by_default = asked == Path::new(crate::cli::TERMINAL_STATE);
    if by_default && !asked.exists() && installed.exists() { installed.to_owned() } else { asked }
}

/// The readers of this machine, if this program was built to drive any.
#[cfg(feature = "pcsc")]
fn readers() -> Result<Option<std::sync::Arc<dyn terminal::Readers>>> {
    Ok(Some(std::sync::Arc::new(terminal::PcscReaders::open()?)))
}

#[cfg(not(feature = "pcsc"))]
#[expect(clippy::unnecessary_wraps, reason = "with PC/SC it may fail")]
fn readers() -> Result<Option<std::sync::Arc<dyn terminal::Readers>>> {
    Ok(None)
}

fn locale() -> String {
    LOCALES.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty())).unwrap_or_default()
}
