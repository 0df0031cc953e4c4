//! How many deposits a filter finds, and how much they come to, by how they stand now.

use ledger::Fen;
use store::{Cell, Result, Tx};

use super::page::{bind, narrowed, of_all, of_group};
use super::{Deposits, Stands};
use crate::deposits::State;
use crate::loads::Totals as Sum;
use crate::records::Filter;
use crate::records::keyset::Bounds;

/// Of all that a filter finds, by state: what was paid, and of what was not paid, what was to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DepositTotals {
    states: [Sum; State::ALL.len()],
}

impl DepositTotals {
    /// Those in this state.
    pub fn of(&self, state: State) -> Sum {
        self.those(|one| one == state)
    }

    /// Those whose money came, whatever became of it since.
    pub fn came(&self) -> Sum {
        self.those(State::is_paid)
    }

    /// Those whose money has not come.
    pub fn unpaid(&self) -> Sum {
        self.those(|state| !state.is_paid())
    }

    /// Those that go back, or will.
    pub fn going_back(&self) -> Sum {
        self.those(|state| matches!(state, State::Rejected | State::Refunding))
    }

    /// All of them.
    pub fn all(&self) -> Sum {
        self.those(|_| true)
    }

    /// Adds to those in a state.
    pub(super) fn add(&mut self, state: State, count: i64, fen: Fen) {
        for (_, sum) in State::ALL.iter().zip(&mut self.states).filter(|(one, _)| **one == state) {
            sum.count = sum.count.saturating_add(count);
            sum.sum = Fen::new(sum.sum.as_i64().saturating_add(fen.as_i64()));
        }
    }

    fn those(&self, are: impl Fn(State) -> bool) -> Sum {
        let those = State::ALL.into_iter().zip(self.states).filter(|(state, _)| are(*state));
        those.fold(Sum::default(), |all, (_, sum)| Sum {
            count: all.count.saturating_add(sum.count),
            sum: Fen::new(all.sum.as_i64().saturating_add(sum.sum.as_i64())),
        })
    }
}

/// What a statement answers: state, how many, how much.
type Summed = (String, i64, Fen);

/// Of the whole filter, in the moment that `tx` sees.
pub(super) async fn sum(tx: &mut Tx, filter: &Filter<Deposits>) -> Result<DepositTotals> {
    let rows = if filter.is_totalled() { kept(tx, filter).await? } else { of_rows(tx, filter).await? };
    let mut totals = DepositTotals::default();
    for (state, count, sum) in rows {
        let state = State::parse(&state).ok_or(store::Error::Missing)?;
        if filter.holds.is_none_or(|asked: Stands| asked.finds(state)) {
            totals.add(state, count, sum);
        }
    }
    Ok(totals)
}

/// Sums up rows.
macro_rules! summed {
    ($from:expr) => {
        concat!(
            "SELECT state, COUNT(*), CAST(SUM(fen) AS BIGINT) FROM (SELECT d.state, ",
            "COALESCE(d.paid_fen, d.amount_fen) AS fen ",
            $from,
            " LIMIT $10) AS found GROUP BY state"
        )
    };
}

async fn of_rows(tx: &mut Tx, filter: &Filter<Deposits>) -> Result<Vec<Summed>> {
    let text = if filter.scope.group().is_some() { summed!(of_group!()) } else { summed!(of_all!()) };
    bind(tx.query(text), filter, Bounds::of(filter), i64::MAX).all().await
}

/// The totals that are kept, in whole months and single days; of one operator, in days.
async fn kept(tx: &mut Tx, filter: &Filter<Deposits>) -> Result<Vec<Summed>> {
    let spans = if filter.operator.is_some() {
        vec![("operator", filter.period.first(), filter.period.last())]
    } else {
        filter.period.spans()
    };
    let spans = spans.iter().map(|(grain, first, last)| {
        let cells: [Cell<'_>; 3] = [(*grain).into(), first.number().into(), last.number().into()];
        cells
    });
    // Of all groups, group by group: the key begins with the group.
    let query = match filter.scope.group() {
        Some(_) => tx.query(
            "SELECT t.state, CAST(SUM(t.deposits) AS BIGINT), CAST(SUM(t.sum_fen) AS BIGINT) \
             FROM rows(grain TEXT, first_day BIGINT, last_day BIGINT) JOIN deposit_totals t ON t.group_id = $1 \
             AND t.grain = rows.grain AND t.first_day BETWEEN rows.first_day AND rows.last_day \
             WHERE (CAST($2 AS BIGINT) IS NULL OR t.operator_id = $2) GROUP BY t.state",
        ),
        None => tx.query(
            "SELECT t.state, CAST(SUM(t.deposits) AS BIGINT), CAST(SUM(t.sum_fen) AS BIGINT) \
             FROM rows(grain TEXT, first_day BIGINT, last_day BIGINT) CROSS JOIN groups g \
             JOIN deposit_totals t ON t.group_id = g.id AND t.grain = rows.grain \
             AND t.first_day BETWEEN rows.first_day AND rows.last_day \
             WHERE (CAST($1 AS BIGINT) IS NULL OR g.id = $1) AND (CAST($2 AS BIGINT) IS NULL OR t.operator_id = $2) \
             GROUP BY t.state",
        ),
    };
    query.bind(filter.scope.group()).bind(filter.operator).rows(spans).all().await
}
