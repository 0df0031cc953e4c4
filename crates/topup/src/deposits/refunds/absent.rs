//! A refund whose gateway, or merchant at it, is not set up any more: nobody can be asked for it. It waits for a while, since
//! a line of the configuration may be out for an hour only; then it counts as failed, so that people can see to it. Should
//! the gateway come back, it is asked about what failed so before the money is used otherwise, as about every refund.

use serde_json::json;
use store::Error;

use super::note::{ask_next, fail};
use super::query::one;
use super::{Key, NO_GATEWAY, Refund};
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
    let Some(row) = one(&mut tx, key).await? else { return Ok(()) };
    let since = row.absent_at_us.unwrap_or(now);
    let Some(refund) = row.into_refund().filter(Refund::is_open) else { return Ok(()) };
    let next = rules::next_absent_look(since, now);
    if next.is_none() {
        let evidence = json!({ "code": NO_GATEWAY, "words": "" });
        fail(&mut tx, house, &mut locked, (key, &refund), (NO_GATEWAY, ""), evidence).await?;
    }
    ask_next(&mut tx, key, (0, Some(since), next)).await?;
    tx.commit().await
}
