//! Exports: the records of a filter as a file.
//!
//! ```text
//! write     the rows of one moment, page after page, through a writer of its own thread; their sum is the totals above them
//! small     handed out at once
//! large     ask ─► a row of `exports` ─► make: written, put into the database in parts, ready, waiting on a page
//!                       │  the maker says every page how far it is; one that fell silent is followed by another
//!                       └► cancel: the maker finds the row no longer its own, and stops
//! left      what a process that is gone left half made, for another to take up
//! sweep     what is older than a few days goes
//! ```

mod make;
mod query;

pub use make::{ExportError, Layout, make, table, write};
pub use query::{ask, cancel, left, list, one, part, sweep, take};

use ledger::GroupId;
use store::Micros;

use super::{Deposits, Filter, Format, Loads, Period, Record as _};
use crate::people::OperatorId;
use crate::people::staff::StaffId;

/// Whose an export is: nobody else sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An operator, of the group of their session.
    Operator(GroupId, OperatorId),
    /// A member of staff.
    Staff(StaffId),
}

/// Names an export among its owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct ExportId(pub i64);

/// The records that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Loads.
    Loads(Filter<Loads>),
    /// Deposits.
    Deposits(Filter<Deposits>),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewExport {
    /// Whose it will be.
    pub owner: Owner,
    /// Their login and name.
    pub by: String,
    /// As what file.
    pub format: Format,
    /// The tag of the language it speaks.
    pub language: String,
    /// Of which records.
    pub wanted: Wanted,
    /// How many there are now.
    pub lines: i64,
}

/// An export, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// The login and name of who asked.
    pub by: String,
    /// As what file.
    pub format: Format,
    /// The tag of the language it speaks.
    pub language: String,
    /// Of which records.
    pub wanted: Wanted,
    /// Where it stands.
    pub state: ExportState,
    /// How many records there were when it was asked for.
    pub lines: i64,
    /// How many are written.
    pub done: i64,
    /// How large the file is, once it is ready.
    pub bytes: i64,
    /// When it was asked for.
    pub asked_at: Micros,
    /// When it was last worked on.
    pub beat_at: Micros,
}

/// Where an export stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportState {
    /// It is being made.
    Making,
    /// The file waits.
    Ready,
    /// It could not be made.
    Failed,
    /// Its owner no longer wants it.
    Cancelled,
}

/// An export that this process makes.
#[derive(Clone, Debug)]
pub struct Job {
    pub(super) owner: Owner,
    /// What is to be made.
    pub export: Export,
    /// Tells this maker from others.
    pub(super) maker: String,
}

/// Exports that one person may have under way.
pub const MOST_AT_ONCE: usize = 3;

/// How long a file waits.
pub const KEPT_DAYS: i64 = 7;

/// A maker that said nothing for so long is gone.
const SILENT_US: i64 = 30 * 1_000_000;

impl Wanted {
    /// From when to when.
    pub const fn period(&self) -> Period {
        match self {
            Self::Loads(filter) => filter.period,
            Self::Deposits(filter) => filter.period,
        }
    }

    /// The kind of records, as stored, and the filter, as JSON.
    fn stored(&self) -> Result<(&'static str, String), serde_json::Error> {
        Ok(match self {
            Self::Loads(filter) => (Loads::NAME, serde_json::to_string(filter)?),
            Self::Deposits(filter) => (Deposits::NAME, serde_json::to_string(filter)?),
        })
    }

    fn parse(records: &str, filter: &str) -> Option<Self> {
        match records {
            Loads::NAME => serde_json::from_str(filter).ok().map(Self::Loads),
            Deposits::NAME => serde_json::from_str(filter).ok().map(Self::Deposits),
            _ => None,
        }
    }
}

impl ExportState {
    const ALL: [Self; 4] = [Self::Making, Self::Ready, Self::Failed, Self::Cancelled];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Making => "making",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl Owner {
    /// Whose rows they are among: the card company's own are those of group 0.
    const fn group(self) -> GroupId {
        match self {
            Self::Operator(group, _) => group,
            Self::Staff(_) => GroupId(0),
        }
    }

    const fn operator(self) -> Option<OperatorId> {
        match self {
            Self::Operator(_, operator) => Some(operator),
            Self::Staff(_) => None,
        }
    }

    const fn staff(self) -> Option<StaffId> {
        match self {
            Self::Operator(..) => None,
            Self::Staff(staff) => Some(staff),
        }
    }
}
