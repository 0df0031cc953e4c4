//! A statement with its arguments.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Encode, Executor as _, FromRow, PgConnection, Postgres, Sqlite, SqliteConnection, Type};

use crate::bulk::{self, BulkRow};
use crate::rows::{self, Cell, PgColumn};
use crate::text::{self, Text};
use crate::tx::Course;
use crate::{Engine, Error, Result};

/// A statement with its arguments; `one`, `optional`, `all` or `execute` runs it.
///
/// The text is common SQL with `$1`, `$2`, … for values. Beyond that it may say `FOR UPDATE`, and it may take a set of
/// rows, so that one statement writes many:
///
/// ```
/// # async fn example(tx: &mut store::Tx) -> store::Result<()> {
/// let notes = [(1, "一"), (2, "二")];
/// tx.query("UPDATE loads SET reason = rows.note FROM rows(id BIGINT, note TEXT) \
///           WHERE loads.group_id = $1 AND loads.id = rows.id")
///     .bind(7_i64)
///     .rows(notes.map(|(id, note)| [id.into(), note.into()]))
///     .execute()
///     .await?;
/// # Ok(()) }
/// ```
///
/// Values are bound before the rows. Statements that do not depend on each other go in one round trip with [`Query::and`].
#[must_use = "a query does nothing until it is run"]
#[derive(Debug)]
pub struct Query<'c> {
    conn: Conn<'c>,
    /// How far the unit of work is.
    course: &'c mut Course,
    /// Nothing comes after it in its unit of work.
    last: bool,
    texts: Vec<&'static Text>,
    arguments: Arguments,
    /// How many values and whether rows were given to the last text.
    given: (usize, bool),
    /// The first thing that was wrong with an argument; said when the query runs.
    fault: Option<BoxDynError>,
}

/// A value that both engines can store; `#[derive(sqlx::Type)] #[sqlx(transparent)]` makes a newtype one.
pub trait Bind<'v>: Encode<'v, Sqlite> + Type<Sqlite> + Encode<'v, Postgres> + Type<Postgres> {}
impl<'v, T> Bind<'v> for T where T: Encode<'v, Sqlite> + Type<Sqlite> + Encode<'v, Postgres> + Type<Postgres> {}

/// A row that both engines can read; `#[derive(sqlx::FromRow)]` makes one, and so does a tuple.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// Where a query runs.
#[derive(Debug)]
pub(crate) enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// The arguments in the engine's own encoding: one list a text on SQLite, one for all on PostgreSQL.
#[derive(Debug)]
enum Arguments {
    Sqlite(Vec<SqliteArguments>),
    Postgres(PgArguments),
}

impl<'c> Query<'c> {
    pub(crate) fn new(conn: Conn<'c>, course: &'c mut Course, text: &'static Text) -> Self {
        let arguments = match conn {
            Conn::Sqlite(_) => Arguments::Sqlite(vec![SqliteArguments::default()]),
            Conn::Postgres(_) => Arguments::Postgres(PgArguments::default()),
        };
        Self { conn, course, last: false, texts: vec![text], arguments, given: (0, false), fault: None }
    }

    /// The value of the next `$n`.
    pub fn bind<'v>(mut self, value: impl Bind<'v>) -> Self {
        let added = match &mut self.arguments {
            Arguments::Sqlite(lists) => lists.last_mut().map_or(Ok(()), |list| list.add(value)),
            Arguments::Postgres(list) => list.add(value),
        };
        self.given.0 = self.given.0.saturating_add(1);
        if self.given.1 {
            self.fault.get_or_insert_with(|| "values are bound before the rows".into());
        }
        self.noting(added)
    }

    /// The rows of the text's `rows(…)`, each with a cell for every column.
    pub fn rows<'v, const N: usize>(mut self, rows: impl IntoIterator<Item = [Cell<'v>; N]>) -> Self {
        let cells: Vec<Cell<'v>> = rows.into_iter().flatten().collect();
        let columns = self.texts.last().map_or(&[][..], |text| &text.columns);
        let added = if columns.len() == N {
            match &mut self.arguments {
                Arguments::Sqlite(lists) => {
                    rows::json(columns, &cells).and_then(|json| lists.last_mut().map_or(Ok(()), |list| list.add(json)))
                }
                Arguments::Postgres(list) => PgColumn::all(columns, &cells).try_for_each(|column| list.add(column)),
            }
        } else {
            Err(format!("the text declares {} columns of rows, {N} were given", columns.len()).into())
        };
        self.given.1 = true;
        self.noting(added)
    }

    /// One more statement for the same round trip. The query's result is that of its last statement.
    ///
    /// The statements must not depend on each other: PostgreSQL runs them as parts of one, where each sees the database
    /// as it was before the first; SQLite runs one after the other.
    pub fn and(mut self, sql: &'static str) -> Self {
        self.check_given();
        self.texts.push(text::parsed(sql));
        self.given = (0, false);
        if let Arguments::Sqlite(lists) = &mut self.arguments {
            lists.push(SqliteArguments::default());
        }
        self
    }

    /// Runs it for its effect; returns how many rows the last statement changed.
    pub async fn execute(self) -> Result<u64> {
        let (ready, course) = self.ready().await?;
        let done = match ready {
            Ready::Sqlite(conn, sql, args) => {
                sqlx::query_with(sql, args).execute(conn).await.map(|d| d.rows_affected())
            }
            Ready::Postgres(conn, sql, args) => {
                sqlx::query_with(sql, args).execute(conn).await.map(|d| d.rows_affected())
            }
        };
        or_spoil(done, course)
    }

    /// Runs it as the last statement of its unit of work, and commits with it where that saves round trips: in a queue on
    /// PostgreSQL, when it is also the first. The unit of work is committed as ever, which then has nothing left to do.
    pub async fn execute_last(mut self) -> Result<u64> {
        self.last = true;
        self.execute().await
    }

    /// Its only row.
    pub async fn one<T: Row>(self) -> Result<T> {
        self.optional().await?.ok_or(Error::Missing)
    }

    /// Its only row, if there is one.
    pub async fn optional<T: Row>(self) -> Result<Option<T>> {
        let (ready, course) = self.ready().await?;
        let row = match ready {
            Ready::Sqlite(conn, sql, args) => sqlx::query_as_with(sql, args).fetch_optional(conn).await,
            Ready::Postgres(conn, sql, args) => sqlx::query_as_with(sql, args).fetch_optional(conn).await,
        };
        or_spoil(row, course)
    }

    /// All its rows.
    pub async fn all<T: Row>(self) -> Result<Vec<T>> {
        let (ready, course) = self.ready().await?;
        let rows = match ready {
            Ready::Sqlite(conn, sql, args) => sqlx::query_as_with(sql, args).fetch_all(conn).await,
            Ready::Postgres(conn, sql, args) => sqlx::query_as_with(sql, args).fetch_all(conn).await,
        };
        or_spoil(rows, course)
    }

    /// All its rows, for who reads thousands at a time: quicker on SQLite, and in memory twice for a moment.
    pub async fn bulk<T: BulkRow>(self) -> Result<Vec<T>> {
        let (ready, course) = self.ready().await?;
        let rows = match ready {
            Ready::Sqlite(conn, sql, args) => bulk::sqlite(conn, sql, args).await,
            Ready::Postgres(conn, sql, args) => sqlx::query_as_with(sql, args).fetch_all(conn).await,
        };
        or_spoil(rows, course)
    }

    /// Down to the one statement that gives the result: on SQLite, all before the last have run.
    async fn ready(mut self) -> Result<(Ready<'c>, &'c mut Course)> {
        self.check_given();
        if let Some(fault) = self.fault {
            return Err(sqlx::Error::Encode(fault).into());
        }
        let ready = match (self.conn, self.arguments) {
            (Conn::Postgres(conn), Arguments::Postgres(arguments)) => {
                if !self.course.begun && !self.last {
                    self.course.begun = true;
                    or_spoil(conn.execute("BEGIN").await, self.course)?;
                }
                Ready::Postgres(conn, text::written(Engine::Postgres, &self.texts), arguments)
            }
            (Conn::Sqlite(conn), Arguments::Sqlite(mut lists)) => {
                let last = lists.pop().unwrap_or_default();
                let mut texts = self.texts.iter();
                for (arguments, text) in lists.into_iter().zip(texts.by_ref()) {
                    let sql = text::written(Engine::Sqlite, &[*text]);
                    or_spoil(sqlx::query_with(sql, arguments).execute(&mut *conn).await, self.course)?;
                }
                let sql = texts.next().map_or("", |text| text::written(Engine::Sqlite, &[*text]));
                Ready::Sqlite(conn, sql, last)
            }
            (Conn::Sqlite(_), Arguments::Postgres(_)) | (Conn::Postgres(_), Arguments::Sqlite(_)) => {
                return Err(sqlx::Error::Protocol("the arguments are for the other engine".into()).into());
            }
        };
        Ok((ready, self.course))
    }

    fn noting(mut self, added: Result<(), BoxDynError>) -> Self {
        if let Err(error) = added {
            self.fault.get_or_insert(error);
        }
        self
    }

    /// SQLite takes a value that was never bound for NULL, so a miscount must be found here.
    fn check_given(&mut self) {
        let Some(text) = self.texts.last() else { return };
        let wanted = (text.values, !text.columns.is_empty());
        if wanted != self.given {
            let message = format!("the text takes (values, rows) {wanted:?}, it was given {:?}", self.given);
            self.fault.get_or_insert_with(|| message.into());
        }
    }
}

/// The last statement of a query, all that is left to run.
enum Ready<'c> {
    Sqlite(&'c mut SqliteConnection, &'static str, SqliteArguments),
    Postgres(&'c mut PgConnection, &'static str, PgArguments),
}

/// After an error PostgreSQL lets the unit of work do nothing but end, and would answer its COMMIT with a silent rollback;
/// SQLite would go on and commit the rest. Both are made to refuse.
///
/// A statement that ran before any BEGIN was its own commit.
fn or_spoil<T>(done: Result<T, sqlx::Error>, course: &mut Course) -> Result<T> {
    course.spoiled |= done.is_err();
    if course.begun {
        return Ok(done?);
    }
    course.committed = done.is_ok();
    done.map_err(Error::of_commit)
}
