//! The only writer of loads and their money.
use ledger::{Fen, GroupId};
use store::{Db, Error, Micros};
#[derive(Debug)]
pub struct Book;
#[derive(Clone, Debug)]
pub struct NewLoad {
    pub group: GroupId,
    pub id: i64,
    pub intent: String,
    pub operator: i64,
    pub terminal: String,
    pub reader: String,
    pub card_number: String,
    pub card_class: String,
    pub amount: Fen,
    pub balance_before: Option<Fen>,
    pub evidence: Option<Evidence>,
    pub at: Micros,
}
#[derive(Clone, Debug)]
pub struct Evidence {
    pub counter: i64,
    pub random: String,
    pub key_version: i64,
    pub algorithm: i64,
    pub mac1: String,
    pub mac2: String,
    pub host_time: String,
    pub answers: String,
}
#[derive(Clone, Debug)]
pub enum Authorised {
    Held { quota_before: Fen, quota_after: Fen },
    Short { available: Fen },
    Duplicate,
}
#[derive(Clone, Debug)]
pub struct Settled {
    pub group: GroupId,
    pub id: i64,
    pub tac: String,
    pub balance_after: Fen,
    pub at: Micros,
}
#[derive(Clone, Debug)]
pub struct Release {
    pub group: GroupId,
    pub id: i64,
    pub reason: &'static str,
    pub at: Micros,
}
#[derive(Clone, Debug)]
pub struct Doubt {
    pub group: GroupId,
    pub id: i64,
    pub reason: &'static str,
    pub answers: Option<String>,
    pub at: Micros,
}
pub struct Books;
pub async fn prove_books(_: &mut store::Tx) -> store::Result<Books> {
    Ok(Books)
}
impl Book {
    pub fn start(_: Db) -> Self {
        Self
    }
    pub async fn authorise(&self, _: NewLoad) -> Result<Authorised, Error> {
        std::future::pending().await
    }
    pub async fn settle(&self, _: Settled) -> Result<(), Error> {
        std::future::pending().await
    }
    pub async fn release(&self, _: Release) -> Result<(), Error> {
        std::future::pending().await
    }
    pub async fn doubt(&self, _: Doubt) -> Result<(), Error> {
        std::future::pending().await
    }
    pub async fn refused(&self, _: NewLoad, _: &'static str) -> Result<(), Error> {
        std::future::pending().await
    }
}
