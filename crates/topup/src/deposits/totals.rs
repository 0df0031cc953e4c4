//! The totals of deposits by how they stand, kept in the commit of each step.
//!
//! Unlike a load, a deposit goes through several states, so each step takes it out of one total and puts it into the next:
//! by month and by day for its group, and by day for its operator. It counts by the day in Beijing of its confirm, which
//! its id tells, and for what was paid; while nothing was, for what was to be.

use std::collections::BTreeMap;

use ledger::{Fen, GroupId};
use store::{Cell, Result, Tx};

use super::proof::LISTED;
use super::{Deposit, State};
use crate::people::OperatorId;
use crate::records::Day;

/// A state, and how much a deposit counts for in it.
type Stands = (State, Fen);

/// Which deposit, and who confirmed it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) group: GroupId,
    pub(super) id: i64,
    pub(super) operator: OperatorId,
}

impl Counted {
    pub(super) fn of(deposit: &Deposit) -> Self {
        Self { group: deposit.group, id: deposit.order.id(), operator: deposit.operator }
    }
}

/// Takes a deposit out of the totals in which it stood, if it did, and puts it into those in which it stands now.
///
/// The rows are locked in the order of their keys, by everyone; each step but a confirm holds the lock on the group's
/// accounts before, and a confirm locks nothing else: nobody waits for each other in a circle.
pub(super) async fn turned(tx: &mut Tx, deposit: Counted, from: Option<Stands>, to: Stands) -> Result<()> {
    let day = Day::of_id(deposit.id);
    let mut rows = BTreeMap::<(&str, Day, &str, i64), (i64, i64)>::new();
    let steps = from.map(|from| (from, -1)).into_iter().chain([(to, 1)]);
    for ((state, fen), times) in steps {
        for (grain, first_day, operator) in
            [("month", day.first_of_month(), 0), ("day", day, 0), ("operator", day, deposit.operator.0)]
        {
            let (deposits, sum) = rows.entry((grain, first_day, state.as_str(), operator)).or_default();
            *deposits = deposits.saturating_add(times);
            *sum = sum.saturating_add(fen.as_i64().saturating_mul(times));
        }
    }
    let rows = rows.iter().map(|((grain, first_day, state, operator), (deposits, sum))| {
        let cells: [Cell<'_>; 7] = [
            deposit.group.into(),
            (*grain).into(),
            first_day.number().into(),
            (*state).into(),
            (*operator).into(),
            (*deposits).into(),
            (*sum).into(),
        ];
        cells
    });
    tx.query(
        "INSERT INTO deposit_totals (group_id, grain, first_day, state, operator_id, deposits, sum_fen) \
         SELECT group_id, grain, first_day, state, operator_id, deposits, sum_fen FROM rows(group_id BIGINT, grain TEXT, \
         first_day BIGINT, state TEXT, operator_id BIGINT, deposits BIGINT, sum_fen BIGINT) WHERE true \
         ON CONFLICT (group_id, grain, first_day, state, operator_id) DO UPDATE SET \
         deposits = deposit_totals.deposits + excluded.deposits, sum_fen = deposit_totals.sum_fen + excluded.sum_fen",
    )
    .rows(rows)
    .execute()
    .await?;
    Ok(())
}

/// Whose totals, and of which days or months, are not those of the deposits: those by operator are compared with the
/// deposits, those by day with those by operator, and those by month with those by day.
pub(super) async fn prove(tx: &mut Tx) -> Result<Vec<(GroupId, Day)>> {
    let ends: (Option<Day>, Option<Day>) =
        tx.query("SELECT MIN(first_day), MAX(first_day) FROM deposit_totals").one().await?;
    let (first, last) = (ends.0.unwrap_or(Day::EARLIEST), ends.1.unwrap_or(Day::EARLIEST));
    let months = std::iter::successors(Some(first.first_of_month()), |month| Some(month.last_of_month().plus(1)));
    let months = months.take_while(|month| *month <= last);
    tx.query(
        "WITH both_sides AS (SELECT 'deposits' AS side, group_id, (id / 4096 + 28800000000) / 86400000000 AS day, state, \
         operator_id, 1 AS deposits, COALESCE(paid_fen, amount_fen) AS fen FROM deposits \
         UNION ALL SELECT 'deposits', group_id, first_day, state, operator_id, - deposits, - sum_fen \
         FROM deposit_totals WHERE grain = 'operator' \
         UNION ALL SELECT 'operators', group_id, first_day, state, 0, deposits, sum_fen \
         FROM deposit_totals WHERE grain = 'operator' \
         UNION ALL SELECT 'operators', group_id, first_day, state, operator_id, - deposits, - sum_fen \
         FROM deposit_totals WHERE grain = 'day' \
         UNION ALL SELECT 'days', group_id, rows.first_day, state, operator_id, deposits, sum_fen \
         FROM rows(first_day BIGINT, last_day BIGINT) JOIN deposit_totals ON grain = 'day' \
         AND deposit_totals.first_day BETWEEN rows.first_day AND rows.last_day \
         UNION ALL SELECT 'days', group_id, first_day, state, operator_id, - deposits, - sum_fen \
         FROM deposit_totals WHERE grain = 'month') \
         SELECT DISTINCT group_id, day FROM (SELECT group_id, day FROM both_sides \
         GROUP BY side, group_id, day, state, operator_id HAVING SUM(deposits) <> 0 OR SUM(fen) <> 0) AS wrong \
         ORDER BY group_id, day LIMIT $1",
    )
    .bind(LISTED)
    .rows(months.map(|month| [month.number().into(), month.last_of_month().number().into()]))
    .all()
    .await
}
