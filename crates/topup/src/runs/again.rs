//! Charging a card once more that a run has charged before: a confirm of its own.

use super::card::lock;
use super::query::{quota, tally};
use super::rules::full;
use super::{Full, RunId, by_id};
use crate::House;
use crate::loads::{Confirm, ConfirmError, Intent, as_seen, put};
use crate::people::Operator;
use crate::terminals::work_topic;

/// Why a card was not charged once more.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// The run has ended, or is someone else's.
    #[error("the run has ended or is not theirs")]
    Over,
    /// The run takes no further load.
    #[error("the run is full")]
    Full(Full),
    /// As for any other confirm.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
}

impl From<store::Error> for AgainError {
    fn from(error: store::Error) -> Self {
        Self::Confirm(error.into())
    }
}

/// Takes on the confirm that the card on the reader is charged once more, as one of the run's loads. Its amount is the
/// run's; whatever `confirm` says.
pub async fn again(house: &House, operator: &Operator, run: RunId, confirm: &Confirm) -> Result<(), AgainError> {
    let run = by_id(house, operator.group, run).await?.filter(|run| run.is_of(operator)).ok_or(AgainError::Over)?;
    if run.ended.is_some() || run.terminal != confirm.terminal {
        return Err(AgainError::Over);
    }
    if !as_seen(house, operator, confirm).await? {
        return Ok(());
    }
    let mut tx = house.db.begin().await?;
    if !lock(house, &mut tx, run.group, run.id).await? {
        return Err(AgainError::Over);
    }
    let tally = tally(&mut tx, run.group, run.id).await?;
    if let Some(full) = full(&run.plan, &tally, quota(&mut tx, run.group).await?) {
        return Err(AgainError::Full(full));
    }
    let intent = Intent { amount: run.plan.amount, ..confirm.intent_of(operator, Some(run.id)) };
    put(&mut tx, &intent, house.now(), None).await?;
    tx.commit().await?;
    house.signal(&work_topic(run.terminal)).await;
    Ok(())
}
