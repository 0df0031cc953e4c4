//! The SQL of charts: what is kept of the loads that ended, and the few loads that are open or were corrected since.

use std::collections::BTreeMap;

use ledger::{Fen, GroupId};
use store::{Cell, Result, Tx};

use super::{By, Step};
use crate::loads::State;
use crate::people::OperatorId;
use crate::records::keyset::Bounds;
use crate::records::loads::page::{bind, holds, narrowed, of_open};
use crate::records::loads::totals::{self, Spans};
use crate::records::{Day, Filter, Holds, Totals};

/// A load that is counted otherwise than it ended: open, or corrected.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    pub(super) day: Day,
    group: GroupId,
    operator: OperatorId,
    terminal: String,
    amount: Fen,
    /// How it ended, if it did.
    from: Option<Holds>,
    to: Holds,
}

impl Moved {
    /// Moves it in totals that have it as it ended.
    pub(super) fn apply(&self, totals: &mut Totals) {
        if let Some(from) = self.from {
            totals.add(from, -1, Fen::new(self.amount.as_i64().saturating_neg()));
        }
        totals.add(self.to, 1, self.amount);
    }

    /// Whose share it is.
    pub(super) fn key(&self, by: By) -> String {
        match by {
            By::Group => self.group.0.to_string(),
            By::Operator => self.operator.0.to_string(),
            By::Terminal => self.terminal.clone(),
        }
    }
}

type MovedRow = (i64, GroupId, OperatorId, String, Fen, String, i64);

/// The loads of a filter that are open, and those that were corrected.
pub(super) async fn moved(tx: &mut Tx, filter: &Filter) -> Result<Vec<Moved>> {
    const OPEN: i64 = -1;
    let open: Vec<MovedRow> = bind(
        tx.query(concat!(
            "SELECT l.id, l.group_id, l.operator_id, l.terminal, l.amount_fen, l.state, CAST(-1 AS BIGINT) ",
            of_open!(),
            " LIMIT $13"
        )),
        filter,
        Bounds::of(filter),
        i64::MAX,
    )
    .all()
    .await?;
    let corrected: Vec<MovedRow> = bind(
        tx.query(
            "SELECT l.id, l.group_id, l.operator_id, l.terminal, l.amount_fen, l.state, c.written FROM (\
             SELECT group_id, load_id, MAX(written) AS written FROM corrections \
             WHERE (CAST($1 AS BIGINT) IS NULL OR group_id = $1) AND load_id > $2 AND load_id < $4 \
             GROUP BY group_id, load_id) AS c JOIN loads l ON l.group_id = c.group_id AND l.id = c.load_id \
             WHERE (CAST($6 AS BIGINT) IS NULL OR l.operator_id = $6) \
             AND (CAST($7 AS TEXT) IS NULL OR l.terminal = $7) LIMIT $13",
        ),
        filter,
        Bounds::of(filter),
        i64::MAX,
    )
    .all()
    .await?;
    let moved = |(id, group, operator, terminal, amount, state, written): MovedRow| {
        let ended = State::parse(&state).ok_or(store::Error::Missing)?;
        let (from, to) = match written {
            OPEN => (None, Holds::Unknown),
            1 => (Some(ended.into()), Holds::Succeeded),
            _ => (Some(ended.into()), Holds::Failed),
        };
        Ok(Moved { day: Day::of_id(id), group, operator, terminal, amount, from, to })
    };
    open.into_iter().chain(corrected).map(moved).collect()
}

/// Days where a point may begin within a month, else as few spans as can be.
pub(super) fn spans(filter: &Filter, step: Step) -> Spans {
    match step {
        Step::Day | Step::Week if filter.operator.is_none() && filter.terminal.is_none() => {
            vec![("day", filter.period.first(), filter.period.last())]
        }
        Step::Day | Step::Week | Step::Month | Step::Year => totals::spans(filter),
    }
}

fn cells(spans: Spans) -> impl Iterator<Item = [Cell<'static>; 3]> {
    spans.into_iter().map(|(grain, first, last)| [grain.into(), first.number().into(), last.number().into()])
}

/// What is kept of the loads that ended, by whose share it is.
pub(super) async fn by(tx: &mut Tx, filter: &Filter, by: By) -> Result<BTreeMap<String, Totals>> {
    let query = match by {
        By::Group => tx.query(
            "SELECT CAST(t.group_id AS TEXT), t.state, CAST(SUM(t.loads) AS BIGINT), CAST(SUM(t.sum_fen) AS BIGINT) \
             FROM rows(grain TEXT, first_day BIGINT, last_day BIGINT) CROSS JOIN groups g \
             JOIN load_totals t ON t.group_id = g.id AND t.grain = rows.grain \
             AND t.first_day BETWEEN rows.first_day AND rows.last_day \
             WHERE (CAST($1 AS BIGINT) IS NULL OR g.id = $1) AND (CAST($2 AS BIGINT) IS NULL OR t.operator_id = $2) \
             AND (CAST($3 AS TEXT) IS NULL OR t.terminal = $3) GROUP BY t.group_id, t.state",
        ),
        By::Operator => tx.query(
            "SELECT CAST(t.operator_id AS TEXT), t.state, CAST(SUM(t.loads) AS BIGINT), \
             CAST(SUM(t.sum_fen) AS BIGINT) FROM rows(grain TEXT, first_day BIGINT, last_day BIGINT) \
             JOIN load_totals t ON t.group_id = $1 AND t.grain = rows.grain \
             AND t.first_day BETWEEN rows.first_day AND rows.last_day \
             WHERE (CAST($2 AS BIGINT) IS NULL OR t.operator_id = $2) \
             AND (CAST($3 AS TEXT) IS NULL OR t.terminal = $3) GROUP BY t.operator_id, t.state",
        ),
        By::Terminal => tx.query(
            "SELECT t.terminal, t.state, CAST(SUM(t.loads) AS BIGINT), \
             CAST(SUM(t.sum_fen) AS BIGINT) FROM rows(grain TEXT, first_day BIGINT, last_day BIGINT) \
             JOIN load_totals t ON t.group_id = $1 AND t.grain = rows.grain \
             AND t.first_day BETWEEN rows.first_day AND rows.last_day \
             WHERE (CAST($2 AS BIGINT) IS NULL OR t.operator_id = $2) \
             AND (CAST($3 AS TEXT) IS NULL OR t.terminal = $3) GROUP BY t.terminal, t.state",
        ),
    };
    let spans = match by {
        By::Group => totals::spans(filter),
        By::Operator | By::Terminal => vec![("place", filter.period.first(), filter.period.last())],
    };
    let rows: Vec<(String, String, i64, Fen)> = query
        .bind(filter.scope.group())
        .bind(filter.operator)
        .bind(filter.terminal.as_deref())
        .rows(cells(spans))
        .all()
        .await?;
    let mut sums: BTreeMap<String, Totals> = BTreeMap::new();
    for (key, state, count, sum) in rows {
        sums.entry(key).or_default().merge(ended(&state, count, sum)?);
    }
    Ok(sums)
}

/// By whose share it is: what a filter calls them, and what people do. A group sees the names of its own only.
pub(super) async fn names(tx: &mut Tx, filter: &Filter, by: By) -> Result<BTreeMap<String, (String, String)>> {
    let query = match by {
        By::Group => tx.query(
            "SELECT CAST(id AS TEXT), CAST(id AS TEXT), name FROM groups WHERE (CAST($1 AS BIGINT) IS NULL OR id = $1)",
        ),
        By::Operator => tx.query("SELECT CAST(id AS TEXT), login, name FROM operators WHERE group_id = $1"),
        By::Terminal => tx.query("SELECT number, number, name FROM terminals WHERE group_id = $1"),
    };
    let rows: Vec<(String, String, String)> = query.bind(filter.scope.group()).all().await?;
    Ok(rows.into_iter().map(|(id, key, name)| (id, (key, name))).collect())
}

fn ended(state: &str, count: i64, sum: Fen) -> Result<Totals> {
    let mut totals = Totals::default();
    totals.add(State::parse(state).ok_or(store::Error::Missing)?.into(), count, sum);
    Ok(totals)
}
