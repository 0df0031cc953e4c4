//! The unit of work.

use metrics::histogram;
use sqlx::{Connection as _, Executor as _, PgConnection, Postgres, Sqlite, Transaction};
use tokio::time::Instant;

use crate::query::{Conn, Query};
use crate::text;
use crate::{Engine, Error, Result};

/// A unit of work; dropping it rolls it back. After a statement failed in it, that is all that can be done with it.
#[derive(Debug)]
pub struct Tx {
    on: On,
    course: Course,
    /// None for the work of a queue, which measures its batches.
    _stopwatch: Option<Stopwatch>,
}

/// Tells the metrics, at its end, how long a unit of work took.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    kind: &'static str,
    began: Instant,
}

#[derive(Debug)]
enum On {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
    /// A queue's own connection. When it is dropped with the work open, it closes, and the server rolls back.
    Own(Box<PgConnection>),
}

/// How far a unit of work has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Course {
    /// The server knows of it. On a connection of its own it is told with the first statement.
    pub(crate) begun: bool,
    /// A statement failed.
    pub(crate) spoiled: bool,
    /// Its only statement was committed by itself.
    pub(crate) committed: bool,
}

impl Tx {
    /// A statement to run in this unit of work. `sql` is a literal; see [`Query`] for what may stand in it.
    pub fn query(&mut self, sql: &'static str) -> Query<'_> {
        let conn = match &mut self.on {
            On::Sqlite(tx) => Conn::Sqlite(tx),
            On::Postgres(tx) => Conn::Postgres(tx),
            On::Own(conn) => Conn::Postgres(conn),
        };
        Query::new(conn, &mut self.course, text::parsed(sql))
    }

    /// Makes the work durable: when this returns, it survives the loss of power.
    pub async fn commit(self) -> Result<()> {
        self.commit_and_keep().await.map(drop)
    }

    /// Which engine this runs on; for the rare text that cannot be common to both.
    pub fn engine(&self) -> Engine {
        match &self.on {
            On::Sqlite(_) => Engine::Sqlite,
            On::Postgres(_) | On::Own(_) => Engine::Postgres,
        }
    }

    pub(crate) fn sqlite(tx: Transaction<'static, Sqlite>, stopwatch: Option<Stopwatch>) -> Self {
        Self { on: On::Sqlite(tx), course: Course { begun: true, ..Course::default() }, _stopwatch: stopwatch }
    }

    pub(crate) fn postgres(tx: Transaction<'static, Postgres>, stopwatch: Stopwatch) -> Self {
        Self { on: On::Postgres(tx), course: Course { begun: true, ..Course::default() }, _stopwatch: Some(stopwatch) }
    }

    /// A unit of work on a connection of the caller's own.
    ///
    /// A connection from the pool goes back to it at the end of the work, and the pool then asks the server whether the
    /// connection still lives: one more round trip a batch. And on its own connection a unit of one statement needs no
    /// BEGIN and no COMMIT.
    pub(crate) fn on_own(conn: Box<PgConnection>) -> Self {
        Self { on: On::Own(conn), course: Course::default(), _stopwatch: None }
    }

    /// Commits, and gives back the connection if it was the caller's own.
    pub(crate) async fn commit_and_keep(self) -> Result<Option<Box<PgConnection>>> {
        if self.course.spoiled {
            return Err(sqlx::Error::Protocol("a statement failed in this unit of work".into()).into());
        }
        match self.on {
            On::Sqlite(tx) => tx.commit().await.map(|()| None),
            On::Postgres(tx) => tx.commit().await.map(|()| None),
            On::Own(conn) if self.course.committed || !self.course.begun => Ok(Some(conn)),
            On::Own(mut conn) => conn.execute("COMMIT").await.map(|_| Some(conn)),
        }
        .map_err(Error::of_commit)
    }

    /// Rolls back, and gives back the connection if it was the caller's own and is in order.
    pub(crate) async fn roll_back_and_keep(self) -> Option<Box<PgConnection>> {
        match self.on {
            On::Own(mut conn) if self.course.begun => conn.execute("ROLLBACK").await.ok().map(|_| conn),
            On::Own(mut conn) => conn.ping().await.ok().map(|()| conn),
            // Waits until it is done, so that the writer is free for whoever comes next.
            On::Sqlite(tx) => tx.rollback().await.err().and(None),
            On::Postgres(tx) => tx.rollback().await.err().and(None),
        }
    }
}

impl Stopwatch {
    /// Starts when a unit of work is asked for: waiting for a connection is part of it.
    pub(crate) fn start(kind: &'static str) -> Self {
        Self { kind, began: Instant::now() }
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        histogram!("store_work_seconds", "kind" => self.kind).record(self.began.elapsed());
    }
}
