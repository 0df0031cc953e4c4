//! Deposits: money that a group pays in through a gateway, until it is quota or has gone back.
//!
//! ```text
//! check      amount and remark are good; the server makes the key of this one confirm
//! confirm    one row under that key: `created`
//! start      `redirected` is durable, then the payer's browser gets the form
//! notified   kept raw, verified, compared; then the gateway is asked, and only its answer counts
//! ask        asked again by a background job until it is decided: `paid`, `failed`, `expired`
//! review     staff approve or reject what is paid; above a limit two of them: `approved`, `rejected`
//! refunds    what is rejected goes back under a number of its own: `refunding`, `refunded`
//! in_file    what the gateway's daily file lists as paid, and we do not have
//! given_back what it lists as given back, and we never asked for
//! exceptions what does not fit waits for a person and is closed with a reason and an outcome
//! ```
//!
//! Money moves with the state, in one commit, under the lock on the group's accounts:
//!
//! | step | money |
//! |---|---|
//! | → paid | bank → deposits in review, as much as the gateway says was paid |
//! | paid → approved | deposits in review → quota |
//! | paid → rejected | deposits in review → refunds due |
//! | → refunded | refunds due → bank |
//! | rejected, refunding → approved | refunds due → quota, when a refund failed and people decide so |
//! | approved → refunded | quota → bank, when two people say that the money is back at the payer |
//!
//! Each step also moves the deposit from one of the totals that the records show to the next, in the same commit.
//!
//! Three things make it safe. Everything that leaves for the gateway is durable before it leaves, so a process can die
//! anywhere. Nothing that comes in through a browser or unverified moves anything. And every verb may be said again, by
//! any process, at any time: under the lock it finds what is so already. Asking the gateway is kept to one process at a
//! time by a lease, but only to be polite; nothing breaks if two ask.
//!
//! A payment may come after the deposit has failed or expired: then it is `paid` after all, with an exception beside it.
//! Money that belongs to no deposit is in no account; it stands in the exceptions, and the books print it.

mod absent;
mod ask;
mod assure;
mod book;
mod confirm;
mod event;
mod exceptions;
mod given_back;
mod in_file;
mod notify;
mod number;
mod proof;
mod query;
mod refunds;
mod review;
mod rules;
mod story;
mod sweep;
mod terms;
mod totals;
mod trays;

pub use confirm::{
    Checked, Confirm, ConfirmError, Form, MOST_REMARK, StartError, Started, check, confirm, returned, start,
};
pub use event::{By, Event, Happened, Told};
pub use exceptions::{
    CloseError, Closing, Closure, Exception, ExceptionId, ExceptionKind, Needs, Outcome, People, close, exception,
    exceptions_page, needs,
};
pub use given_back::{FileRefund, given_back};
pub use in_file::{FileLine, in_file};
pub use notify::{NotifyError, notified};
pub use number::DepositNumber;
pub use pay::{Acknowledgement, Incoming, Payer, Settlement, Start};
pub use proof::{DepositsFault, DepositsProof, Unbooked};
pub use query::{by_order, counts, find, paid_between};
pub use refunds::{LISTED, NO_GATEWAY, OTHER_AMOUNT, Refund, RefundState, refund_in_file};
pub use review::{Answer, Decided, Proposal, Proposed, ReviewError, answer, propose};
pub use rules::{Refused, Voucher};
pub use story::{Ruling, Story, standing};
pub use sweep::{follow, sweep};
pub use terms::{Terms, Till};
pub use trays::{InTray, Moved, Sum, Tray, find_by_any, moved, sums, tray};

pub(crate) use proof::prove;
pub(crate) use query::Row;

use ledger::{Fen, GroupId};
use store::Micros;

use crate::people::OperatorId;

/// Where a deposit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Confirmed; the payer was not sent to the gateway yet.
    Created,
    /// The payer was sent; nobody knows yet whether the money comes.
    Redirected,
    /// The money is there and waits for a decision.
    Paid,
    /// It became quota.
    Approved,
    /// It is to go back; the gateway has not taken that on yet.
    Rejected,
    /// The gateway is giving it back.
    Refunding,
    /// It has gone back.
    Refunded,
    /// The gateway says that it was not paid.
    Failed,
    /// Not paid in time.
    Expired,
}

/// A deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// Whose.
    pub group: GroupId,
    /// Its number, which the gateway knows too.
    pub order: DepositNumber,
    /// Where it stands.
    pub state: State,
    /// Who confirmed it.
    pub operator: OperatorId,
    /// How much was to be paid.
    pub amount: Fen,
    /// What the operator noted; may be empty.
    pub remark: String,
    /// Who pays.
    pub payer: Payer,
    /// Through which gateway, as stored.
    pub gateway: String,
    /// Which merchant we were at it; empty if it was made before that was noted.
    pub merchant: String,
    /// When it was confirmed.
    pub created_at: Micros,
    /// Until when it can be paid.
    pub expires_at: Micros,
    /// When the payer was sent.
    pub redirected_at: Option<Micros>,
    /// How it was paid; none in the states without money.
    pub paid: Option<Payment>,
    /// When it was approved or rejected.
    pub decided_at: Option<Micros>,
    /// Why it failed: the gateway's code and words.
    pub failure: Option<(String, String)>,
}

/// How a deposit was paid, as the gateway says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// How much; not always what was asked for.
    pub amount: Fen,
    /// The gateway's serial number (银行流水号).
    pub serial: String,
    /// The day on which it settles, `MMDD`.
    pub settle_date: Option<String>,
    /// When the gateway did it, as it says it, `MMDDhhmmss`.
    pub traced_at: Option<String>,
    /// When we came to know for sure.
    pub at: Micros,
}

impl Deposit {
    /// Its state, and how much it counts for: what was paid, or, while nothing was, what was to be.
    pub(crate) fn stands(&self) -> (State, Fen) {
        (self.state, self.paid.as_ref().map_or(self.amount, |paid| paid.amount))
    }
}

impl State {
    /// Every state, in the order in which they usually come.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Redirected,
        Self::Paid,
        Self::Approved,
        Self::Rejected,
        Self::Refunding,
        Self::Refunded,
        Self::Failed,
        Self::Expired,
    ];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Redirected => "redirected",
            Self::Paid => "paid",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether its money came.
    pub const fn is_paid(self) -> bool {
        match self {
            Self::Paid | Self::Approved | Self::Rejected | Self::Refunding | Self::Refunded => true,
            Self::Created | Self::Redirected | Self::Failed | Self::Expired => false,
        }
    }
}

/// A payer, as stored.
pub(crate) const fn payer_name(payer: Payer) -> &'static str {
    match payer {
        Payer::Person => "person",
        Payer::Company => "company",
    }
}

/// The topic that says that something about a deposit changed.
pub fn topic(order: DepositNumber) -> String {
    format!("deposit/{order}")
}
