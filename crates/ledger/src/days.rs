//! What went into and out of each group's quota, day by day, written with the movements themselves.
//!
//! A group's quota is what it may still use and what is held for loads in flight, together: a hold and its release move
//! money between the two and change nothing of it. Days are those of Beijing, by the time of the movement.

use std::collections::BTreeMap;

use store::{Cell, Result, Tx};

use crate::proof::LISTED;
use crate::{GroupId, Kind, Movement, Posted};

const DAY_US: i64 = 24 * 3_600 * 1_000_000;
const BEIJING_US: i64 = 8 * 3_600 * 1_000_000;

/// Adds to the days. In the order of the keys, in which the rows are locked.
pub(crate) const ADD: &str = "INSERT INTO quota_days (group_id, day, from_kind, to_kind, movements, sum_fen) \
     SELECT group_id, day, from_kind, to_kind, movements, sum_fen \
     FROM rows(group_id BIGINT, day BIGINT, from_kind TEXT, to_kind TEXT, movements BIGINT, sum_fen BIGINT) WHERE true \
     ON CONFLICT (group_id, day, from_kind, to_kind) DO UPDATE SET \
     movements = quota_days.movements + excluded.movements, sum_fen = quota_days.sum_fen + excluded.sum_fen";

/// What is to be added.
#[derive(Debug)]
pub(crate) struct Days(BTreeMap<(GroupId, i64, &'static str, &'static str), (i64, i64)>);

impl Days {
    /// Of movements that change a quota; empty if none does.
    pub(crate) fn of(posted: &[(Movement, Posted)]) -> Self {
        let mut days = BTreeMap::new();
        for (movement, _) in posted.iter().filter(|(movement, _)| movement.from.is_quota() != movement.to.is_quota()) {
            let day = movement.at.0.saturating_add(BEIJING_US).div_euclid(DAY_US);
            let key = (movement.group, day, movement.from.name(), movement.to.name());
            let (movements, sum): &mut (i64, i64) = days.entry(key).or_default();
            *movements = movements.saturating_add(1);
            *sum = sum.saturating_add(movement.amount.as_i64());
        }
        Self(days)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows for [`ADD`].
    pub(crate) fn cells(&self) -> impl Iterator<Item = [Cell<'static>; 6]> {
        self.0.iter().map(|((group, day, from, to), (movements, sum))| {
            [(*group).into(), (*day).into(), (*from).into(), (*to).into(), (*movements).into(), (*sum).into()]
        })
    }
}

impl Kind {
    /// Whether it is part of what a group calls its quota.
    pub const fn is_quota(self) -> bool {
        match self {
            Self::Quota | Self::Held => true,
            Self::Bank | Self::DepositsInReview | Self::OnCards | Self::RefundsDue => false,
        }
    }
}

/// Whose days are not those of the journal, and which.
pub(crate) async fn prove(tx: &mut Tx) -> Result<Vec<(GroupId, i64)>> {
    tx.query(
        "WITH both_sides AS (SELECT group_id, (at_us + 28800000000) / 86400000000 AS day, from_kind, to_kind, \
         1 AS movements, amount_fen AS fen FROM movements \
         WHERE (from_kind IN ('quota', 'held')) <> (to_kind IN ('quota', 'held')) \
         UNION ALL SELECT group_id, day, from_kind, to_kind, - movements, - sum_fen FROM quota_days) \
         SELECT DISTINCT group_id, day FROM (SELECT group_id, day FROM both_sides \
         GROUP BY group_id, day, from_kind, to_kind HAVING SUM(movements) <> 0 OR SUM(fen) <> 0) AS wrong \
         ORDER BY group_id, day LIMIT $1",
    )
    .bind(LISTED)
    .all()
    .await
}
