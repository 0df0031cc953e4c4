//! What went wrong, by what the caller can do about it.

use std::sync::Arc;

use sqlx::error::DatabaseError;

/// Why a call to the database failed. All but [`Error::CommitUnknown`] mean that nothing was done.
///
/// By kind and not by constraint: SQLite does not say which constraint refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// `one` found no row.
    #[error("a row that must exist is missing")]
    Missing,
    /// A CHECK refused the row.
    #[error("a check refused the row")]
    Check(#[source] Arc<sqlx::Error>),
    /// A primary or unique key is taken.
    #[error("a key is taken")]
    Unique(#[source] Arc<sqlx::Error>),
    /// The row is in an append-only table and stays as it is.
    #[error("the table is append-only")]
    AppendOnly(#[source] Arc<sqlx::Error>),
    /// Another unit of work was in the way: nothing was done, the same work may be tried again.
    #[error("another unit of work was in the way")]
    Conflict(#[source] Arc<sqlx::Error>),
    /// The database cannot be reached. Nothing was done: a unit of work that never got to its commit is rolled back.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The connection broke during the commit: the work is either wholly done or not done at all. Look it up.
    #[error("the connection broke during the commit")]
    CommitUnknown(#[source] Arc<sqlx::Error>),
    /// Anything else: a mistake in a statement, a full disk.
    #[error("the database failed")]
    Other(#[source] Arc<sqlx::Error>),
}

impl Error {
    /// The same error, said of a COMMIT that was sent: when the database did not answer it, nobody knows the outcome.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        let error = Self::from(error);
        if let Self::Unavailable(error) = error { Self::CommitUnknown(error) } else { error }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let error = Arc::new(error);
        #[expect(clippy::wildcard_enum_match_arm, reason = "sqlx's enum is open; what is not named here is `Other`")]
        match &*error {
            E::RowNotFound => Self::Missing,
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => Self::Unavailable(error),
            E::Database(database) => of_database(&**database)(Arc::clone(&error)),
            _ => Self::Other(error),
        }
    }
}

/// The variant for an error that the database itself reported.
fn of_database(error: &dyn DatabaseError) -> fn(Arc<sqlx::Error>) -> Error {
    if error.is_check_violation() {
        return Error::Check;
    }
    if error.is_unique_violation() {
        return Error::Unique;
    }
    let code = error.code().unwrap_or_default();
    match &*code {
        // PostgreSQL: serialization_failure, deadlock_detected, lock_not_available.
        // SQLite: BUSY and its BUSY_RECOVERY, BUSY_SNAPSHOT, BUSY_TIMEOUT; LOCKED.
        "40001" | "40P01" | "55P03" | "5" | "261" | "517" | "773" | "6" => Error::Conflict,
        // PostgreSQL: restrict_violation, raised by our trigger. SQLite: CONSTRAINT_TRIGGER.
        "23001" | "1811" => Error::AppendOnly,
        // PostgreSQL: going down, starting up, too many connections, and everything about connections.
        // SQLite: IOERR_FSYNC and IOERR_DIR_FSYNC, after which nobody knows what is on the disk.
        "57P01" | "57P02" | "57P03" | "53300" | "1034" | "1290" => Error::Unavailable,
        code if code.len() == 5 && code.starts_with("08") => Error::Unavailable,
        _ => Error::Other,
    }
}
