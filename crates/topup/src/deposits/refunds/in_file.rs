//! The daily file may list as done what is under way as far as we know, or had failed.

use std::time::Duration;

use ledger::{Fen, GroupId};
use pay::{Amount, Settlement};
use serde_json::json;
use store::Tx;

use super::note::{contradict, fail_in_part, finish};
use super::pursue::pursue_within;
use super::query::{Row, of_deposit, one};
use super::{Key, Refund, RefundState};
use crate::deposits::event::Told;
use crate::deposits::exceptions::{self, Back};
use crate::deposits::given_back::went_back;
use crate::deposits::{FileRefund, State, book, query, topic};
use crate::{House, patiently};

/// How long one question may take; there may be many lines.
const WAIT: Duration = Duration::from_secs(6);

/// Takes note that the gateway's own file of a day, which settles then (`MMDD`), lists a refund of ours that moved no money
/// in our books. Of one that is under way the gateway is asked once more; if it does not say, its file is enough. One that
/// had failed it contradicts while the deposit is still to go back, and people look at it first. True if it has come to an
/// end by that.
pub async fn refund_in_file(house: &House, line: &FileRefund, settle_date: &str) -> Result<bool, store::Error> {
    let Some(key) = query::key(house, line.order).await? else { return Ok(false) };
    let open = under_way(house, key, line).await?;
    if let Some(refund) = open {
        pursue_within(house, refund, WAIT).await;
        if under_way(house, key, line).await?.is_some() {
            patiently!(end(house, refund, line, settle_date))?;
        }
    }
    patiently!(note(house, key, line))?;
    house.signal(&topic(line.order)).await;
    Ok(open.is_some() && under_way(house, key, line).await?.is_none())
}

/// The refund of the line, if it has no end yet.
async fn under_way(
    house: &House,
    (group, deposit): (GroupId, i64),
    line: &FileRefund,
) -> Result<Option<Key>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<(i64,)> = tx
        .query(
            "SELECT number FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2 AND order_id = $3 \
             AND state IN ('due', 'accepted')",
        )
        .bind(group)
        .bind(deposit)
        .bind(line.refund.as_str())
        .optional()
        .await?;
    Ok(row.map(|(number,)| Key { group, deposit, number }))
}

/// Asked, nobody says that it came to an end, and the file says that it is done; unless it is another merchant's.
async fn end(house: &House, key: Key, line: &FileRefund, settle_date: &str) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(mut locked) = book::lock(&mut tx, key.group, key.deposit).await? else { return Ok(()) };
    let Some(refund) = one(&mut tx, key).await?.and_then(Row::into_refund) else { return Ok(()) };
    let Some(amount) = Amount::from_fen(line.amount.as_i64()) else { return Ok(()) };
    let there = house.till.as_ref().is_none_or(|till| till.is_of(&locked.deposit.gateway, &locked.deposit.merchant));
    if !there || !matches!(refund.state, RefundState::Due | RefundState::Accepted) {
        return Ok(());
    }
    let (serial, settle_date) = (line.serial.clone(), Some(settle_date.to_owned()));
    let settled = Settlement { serial, amount, settle_date, traced_at: None };
    if line.amount == refund.amount {
        finish(&mut tx, house, &mut locked, (key, &refund, &settled)).await?;
    } else {
        fail_in_part(&mut tx, house, &mut locked, (key, &refund, &settled)).await?;
    }
    tx.query(
        "UPDATE deposit_refunds SET ask_at_us = NULL, asking_until_us = NULL, absent_at_us = NULL \
         WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .execute()
    .await?;
    tx.commit().await?;
    tracing::info!(order = %line.order, refund = line.refund, file = line.file, "the bank's file ends a refund");
    Ok(())
}

async fn note(house: &House, key: (GroupId, i64), line: &FileRefund) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(locked) = book::lock(&mut tx, key.0, key.1).await? else { return Ok(()) };
    let refunds = of_deposit(&mut tx, key).await?;
    let failed = |own: &&Refund| own.order == line.refund && own.state == RefundState::Failed;
    let Some(refund) = refunds.iter().find(failed) else { return Ok(()) };
    gone_from_quota(&mut tx, house, &locked, (refund, line.amount)).await?;
    if matches!(locked.deposit.state, State::Rejected | State::Refunding) && !refund.done_in_part(&line.serial) {
        let told = Told::Done { serial: line.serial.clone(), amount: line.amount };
        contradict(&mut tx, house, &locked, (refund, &told)).await?;
    }
    tx.commit().await
}

/// A refund that had failed was done after all, and its money has become quota meanwhile: people take it out again. What
/// they have closed is nothing new.
pub(super) async fn gone_from_quota(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    (refund, amount): (&Refund, Fen),
) -> Result<(), store::Error> {
    let deposit = &locked.deposit;
    let back = Back::from([(refund.order.clone(), amount)]);
    if deposit.state != State::Approved || exceptions::told_back(tx, locked.key(), &refund.order).await? {
        return Ok(());
    }
    let evidence = json!({ "was": deposit.state.as_str(), "refund": refund.order, "back": back });
    went_back(tx, house, locked, (&back, None), evidence).await
}
