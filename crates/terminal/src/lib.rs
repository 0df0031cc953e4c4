//! The reader's side of the house: a small program beside the readers that dials out to the server.
//!
//! ```text
//!   server  <── wss ──  connection ── agent ── runner ──  Readers / Card  ── software cards, PC/SC
//!                                       │         │
//!                                    status    journal
//! ```
//!
//! - [`Readers`] and [`Card`] are the seam: what a source of cards has to do.
//! - `runner` executes the server's scripts, one at a time; `journal` remembers those that may change money.
//! - `connection` is one WebSocket; `agent` keeps one open, tells what changes on the readers, runs what it is asked
//!   to and repeats results until the server has them.
//! - `PcscReaders` (feature `pcsc`) are the readers of this machine.
//! - [`SoftReader`] is a reader with software cards on it, [`TapPage`] the local page where they are tapped;
//!   [`VirtualCard`] is such a card in a virtual reader of PC/SC.
//!
//! The terminal holds no card keys and decides nothing about money. Randomness is handed in; the only clock is the
//! runtime's, for limits; the computer's is only looked at to say whether it is right (`clock`).

mod address;
mod agent;
mod backoff;
mod clock;
mod connection;
pub mod doctor;
mod durable;
mod error;
mod identity;
mod journal;
mod page;
#[cfg(feature = "pcsc")]
mod pcsc;
mod reader;
mod runner;
mod soft;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand::CryptoRng;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use address::ServerAddress;
pub use error::Error;
pub use identity::enrol;
pub use link::{Enrolled, Refusal};
pub use page::TapPage;
#[cfg(feature = "pcsc")]
pub use pcsc::PcscReaders;
pub use reader::{Card, CardLost, Health, Readers, exchange};
pub use soft::{
    Desk, Exchanged, LoneCard, MasterKeys, NoSuchCard, Order, Place, SoftCardDefinition, SoftCardView, SoftReader,
    Tear, Title, VirtualCard, VirtualCardView, ordinary_card, sample_cards,
};

use agent::Agent;
use identity::Identity;
use journal::{Journal, SharedJournal};
use runner::Runner;

/// How long a card may take for one command: slow cards need about a second for a load, and some readers ask for more
/// time in silence.
pub const EXCHANGE_LIMIT: Duration = Duration::from_secs(5);

/// The journal, in the state folder.
const JOURNAL_FILE: &str = "journal.jsonl";

/// What a terminal needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the server is.
    pub server: ServerAddress,
    /// Where the identity and the journal are; one program at a time.
    pub state_dir: PathBuf,
    /// The authorities that vouch for the server, PEM; those of the operating system if absent.
    pub ca_file: Option<PathBuf>,
    /// How long a card may take for one command, [`EXCHANGE_LIMIT`] unless there is a reason.
    pub exchange_limit: Duration,
}

/// How the terminal stands with the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The first attempt is under way.
    Connecting,
    /// Connected, under this name.
    Connected {
        /// The terminal's name at the server.
        name: String,
    },
    /// Not connected; tries again by itself within half a minute.
    Waiting {
        /// What happened, in plain words.
        why: String,
    },
    /// Not let in: a person has to do something. Tries again by itself every minute.
    Refused {
        /// For a program.
        why: Refusal,
        /// The server's own words.
        text: String,
    },
    /// The terminal has stopped.
    Stopped,
}

/// A running terminal; dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Handle {
    terminal: String,
    status: watch::Receiver<Status>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Starts an enrolled terminal on the current tokio runtime.
pub fn start(
    config: Config,
    readers: Arc<dyn Readers>,
    mut entropy: Box<dyn CryptoRng + Send>,
) -> Result<Handle, Error> {
    let lock = durable::lock(&config.state_dir)?;
    let identity = Identity::load(&config.state_dir)?;
    let terminal = identity.terminal.clone();
    let journal = SharedJournal::new(Journal::open(&config.state_dir.join(JOURNAL_FILE))?);
    let tls = Arc::new(tls::client_config(config.ca_file.as_deref())?);
    let boot = format!("{:016x}", entropy.next_u64());
    let (status, status_seen) = watch::channel(Status::Connecting);
    let (stop, stop_seen) = watch::channel(false);
    let agent = Agent {
        server: config.server,
        tls,
        identity,
        boot,
        readers: readers.watch(),
        health: readers.health(),
        runner: Runner::new(readers, journal.clone(), config.exchange_limit),
        journal,
        entropy,
        status,
        server_time: None,
        stop: stop_seen,
    };
    let task = tokio::spawn(async move {
        agent.work().await;
        drop(lock);
    });
    Ok(Handle { terminal, status: status_seen, stop, task })
}

impl Handle {
    /// The terminal number.
    pub fn terminal(&self) -> &str {
        &self.terminal
    }

    /// How the terminal stands with the server, now and whenever that changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Stops: takes no new script, ends the one in flight, closes the connection.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the terminal ended by a fault of this program");
        }
    }
}
