//! Sets of rows as arguments: one array a column for PostgreSQL, one JSON array of arrays for SQLite.

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::{Postgres, Type};
use std::fmt::Write as _;

use crate::Micros;
use crate::text::{Column, ColumnKind};

/// A value in a set of rows; made with `.into()` from what both engines can store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'v> {
    /// NULL.
    Null,
    /// For a BIGINT column.
    Int(i64),
    /// For a TEXT column.
    Text(&'v str),
    /// For a BOOLEAN column.
    Bool(bool),
}

impl From<i64> for Cell<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Micros> for Cell<'_> {
    fn from(value: Micros) -> Self {
        Self::Int(value.0)
    }
}

impl<'v> From<&'v str> for Cell<'v> {
    fn from(value: &'v str) -> Self {
        Self::Text(value)
    }
}

impl<'v> From<&'v String> for Cell<'v> {
    fn from(value: &'v String) -> Self {
        Self::Text(value)
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<'v, T: Into<Cell<'v>>> From<Option<T>> for Cell<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One column of a set of rows, as a PostgreSQL array.
#[derive(Debug)]
pub(crate) struct PgColumn<'c, 'v> {
    column: &'c Column,
    /// The cells of all rows, row after row.
    cells: &'c [Cell<'v>],
    /// Which of a row's cells is this column's.
    at: usize,
    /// How many cells a row has.
    width: usize,
}

impl<'c, 'v> PgColumn<'c, 'v> {
    /// The columns of the rows in `cells`, in order.
    pub(crate) fn all(columns: &'c [Column], cells: &'c [Cell<'v>]) -> impl Iterator<Item = Self> {
        let width = columns.len();
        columns.iter().enumerate().map(move |(at, column)| Self { column, cells, at, width })
    }

    fn cells(&self) -> impl Iterator<Item = &Cell<'v>> {
        self.cells.iter().skip(self.at).step_by(self.width)
    }
}

impl Type<Postgres> for PgColumn<'_, '_> {
    fn type_info() -> PgTypeInfo {
        <Vec<i64> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for PgColumn<'_, '_> {
    /// The binary form of an array: dimensions, whether any is NULL, the element's type, the length, the first index,
    /// then each element behind its length. Written straight into the message: sqlx's own way is a vector a column first.
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let rows = i32::try_from(self.cells.len().checked_div(self.width).unwrap_or(0))?;
        let nulls = i32::from(self.cells().any(|cell| *cell == Cell::Null));
        for header in [1, nulls, self.column.kind.oid(), rows, 1] {
            buf.extend(header.to_be_bytes());
        }
        for cell in self.cells() {
            match (cell, self.column.kind) {
                (Cell::Null, _) => buf.extend((-1_i32).to_be_bytes()),
                (Cell::Int(value), ColumnKind::BigInt) => {
                    buf.extend(8_i32.to_be_bytes());
                    buf.extend(value.to_be_bytes());
                }
                (Cell::Text(value), ColumnKind::Text) => {
                    buf.extend(i32::try_from(value.len())?.to_be_bytes());
                    buf.extend_from_slice(value.as_bytes());
                }
                (Cell::Bool(value), ColumnKind::Boolean) => {
                    buf.extend(1_i32.to_be_bytes());
                    buf.push(u8::from(*value));
                }
                (cell, _) => return Err(misfit(self.column, cell)),
            }
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(match self.column.kind {
            ColumnKind::BigInt => <Vec<i64> as Type<Postgres>>::type_info(),
            ColumnKind::Text => <Vec<String> as Type<Postgres>>::type_info(),
            ColumnKind::Boolean => <Vec<bool> as Type<Postgres>>::type_info(),
        })
    }
}

impl ColumnKind {
    /// PostgreSQL's number for the type, fixed in its `pg_type.dat`.
    fn oid(self) -> i32 {
        match self {
            Self::Boolean => 16,
            Self::BigInt => 20,
            Self::Text => 25,
        }
    }
}

/// The rows in `cells` as a JSON array of arrays, for SQLite.
pub(crate) fn json(columns: &[Column], cells: &[Cell<'_>]) -> Result<String, BoxDynError> {
    /// About what a cell takes, so that the text is not copied as it grows.
    const CELL_BYTES: usize = 12;
    let mut json = String::with_capacity(cells.len().saturating_mul(CELL_BYTES));
    json.push('[');
    for (r, row) in cells.chunks(columns.len().max(1)).enumerate() {
        json.push_str(if r == 0 { "[" } else { ",[" });
        for (c, (column, cell)) in columns.iter().zip(row).enumerate() {
            if c > 0 {
                json.push(',');
            }
            match (cell, column.kind) {
                (Cell::Null, _) => json.push_str("null"),
                (Cell::Int(value), ColumnKind::BigInt) => write!(json, "{value}")?,
                (Cell::Text(value), ColumnKind::Text) => json.push_str(&serde_json::to_string(value)?),
                (Cell::Bool(value), ColumnKind::Boolean) => write!(json, "{value}")?,
                (cell, _) => return Err(misfit(column, cell)),
            }
        }
        json.push(']');
    }
    json.push(']');
    Ok(json)
}

fn misfit(column: &Column, cell: &Cell<'_>) -> BoxDynError {
    format!("column {} of the rows is {:?}, the value is {cell:?}", column.name, column.kind).into()
}
