//! One card of a run: the intent for it, and what is told of it.

use ledger::{Fen, GroupId};
use store::Tx;

use super::query::{quota, tally};
use super::rules::full;
use super::{Ended, Full, Plan, Run, RunId, Told};
use crate::House;
use crate::cards::Card;
use crate::loads::{Intent, OrderNumber, State, put};

/// What a run does with a card that was put down.
#[derive(Debug)]
pub(crate) enum Opened {
    /// Charges it: this intent is written, and in this process's hands.
    Charge(Intent),
    /// Charged it before, or its load is still open.
    Already(OrderNumber),
    /// An intent of this run for it has no load: the process that took it up is gone, or not yet done.
    Adrift(Intent),
    /// Takes no further card.
    Full(Full),
    /// Has ended.
    Over,
}

#[derive(sqlx::FromRow)]
struct Attempt {
    intent: String,
    balance_fen: Fen,
    state: Option<String>,
    id: Option<i64>,
}

/// Opens the intent for a card, in the caller's unit of work. The run's row is locked until its end: nothing else of this
/// run is opened meanwhile, and neither can it be stopped.
pub(crate) async fn open(house: &House, tx: &mut Tx, run: &Run, card: &Card) -> Result<Opened, store::Error> {
    if !lock(house, tx, run.group, run.id).await? {
        return Ok(Opened::Over);
    }
    let intent = |key: String, balance| Intent {
        key,
        group: run.group,
        terminal: run.terminal,
        operator: run.operator,
        card: card.number,
        balance,
        amount: run.plan.amount,
        run: Some(run.id),
    };
    let attempts = attempts(tx, run, card).await?;
    if let Some(order) = attempts.iter().find_map(Attempt::counts) {
        return Ok(Opened::Already(order));
    }
    if let Some(adrift) = attempts.iter().find(|attempt| attempt.state.is_none()) {
        return Ok(Opened::Adrift(intent(adrift.intent.clone(), adrift.balance_fen)));
    }
    let tally = tally(tx, run.group, run.id).await?;
    if let Some(full) = full(&run.plan, &tally, quota(tx, run.group).await?) {
        return Ok(Opened::Full(full));
    }
    let intent = intent(format!("run-{}-{}-{}", run.id.0, card.number, attempts.len()), card.balance);
    put(tx, &intent, house.now(), Some(house.now())).await?;
    Ok(Opened::Charge(intent))
}

/// Tells what became of a card, in the caller's unit of work, and ends the run if it can charge no further card.
pub(crate) async fn tell(
    house: &House,
    tx: &mut Tx,
    group: GroupId,
    run: RunId,
    told: &Told,
) -> Result<(), store::Error> {
    let plan: Option<(Fen, i64, Fen)> = tx
        .query(
            "UPDATE runs SET told = $3, told_count = told_count + 1, active_at_us = $4 \
             WHERE group_id = $1 AND id = $2 RETURNING amount_fen, most_cards, most_fen",
        )
        .bind(group)
        .bind(run)
        // Plain structs of texts and numbers cannot fail to serialise.
        .bind(serde_json::to_string(told).unwrap_or_default())
        .bind(house.now())
        .optional()
        .await?;
    let Some((amount, most_cards, most_money)) = plan else { return Ok(()) };
    end_if_full(house, tx, group, run, &Plan { amount, most_cards, most_money }).await
}

/// Ends a run that is full, unless cards of it are open: those may still prove that they were not written, and are
/// charged then.
pub(super) async fn end_if_full(
    house: &House,
    tx: &mut Tx,
    group: GroupId,
    run: RunId,
    plan: &Plan,
) -> Result<(), store::Error> {
    let tally = tally(tx, group, run).await?;
    let why = match full(plan, &tally, quota(tx, group).await?) {
        Some(Full::Cards) => Ended::Cards,
        Some(Full::Money) => Ended::Money,
        Some(Full::Quota) => Ended::Quota,
        Some(Full::Doubts) | None => return Ok(()),
    };
    if tally.doubt.count == 0 && tally.in_flight.count == 0 {
        end(house, tx, group, run, why).await?;
    }
    Ok(())
}

/// Ends a run. False if it had ended already.
pub(super) async fn end(
    house: &House,
    tx: &mut Tx,
    group: GroupId,
    run: RunId,
    why: Ended,
) -> Result<bool, store::Error> {
    let ended = tx
        .query("UPDATE runs SET ended_at_us = $3, ended = $4 WHERE group_id = $1 AND id = $2 AND ended_at_us IS NULL")
        .bind(group)
        .bind(run)
        .bind(house.now())
        .bind(why.as_str())
        .execute()
        .await?;
    if ended == 1 {
        tracing::info!(run = run.0, why = why.as_str(), "a run ended");
        metrics::counter!("jichong_runs_ended_total", "why" => why.as_str()).increment(1);
    }
    Ok(ended == 1)
}

/// Locks the row of a run until the end of the unit of work; false if the run has ended.
pub(super) async fn lock(house: &House, tx: &mut Tx, group: GroupId, run: RunId) -> Result<bool, store::Error> {
    let locked = tx
        .query("UPDATE runs SET active_at_us = $3 WHERE group_id = $1 AND id = $2 AND ended_at_us IS NULL")
        .bind(group)
        .bind(run)
        .bind(house.now())
        .execute()
        .await?;
    Ok(locked == 1)
}

/// The run of a load whose end is open, if it is one of a run that is under way.
pub(crate) async fn of_open_load(
    house: &House,
    group: GroupId,
    order: OrderNumber,
) -> Result<Option<RunId>, store::Error> {
    let mut tx = house.db.read().await?;
    let found: Option<(RunId,)> = tx
        .query(
            "SELECT r.id FROM loads l JOIN intents i ON i.intent = l.intent AND i.group_id = l.group_id \
             JOIN runs r ON r.group_id = i.group_id AND r.id = i.run_id AND r.ended_at_us IS NULL \
             WHERE l.group_id = $1 AND l.id = $2 AND l.state IN ('authorised', 'unknown')",
        )
        .bind(group)
        .bind(order.id())
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}

async fn attempts(tx: &mut Tx, run: &Run, card: &Card) -> Result<Vec<Attempt>, store::Error> {
    tx.query(
        "SELECT i.intent, i.balance_fen, l.state, l.id FROM intents i \
         LEFT JOIN loads l ON l.intent = i.intent AND l.group_id = i.group_id \
         WHERE i.group_id = $1 AND i.run_id = $2 AND i.card_number = $3",
    )
    .bind(run.group)
    .bind(run.id)
    .bind(card.number.to_string())
    .all()
    .await
}

impl Attempt {
    /// The load, if it succeeded or may yet.
    fn counts(&self) -> Option<OrderNumber> {
        let state = self.state.as_deref().and_then(State::parse)?;
        let open = matches!(state, State::Succeeded | State::Unknown | State::Authorised);
        self.id.filter(|_| open).map(OrderNumber::new)
    }
}
