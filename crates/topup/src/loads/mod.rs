//! Loads: money from a group's quota onto a card.
//!
//! ```text
//! confirm (any process)   one row of `intents` under the page's intent key
//! take                    the process that holds the terminal's connection takes it up, once
//! charge                  rules, INITIALIZE FOR LOAD, MAC1   may fail for free: `failed`
//!                         hold, with all evidence            one durable commit: `authorised`
//!                         MAC2 leaves, CREDIT FOR LOAD       once, never again
//!                         TAC good: `succeeded`; anything else: `unknown`, the hold stays
//! late                    the terminal says again what nobody heard: taken once
//! prove                   the card settles its doubt on its next tap
//! verdict                 a proof ends a doubt, or contradicts how the load had ended and corrects its money
//! sweep                   what a process that is gone left behind is brought to a true state
//! ```
//!
//! Two round trips to the terminal lie between confirm and result. [`book`] is the only writer of loads and their money.

pub mod book;
mod charge;
mod collect;
mod held;
mod intents;
mod late;
pub(crate) mod order;
mod proofs;
mod prove;
mod query;
mod reason;
mod refuse;
mod sweep;
mod verdict;

pub use intents::{Confirm, ConfirmError, Outcome, confirm, outcome};
pub use order::OrderNumber;
pub use proofs::Finding;
pub use prove::Proven;
pub use query::{Sitting, Totals, by_intent, by_order, sitting};
pub use reason::Reason;
pub use sweep::sweep;

pub(crate) use charge::{Charge, Charged, charge};
pub(crate) use intents::{Intent, as_seen, put, take};
pub(crate) use late::late;
pub(crate) use prove::{AskError, Tapped, settle_doubts};
pub(crate) use query::{By, Row, by_hand, doubt_of_card, load_columns, load_joins, of_run};
pub(crate) use refuse::{refuse_adrift, refuse_changed};

use intents::{end, end_abandoned, withdraw};
use refuse::{NewRefusal, refuse};

use ledger::{Fen, GroupId};
use store::Micros;

use crate::cards::CardNumber;

/// Where a load stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The money is held; the card is being written.
    Authorised,
    /// The money is on the card; its TAC proves it.
    Succeeded,
    /// Nothing was charged.
    Failed,
    /// Whether the card was written is open; the money stays held until there is proof (待核实).
    Unknown,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Authorised, Self::Succeeded, Self::Failed, Self::Unknown];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorised => "authorised",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One load, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Its order number.
    pub order: OrderNumber,
    /// The intent it came from.
    pub intent: String,
    /// Whose quota.
    pub group: GroupId,
    /// The login of who confirmed it.
    pub operator: String,
    /// The terminal number.
    pub terminal: String,
    /// The card.
    pub card: CardNumber,
    /// How much.
    pub amount: Fen,
    /// On the card before, once known.
    pub balance_before: Option<Fen>,
    /// On the card now: only when the load succeeded.
    pub balance_after: Option<Fen>,
    /// The group's quota before the hold; none if nothing was held.
    pub quota_before: Option<Fen>,
    /// The group's quota after the hold.
    pub quota_after: Option<Fen>,
    /// Where it stands.
    pub state: State,
    /// Why it failed or is in doubt.
    pub reason: Option<Reason>,
    /// When it was confirmed.
    pub created_at: Micros,
    /// Whether it is in doubt and its card, asked to the end, has proven nothing: putting the card back does not help.
    pub asked_in_vain: bool,
    /// What was proven after it had ended otherwise.
    pub proven_since: Option<ProvenSince>,
}

/// A proof that came after a load had ended otherwise. The load stays as it ended; this is what holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenSince {
    /// Whether the money is on the card.
    pub written: bool,
    /// Whether the correction waits for the quota to reach.
    pub owed: bool,
    /// When the proof came.
    pub at: Micros,
}

impl Load {
    /// The state by what is known now.
    pub fn holds(&self) -> State {
        match self.proven_since {
            Some(ProvenSince { written: true, .. }) => State::Succeeded,
            Some(ProvenSince { written: false, .. }) => State::Failed,
            None => self.state,
        }
    }
}
