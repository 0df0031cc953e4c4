//! The ways to a page of loads, each a text of its own.

use store::{Query, Result, Tx};

use super::Line;
use crate::loads::{Row, load_columns, load_joins};
use crate::records::keyset::Bounds;
use crate::records::{Filter, Holds};

#[derive(sqlx::FromRow, serde::Deserialize)]
struct LineRow {
    #[sqlx(flatten)]
    #[serde(flatten)]
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

/// What is looked at row by row. PostgreSQL cannot know how many rows a comparison of this kind leaves, and takes it for one
/// in hundreds; it would then fetch and sort all that an index finds, to show one page. That something differs from a
/// number it takes for the rule: so it is said like that.
macro_rules! narrowed {
    () => {
        concat!(
            " AND (CAST($6 AS BIGINT) IS NULL OR l.operator_id = $6) AND (CAST($7 AS TEXT) IS NULL OR l.terminal = $7) ",
            "AND (CAST($8 AS BIGINT) IS NULL OR l.amount_fen >= $8) AND (CAST($9 AS BIGINT) IS NULL OR l.amount_fen <= $9) ",
            "AND (CAST($10 AS TEXT) IS NULL OR CASE WHEN l.card_number LIKE $10 THEN 1 ELSE 0 END <> 0) ",
            "AND (CAST($11 AS TEXT) IS NULL OR CASE WHEN ",
            holds!(),
            " = $11 THEN 1 ELSE 0 END <> 0)"
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

/// To those of cards that end with the same four digits, or of the one of them that is named. Its index has the group and
/// the whole number too, and is in the order of time: no load of another card is looked at.
macro_rules! of_card_end {
    ($digits:literal) => {
        concat!(
            "FROM loads l WHERE substr(l.card_number, length(l.card_number) - 3) = ",
            "substr(CAST(",
            $digits,
            " AS TEXT), length(CAST(",
            $digits,
            " AS TEXT)) - 3) AND (CAST($12 AS TEXT) IS NULL OR l.card_number = $12) AND l.id > $2 AND l.id < $4 ",
            "AND (CAST($1 AS BIGINT) IS NULL OR l.group_id = $1)",
            narrowed!()
        )
    };
}

/// To what an operator charged, as far as it has ended. Said like this, the group keeps no engine from the operator's index.
macro_rules! of_operator {
    () => {
        concat!(
            "FROM loads l WHERE l.operator_id = $6 AND l.state IN ('succeeded', 'failed') AND l.id > $2 AND l.id < $4 ",
            "AND (CAST($1 AS BIGINT) IS NULL OR CASE WHEN l.group_id = $1 THEN 1 ELSE 0 END <> 0)",
            narrowed!()
        )
    };
}

/// To what was charged at a terminal, as far as it has ended.
macro_rules! of_terminal {
    () => {
        concat!(
            "FROM loads l WHERE l.terminal = $7 AND l.state IN ('succeeded', 'failed') AND l.id > $2 AND l.id < $4 ",
            "AND (CAST($1 AS BIGINT) IS NULL OR CASE WHEN l.group_id = $1 THEN 1 ELSE 0 END <> 0)",
            narrowed!()
        )
    };
}

/// To what ended as failed, of one group.
macro_rules! of_failed {
    () => {
        concat!("FROM loads l WHERE l.group_id = $1 AND l.state = 'failed' AND l.id > $2 AND l.id < $4", narrowed!())
    };
}

/// To what ended as failed, of all groups.
macro_rules! of_all_failed {
    () => {
        concat!(
            "FROM loads l WHERE l.state = 'failed' AND l.id >= $2 AND l.id <= $4 AND (l.id > $2 OR l.group_id > $3) ",
            "AND (l.id < $4 OR l.group_id < $5)",
            narrowed!()
        )
    };
}

/// To what ended as succeeded, and was proven not to be written since.
macro_rules! of_refuted {
    () => {
        concat!(
            "FROM corrections n CROSS JOIN loads l WHERE n.written = 0 AND l.group_id = n.group_id AND l.id = n.load_id ",
            "AND l.state = 'succeeded' AND (CAST($1 AS BIGINT) IS NULL OR n.group_id = $1) ",
            "AND l.id >= $2 AND l.id <= $4 AND (l.id > $2 OR l.group_id > $3) AND (l.id < $4 OR l.group_id < $5)",
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

/// The text of each way within a macro that makes it whole.
macro_rules! by_way {
    ($way:expr, $whole:ident $(, $order:literal)?) => {
        match $way {
            Way::Group => $whole!(of_group!(), "l.id" $(, $order)?),
            Way::All => $whole!(of_all!(), "l.id + 0" $(, $order)?),
            Way::Card => $whole!(of_card_end!("$12"), "l.id" $(, $order)?),
            Way::CardEnd => $whole!(of_card_end!("$10"), "l.id" $(, $order)?),
            Way::Operator => $whole!(of_operator!(), "l.id" $(, $order)?),
            Way::Terminal => $whole!(of_terminal!(), "l.id" $(, $order)?),
            Way::Failed => $whole!(of_failed!(), "l.id" $(, $order)?),
            Way::AllFailed => $whole!(of_all_failed!(), "l.id" $(, $order)?),
            Way::Refuted => $whole!(of_refuted!(), "l.id" $(, $order)?),
            Way::Open => $whole!(of_open!(), "+l.id" $(, $order)?),
        }
    };
}

pub(super) use {
    by_way, holds, narrowed, of_all, of_all_failed, of_card_end, of_failed, of_group, of_open, of_operator, of_refuted,
    of_terminal,
};

/// The loads that come first in the order that their way has for nothing, and what they are called by. Joined, they come in
/// any order.
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
            "LEFT JOIN groups g ON g.id = l.group_id LEFT JOIN terminals t ON t.number = l.terminal"
        )
    };
}

fn text(way: Way, newest_first: bool) -> &'static str {
    if newest_first { by_way!(way, lines, "DESC") } else { by_way!(way, lines, "ASC") }
}

/// An index that finds loads with little else to look through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Group,
    All,
    Card,
    CardEnd,
    Operator,
    Terminal,
    Failed,
    AllFailed,
    Refuted,
    Open,
}

impl Way {
    /// The ways that together find each load of a filter, and find it once.
    pub(super) fn of(filter: &Filter) -> &'static [Self] {
        let is_open_too = filter.holds.is_none();
        if filter.holds == Some(Holds::Unknown) {
            // Nothing that was corrected is open.
            &[Self::Open]
        } else if filter.whole_card().is_some() {
            &[Self::Card]
        } else if filter.card.is_some() {
            &[Self::CardEnd]
        } else if filter.operator.is_some() {
            if is_open_too { &[Self::Operator, Self::Open] } else { &[Self::Operator] }
        } else if filter.terminal.is_some() {
            if is_open_too { &[Self::Terminal, Self::Open] } else { &[Self::Terminal] }
        } else if filter.holds == Some(Holds::Failed) {
            if filter.scope.group().is_some() {
                &[Self::Failed, Self::Refuted]
            } else {
                &[Self::AllFailed, Self::Refuted]
            }
        } else if filter.scope.group().is_some() {
            &[Self::Group]
        } else {
            &[Self::All]
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
    let mut lines: Vec<Line> = Vec::new();
    for way in Way::of(filter) {
        let rows: Vec<LineRow> = bind(tx.query(text(*way, newest_first)), filter, bounds, most).bulk().await?;
        for row in rows {
            lines.push(row.into_line()?);
        }
    }
    lines.sort_unstable_by_key(|line| (line.load.order, line.load.group));
    if newest_first {
        lines.reverse();
    }
    lines.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(lines)
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
