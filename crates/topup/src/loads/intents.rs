//! What a clerk confirmed: one row an intent key, taken up by the process that holds the terminal's connection.

use ledger::{Fen, GroupId};
use store::{Micros, Tx};

use super::{Load, NewRefusal, Reason, State, by_intent, refuse};
use crate::House;
use crate::cards::CardNumber;
use crate::people::{Operator, OperatorId};
use crate::runs::{self, RunId};
use crate::terminals::{self, Phase, Terminal, TerminalNumber};

/// What the clerk's page sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// The terminal.
    pub terminal: TerminalNumber,
    /// The card as the clerk saw it.
    pub card: CardNumber,
    /// Its balance as the clerk saw it.
    pub balance: Fen,
    /// How much.
    pub amount: Fen,
    /// The intent key that the page was given for this card on this tap.
    pub intent: String,
}

/// Why a confirm was not taken on. Nothing was charged.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The group has no such terminal.
    #[error("no such terminal")]
    NoTerminal,
    /// The terminal is not connected.
    #[error("the terminal is not connected")]
    NotConnected,
    /// The terminal is charging another card.
    #[error("the terminal is busy")]
    Busy,
    /// A hands-free run is under way at the terminal: it charges by itself.
    #[error("a run is under way at the terminal")]
    UnderRun,
    /// What the clerk saw is no longer so: another card lies there, or its balance changed.
    #[error("the card changed")]
    Stale,
    /// The amount is not above zero.
    #[error("the amount must be above zero")]
    Amount,
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// What became of a confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Never confirmed.
    Unheard,
    /// Under way.
    Waiting,
    /// A load came of it; it may have failed.
    Load(Box<Load>),
}

/// A confirm: a clerk's, or one that a hands-free run made for a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Intent {
    /// Its key.
    pub(crate) key: String,
    pub(crate) group: GroupId,
    pub(crate) terminal: TerminalNumber,
    pub(crate) operator: OperatorId,
    pub(crate) card: CardNumber,
    pub(crate) balance: Fen,
    pub(crate) amount: Fen,
    /// The run that it is part of, if it is.
    pub(crate) run: Option<RunId>,
}

#[derive(sqlx::FromRow)]
struct Row {
    group_id: GroupId,
    intent: String,
    terminal: String,
    operator_id: OperatorId,
    card_number: String,
    balance_fen: Fen,
    amount_fen: Fen,
    run_id: Option<RunId>,
}

/// Takes a confirm on. The same intent again, from a double click, the back button or a second window, is the same
/// load: it is taken on once, and every caller then finds the same outcome.
pub async fn confirm(house: &House, operator: &Operator, confirm: &Confirm) -> Result<(), ConfirmError> {
    if confirm.amount <= Fen::ZERO {
        return Err(ConfirmError::Amount);
    }
    if !as_seen(house, operator, confirm).await? {
        return Ok(());
    }
    if runs::is_under_way(house, confirm.terminal).await? {
        return Err(ConfirmError::UnderRun);
    }
    let mut tx = house.db.begin().await?;
    put(&mut tx, &confirm.intent_of(operator, None), house.now(), None).await?;
    tx.commit().await?;
    house.signal(&terminals::work_topic(confirm.terminal)).await;
    Ok(())
}

/// Whether a confirm is for what lies on the reader now. False if there is nothing to do: it was heard before.
pub(crate) async fn as_seen(house: &House, operator: &Operator, confirm: &Confirm) -> Result<bool, ConfirmError> {
    if heard(house, operator.group, &confirm.intent).await? {
        return Ok(false);
    }
    let terminal = terminals::by_number(house, confirm.terminal).await?;
    if terminal.is_none_or(|terminal| terminal.group != operator.group) {
        return Err(ConfirmError::NoTerminal);
    }
    let live = terminals::live(house, operator.group, confirm.terminal).await?;
    match live.phase {
        _ if !live.connected => return Err(ConfirmError::NotConnected),
        Phase::Card { card, intent, .. }
            if intent == confirm.intent && card.number == confirm.card && card.balance == confirm.balance => {}
        Phase::Charging { intent, .. } if intent != confirm.intent => return Err(ConfirmError::Busy),
        Phase::Charging { .. } => return Ok(false),
        Phase::Card { .. } | Phase::NoCard | Phase::Reading | Phase::Unreadable => return Err(ConfirmError::Stale),
    }
    Ok(true)
}

/// What became of an intent. A confirm that no terminal takes up in time is withdrawn here: nothing is charged later.
pub async fn outcome(house: &House, group: GroupId, intent: &str) -> Result<Outcome, store::Error> {
    if let Some(load) = by_intent(house, group, intent).await? {
        return Ok(Outcome::of(load));
    }
    if !heard(house, group, intent).await? {
        return Ok(Outcome::Unheard);
    }
    withdraw(house, Some((group, intent)), house.ago(house.settings.pick_up)).await?;
    Ok(by_intent(house, group, intent).await?.map_or(Outcome::Waiting, Outcome::of))
}

impl Confirm {
    /// The intent that this confirm of `operator` writes.
    pub(crate) fn intent_of(&self, operator: &Operator, run: Option<RunId>) -> Intent {
        Intent {
            key: self.intent.clone(),
            group: operator.group,
            terminal: self.terminal,
            operator: operator.id,
            card: self.card,
            balance: self.balance,
            amount: self.amount,
            run,
        }
    }
}

impl Outcome {
    /// A load that is still written to its card is no outcome yet.
    fn of(load: Load) -> Self {
        match load.state {
            State::Authorised => Self::Waiting,
            State::Succeeded | State::Failed | State::Unknown => Self::Load(Box::new(load)),
        }
    }
}

/// The next confirm for this terminal, now in this process's hands. What waited too long is left to be withdrawn: the
/// clerk has been told, or soon will be, that nothing was charged. So is what waits for a terminal that was revoked.
pub(crate) async fn take(house: &House, terminal: &Terminal) -> Result<Option<Intent>, store::Error> {
    let number = terminal.number.to_string();
    let since = house.ago(house.settings.pick_up);
    let mut tx = house.db.read().await?;
    let waiting: Option<Row> = tx
        .query(
            "SELECT group_id, intent, terminal, operator_id, card_number, balance_fen, amount_fen, run_id FROM intents \
             WHERE terminal = $1 AND ended_at_us IS NULL AND taken_at_us IS NULL AND created_at_us > $2 \
             ORDER BY created_at_us LIMIT 1",
        )
        .bind(number)
        .bind(since)
        .optional()
        .await?;
    drop(tx);
    let Some(row) = waiting else { return Ok(None) };
    let mut tx = house.db.begin().await?;
    let taken = tx
        .query(
            "UPDATE intents SET taken_at_us = $3 WHERE group_id = $1 AND intent = $2 \
             AND taken_at_us IS NULL AND ended_at_us IS NULL \
             AND EXISTS (SELECT 1 FROM terminals WHERE number = $4 AND revoked = 0)",
        )
        .bind(row.group_id)
        .bind(row.intent.as_str())
        .bind(house.now())
        .bind(terminal.number.to_string())
        .execute()
        .await?;
    tx.commit().await?;
    Ok(if taken == 1 { row.into_intent() } else { None })
}

/// Marks an intent as ended: its load is recorded.
pub(super) async fn end(house: &House, group: GroupId, intent: &str) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    tx.query("UPDATE intents SET ended_at_us = $3 WHERE group_id = $1 AND intent = $2 AND ended_at_us IS NULL")
        .bind(group)
        .bind(intent)
        .bind(house.now())
        .execute()
        .await?;
    tx.commit().await
}

/// Withdraws what was confirmed before `before` and taken up by nobody: one intent, or all. Each is recorded as a
/// failed load, so that the clerk finds it among the others. It counts as taken up until then: should this be cut off,
/// [`end_abandoned`] finishes it.
pub(super) async fn withdraw(house: &House, only: Option<(GroupId, &str)>, before: Micros) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let query = match only {
        Some((group, intent)) => tx
            .query(
                "UPDATE intents SET taken_at_us = $2 WHERE taken_at_us IS NULL AND ended_at_us IS NULL \
                 AND created_at_us <= $1 AND group_id = $3 AND intent = $4 \
                 RETURNING group_id, intent, terminal, operator_id, card_number, balance_fen, amount_fen, run_id",
            )
            .bind(before)
            .bind(house.now())
            .bind(group)
            .bind(intent),
        None => tx
            .query(
                "UPDATE intents SET taken_at_us = $2 WHERE taken_at_us IS NULL AND ended_at_us IS NULL \
                 AND created_at_us <= $1 \
                 RETURNING group_id, intent, terminal, operator_id, card_number, balance_fen, amount_fen, run_id",
            )
            .bind(before)
            .bind(house.now()),
    };
    let rows: Vec<Row> = query.all().await?;
    tx.commit().await?;
    for intent in rows.into_iter().filter_map(Row::into_intent) {
        refuse(house, NewRefusal::before_card(&intent, Reason::TerminalGone)).await?;
        end(house, intent.group, &intent.key).await?;
        house.signal(&terminals::work_topic(intent.terminal)).await;
    }
    Ok(())
}

/// Ends what was taken up before `before` and left without a load by a process that is gone. Nothing was held for it.
pub(super) async fn end_abandoned(house: &House, before: Micros) -> Result<(), store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(
            "SELECT group_id, intent, terminal, operator_id, card_number, balance_fen, amount_fen, run_id FROM intents \
             WHERE ended_at_us IS NULL AND taken_at_us <= $1",
        )
        .bind(before)
        .all()
        .await?;
    drop(tx);
    for intent in rows.into_iter().filter_map(Row::into_intent) {
        if by_intent(house, intent.group, &intent.key).await?.is_none() {
            refuse(house, NewRefusal::before_card(&intent, Reason::Interrupted)).await?;
        }
        end(house, intent.group, &intent.key).await?;
    }
    Ok(())
}

async fn heard(house: &House, group: GroupId, intent: &str) -> Result<bool, store::Error> {
    let mut tx = house.db.read().await?;
    let found: Option<(i64,)> = tx
        .query("SELECT CAST(1 AS BIGINT) FROM intents WHERE group_id = $1 AND intent = $2")
        .bind(group)
        .bind(intent)
        .optional()
        .await?;
    Ok(found.is_some())
}

/// Writes an intent, once; `taken_at` if this process takes it up at once. False if there is one with its key.
pub(crate) async fn put(
    tx: &mut Tx,
    intent: &Intent,
    now: Micros,
    taken_at: Option<Micros>,
) -> Result<bool, store::Error> {
    let written = tx
        .query(
            "INSERT INTO intents (group_id, intent, terminal, operator_id, card_number, balance_fen, amount_fen, \
             created_at_us, taken_at_us, run_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (group_id, intent) DO NOTHING",
        )
        .bind(intent.group)
        .bind(intent.key.as_str())
        .bind(intent.terminal.to_string())
        .bind(intent.operator)
        .bind(intent.card.to_string())
        .bind(intent.balance)
        .bind(intent.amount)
        .bind(now)
        .bind(taken_at)
        .bind(intent.run)
        .execute()
        .await?;
    Ok(written == 1)
}

impl Row {
    fn into_intent(self) -> Option<Intent> {
        Some(Intent {
            key: self.intent,
            group: self.group_id,
            terminal: self.terminal.parse().ok()?,
            operator: self.operator_id,
            card: self.card_number.parse().ok()?,
            balance: self.balance_fen,
            amount: self.amount_fen,
            run: self.run_id,
        })
    }
}
