//! Closing an exception: by two people above the issuer's limit, with the money moved in the same commit.

use ledger::{Fen, GroupId, Kind};
use serde_json::json;
use store::Tx;

use super::query::{of_deposit, one};
use super::{Exception, ExceptionId, ExceptionKind, Outcome, exception, subject};
use crate::audit::{self, Action, Actor, Entry, NO_GROUP};
use crate::deposits::event::{self, By, Happened};
use crate::deposits::rules::{Refused, may_say};
use crate::deposits::{State, book, refunds, topic};
use crate::people::staff::{Staff, StaffId};
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
    /// This outcome does not go with it.
    #[error("this outcome does not go with it")]
    Outcome,
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
}

/// Does what `staff` wants done about an exception, or notes it until another person says the same.
pub async fn close(house: &House, staff: &Staff, actor: &Actor, closing: Closing<'_>) -> Result<Closure, CloseError> {
    may_say(staff.role, closing.reason)?;
    if let Some(found) = exception(house, closing.id).await?
        && found.kind == ExceptionKind::RefundFailed
        && found.closed.is_none()
        && closing.outcome != Outcome::Nothing
        && !refunds::asked_once_more(house, &found.order).await?
    {
        return Err(CloseError::Outcome);
    }
    let done = patiently!(attempt(house, staff, actor, closing))?;
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

async fn attempt(house: &House, staff: &Staff, actor: &Actor, closing: Closing<'_>) -> Result<Closure, CloseError> {
    let reason = may_say(staff.role, closing.reason)?;
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
    if found.kind.outcomes().is_empty() {
        return Err(CloseError::DecideDeposit);
    }
    if !found.kind.outcomes().contains(&outcome) {
        return Err(CloseError::Outcome);
    }
    let limit = house.settings.deposits.two_people_above;
    let (action, done) = match &found.proposed {
        _ if found.amount <= limit => (Action::ExceptionClosed, Closure::Closed),
        Some((by, ..)) if *by == staff.id => return Err(Refused::Own.into()),
        Some((_, _, proposed, ..)) if *proposed == outcome => (Action::ExceptionClosed, Closure::Closed),
        Some(_) | None => (Action::ExceptionProposed, Closure::Proposed),
    };
    if done == Closure::Proposed {
        propose(&mut tx, house, staff, actor, (id, outcome, reason)).await?;
    } else {
        if let Some(locked) = &mut locked
            && found.kind == ExceptionKind::RefundFailed
        {
            act(&mut tx, house, locked, outcome).await?;
        }
        let closed = Closed { id, outcome, reason, limit, proposer: None };
        shut(&mut tx, house, staff, actor, &closed).await?;
        close_alarm(&mut tx, house, actor, (&found, group), reason).await?;
    }
    let details = json!({ "exception": id, "kind": found.kind, "outcome": outcome, "reason": reason });
    let subject = subject(id, found.deposit);
    let entry = Entry { actor, action, group: group.unwrap_or(NO_GROUP), subject, details };
    audit::record(&mut tx, &house.ids, &entry).await?;
    if let (Some(key), Closure::Closed) = (group.zip(deposit), done) {
        let (kind, reason) = (found.kind, reason.to_owned());
        let what = Happened::Closed { exception: id, kind, outcome, reason };
        event::add(&mut tx, key, house.now(), &By::Staff(actor.name.clone()), &what).await?;
    }
    tx.commit().await?;
    Ok(done)
}

async fn propose(
    tx: &mut Tx,
    house: &House,
    staff: &Staff,
    actor: &Actor,
    (id, outcome, reason): (ExceptionId, Outcome, &str),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_exceptions SET proposed_by = $2, proposed_name = $3, proposed_outcome = $4, \
         proposed_reason = $5, proposed_at_us = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(staff.id)
    .bind(actor.name.as_str())
    .bind(outcome.as_str())
    .bind(reason)
    .bind(house.now())
    .execute()
    .await?;
    Ok(())
}

/// Moves the money of a refund that failed.
async fn act(tx: &mut Tx, house: &House, locked: &mut book::Locked, outcome: Outcome) -> Result<(), CloseError> {
    if !matches!(locked.deposit.state, State::Rejected | State::Refunding) {
        return Err(CloseError::Outcome);
    }
    // The gateway says that this money has gone back after all: first somebody finds out what is so.
    let contradicted = |unfit: &Exception| unfit.kind == ExceptionKind::RefundContradiction && unfit.closed.is_none();
    if of_deposit(tx, locked.key()).await?.iter().any(contradicted) {
        return Err(CloseError::Outcome);
    }
    let at = house.now();
    match outcome {
        Outcome::Refund => refunds::plan(tx, house, &locked.deposit).await?,
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

/// How an exception is closed.
pub(in crate::deposits) struct Closed<'a> {
    pub(in crate::deposits) id: ExceptionId,
    pub(in crate::deposits) outcome: Outcome,
    pub(in crate::deposits) reason: &'a str,
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
         outcome = $6, limit_fen = $7, proposed_by = COALESCE(proposed_by, $8) WHERE id = $1 AND closed_at_us IS NULL",
    )
    .bind(closed.id)
    .bind(house.now())
    .bind(staff.id)
    .bind(actor.name.as_str())
    .bind(closed.reason)
    .bind(closed.outcome.as_str())
    .bind(closed.limit)
    .bind(closed.proposer)
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
