//! A deposit whose gateway, or merchant at it, is not set up any more: nobody can be asked about it. That is as if there was
//! no answer, and is told once; only that it does not wait for ever. A look that asked nobody does not count: when the gateway
//! is set up again it is asked, however long it was away. Until then, money of it that turns up after it expired is seen on the
//! bank statement, and in the file of its day unless that is another merchant's.

use ledger::GroupId;
use store::{Error, Micros, Tx};

use super::event::{self, By, Happened, Told};
use super::rules::{judge_unasked, next_absent_ask};
use super::{DepositNumber, State, ask, book, topic};
use crate::{House, patiently};

/// Goes on without an answer.
pub(super) async fn wait(house: &House, key: (GroupId, i64)) -> Result<(), Error> {
    patiently!(note(house, key))?;
    house.signal(&topic(DepositNumber::new(key.1))).await;
    Ok(())
}

async fn note(house: &House, key: (GroupId, i64)) -> Result<(), Error> {
    let (mut tx, now) = (house.db.begin().await?, house.now());
    let Some(mut locked) = book::lock(&mut tx, key.0, key.1).await? else { return Ok(()) };
    let (known, story) = ask::known(&mut tx, &locked).await?;
    let last = story.iter().rev().find_map(|event| {
        let Happened::Asked { told } = &event.what else { return None };
        Some(told)
    });
    if !known.state.is_paid() && last != Some(&Told::NotSetUp) {
        event::add(&mut tx, key, now, &By::System, &Happened::Asked { told: Told::NotSetUp }).await?;
    }
    let verdict = judge_unasked(&known, now);
    ask::follow_up(&mut tx, house, &mut locked, (&known, None, verdict)).await?;
    if locked.deposit.state == State::Redirected {
        ask::reschedule(&mut tx, house, &locked, (&known, false)).await?;
    } else {
        let asked = if known.state == locked.deposit.state { locked.asked } else { 0 };
        keep_looking(&mut tx, &locked, asked, now).await?;
    }
    tx.commit().await
}

/// What was to be asked about still is.
async fn keep_looking(tx: &mut Tx, locked: &book::Locked, asked: i64, now: Micros) -> Result<(), Error> {
    let (group, id) = locked.key();
    tx.query(
        "UPDATE deposits SET asking_until_us = NULL, asked = $4, \
         ask_at_us = CASE WHEN ask_at_us IS NULL THEN NULL ELSE CAST($3 AS BIGINT) END WHERE group_id = $1 AND id = $2",
    )
    .bind(group)
    .bind(id)
    .bind(next_absent_ask(now))
    .bind(asked)
    .execute()
    .await
    .map(drop)
}
