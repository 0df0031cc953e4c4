//! The SQL that reads days.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE64;
use jiff::ToSpan as _;
use jiff::civil::Date;
use ledger::Fen;
use store::{Micros, Tx};

use super::difference::{self, Difference};
use super::fetch::NOT_READY;
use super::matching::{Pair, settles_on};
use super::settling::{Arrived, within};
use super::{Came, book, fetch};
use crate::House;

/// How many days a page of the list goes back.
const DAYS: i32 = 62;

/// Some of the days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// Newest first.
    pub days: Vec<Day>,
    /// There are more before this one.
    pub earlier: Option<Date>,
}

/// A day in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub day: Date,
    /// Its file, or why there is none.
    pub state: DayState,
    /// How many payments and refunds of ours settle on it.
    pub ours: i64,
    /// How many differences wait for someone.
    pub open: i64,
}

/// Whether there is a file of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayState {
    /// None, and it is not yet time.
    Early,
    /// None, though it should be there.
    Absent {
        /// When the gateway was last asked.
        asked_at: Option<Micros>,
        /// What went wrong then; none if the gateway just has none yet.
        trouble: Option<String>,
    },
    /// Here.
    Here(Box<Bank>),
}

/// What the bank says of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank {
    /// The file's name.
    pub name: String,
    /// The merchant's number.
    pub merchant: String,
    /// How it came.
    pub came: Came,
    /// Who brought it.
    pub by: String,
    /// When.
    pub taken_at: Micros,
    /// When the day was reconciled last.
    pub reconciled_at: Option<Micros>,
    /// How many lines it has.
    pub lines: i64,
    /// How many of them stand against ours.
    pub matched: i64,
    /// What reaches our account for it.
    pub net: Fen,
    /// The gateway's fees.
    pub fee: Fen,
    /// When the bank booked the net, where it was found on a statement.
    pub settled: Option<Date>,
}

/// A day's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The day.
    pub day: Day,
    /// Lines and what is ours, side by side as they are now; empty without a file.
    pub pairs: Vec<Pair>,
    /// What differs or did, the open ones first.
    pub differences: Vec<Difference>,
    /// Lines of statements that may be its net and are not, for one that was not found.
    pub near: Vec<Arrived>,
    /// Names of the groups that occur.
    pub groups: BTreeMap<i64, String>,
}

/// What waits for staff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Differences that are open.
    pub open: i64,
    /// Days with money of ours whose file should be there and is not.
    pub absent: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    day: String,
    net_fen: Option<Fen>,
    fee_fen: Option<Fen>,
    lines: i64,
    matched: i64,
    reconciled_at_us: Option<Micros>,
    asked_at_us: Option<Micros>,
    answer: Option<String>,
    name: Option<String>,
    merchant: Option<String>,
    came: Option<String>,
    taken_by: Option<String>,
    taken_at_us: Option<Micros>,
    settled: Option<String>,
}

impl Row {
    fn bank(&self) -> Option<Bank> {
        Some(Bank {
            name: self.name.clone()?,
            merchant: self.merchant.clone()?,
            came: Came::parse(self.came.as_deref()?)?,
            by: self.taken_by.clone()?,
            taken_at: self.taken_at_us?,
            reconciled_at: self.reconciled_at_us,
            lines: self.lines,
            matched: self.matched,
            net: self.net_fen?,
            fee: self.fee_fen?,
            settled: self.settled.as_deref().and_then(|day| day.parse().ok()),
        })
    }

    fn state(&self, day: Date, now: Micros) -> DayState {
        match self.bank() {
            Some(bank) => DayState::Here(Box::new(bank)),
            None if !fetch::is_due(day, now) => DayState::Early,
            None => DayState::Absent {
                asked_at: self.asked_at_us,
                trouble: self.answer.clone().filter(|answer| answer != NOT_READY),
            },
        }
    }
}

/// The days of which something is known, two months of them before a day, or the last: a file, money of ours, or that the
/// gateway was asked. With the last come all days on which something is open.
pub async fn days(house: &House, before: Option<Date>) -> Result<Days, store::Error> {
    let today = crate::house::beijing(house.now()).map(jiff::civil::DateTime::date);
    let Some(end) = before.or(today) else { return Ok(Days::default()) };
    let from = end.checked_sub(DAYS.days()).unwrap_or(end);
    let mut tx = house.db.read().await?;
    let ours = ours_by_day(&mut tx, from).await?;
    let rows: Vec<Row> = tx
        .query(
            "SELECT bank_days.day, net_fen, fee_fen, lines, matched, reconciled_at_us, asked_at_us, answer, \
             bank_files.name, merchant, came, taken_by, taken_at_us, bank_lines.day AS settled \
             FROM bank_days LEFT JOIN bank_files ON bank_files.id = file_id \
             LEFT JOIN bank_lines ON bank_lines.id = line_id WHERE bank_days.day >= $1",
        )
        .bind(from.to_string())
        .all()
        .await?;
    let open: Vec<(String, i64)> = tx
        .query(
            "SELECT day, COUNT(*) FROM differences WHERE closed_at_us IS NULL AND resolved_at_us IS NULL GROUP BY day",
        )
        .all()
        .await?;
    let read = |day: &str| day.parse::<Date>().ok();
    let rows: BTreeMap<Date, Row> = rows.into_iter().filter_map(|row| Some((read(&row.day)?, row))).collect();
    let open: BTreeMap<Date, i64> = open.into_iter().filter_map(|(day, n)| Some((read(&day)?, n))).collect();
    let mut all: BTreeSet<Date> = rows.keys().chain(ours.keys()).chain(open.keys()).copied().collect();
    if let Some(before) = before {
        all.retain(|day| (from..before).contains(day));
    }
    let now = house.now();
    let day_of = |day: Date| Day {
        day,
        state: rows.get(&day).map_or_else(|| absent(day, now), |row| row.state(day, now)),
        ours: ours.get(&day).copied().unwrap_or(0),
        open: open.get(&day).copied().unwrap_or(0),
    };
    // A day of which there is nothing, and on which the gateway had nothing either, is no news.
    let days = all.into_iter().rev().map(day_of).filter(|day| !day.is_blank()).collect();
    Ok(Days { days, earlier: earlier(&mut tx, from).await? })
}

/// Before which day a list goes on that ends with `from`; none if nothing is known of any day before.
async fn earlier(tx: &mut Tx, from: Date) -> Result<Option<Date>, store::Error> {
    let (day, at): (Option<String>, Option<Micros>) = tx
        .query(
            "SELECT (SELECT MAX(day) FROM bank_days WHERE day < $1 AND file_id IS NOT NULL), (SELECT MAX(at_us) FROM (\
             SELECT MAX(paid_at_us) AS at_us FROM deposits WHERE paid_at_us < $2 UNION ALL \
             SELECT MAX(ended_at_us) FROM deposit_refunds WHERE ended_at_us < $2 AND state = 'refunded') AS ours)",
        )
        .bind(from.to_string())
        .bind(book::start_of(from))
        .one()
        .await?;
    let day = day.and_then(|day| day.parse::<Date>().ok());
    let at = at.and_then(crate::house::beijing).map(jiff::civil::DateTime::date);
    // What came in the last hour of a day settles on the next.
    let last = day.max(at).and_then(|day| day.checked_add(2.days()).ok());
    Ok(last.map(|last| last.min(from)))
}

fn absent(day: Date, now: Micros) -> DayState {
    if fetch::is_due(day, now) { DayState::Absent { asked_at: None, trouble: None } } else { DayState::Early }
}

impl Day {
    fn is_blank(&self) -> bool {
        self.ours == 0
            && self.open == 0
            && matches!(self.state, DayState::Early | DayState::Absent { trouble: None, .. })
    }

    /// Whether somebody should see to its file.
    pub fn lacks_file(&self) -> bool {
        self.ours > 0 && matches!(self.state, DayState::Absent { .. })
    }
}

/// How much of ours settles on each day since `from`.
pub(super) async fn ours_by_day(tx: &mut Tx, from: Date) -> Result<BTreeMap<Date, i64>, store::Error> {
    let moved: Vec<(Option<String>, Micros)> = tx
        .query(
            "SELECT settle_date, paid_at_us FROM deposits WHERE paid_at_us >= $1 AND paid_fen IS NOT NULL \
             UNION ALL \
             SELECT settle_date, ended_at_us FROM deposit_refunds WHERE ended_at_us >= $1 AND state = 'refunded'",
        )
        // What comes in the last hour of a day settles on the next, and what the gateway named may lie further off.
        .bind(book::start_of(from.yesterday().unwrap_or(from)))
        .all()
        .await?;
    let mut days = BTreeMap::new();
    for (named, at) in moved {
        if let Some(day) = settles_on(named.as_deref(), at).filter(|day| *day >= from) {
            let count: &mut i64 = days.entry(day).or_default();
            *count = count.saturating_add(1);
        }
    }
    Ok(days)
}

/// A day with all that is known of it; none if nothing is.
pub async fn day(house: &House, day: Date) -> Result<Option<Listed>, store::Error> {
    let now = house.now();
    let mut tx = house.db.read().await?;
    let row = row(&mut tx, day).await?;
    let differences = difference::of_day(&mut tx, day).await?;
    let state = row.as_ref().map_or_else(|| absent(day, now), |row| row.state(day, now));
    let here = matches!(state, DayState::Here(_));
    let pairs = if here { book::pairs(house, &mut tx, day).await? } else { vec![] };
    let near = near(&mut tx, day, &state).await?;
    let ours = ours_by_day(&mut tx, day).await?.get(&day).copied().unwrap_or(0);
    let open = differences.iter().filter(|difference| difference.is_open()).count();
    let day = Day { day, state, ours, open: i64::try_from(open).unwrap_or(i64::MAX) };
    let nothing = row.is_none() && day.ours == 0 && differences.is_empty();
    let groups = if nothing { vec![] } else { tx.query("SELECT id, name FROM groups").all().await? };
    let listed = Listed { day, pairs, differences, near, groups: groups.into_iter().collect() };
    Ok((!nothing).then_some(listed))
}

async fn row(tx: &mut Tx, day: Date) -> Result<Option<Row>, store::Error> {
    tx.query(
        "SELECT bank_days.day, net_fen, fee_fen, lines, matched, reconciled_at_us, asked_at_us, answer, \
         bank_files.name, merchant, came, taken_by, taken_at_us, bank_lines.day AS settled \
         FROM bank_days LEFT JOIN bank_files ON bank_files.id = file_id \
         LEFT JOIN bank_lines ON bank_lines.id = line_id WHERE bank_days.day = $1",
    )
    .bind(day.to_string())
    .optional()
    .await
}

/// What the statements have that could be a net which was not found.
async fn near(tx: &mut Tx, day: Date, state: &DayState) -> Result<Vec<Arrived>, store::Error> {
    match state {
        DayState::Here(bank) if bank.settled.is_none() && bank.net != Fen::ZERO => {
            let mut lines = book::arrived(tx, &day.to_string()).await?;
            lines.retain(|line| within(day, line.day));
            Ok(lines)
        }
        DayState::Here(_) | DayState::Early | DayState::Absent { .. } => Ok(vec![]),
    }
}

/// The bank's side of a day; none without a file.
pub async fn bank(house: &House, day: Date) -> Result<Option<Bank>, store::Error> {
    let mut tx = house.db.read().await?;
    Ok(row(&mut tx, day).await?.and_then(|row| row.bank()))
}

/// The file of a day as it came: its name and its bytes.
pub async fn content(house: &House, day: Date) -> Result<Option<(String, Vec<u8>)>, store::Error> {
    let mut tx = house.db.read().await?;
    let found: Option<(String, String)> = tx
        .query(
            "SELECT name, content FROM bank_days JOIN bank_files ON bank_files.id = file_id WHERE bank_days.day = $1",
        )
        .bind(day.to_string())
        .optional()
        .await?;
    Ok(found.and_then(|(name, content)| Some((name, BASE64.decode(content.as_bytes()).ok()?))))
}

/// What waits for staff.
pub async fn waiting(house: &House) -> Result<Waiting, store::Error> {
    let mut tx = house.db.read().await?;
    let (open,): (i64,) = tx
        .query("SELECT COUNT(*) FROM differences WHERE closed_at_us IS NULL AND resolved_at_us IS NULL")
        .one()
        .await?;
    drop(tx);
    let absent = days(house, None).await?.days.iter().filter(|day| day.lacks_file()).count();
    Ok(Waiting { open, absent: i64::try_from(absent).unwrap_or(i64::MAX) })
}
