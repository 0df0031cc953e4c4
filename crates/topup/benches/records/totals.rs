//! The totals that the book would have kept, each written once: when its day or month has ended.

use std::collections::BTreeMap;

use anyhow::Result;
use ledger::GroupId;
use store::Tx;
use topup::records::Day;

use crate::city::Planned;

/// As in the table; group, state, and operator and terminal where it is of a place.
type Key = (&'static str, Day, GroupId, &'static str, i64, String);

/// What has not been written yet.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    sums: BTreeMap<Key, (i64, i64)>,
    today: Option<Day>,
}

impl Totals {
    /// Counts a load that has ended.
    pub(crate) fn add(&mut self, load: &Planned, state: &'static str) {
        let day = Day::of(load.at);
        self.today = Some(day);
        let mut count = |grain, first_day, operator, terminal| {
            let sum = self.sums.entry((grain, first_day, load.group, state, operator, terminal)).or_default();
            sum.0 += 1;
            sum.1 += load.amount.as_i64();
        };
        count("month", day.first_of_month(), 0, String::new());
        count("day", day, 0, String::new());
        count("place", day, load.operator, load.terminal.clone());
    }

    /// Writes those of days and months that have passed.
    pub(crate) async fn write_ended(&mut self, tx: &mut Tx) -> Result<()> {
        let Some(today) = self.today else { return Ok(()) };
        let is_over = |(grain, day, ..): &Key| *day < if *grain == "month" { today.first_of_month() } else { today };
        let (ended, open) = std::mem::take(&mut self.sums).into_iter().partition(|(key, _)| is_over(key));
        self.sums = open;
        write(tx, &ended).await
    }

    /// Writes the rest.
    pub(crate) async fn write_all(self, tx: &mut Tx) -> Result<()> {
        write(tx, &self.sums).await
    }
}

async fn write(tx: &mut Tx, sums: &BTreeMap<Key, (i64, i64)>) -> Result<()> {
    tx.query(
        "INSERT INTO load_totals (group_id, grain, first_day, state, operator_id, terminal, loads, sum_fen) \
         SELECT group_id, grain, first_day, state, operator_id, terminal, loads, sum_fen \
         FROM rows(group_id BIGINT, grain TEXT, first_day BIGINT, state TEXT, operator_id BIGINT, terminal TEXT, \
         loads BIGINT, sum_fen BIGINT)",
    )
    .rows(sums.iter().map(|((grain, day, group, state, operator, terminal), (loads, sum))| {
        [
            (*group).into(),
            (*grain).into(),
            day.number().into(),
            (*state).into(),
            (*operator).into(),
            terminal.into(),
            (*loads).into(),
            (*sum).into(),
        ]
    }))
    .execute()
    .await?;
    let mut all: BTreeMap<(&str, i64, &str), (i64, i64)> = BTreeMap::new();
    for ((grain, day, _, state, ..), (loads, sum)) in sums.iter().filter(|(key, _)| key.0 != "place") {
        let of_all = all.entry((*grain, day.number(), *state)).or_default();
        of_all.0 += loads;
        of_all.1 += sum;
    }
    tx.query(
        "INSERT INTO all_totals (grain, first_day, state, part, loads, sum_fen) \
         SELECT grain, first_day, state, 0, loads, sum_fen \
         FROM rows(grain TEXT, first_day BIGINT, state TEXT, loads BIGINT, sum_fen BIGINT)",
    )
    .rows(all.iter().map(|((grain, day, state), (loads, sum))| {
        [(*grain).into(), (*day).into(), (*state).into(), (*loads).into(), (*sum).into()]
    }))
    .execute()
    .await?;
    Ok(())
}
