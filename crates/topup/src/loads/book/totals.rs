//! The totals of loads that have ended, kept in the commit that ends them.
//!
//! An open load is in no total, and one that has ended never ends again, so a total only ever grows. A correction does
//! not change how a load had ended and touches no total: who wants what holds now counts the corrections too, which are
//! few ([`crate::records`]).
//!
//! A batch writes its totals in one more statement of the same round trip. It is the first of them, since PostgreSQL works
//! such statements from the last to the first: the rows of the totals are then locked when those of the accounts are, and
//! two processes cannot wait for each other. (Were the order another, one of them would be sent back and try again.)

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{Fen, GroupId};
use store::{Cell, Result, Tx};

use super::State;
use super::proof::LISTED;
use crate::records::Day;

/// Who charged, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) operator: i64,
    pub(super) terminal: Arc<str>,
}

/// What is to be added to the totals. In the order of its keys, in which the rows are locked.
#[derive(Debug, Default)]
pub(super) struct Totals(BTreeMap<Key, (i64, i64)>);

/// As in the table, without the state of a load that has not ended.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    group: GroupId,
    grain: &'static str,
    first_day: Day,
    state: &'static str,
    /// None for the whole group.
    place: Option<Place>,
}

/// Adds to the totals.
pub(super) const ADD: &str = "INSERT INTO load_totals (group_id, grain, first_day, state, operator_id, terminal, loads, \
     sum_fen) SELECT group_id, grain, first_day, state, operator_id, terminal, loads, sum_fen \
     FROM rows(group_id BIGINT, grain TEXT, first_day BIGINT, state TEXT, operator_id BIGINT, terminal TEXT, \
     loads BIGINT, sum_fen BIGINT) WHERE true \
     ON CONFLICT (group_id, grain, first_day, state, operator_id, terminal) \
     DO UPDATE SET loads = load_totals.loads + excluded.loads, sum_fen = load_totals.sum_fen + excluded.sum_fen";

impl Totals {
    /// A load has ended; one that goes to another state has not, and is no part of any total.
    pub(super) fn ended(&mut self, (group, id): (GroupId, i64), place: &Place, state: State, amount: Fen) {
        let state = match state {
            State::Succeeded | State::Failed => state.as_str(),
            State::Authorised | State::Unknown => return,
        };
        let day = Day::of_id(id);
        for (grain, first_day, place) in
            [("month", day.first_of_month(), None), ("day", day, None), ("place", day, Some(place.clone()))]
        {
            let (loads, sum) = self.0.entry(Key { group, grain, first_day, state, place }).or_default();
            *loads = loads.saturating_add(1);
            *sum = sum.saturating_add(amount.as_i64());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows for [`ADD`].
    pub(super) fn cells(&self) -> impl Iterator<Item = [Cell<'_>; 8]> {
        self.0.iter().map(|(key, (loads, sum))| {
            let (operator, terminal) = key.place.as_ref().map_or((0, ""), |place| (place.operator, &*place.terminal));
            [
                key.group.into(),
                key.grain.into(),
                key.first_day.number().into(),
                key.state.into(),
                operator.into(),
                terminal.into(),
                (*loads).into(),
                (*sum).into(),
            ]
        })
    }
}

/// Whose totals, and of which days or months, are not those of the loads: the totals by place are compared with the loads,
/// those by day with those by place, and those by month with those by day.
pub(super) async fn prove(tx: &mut Tx) -> Result<Vec<(GroupId, Day)>> {
    let mut found: Vec<(GroupId, Day)> = tx
        .query(
            "WITH both_sides AS (SELECT 'loads' AS side, group_id, (id / 4096 + 28800000000) / 86400000000 AS day, state, \
             operator_id, terminal, 1 AS loads, amount_fen AS fen FROM loads WHERE state IN ('succeeded', 'failed') \
             UNION ALL SELECT 'loads', group_id, first_day, state, operator_id, terminal, - loads, - sum_fen \
             FROM load_totals WHERE grain = 'place' \
             UNION ALL SELECT 'places', group_id, first_day, state, 0, '', loads, sum_fen \
             FROM load_totals WHERE grain = 'place' \
             UNION ALL SELECT 'places', group_id, first_day, state, operator_id, terminal, - loads, - sum_fen \
             FROM load_totals WHERE grain = 'day') \
             SELECT DISTINCT group_id, day FROM (SELECT group_id, day FROM both_sides \
             GROUP BY side, group_id, day, state, operator_id, terminal HAVING SUM(loads) <> 0 OR SUM(fen) <> 0) AS wrong \
             ORDER BY group_id, day LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    let ends: (Option<Day>, Option<Day>) =
        tx.query("SELECT MIN(first_day), MAX(first_day) FROM load_totals").one().await?;
    let (Some(first), Some(last)) = ends else { return Ok(found) };
    let months = std::iter::successors(Some(first.first_of_month()), |month| Some(month.last_of_month().plus(1)));
    let months = months.take_while(|month| *month <= last);
    let wrong: Vec<(GroupId, Day)> = tx
        .query(
            "WITH both_sides AS (SELECT group_id, rows.first_day, state, loads, sum_fen \
             FROM rows(first_day BIGINT, last_day BIGINT) JOIN load_totals ON grain = 'day' \
             AND load_totals.first_day BETWEEN rows.first_day AND rows.last_day \
             UNION ALL SELECT group_id, first_day, state, - loads, - sum_fen FROM load_totals WHERE grain = 'month') \
             SELECT DISTINCT group_id, first_day FROM (SELECT group_id, first_day FROM both_sides \
             GROUP BY group_id, first_day, state HAVING SUM(loads) <> 0 OR SUM(sum_fen) <> 0) AS wrong \
             ORDER BY group_id, first_day LIMIT $1",
        )
        .bind(LISTED)
        .rows(months.map(|month| [month.number().into(), month.last_of_month().number().into()]))
        .all()
        .await?;
    found.extend(wrong);
    Ok(found)
}
