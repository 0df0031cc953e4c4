//! A page of records, by keyset: where it is in the list is an id, not a count of rows to skip.

use std::fmt;
use std::str::FromStr;

use ledger::GroupId;
use store::{Result, Tx};

use super::loads::Loads;
use super::record::Number as _;
use super::{Filter, Record};
use crate::House;

/// Some records of a filter, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<R: Record = Loads> {
    /// They.
    pub lines: Vec<R::Line>,
    /// Whether there are newer ones before them.
    pub newer: bool,
    /// Whether there are older ones after them.
    pub older: bool,
}

/// A place in the list: that of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor<R: Record = Loads> {
    number: R::Number,
    group: GroupId,
}

/// Which page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seek<R: Record = Loads> {
    /// The newest.
    #[default]
    First,
    /// The oldest.
    Last,
    /// Those that are older than this one.
    Older(Cursor<R>),
    /// Those that are newer than this one.
    Newer(Cursor<R>),
}

/// Ids and groups between which the records are, both ends excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub(super) above: (i64, i64),
    pub(super) below: (i64, i64),
}

impl Bounds {
    /// All of a filter. An order number is found whenever it was.
    pub(super) fn of<R: Record>(filter: &Filter<R>) -> Self {
        if let Some(order) = filter.order {
            let (before, after) = (order.id().saturating_sub(1), order.id().saturating_add(1));
            return Self { above: (before, i64::MAX), below: (after, i64::MIN) };
        }
        let (first, end) = (filter.period.first().first_id(), filter.period.last().plus(1).first_id());
        Self { above: (first.saturating_sub(1), i64::MAX), below: (end, i64::MIN) }
    }

    fn older<R: Record>(self, than: Cursor<R>) -> Self {
        Self { below: self.below.min(than.place()), ..self }
    }

    fn newer<R: Record>(self, than: Cursor<R>) -> Self {
        Self { above: self.above.max(than.place()), ..self }
    }
}

impl<R: Record> Cursor<R> {
    /// The place of the record with this number.
    pub const fn new(number: R::Number, group: GroupId) -> Self {
        Self { number, group }
    }

    fn place(self) -> (i64, i64) {
        (self.number.id(), self.group.0)
    }
}

impl<R: Record> fmt::Display for Cursor<R> {
    /// `L261122143208-0QK2M7X.7`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.number, self.group.0)
    }
}

/// It names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCursor;

impl<R: Record> FromStr for Cursor<R> {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (number, group) = text.split_once('.').ok_or(NoCursor)?;
        let number = R::Number::parse(number).ok_or(NoCursor)?;
        Ok(Self { number, group: GroupId(group.parse().map_err(|_| NoCursor)?) })
    }
}

/// The page of `filter` that is asked for, of at most `size` records.
pub async fn page<R: Record>(house: &House, filter: &Filter<R>, seek: Seek<R>, size: u32) -> Result<Page<R>> {
    let mut tx = house.db.read().await?;
    let page = look(&mut tx, filter, seek, size).await?;
    // Too near to the top for a whole page: then the top.
    if matches!(seek, Seek::Newer(_)) && !page.newer {
        return look(&mut tx, filter, Seek::First, size).await;
    }
    Ok(page)
}

async fn look<R: Record>(tx: &mut Tx, filter: &Filter<R>, seek: Seek<R>, size: u32) -> Result<Page<R>> {
    let all = Bounds::of(filter);
    let (bounds, newest_first) = match seek {
        Seek::First => (all, true),
        Seek::Last => (all, false),
        Seek::Older(than) => (all.older(than), true),
        Seek::Newer(than) => (all.newer(than), false),
    };
    let mut lines = R::rows(tx, filter, bounds, newest_first, i64::from(size).saturating_add(1)).await?;
    // One more than is shown tells whether there are more in this direction.
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = lines.len() > size;
    lines.truncate(size);
    if !newest_first {
        lines.reverse();
    }
    let came_from = matches!(seek, Seek::Older(_) | Seek::Newer(_));
    let (newer, older) = if newest_first { (came_from, more) } else { (more, came_from) };
    Ok(Page { lines, newer, older })
}

/// The records of a filter from one place on, newest first, for who reads them all.
pub(super) async fn pages<R: Record>(
    tx: &mut Tx,
    filter: &Filter<R>,
    from: Option<Cursor<R>>,
    most: i64,
) -> Result<Vec<R::Line>> {
    let all = Bounds::of(filter);
    R::rows(tx, filter, from.map_or(all, |from| all.older(from)), true, most).await
}

/// What the whole filter comes to.
pub async fn totals<R: Record>(house: &House, filter: &Filter<R>) -> Result<R::Totals> {
    R::sum(&mut house.db.read().await?, filter).await
}
