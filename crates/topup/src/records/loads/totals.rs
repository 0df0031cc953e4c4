//! How many loads a filter finds, and how much they come to, by what holds now.

use ledger::Fen;
use store::{Cell, Result, Tx};

use super::page::{Way, bind, holds, narrowed, of_all, of_card, of_group, of_open};
use crate::loads::{State, Totals as Sum};
use crate::records::keyset::Bounds;
use crate::records::{Filter, Holds};

/// Of all that a filter finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// On the card.
    pub succeeded: Sum,
    /// Not charged.
    pub failed: Sum,
    /// In doubt, or still under way: the money is held.
    pub unknown: Sum,
}

impl Totals {
    /// How many in all.
    pub fn count(&self) -> i64 {
        [self.succeeded, self.failed, self.unknown].iter().fold(0, |sum, totals| sum.saturating_add(totals.count))
    }

    /// Those of which this holds.
    pub fn of(&self, holds: Holds) -> Sum {
        match holds {
            Holds::Succeeded => self.succeeded,
            Holds::Failed => self.failed,
            Holds::Unknown => self.unknown,
        }
    }

    /// Counts one load more.
    pub(super) fn count_in(&mut self, holds: Holds, amount: Fen) {
        self.add(holds, 1, amount);
    }

    fn add(&mut self, holds: Holds, count: i64, sum: Fen) {
        let totals = match holds {
            Holds::Succeeded => &mut self.succeeded,
            Holds::Failed => &mut self.failed,
            Holds::Unknown => &mut self.unknown,
        };
        totals.count = totals.count.saturating_add(count);
        totals.sum = Fen::new(totals.sum.as_i64().saturating_add(sum.as_i64()));
    }

    /// Only what a filter asks for.
    fn only(self, holds: Option<Holds>) -> Self {
        let mut only = Self::default();
        for holds in Holds::ALL.into_iter().filter(|one| holds.is_none_or(|asked| asked == *one)) {
            only.add(holds, self.of(holds).count, self.of(holds).sum);
        }
        only
    }
}

/// Of the whole filter, in the moment that `tx` sees.
pub(super) async fn sum(tx: &mut Tx, filter: &Filter) -> Result<Totals> {
    if !filter.is_totalled() || filter.holds == Some(Holds::Unknown) {
        return of_rows(tx, filter, Way::of(filter)).await;
    }
    let mut totals = kept(tx, filter).await?;
    if filter.holds.is_none() {
        totals.unknown = of_rows(tx, filter, Way::Open).await?.unknown;
    }
    correct(tx, filter, &mut totals).await?;
    Ok(totals.only(filter.holds))
}

/// Sums up rows.
macro_rules! summed {
    ($from:expr) => {
        concat!(
            "SELECT holds, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM (SELECT l.amount_fen, ",
            holds!(),
            " AS holds ",
            $from,
            " LIMIT $13) AS found GROUP BY holds"
        )
    };
}

async fn of_rows(tx: &mut Tx, filter: &Filter, way: Way) -> Result<Totals> {
    let text = match way {
        Way::Group => summed!(of_group!()),
        Way::All => summed!(of_all!()),
        Way::Card => summed!(of_card!()),
        Way::Open => summed!(of_open!()),
    };
    let rows: Vec<(String, i64, Fen)> = bind(tx.query(text), filter, Bounds::of(filter), i64::MAX).all().await?;
    let mut totals = Totals::default();
    for (holds, count, sum) in rows {
        totals.add(Holds::parse(&holds).ok_or(store::Error::Missing)?, count, sum);
    }
    Ok(totals)
}

/// The totals that are kept of the loads that ended, by how they ended.
async fn kept(tx: &mut Tx, filter: &Filter) -> Result<Totals> {
    let at_a_place = filter.operator.is_some() || filter.terminal.is_some();
    let spans =
        if at_a_place { vec![("place", filter.period.first(), filter.period.last())] } else { filter.period.spans() };
    let spans = spans.iter().map(|(grain, first, last)| {
        let cells: [Cell<'_>; 3] = [(*grain).into(), first.number().into(), last.number().into()];
        cells
    });
    // Of all groups, group by group: the key begins with the group.
    let query = match filter.scope.group() {
        Some(_) => tx.query(
            "SELECT t.state, CAST(SUM(t.loads) AS BIGINT), CAST(SUM(t.sum_fen) AS BIGINT) \
             FROM rows(grain TEXT, first_day BIGINT, last_day BIGINT) JOIN load_totals t ON t.group_id = $1 \
             AND t.grain = rows.grain AND t.first_day BETWEEN rows.first_day AND rows.last_day \
             WHERE (CAST($2 AS BIGINT) IS NULL OR t.operator_id = $2) \
             AND (CAST($3 AS TEXT) IS NULL OR t.terminal = $3) GROUP BY t.state",
        ),
        None => tx.query(
            "SELECT t.state, CAST(SUM(t.loads) AS BIGINT), CAST(SUM(t.sum_fen) AS BIGINT) \
             FROM rows(grain TEXT, first_day BIGINT, last_day BIGINT) CROSS JOIN groups g \
             JOIN load_totals t ON t.group_id = g.id AND t.grain = rows.grain \
             AND t.first_day BETWEEN rows.first_day AND rows.last_day \
             WHERE (CAST($1 AS BIGINT) IS NULL OR g.id = $1) AND (CAST($2 AS BIGINT) IS NULL OR t.operator_id = $2) \
             AND (CAST($3 AS TEXT) IS NULL OR t.terminal = $3) GROUP BY t.state",
        ),
    };
    let rows: Vec<(String, i64, Fen)> = query
        .bind(filter.scope.group())
        .bind(filter.operator)
        .bind(filter.terminal.as_deref())
        .rows(spans)
        .all()
        .await?;
    let mut totals = Totals::default();
    for (state, count, sum) in rows {
        totals.add(State::parse(&state).ok_or(store::Error::Missing)?.into(), count, sum);
    }
    Ok(totals)
}

/// Moves the loads that were corrected since from how they ended to what holds.
async fn correct(tx: &mut Tx, filter: &Filter, totals: &mut Totals) -> Result<()> {
    let found: Vec<(String, i64, i64, Fen)> = bind(
        tx.query(
            "SELECT l.state, c.written, COUNT(*), CAST(SUM(l.amount_fen) AS BIGINT) FROM (\
             SELECT group_id, load_id, MAX(written) AS written FROM corrections \
             WHERE (CAST($1 AS BIGINT) IS NULL OR group_id = $1) AND load_id > $2 AND load_id < $4 \
             GROUP BY group_id, load_id) AS c JOIN loads l ON l.group_id = c.group_id AND l.id = c.load_id \
             WHERE (CAST($6 AS BIGINT) IS NULL OR l.operator_id = $6) \
             AND (CAST($7 AS TEXT) IS NULL OR l.terminal = $7) GROUP BY l.state, c.written LIMIT $13",
        ),
        filter,
        Bounds::of(filter),
        i64::MAX,
    )
    .all()
    .await?;
    for (state, written, count, sum) in found {
        let ended = State::parse(&state).ok_or(store::Error::Missing)?;
        let holds = if written == 1 { Holds::Succeeded } else { Holds::Failed };
        totals.add(ended.into(), count.saturating_neg(), Fen::new(sum.as_i64().saturating_neg()));
        totals.add(holds, count, sum);
    }
    Ok(())
}
