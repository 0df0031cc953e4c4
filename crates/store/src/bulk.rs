//! Many rows at once.
//!
//! SQLite's driver hands every value to another thread in allocations of its own, which takes longer than finding it. So
//! rows in bulk come from there as one JSON array of objects, as sets of rows are handed in; PostgreSQL's come as ever.

use std::collections::HashMap;
use std::sync::{OnceLock, RwLock};

use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Column, Executor as _, SqlStr, SqliteConnection, Statement as _};

use crate::query::Row;
use crate::text::{recalled, remembered};

/// A row that can be read in bulk too: `#[derive(sqlx::FromRow, serde::Deserialize)]`, with one name for both. Its columns
/// are numbers and text.
pub trait BulkRow: Row + DeserializeOwned {}
impl<T: Row + DeserializeOwned> BulkRow for T {}

/// All rows of a statement.
pub(crate) async fn sqlite<T: DeserializeOwned>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    arguments: SqliteArguments,
) -> Result<Vec<T>, sqlx::Error> {
    let packed = packed(conn, sql).await?;
    let rows: String = sqlx::query_scalar_with(packed, arguments).fetch_one(conn).await?;
    serde_json::from_str(&rows).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// The statement that gives all rows of another in one value; from memory after the first time.
async fn packed(conn: &mut SqliteConnection, sql: &'static str) -> Result<&'static str, sqlx::Error> {
    static KNOWN: OnceLock<RwLock<HashMap<&'static str, &'static String>>> = OnceLock::new();
    let known = KNOWN.get_or_init(RwLock::default);
    if let Some(packed) = recalled(known, &sql) {
        return Ok(packed);
    }
    let statement = conn.prepare(SqlStr::from_static(sql)).await?;
    let columns: Vec<&str> = statement.columns().iter().map(Column::name).collect();
    let packed: &'static String = remembered(known, &sql, || pack(sql, &columns));
    Ok(packed)
}

fn pack(sql: &str, columns: &[&str]) -> String {
    let cells: Vec<String> = columns.iter().map(|name| format!("'{name}', \"{name}\"")).collect();
    format!("SELECT json_group_array(json_object({})) FROM ({sql})", cells.join(", "))
}
