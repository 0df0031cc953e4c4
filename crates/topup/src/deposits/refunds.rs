//! Refunds: what is rejected goes back, under a number of its own that is durable before the gateway is asked. The same
//! refund asked for again, under the same number, gives the money back once; so it is asked for until it is taken on.

mod again;

pub(super) use again::{Inquiry, Standing, adopt, inquire};

use std::time::Duration;

use ledger::{Fen, GroupId, Kind};
use pay::{Amount, CallError, OrderId, RefundStatus, Settlement};
use serde_json::json;
use store::{Micros, Tx};

use super::event::{self, By, Happened, Told};
use super::exceptions::{self, ExceptionKind, New};
use super::number::refund_order;
use super::{Deposit, DepositNumber, State, Till, ask, book, confirm, query, rules, topic};
use crate::{House, patiently};

/// For so long nobody else asks about the same; longer than two answers of the gateway may take.
const LEASE: Duration = Duration::from_secs(50);

/// How long a person's click waits for the gateway; the background job goes on.
const NOW: Duration = Duration::from_secs(5);

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// The gateway has not taken it on yet.
    Due,
    /// The gateway has taken it on.
    Accepted,
    /// The money has gone back.
    Refunded,
    /// The gateway will not.
    Failed,
}

/// A refund of a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its number at the gateway.
    pub order: String,
    /// How much.
    pub amount: Fen,
    /// Where it stands.
    pub state: RefundState,
    /// The gateway's serial number of it, if it gave one.
    pub serial: Option<String>,
    /// Why it failed: the gateway's code and words.
    pub failure: Option<(String, String)>,
    /// When it was made.
    pub created_at: Micros,
    /// When the gateway took it on.
    pub accepted_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
}

impl RefundState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Due, Self::Accepted, Self::Refunded, Self::Failed];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Accepted => "accepted",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Names a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) group: GroupId,
    pub(super) deposit: i64,
    pub(super) number: i64,
}

#[derive(Clone, Debug, sqlx::FromRow)]
struct Row {
    order_id: String,
    amount_fen: Fen,
    state: String,
    serial: Option<String>,
    code: Option<String>,
    words: Option<String>,
    created_at_us: Micros,
    accepted_at_us: Option<Micros>,
    ended_at_us: Option<Micros>,
    asked: i64,
}

impl Row {
    fn into_refund(self) -> Option<Refund> {
        Some(Refund {
            state: RefundState::parse(&self.state)?,
            order: self.order_id,
            amount: self.amount_fen,
            serial: self.serial,
            failure: self.code.zip(self.words),
            created_at: self.created_at_us,
            accepted_at: self.accepted_at_us,
            ended_at: self.ended_at_us,
        })
    }
}

/// Gives the whole of a deposit's payment a refund, to be asked for. Under the lock on the group's accounts.
pub(super) async fn plan(tx: &mut Tx, house: &House, deposit: &Deposit) -> Result<(), store::Error> {
    let (id, now) = (house.ids.next(), house.now());
    let order = refund_order(id).ok_or(store::Error::Missing)?;
    let paid = deposit.paid.as_ref().ok_or(store::Error::Missing)?;
    tx.query(
        "INSERT INTO deposit_refunds (group_id, deposit_id, number, order_id, amount_fen, state, created_at_us, \
         ask_at_us) SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, CAST($4 AS BIGINT), 'due', CAST($5 AS BIGINT), \
         CAST($5 AS BIGINT) FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2",
    )
    .bind(deposit.group)
    .bind(deposit.order.id())
    .bind(order.as_str())
    .bind(paid.amount)
    .bind(now)
    .execute()
    .await?;
    let what = Happened::RefundDue { refund: order.to_string() };
    event::add(tx, (deposit.group, deposit.order.id()), now, &By::System, &what).await
}

/// Asks for the refund of a deposit that was just rejected, for as long as a click may wait.
pub(super) async fn pursue_now(house: &House, order: DepositNumber) {
    match due(house, order).await {
        Ok(Some(key)) => pursue_within(house, key, NOW).await,
        Ok(None) => {}
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "a refund waits for the next sweep"),
    }
}

async fn due(house: &House, order: DepositNumber) -> Result<Option<Key>, store::Error> {
    let Some((group, deposit)) = query::key(house, order).await? else { return Ok(None) };
    let mut tx = house.db.read().await?;
    let row: Option<(i64,)> = tx
        .query("SELECT number FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2 AND state = 'due'")
        .bind(group)
        .bind(deposit)
        .optional()
        .await?;
    Ok(row.map(|(number,)| Key { group, deposit, number }))
}

/// The refund with this number at the gateway.
pub(super) async fn of_order(house: &House, order: &OrderId) -> Result<Option<Key>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<(GroupId, i64, i64)> = tx
        .query("SELECT group_id, deposit_id, number FROM deposit_refunds WHERE order_id = $1")
        .bind(order.as_str())
        .optional()
        .await?;
    Ok(row.map(|(group, deposit, number)| Key { group, deposit, number }))
}

/// The refunds of a deposit, first to last.
pub(super) async fn of_deposit(tx: &mut Tx, (group, deposit): (GroupId, i64)) -> Result<Vec<Refund>, store::Error> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT order_id, amount_fen, state, serial, code, words, created_at_us, accepted_at_us, ended_at_us, asked \
             FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2 ORDER BY number",
        )
        .bind(group)
        .bind(deposit)
        .all()
        .await?;
    Ok(rows.into_iter().filter_map(Row::into_refund).collect())
}

/// Follows a refund one step, for as long as the caller can wait.
pub(super) async fn pursue_within(house: &House, key: Key, wait: Duration) {
    match tokio::time::timeout(wait, pursue(house, key)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the gateway's word about a refund is not noted");
        }
        Err(_) => {
            if let Err(error) = let_go(house, key).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lease runs out by itself");
            }
        }
    }
}

/// Asks the gateway for a refund that is due, or about one that it has taken on, unless somebody is asking.
pub(super) async fn pursue(house: &House, key: Key) -> Result<(), store::Error> {
    let Some(till) = &house.till else { return Ok(()) };
    let Some(refund) = take(house, key).await? else { return Ok(()) };
    let (Some(now), Some(asked)) = (confirm::pay_time(house.now()), ask_of(house, till, key, &refund).await?) else {
        return let_go(house, key).await;
    };
    let word = if RefundState::parse(&refund.state) == Some(RefundState::Accepted) {
        till.gateway.query_refund(&asked, now).await
    } else {
        ask_for(till, &asked, now).await
    };
    ask::answered("refund", &asked.order, &word);
    patiently!(note(house, key, &word))?;
    house.signal(&topic(DepositNumber::new(key.deposit))).await;
    Ok(())
}

/// Asks for a refund. A refusal may only mean that it was taken on before, so it counts when the gateway knows of none.
async fn ask_for(till: &Till, refund: &pay::Refund, now: jiff::Timestamp) -> Result<RefundStatus, CallError> {
    let word = till.gateway.refund(refund, now).await?;
    if !matches!(word, RefundStatus::Failed { .. }) {
        return Ok(word);
    }
    match till.gateway.query_refund(refund, now).await? {
        RefundStatus::NotFound | RefundStatus::Failed { .. } => Ok(word),
        known @ (RefundStatus::Accepted { .. } | RefundStatus::Refunded(_)) => Ok(known),
    }
}

/// Takes the lease. None if there is nothing to ask, or somebody is asking.
async fn take(house: &House, key: Key) -> Result<Option<Row>, store::Error> {
    let mut tx = house.db.begin().await?;
    let now = house.now();
    let row = tx
        .query(
            "UPDATE deposit_refunds SET asking_until_us = $4 WHERE group_id = $1 AND deposit_id = $2 AND number = $3 \
             AND state IN ('due', 'accepted') AND (asking_until_us IS NULL OR asking_until_us <= $5) \
             RETURNING order_id, amount_fen, state, serial, code, words, created_at_us, accepted_at_us, ended_at_us, \
             asked",
        )
        .bind(key.group)
        .bind(key.deposit)
        .bind(key.number)
        .bind(rules::after(now, LEASE))
        .bind(now)
        .optional()
        .await?;
    tx.commit().await?;
    Ok(row)
}

async fn let_go(house: &House, key: Key) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    tx.query(
        "UPDATE deposit_refunds SET asking_until_us = NULL WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .execute()
    .await?;
    tx.commit().await
}

/// What the gateway is asked for; none if the deposit is of another gateway.
async fn ask_of(house: &House, till: &Till, key: Key, refund: &Row) -> Result<Option<pay::Refund>, store::Error> {
    let mut tx = house.db.read().await?;
    let Some(row) = query::row(&mut tx, key.group, key.deposit).await? else { return Ok(None) };
    let Some(deposit) = row.into_deposit().filter(|deposit| deposit.gateway == till.name) else { return Ok(None) };
    let of = || {
        Some(pay::Refund {
            order: refund.order_id.parse().ok()?,
            at: confirm::pay_time(refund.created_at_us)?,
            amount: Amount::from_fen(refund.amount_fen.as_i64())?,
            payer: deposit.payer,
            serial: deposit.paid.as_ref()?.serial.clone(),
            payment: deposit.order.order_id()?,
            notify_url: till.notify_url(),
        })
    };
    Ok(of())
}

/// Notes what the gateway said, and does what follows, in one commit.
async fn note(house: &House, key: Key, word: &Result<RefundStatus, CallError>) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(mut locked) = book::lock(&mut tx, key.group, key.deposit).await? else { return Ok(()) };
    let Some(row) = one(&mut tx, key).await? else { return Ok(()) };
    let asked = row.asked;
    let Some(refund) = row.into_refund() else { return Ok(()) };
    let open = matches!(refund.state, RefundState::Due | RefundState::Accepted);
    match word {
        Ok(RefundStatus::Accepted { serial }) if refund.state == RefundState::Due => {
            accept(&mut tx, house, &mut locked, (key, &refund, serial.as_deref())).await?;
        }
        Ok(RefundStatus::Refunded(settled)) if open => {
            if Fen::new(settled.amount.fen()) == refund.amount {
                finish(&mut tx, house, &mut locked, (key, &refund, settled)).await?;
            } else {
                contradict(&mut tx, house, &locked, (&refund, &Told::from(&RefundStatus::Refunded(settled.clone()))))
                    .await?;
            }
        }
        Ok(RefundStatus::Failed { code, text }) if open => {
            fail(&mut tx, house, &mut locked, (key, &refund, code, text)).await?;
        }
        // It was not taken on after all: it is asked for again, under the same number.
        Ok(RefundStatus::NotFound) if refund.state == RefundState::Accepted => {
            set_state(&mut tx, key, RefundState::Due).await?;
        }
        Ok(_) | Err(_) => {}
    }
    let next = rules::next_refund_ask(asked, house.now());
    tx.query(
        "UPDATE deposit_refunds SET asking_until_us = NULL, asked = asked + 1, \
         ask_at_us = CASE WHEN state IN ('due', 'accepted') THEN CAST($4 AS BIGINT) ELSE NULL END \
         WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(next)
    .execute()
    .await?;
    tx.commit().await
}

/// A genuine notification came about a refund: the gateway is asked now, and what it contradicts is noted.
pub(super) async fn heard(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    key: Key,
    told: &Told,
) -> Result<(), store::Error> {
    let Some(refund) = one(tx, key).await?.and_then(Row::into_refund) else { return Ok(()) };
    let contrary = match (refund.state, told) {
        (RefundState::Failed, Told::Done { .. }) | (RefundState::Refunded, Told::Failed { .. }) => true,
        (RefundState::Due | RefundState::Accepted | RefundState::Refunded | RefundState::Failed, _) => false,
    };
    if contrary {
        contradict(tx, house, locked, (&refund, told)).await?;
    }
    tx.query(
        "UPDATE deposit_refunds SET ask_at_us = $4, asked = 0 \
         WHERE group_id = $1 AND deposit_id = $2 AND number = $3 AND state IN ('due', 'accepted')",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(house.now())
    .execute()
    .await?;
    Ok(())
}

async fn accept(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (key, refund, serial): (Key, &Refund, Option<&str>),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_refunds SET state = 'accepted', serial = COALESCE($4, serial), \
         accepted_at_us = COALESCE(accepted_at_us, $5) WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(serial)
    .bind(house.now())
    .execute()
    .await?;
    if refund.accepted_at.is_none() {
        let what = Happened::RefundAccepted { refund: refund.order.clone() };
        event::add(tx, locked.key(), house.now(), &By::Gateway, &what).await?;
    }
    if locked.deposit.state == State::Rejected {
        book::set_state(tx, locked, State::Refunding).await?;
    }
    Ok(())
}

async fn finish(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (key, refund, settled): (Key, &Refund, &Settlement),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_refunds SET state = 'refunded', serial = $4, settle_date = $5, ended_at_us = $6 \
         WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(settled.serial.as_str())
    .bind(settled.settle_date.as_deref())
    .bind(house.now())
    .execute()
    .await?;
    book::transfer(tx, locked, (Kind::RefundsDue, Kind::Bank), book::REFUNDED, house.now()).await?;
    book::set_state(tx, locked, State::Refunded).await?;
    let what = Happened::Refunded { refund: refund.order.clone(), serial: settled.serial.clone() };
    event::add(tx, locked.key(), house.now(), &By::Gateway, &what).await?;
    tracing::info!(order = %locked.deposit.order, refund = refund.order, "a deposit has gone back");
    metrics::counter!("jichong_deposits_total", "state" => "refunded").increment(1);
    Ok(())
}

/// The gateway will not: the money stays due, and a person has to look.
async fn fail(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (key, refund, code, words): (Key, &Refund, &str, &str),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_refunds SET state = 'failed', code = $4, words = $5, ended_at_us = $6 \
         WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(code)
    .bind(words)
    .bind(house.now())
    .execute()
    .await?;
    if locked.deposit.state == State::Refunding {
        book::set_state(tx, locked, State::Rejected).await?;
    }
    let (order, code, words) = (refund.order.clone(), code.to_owned(), words.to_owned());
    let evidence = json!({ "code": code, "words": words });
    let what = Happened::RefundFailed { refund: order, code, words };
    event::add(tx, locked.key(), house.now(), &By::Gateway, &what).await?;
    unfit(tx, house, locked, (ExceptionKind::RefundFailed, refund, ""), evidence).await
}

async fn contradict(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    (refund, told): (&Refund, &Told),
) -> Result<(), store::Error> {
    let serial = match told {
        Told::Done { serial, .. } => serial.as_str(),
        Told::Pending { .. } | Told::NotFound | Told::Failed { .. } | Told::NoAnswer { .. } => "",
    };
    let evidence = json!({ "told": told, "was": refund.state.as_str(), "fen": refund.amount });
    unfit(tx, house, locked, (ExceptionKind::RefundContradiction, refund, serial), evidence).await
}

async fn unfit(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    (kind, refund, serial): (ExceptionKind, &Refund, &str),
    evidence: serde_json::Value,
) -> Result<(), store::Error> {
    let new = New {
        kind,
        deposit: Some(locked.key()),
        gateway: &locked.deposit.gateway,
        order: &refund.order,
        serial,
        amount: refund.amount,
        booked: kind == ExceptionKind::RefundFailed,
        evidence,
    };
    exceptions::open(tx, house, &new).await.map(drop)
}

async fn set_state(tx: &mut Tx, key: Key, state: RefundState) -> Result<(), store::Error> {
    tx.query("UPDATE deposit_refunds SET state = $4 WHERE group_id = $1 AND deposit_id = $2 AND number = $3")
        .bind(key.group)
        .bind(key.deposit)
        .bind(key.number)
        .bind(state.as_str())
        .execute()
        .await?;
    Ok(())
}

async fn one(tx: &mut Tx, key: Key) -> Result<Option<Row>, store::Error> {
    tx.query(
        "SELECT order_id, amount_fen, state, serial, code, words, created_at_us, accepted_at_us, ended_at_us, asked \
         FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .optional()
    .await
}
