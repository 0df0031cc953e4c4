//! Writing down what a day's file and our books make of each other. The day's row is locked, so a day is reconciled by one
//! at a time. Whoever holds a day takes no other: what looks at all of them is a unit of work of its own.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use ledger::{Fen, GroupId};
use store::Tx;

use super::file::{Row, What};
use super::matching::{Finding, Pair, pair};
use super::ours::{Whose, ours};
use super::settling::{Arrived, Owed, Settling, WINDOW, settle as settle_days};
use crate::{House, patiently};

/// How many days back a net is still looked for on statements.
const LOOK_BACK: i32 = 100;

/// The kind of a day whose net is not on the statements.
pub(super) const NOT_SETTLED: &str = "not-settled";
/// The kind of a line of a statement that is no day's net.
pub(super) const NO_DAY: &str = "no-day";

/// Locks the day, of which nothing may be known yet; the file that counts.
pub(super) async fn lock(tx: &mut Tx, day: Date) -> Result<Option<i64>, store::Error> {
    let day = day.to_string();
    tx.query("INSERT INTO bank_days (day) VALUES ($1) ON CONFLICT DO NOTHING").bind(day.as_str()).execute().await?;
    let (file,): (Option<i64>,) =
        tx.query("SELECT file_id FROM bank_days WHERE day = $1 FOR UPDATE").bind(day).one().await?;
    Ok(file)
}

#[derive(sqlx::FromRow)]
struct BankRow {
    line: i64,
    what: String,
    code: String,
    order_id: Option<String>,
    serial: String,
    original: Option<String>,
    at: String,
    amount_fen: Fen,
    fee_fen: Fen,
    net_fen: Fen,
}

/// The lines of the file of a day that counts.
pub(super) async fn rows(tx: &mut Tx, day: Date) -> Result<Vec<Row>, store::Error> {
    let rows: Vec<BankRow> = tx
        .query(
            "SELECT bank_rows.line, what, code, order_id, serial, original, at, amount_fen, bank_rows.fee_fen, \
             bank_rows.net_fen \
             FROM bank_days JOIN bank_rows ON bank_rows.file_id = bank_days.file_id WHERE bank_days.day = $1 \
             ORDER BY number",
        )
        .bind(day.to_string())
        .all()
        .await?;
    let read = |row: BankRow| {
        Some(Row {
            line: row.line,
            what: What::parse(&row.what)?,
            code: row.code,
            order: row.order_id,
            serial: row.serial,
            original: row.original,
            at: row.at,
            amount: row.amount_fen,
            fee: row.fee_fen,
            net: row.net_fen,
        })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// The first moment of a day in Beijing.
pub(super) fn start_of(day: Date) -> i64 {
    let midnight = jiff::tz::offset(8).to_timestamp(day.at(0, 0, 0, 0));
    midnight.map_or(0, jiff::Timestamp::as_microsecond)
}

/// Pairs the day's lines with what is ours.
pub(super) async fn pairs(house: &House, tx: &mut Tx, day: Date) -> Result<Vec<Pair>, store::Error> {
    let rows = rows(tx, day).await?;
    let whose = Whose::of(house, tx, day).await?;
    let ours = ours(tx, day, &rows, &whose).await?;
    Ok(pair(day, &rows, &ours))
}

/// Reconciles a day that is locked and has a file, and writes down what differs.
pub(super) async fn reconcile(house: &House, tx: &mut Tx, day: Date) -> Result<(), store::Error> {
    let pairs = pairs(house, tx, day).await?;
    let matched = pairs.iter().filter(|pair| pair.finding == Finding::Matched).count();
    let found: Vec<Found> = pairs.iter().filter_map(Found::of).collect();
    note(house, tx, day, &found, |kind| ![NOT_SETTLED, NO_DAY].contains(&kind)).await?;
    tx.query("UPDATE bank_days SET matched = $2, reconciled_at_us = $3 WHERE day = $1")
        .bind(day.to_string())
        .bind(i64::try_from(matched).unwrap_or(i64::MAX))
        .bind(house.now())
        .execute()
        .await?;
    Ok(())
}

/// A difference as it was found now.
struct Found {
    kind: &'static str,
    subject: String,
    group: Option<GroupId>,
    deposit: Option<String>,
    order: Option<String>,
    serial: Option<String>,
    theirs: Option<Fen>,
    ours: Option<Fen>,
}

impl Found {
    fn of(pair: &Pair) -> Option<Self> {
        let kind = pair.finding.as_str()?;
        let (row, own) = (pair.theirs.as_ref(), pair.ours.as_ref());
        Some(Self {
            kind,
            subject: pair.subject(),
            group: own.map(|own| own.group),
            deposit: own.map(|own| own.deposit.clone()),
            order: row.and_then(|row| row.order.clone()).or_else(|| own.map(|own| own.order.clone())),
            serial: row.map(|row| row.serial.clone()).or_else(|| own.and_then(|own| own.serial.clone())),
            theirs: row.map(|row| row.amount),
            ours: own.map(|own| own.amount),
        })
    }

    fn of_money(kind: &'static str, subject: String, theirs: Fen) -> Self {
        let (group, deposit, order, serial, ours) = (None, None, None, None, None);
        Self { kind, subject, group, deposit, order, serial, theirs: Some(theirs), ours }
    }
}

/// As the table has it: id, kind, subject, theirs, ours, whether it is resolved, whether it is closed.
type Noted = (i64, String, String, Option<Fen>, Option<Fen>, bool, bool);

/// Brings the differences of a day up to date, as far as their kind is `about`: what is new is inserted, what is no longer
/// found is resolved, what comes again is open again. What a person closed stays closed as long as it says the same.
async fn note(
    house: &House,
    tx: &mut Tx,
    day: Date,
    found: &[Found],
    about: impl Fn(&str) -> bool,
) -> Result<(), store::Error> {
    let noted: Vec<Noted> = tx
        .query(
            "SELECT id, kind, subject, theirs_fen, ours_fen, resolved_at_us IS NOT NULL, closed_at_us IS NOT NULL \
             FROM differences WHERE day = $1",
        )
        .bind(day.to_string())
        .all()
        .await?;
    let now = house.now();
    let by_name: HashMap<(&str, &str), &Found> =
        found.iter().rev().map(|found| ((found.kind, found.subject.as_str()), found)).collect();
    for (id, kind, subject, theirs, ours, resolved, closed) in &noted {
        if *closed || !about(kind) {
            continue;
        }
        let still = by_name.get(&(kind.as_str(), subject.as_str()));
        let says = still.map_or((*theirs, *ours), |found| (found.theirs, found.ours));
        if *resolved != still.is_some() && says == (*theirs, *ours) {
            continue;
        }
        // What somebody said of it was said of what it was.
        tx.query(
            "UPDATE differences SET resolved_at_us = $2, theirs_fen = $3, ours_fen = $4, proposed_id = NULL, \
             proposed_by = NULL, proposed_why = NULL, proposed_at_us = NULL, reference = NULL \
             WHERE id = $1 AND closed_at_us IS NULL",
        )
        .bind(*id)
        .bind(still.is_none().then_some(now))
        .bind(says.0)
        .bind(says.1)
        .execute()
        .await?;
    }
    let (mut here, mut closed) = (HashSet::new(), HashSet::new());
    for (_, kind, subject, theirs, ours, _, is_closed) in &noted {
        if *is_closed {
            closed.insert((kind.as_str(), subject.as_str(), *theirs, *ours));
        } else {
            here.insert((kind.as_str(), subject.as_str()));
        }
    }
    for new in found {
        let name = (new.kind, new.subject.as_str());
        if closed.contains(&(name.0, name.1, new.theirs, new.ours)) || !here.insert(name) {
            continue;
        }
        tx.query(
            "INSERT INTO differences (id, day, kind, subject, group_id, deposit, order_id, serial, theirs_fen, ours_fen, \
             found_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(house.ids.next())
        .bind(day.to_string())
        .bind(new.kind)
        .bind(new.subject.as_str())
        .bind(new.group)
        .bind(new.deposit.as_deref())
        .bind(new.order.as_deref())
        .bind(new.serial.as_deref())
        .bind(new.theirs)
        .bind(new.ours)
        .bind(now)
        .execute()
        .await?;
    }
    Ok(())
}

/// A line that settles, as the table has it: id, day, amount, counterparty, remark.
type LineRow = (i64, String, Fen, String, String);

/// Looks for the nets of the last days on the statements. It locks the days in their order, so nobody who holds one may
/// call it.
pub(super) async fn settle(house: &House) -> Result<(), store::Error> {
    patiently!(settle_once(house))
}

async fn settle_once(house: &House) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    settle_in(house, &mut tx).await?;
    tx.commit().await
}

async fn settle_in(house: &House, tx: &mut Tx) -> Result<(), store::Error> {
    let Some(today) = crate::house::beijing(house.now()).map(jiff::civil::DateTime::date) else { return Ok(()) };
    let from = today.checked_sub(LOOK_BACK.days()).unwrap_or(today).to_string();
    let owed: Vec<(String, Fen)> = tx
        .query(
            "SELECT day, net_fen FROM bank_days WHERE day >= $1 AND net_fen IS NOT NULL AND line_id IS NULL \
             ORDER BY day FOR UPDATE",
        )
        .bind(from.as_str())
        .all()
        .await?;
    let owed: Vec<Owed> =
        owed.into_iter().filter_map(|(day, net)| Some(Owed { day: day.parse().ok()?, net })).collect();
    let arrived = arrived(tx, &from).await?;
    let (until,): (Option<String>,) = tx.query("SELECT MAX(until_day) FROM bank_statements").one().await?;
    let until = until.and_then(|until| until.parse().ok());
    let settled = settle_days(&owed, &arrived, until);
    let mut used = Vec::new();
    for (day, settling) in settled {
        let net = owed.iter().find(|owed| owed.day == day).map_or(Fen::ZERO, |owed| owed.net);
        let missing = match settling {
            Settling::Line(line) => {
                used.push(line);
                tx.query("UPDATE bank_days SET line_id = $2 WHERE day = $1")
                    .bind(day.to_string())
                    .bind(line)
                    .execute()
                    .await?;
                vec![]
            }
            Settling::Nothing | Settling::Awaited => vec![],
            Settling::Missing => vec![Found::of_money(NOT_SETTLED, "net".into(), net)],
        };
        note(house, tx, day, &missing, |kind| kind == NOT_SETTLED).await?;
    }
    for (day, lines) in strays(&arrived, &used, today) {
        let found: Vec<Found> =
            lines.into_iter().map(|(id, amount)| Found::of_money(NO_DAY, format!("line/{id}"), amount)).collect();
        note(house, tx, day, &found, |kind| kind == NO_DAY).await?;
    }
    Ok(())
}

/// The lines that may settle and stand against no day.
pub(super) async fn arrived(tx: &mut Tx, from: &str) -> Result<Vec<Arrived>, store::Error> {
    let lines: Vec<LineRow> = tx
        .query(
            "SELECT bank_lines.id, bank_lines.day, amount_fen, counterparty, remark FROM bank_lines \
             LEFT JOIN bank_days ON bank_days.line_id = bank_lines.id \
             WHERE settles = 1 AND bank_lines.day >= $1 AND bank_days.day IS NULL ORDER BY bank_lines.id",
        )
        .bind(from)
        .all()
        .await?;
    let read = |(id, day, amount, counterparty, remark): LineRow| {
        Some(Arrived { id, day: day.parse().ok()?, amount, text: format!("{counterparty} {remark}") })
    };
    Ok(lines.into_iter().filter_map(read).collect())
}

/// Lines that should have found their day by now, by the day they were booked on; a day of which all have is listed empty.
fn strays(arrived: &[Arrived], used: &[i64], today: Date) -> BTreeMap<Date, Vec<(i64, Fen)>> {
    let mut days: BTreeMap<Date, Vec<(i64, Fen)>> = BTreeMap::new();
    for line in arrived {
        let lines = days.entry(line.day).or_default();
        let late = line.day.checked_add(WINDOW.days()).is_ok_and(|last| last < today);
        if late && !used.contains(&line.id) && line.amount != Fen::ZERO {
            lines.push((line.id, line.amount));
        }
    }
    days
}
