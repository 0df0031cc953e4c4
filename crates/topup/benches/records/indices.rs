//! Indices out of the way while a table is filled. Which there are, the database itself tells; those that keep rows apart
//! stay.

use anyhow::Result;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, SqliteConnection};

/// Where a database is, for what its store has no words for.
#[derive(Clone, Debug)]
pub(crate) struct Place(pub(crate) String);

/// Name and definition of each index that was dropped.
#[derive(Debug)]
pub(crate) struct Dropped(Vec<(String, String)>);

impl Place {
    pub(crate) fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }

    pub(crate) async fn postgres(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.0).await?)
    }

    async fn sqlite(&self) -> Result<SqliteConnection> {
        let options: sqlx::sqlite::SqliteConnectOptions = self.0.parse()?;
        Ok(options.pragma("cache_size", "-262144").connect().await?)
    }

    async fn run(&self, statements: Vec<String>) -> Result<()> {
        if self.is_sqlite() {
            let mut conn = self.sqlite().await?;
            for statement in statements {
                conn.execute(AssertSqlSafe(statement)).await?;
            }
            return Ok(conn.close().await?);
        }
        let mut conn = self.postgres().await?;
        for statement in statements {
            conn.execute(AssertSqlSafe(statement)).await?;
        }
        Ok(conn.close().await?)
    }

    /// Drops what only finds rows of the tables that grow.
    pub(crate) async fn drop_indices(&self) -> Result<Dropped> {
        let found: Vec<(String, String)> = if self.is_sqlite() {
            let sql = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN ('loads', 'load_totals') \
                       AND sql IS NOT NULL AND sql NOT LIKE 'CREATE UNIQUE%'";
            sqlx::query_as(sql).fetch_all(&mut self.sqlite().await?).await?
        } else {
            let sql = "SELECT indexname::text, indexdef FROM pg_indexes WHERE tablename IN ('loads', 'load_totals') \
                       AND indexdef NOT LIKE 'CREATE UNIQUE%'";
            sqlx::query_as(sql).fetch_all(&mut self.postgres().await?).await?
        };
        self.run(found.iter().map(|(name, _)| format!("DROP INDEX {name}")).collect()).await?;
        Ok(Dropped(found))
    }

    /// Makes them again; and leaves the database as one that has been served for two years: its planner knows the
    /// tables, and its log is written back.
    pub(crate) async fn restore(&self, dropped: Dropped) -> Result<()> {
        let mut statements = Vec::new();
        if !self.is_sqlite() {
            statements.push("SET maintenance_work_mem = '512MB'".to_owned());
        }
        statements.extend(dropped.0.into_iter().map(|(_, definition)| definition));
        let settled: &[&str] =
            if self.is_sqlite() { &["PRAGMA wal_checkpoint(TRUNCATE)"] } else { &["VACUUM ANALYZE", "CHECKPOINT"] };
        statements.extend(settled.iter().map(|&statement| statement.to_owned()));
        self.run(statements).await
    }

    /// Before a PostgreSQL of our own is filled: its log need not be kept for longer than it takes to write it back.
    pub(crate) async fn keep_little_log(&self) -> Result<()> {
        if self.is_sqlite() {
            return Ok(());
        }
        let statements = ["ALTER SYSTEM SET max_wal_size = '2GB'", "SELECT pg_reload_conf()"];
        self.run(statements.map(str::to_owned).to_vec()).await
    }

    /// How large it is, in bytes.
    pub(crate) async fn size(&self) -> Result<i64> {
        if self.is_sqlite() {
            let path = self.0.trim_start_matches("sqlite:");
            return Ok(i64::try_from(std::fs::metadata(path)?.len())?);
        }
        let mut conn = self.postgres().await?;
        Ok(sqlx::query_scalar("SELECT pg_database_size(current_database())").fetch_one(&mut conn).await?)
    }
}
