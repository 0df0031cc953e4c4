//! Where a fault strikes: everything that passes between card, terminal and server is counted here, and one of these
//! points is the one.

use std::fmt;
use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

/// Between whom something passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Terminal and card: an APDU and its answer.
    Card,
    /// Terminal to server: a message.
    Up,
    /// Server to terminal: a message.
    Down,
    /// Server and vault: a question, asked in the midst of the server's work.
    Vault,
}

/// The `index`-th thing that passes there, counted from when the stage was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) place: Place,
    pub(super) index: usize,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The card is taken away; during a message, while that is on its way.
    Removed(Tear),
    /// The terminal's program is killed.
    TerminalKilled(When),
    /// The server is killed.
    ServerKilled(When),
    /// The link is cut.
    Cut(Cut, When),
    /// From this message on nothing arrives in its direction, and nobody is told.
    Deaf,
    /// This message and all after it in its direction arrive only when the server has given up waiting.
    Late,
}

/// When the card is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tear {
    /// Before the command reaches it.
    Before,
    /// The command has arrived; nothing is written.
    NotWritten,
    /// What the command does is done; no byte of the answer leaves.
    Written,
    /// In the middle of the answer.
    HalfAnswered,
    /// When the answer is whole.
    Answered,
}

/// On which side of the exchange, or of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Before the command reaches the card; before the message arrives, which it then never does.
    Before,
    /// When the card has answered and the terminal has not heard it yet; just after the message was delivered.
    After,
}

/// Who sees that the link is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Both,
    /// To the server the terminal has only fallen silent.
    TerminalEnd,
    /// To the terminal the server has only fallen silent.
    ServerEnd,
}

/// Everything that passed, in order and by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    pub(super) card: Vec<String>,
    pub(super) up: Vec<String>,
    pub(super) down: Vec<String>,
    pub(super) vault: Vec<String>,
}

/// The stage of one case at a time.
pub(super) struct Stage {
    scene: Mutex<Scene>,
    struck: watch::Sender<bool>,
}

#[derive(Default)]
struct Scene {
    passed: Passed,
    planned: Option<(Point, Fault)>,
}

impl Passed {
    pub(super) fn at(&self, place: Place) -> &[String] {
        match place {
            Place::Card => &self.card,
            Place::Up => &self.up,
            Place::Down => &self.down,
            Place::Vault => &self.vault,
        }
    }
}

impl Stage {
    pub(super) fn new() -> Self {
        Self { scene: Mutex::default(), struck: watch::Sender::new(false) }
    }

    /// Counts from nothing again, with this fault to come, or none.
    pub(super) fn set(&self, planned: Option<(Point, Fault)>) {
        *self.scene() = Scene { passed: Passed::default(), planned };
        self.struck.send_replace(false);
    }

    /// Something passes; the fault, if this is its moment.
    pub(super) fn comes(&self, place: Place, what: String) -> Option<Fault> {
        let mut scene = self.scene();
        let index = scene.passed.at(place).len();
        match place {
            Place::Card => scene.passed.card.push(what),
            Place::Up => scene.passed.up.push(what),
            Place::Down => scene.passed.down.push(what),
            Place::Vault => scene.passed.vault.push(what),
        }
        scene.planned.take_if(|(at, _)| *at == Point { place, index }).map(|(_, fault)| fault)
    }

    /// The fault has done what it does.
    pub(super) fn has_struck(&self) {
        self.struck.send_replace(true);
    }

    /// What has passed.
    pub(super) fn passed(&self) -> Passed {
        self.scene().passed.clone()
    }

    /// Waits until the fault has struck.
    pub(super) async fn struck(&self) {
        self.struck.subscribe().wait_for(|struck| *struck).await.expect("the stage is there");
    }

    fn scene(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().expect("nobody panicked with it")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Card => "card",
            Self::Up => "to server",
            Self::Down => "to terminal",
            Self::Vault => "vault",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed(Tear::Before) => "card removed before",
            Self::Removed(Tear::NotWritten) => "card removed, not written",
            Self::Removed(Tear::Written) => "card removed, written",
            Self::Removed(Tear::HalfAnswered) => "card removed, half answered",
            Self::Removed(Tear::Answered) => "card removed, answered",
            Self::TerminalKilled(When::Before) => "terminal killed before",
            Self::TerminalKilled(When::After) => "terminal killed after",
            Self::ServerKilled(When::Before) => "server killed before",
            Self::ServerKilled(When::After) => "server killed after",
            Self::Cut(Cut::Both, When::Before) => "link cut before",
            Self::Cut(Cut::Both, When::After) => "link cut after",
            Self::Cut(Cut::TerminalEnd, When::Before) => "terminal's end cut before",
            Self::Cut(Cut::TerminalEnd, When::After) => "terminal's end cut after",
            Self::Cut(Cut::ServerEnd, When::Before) => "server's end cut before",
            Self::Cut(Cut::ServerEnd, When::After) => "server's end cut after",
            Self::Deaf => "lost silently",
            Self::Late => "late",
        })
    }
}
