//! Time as the database keeps it.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z: a BIGINT on both engines, which sorts, unlike the text sqlx makes of a date
/// on SQLite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Micros(pub i64);
