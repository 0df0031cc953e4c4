//! Asks the gateway for refunds, and about those that it has taken on, one at a time.

use std::time::Duration;

use pay::{Amount, CallError, RefundStatus};

use super::note::note;
use super::query::{Row, due};
use super::{Key, RefundState, absent};
use crate::deposits::{Deposit, DepositNumber, Till, ask, confirm, query, rules, topic};
use crate::{House, patiently};

/// For so long nobody else asks about the same; longer than two answers of the gateway may take.
const LEASE: Duration = Duration::from_secs(50);

/// How long a person's click waits for the gateway; the background job goes on.
pub(super) const NOW: Duration = Duration::from_secs(5);

/// Asks for the refund of a deposit that was just rejected, for as long as a click may wait.
pub(in crate::deposits) async fn pursue_now(house: &House, order: DepositNumber) {
    match due(house, order).await {
        Ok(Some(key)) => pursue_within(house, key, NOW).await,
        Ok(None) => {}
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "a refund waits for the next sweep"),
    }
}

/// Follows a refund one step, for as long as the caller can wait.
pub(in crate::deposits) async fn pursue_within(house: &House, key: Key, wait: Duration) {
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

/// Asks the gateway for a refund that is due, or about one that it has taken on, unless somebody is asking; also where
/// there is nobody to ask.
pub(in crate::deposits) async fn pursue(house: &House, key: Key) -> Result<(), store::Error> {
    let Some(refund) = take(house, key).await? else { return Ok(()) };
    let Some(now) = confirm::pay_time(house.now()) else { return let_go(house, key).await };
    let Some(till) = &house.till else { return absent::wait(house, key).await };
    let Some(asked) = ask_of(house, till, key, &refund).await? else { return absent::wait(house, key).await };
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
             asked, absent_at_us",
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

/// What the gateway is asked for; none if the deposit is of another gateway or merchant.
pub(super) async fn ask_of(
    house: &House,
    till: &Till,
    key: Key,
    refund: &Row,
) -> Result<Option<pay::Refund>, store::Error> {
    let mut tx = house.db.read().await?;
    let Some(row) = query::row(&mut tx, key.group, key.deposit).await? else { return Ok(None) };
    let of_till = |deposit: &Deposit| till.is_of(&deposit.gateway, &deposit.merchant);
    let Some(deposit) = row.into_deposit().filter(of_till) else { return Ok(None) };
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
