//! Runs one way for a while.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use store::{Db, Engine};
use tokio::task::JoinSet;
use topup::loads::book::prove_books;

use crate::batched::Batched;
use crate::one_load::scatter;
use crate::plain::Plain;
use crate::report::{Figures, Row};
use crate::statement::Statement;

/// What is going on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) groups: i64,
    pub(crate) callers: usize,
    pub(crate) time: Duration,
}

/// A way to do loads, on its own database.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Batched(Arc<Batched>),
    Plain(Arc<Plain>),
    Statement(Arc<Statement>),
}

/// Before the clock starts: connections are made, statements prepared.
const WARM_UP: Duration = Duration::from_millis(500);

impl Way {
    pub(crate) fn name(&self) -> Row {
        match self {
            Self::Batched(way) => way.row,
            Self::Plain(way) => Row::Plain(way.size),
            Self::Statement(way) => Row::Statement(way.size),
        }
    }

    async fn load(&self, group: i64) -> Result<()> {
        match self {
            Self::Batched(way) => way.load(group).await,
            Self::Plain(way) => way.load(group).await,
            Self::Statement(way) => way.load(group).await,
        }
    }

    fn db(&self) -> &Db {
        match self {
            Self::Batched(way) => &way.db,
            Self::Plain(way) => &way.db,
            Self::Statement(way) => &way.db,
        }
    }

    /// Proves the books of its database, and leaves it.
    pub(crate) async fn prove(self) -> Result<()> {
        let books = prove_books(&mut self.db().read().await?).await?;
        ensure!(books.hold(), "{}: {books}", self.name());
        self.db().close().await;
        Ok(())
    }

    /// How far the write-ahead log of PostgreSQL has come, in bytes.
    async fn log_bytes(&self) -> Result<i64> {
        if self.db().engine() == Engine::Sqlite {
            return Ok(0);
        }
        let mut tx = self.db().read().await?;
        let sql = "SELECT CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS BIGINT)";
        Ok(tx.query(sql).one::<(i64,)>().await?.0)
    }
}

/// Lets all callers ask for the scene's time.
pub(crate) async fn run(way: &Way, scene: Scene) -> Result<Figures> {
    let start = Instant::now() + WARM_UP;
    let end = start + scene.time;
    let mut callers = JoinSet::new();
    for caller in 0..scene.callers {
        callers.spawn(call(way.clone(), scene.groups, caller as u64, start, end));
    }
    tokio::time::sleep_until(start.into()).await;
    let log = way.log_bytes().await?;
    let mut waits = Vec::new();
    while let Some(caller) = callers.join_next().await {
        waits.extend(caller??);
    }
    let log = way.log_bytes().await? - log;
    waits.sort_unstable();
    Ok(Figures::new(scene.time, &waits, log))
}

/// One caller: one load after the other. Returns how long each took that ended while the clock ran.
async fn call(way: Way, groups: i64, caller: u64, start: Instant, end: Instant) -> Result<Vec<Duration>> {
    let mut waits = Vec::new();
    let mut chance = scatter(caller);
    loop {
        chance = scatter(chance);
        let group = 1 + i64::try_from(chance >> 1)? % groups;
        let asked = Instant::now();
        way.load(group).await?;
        let answered = Instant::now();
        if answered >= end {
            return Ok(waits);
        }
        if answered >= start {
            waits.push(answered - asked);
        }
    }
}

/// How often a second the disk under the temporary directory makes a small write durable.
pub(crate) fn fsync_probe() -> Result<f64> {
    const PROBE: Duration = Duration::from_secs(1);
    let mut file = tempfile::tempfile()?;
    let start = Instant::now();
    let mut writes = 0_u32;
    while start.elapsed() < PROBE {
        file.write_all(&[0x5a; 8_192])?;
        file.sync_data()?;
        writes += 1;
    }
    Ok(f64::from(writes) / start.elapsed().as_secs_f64())
}
