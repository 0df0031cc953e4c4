//! The ways to a page of loads, each a text of its own.

use store::{Query, Result, Tx};

use super::Line;
use crate::loads::{Row, load_columns, load_joins};
use crate::records::keyset::Bounds;
use crate::records::{Filter, Holds};

#[derive(sqlx::FromRow)]
struct LineRow {
    #[sqlx(flatten)]
    load: Row,
    group_name: Option<String>,
    operator_name: Option<String>,
    terminal_name: Option<String>,
}

/// What every statement of this module takes, by number: `$1` the group, or none; `$2`, `$3` and `$4`, `$5` the ids and
/// groups between which the loads are; `$6` the operator; `$7` the terminal; `$8` and `$9` the least and the highest
/// amount; `$10` the end of the card's number; `$11` what holds; `$12` the whole of the card's number; `$13` how many rows.
pub(super) fn bind<'c>(query: Query<'c>, filter: &Filter, bounds: Bounds, most: i64) -> Query<'c> {
    let end = filter.card.as_ref().filter(|_| filter.whole_card().is_none()).map(|digits| format!("%{digits}"));
    query
        .bind(filter.scope.group())
        .bind(bounds.above.0)
        .bind(bounds.above.1)
        .bind(bounds.below.0)
        .bind(bounds.below.1)
        .bind(filter.operator)
        .bind(filter.terminal.as_deref())
        .bind(filter.least)
        .bind(filter.most)
        .bind(end)
        .bind(filter.holds.map(Holds::as_str))
        .bind(filter.whole_card())
        .bind(most)
}

/// What holds of `l` by what is known now.
macro_rules! holds {
    () => {
        concat!(
            "CASE (SELECT MAX(c.written) FROM corrections c WHERE c.group_id = l.group_id AND c.load_id = l.id) ",
            "WHEN 1 THEN 'succeeded' WHEN 0 THEN 'failed' ",
            "ELSE CASE l.state WHEN 'authorised' THEN 'unknown' ELSE l.state END END"
        )
    };
}

/// What is looked at row by row.
macro_rules! narrowed {
    () => {
        concat!(
            " AND (CAST($6 AS BIGINT) IS NULL OR l.operator_id = $6) AND (CAST($7 AS TEXT) IS NULL OR l.terminal = $7) ",
            "AND (CAST($8 AS BIGINT) IS NULL OR l.amount_fen >= $8) AND (CAST($9 AS BIGINT) IS NULL OR l.amount_fen <= $9) ",
            "AND (CAST($10 AS TEXT) IS NULL OR l.card_number LIKE $10) ",
            "AND (CAST($11 AS TEXT) IS NULL OR ",
            holds!(),
            " = $11)"
        )
    };
}

/// The way to the loads of one group: a range of the primary key.
macro_rules! of_group {
    () => {
        concat!("FROM loads l WHERE l.group_id = $1 AND l.id > $2 AND l.id < $4", narrowed!())
    };
}

/// To those of all groups: a range of the index of all ids, which is over `id + 0`, so that nobody takes it for one group.
macro_rules! of_all {
    () => {
        concat!(
            "FROM loads l WHERE l.id + 0 >= $2 AND l.id + 0 <= $4 AND (l.id > $2 OR l.group_id > $3) ",
            "AND (l.id < $4 OR l.group_id < $5)",
            narrowed!()
        )
    };
}

/// To those of one card.
macro_rules! of_card {
    () => {
        concat!(
            "FROM loads l WHERE l.card_number = $12 AND l.id > $2 AND l.id < $4 ",
            "AND (CAST($1 AS BIGINT) IS NULL OR l.group_id = $1)",
            narrowed!()
        )
    };
}

/// To what is open. The pluses keep the engines from other indexes, for the rows and for their order: this one is as small
/// as what is open, and its first column is said so that SQLite takes it.
macro_rules! of_open {
    () => {
        concat!(
            "FROM loads l WHERE l.state IN ('authorised', 'unknown') AND l.card_number > '' ",
            "AND (CAST($1 AS BIGINT) IS NULL OR +l.group_id = $1) AND +l.id > $2 AND +l.id < $4 ",
            "AND (CAST($12 AS TEXT) IS NULL OR l.card_number = $12)",
            narrowed!()
        )
    };
}

pub(super) use {holds, narrowed, of_all, of_card, of_group, of_open};

/// A page, in the order that its way has for nothing, and what its rows are called by.
macro_rules! lines {
    ($from:expr, $id:literal, $order:literal) => {
        concat!(
            "SELECT ",
            load_columns!(),
            ", g.name AS group_name, o.name AS operator_name, t.name AS terminal_name FROM (SELECT l.* ",
            $from,
            " ORDER BY ",
            $id,
            " ",
            $order,
            ", l.group_id ",
            $order,
            " LIMIT $13) l ",
            load_joins!(),
            "LEFT JOIN groups g ON g.id = l.group_id LEFT JOIN terminals t ON t.number = l.terminal ORDER BY l.id ",
            $order,
            ", l.group_id ",
            $order
        )
    };
}

fn text(filter: &Filter, newest_first: bool) -> &'static str {
    match (Way::of(filter), newest_first) {
        (Way::Group, true) => lines!(of_group!(), "l.id", "DESC"),
        (Way::Group, false) => lines!(of_group!(), "l.id", "ASC"),
        (Way::All, true) => lines!(of_all!(), "l.id + 0", "DESC"),
        (Way::All, false) => lines!(of_all!(), "l.id + 0", "ASC"),
        (Way::Card, true) => lines!(of_card!(), "l.id", "DESC"),
        (Way::Card, false) => lines!(of_card!(), "l.id", "ASC"),
        (Way::Open, true) => lines!(of_open!(), "+l.id", "DESC"),
        (Way::Open, false) => lines!(of_open!(), "+l.id", "ASC"),
    }
}

/// The index that finds the loads of a filter with the least to look through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Group,
    All,
    Card,
    Open,
}

impl Way {
    pub(super) fn of(filter: &Filter) -> Self {
        if filter.holds == Some(Holds::Unknown) {
            // Nothing that was corrected is open.
            Self::Open
        } else if filter.whole_card().is_some() {
            Self::Card
        } else if filter.scope.group().is_some() {
            Self::Group
        } else {
            Self::All
        }
    }
}

/// The loads of a filter within bounds.
pub(super) async fn rows(
    tx: &mut Tx,
    filter: &Filter,
    bounds: Bounds,
    newest_first: bool,
    most: i64,
) -> Result<Vec<Line>> {
    let query = tx.query(text(filter, newest_first));
    let rows: Vec<LineRow> = bind(query, filter, bounds, most).all().await?;
    rows.into_iter().map(LineRow::into_line).collect()
}

impl LineRow {
    fn into_line(self) -> Result<Line> {
        let Self { load, group_name, operator_name, terminal_name } = self;
        Ok(Line {
            load: load.into_load()?,
            group: group_name.unwrap_or_default(),
            operator: operator_name,
            terminal: terminal_name,
        })
    }
}
