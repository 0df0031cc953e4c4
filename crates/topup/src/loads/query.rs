//! The SQL that reads loads; [`super::book`] writes them.

use ledger::{Fen, GroupId};
use store::Micros;

use super::{Load, OrderNumber, ProvenSince, Reason, State};
use crate::cards::{CardNumber, Doubtful, Problem};
use crate::people::{Operator, OperatorId};
use crate::runs::RunId;
use crate::{House, Ids};

/// The most rows a sitting shows; its totals count all.
const MOST_ROWS: i64 = 500;

/// What an operator charged since they signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sitting {
    /// Newest first, the last few hundred.
    pub loads: Vec<Load>,
    /// Succeeded, by what is known now.
    pub succeeded: Totals,
    /// Nothing was charged, by what is known now.
    pub failed: Totals,
    /// In doubt, or still under way.
    pub unknown: Totals,
}

/// How many, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// How many.
    pub count: i64,
    /// How much.
    pub sum: Fen,
}

/// A load as the table has it.
#[derive(sqlx::FromRow, serde::Deserialize)]
pub(crate) struct Row {
    group_id: GroupId,
    id: i64,
    intent: String,
    state: String,
    reason: Option<String>,
    operator_id: OperatorId,
    operator: Option<String>,
    terminal: String,
    card_number: String,
    amount_fen: Fen,
    balance_before_fen: Option<Fen>,
    balance_after_fen: Option<Fen>,
    quota_before_fen: Option<Fen>,
    quota_after_fen: Option<Fen>,
    created_at_us: Micros,
    asked_in_vain: i64,
    since_written: Option<i64>,
    since_at_us: Option<Micros>,
    since_movement: Option<i64>,
}

/// The columns of [`Row`], of `l`.
macro_rules! load_columns {
    () => {
        concat!(
            "l.group_id, l.id, l.intent, l.state, l.reason, l.operator_id, o.login AS operator, l.terminal, ",
            "l.card_number, l.amount_fen, l.balance_before_fen, l.balance_after_fen, l.quota_before_fen, ",
            "l.quota_after_fen, l.created_at_us, CAST(CASE WHEN l.state = 'unknown' AND EXISTS (SELECT 1 FROM proofs p ",
            "WHERE p.group_id = l.group_id AND p.load_id = l.id AND p.finding IN ('moved_on', 'refused', 'forged')) ",
            "THEN 1 ELSE 0 END AS BIGINT) AS asked_in_vain, c.written AS since_written, ",
            "c.raised_at_us AS since_at_us, c.movement AS since_movement"
        )
    };
}

/// What they need beside `l`. With what was proven since the load ended: a TAC is the last word, so what is written counts
/// where there are both.
macro_rules! load_joins {
    () => {
        concat!(
            "LEFT JOIN operators o ON o.id = l.operator_id ",
            "LEFT JOIN corrections c ON c.group_id = l.group_id AND c.load_id = l.id AND NOT EXISTS (SELECT 1 ",
            "FROM corrections d WHERE d.group_id = l.group_id AND d.load_id = l.id AND d.written > c.written) "
        )
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", load_columns!(), " FROM loads l ", load_joins!(), $rest)
    };
}

pub(crate) use {load_columns, load_joins};

/// The load of an intent.
pub async fn by_intent(house: &House, group: GroupId, intent: &str) -> Result<Option<Load>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> =
        tx.query(select!("WHERE l.group_id = $1 AND l.intent = $2")).bind(group).bind(intent).optional().await?;
    row.map(Row::into_load).transpose()
}

/// The load with this order number, if it is one of `group`.
pub async fn by_order(house: &House, group: GroupId, order: OrderNumber) -> Result<Option<Load>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> =
        tx.query(select!("WHERE l.group_id = $1 AND l.id = $2")).bind(group).bind(order.id()).optional().await?;
    row.map(Row::into_load).transpose()
}

/// What `operator` charged since `since`.
pub async fn sitting(house: &House, operator: &Operator, since: Micros) -> Result<Sitting, store::Error> {
    let first = Ids::first_of(since);
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(select!("WHERE l.group_id = $1 AND l.id >= $2 AND l.operator_id = $3 ORDER BY l.id DESC LIMIT $4"))
        .bind(operator.group)
        .bind(first)
        .bind(operator.id)
        .bind(MOST_ROWS)
        .all()
        .await?;
    let sums: Vec<(String, i64, Fen)> = tx
        .query(
            "SELECT holds, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM (SELECT amount_fen, CASE (SELECT MAX(written) \
             FROM corrections c WHERE c.group_id = loads.group_id AND c.load_id = loads.id) \
             WHEN 1 THEN 'succeeded' WHEN 0 THEN 'failed' ELSE state END AS holds FROM loads \
             WHERE group_id = $1 AND id >= $2 AND operator_id = $3) AS held GROUP BY holds",
        )
        .bind(operator.group)
        .bind(first)
        .bind(operator.id)
        .all()
        .await?;
    let mut sitting =
        Sitting { loads: rows.into_iter().map(Row::into_load).collect::<Result<_, _>>()?, ..Default::default() };
    for (state, count, sum) in sums {
        let totals = match State::parse(&state) {
            Some(State::Succeeded) => &mut sitting.succeeded,
            Some(State::Failed) => &mut sitting.failed,
            Some(State::Unknown | State::Authorised) | None => &mut sitting.unknown,
        };
        totals.count = totals.count.saturating_add(count);
        totals.sum = Fen::new(totals.sum.as_i64().saturating_add(sum.as_i64()));
    }
    Ok(sitting)
}

/// The loads of a run, newest first; all, or those in one state.
pub(crate) async fn of_run(
    house: &House,
    group: GroupId,
    run: RunId,
    state: Option<State>,
    most: i64,
) -> Result<Vec<Load>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(select!(
            "JOIN intents i ON i.intent = l.intent AND i.group_id = l.group_id WHERE i.group_id = $1 \
             AND i.run_id = $2 AND (CAST($3 AS TEXT) IS NULL OR l.state = $3) ORDER BY l.id DESC LIMIT $4"
        ))
        .bind(group)
        .bind(run)
        .bind(state.map(State::as_str))
        .bind(most)
        .all()
        .await?;
    rows.into_iter().map(Row::into_load).collect()
}

/// Who charged, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct By<'a> {
    pub(crate) group: GroupId,
    pub(crate) operator: OperatorId,
    pub(crate) terminal: &'a str,
}

/// The loads by hand, outside of any run, between two ids of which the second is excluded; newest first.
pub(crate) async fn by_hand(house: &House, by: &By<'_>, ids: (i64, i64), most: i64) -> Result<Vec<Load>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(select!(
            "WHERE l.group_id = $1 AND l.id >= $2 AND l.id < $3 AND l.operator_id = $4 AND l.terminal = $5 \
             AND NOT EXISTS (SELECT 1 FROM intents i WHERE i.intent = l.intent AND i.group_id = l.group_id \
             AND i.run_id IS NOT NULL) ORDER BY l.id DESC LIMIT $6"
        ))
        .bind(by.group)
        .bind(ids.0)
        .bind(ids.1)
        .bind(by.operator)
        .bind(by.terminal)
        .bind(most)
        .all()
        .await?;
    rows.into_iter().map(Row::into_load).collect()
}

/// The load of a card that is not settled, at any terminal of any group; which one is told to its own group alone.
pub(crate) async fn doubt_of_card(
    tx: &mut store::Tx,
    group: GroupId,
    card: CardNumber,
) -> Result<Option<Problem>, store::Error> {
    let row: Option<(GroupId, i64, Fen, i64)> = tx
        .query(
            "SELECT group_id, id, amount_fen, (SELECT COUNT(*) FROM proofs p WHERE p.group_id = loads.group_id \
             AND p.load_id = loads.id AND p.finding IN ('moved_on', 'refused', 'forged')) FROM loads \
             WHERE card_number = $1 AND state IN ('authorised', 'unknown') ORDER BY id LIMIT 1",
        )
        .bind(card.to_string())
        .optional()
        .await?;
    Ok(row.map(|(of, id, amount, in_vain)| {
        let load = Doubtful { order: OrderNumber::new(id), amount, asked_in_vain: in_vain > 0 };
        Problem::InDoubt { load: (of == group).then_some(load) }
    }))
}

impl Row {
    pub(crate) fn into_load(self) -> Result<Load, store::Error> {
        let state = State::parse(&self.state).ok_or(store::Error::Missing)?;
        let card = self.card_number.parse().map_err(|_| store::Error::Missing)?;
        Ok(Load {
            order: OrderNumber::new(self.id),
            intent: self.intent,
            group: self.group_id,
            operator: self.operator.unwrap_or_else(|| self.operator_id.0.to_string()),
            terminal: self.terminal,
            card,
            amount: self.amount_fen,
            balance_before: self.balance_before_fen,
            balance_after: self.balance_after_fen.filter(|_| state == State::Succeeded),
            quota_before: self.quota_before_fen,
            quota_after: self.quota_after_fen,
            state,
            reason: self.reason.as_deref().and_then(Reason::parse),
            created_at: self.created_at_us,
            asked_in_vain: self.asked_in_vain == 1,
            proven_since: self.since_written.zip(self.since_at_us).map(|(written, at)| ProvenSince {
                written: written == 1,
                owed: self.since_movement.is_none(),
                at,
            }),
        })
    }
}
