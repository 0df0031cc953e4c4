//! The daily file may list as done what had failed as far as we know.

use ledger::{Fen, GroupId};
use serde_json::json;
use store::Tx;

use super::note::contradict;
use super::query::of_deposit;
use super::{Refund, RefundState};
use crate::deposits::event::Told;
use crate::deposits::exceptions::{self, Back};
use crate::deposits::given_back::went_back;
use crate::deposits::{FileRefund, State, book, query, topic};
use crate::{House, patiently};

/// Takes note that the gateway's own file of a day lists a refund of ours that moved no money in our books. While the deposit
/// is still to go back, that contradicts what the gateway said of the refund, and people look at it first.
pub async fn refund_in_file(house: &House, line: &FileRefund) -> Result<(), store::Error> {
    let Some(key) = query::key(house, line.order).await? else { return Ok(()) };
    patiently!(note(house, key, line))?;
    house.signal(&topic(line.order)).await;
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
