//! Closing an exception: by two people above the issuer's limit, with the money moved in the same commit.

use ledger::{Fen, GroupId};
use serde_json::json;
use store::Tx;

use super::act::{end_refund, forgotten, may_move, take_back};
use super::query::{of_deposit, one};
use super::{Exception, ExceptionId, ExceptionKind, Needs, Outcome, People, exception, needs_of, subject};
use crate::audit::{self, Action, Actor, Entry, NO_GROUP};
use crate::deposits::assure::{Assured, assure};
use crate::deposits::event::{self, By, Happened};
use crate::deposits::refunds::Inquiry;
use crate::deposits::rules::Refused;
use crate::deposits::{State, book, query, refunds, topic};
use crate::people::staff::{Staff, StaffId, StaffPermission, may_still};
use crate::two_people::{Before, agreed, may_say, reference};
use crate::{House, alarms, patiently};

/// What someone wants done.
#[derive(Clone, Copy, Debug)]
pub struct Closing<'a> {
    /// Which exception.
    pub id: ExceptionId,
    /// What is to be done.
    pub outcome: Outcome,
    /// Why.
    pub reason: &'a str,
    /// Under which number the bank knows of money that is said to have moved outside of this system; else empty.
    pub reference: &'a str,
}

/// Why an exception was not closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// There is no such exception.
    #[error("there is no such exception")]
    NoException,
    /// It is closed already.
    #[error("it is closed already")]
    Closed,
    /// Its money waits in review: decide about the deposit, and that closes it.
    #[error("the deposit is to be decided")]
    DecideDeposit,
    /// The money is said to have gone back, and is still in review: reject the deposit first.
    #[error("its money is still in review")]
    InReview,
    /// This outcome does not go with it.
    #[error("this outcome does not go with it")]
    Outcome,
    /// The number is missing under which the bank knows of it: [`super::Needs::reference`].
    #[error("the bank's number of it is needed")]
    NoReference,
    /// The number is longer than [`MOST_REFERENCE`](crate::two_people::MOST_REFERENCE).
    #[error("the bank's number is too long")]
    LongReference,
    /// The gateway was asked what became of the refunds that failed, and does not say. Nothing is lost: try again later.
    #[error("the gateway does not say what became of the refunds")]
    Unanswered,
    /// The gateway says of a refund that failed that it was done, or is under way: look at its exception first.
    #[error("the gateway says that a refund was done after all")]
    GoneAfterAll,
    /// The gateway says of a refund that failed that it was done with another amount: only [`Outcome::ReturnedOtherwise`] is
    /// left.
    #[error("the gateway says that another amount was given back")]
    InPart,
    /// The gateway had taken on a refund that failed, and cannot be asked any more, or does not know of it any more: it may have
    /// done it, so its money does not become quota and is not asked back again.
    #[error("the gateway had taken on a refund and cannot be asked about it")]
    TakenOn,
    /// The gateway's file lists money of it as given back without us, and nobody has said yet whether that is so: first that
    /// exception, then the refund is asked for again.
    #[error("{back} of {due} yuan went back without us as the file says, and nobody has confirmed it")]
    Unsaid {
        /// How much went back without us, as the file says.
        back: Fen,
        /// How much was to go back.
        due: Fen,
    },
    /// All of it has gone back without us, as people have confirmed: nothing is left to be asked for.
    #[error("{back} of {due} yuan went back already")]
    NothingLeft {
        /// How much went back without us.
        back: Fen,
        /// How much was to go back.
        due: Fen,
    },
    /// The money would leave the quota, and so much of that is not free. The group pays in again first, or its loads in flight
    /// end.
    #[error("{needed} yuan would leave the quota, {free} are free")]
    QuotaShort {
        /// How much of the quota is free.
        free: Fen,
        /// How much would leave it.
        needed: Fen,
    },
    /// The rules.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// What became of a closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closure {
    /// It is closed.
    Closed,
    /// Another person has to say the same.
    Proposed,
    /// As [`Self::Proposed`]: the other who wants the same done typed another number, so this took its place.
    OtherReference,
}

/// What the gateway said just before money moves.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) refunds: Inquiry,
    /// Of the payment itself, where it is to become quota.
    pub(super) payment: Option<Assured>,
}

/// Does what `staff` wants done about an exception, or notes it until another person says the same. Before money of a
/// refund that failed is used otherwise, the gateway is asked what became of every refund of the deposit.
pub async fn close(house: &House, staff: &Staff, actor: &Actor, closing: Closing<'_>) -> Result<Closure, CloseError> {
    let done = if let Some(done) = patiently!(attempt(house, staff, actor, closing, None))? {
        done
    } else {
        let said = ask(house, closing).await?;
        patiently!(attempt(house, staff, actor, closing, Some(&said)))?.ok_or(CloseError::Unanswered)?
    };
    if let Ok(Some(exception)) = exception(house, closing.id).await
        && let Some(order) = exception.deposit
    {
        house.signal(&topic(order)).await;
        if done == Closure::Closed && closing.outcome == Outcome::Refund {
            refunds::pursue_now(house, order).await;
        }
    }
    Ok(done)
}

async fn ask(house: &House, closing: Closing<'_>) -> Result<Said, CloseError> {
    let order = exception(house, closing.id).await?.and_then(|found| found.deposit).ok_or(CloseError::NoException)?;
    let key = query::key(house, order).await?.ok_or(CloseError::NoException)?;
    let refunds = refunds::inquire(house, key).await?;
    let payment = match closing.outcome {
        Outcome::Credited => match assure(house, key).await? {
            Ok(assured) => Some(assured),
            Err(Refused::Unanswered) => return Err(CloseError::Unanswered),
            Err(refused) => return Err(refused.into()),
        },
        Outcome::Refund | Outcome::ReturnedOtherwise | Outcome::Nothing => None,
    };
    Ok(Said { refunds, payment })
}

/// None, and nothing is done, if money would move and the gateway has to be asked before.
async fn attempt(
    house: &House,
    staff: &Staff,
    actor: &Actor,
    closing: Closing<'_>,
    said: Option<&Said>,
) -> Result<Option<Closure>, CloseError> {
    let reason = may_say(staff.role, StaffPermission::ReviewDeposits, closing.reason).map_err(Refused::from)?;
    let reference = reference(closing.reference).map_err(|_| CloseError::LongReference)?;
    let Closing { id, outcome, .. } = closing;
    let mut tx = house.db.begin().await?;
    let whose: Option<(Option<GroupId>, Option<i64>)> =
        tx.query("SELECT group_id, deposit_id FROM deposit_exceptions WHERE id = $1").bind(id).optional().await?;
    let (group, deposit) = whose.ok_or(CloseError::NoException)?;
    // The accounts first, as everywhere.
    let mut locked = match group.zip(deposit) {
        Some((group, deposit)) => book::lock(&mut tx, group, deposit).await?,
        None => None,
    };
    tx.query("SELECT id FROM deposit_exceptions WHERE id = $1 FOR UPDATE").bind(id).execute().await?;
    let found = one(&mut tx, id).await?.ok_or(CloseError::NoException)?;
    if found.closed.is_some() {
        return Err(CloseError::Closed);
    }
    let needs = needs_of(&mut tx, house, &found, locked.as_ref().map(|locked| &locked.deposit)).await?;
    may_be(needs, &found, locked.as_ref(), (outcome, reference))?;
    if let Some(locked) = &locked {
        may_move(&mut tx, locked, (&found, needs, outcome)).await?;
    }
    let two_people = match needs.people(outcome) {
        People::One => false,
        People::OneIfKnown => forgotten(&mut tx, locked.as_ref(), said).await?,
        People::Two => true,
    };
    let limit = house.settings.deposits.two_people_above;
    let done = if two_people {
        course(&mut tx, staff, &found, (outcome, reference.filter(|_| needs.reference(outcome)))).await?
    } else {
        Closure::Closed
    };
    if done == Closure::Closed && needs.inquiry() && said.is_none() {
        return Ok(None);
    }
    let action = if done == Closure::Closed {
        if let Some(locked) = &mut locked {
            if found.kind == ExceptionKind::RefundFailed {
                end_refund(&mut tx, house, locked, (&found, outcome, said)).await?;
            } else if needs.takes_back(outcome) {
                take_back(&mut tx, house, actor, locked, (reason, reference.unwrap_or_default())).await?;
            }
        }
        let closed = Closed { id, outcome, reason, reference, limit, proposer: None };
        shut(&mut tx, house, staff, actor, &closed).await?;
        close_alarm(&mut tx, house, actor, (&found, group), reason).await?;
        Action::ExceptionClosed
    } else {
        propose(&mut tx, house, staff, actor, (&closing, reason, reference)).await?;
        Action::ExceptionProposed
    };
    // Whoever has to say the same reads the number themselves, and not here.
    let shown = reference.filter(|_| done == Closure::Closed);
    let details =
        json!({ "exception": id, "kind": found.kind, "outcome": outcome, "reason": reason, "reference": shown });
    let subject = subject(id, found.deposit);
    let entry = Entry { actor, action, group: group.unwrap_or(NO_GROUP), subject, details };
    audit::record(&mut tx, &house.ids, &entry).await?;
    if let (Some(key), Closure::Closed) = (group.zip(deposit), done) {
        let (kind, reason) = (found.kind, reason.to_owned());
        let what = Happened::Closed { exception: id, kind, outcome, reason };
        event::add(&mut tx, key, house.now(), &By::Staff(actor.name.clone()), &what).await?;
    }
    tx.commit().await?;
    Ok(Some(done))
}

/// What becomes of it where two people have to say the same: with the same number, if one is needed.
async fn course(
    tx: &mut Tx,
    staff: &Staff,
    found: &Exception,
    (outcome, needed): (Outcome, Option<&str>),
) -> Result<Closure, CloseError> {
    let Some((by, _, proposed, ..)) = found.proposed else { return Ok(Closure::Proposed) };
    let other_number = needed.is_some_and(|number| found.reference.as_deref() != Some(number));
    let counts = may_still(tx, by, StaffPermission::ReviewDeposits).await?;
    let before = Before { by, same: proposed == outcome && !other_number, counts };
    Ok(if agreed(Some(before), staff.id).map_err(Refused::from)? {
        Closure::Closed
    } else if proposed == outcome && other_number {
        Closure::OtherReference
    } else {
        Closure::Proposed
    })
}

/// Whether this can be made of it at all.
fn may_be(
    needs: Needs,
    found: &Exception,
    locked: Option<&book::Locked>,
    (outcome, reference): (Outcome, Option<&str>),
) -> Result<(), CloseError> {
    if found.kind.outcomes().is_empty() {
        return Err(CloseError::DecideDeposit);
    }
    // Said to be back at the payer, it must not wait for somebody to approve it.
    let in_review = locked.is_some_and(|locked| locked.deposit.state == State::Paid);
    if found.kind == ExceptionKind::GoneBack && outcome == Outcome::ReturnedOtherwise && in_review {
        return Err(CloseError::InReview);
    }
    if !needs.offers(outcome) {
        let in_part = needs.other_amount() && found.kind.outcomes().contains(&outcome);
        return Err(if in_part { CloseError::InPart } else { CloseError::Outcome });
    }
    if needs.reference(outcome) && reference.is_none() {
        return Err(CloseError::NoReference);
    }
    Ok(())
}

async fn propose(
    tx: &mut Tx,
    house: &House,
    staff: &Staff,
    actor: &Actor,
    (closing, reason, reference): (&Closing<'_>, &str, Option<&str>),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_exceptions SET proposed_by = $2, proposed_name = $3, proposed_outcome = $4, \
         proposed_reason = $5, proposed_at_us = $6, reference = $7 WHERE id = $1",
    )
    .bind(closing.id)
    .bind(staff.id)
    .bind(actor.name.as_str())
    .bind(closing.outcome.as_str())
    .bind(reason)
    .bind(house.now())
    .bind(reference)
    .execute()
    .await?;
    Ok(())
}

/// How an exception is closed.
pub(in crate::deposits) struct Closed<'a> {
    pub(in crate::deposits) id: ExceptionId,
    pub(in crate::deposits) outcome: Outcome,
    pub(in crate::deposits) reason: &'a str,
    pub(in crate::deposits) reference: Option<&'a str>,
    pub(in crate::deposits) limit: Fen,
    /// Who proposed it elsewhere, with the deposit's decision.
    pub(in crate::deposits) proposer: Option<StaffId>,
}

async fn shut(
    tx: &mut Tx,
    house: &House,
    staff: &Staff,
    actor: &Actor,
    closed: &Closed<'_>,
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_exceptions SET closed_at_us = $2, closed_by = $3, closed_name = $4, close_reason = $5, \
         outcome = $6, limit_fen = $7, proposed_by = COALESCE(proposed_by, $8), reference = $9 \
         WHERE id = $1 AND closed_at_us IS NULL",
    )
    .bind(closed.id)
    .bind(house.now())
    .bind(staff.id)
    .bind(actor.name.as_str())
    .bind(closed.reason)
    .bind(closed.outcome.as_str())
    .bind(closed.limit)
    .bind(closed.proposer)
    .bind(closed.reference)
    .execute()
    .await?;
    Ok(())
}

/// The decision about a deposit closes what waited for it. Under the lock on its group's accounts.
pub(in crate::deposits) async fn close_by_decision(
    tx: &mut Tx,
    house: &House,
    staff: &Staff,
    actor: &Actor,
    (key, decided): ((GroupId, i64), &Closed<'_>),
) -> Result<(), store::Error> {
    for found in of_deposit(tx, key).await? {
        if found.closed.is_some() || !found.kind.outcomes().is_empty() {
            continue;
        }
        let closed = Closed { id: found.id, ..*decided };
        shut(tx, house, staff, actor, &closed).await?;
        close_alarm(tx, house, actor, (&found, Some(key.0)), decided.reason).await?;
    }
    Ok(())
}

/// Closes the alarm about the same, unless another exception of the deposit is open.
async fn close_alarm(
    tx: &mut Tx,
    house: &House,
    actor: &Actor,
    (closed, group): (&Exception, Option<GroupId>),
    reason: &str,
) -> Result<(), store::Error> {
    let subject = subject(closed.id, closed.deposit);
    if let Some((order, group)) = closed.deposit.zip(group) {
        let (open,): (i64,) = tx
            .query(
                "SELECT COUNT(*) FROM deposit_exceptions WHERE group_id = $1 AND deposit_id = $2 \
                 AND closed_at_us IS NULL",
            )
            .bind(group)
            .bind(order.id())
            .one()
            .await?;
        if open > 0 {
            return Ok(());
        }
    }
    let alarm: Option<(i64,)> = tx
        .query("SELECT id FROM alarms WHERE subject = $1 AND kind = $2 AND closed_at_us IS NULL")
        .bind(subject.to_string())
        .bind(alarms::Kind::DepositUnfit.as_str())
        .optional()
        .await?;
    if let Some((alarm,)) = alarm {
        alarms::close(tx, &house.ids, subject, alarm, actor, reason).await?;
    }
    Ok(())
}
