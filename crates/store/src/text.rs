//! From the one SQL text to each engine's own. Pure.
//!
//! A text may hold three things that the engines say differently:
//!
//! - `$1`, `$2`, …: values. Both engines know them; where several texts are chained they are renumbered.
//! - `rows(id BIGINT, note TEXT)` in a FROM: a set of rows handed in from outside, referred to as `rows.id`. On
//!   PostgreSQL it is `unnest` over one array a column, on SQLite `json_each` over one array of arrays. Column types are
//!   BIGINT, TEXT and BOOLEAN; at most one `rows` in a text.
//! - `FOR UPDATE` (with or without `OF table`): a row lock. SQLite has one writer, which is lock enough, so it goes.
//!
//! Quoted text is left alone. Texts are literals, so each is read once and kept for the life of the process.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::Hash;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::Engine;

/// A statement, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pieces: Vec<Piece>,
    /// How many values it takes: its highest `$n`.
    pub(crate) values: usize,
    /// The columns of its `rows`, if it has one.
    pub(crate) columns: Vec<Column>,
}

/// A column of `rows`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: ColumnKind,
}

/// The type of a column of `rows`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    BigInt,
    Text,
    Boolean,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Verbatim(&'static str),
    Value(usize),
    Rows,
    Lock(&'static str),
}

/// The literal, read; from memory after the first time.
pub(crate) fn parsed(sql: &'static str) -> &'static Text {
    static KNOWN: OnceLock<RwLock<HashMap<&'static str, &'static Text>>> = OnceLock::new();
    remembered(KNOWN.get_or_init(RwLock::default), &sql, || Text::read(sql))
}

/// The one statement that runs all `texts` on `engine`; from memory after the first time.
pub(crate) fn written(engine: Engine, texts: &[&'static Text]) -> &'static str {
    type Key = (Engine, Vec<usize>);
    static KNOWN: OnceLock<RwLock<HashMap<Key, &'static String>>> = OnceLock::new();
    // A `Text` lives for ever, so its address is its name.
    let key = (engine, texts.iter().map(|text| std::ptr::from_ref(*text).addr()).collect());
    let sql: &'static String = remembered(KNOWN.get_or_init(RwLock::default), &key, || write(engine, texts));
    sql
}

/// What `known` has under `key`; made, and kept for ever, when it has nothing. Bounded by the literals in the program.
pub(crate) fn remembered<K: Clone + Eq + Hash, V>(
    known: &RwLock<HashMap<K, &'static V>>,
    key: &K,
    make: impl FnOnce() -> V,
) -> &'static V {
    if let Some(found) = recalled(known, key) {
        return found;
    }
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    known.entry(key.clone()).or_insert_with(|| Box::leak(Box::new(make())))
}

/// What `known` has under `key`.
pub(crate) fn recalled<K: Eq + Hash, V>(known: &RwLock<HashMap<K, &'static V>>, key: &K) -> Option<&'static V> {
    // A panic while the lock is held leaves a whole map behind, so a poisoned lock is as good as any.
    known.read().unwrap_or_else(PoisonError::into_inner).get(key).copied()
}

impl Text {
    fn read(sql: &'static str) -> Self {
        let mut text = Self { pieces: Vec::new(), values: 0, columns: Vec::new() };
        let mut plain = sql; // what follows the last piece, still to be cut
        let mut rest = sql;
        while let Some(first) = rest.chars().next() {
            let (token, after) = next_token(rest, first);
            let (piece, after) = match token {
                t if t.starts_with('$') && t.len() > 1 => {
                    let n = t.trim_start_matches('$').parse().unwrap_or(0);
                    text.values = text.values.max(n);
                    (Some(Piece::Value(n)), after)
                }
                "rows" if after.starts_with('(') => {
                    let (columns, after) = after.trim_start_matches('(').split_once(')').unwrap_or((after, ""));
                    text.columns = columns.split(',').map(Column::read).collect();
                    (Some(Piece::Rows), after)
                }
                "FOR" if after.starts_with(" UPDATE") => {
                    let len = lock_len(after);
                    let (lock, after) = after.split_at_checked(len).unwrap_or((after, ""));
                    (Some(Piece::Lock(lock)), after)
                }
                _ => (None, after),
            };
            if let Some(piece) = piece {
                let cut = plain.len().saturating_sub(rest.len());
                text.pieces.push(Piece::Verbatim(plain.get(..cut).unwrap_or_default()));
                text.pieces.push(piece);
                plain = after;
            }
            rest = after;
        }
        text.pieces.push(Piece::Verbatim(plain));
        text
    }

    /// How many arguments it takes on `engine`, the columns of its `rows` counted.
    fn arguments(&self, engine: Engine) -> usize {
        let sets = match engine {
            Engine::Postgres => self.columns.len(),
            Engine::Sqlite => usize::from(!self.columns.is_empty()),
        };
        self.values.saturating_add(sets)
    }

    fn write_to(&self, sql: &mut String, engine: Engine, offset: usize) -> std::fmt::Result {
        for piece in &self.pieces {
            match (piece, engine) {
                (Piece::Verbatim(text), _) => sql.push_str(text),
                (Piece::Value(n), _) => write!(sql, "${}", offset.saturating_add(*n))?,
                (Piece::Lock(lock), Engine::Postgres) => write!(sql, "FOR{lock}")?,
                (Piece::Lock(_), Engine::Sqlite) => {}
                (Piece::Rows, Engine::Postgres) => self.write_unnest(sql, offset)?,
                (Piece::Rows, Engine::Sqlite) => self.write_json_each(sql, offset)?,
            }
        }
        Ok(())
    }

    fn write_unnest(&self, sql: &mut String, offset: usize) -> std::fmt::Result {
        let first = offset.saturating_add(self.values).saturating_add(1);
        sql.push_str("unnest(");
        for (i, (column, n)) in self.columns.iter().zip(first..).enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(sql, "{comma}${n}::{}[]", column.kind.on_postgres())?;
        }
        sql.push_str(") AS rows(");
        for (i, column) in self.columns.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(sql, "{comma}{}", column.name)?;
        }
        sql.push(')');
        Ok(())
    }

    fn write_json_each(&self, sql: &mut String, offset: usize) -> std::fmt::Result {
        let n = offset.saturating_add(self.values).saturating_add(1);
        sql.push_str("(SELECT ");
        for (i, column) in self.columns.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(sql, "{comma}value->>{i} AS {}", column.name)?;
        }
        write!(sql, " FROM json_each(${n})) AS rows")
    }
}

impl Column {
    /// `id BIGINT`, as it stands between the commas of `rows(…)`.
    fn read(declared: &'static str) -> Self {
        let mut words = declared.split_whitespace();
        let name = words.next().unwrap_or_default();
        let kind = match words.next() {
            Some("TEXT") => ColumnKind::Text,
            Some("BOOLEAN") => ColumnKind::Boolean,
            // A wrong type name is found by the first test that runs the text: the engine is told BIGINT.
            _ => ColumnKind::BigInt,
        };
        Self { name, kind }
    }
}

impl ColumnKind {
    fn on_postgres(self) -> &'static str {
        match self {
            Self::BigInt => "bigint",
            Self::Text => "text",
            Self::Boolean => "boolean",
        }
    }
}

/// The first word, placeholder, quoted text or single character of `rest`, and what follows it.
fn next_token(rest: &'static str, first: char) -> (&'static str, &'static str) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let len = match first {
        '\'' => {
            rest.char_indices().skip(1).find(|&(_, c)| c == '\'').map_or(rest.len(), |(at, _)| at.saturating_add(1))
        }
        '$' => rest.char_indices().skip(1).find(|&(_, c)| !c.is_ascii_digit()).map_or(rest.len(), |(at, _)| at),
        c if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
        c => c.len_utf8(),
    };
    rest.split_at_checked(len).unwrap_or((rest, ""))
}

/// How much of what follows `FOR` belongs to the lock: ` UPDATE`, and ` OF table` when it is there.
fn lock_len(after: &str) -> usize {
    let update = " UPDATE".len();
    let Some(of) = after.get(update..).and_then(|rest| rest.strip_prefix(" OF ")) else { return update };
    let table = of.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(of.len());
    update.saturating_add(" OF ".len()).saturating_add(table)
}

/// All `texts` as one statement: those before the last become `WITH` parts, which PostgreSQL runs in the same round trip.
/// SQLite is given one text at a time.
fn write(engine: Engine, texts: &[&Text]) -> String {
    let mut sql = String::new();
    let mut offset = 0_usize;
    let last = texts.len().saturating_sub(1);
    for (i, text) in texts.iter().enumerate() {
        let before = match i {
            _ if last == 0 => "",
            0 => "WITH part0 AS (",
            i if i == last => ") ",
            i => &format!("), part{i} AS ("),
        };
        sql.push_str(before);
        #[expect(clippy::expect_used, reason = "writing to a String cannot fail")]
        text.write_to(&mut sql, engine, offset).expect("memory takes any text");
        offset = offset.saturating_add(text.arguments(engine));
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts, and what PostgreSQL and SQLite are given.
    fn check(texts: &[&'static str], postgres: &str, sqlite: &str) {
        let texts: Vec<&Text> = texts.iter().map(|sql| parsed(sql)).collect();
        assert_eq!(written(Engine::Postgres, &texts), postgres);
        assert_eq!(written(Engine::Sqlite, &texts), sqlite);
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        let sql = "SELECT 'FOR UPDATE', 'rows(a BIGINT) $7', rows.a, narrows(3) FROM t -- 余额";
        check(&[sql], sql, sql);
        assert_eq!(parsed(sql).values, 0);
    }

    #[test]
    fn a_row_lock_is_for_postgresql_only() {
        check(
            &["SELECT x FROM t WHERE id = $1 ORDER BY id FOR UPDATE"],
            "SELECT x FROM t WHERE id = $1 ORDER BY id FOR UPDATE",
            "SELECT x FROM t WHERE id = $1 ORDER BY id ",
        );
        check(
            &["SELECT 1 FROM t, u FOR UPDATE OF t LIMIT 3"],
            "SELECT 1 FROM t, u FOR UPDATE OF t LIMIT 3",
            "SELECT 1 FROM t, u  LIMIT 3",
        );
    }

    #[test]
    fn a_set_of_rows_comes_after_the_values() {
        check(
            &["INSERT INTO t SELECT $1, rows.a, rows.b, rows.c FROM rows(a BIGINT, b TEXT, c BOOLEAN) WHERE $2"],
            "INSERT INTO t SELECT $1, rows.a, rows.b, rows.c \
             FROM unnest($3::bigint[], $4::text[], $5::boolean[]) AS rows(a, b, c) WHERE $2",
            "INSERT INTO t SELECT $1, rows.a, rows.b, rows.c \
             FROM (SELECT value->>0 AS a, value->>1 AS b, value->>2 AS c FROM json_each($3)) AS rows WHERE $2",
        );
    }

    #[test]
    fn a_chain_is_renumbered() {
        let texts: Vec<&Text> = [
            "UPDATE t SET a = rows.a FROM rows(id BIGINT, a BIGINT) WHERE t.id = rows.id AND t.x = $1",
            "DELETE FROM u WHERE id = $2 AND at < $1",
            "SELECT $1",
        ]
        .map(parsed)
        .to_vec();
        assert_eq!(
            written(Engine::Postgres, &texts),
            "WITH part0 AS (UPDATE t SET a = rows.a FROM unnest($2::bigint[], $3::bigint[]) AS rows(id, a) \
             WHERE t.id = rows.id AND t.x = $1), part1 AS (DELETE FROM u WHERE id = $5 AND at < $4) SELECT $6"
        );
    }
}
