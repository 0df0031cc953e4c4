//! A refund that failed may have been done after all: the gateway is asked before people do something else.

use pay::RefundStatus;

use super::{Key, NOW, RefundState, Row, ask_of, contradict, of_order, one};
use crate::deposits::event::Told;
use crate::deposits::{ask, book, confirm};
use crate::{House, patiently};

/// Asks the gateway once more about a refund that failed, before people do something else with its money: it may have gone
/// back after all, and that opens an exception of its own. False if the gateway does not answer.
pub(in crate::deposits) async fn asked_once_more(house: &House, order: &str) -> Result<bool, store::Error> {
    let (Some(till), Ok(order), Some(now)) = (&house.till, order.parse(), confirm::pay_time(house.now())) else {
        return Ok(false);
    };
    let Some(key) = of_order(house, &order).await? else { return Ok(false) };
    let mut tx = house.db.read().await?;
    let row = one(&mut tx, key).await?.ok_or(store::Error::Missing)?;
    drop(tx);
    let Some(asked) = ask_of(house, till, key, &row).await? else { return Ok(false) };
    let Ok(word) = tokio::time::timeout(NOW, till.gateway.query_refund(&asked, now)).await else { return Ok(false) };
    ask::answered("refund", &order, &word);
    match word {
        Ok(RefundStatus::NotFound | RefundStatus::Failed { .. }) => {}
        Ok(status @ (RefundStatus::Accepted { .. } | RefundStatus::Refunded(_))) => {
            patiently!(gone_after_all(house, key, &Told::from(&status)))?;
        }
        Err(_) => return Ok(false),
    }
    Ok(true)
}

async fn gone_after_all(house: &House, key: Key, told: &Told) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(locked) = book::lock(&mut tx, key.group, key.deposit).await? else { return Ok(()) };
    let Some(refund) = one(&mut tx, key).await?.and_then(Row::into_refund) else { return Ok(()) };
    if refund.state == RefundState::Failed {
        contradict(&mut tx, house, &locked, (&refund, told)).await?;
    }
    tx.commit().await
}
