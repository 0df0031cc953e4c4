//! A pool that hands out connections and does nothing else.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

/// A fixed number of connections.
#[derive(Debug)]
pub(crate) struct Connections {
    idle: Mutex<Vec<PgConnection>>,
    free: Semaphore,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lent<'c> {
    connections: &'c Connections,
    conn: Option<PgConnection>,
    _permit: SemaphorePermit<'c>,
}

impl Connections {
    pub(crate) async fn open(url: &str, size: usize) -> Result<Self> {
        let mut idle = Vec::new();
        for _ in 0..size {
            idle.push(PgConnection::connect(url).await?);
        }
        Ok(Self { idle: Mutex::new(idle), free: Semaphore::new(size) })
    }

    pub(crate) async fn lend(&self) -> Result<Lent<'_>> {
        let permit = self.free.acquire().await?;
        let conn = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Lent { connections: self, conn, _permit: permit })
    }
}

impl Deref for Lent<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.conn.as_ref().expect("it goes back only when dropped")
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.conn.as_mut().expect("it goes back only when dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.connections.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(self.conn.take());
    }
}
