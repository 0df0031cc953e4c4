//! The ways to a page of deposits, each a text of its own.

use store::{Query, Result, Tx};

use super::{DepositLine, Deposits, Stands};
use crate::deposits::Row;
use crate::records::Filter;
use crate::records::keyset::Bounds;

#[derive(sqlx::FromRow)]
struct LineRow {
    #[sqlx(flatten)]
    row: Row,
    group_name: String,
    login: String,
    operator_name: String,
}

/// What every statement of this module takes, by number: `$1` the group, or none; `$2`, `$3` and `$4`, `$5` the ids and
/// groups between which the deposits are; `$6` the operator; `$7` and `$8` the least and the highest amount; `$9` how they
/// stand; `$10` how many rows.
pub(super) fn bind<'c>(query: Query<'c>, filter: &Filter<Deposits>, bounds: Bounds, most: i64) -> Query<'c> {
    query
        .bind(filter.scope.group())
        .bind(bounds.above.0)
        .bind(bounds.above.1)
        .bind(bounds.below.0)
        .bind(bounds.below.1)
        .bind(filter.operator)
        .bind(filter.least)
        .bind(filter.most)
        .bind(filter.holds.map(Stands::as_str))
        .bind(most)
}

/// What is looked at row by row. The amount is what was paid, and of what was not paid, what was to be.
macro_rules! narrowed {
    () => {
        concat!(
            " AND (CAST($6 AS BIGINT) IS NULL OR d.operator_id = $6) ",
            "AND (CAST($7 AS BIGINT) IS NULL OR COALESCE(d.paid_fen, d.amount_fen) >= $7) ",
            "AND (CAST($8 AS BIGINT) IS NULL OR COALESCE(d.paid_fen, d.amount_fen) <= $8) ",
            "AND (CAST($9 AS TEXT) IS NULL OR d.state = $9 OR $9 = 'came' AND d.paid_fen IS NOT NULL)"
        )
    };
}

/// The way to the deposits of one group: a range of the primary key.
macro_rules! of_group {
    () => {
        concat!("FROM deposits d WHERE d.group_id = $1 AND d.id > $2 AND d.id < $4", narrowed!())
    };
}

/// To those of all groups: a range of the index of all ids, which is over `id + 0`, so that nobody takes it for one group.
macro_rules! of_all {
    () => {
        concat!(
            "FROM deposits d WHERE d.id + 0 >= $2 AND d.id + 0 <= $4 AND (d.id > $2 OR d.group_id > $3) ",
            "AND (d.id < $4 OR d.group_id < $5)",
            narrowed!()
        )
    };
}

pub(super) use {narrowed, of_all, of_group};

/// A page, in the order that its way has for nothing, and what its rows are called by.
macro_rules! lines {
    ($from:expr, $id:literal, $order:literal) => {
        concat!(
            "SELECT d.*, COALESCE(g.name, '') AS group_name, COALESCE(o.login, '') AS login, ",
            "COALESCE(o.name, '') AS operator_name FROM (SELECT d.* ",
            $from,
            " ORDER BY ",
            $id,
            " ",
            $order,
            ", d.group_id ",
            $order,
            " LIMIT $10) d LEFT JOIN groups g ON g.id = d.group_id LEFT JOIN operators o ON o.id = d.operator_id ",
            "ORDER BY d.id ",
            $order,
            ", d.group_id ",
            $order
        )
    };
}

/// The deposits of a filter within bounds.
pub(super) async fn rows(
    tx: &mut Tx,
    filter: &Filter<Deposits>,
    bounds: Bounds,
    newest_first: bool,
    most: i64,
) -> Result<Vec<DepositLine>> {
    let text = match (filter.scope.group().is_some(), newest_first) {
        (true, true) => lines!(of_group!(), "d.id", "DESC"),
        (true, false) => lines!(of_group!(), "d.id", "ASC"),
        (false, true) => lines!(of_all!(), "d.id + 0", "DESC"),
        (false, false) => lines!(of_all!(), "d.id + 0", "ASC"),
    };
    let rows: Vec<LineRow> = bind(tx.query(text), filter, bounds, most).all().await?;
    rows.into_iter().map(LineRow::into_line).collect()
}

impl LineRow {
    fn into_line(self) -> Result<DepositLine> {
        Ok(DepositLine {
            deposit: self.row.into_deposit().ok_or(store::Error::Missing)?,
            group: self.group_name,
            login: self.login,
            operator: self.operator_name,
        })
    }
}
