//! A deposit whose gateway, or merchant at it, is not set up any more: nobody can be asked about it. That is as if there was
//! no answer, and is told once; only that it does not wait for ever. Money of it that turns up after it expired is seen in
//! the file of its day and on the bank statement, and when the gateway is set up again it is asked.

use ledger::GroupId;
use store::Error;

use super::event::{self, By, Happened, Told};
use super::rules::judge_unasked;
use super::{DepositNumber, ask, book, topic};
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
    ask::reschedule(&mut tx, house, &locked, (&known, false)).await?;
    tx.commit().await
}
