//! The background job: everything that is open is followed to its end, whoever began it and whichever process is left.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use ledger::GroupId;
use store::Micros;

use super::{ask, notify, refunds};
use crate::{House, patiently};

/// How often the job looks.
const LOOK: Duration = Duration::from_secs(2);
/// A notification that was kept so long ago and not read: whoever kept it is gone.
const UNREAD: Duration = Duration::from_secs(20);
/// Questions to the gateway at the same time.
const AT_ONCE: usize = 8;
/// Questions in one go; the rest the next time.
const MOST: i64 = 200;

/// Follows what is open for as long as the house stands. Several processes may.
pub async fn follow(house: House) {
    if let Err(error) = patiently!(name_merchant(&house)) {
        tracing::warn!(error = &error as &dyn std::error::Error, "the merchant of old deposits was not noted");
    }
    house.every(LOOK, "deposits were not followed", |house| async move { sweep(&house).await }).await;
}

/// What was made before its merchant was noted was made as the one who is set up: written down, a later change is noticed.
async fn name_merchant(house: &House) -> Result<(), store::Error> {
    let Some(till) = &house.till else { return Ok(()) };
    let mut tx = house.db.begin().await?;
    tx.query("UPDATE deposits SET merchant = $2 WHERE gateway = $1 AND merchant = ''")
        .bind(till.name.as_str())
        .bind(till.gateway.merchant())
        .execute()
        .await?;
    tx.commit().await
}

/// One look: reads notifications that were left, expires deposits nobody was sent for, asks about what is due, forgets
/// notifications that nobody believes and that are old. Each part by itself: what stands in the way of one must not keep
/// the others from being followed. Answers what went wrong first. Also without a gateway: what was begun has to end.
pub async fn sweep(house: &House) -> Result<(), store::Error> {
    let now = house.now();
    let expired = expire(house, now).await;
    let read = match &house.till {
        Some(till) => notify::read_kept(house, till, UNREAD).await,
        None => Ok(()),
    };
    let asked = ask_about(house, now).await;
    let pursued = pursue(house, now).await;
    let purged = notify::purge(house).await;
    expired.and(read).and(asked).and(pursued).and(purged)
}

async fn expire(house: &House, now: Micros) -> Result<(), store::Error> {
    for key in unsent(house, now).await? {
        if let Err(error) = ask::expire_unsent(house, key).await {
            tracing::warn!(error = &error as &dyn std::error::Error, deposit = key.1, "a deposit was not expired");
        }
    }
    Ok(())
}

async fn ask_about(house: &House, now: Micros) -> Result<(), store::Error> {
    stream::iter(due(house, now).await?).for_each_concurrent(AT_ONCE, |key| asked(house, key)).await;
    Ok(())
}

async fn pursue(house: &House, now: Micros) -> Result<(), store::Error> {
    stream::iter(refunds_due(house, now).await?).for_each_concurrent(AT_ONCE, |key| pursued(house, key)).await;
    Ok(())
}

async fn asked(house: &House, key: (GroupId, i64)) {
    if let Err(error) = ask::ask(house, key).await {
        tracing::warn!(error = &error as &dyn std::error::Error, deposit = key.1, "a deposit was not asked about");
    }
}

async fn pursued(house: &House, key: refunds::Key) {
    if let Err(error) = refunds::pursue(house, key).await {
        let deposit = key.deposit;
        tracing::warn!(error = &error as &dyn std::error::Error, deposit, "a refund was not followed");
    }
}

/// Confirmed, never sent, and too late now.
async fn unsent(house: &House, now: Micros) -> Result<Vec<(GroupId, i64)>, store::Error> {
    let mut tx = house.db.read().await?;
    tx.query("SELECT group_id, id FROM deposits WHERE state = 'created' AND expires_at_us <= $1 LIMIT $2")
        .bind(now)
        .bind(MOST)
        .all()
        .await
}

async fn due(house: &House, now: Micros) -> Result<Vec<(GroupId, i64)>, store::Error> {
    let mut tx = house.db.read().await?;
    tx.query(
        "SELECT group_id, id FROM deposits WHERE ask_at_us IS NOT NULL AND ask_at_us <= $1 \
         AND (asking_until_us IS NULL OR asking_until_us <= $1) ORDER BY ask_at_us LIMIT $2",
    )
    .bind(now)
    .bind(MOST)
    .all()
    .await
}

async fn refunds_due(house: &House, now: Micros) -> Result<Vec<refunds::Key>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<(GroupId, i64, i64)> = tx
        .query(
            "SELECT group_id, deposit_id, number FROM deposit_refunds WHERE ask_at_us IS NOT NULL AND ask_at_us <= $1 \
             AND (asking_until_us IS NULL OR asking_until_us <= $1) ORDER BY ask_at_us LIMIT $2",
        )
        .bind(now)
        .bind(MOST)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, deposit, number)| refunds::Key { group, deposit, number }).collect())
}
