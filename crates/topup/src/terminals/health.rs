//! How a terminal is: what it says of itself, and how far away it is. One row a terminal, for the pages that help it.

use std::time::Duration;

use link::Readiness;
use store::{Micros, Tx};

use super::live::{Row, live, topic};
use super::{Terminal, TerminalNumber};
use crate::House;

/// How often a connected terminal is asked how it is: a clock does not run away faster.
pub(super) const CHECK_EVERY: Duration = Duration::from_secs(30);

/// How a terminal is, as it said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its program with its version, as it says it.
    pub program: String,
    /// Whether the program speaks our version of the link; if not the terminal is not let in.
    pub fits: bool,
    /// What it says of itself; none until it was asked on this connection.
    pub vital: Option<Vital>,
    /// There and back over the link; none until it was measured on this connection.
    pub trip: Option<Duration>,
    /// When it was heard last.
    pub told_at: Micros,
}

/// What a connected terminal says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vital {
    /// Operating system and machine.
    pub platform: String,
    /// How it stands with its readers.
    pub readers: Readiness,
    /// By how much its clock is ahead of ours, in milliseconds; below zero when it is behind.
    pub clock_ms: i64,
    /// Results of loads that it still owes us.
    pub unacknowledged: u32,
}

/// As it is stored; all of it none when there is no row.
#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    program: Option<String>,
    version: Option<i64>,
    platform: Option<String>,
    readiness: Option<String>,
    clock_ms: Option<i64>,
    unacknowledged: Option<i64>,
    trip_us: Option<i64>,
    told_at_us: Option<Micros>,
}

impl From<Stored> for Option<Health> {
    fn from(row: Stored) -> Self {
        let readers = row.readiness.as_deref().and_then(parse);
        let unacknowledged = row.unacknowledged.and_then(|count| u32::try_from(count).ok());
        let vital = row.platform.zip(readers).zip(row.clock_ms).zip(unacknowledged).map(
            |(((platform, readers), clock_ms), unacknowledged)| Vital { platform, readers, clock_ms, unacknowledged },
        );
        Some(Health {
            program: row.program?,
            fits: row.version? == i64::from(link::VERSION),
            vital,
            trip: row.trip_us.and_then(|us| u64::try_from(us).ok()).map(Duration::from_micros),
            told_at: row.told_at_us?,
        })
    }
}

/// How a terminal is, as it said last, connected or not; none if it was never heard.
pub async fn health(house: &House, terminal: TerminalNumber) -> Result<Option<Health>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Stored> = tx
        .query(
            "SELECT program, version, platform, readers AS readiness, clock_ms, unacknowledged, trip_us, told_at_us \
             FROM terminal_health WHERE terminal = $1",
        )
        .bind(terminal.to_string())
        .optional()
        .await?;
    Ok(row.and_then(Into::into))
}

/// A proven terminal begins to speak on a new connection: what it said on another is forgotten.
pub(super) async fn begin(
    tx: &mut Tx,
    terminal: TerminalNumber,
    connection: &str,
    hello: &Hello,
    now: Micros,
) -> Result<(), store::Error> {
    tx.query(
        "INSERT INTO terminal_health (terminal, connection, program, version, platform, readers, clock_ms, \
         unacknowledged, trip_us, told_at_us) VALUES ($1, $2, $3, $4, NULL, NULL, NULL, NULL, NULL, $5) \
         ON CONFLICT (terminal) DO UPDATE SET connection = excluded.connection, program = excluded.program, \
         version = excluded.version, platform = NULL, readers = NULL, clock_ms = NULL, unacknowledged = NULL, \
         trip_us = NULL, told_at_us = excluded.told_at_us",
    )
    .bind(terminal.to_string())
    .bind(connection)
    .bind(hello.program.as_str())
    .bind(i64::from(hello.version))
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// A proven terminal speaks another version and is not let in. While it is connected from elsewhere, that is what
/// counts.
pub(super) async fn unfit(house: &House, terminal: &Terminal, hello: &Hello) -> Result<(), store::Error> {
    if live(house, terminal.group, terminal.number).await?.connected {
        return Ok(());
    }
    let mut tx = house.db.begin().await?;
    begin(&mut tx, terminal.number, "", hello, house.now()).await?;
    tx.commit().await?;
    house.signal(&topic(terminal.number)).await;
    Ok(())
}

/// Writes what a terminal says of itself on the connection of `row`; `trip` if it was measured this time.
pub(super) async fn write(
    house: &House,
    row: &Row,
    said: &link::Health,
    trip: Option<Duration>,
) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    tx.query(
        "UPDATE terminal_health SET platform = $3, readers = $4, clock_ms = $5, unacknowledged = $6, \
         trip_us = COALESCE($7, trip_us), told_at_us = $8 WHERE terminal = $1 AND connection = $2",
    )
    .bind(row.terminal.to_string())
    .bind(row.connection.as_str())
    .bind(said.platform.as_str())
    .bind(word(said.readers))
    .bind(said.clock_ms)
    .bind(i64::from(said.unacknowledged))
    .bind(trip.map(|trip| i64::try_from(trip.as_micros()).unwrap_or(i64::MAX)))
    .bind(house.now())
    .execute()
    .await?;
    tx.commit().await?;
    house.signal(&topic(row.terminal)).await;
    Ok(())
}

/// What program a terminal is, by its own words.
#[derive(Clone, Debug)]
pub(super) struct Hello {
    version: u16,
    program: String,
}

impl Hello {
    pub(super) fn new(version: u16, program: &str) -> Self {
        Self { version, program: program.chars().take(link::MAX_TEXT).collect() }
    }
}

/// The same word as on the link.
fn word(readers: Readiness) -> String {
    serde_json::to_value(readers).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn parse(word: &str) -> Option<Readiness> {
    serde_json::from_value(word.into()).ok()
}
