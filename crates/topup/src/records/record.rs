use std::fmt::{Debug, Display};
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Result, Tx};

use super::exports::Wanted;
use super::keyset::{Bounds, Cursor};
use super::{Filter, Range};

/// A kind of record: what is listed page by page, totalled over a whole filter, and exported.
///
/// The ways to the rows and to the totals are each kind's own, since each has its own table, indexes and totals; the form
/// of a filter, the pages, the files and the pages of files are the same for all.
pub trait Record: Copy + Debug + Default + Ord + Send + Sync + 'static {
    /// What can hold of one.
    type Holds: Copy + Debug + Eq + Serialize + DeserializeOwned + Send + Sync;
    /// Its number, as people read it.
    type Number: Number;
    /// One in a list.
    type Line: Clone + Debug + Eq + Send + Sync;
    /// What they come to.
    type Totals: Copy + Debug + Default + Eq + Send + Sync;

    /// As stored beside an export.
    const NAME: &'static str;
    /// How far a list looks back when nobody says.
    const RANGE: Range;
    /// Whether each is of a card at a terminal.
    const AT_TERMINALS: bool;

    /// Reads what can hold, from an address.
    fn holds(text: &str) -> Option<Self::Holds>;

    /// The place of one in the list.
    fn place(line: &Self::Line) -> Cursor<Self>;

    /// How many in all.
    fn count(totals: &Self::Totals) -> i64;

    /// Counts one more.
    fn count_in(totals: &mut Self::Totals, line: &Self::Line);

    /// What an export is of, with its kind.
    fn wanted(filter: Filter<Self>) -> Wanted;

    /// Those of a filter that are within `bounds`, at most `most`.
    fn rows(
        tx: &mut Tx,
        filter: &Filter<Self>,
        bounds: Bounds,
        newest_first: bool,
        most: i64,
    ) -> impl Future<Output = Result<Vec<Self::Line>>> + Send;

    /// What the whole filter comes to, in the moment that `tx` sees.
    fn sum(tx: &mut Tx, filter: &Filter<Self>) -> impl Future<Output = Result<Self::Totals>> + Send;
}

/// A number that people read and that names one id.
pub trait Number: Copy + Debug + Display + Ord + Serialize + DeserializeOwned + Send + Sync {
    /// Reads what people type.
    fn parse(text: &str) -> Option<Self>;

    /// The id.
    fn id(self) -> i64;
}
