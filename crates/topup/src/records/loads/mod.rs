//! Loads as records.

mod charts;
mod page;
mod receipt;
mod story;
mod totals;

pub use charts::{By, Charts, Point, Share, Step, charts};
pub use receipt::{Receipt, receipt, receipt_of_run};
pub use story::{Moved, Story, story};
pub use totals::Totals;

use store::{Result, Tx};

use super::exports::Wanted;
use super::keyset::{Bounds, Cursor};
use super::record::{Number, Record};
use super::{Filter, Holds, Range};
use crate::loads::{Load, OrderNumber};

/// Loads: what was charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loads;

/// A load in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The load.
    pub load: Load,
    /// The name of its group.
    pub group: String,
    /// The name of who confirmed it, beside the login in the load.
    pub operator: Option<String>,
    /// What people call the terminal.
    pub terminal: Option<String>,
}

impl Record for Loads {
    type Holds = Holds;
    type Number = OrderNumber;
    type Line = Line;
    type Totals = Totals;

    const NAME: &'static str = "loads";
    const RANGE: Range = Range::Week;
    const AT_TERMINALS: bool = true;

    fn holds(text: &str) -> Option<Holds> {
        Holds::parse(text)
    }

    fn place(line: &Line) -> Cursor {
        Cursor::at(&line.load)
    }

    fn count(totals: &Totals) -> i64 {
        totals.count()
    }

    fn count_in(totals: &mut Totals, line: &Line) {
        totals.count_in(line.load.holds().into(), line.load.amount);
    }

    fn wanted(filter: Filter) -> Wanted {
        Wanted::Loads(filter)
    }

    async fn rows(tx: &mut Tx, filter: &Filter, bounds: Bounds, newest_first: bool, most: i64) -> Result<Vec<Line>> {
        page::rows(tx, filter, bounds, newest_first, most).await
    }

    async fn sum(tx: &mut Tx, filter: &Filter) -> Result<Totals> {
        totals::sum(tx, filter).await
    }
}

impl Cursor {
    /// The place of a load.
    pub const fn at(load: &Load) -> Self {
        Self::new(load.order, load.group)
    }
}

impl Number for OrderNumber {
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn id(self) -> i64 {
        Self::id(self)
    }
}
