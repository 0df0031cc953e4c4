//! One site: a server on its own database, a terminal, the line between them, a reader and the card at hand.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use epurse::terminal::TerminalNumber;
use ledger::{Fen, GroupId, Kind, Movement};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use store::{Db, Options};
use terminal::{Config, EXCHANGE_LIMIT};
use tokio::sync::watch;
use topup::{Clock as _, SystemClock, SystemEntropy, groups, terminals};

use super::cards::CLASS_WITH_PIN;
use super::desk::{Attached, Desk};
use super::line::{self, Line};
use super::page::Page;
use super::process::Process;
use super::server::Server;
use super::stage::{Fault, Stage, When};

pub(super) const GROUP: GroupId = GroupId(7);
pub(super) const TERMINAL: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x50]);
/// Enough for every case of a site.
pub(super) const QUOTA: Fen = Fen::new(10_000_000);
/// An authority that vouches for nobody: reading those of the system takes longer than a case, and here is no TLS.
const AUTHORITY: &str = include_str!("authority.pem");

/// Everything of one site. Whoever passes something on does it through here, so that it can be struck.
pub(super) struct Site {
    pub(super) stage: Stage,
    pub(super) desk: Desk,
    pub(super) line: Line,
    pub(super) server: Server,
    pub(super) page: watch::Sender<Page>,
    terminal: Mutex<Option<Process>>,
    folder: tempfile::TempDir,
    /// The card at hand, and a load's id before the first of its loads.
    at_hand: Mutex<(String, i64)>,
}

impl Site {
    /// Opens a site on a fresh database: everything runs, no card lies there.
    pub(super) async fn open(database: String) -> Arc<Self> {
        let code = furnish(&database).await;
        let (line, listener) = Line::lay().await;
        let site = Arc::new(Self {
            stage: Stage::new(),
            desk: Desk::new(),
            line,
            server: Server::of(database),
            page: watch::Sender::new(Page::default()),
            terminal: Mutex::default(),
            folder: tempfile::tempdir().expect("a folder"),
            at_hand: Mutex::default(),
        });
        tokio::spawn(line::carry(Arc::clone(&site), listener));
        site.server.start(&site).await;
        std::fs::write(site.path("authority.pem"), AUTHORITY).expect("written");
        let Config { state_dir, ca_file, .. } = site.config();
        // Past the line, which only carries what comes after.
        let server = format!("http://{}", site.server.address().expect("a server")).parse().expect("an address");
        terminal::enrol(&server, ca_file.as_deref(), &code, &state_dir, &mut dice()).await.expect("enrolled");
        site.start_terminal();
        site
    }

    /// Starts the terminal's program, if it does not run, on what the last one left.
    pub(super) fn start_terminal(self: &Arc<Self>) {
        let mut terminal = self.terminal.lock().expect("nobody panicked with it");
        if terminal.is_some() {
            return;
        }
        self.desk.program_starts();
        let site = Arc::clone(self);
        let program = async move || {
            let handle = loop {
                let readers = Arc::new(Attached(Arc::clone(&site)));
                match terminal::start(site.config(), readers, Box::new(dice())) {
                    // What a thread of the one that was killed is doing comes to its end first: a process takes it along.
                    Err(terminal::Error::InUse(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                    started => break started.expect("a terminal"),
                }
            };
            // Dropping it would stop it in good order.
            let mut status = handle.status();
            while status.changed().await.is_ok() {}
            drop(handle);
        };
        *terminal = Some(Process::start("terminal", program));
    }

    /// Does what a fault says that is to happen now; what happens to messages is the line's.
    pub(super) fn strike(&self, fault: Fault, now: When) {
        match fault {
            Fault::TerminalKilled(when) if when == now => {
                let terminal = self.terminal.lock().expect("nobody panicked with it").take();
                terminal.into_iter().for_each(Process::kill);
            }
            Fault::ServerKilled(when) if when == now => self.server.kill(self),
            Fault::Cut(cut, when) if when == now => self.line.cut(cut),
            Fault::TerminalKilled(_)
            | Fault::ServerKilled(_)
            | Fault::Cut(..)
            | Fault::Removed(_)
            | Fault::Deaf
            | Fault::Late => {}
        }
    }

    /// The card at hand, and a load's id before the first of its loads.
    pub(super) fn at_hand(&self) -> (String, i64) {
        self.at_hand.lock().expect("nobody panicked with it").clone()
    }

    pub(super) fn take_to_hand(&self, card: String, since: i64) {
        *self.at_hand.lock().expect("nobody panicked with it") = (card, since);
    }

    /// Whether the server has acknowledged every result that the terminal's journal keeps.
    pub(super) fn owes_nothing(&self) -> bool {
        let journal = std::fs::read_to_string(self.path("state/journal.jsonl")).unwrap_or_default();
        let mut open = BTreeSet::new();
        for line in journal.lines() {
            // A line that is not whole is being written.
            let Ok(serde_json::Value::Object(entry)) = serde_json::from_str(line) else { return false };
            for (kind, entry) in entry {
                let script = entry["script"].as_str().expect("each entry names its script").to_owned();
                if kind == "acknowledged" {
                    open.remove(&script)
                } else {
                    open.insert(script)
                };
            }
        }
        open.is_empty()
    }

    /// Ends everything.
    pub(super) fn close(&self) {
        self.strike(Fault::TerminalKilled(When::Before), When::Before);
        self.server.kill(self);
    }

    fn config(&self) -> Config {
        Config {
            server: self.line.url().parse().expect("an address"),
            state_dir: self.path("state"),
            ca_file: Some(self.path("authority.pem")),
            exchange_limit: EXCHANGE_LIMIT,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A group with quota, a class that needs a PIN, and a terminal; its one-time code.
async fn furnish(database: &str) -> String {
    let db = Db::open(Options::at(database).connections(1)).await.expect("the database opens");
    let now = SystemClock.now();
    let mut tx = db.begin().await.expect("a unit of work");
    groups::add(&mut tx, GROUP, "示例集团", now).await.expect("a group");
    let (from, to) = (Kind::Bank, Kind::Quota);
    let opening = Movement { group: GROUP, from, to, amount: QUOTA, reason: "opening quota", subject: 0, at: now };
    ledger::post(&mut tx, &[opening]).await.expect("a posting")[0].expect("accepted");
    tx.query(
        "INSERT INTO card_classes (code, name_zh, name_en, least_fen, step_fen, most_fen, ceiling_fen, presets_fen, \
         key_index, pin, active) VALUES ($1, '密码卡', 'Card with PIN', 1000, 1000, 100000, 100000, '[]', 1, $2, 1)",
    )
    .bind(format!("{:02x}", CLASS_WITH_PIN.0))
    .bind(CLASS_WITH_PIN.1)
    .execute()
    .await
    .expect("a class");
    terminals::add(&mut tx, TERMINAL, GROUP, "前台", now).await.expect("a terminal");
    let code = terminals::issue_code(&mut tx, &SystemEntropy, TERMINAL, now).await.expect("a code");
    tx.commit().await.expect("a commit");
    db.close().await;
    code
}

/// Different for every program: nothing here depends on it.
fn dice() -> StdRng {
    let mut seed = [0; 32];
    topup::Entropy::fill(&SystemEntropy, &mut seed);
    StdRng::from_seed(seed)
}
