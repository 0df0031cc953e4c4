//! Runs the server's scripts on cards, one at a time.
//!
//! The powered connection to a card is kept from script to script while the card lies there, because what one script
//! starts (an initialised load) the next one finishes. A script runs in a task of its own: it goes on when the
//! connection to the server is lost, and its result waits.

use std::collections::HashMap;
use std::future;
use std::sync::Arc;
use std::time::Duration;

use link::{Done, End, HexBytes, Script};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout};

use crate::journal::SharedJournal;
use crate::{Card, CardLost, Readers};

/// The one place where commands go to cards.
pub(crate) struct Runner {
    readers: Arc<dyn Readers>,
    journal: SharedJournal,
    exchange_limit: Duration,
    /// Powered cards, by tap.
    powered: HashMap<u64, Box<dyn Card>>,
    running: Option<Running>,
    /// Commands that outlived their limit, by tap: nothing is sent to that card until they return, for they may still
    /// reach it. A card on another reader does not wait for them.
    overdue: HashMap<u64, JoinHandle<()>>,
}

struct Running {
    script: String,
    tap: u64,
    task: JoinHandle<Finished>,
}

struct Finished {
    done: Done,
    left: Left,
}

/// The card comes back with its answer.
type Exchanged = (Box<dyn Card>, Result<Vec<u8>, CardLost>);

/// What a script leaves behind.
enum Left {
    /// The card, powered.
    Card(Box<dyn Card>),
    /// Nothing: the next script powers the card up anew.
    Nothing,
    /// A command that has not returned.
    Overdue(JoinHandle<()>),
}

impl Runner {
    pub(crate) fn new(readers: Arc<dyn Readers>, journal: SharedJournal, exchange_limit: Duration) -> Self {
        Self { readers, journal, exchange_limit, powered: HashMap::new(), running: None, overdue: HashMap::new() }
    }

    /// Starts a script, or answers at once when nothing is to be sent.
    ///
    /// A script that commits runs once in its life: a second request for it gets the first one's result.
    pub(crate) async fn run(&mut self, script: Script) -> Option<Done> {
        if self.running.as_ref().is_some_and(|running| running.script == script.id) {
            // Asked twice. "Busy" would claim that nothing is sent under this id; its own result is on its way.
            return None;
        }
        if script.commits
            && let Some(done) = self.journal.read(|journal| journal.result(&script.id))
        {
            return Some(done);
        }
        self.overdue.retain(|_, command| !command.is_finished());
        if self.running.is_some() || self.overdue.contains_key(&script.tap) {
            return Some(not_started(&self.journal, &script, End::Busy).await);
        }
        if !self.lies_there(script.tap) {
            return Some(not_started(&self.journal, &script, End::NoSuchTap).await);
        }
        let (id, tap) = (script.id.clone(), script.tap);
        let run = Run {
            script,
            readers: Arc::clone(&self.readers),
            journal: self.journal.clone(),
            exchange_limit: self.exchange_limit,
            answers: Vec::new(),
            spent: Spent::default(),
        };
        let task = tokio::spawn(run.run(self.powered.remove(&tap)));
        self.running = Some(Running { script: id, tap, task });
        None
    }

    /// Waits for the running script to end; for ever if none runs. Loses nothing when the wait is given up.
    pub(crate) async fn finished(&mut self) -> Done {
        let Some(running) = &mut self.running else { return future::pending().await };
        let outcome = (&mut running.task).await;
        let (script, tap) = (std::mem::take(&mut running.script), running.tap);
        self.running = None;
        match outcome {
            Ok(Finished { done, left }) => {
                match left {
                    Left::Card(card) if self.lies_there(tap) => drop(self.powered.insert(tap, card)),
                    Left::Card(_) | Left::Nothing => {}
                    Left::Overdue(command) => drop(self.overdue.insert(tap, command)),
                }
                done
            }
            Err(error) => {
                tracing::error!(script, %error, "a script ended by a fault of this program");
                Done { script, end: End::Interrupted, answers: Vec::new() }
            }
        }
    }

    /// Whether a script is running.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Lets go of cards that have left.
    pub(crate) fn let_go(&mut self, readers: &[link::Reader]) {
        self.powered.retain(|held, _| readers.iter().any(|reader| has_tap(reader, *held)));
    }

    fn lies_there(&self, tap: u64) -> bool {
        self.readers.watch().borrow().iter().any(|reader| has_tap(reader, tap))
    }
}

/// One script on its way.
struct Run {
    script: Script,
    readers: Arc<dyn Readers>,
    journal: SharedJournal,
    exchange_limit: Duration,
    answers: Vec<HexBytes>,
    spent: Spent,
}

/// Where the time of a script went.
#[derive(Default)]
struct Spent {
    /// Waiting for the card.
    card: Duration,
    /// Waiting for the disk.
    journal: Duration,
}

impl Run {
    async fn run(mut self, card: Option<Box<dyn Card>>) -> Finished {
        let began = Instant::now();
        let powered = self.power_up(card).await;
        self.spent.card = began.elapsed();
        let (end, left) = match powered {
            Ok(card) => {
                if self.may_begin().await {
                    self.steps(card, began).await
                } else {
                    // The nearest word for "nothing was sent".
                    (End::Busy, Left::Card(card))
                }
            }
            Err(CardLost) => (End::NoSuchTap, Left::Nothing),
        };
        let done = Done { script: self.script.id, end, answers: self.answers };
        if self.script.commits {
            let keeping = Instant::now();
            keep(&self.journal, &done).await;
            self.spent.journal = self.spent.journal.saturating_add(keeping.elapsed());
        }
        tracing::info!(
            script = done.script,
            tap = self.script.tap,
            end = ?done.end,
            took_us = micros(began.elapsed()),
            card_us = micros(self.spent.card),
            journal_us = micros(self.spent.journal),
            "script ended"
        );
        Finished { done, left }
    }

    async fn power_up(&self, powered: Option<Box<dyn Card>>) -> Result<Box<dyn Card>, CardLost> {
        if let Some(card) = powered {
            return Ok(card);
        }
        let (readers, tap) = (Arc::clone(&self.readers), self.script.tap);
        let connect = spawn_blocking(move || readers.connect(tap));
        timeout(self.exchange_limit, connect).await.map_or(Err(CardLost), |card| card.unwrap_or(Err(CardLost)))
    }

    /// Nothing that commits is sent unless the journal knows of it.
    async fn may_begin(&mut self) -> bool {
        let (id, began) = (self.script.id.clone(), Instant::now());
        let may = !self.script.commits || self.journal.write(move |journal| journal.begin(&id)).await.is_ok();
        self.spent.journal = self.spent.journal.saturating_add(began.elapsed());
        may
    }

    async fn steps(&mut self, mut card: Box<dyn Card>, began: Instant) -> (End, Left) {
        let limit = Duration::from_millis(u64::from(self.script.limit_ms));
        let mut steps = std::mem::take(&mut self.script.steps).into_iter().peekable();
        while let Some(step) = steps.next() {
            if began.elapsed() >= limit {
                return (End::TimedOut, Left::Card(card));
            }
            let mut command = spawn_blocking(move || {
                let answer = card.transmit(step.apdu.as_ref());
                (card, answer)
            });
            let sent = Instant::now();
            let answered = timeout(self.exchange_limit, &mut command).await;
            self.spent.card = self.spent.card.saturating_add(sent.elapsed());
            let answer = match answered {
                Ok(Ok((returned, Ok(answer)))) if answer.len() >= 2 => {
                    card = returned;
                    HexBytes(answer)
                }
                // Lost, or an answer without a status word: some readers report a card torn away that way.
                Ok(Ok(_)) => return (End::Removed, Left::Nothing),
                Ok(Err(panic)) => {
                    tracing::error!(%panic, "a reader failed by a fault of this program");
                    return (End::Removed, Left::Nothing);
                }
                Err(_) => {
                    tracing::warn!(tap = self.script.tap, "the card does not answer; nothing is sent until it does");
                    return (End::TimedOut, Left::Overdue(tokio::spawn(wait_out(command))));
                }
            };
            let expected = step.expect.allows(answer.as_ref());
            self.answers.push(answer);
            match (expected, steps.peek()) {
                (false, _) => return (End::Unexpected, Left::Card(card)),
                (true, Some(_)) => self.keep_answer().await,
                (true, None) => {}
            }
        }
        (End::Completed, Left::Card(card))
    }

    /// The last answer goes into the journal before the next command goes to the card.
    async fn keep_answer(&mut self) {
        if let (true, Some(answer)) = (self.script.commits, self.answers.last().cloned()) {
            let (id, began) = (self.script.id.clone(), Instant::now());
            // A failure is logged; the answer is still in memory and goes on with the result.
            self.journal.write(move |journal| journal.answer(&id, &answer)).await.ok();
            self.spent.journal = self.spent.journal.saturating_add(began.elapsed());
        }
    }
}

/// A result without a single command sent: it is final too.
async fn not_started(journal: &SharedJournal, script: &Script, end: End) -> Done {
    let done = Done { script: script.id.clone(), end, answers: Vec::new() };
    if script.commits {
        keep(journal, &done).await;
    }
    done
}

/// Stores a result. If the disk fails it is still sent, from memory; after a restart it would read "interrupted".
async fn keep(journal: &SharedJournal, done: &Done) {
    let done = done.clone();
    journal.write(move |journal| journal.end(&done)).await.ok();
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

async fn wait_out(command: JoinHandle<Exchanged>) {
    if let Ok((_, Ok(answer))) = command.await {
        tracing::warn!(answer = %HexBytes(answer), "an answer came after its limit; its script has ended");
    }
}

fn has_tap(reader: &link::Reader, tap: u64) -> bool {
    reader.tap.as_ref().is_some_and(|there| there.tap == tap)
}
