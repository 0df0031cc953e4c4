//! Totals of half a year against a plain SUM over its rows.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use topup::records::{Filter, Scope, Totals, totals};
use topup::{House, Ids};

use crate::cases::half_year;
use crate::city::BUSY;
use crate::report::{median, ms, times, verdict};

/// The totals are to be so many times quicker.
const GOAL: f64 = 100.0;

/// Totals and the plain sum of one scope.
#[derive(Debug)]
pub(crate) struct Sum {
    whose: String,
    loads: i64,
    kept: Duration,
    plain: Duration,
}

pub(crate) async fn measure(house: &House) -> Result<Vec<Sum>> {
    let mut sums = Vec::new();
    for (whose, scope) in [("all groups", Scope::ALL), ("the busy group", Scope::of(BUSY))] {
        let filter = half_year(scope);
        let (mut kept, mut plain) = (Vec::new(), Vec::new());
        let mut found = Totals::default();
        for _ in 0..31 {
            let began = Instant::now();
            found = totals(house, &filter).await?;
            kept.push(began.elapsed());
        }
        for _ in 0..3 {
            let began = Instant::now();
            let (count, sum) = plainly(house, &filter).await?;
            plain.push(began.elapsed());
            ensure!(count == found.count(), "{whose}: {found:?}, {count} {sum}");
        }
        let whose = format!("{}, {whose}", house.db.engine());
        sums.push(Sum { whose, loads: found.count(), kept: median(kept), plain: median(plain) });
    }
    Ok(sums)
}

/// What anybody would write who has only the table of loads.
async fn plainly(house: &House, filter: &Filter) -> Result<(i64, i64)> {
    let first = Ids::first_of(filter.period.first().begins());
    let mut tx = house.db.read().await?;
    let rows: Vec<(String, i64, i64)> = match filter.scope.group() {
        None => {
            tx.query("SELECT state, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM loads WHERE id >= $1 GROUP BY state")
                .bind(first)
                .all()
                .await?
        }
        Some(group) => {
            tx.query(
                "SELECT state, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM loads \
                 WHERE group_id = $1 AND id >= $2 GROUP BY state",
            )
            .bind(group)
            .bind(first)
            .all()
            .await?
        }
    };
    Ok(rows.iter().fold((0, 0), |(loads, fen), (_, count, sum)| (loads + count, fen + sum)))
}

pub(crate) fn print(sums: &[Sum]) {
    println!("\nTotals of half a year, and a plain SUM over its rows\n");
    println!("{:<32}{:>12}{:>14}{:>14}", "", "loads", "totals", "plain SUM");
    for Sum { whose, loads, kept, plain } in sums {
        let ratio = times(*plain, *kept);
        let verdict = verdict(ratio >= GOAL, &format!("goal {GOAL}"));
        println!("{whose:<32}{loads:>12}{:>14}{:>14}  {ratio:.0} times{verdict}", ms(*kept), ms(*plain));
    }
}
