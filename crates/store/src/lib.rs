//! One SQL text on two engines: SQLite (embedded, the default) and PostgreSQL (production).
//!
//! Everything above writes `tx.query("… $1 …").bind(value).one().await?` and runs unchanged on both. What the engines
//! disagree on lives in this crate and nowhere else: how to connect and begin ([`Db`]), a row lock and a set of rows
//! ([`Query`]), what an error means ([`Error`]), how a table is made append-only, and how one process tells another
//! that something happened ([`Db::signal`]).
//!
//! Writes that many callers make at once go through a [`Queue`]: while one batch commits, the others wait and form the
//! next, so that one durable commit serves them all.
//!
//! Rules that hold everywhere:
//!
//! - A write takes `&mut Tx`; whoever began the unit of work commits it. Dropping it rolls it back.
//! - Times are [`Micros`]. Sums are cast: `CAST(SUM(x) AS BIGINT)`, because PostgreSQL sums BIGINT as NUMERIC.
//! - Every primary and unique key of a table that grows for ever carries the group's id, so that the same schema can be
//!   distributed by group.

mod backup;
mod batch;
mod bulk;
mod db;
mod error;
mod micros;
mod migrate;
mod query;
mod rows;
mod signals;
mod text;
mod tx;

#[cfg(feature = "testing")]
pub mod testing;

pub use backup::{BackupError, backup};
pub use batch::{Batch, Pace, Queue};
pub use bulk::BulkRow;
pub use db::{Db, Engine, Options};
pub use error::Error;
pub use micros::Micros;
pub use query::{Bind, Query, Row};
pub use rows::Cell;
pub use signals::{Listener, Signal};
pub use tx::Tx;

/// What every call to the database answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
