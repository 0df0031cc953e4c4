//! The totals of loads that have ended, kept in the commit that ends them.
//!
//! An open load is in no total, and one that has ended never ends again, so a total only ever grows. A correction does
//! not change how a load had ended and touches no total: who wants what holds now counts the corrections too, which are
//! few ([`crate::records`]).
//!
//! Totals of all groups together are kept too. Every load of every group adds to them, so they are in parts: a worker adds
//! to its own, and waits for no other.
//!
//! A batch writes its totals in two more statements of the same round trip. They are the first of them, since PostgreSQL
//! works such statements from the last to the first: the rows of the totals are then locked when those of the accounts
//! are, and two processes cannot wait for each other. (Were the order another, one of them would be sent back and try
//! again.)

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{Fen, GroupId};
use store::{Cell, Query, Result, Tx};

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
pub(super) struct Totals {
    groups: BTreeMap<Key, Sum>,
    /// Of all groups: grain, first day, state.
    all: BTreeMap<(&'static str, Day, &'static str), Sum>,
}

/// How many, and how much in fen.
#[derive(Clone, Copy, Debug, Default)]
struct Sum(i64, i64);

/// The part of the totals of all groups that a worker adds to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part(i64);

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

/// Adds to the totals of all groups.
const ADD_TO_ALL: &str = "INSERT INTO all_totals (grain, first_day, state, part, loads, sum_fen) \
     SELECT grain, first_day, state, part, loads, sum_fen FROM rows(grain TEXT, first_day BIGINT, state TEXT, part BIGINT, \
     loads BIGINT, sum_fen BIGINT) WHERE true ON CONFLICT (grain, first_day, state, part) \
     DO UPDATE SET loads = all_totals.loads + excluded.loads, sum_fen = all_totals.sum_fen + excluded.sum_fen";

/// Adds to the totals of groups.
const ADD: &str = "INSERT INTO load_totals (group_id, grain, first_day, state, operator_id, terminal, loads, \
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
            if place.is_none() {
                self.all.entry((grain, first_day, state)).or_default().count(amount);
            }
            self.groups.entry(Key { group, grain, first_day, state, place }).or_default().count(amount);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The statements that add them, those of all groups to this part.
    pub(super) fn add<'tx>(&self, tx: &'tx mut Tx, part: Part) -> Query<'tx> {
        let groups = self.groups.iter().map(|(key, Sum(loads, fen))| {
            let (operator, terminal) = key.place.as_ref().map_or((0, ""), |place| (place.operator, &*place.terminal));
            let cells: [Cell<'_>; 8] = [
                key.group.into(),
                key.grain.into(),
                key.first_day.number().into(),
                key.state.into(),
                operator.into(),
                terminal.into(),
                (*loads).into(),
                (*fen).into(),
            ];
            cells
        });
        let all = self.all.iter().map(|((grain, first_day, state), Sum(loads, fen))| {
            let (grain, first_day, state): (Cell<'_>, Cell<'_>, Cell<'_>) =
                ((*grain).into(), first_day.number().into(), (*state).into());
            [grain, first_day, state, part.0.into(), (*loads).into(), (*fen).into()]
        });
        tx.query(ADD_TO_ALL).rows(all).and(ADD).rows(groups)
    }
}

impl Sum {
    fn count(&mut self, amount: Fen) {
        self.0 = self.0.saturating_add(1);
        self.1 = self.1.saturating_add(amount.as_i64());
    }
}

impl Part {
    /// The part of one worker of this process. Should two share a part, they wait for each other and that is all.
    pub(super) fn of_worker(number: u32) -> Self {
        const PARTS: u32 = 16;
        Self(i64::from(std::process::id().wrapping_add(number).checked_rem(PARTS).unwrap_or(0)))
    }
}

/// Whose totals, and of which days or months, are not those of the loads: the totals by place are compared with the loads,
/// those by day with those by place, those of all groups with those by day, and those by month with those by day. Group 0
/// stands for all groups.
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
             FROM load_totals WHERE grain = 'day' \
             UNION ALL SELECT 'all', 0, first_day, state, 0, '', loads, sum_fen FROM load_totals WHERE grain = 'day' \
             UNION ALL SELECT 'all', 0, first_day, state, 0, '', - loads, - sum_fen FROM all_totals \
             WHERE grain = 'day') SELECT DISTINCT group_id, day FROM (SELECT group_id, day FROM both_sides \
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
             UNION ALL SELECT group_id, first_day, state, - loads, - sum_fen FROM load_totals WHERE grain = 'month' \
             UNION ALL SELECT 0, first_day, state, loads, sum_fen FROM load_totals WHERE grain = 'month' \
             UNION ALL SELECT 0, first_day, state, - loads, - sum_fen FROM all_totals WHERE grain = 'month') \
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
