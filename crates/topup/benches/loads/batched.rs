//! The book of loads.

use anyhow::{Result, ensure};
use store::Db;
use topup::loads::book::{Authorised, Book, Ended};

use crate::one_load::{Loads, fund, settled};
use crate::report::Row;
use crate::run::Scene;

/// The book on one engine.
#[derive(Debug)]
pub(crate) struct Batched {
    pub(crate) row: Row,
    pub(crate) db: Db,
    book: Book,
    loads: Loads,
}

impl Batched {
    pub(crate) async fn open(row: Row, url: &str, scene: Scene) -> Result<Self> {
        let db = Db::open(url).await?;
        fund(&db, scene.groups).await?;
        Ok(Self { row, book: Book::start(&db), db, loads: Loads::default() })
    }

    /// One load, authorised and settled.
    pub(crate) async fn load(&self, group: i64) -> Result<()> {
        let load = self.loads.next(group);
        let settled = settled(&load);
        ensure!(matches!(self.book.authorise(load).await?, Authorised::Held { .. }), "not held");
        ensure!(self.book.settle(settled).await? == Ended::Now, "not settled");
        Ok(())
    }
}
