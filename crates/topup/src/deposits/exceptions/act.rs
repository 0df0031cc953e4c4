//! What closing an exception does with money, in the commit of the last word.

use ledger::Kind;
use store::Tx;

use super::close::Said;
use super::query::of_deposit;
use super::went_back::{rest, unsaid};
use super::{CloseError, Exception, ExceptionKind, Needs, Outcome};
use crate::House;
use crate::audit::Actor;
use crate::deposits::event::{self, By, Happened};
use crate::deposits::refunds::Standing;
use crate::deposits::rules::Refused;
use crate::deposits::{NO_GATEWAY, Refund, State, book, refunds};
use crate::invoices;

/// Moves the money of a refund that failed.
pub(super) async fn end_refund(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (found, outcome, said): (&Exception, Outcome, Option<&Said>),
) -> Result<(), CloseError> {
    if !matches!(locked.deposit.state, State::Rejected | State::Refunding) {
        return Err(CloseError::Outcome);
    }
    // In part it has gone back: that the whole has is all that people can say, or the gateway, whatever else is open.
    let in_part = found.went_back().is_some();
    let all = of_deposit(tx, locked.key()).await?;
    let open = |kind| all.iter().any(|unfit| unfit.kind == kind && unfit.closed.is_none());
    // The gateway says that this money has gone back after all: first somebody finds out what is so.
    if open(ExceptionKind::RefundContradiction) && !in_part {
        return Err(CloseError::GoneAfterAll);
    }
    // Given back at the bank without us, it is at the payer, whatever the gateway says of the payment.
    let returned = |unfit: &Exception| {
        let closed = unfit.closed.as_ref().is_none_or(|(_, made, ..)| *made == Outcome::ReturnedOtherwise);
        unfit.kind == ExceptionKind::GoneBack && closed
    };
    if outcome == Outcome::Credited && all.iter().any(returned) {
        return Err(Refused::NotThere.into());
    }
    // None if it cannot be asked any more; then two people and a number of the bank stand for it.
    if let Some(said) = said {
        match said.refunds.standing(tx, locked.key()).await? {
            Standing::Failed if in_part && outcome == Outcome::Refund => return Err(CloseError::InPart),
            Standing::Failed => {}
            Standing::OtherAmount if in_part && outcome == Outcome::ReturnedOtherwise => {}
            // Then two people and a number of the bank stand for it too.
            Standing::Forgotten if outcome == Outcome::ReturnedOtherwise => {}
            Standing::Unknown => return Err(CloseError::Unanswered),
            Standing::Forgotten => return Err(CloseError::TakenOn),
            Standing::GoneAfterAll(refund, word) if outcome == Outcome::Refund => {
                let adopted = refunds::adopt(tx, house, locked, (refund, &word)).await?;
                return if adopted { Ok(()) } else { Err(CloseError::GoneAfterAll) };
            }
            Standing::GoneAfterAll(..) => return Err(CloseError::GoneAfterAll),
            Standing::OtherAmount => return Err(CloseError::InPart),
        }
        let covered = said.payment.as_ref().is_some_and(|assured| assured.covers(&locked.deposit));
        if outcome == Outcome::Credited && !covered {
            return Err(CloseError::Unanswered);
        }
    }
    let at = house.now();
    match outcome {
        // The gateway would refuse more than it has left of the payment, if it counts as we do.
        Outcome::Refund => refunds::plan(tx, house, &locked.deposit, rest(&all, locked.paid())?).await.map(drop)?,
        Outcome::Credited => {
            book::transfer(tx, locked, (Kind::RefundsDue, Kind::Quota), book::CREDITED, at).await?;
            book::set_state(tx, locked, State::Approved).await?;
        }
        Outcome::ReturnedOtherwise => {
            book::transfer(tx, locked, (Kind::RefundsDue, Kind::Bank), book::REFUNDED, at).await?;
            book::set_state(tx, locked, State::Refunded).await?;
        }
        Outcome::Nothing => return Err(CloseError::Outcome),
    }
    Ok(())
}

/// Whether the gateway, asked just now, does not know of a refund any more that it had taken on, and nothing else stands in
/// the way: then it is as if it could not be asked.
pub(super) async fn forgotten(
    tx: &mut Tx,
    locked: Option<&book::Locked>,
    said: Option<&Said>,
) -> Result<bool, CloseError> {
    let (Some(said), Some(locked)) = (said, locked) else { return Ok(false) };
    Ok(matches!(said.refunds.standing(tx, locked.key()).await?, Standing::Forgotten))
}

/// Whether the money of a deposit may go that way. Out of the quota, if it is still there; what is held for loads in flight is
/// not. Into it, where nobody can be asked, unless a refund was taken on, which may have been done. Back once more, once
/// people have said of each return in the gateway's file whether it is so.
pub(super) async fn may_move(
    tx: &mut Tx,
    locked: &book::Locked,
    (found, needs, outcome): (&Exception, Needs, Outcome),
) -> Result<(), CloseError> {
    let again = found.kind == ExceptionKind::RefundFailed && outcome == Outcome::Refund;
    if again && let Some(back) = unsaid(&of_deposit(tx, locked.key()).await?) {
        return Err(CloseError::Unsaid { back, due: locked.paid() });
    }
    let (free, needed) = (locked.free(), locked.paid());
    if needs.takes_back(outcome) && free < needed {
        return Err(CloseError::QuotaShort { free, needed });
    }
    // One of which the gateway itself has said that it failed has.
    let unasked = |refund: &Refund| refund.failure.as_ref().is_some_and(|(code, _)| code == NO_GATEWAY);
    let taken_on = |refund: &Refund| refund.accepted_at.is_some() && unasked(refund);
    if needs.blindly_credits(outcome) && refunds::of_deposit(tx, locked.key()).await?.iter().any(taken_on) {
        return Err(CloseError::TakenOn);
    }
    Ok(())
}

/// Money that is back at the payer leaves the quota that it had become. What was to be invoiced for it is not any more.
pub(super) async fn take_back(
    tx: &mut Tx,
    house: &House,
    actor: &Actor,
    locked: &mut book::Locked,
    (reason, reference): (&str, &str),
) -> Result<(), store::Error> {
    book::transfer(tx, locked, (Kind::Quota, Kind::Bank), book::TAKEN_BACK, house.now()).await?;
    book::set_state(tx, locked, State::Refunded).await?;
    let what = Happened::TakenBack { amount: locked.paid(), reference: reference.to_owned() };
    event::add(tx, locked.key(), house.now(), &By::Staff(actor.name.clone()), &what).await?;
    invoices::taken_back(tx, house, actor, locked.key(), reason).await?;
    tracing::info!(order = %locked.deposit.order, "what a deposit had brought was taken out of the quota again");
    metrics::counter!("jichong_deposits_total", "state" => "refunded").increment(1);
    Ok(())
}
