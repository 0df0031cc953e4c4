//! How many loads a filter finds, and how much they come to, by what holds now.

use ledger::Fen;
use store::{Cell, Result, Tx};

use super::page::{
    Way, bind, by_way, holds, narrowed, of_all, of_all_failed, of_card_end, of_failed, of_group, of_open, of_operator,
    of_refuted, of_terminal,
};
use crate::loads::{State, Totals as Sum};
use crate::records::keyset::Bounds;
use crate::records::{Day, Filter, Holds};

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

    /// Adds those of other loads.
    pub fn merge(&mut self, others: Self) {
        for holds in Holds::ALL {
            self.add(holds, others.of(holds).count, others.of(holds).sum);
        }
    }

    pub(super) fn add(&mut self, holds: Holds, count: i64, sum: Fen) {
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

/// Sums up rows, without a look at the corrections for each: those are few, and found by themselves.
macro_rules! summed_as_they_ended {
    ($from:expr, $id:literal) => {
        concat!(
            "SELECT CASE l.state WHEN 'authorised' THEN 'unknown' ELSE l.state END, COUNT(*), ",
            "CAST(SUM(l.amount_fen) AS BIGINT) ",
            $from,
            " AND CAST($13 AS BIGINT) > 0 GROUP BY l.state"
        )
    };
}

/// Sums up rows by what holds now.
macro_rules! summed {
    ($from:expr, $id:literal) => {
        concat!(
            "SELECT holds, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM (SELECT l.amount_fen, ",
            holds!(),
            " AS holds ",
            $from,
            " LIMIT $13) AS found GROUP BY holds"
        )
    };
}

/// Of the whole filter, in the moment that `tx` sees.
pub(super) async fn sum(tx: &mut Tx, filter: &Filter) -> Result<Totals> {
    let mut totals = Totals::default();
    if filter.holds == Some(Holds::Unknown) || filter.holds.is_some() && !filter.is_totalled() {
        for way in Way::of(filter) {
            totals.merge(of_rows(tx, filter, by_way!(*way, summed)).await?);
        }
        return Ok(totals);
    }
    if filter.is_totalled() {
        for (_, kept) in kept(tx, filter, spans(filter)).await? {
            totals.merge(kept);
        }
        if filter.holds.is_none() {
            totals.unknown = of_rows(tx, filter, summed!(of_open!(), "")).await?.unknown;
        }
    } else {
        for way in Way::of(filter) {
            totals.merge(of_rows(tx, filter, by_way!(*way, summed_as_they_ended)).await?);
        }
    }
    correct(tx, filter, &mut totals).await?;
    Ok(totals.only(filter.holds))
}

async fn of_rows(tx: &mut Tx, filter: &Filter, text: &'static str) -> Result<Totals> {
    let rows: Vec<(String, i64, Fen)> = bind(tx.query(text), filter, Bounds::of(filter), i64::MAX).all().await?;
    let mut totals = Totals::default();
    for (holds, count, sum) in rows {
        totals.add(Holds::parse(&holds).ok_or(store::Error::Missing)?, count, sum);
    }
    Ok(totals)
}

/// Sums up totals that are kept.
macro_rules! kept {
    ($table:literal, $of:literal) => {
        concat!(
            "SELECT t.first_day, t.state, CAST(SUM(t.loads) AS BIGINT), CAST(SUM(t.sum_fen) AS BIGINT) ",
            // CROSS, so that SQLite goes from each span to its days and not the other way round.
            "FROM rows(grain TEXT, first_day BIGINT, last_day BIGINT) CROSS JOIN ",
            $table,
            " t WHERE t.grain = rows.grain AND t.first_day BETWEEN rows.first_day AND rows.last_day AND ",
            $of,
            " GROUP BY t.first_day, t.state"
        )
    };
}

/// Days or months whose totals are kept, by their grain: the first days of the first and of the last of them.
pub(super) type Spans = Vec<(&'static str, Day, Day)>;

/// As few as make up a filter's period. Of one operator or one terminal only days are kept.
pub(super) fn spans(filter: &Filter) -> Spans {
    if filter.operator.is_some() || filter.terminal.is_some() {
        vec![("place", filter.period.first(), filter.period.last())]
    } else {
        filter.period.spans()
    }
}

/// The totals that are kept of the loads that ended, by how they ended, and by the first day of what they are kept by.
pub(super) async fn kept(tx: &mut Tx, filter: &Filter, spans: Spans) -> Result<Vec<(Day, Totals)>> {
    let spans = spans.into_iter().map(|(grain, first, last)| {
        let cells: [Cell<'_>; 3] = [grain.into(), first.number().into(), last.number().into()];
        cells
    });
    let query = match (filter.operator, filter.terminal.as_deref(), filter.scope.group()) {
        // An operator's days, and a terminal's, by an index of their own; pluses keep the engines from others.
        (Some(_), ..) => tx.query(kept!(
            "load_totals",
            "t.grain = 'place' AND t.operator_id = $2 AND (CAST($1 AS BIGINT) IS NULL OR +t.group_id = $1) \
             AND (CAST($3 AS TEXT) IS NULL OR t.terminal = $3)"
        )),
        (None, Some(_), _) => tx.query(kept!(
            "load_totals",
            "t.grain = 'place' AND t.terminal = $3 AND (CAST($1 AS BIGINT) IS NULL OR +t.group_id = $1) \
             AND CAST($2 AS BIGINT) IS NULL"
        )),
        (None, None, Some(_)) => tx
            .query(kept!("load_totals", "t.group_id = $1 AND CAST($2 AS BIGINT) IS NULL AND CAST($3 AS TEXT) IS NULL")),
        (None, None, None) => tx.query(kept!(
            "all_totals",
            "CAST($1 AS BIGINT) IS NULL AND CAST($2 AS BIGINT) IS NULL AND CAST($3 AS TEXT) IS NULL"
        )),
    };
    let rows: Vec<(Day, String, i64, Fen)> = query
        .bind(filter.scope.group())
        .bind(filter.operator)
        .bind(filter.terminal.as_deref())
        .rows(spans)
        .all()
        .await?;
    rows.into_iter()
        .map(|(day, state, count, sum)| {
            let mut totals = Totals::default();
            totals.add(State::parse(&state).ok_or(store::Error::Missing)?.into(), count, sum);
            Ok((day, totals))
        })
        .collect()
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
             AND (CAST($7 AS TEXT) IS NULL OR l.terminal = $7) \
             AND (CAST($8 AS BIGINT) IS NULL OR l.amount_fen >= $8) AND (CAST($9 AS BIGINT) IS NULL OR l.amount_fen <= $9) \
             AND (CAST($10 AS TEXT) IS NULL OR l.card_number LIKE $10) \
             AND (CAST($12 AS TEXT) IS NULL OR l.card_number = $12) GROUP BY l.state, c.written LIMIT $13",
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
