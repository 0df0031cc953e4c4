//! A copy of a SQLite database as it is at one moment, while others read and write it.
//!
//! Copying the file by hand is no backup: what was committed last is in the log beside it, and is copied at another
//! moment. PostgreSQL brings its own tools (`pg_dump`, and its archive of the write-ahead log).

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::Error;
use crate::db::BUSY_WAIT;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It is not a database in a file.
    #[error("only SQLite is copied this way; use pg_dump for PostgreSQL")]
    NotSqlite,
    /// The database could not be read, or the copy not be made.
    #[error("the database could not be copied")]
    Database(#[source] Error),
    /// There is a file of that name; it is not touched.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The copy could not be written.
    #[error("{} could not be written", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// SQLite finds the copy damaged, so the database is.
    #[error("the database is damaged: {0}")]
    Damaged(String),
}

/// Copies the database at `url` into a new file that only its owner can read. The copy is whole after a power cut, and
/// checked. Nothing in the database is changed, its schema neither; nobody who writes waits for it.
pub async fn backup(url: &str, file: &Path) -> Result<(), BackupError> {
    if !url.starts_with("sqlite:") {
        return Err(BackupError::NotSqlite);
    }
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let unwritten = |error| BackupError::File(file.to_owned(), error);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let copy = tempfile::NamedTempFile::new_in(folder).map_err(unwritten)?;
    let faults = copied(url, copy.path()).await.map_err(|error| BackupError::Database(error.into()))?;
    if faults != "ok" {
        return Err(BackupError::Damaged(faults));
    }
    copy.as_file().sync_all().map_err(unwritten)?;
    copy.persist_noclobber(file).map_err(|refused| unwritten(refused.error))?;
    // The name is durable only once the folder is.
    if cfg!(unix) { File::open(folder).and_then(|folder| folder.sync_all()).map_err(unwritten) } else { Ok(()) }
}

/// Copies and answers what SQLite finds wrong with the copy, or `ok`.
async fn copied(url: &str, copy: &Path) -> sqlx::Result<String> {
    let from: SqliteConnectOptions = url.parse()?;
    let mut from = from.create_if_missing(false).read_only(true).busy_timeout(BUSY_WAIT).connect().await?;
    sqlx::query("VACUUM INTO $1").bind(copy.to_string_lossy().into_owned()).execute(&mut from).await?;
    from.close().await?;
    let mut copy = SqliteConnectOptions::new().filename(copy).read_only(true).connect().await?;
    let faults: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut copy).await?;
    copy.close().await?;
    Ok(faults.join("; "))
}
