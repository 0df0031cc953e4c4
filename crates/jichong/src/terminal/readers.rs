//! A terminal with the readers of this machine.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use terminal::{Config, Health, PcscReaders, Readers as _};

use super::randomness;
use crate::{say, system};

/// Runs the terminal with this machine's readers and says whenever they come, go or lack something.
pub(crate) async fn run(config: Config) -> Result<()> {
    let readers = Arc::new(PcscReaders::open().context("the readers cannot be watched")?);
    let (mut seen, mut health) = (readers.watch(), readers.health());
    let handle = terminal::start(config, readers, Box::new(randomness()?))?;
    let name = handle.terminal().to_owned();
    let mut said = String::new();
    let stop = system::told_to_stop();
    tokio::pin!(stop);
    loop {
        let names: Vec<String> = seen.borrow_and_update().iter().map(|reader| reader.name.clone()).collect();
        let now = plainly(*health.borrow_and_update(), &names);
        if now != said {
            said = now;
            system::ready(&format!("terminal {name}: {said}"));
            say(format!("terminal {name}: {said}"))?;
        }
        tokio::select! {
            stopped = &mut stop => {
                stopped?;
                break;
            }
            // Their sender lives as long as the terminal.
            changed = seen.changed() => changed.context("the readers are not watched any more")?,
            changed = health.changed() => changed.context("the readers are not watched any more")?,
        }
    }
    system::stopping();
    handle.stop().await;
    Ok(())
}

/// How the readers stand, and what to do if nothing can come of it.
fn plainly(health: Health, names: &[String]) -> String {
    match health {
        Health::Unknown => "looking for readers".to_owned(),
        Health::NoService if cfg!(windows) => {
            "no reader yet: plug in the reader (that starts Windows' smart card service); it is found by itself"
                .to_owned()
        }
        Health::NoService => "the smart card service does not answer: install and start pcscd \\
            (on Debian: apt-get install pcscd); it is found by itself"
            .to_owned(),
        Health::Forbidden => {
            "the smart card service does not let this program in: allow this user to use pcscd (polkit), \\
            then it goes on by itself"
                .to_owned()
        }
        Health::NoReader => "no reader yet: plug in the reader; it is found by itself".to_owned(),
        Health::MuteCard => {
            format!("{}; the card on it does not answer: lay it down anew, the other side up", ready(names))
        }
        Health::Ready => ready(names),
    }
}

fn ready(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    match quoted.as_slice() {
        [one] => format!("the reader {one} is ready"),
        _ => format!("the readers {} are ready", quoted.join(", ")),
    }
}
