//! Deposits as records.

mod page;
mod totals;

pub use totals::DepositTotals;

use serde::{Deserialize, Serialize};
use store::{Result, Tx};

use super::exports::Wanted;
use super::keyset::{Bounds, Cursor};
use super::record::{Number, Record};
use super::{Filter, Range};
use crate::deposits::{Deposit, DepositNumber, State};

/// Deposits: what was paid in, or was to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deposits;

/// A deposit in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositLine {
    /// The deposit.
    pub deposit: Deposit,
    /// The name of its group.
    pub group: String,
    /// The login of who confirmed it.
    pub login: String,
    /// Their name.
    pub operator: String,
}

/// How a deposit stands, as a filter asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Stands {
    /// The money came, whatever became of it since.
    Came,
    /// In this state.
    In(State),
}

impl Stands {
    /// What a filter offers, in the order in which people ask.
    pub const ALL: [Self; 10] = [
        Self::Came,
        Self::In(State::Paid),
        Self::In(State::Approved),
        Self::In(State::Rejected),
        Self::In(State::Refunding),
        Self::In(State::Refunded),
        Self::In(State::Created),
        Self::In(State::Redirected),
        Self::In(State::Failed),
        Self::In(State::Expired),
    ];

    /// As it stands in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Came => "came",
            Self::In(state) => state.as_str(),
        }
    }

    /// Whether it is so of what is in this state.
    pub fn finds(self, state: State) -> bool {
        match self {
            Self::Came => state.is_paid(),
            Self::In(asked) => asked == state,
        }
    }
}

impl From<Stands> for String {
    fn from(stands: Stands) -> Self {
        stands.as_str().to_owned()
    }
}

/// It is none of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no state of a deposit")]
pub struct NoState;

impl TryFrom<String> for Stands {
    type Error = NoState;

    fn try_from(text: String) -> Result<Self, NoState> {
        Deposits::holds(&text).ok_or(NoState)
    }
}

impl Record for Deposits {
    type Holds = Stands;
    type Number = DepositNumber;
    type Line = DepositLine;
    type Totals = DepositTotals;

    const NAME: &'static str = "deposits";
    // A group pays in a few times a month.
    const RANGE: Range = Range::HalfYear;
    const AT_TERMINALS: bool = false;

    fn holds(text: &str) -> Option<Stands> {
        Stands::ALL.into_iter().find(|stands| stands.as_str() == text)
    }

    fn place(line: &DepositLine) -> Cursor<Self> {
        Cursor::new(line.deposit.order, line.deposit.group)
    }

    fn count(totals: &DepositTotals) -> i64 {
        totals.all().count
    }

    fn count_in(totals: &mut DepositTotals, line: &DepositLine) {
        let (state, fen) = line.deposit.stands();
        totals.add(state, 1, fen);
    }

    fn wanted(filter: Filter<Self>) -> Wanted {
        Wanted::Deposits(filter)
    }

    async fn rows(
        tx: &mut Tx,
        filter: &Filter<Self>,
        bounds: Bounds,
        newest_first: bool,
        most: i64,
    ) -> Result<Vec<DepositLine>> {
        page::rows(tx, filter, bounds, newest_first, most).await
    }

    async fn sum(tx: &mut Tx, filter: &Filter<Self>) -> Result<DepositTotals> {
        totals::sum(tx, filter).await
    }
}

impl Number for DepositNumber {
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn id(self) -> i64 {
        Self::id(self)
    }
}
