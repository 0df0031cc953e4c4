//! What one operator charged at one terminal in one sitting: for a receipt on paper, to be signed.
//!
//! A hands-free run is a sitting. Loads by hand have none of their own: sessions end without a trace, and who goes for
//! lunch is the same clerk with the same till. So the sitting of a load by hand is its day: all that its operator charged
//! by hand at its terminal on that day; the runs of the day have receipts of their own.

use ledger::{Fen, GroupId};
use store::Result;

use super::Totals;
use crate::House;
use crate::loads::{self, Load, OrderNumber};
use crate::people::OperatorId;
use crate::records::{Day, Holds, Scope};
use crate::runs::{self, Run, RunId};

/// A sitting, on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The name of the group.
    pub group: String,
    /// Login and name of who charged.
    pub operator: (String, String),
    /// Number and name of the terminal.
    pub terminal: (String, String),
    /// The day on which it began.
    pub day: Day,
    /// The run, if it was one.
    pub run: Option<Run>,
    /// The loads, oldest first. Of a card that was charged or is in doubt not those that failed before.
    pub loads: Vec<Load>,
    /// What these come to, by what holds now.
    pub totals: Totals,
}

/// More than one person charges by hand in a day, or a run with all its attempts.
const MOST: i64 = 20_000;

#[derive(sqlx::FromRow)]
struct Place {
    group_id: GroupId,
    operator_id: OperatorId,
    terminal: String,
    run_id: Option<RunId>,
    group_name: Option<String>,
    login: Option<String>,
    operator_name: Option<String>,
    terminal_name: Option<String>,
}

/// Of the sitting that a load belongs to, if the scope has the load.
pub async fn receipt(house: &House, scope: Scope, order: OrderNumber) -> Result<Option<Receipt>> {
    let mut tx = house.db.read().await?;
    let place: Option<Place> = tx
        .query(
            "SELECT l.group_id, l.operator_id, l.terminal, i.run_id, g.name AS group_name, o.login, \
             o.name AS operator_name, t.name AS terminal_name FROM groups g \
             JOIN loads l ON l.group_id = g.id AND l.id = $1 \
             LEFT JOIN intents i ON i.intent = l.intent AND i.group_id = l.group_id \
             LEFT JOIN operators o ON o.id = l.operator_id LEFT JOIN terminals t ON t.number = l.terminal \
             WHERE (CAST($2 AS BIGINT) IS NULL OR g.id = $2)",
        )
        .bind(order.id())
        .bind(scope.group())
        .optional()
        .await?;
    drop(tx);
    let Some(place) = place else { return Ok(None) };
    let day = Day::of_id(order.id());
    let (run, loads) = match place.run_id {
        Some(run) => (
            runs::by_id(house, place.group_id, run).await?,
            loads::of_run(house, place.group_id, run, None, MOST).await?,
        ),
        None => (None, loads::by_hand(house, &place.by(), (day.first_id(), day.plus(1).first_id()), MOST).await?),
    };
    Ok(Some(place.into_receipt(day, run, loads)))
}

/// Of a run of `group`; one that asked no card has none.
pub async fn receipt_of_run(house: &House, group: GroupId, run: RunId) -> Result<Option<Receipt>> {
    let Some(load) = loads::of_run(house, group, run, None, 1).await?.pop() else { return Ok(None) };
    receipt(house, Scope::of(group), load.order).await
}

impl Place {
    fn by(&self) -> loads::By<'_> {
        loads::By { group: self.group_id, operator: self.operator_id, terminal: &self.terminal }
    }

    fn into_receipt(self, day: Day, run: Option<Run>, newest_first: Vec<Load>) -> Receipt {
        let day = run.as_ref().map_or(day, |run| Day::of(run.started_at));
        let loads = that_count(newest_first);
        let mut totals = Totals::default();
        for load in &loads {
            totals.add(Holds::from(load.holds()), 1, load.amount);
        }
        let login = self.login.unwrap_or_else(|| self.operator_id.0.to_string());
        Receipt {
            group: self.group_name.unwrap_or_default(),
            operator: (login, self.operator_name.unwrap_or_default()),
            terminal: (self.terminal, self.terminal_name.unwrap_or_default()),
            day,
            run,
            loads,
            totals,
        }
    }
}

/// Oldest first, without the attempts that came to nothing on a card that has a load all the same, and the last of those
/// on a card that has none.
fn that_count(newest_first: Vec<Load>) -> Vec<Load> {
    let mut counted: Vec<Load> = Vec::new();
    let (failed, others): (Vec<Load>, Vec<Load>) =
        newest_first.into_iter().partition(|load| Holds::from(load.holds()) == Holds::Failed);
    let mut cards: std::collections::BTreeSet<_> = others.iter().map(|load| load.card).collect();
    counted.extend(others);
    counted.extend(failed.into_iter().filter(|load| cards.insert(load.card)));
    counted.sort_by_key(|load| load.order);
    counted
}

impl Receipt {
    /// Those of which this holds.
    pub fn of(&self, holds: Holds) -> impl Iterator<Item = &Load> {
        self.loads.iter().filter(move |load| Holds::from(load.holds()) == holds)
    }

    /// What is to be signed for: charged, and what may have been.
    pub fn signed(&self) -> Fen {
        Fen::new(self.totals.succeeded.sum.as_i64().saturating_add(self.totals.unknown.sum.as_i64()))
    }
}
