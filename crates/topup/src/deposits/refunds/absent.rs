//! A refund whose gateway, or merchant at it, is not set up any more: nobody can be asked for it. It waits for a while, since
//! a line of the configuration may be out for an hour only; then it counts as failed, so that people can see to it. Should
//! the gateway come back, it is asked about what failed so before the money is used otherwise, as about every refund.

use serde_json::json;
use store::{Error, Micros};

use super::note::fail;
use super::query::{Row, one};
use super::{Key, NO_GATEWAY};
use crate::deposits::{DepositNumber, book, rules, topic};
use crate::{House, patiently};

/// Goes on without an answer.
pub(super) async fn wait(house: &House, key: Key) -> Result<(), Error> {
    patiently!(note(house, key))?;
    house.signal(&topic(DepositNumber::new(key.deposit))).await;
    Ok(())
}

async fn note(house: &House, key: Key) -> Result<(), Error> {
    let (mut tx, now) = (house.db.begin().await?, house.now());
    let Some(mut locked) = book::lock(&mut tx, key.group, key.deposit).await? else { return Ok(()) };
    let since: Option<(Micros,)> = tx
        .query(
            "UPDATE deposit_refunds SET asking_until_us = NULL, absent_at_us = COALESCE(absent_at_us, $4) \
             WHERE group_id = $1 AND deposit_id = $2 AND number = $3 AND state IN ('due', 'accepted') \
             RETURNING absent_at_us",
        )
        .bind(key.group)
        .bind(key.deposit)
        .bind(key.number)
        .bind(now)
        .optional()
        .await?;
    let Some((since,)) = since else { return Ok(()) };
    let Some(refund) = one(&mut tx, key).await?.and_then(Row::into_refund) else { return Ok(()) };
    let next = rules::next_absent_look(since, now);
    if next.is_none() {
        let evidence = json!({ "code": NO_GATEWAY, "words": "" });
        fail(&mut tx, house, &mut locked, (key, &refund), (NO_GATEWAY, ""), evidence).await?;
    }
    tx.query("UPDATE deposit_refunds SET ask_at_us = $4 WHERE group_id = $1 AND deposit_id = $2 AND number = $3")
        .bind(key.group)
        .bind(key.deposit)
        .bind(key.number)
        .bind(next)
        .execute()
        .await?;
    tx.commit().await
}
