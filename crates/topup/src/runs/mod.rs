//! Hands-free runs (连续充值): one confirm, then each card that is put down is charged by itself.
//!
//! ```text
//! start    one row, one run a terminal; what it may charge at most was confirmed on a check page
//! a card   is put down: the process that holds the terminal opens an intent for it and carries it out as any other load
//! told     what became of the card, on the run's row, until the next one: pages show it and sound
//! end      the stop key, a limit, the quota, nobody watching, the session's end, the terminal gone for long
//! ```
//!
//! What makes it safe:
//!
//! - **A run charges only cards that are put down while it is at work.** One that lay there when it began, that was put
//!   down while nobody watched, or that lies there when the terminal connects again, has to be put down anew.
//! - **Once a card.** The key of an intent names run, card and attempt; the next attempt is only made once the load of
//!   the one before has failed. The unique key of intents makes that a fact across processes and reconnects. A card
//!   charged before is recognised; charging it again takes a confirm of its own ([`again`]).
//! - **The limits are never passed.** Opening an intent locks the run's row and counts what succeeded, is in doubt or in
//!   flight; a card in doubt keeps its place until its proof is there, so a run that is full but for its doubts waits for
//!   those cards and for no other.
//! - **Stop means stop.** It writes the same row: after it no intent can be opened. A load in flight comes to its end.
//! - **Somebody watches.** A page of the session that began the run must be heard of every few seconds ([`watch`]).

mod again;
mod card;
mod course;
mod query;
mod rules;

pub use again::{AgainError, again};
pub(crate) use card::{Opened, of_open_load, open, tell};
pub use course::{Start, StartError, resume, start, stop, sweep, watch};
pub(crate) use query::is_under_way;
pub use query::{Look, Summary, active, by_id, look, summary};
pub use rules::{MOST_CARDS, MOST_DOUBTS, Plan, PlanProblem, Rule, check, common_rule, not_for};

use ledger::{Fen, GroupId};
use serde::{Deserialize, Serialize};
use store::Micros;

use crate::cards::Card;
use crate::loads::{OrderNumber, Totals};
use crate::people::OperatorId;
use crate::terminals::TerminalNumber;

/// Names a run within its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct RunId(pub i64);

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Whose quota.
    pub group: GroupId,
    /// Where.
    pub terminal: TerminalNumber,
    /// Who began it.
    pub operator: OperatorId,
    /// Their login.
    pub login: String,
    /// Their name.
    pub name: String,
    /// What was confirmed.
    pub plan: Plan,
    /// When it began.
    pub started_at: Micros,
    /// When a card was last charged or refused; when it began, if none was.
    pub active_at: Micros,
    /// When a page of its session was last heard of.
    pub watched_at: Micros,
    /// The last time that no page watched: from when to when.
    pub paused: Option<(Micros, Micros)>,
    /// What became of the last card.
    pub told: Option<Told>,
    /// How often something was told: a page that knows less has missed something.
    pub told_count: i64,
    /// When and why it ended.
    pub ended: Option<(Micros, Ended)>,
    /// Whether its session still stands and its operator is still one.
    pub entitled: bool,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Someone stopped it.
    Stopped,
    /// As many cards as confirmed.
    Cards,
    /// As much money as confirmed, or the rest would not do for another card.
    Money,
    /// The group's quota does not do for another card.
    Quota,
    /// No page of its session was open for some minutes.
    Unwatched,
    /// The session that began it ended.
    Session,
    /// The terminal was away for some minutes.
    Terminal,
}

impl Ended {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Stopped, Self::Cards, Self::Money, Self::Quota, Self::Unwatched, Self::Session, Self::Terminal];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Cards => "cards",
            Self::Money => "money",
            Self::Quota => "quota",
            Self::Unwatched => "unwatched",
            Self::Session => "session",
            Self::Terminal => "terminal",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ended| ended.as_str() == text)
    }
}

/// Why a run takes no further card now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Full {
    /// As many cards as confirmed are charged, in doubt or in flight.
    Cards,
    /// No room for another card below the money confirmed.
    Money,
    /// The quota does not do for another card.
    Quota,
    /// Too many cards are in doubt at once: they come first.
    Doubts,
}

/// What a run has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Charged.
    pub done: Totals,
    /// In doubt.
    pub doubt: Totals,
    /// Under way.
    pub in_flight: Totals,
    /// Cards that were put down and have no load that succeeded or may yet.
    pub problems: i64,
}

impl Tally {
    /// Cards that have their place in the run.
    pub fn cards(&self) -> i64 {
        self.done.count.saturating_add(self.doubt.count).saturating_add(self.in_flight.count)
    }

    /// What they took, or may have.
    pub fn sum(&self) -> Fen {
        let sums = [self.done.sum, self.doubt.sum, self.in_flight.sum].map(Fen::as_i64);
        Fen::new(sums.into_iter().fold(0, i64::saturating_add))
    }
}

/// What became of the card that was put down last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The card as it lies there after it; none if it left or cannot be read.
    pub card: Option<Card>,
    /// What.
    pub what: What,
}

/// What became of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A load of this run ended on it; how, the load itself says.
    Load(OrderNumber),
    /// It proved that a load of this run, in doubt until now, was written.
    Settled(OrderNumber),
    /// This run has charged it before: not charged again.
    Already(OrderNumber),
    /// It has a load in doubt and cannot prove what became of it yet.
    InDoubt,
    /// It cannot be read.
    Unreadable,
    /// The run takes no further card.
    Full(Full),
    /// Nobody watched: not charged.
    Paused,
}
