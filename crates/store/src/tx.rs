//! The unit of work.

use sqlx::{Executor as _, PgConnection, Postgres, Sqlite, Transaction};

use crate::query::{Conn, Query};
use crate::text;
use crate::{Engine, Error, Result};

/// A unit of work; dropping it rolls it back.
#[derive(Debug)]
pub struct Tx(On);

#[derive(Debug)]
enum On {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
    /// A queue's own connection. When it is dropped with the work open, it closes, and the server rolls back.
    Own(Box<PgConnection>),
}

impl Tx {
    /// A statement to run in this unit of work. `sql` is a literal; see [`Query`] for what may stand in it.
    pub fn query(&mut self, sql: &'static str) -> Query<'_> {
        let conn = match &mut self.0 {
            On::Sqlite(tx) => Conn::Sqlite(tx),
            On::Postgres(tx) => Conn::Postgres(tx),
            On::Own(conn) => Conn::Postgres(conn),
        };
        Query::new(conn, text::parsed(sql))
    }

    /// Makes the work durable: when this returns, it survives the loss of power.
    pub async fn commit(self) -> Result<()> {
        match self.0 {
            On::Sqlite(tx) => tx.commit().await.map_err(Error::of_commit),
            On::Postgres(tx) => tx.commit().await.map_err(Error::of_commit),
            On::Own(conn) => commit_own(conn).await.map(drop),
        }
    }

    /// Which engine this runs on; for the rare text that cannot be common to both.
    pub fn engine(&self) -> Engine {
        match &self.0 {
            On::Sqlite(_) => Engine::Sqlite,
            On::Postgres(_) | On::Own(_) => Engine::Postgres,
        }
    }

    pub(crate) fn sqlite(tx: Transaction<'static, Sqlite>) -> Self {
        Self(On::Sqlite(tx))
    }

    pub(crate) fn postgres(tx: Transaction<'static, Postgres>) -> Self {
        Self(On::Postgres(tx))
    }

    /// Begins a unit of work on a connection of the caller's own.
    ///
    /// A connection from the pool goes back to it at the end of the work, and the pool then asks the server whether the
    /// connection still lives: one more round trip a batch.
    pub(crate) async fn begin_on(mut conn: Box<PgConnection>) -> Result<Self> {
        conn.execute("BEGIN").await?;
        Ok(Self(On::Own(conn)))
    }

    /// Commits, and gives back the connection if it was the caller's own.
    pub(crate) async fn commit_and_keep(self) -> Result<Option<Box<PgConnection>>> {
        match self.0 {
            On::Own(conn) => commit_own(conn).await.map(Some),
            on @ (On::Sqlite(_) | On::Postgres(_)) => Self(on).commit().await.map(|()| None),
        }
    }

    /// Rolls back, and gives back the connection if it was the caller's own and is in order.
    pub(crate) async fn roll_back_and_keep(self) -> Option<Box<PgConnection>> {
        match self.0 {
            On::Own(mut conn) => conn.execute("ROLLBACK").await.ok().map(|_| conn),
            // Waits until it is done, so that the writer is free for whoever comes next.
            On::Sqlite(tx) => tx.rollback().await.err().and(None),
            On::Postgres(tx) => tx.rollback().await.err().and(None),
        }
    }
}

async fn commit_own(mut conn: Box<PgConnection>) -> Result<Box<PgConnection>> {
    conn.execute("COMMIT").await.map_err(Error::of_commit)?;
    Ok(conn)
}
