//! What does not fit: kept until a person closes it with a reason and an outcome. Whatever is done moves money by
//! movements, and above the issuer's limit two people say the same before it is done.

use ledger::{Fen, GroupId, Kind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Micros, Tx};

use super::event::{self, By, Happened};
use super::rules::{Refused, may_say};
use super::{DepositNumber, State, book, refunds, topic};
use crate::alarms;
use crate::audit::{self, Action, Actor, Entry, NO_GROUP, Subject};
use crate::people::staff::{Staff, StaffId};
use crate::{House, patiently};

/// Names an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct ExceptionId(pub i64);

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// Paid after the deposit had failed or expired. Its money is in review; the decision about the deposit closes it.
    Late,
    /// Not the amount that was asked for, or notified of another. As with [`Self::Late`].
    WrongAmount,
    /// The gateway speaks of an order that is none of ours. Its money is in no account.
    UnknownOrder,
    /// The gateway's serial number has paid another deposit already. Its money is in no account.
    DuplicateSerial,
    /// The gateway says otherwise than it did before. What it says more is in no account.
    Contradiction,
    /// The payer's money was taken too late, and the gateway gives it back by itself. It is in no account.
    ReturnedLate,
    /// The gateway will not give the money back. It stays in refunds due.
    RefundFailed,
    /// The gateway says of a refund otherwise than it did before.
    RefundContradiction,
}

/// What a person made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The money became quota.
    Credited,
    /// It goes back through the gateway.
    Refund,
    /// It went back outside of the gateway, for example by a bank transfer.
    ReturnedOtherwise,
    /// Nothing is to be done.
    Nothing,
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its id.
    pub id: ExceptionId,
    /// What it is.
    pub kind: ExceptionKind,
    /// The deposit, if it is one of ours.
    pub deposit: Option<DepositNumber>,
    /// Its group's name.
    pub group: Option<String>,
    /// The gateway, as stored.
    pub gateway: String,
    /// The order, of the payment or of the refund, as the gateway says it.
    pub order: String,
    /// The gateway's serial number, if it gave one.
    pub serial: Option<String>,
    /// How much it is about.
    pub amount: Fen,
    /// Whether that is in the accounts of the group; otherwise it is in no account.
    pub booked: bool,
    /// What the gateway said, and what we hold.
    pub evidence: Value,
    /// When it was noticed.
    pub opened_at: Micros,
    /// What one person proposed, where another has to say the same: who, what, why and when.
    pub proposed: Option<(StaffId, String, Outcome, String, Micros)>,
    /// How it was closed: by whom, how, why and when.
    pub closed: Option<(String, Outcome, String, Micros)>,
}

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

/// An exception to be opened.
#[derive(Clone, Debug)]
pub(super) struct New<'a> {
    pub(super) kind: ExceptionKind,
    /// Group and id of the deposit.
    pub(super) deposit: Option<(GroupId, i64)>,
    pub(super) gateway: &'a str,
    pub(super) order: &'a str,
    pub(super) serial: &'a str,
    pub(super) amount: Fen,
    pub(super) booked: bool,
    pub(super) evidence: Value,
}

impl ExceptionKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Late,
        Self::WrongAmount,
        Self::UnknownOrder,
        Self::DuplicateSerial,
        Self::Contradiction,
        Self::ReturnedLate,
        Self::RefundFailed,
        Self::RefundContradiction,
    ];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::WrongAmount => "wrong_amount",
            Self::UnknownOrder => "unknown_order",
            Self::DuplicateSerial => "duplicate_serial",
            Self::Contradiction => "contradiction",
            Self::ReturnedLate => "returned_late",
            Self::RefundFailed => "refund_failed",
            Self::RefundContradiction => "refund_contradiction",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What a person may make of it; empty where the decision about the deposit closes it.
    pub const fn outcomes(self) -> &'static [Outcome] {
        match self {
            Self::Late | Self::WrongAmount => &[],
            Self::RefundFailed => &[Outcome::Refund, Outcome::Credited, Outcome::ReturnedOtherwise],
            Self::UnknownOrder
            | Self::DuplicateSerial
            | Self::Contradiction
            | Self::ReturnedLate
            | Self::RefundContradiction => &[Outcome::ReturnedOtherwise, Outcome::Nothing],
        }
    }
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Credited, Self::Refund, Self::ReturnedOtherwise, Self::Nothing];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credited => "credited",
            Self::Refund => "refund",
            Self::ReturnedOtherwise => "returned_otherwise",
            Self::Nothing => "nothing",
        }
    }

    /// From what is stored or sent.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Opens an exception and raises its alarm, in the unit of work that found it. The same trouble told again is nothing
/// new, closed or not: false then.
pub(super) async fn open(tx: &mut Tx, house: &House, new: &New<'_>) -> Result<bool, store::Error> {
    let id = ExceptionId(house.ids.next());
    let (group, deposit) = new.deposit.unzip();
    let opened: Option<(i64,)> = tx
        .query(
            "INSERT INTO deposit_exceptions (id, kind, group_id, deposit_id, gateway, order_id, serial, amount_fen, \
             booked, evidence, opened_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT (kind, gateway, order_id, serial) DO NOTHING RETURNING id",
        )
        .bind(id)
        .bind(new.kind.as_str())
        .bind(group)
        .bind(deposit)
        .bind(new.gateway)
        .bind(new.order)
        .bind(new.serial)
        .bind(new.amount)
        .bind(i64::from(new.booked))
        .bind(new.evidence.to_string())
        .bind(house.now())
        .optional()
        .await?;
    if opened.is_none() {
        return Ok(false);
    }
    if let Some(key) = new.deposit {
        event::add(tx, key, house.now(), &By::System, &Happened::Unfit { exception: id, kind: new.kind }).await?;
    }
    let subject = subject(id, new.deposit.map(|(_, id)| DepositNumber::new(id)));
    let details = json!({ "exception": id, "kind": new.kind, "order": new.order, "fen": new.amount });
    alarms::raise(tx, &house.ids, group.unwrap_or(NO_GROUP), alarms::Kind::DepositUnfit, subject, details).await?;
    Ok(true)
}

/// What an exception's alarm and audit are about.
fn subject(id: ExceptionId, deposit: Option<DepositNumber>) -> Subject {
    deposit.map_or(Subject::DepositException(id), Subject::Deposit)
}

/// Does what `staff` wants done about an exception, or notes it until another person says the same.
pub async fn close(house: &House, staff: &Staff, actor: &Actor, closing: Closing<'_>) -> Result<Closure, CloseError> {
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
        close_alarm(&mut tx, house, actor, &found, reason).await?;
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
    let at = house.now();
    match outcome {
        Outcome::Refund => refunds::plan(tx, house, &locked.deposit).await?,
        Outcome::Credited => {
            book::transfer(tx, locked, (Kind::RefundsDue, Kind::Quota), book::CREDITED, at).await?;
            book::set_state(tx, &locked.deposit, State::Approved).await?;
        }
        Outcome::ReturnedOtherwise => {
            book::transfer(tx, locked, (Kind::RefundsDue, Kind::Bank), book::REFUNDED, at).await?;
            book::set_state(tx, &locked.deposit, State::Refunded).await?;
        }
        Outcome::Nothing => return Err(CloseError::Outcome),
    }
    Ok(())
}

/// How an exception is closed.
pub(super) struct Closed<'a> {
    pub(super) id: ExceptionId,
    pub(super) outcome: Outcome,
    pub(super) reason: &'a str,
    pub(super) limit: Fen,
    /// Who proposed it elsewhere, with the deposit's decision.
    pub(super) proposer: Option<StaffId>,
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
pub(super) async fn close_by_decision(
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
        close_alarm(tx, house, actor, &found, decided.reason).await?;
    }
    Ok(())
}

/// Closes the alarm about the same, unless another exception of the deposit is open.
async fn close_alarm(
    tx: &mut Tx,
    house: &House,
    actor: &Actor,
    closed: &Exception,
    reason: &str,
) -> Result<(), store::Error> {
    let subject = subject(closed.id, closed.deposit);
    if let Some(order) = closed.deposit {
        let (open,): (i64,) = tx
            .query("SELECT COUNT(*) FROM deposit_exceptions WHERE deposit_id = $1 AND closed_at_us IS NULL")
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

#[derive(sqlx::FromRow)]
struct Row {
    id: ExceptionId,
    kind: String,
    deposit_id: Option<i64>,
    group_name: Option<String>,
    gateway: String,
    order_id: String,
    serial: String,
    amount_fen: Fen,
    booked: i64,
    evidence: String,
    opened_at_us: Micros,
    proposed_by: Option<StaffId>,
    proposed_name: Option<String>,
    proposed_outcome: Option<String>,
    proposed_reason: Option<String>,
    proposed_at_us: Option<Micros>,
    closed_at_us: Option<Micros>,
    closed_name: Option<String>,
    close_reason: Option<String>,
    outcome: Option<String>,
}

/// The open exceptions of all groups, oldest first, at most `most`.
pub async fn open_exceptions(house: &House, most: i64) -> Result<Vec<Exception>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(
            "SELECT e.id, e.kind, e.deposit_id, groups.name AS group_name, e.gateway, e.order_id, e.serial, \
             e.amount_fen, e.booked, e.evidence, e.opened_at_us, e.proposed_by, e.proposed_name, e.proposed_outcome, \
             e.proposed_reason, e.proposed_at_us, e.closed_at_us, e.closed_name, e.close_reason, e.outcome \
             FROM deposit_exceptions e LEFT JOIN groups ON groups.id = e.group_id WHERE e.closed_at_us IS NULL \
             ORDER BY e.opened_at_us, e.id LIMIT $1",
        )
        .bind(most)
        .all()
        .await?;
    Ok(rows.into_iter().filter_map(Row::into_exception).collect())
}

/// An exception, open or closed.
pub async fn exception(house: &House, id: ExceptionId) -> Result<Option<Exception>, store::Error> {
    let mut tx = house.db.read().await?;
    one(&mut tx, id).await
}

async fn one(tx: &mut Tx, id: ExceptionId) -> Result<Option<Exception>, store::Error> {
    let row: Option<Row> = tx
        .query(
            "SELECT e.id, e.kind, e.deposit_id, groups.name AS group_name, e.gateway, e.order_id, e.serial, \
             e.amount_fen, e.booked, e.evidence, e.opened_at_us, e.proposed_by, e.proposed_name, e.proposed_outcome, \
             e.proposed_reason, e.proposed_at_us, e.closed_at_us, e.closed_name, e.close_reason, e.outcome \
             FROM deposit_exceptions e LEFT JOIN groups ON groups.id = e.group_id WHERE e.id = $1",
        )
        .bind(id)
        .optional()
        .await?;
    Ok(row.and_then(Row::into_exception))
}

/// The exceptions of a deposit, oldest first.
pub(super) async fn of_deposit(tx: &mut Tx, (group, deposit): (GroupId, i64)) -> Result<Vec<Exception>, store::Error> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT e.id, e.kind, e.deposit_id, groups.name AS group_name, e.gateway, e.order_id, e.serial, \
             e.amount_fen, e.booked, e.evidence, e.opened_at_us, e.proposed_by, e.proposed_name, e.proposed_outcome, \
             e.proposed_reason, e.proposed_at_us, e.closed_at_us, e.closed_name, e.close_reason, e.outcome \
             FROM deposit_exceptions e LEFT JOIN groups ON groups.id = e.group_id \
             WHERE e.group_id = $1 AND e.deposit_id = $2 ORDER BY e.opened_at_us, e.id",
        )
        .bind(group)
        .bind(deposit)
        .all()
        .await?;
    Ok(rows.into_iter().filter_map(Row::into_exception).collect())
}

impl Row {
    fn into_exception(self) -> Option<Exception> {
        let proposed = self.proposed_by.zip(self.proposed_name).zip(self.proposed_outcome);
        let proposed = proposed.zip(self.proposed_reason).zip(self.proposed_at_us);
        let closed = self.closed_name.zip(self.outcome).zip(self.close_reason).zip(self.closed_at_us);
        Some(Exception {
            id: self.id,
            kind: ExceptionKind::parse(&self.kind)?,
            deposit: self.deposit_id.map(DepositNumber::new),
            group: self.group_name,
            gateway: self.gateway,
            order: self.order_id,
            serial: Some(self.serial).filter(|serial| !serial.is_empty()),
            amount: self.amount_fen,
            booked: self.booked == 1,
            evidence: serde_json::from_str(&self.evidence).unwrap_or_default(),
            opened_at: self.opened_at_us,
            proposed: proposed.and_then(|((((by, name), outcome), reason), at)| {
                Some((by, name, Outcome::parse(&outcome)?, reason, at))
            }),
            closed: closed
                .and_then(|(((name, outcome), reason), at)| Some((name, Outcome::parse(&outcome)?, reason, at))),
        })
    }
}
