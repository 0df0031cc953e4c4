//! The schema: one set of migrations in common SQL, and what each engine says in its own words.
//!
//! Each file of `migrations/` runs once, in order, under a lock, so several processes may start at once. What follows
//! them runs at every start and changes nothing when it is there already.

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool, SqlitePool};

use crate::{Error, Result};

/// Tables whose rows are never changed or deleted: a correction is a new row. The database refuses anything else.
const APPEND_ONLY: &[&str] =
    &["movements", "audit", "reviews", "review_answers", "deposit_events", "deposit_reviews", "deposit_answers"];

/// A table that only our databases have, from the first day.
const OURS: &str = "movements";

/// Any number: held while the triggers are made, because two processes that make the same one at once both fail.
const STARTING: i64 = 0x6a_6963_686f_6e67;

pub(crate) async fn sqlite(pool: &SqlitePool) -> Result<()> {
    // sqlx has no lock for SQLite, so one unit of work holds all of it.
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::migrate!().run(&mut *tx).await.map_err(of_migration)?;
    for table in APPEND_ONLY {
        for verb in ["UPDATE", "DELETE"] {
            let trigger = format!(
                "CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
                 BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            );
            tx.execute(sqlx::AssertSqlSafe(trigger)).await?;
        }
    }
    tx.commit().await.map_err(Error::of_commit)
}

pub(crate) async fn postgres(pool: &PgPool) -> Result<()> {
    sqlx::migrate!().run(pool).await.map_err(of_migration)?;
    let mut tx = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(STARTING).execute(&mut *tx).await?;
    tx.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE restrict_violation USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$",
    )
    .await?;
    for table in APPEND_ONLY {
        let known: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = $1::regclass AND tgname = 'append_only')",
        )
        .bind(table)
        .fetch_one(&mut *tx)
        .await?;
        if !known {
            // For each statement, not for each row: nothing is asked of the inserts.
            let trigger = format!(
                "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                 FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            );
            tx.execute(sqlx::AssertSqlSafe(trigger)).await?;
        }
    }
    tx.commit().await.map_err(Error::of_commit)
}

/// Whether a file holds a database that this program made.
pub(crate) async fn is_ours_sqlite(connect: SqliteConnectOptions) -> Result<bool> {
    let mut conn = connect.connect().await?;
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1")
        .bind(OURS)
        .fetch_optional(&mut conn)
        .await?;
    conn.close().await?;
    Ok(found.is_some())
}

/// Whether a database is one that this program made.
pub(crate) async fn is_ours_postgres(connect: PgConnectOptions) -> Result<bool> {
    let mut conn = connect.connect().await?;
    let found: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(OURS).fetch_one(&mut conn).await?;
    conn.close().await?;
    Ok(found)
}

fn of_migration(error: MigrateError) -> Error {
    sqlx::Error::Migrate(Box::new(error)).into()
}
