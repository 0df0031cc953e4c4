//! What staff decide about a paid deposit. Below the issuer's limit one person's word is enough; above it another person
//! confirms what the first proposed. The money moves in the commit of the last word.

use store::Tx;

use super::assure::{Assured, assure, voucher};
use super::event::{self, By, Happened};
use super::exceptions::{
    Closed, Exception, ExceptionId, ExceptionKind, Outcome, close_by_decision, of_deposit, unsaid,
};
use super::rules::{Refused, Voucher, may_propose, vouched, vouched_again};
use super::{DepositNumber, State, book, query, refunds, topic};
use crate::audit::{self, Action, Actor, Entry, Subject};
use crate::people::staff::{Staff, StaffId, StaffPermission, may_still};
use crate::two_people::{self, Last, may_answer, may_say};
use crate::{House, patiently};

/// What someone proposes to decide.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// The deposit.
    pub order: DepositNumber,
    /// Whether it becomes quota; otherwise it goes back.
    pub approve: bool,
    /// Why.
    pub reason: &'a str,
    /// Under which number the bank knows of the payment; looked at only where [`Voucher`] asks for it.
    pub reference: &'a str,
    /// The open exceptions of the deposit that they were shown: with another beside it, nothing is decided.
    pub seen: &'a [ExceptionId],
}

/// What someone else says to a proposal.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The deposit.
    pub order: DepositNumber,
    /// Which proposal.
    pub number: i64,
    /// Whether it is to be done.
    pub confirm: bool,
    /// Why.
    pub reason: &'a str,
    /// As in a [`Proposal`], and the same number as there.
    pub reference: &'a str,
    /// The open exceptions of the deposit that they were shown: with another beside it, nothing is decided.
    pub seen: &'a [ExceptionId],
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It is done, and the money moved.
    Done(State),
    /// Another person has to confirm it: the proposal's number.
    Proposed(i64),
    /// The proposal is declined; the deposit waits again.
    Declined,
}

/// A proposal that waits for another's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// Counts the proposals of a deposit.
    pub number: i64,
    /// Whether to approve.
    pub approve: bool,
    /// By whom: nobody answers their own.
    pub by: StaffId,
    /// Their name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Under which number the bank knows of the payment. Not shown to whoever is to read it themselves.
    pub reference: Option<String>,
    /// When.
    pub at: store::Micros,
}

/// Why a decision was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// There is no such deposit.
    #[error("there is no such deposit")]
    NoDeposit,
    /// The rules.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Proposes a decision about a paid deposit; if the amount is within the limit, it is decided by that. Before it becomes
/// quota the gateway is asked whether it has the money still: a bank gives back by itself what came too late. What it does
/// not vouch for, two people approve, who have both read the bank's number of it.
pub async fn propose(
    house: &House,
    staff: &Staff,
    actor: &Actor,
    proposal: Proposal<'_>,
) -> Result<Decided, ReviewError> {
    let decided = if let Some(decided) = patiently!(put(house, staff, actor, proposal, None))? {
        decided
    } else {
        let assured = assured(house, proposal.order).await?;
        patiently!(put(house, staff, actor, proposal, Some(&assured)))?.ok_or(Refused::Unanswered)?
    };
    after(house, proposal.order, decided).await;
    Ok(decided)
}

/// Answers the proposal of another; confirmed, it is done. As with [`propose`] the gateway is asked before.
pub async fn answer(house: &House, staff: &Staff, actor: &Actor, answer: Answer<'_>) -> Result<Decided, ReviewError> {
    let decided = if let Some(decided) = patiently!(reply(house, staff, actor, answer, None))? {
        decided
    } else {
        let assured = assured(house, answer.order).await?;
        patiently!(reply(house, staff, actor, answer, Some(&assured)))?.ok_or(Refused::Unanswered)?
    };
    after(house, answer.order, decided).await;
    Ok(decided)
}

async fn assured(house: &House, order: DepositNumber) -> Result<Assured, ReviewError> {
    let key = query::key(house, order).await?.ok_or(ReviewError::NoDeposit)?;
    Ok(assure(house, key).await??)
}

async fn after(house: &House, order: DepositNumber, decided: Decided) {
    house.signal(&topic(order)).await;
    if let Decided::Done(state) = decided {
        tracing::info!(%order, state = state.as_str(), "a deposit was decided");
        metrics::counter!("jichong_deposits_total", "state" => state.as_str()).increment(1);
        if state == State::Rejected {
            refunds::pursue_now(house, order).await;
        }
    }
}

/// A decision to be carried out.
struct Ruling<'a> {
    number: i64,
    approve: bool,
    proposed_by: StaffId,
    limit: ledger::Fen,
    reason: &'a str,
    reference: Option<&'a str>,
}

/// None, and nothing is done, if the money would become quota and the gateway has to be asked before.
async fn put(
    house: &House,
    staff: &Staff,
    actor: &Actor,
    proposal: Proposal<'_>,
    assured: Option<&Assured>,
) -> Result<Option<Decided>, ReviewError> {
    let reason = may_say(staff.role, StaffPermission::ReviewDeposits, proposal.reason).map_err(Refused::from)?;
    let (mut tx, mut locked) = lock(house, proposal.order).await?;
    let (key, last) = (locked.key(), last(&mut tx, locked.key()).await?);
    let paid = locked.deposit.paid.as_ref().map_or(ledger::Fen::ZERO, |paid| paid.amount);
    let limit = house.settings.deposits.two_people_above;
    let voucher = voucher(&mut tx, house, &locked.deposit).await?;
    let course = may_propose(locked.deposit.state, (paid, limit), last, (proposal.approve, voucher))?;
    nothing_unseen(&mut tx, key, proposal.seen).await?;
    let reference = vouched(proposal.approve, voucher, proposal.reference)?;
    if course.alone && proposal.approve && !assured.is_some_and(|assured| assured.covers(&locked.deposit)) {
        return Ok(None);
    }
    tx.query(
        "INSERT INTO deposit_reviews (group_id, deposit_id, number, approve, alone, paid_fen, limit_fen, proposed_by, \
         reason, proposed_at_us, reference) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(key.0)
    .bind(key.1)
    .bind(course.number)
    .bind(i64::from(proposal.approve))
    .bind(i64::from(course.alone))
    .bind(paid)
    .bind(limit)
    .bind(staff.id)
    .bind(reason)
    .bind(house.now())
    .bind(reference)
    .execute()
    .await?;
    let decided = if course.alone {
        let (number, approve) = (course.number, proposal.approve);
        let ruling = Ruling { number, approve, proposed_by: staff.id, limit, reason, reference };
        carry_out(&mut tx, house, (staff, actor), &mut locked, &ruling).await?
    } else {
        let by = By::Staff(actor.name.clone());
        let what = Happened::Proposed { number: course.number, approve: proposal.approve, reason: reason.to_owned() };
        event::add(&mut tx, key, house.now(), &by, &what).await?;
        // Whoever answers reads the number themselves, and not here.
        record(&mut tx, house, actor, &locked, (Action::DepositProposed, proposal.approve, reason, None)).await?;
        Decided::Proposed(course.number)
    };
    tx.commit().await?;
    Ok(Some(decided))
}

/// As with [`put`].
async fn reply(
    house: &House,
    staff: &Staff,
    actor: &Actor,
    answer: Answer<'_>,
    assured: Option<&Assured>,
) -> Result<Option<Decided>, ReviewError> {
    let reason = may_say(staff.role, StaffPermission::ReviewDeposits, answer.reason).map_err(Refused::from)?;
    let (mut tx, mut locked) = lock(house, answer.order).await?;
    let (key, last) = (locked.key(), last(&mut tx, locked.key()).await?);
    let waits = locked.deposit.state == State::Paid;
    let proposed_by = may_answer(waits, last, answer.number, staff.id).map_err(Refused::from)?;
    let (approve, limit, proposed): (i64, ledger::Fen, Option<String>) = tx
        .query(
            "SELECT approve, limit_fen, reference FROM deposit_reviews \
             WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
        )
        .bind(key.0)
        .bind(key.1)
        .bind(answer.number)
        .one()
        .await?;
    nothing_unseen(&mut tx, key, answer.seen).await?;
    if answer.confirm && !may_still(&mut tx, proposed_by, StaffPermission::ReviewDeposits).await? {
        return Err(Refused::Rule(two_people::Refused::Left).into());
    }
    let voucher = voucher(&mut tx, house, &locked.deposit).await?;
    let yes = answer.confirm && approve == 1;
    let reference = if yes { vouched_again(voucher, proposed.as_deref(), answer.reference)? } else { None };
    let ruling = Ruling { number: answer.number, approve: approve == 1, proposed_by, limit, reason, reference };
    let to_ask = yes && voucher != Voucher::Nobody;
    if to_ask && !assured.is_some_and(|assured| assured.covers(&locked.deposit)) {
        return Ok(None);
    }
    let decided = if answer.confirm {
        carry_out(&mut tx, house, (staff, actor), &mut locked, &ruling).await?
    } else {
        put_answer(&mut tx, house, staff, &locked, (&ruling, false)).await?;
        let what = Happened::Declined { number: answer.number, reason: reason.to_owned() };
        event::add(&mut tx, key, house.now(), &By::Staff(actor.name.clone()), &what).await?;
        record(&mut tx, house, actor, &locked, (Action::DepositDeclined, ruling.approve, reason, None)).await?;
        Decided::Declined
    };
    tx.commit().await?;
    Ok(Some(decided))
}

/// Refuses to decide past an exception that was opened after they looked. Under the lock, where all of them are opened.
async fn nothing_unseen(tx: &mut Tx, key: (ledger::GroupId, i64), seen: &[ExceptionId]) -> Result<(), ReviewError> {
    let unseen = |unfit: &Exception| unfit.closed.is_none() && !seen.contains(&unfit.id);
    if of_deposit(tx, key).await?.iter().any(unseen) { Err(Refused::Unseen.into()) } else { Ok(()) }
}

/// Records the last word, moves the money, and closes what waited for it.
async fn carry_out(
    tx: &mut Tx,
    house: &House,
    (staff, actor): (&Staff, &Actor),
    locked: &mut book::Locked,
    ruling: &Ruling<'_>,
) -> Result<Decided, ReviewError> {
    let (key, at) = (locked.key(), house.now());
    let gone = |unfit: &Exception| unfit.kind == ExceptionKind::GoneBack && unfit.closed.is_none();
    if ruling.approve && of_deposit(tx, key).await?.iter().any(gone) {
        return Err(Refused::NotThere.into());
    }
    put_answer(tx, house, staff, locked, (ruling, true)).await?;
    book::decide(tx, locked, ruling.approve, at).await?;
    let reason = ruling.reason.to_owned();
    let (what, action, outcome) = if ruling.approve {
        let reference = ruling.reference.map(str::to_owned);
        (Happened::Approved { reason, reference }, Action::DepositApproved, Outcome::Credited)
    } else {
        (Happened::Rejected { reason }, Action::DepositRejected, Outcome::Refund)
    };
    event::add(tx, key, at, &By::Staff(actor.name.clone()), &what).await?;
    record(tx, house, actor, locked, (action, ruling.approve, ruling.reason, ruling.reference)).await?;
    let proposer = (ruling.proposed_by != staff.id).then_some(ruling.proposed_by);
    let Ruling { reason, reference, limit, .. } = *ruling;
    let closed = Closed { id: ExceptionId(0), outcome, reason, reference, limit, proposer };
    close_by_decision(tx, house, staff, actor, (key, &closed)).await?;
    if !ruling.approve {
        let refund = refunds::plan(tx, house, &locked.deposit, locked.paid()).await?;
        if let Some(back) = unsaid(&of_deposit(tx, key).await?) {
            refunds::not_asked(tx, house, locked, (refund, back)).await?;
        }
    }
    Ok(Decided::Done(locked.deposit.state))
}

async fn put_answer(
    tx: &mut Tx,
    house: &House,
    staff: &Staff,
    locked: &book::Locked,
    (ruling, confirmed): (&Ruling<'_>, bool),
) -> Result<(), store::Error> {
    let key = locked.key();
    tx.query(
        "INSERT INTO deposit_answers (group_id, deposit_id, number, approve, alone, proposed_by, confirmed, \
         answered_by, reason, answered_at_us, reference) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(key.0)
    .bind(key.1)
    .bind(ruling.number)
    .bind(i64::from(ruling.approve))
    .bind(i64::from(ruling.proposed_by == staff.id))
    .bind(ruling.proposed_by)
    .bind(i64::from(confirmed))
    .bind(staff.id)
    .bind(ruling.reason)
    .bind(house.now())
    .bind(ruling.reference)
    .execute()
    .await?;
    Ok(())
}

async fn record(
    tx: &mut Tx,
    house: &House,
    actor: &Actor,
    locked: &book::Locked,
    (action, approve, reason, reference): (Action, bool, &str, Option<&str>),
) -> Result<(), store::Error> {
    let deposit = &locked.deposit;
    let fen = deposit.paid.as_ref().map(|paid| paid.amount);
    let details = serde_json::json!({ "approve": approve, "reason": reason, "fen": fen, "reference": reference });
    let subject = Subject::Deposit(deposit.order);
    audit::record(tx, &house.ids, &Entry { actor, action, group: deposit.group, subject, details }).await
}

async fn lock(house: &House, order: DepositNumber) -> Result<(Tx, book::Locked), ReviewError> {
    let (group, id) = query::key(house, order).await?.ok_or(ReviewError::NoDeposit)?;
    let mut tx = house.db.begin().await?;
    let locked = book::lock(&mut tx, group, id).await?.ok_or(ReviewError::NoDeposit)?;
    Ok((tx, locked))
}

/// What was proposed last of a deposit, and whether it was answered.
async fn last(tx: &mut Tx, (group, id): (ledger::GroupId, i64)) -> Result<Option<Last>, store::Error> {
    let row: Option<(i64, StaffId, Option<i64>)> = tx
        .query(
            "SELECT r.number, r.proposed_by, a.number FROM deposit_reviews r LEFT JOIN deposit_answers a \
             ON a.group_id = r.group_id AND a.deposit_id = r.deposit_id AND a.number = r.number \
             WHERE r.group_id = $1 AND r.deposit_id = $2 ORDER BY r.number DESC LIMIT 1",
        )
        .bind(group)
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(|(number, by, answered)| Last { number, by, answered: answered.is_some() }))
}
