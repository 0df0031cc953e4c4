//! Which days are asked for, and looked at, again.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::Date;
use store::Micros;

use super::Came;
use super::query::ours_by_day;
use crate::House;

/// A little less than a day, so that what is done once a day is not an hour later each day.
const ONCE_A_DAY_US: i64 = 22 * 3_600_000_000;

/// The days from `from` to `yesterday` whose file is missed: yesterday, those with money of ours, and those of which only
/// a person brought one. The gateway's own still has to come. Of any other day since our first deposit it may list what we
/// know nothing of, money that it gave back: such a day is in it once a day.
pub(super) async fn without_file(house: &House, from: Date, yesterday: Date) -> Result<Vec<Date>, store::Error> {
    let mut tx = house.db.read().await?;
    let mut days: BTreeSet<Date> = ours_by_day(&mut tx, from).await?.into_keys().collect();
    days.insert(yesterday);
    let (first,): (Option<Micros>,) = tx.query("SELECT MIN(created_at_us) FROM deposits").one().await?;
    let first = first.and_then(crate::house::beijing).map_or(yesterday, jiff::civil::DateTime::date);
    let here: Vec<(String, Option<String>, Option<Micros>)> = tx
        .query(
            "SELECT bank_days.day, came, asked_at_us FROM bank_days LEFT JOIN bank_files ON bank_files.id = file_id \
             WHERE bank_days.day >= $1",
        )
        .bind(from.to_string())
        .all()
        .await?;
    let lately = Micros(house.now().0.saturating_sub(ONCE_A_DAY_US));
    let mut rest: BTreeSet<Date> =
        from.max(first).series(1.day()).take_while(|day| *day < yesterday).filter(|day| !days.contains(day)).collect();
    for (day, came, asked_at) in here {
        let Ok(day) = day.parse() else { continue };
        match came.as_deref().map(Came::parse) {
            Some(Some(Came::Fetched)) => {
                days.remove(&day);
                rest.remove(&day);
            }
            Some(Some(Came::Uploaded) | None) => {
                days.insert(day);
            }
            None if asked_at.is_some_and(|at| at > lately) => {
                rest.remove(&day);
            }
            None => {}
        }
    }
    days.extend(rest);
    days.retain(|day| *day <= yesterday);
    Ok(days.into_iter().collect())
}

/// The days with a file on which something is open; and those since `from` on which the gateway's own lists a return that
/// its deposit's story lacks, whatever people have closed.
pub(super) async fn with_open(house: &House, from: Date) -> Result<Vec<Date>, store::Error> {
    let mut tx = house.db.read().await?;
    let days: Vec<(String,)> = tx
        .query(
            "SELECT differences.day FROM differences JOIN bank_days ON bank_days.day = differences.day \
             WHERE closed_at_us IS NULL AND resolved_at_us IS NULL AND file_id IS NOT NULL \
             UNION SELECT bank_days.day FROM bank_days \
             JOIN bank_files ON bank_files.id = bank_days.file_id AND bank_files.came = $2 \
             JOIN bank_rows ON bank_rows.file_id = bank_days.file_id AND bank_rows.what = 'refund' \
             JOIN deposit_serials s ON s.serial = bank_rows.original AND s.gateway = $3 \
             JOIN deposits d ON d.group_id = s.group_id AND d.id = s.deposit_id \
             AND d.merchant IN ('', bank_files.merchant) \
             WHERE bank_days.day >= $1 \
             AND NOT EXISTS (SELECT 1 FROM deposit_refunds r WHERE r.order_id = bank_rows.order_id) \
             AND NOT EXISTS (SELECT 1 FROM deposit_events e WHERE e.group_id = s.group_id \
             AND e.deposit_id = s.deposit_id AND e.kind = 'given_back' \
             AND e.detail LIKE '%\"serial\":\"' || bank_rows.serial || '\"%') ORDER BY 1",
        )
        .bind(from.to_string())
        .bind(Came::Fetched.as_str())
        .bind(house.till.as_ref().map_or("", |till| till.name.as_str()))
        .all()
        .await?;
    Ok(days.iter().filter_map(|(day,)| day.parse().ok()).collect())
}
