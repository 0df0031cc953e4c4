//! Closing a difference: with a reason, and above the issuer's limit by two people. No money moves by it.

use jiff::civil::Date;
use ledger::Fen;
use serde_json::json;
use store::Tx;

use super::query::Difference;
use crate::audit::{self, Action, Actor, Entry, NO_GROUP, Subject};
use crate::deposits::MOST_REFERENCE;
use crate::people::staff::{Staff, StaffId, StaffPermission, may_still};
use crate::{House, patiently};

/// The longest reason, in characters: a few sentences.
pub const MOST_REASON: usize = 500;

/// What someone says of a difference.
#[derive(Clone, Copy, Debug)]
pub struct Closing<'a> {
    /// Which.
    pub id: i64,
    /// What was found out, and what was done.
    pub reason: &'a str,
    /// Whether money moved for it outside of this system.
    pub moved: bool,
    /// Under which number the bank knows of that; else empty.
    pub reference: &'a str,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closure {
    /// It is closed, or was before.
    Closed,
    /// Another person has to say so too.
    Proposed,
    /// As [`Self::Proposed`]: the other who wants it closed named another number of the bank, or none, so this took its
    /// place.
    OtherReference,
}

/// Why a difference was not closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// There is none with this id.
    #[error("there is no such difference")]
    Unknown,
    /// This role does not close differences.
    #[error("this role may not close it")]
    Role,
    /// The reason is empty.
    #[error("a reason is needed")]
    NoReason,
    /// The reason is longer than [`MOST_REASON`].
    #[error("the reason is too long")]
    LongReason,
    /// Money is said to have moved, and the bank's number of that is missing.
    #[error("the bank's number of it is needed")]
    NoReference,
    /// The number is longer than [`MOST_REFERENCE`].
    #[error("the bank's number is too long")]
    LongReference,
    /// Another person has to say so.
    #[error("it is one's own proposal")]
    Own,
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

impl Difference {
    /// How much depends on it: as the bank has it or as we have it, whichever is more.
    pub fn stake(&self) -> Fen {
        let sides = [self.theirs, self.ours].map(|side| side.map_or(0, |fen| fen.as_i64().saturating_abs()));
        Fen::new(sides.into_iter().max().unwrap_or(0))
    }
}

/// Closes a difference, or notes what one person says of it until another says so too; the day it is of. One that is closed
/// or resolved already stays as it is.
pub async fn close(
    house: &House,
    staff: &Staff,
    actor: &Actor,
    closing: Closing<'_>,
) -> Result<(Date, Closure), CloseError> {
    let reason = closing.reason.trim();
    let reference = Some(closing.reference.trim()).filter(|typed| !typed.is_empty());
    if !staff.role.may(StaffPermission::Reconcile) {
        return Err(CloseError::Role);
    }
    if reason.is_empty() {
        return Err(CloseError::NoReason);
    }
    if reason.chars().count() > MOST_REASON {
        return Err(CloseError::LongReason);
    }
    if closing.moved && reference.is_none() {
        return Err(CloseError::NoReference);
    }
    if reference.is_some_and(|typed| typed.chars().count() > MOST_REFERENCE) {
        return Err(CloseError::LongReference);
    }
    patiently!(put(house, staff, actor, (closing.id, reason, reference)))
}

async fn put(
    house: &House,
    staff: &Staff,
    actor: &Actor,
    (id, reason, reference): (i64, &str, Option<&str>),
) -> Result<(Date, Closure), CloseError> {
    let mut tx = house.db.begin().await?;
    let locked: Option<(String, Option<StaffId>, Option<String>)> = tx
        .query("SELECT day, proposed_id, reference FROM differences WHERE id = $1 FOR UPDATE")
        .bind(id)
        .optional()
        .await?;
    let (day, proposed, number) = locked.ok_or(CloseError::Unknown)?;
    let day: Date = day.parse().map_err(|_| store::Error::Missing)?;
    let found = super::query::difference(&mut tx, id).await?.ok_or(CloseError::Unknown)?;
    if !found.is_open() {
        return Ok((day, Closure::Closed));
    }
    let limit = house.settings.deposits.two_people_above;
    let done = match proposed {
        _ if found.stake() <= limit => Closure::Closed,
        Some(by) if by == staff.id => return Err(CloseError::Own),
        Some(by) if !may_still(&mut tx, by, StaffPermission::Reconcile).await? => Closure::Proposed,
        // Two people who name different payments do not say the same.
        Some(_) if number.as_deref() != reference => Closure::OtherReference,
        Some(_) => Closure::Closed,
        None => Closure::Proposed,
    };
    let action = match done {
        Closure::Closed => {
            shut(&mut tx, house, (staff, actor), (id, reason, reference, limit)).await?;
            Action::DifferenceClosed
        }
        Closure::Proposed | Closure::OtherReference => {
            propose(&mut tx, house, (staff, actor), (id, reason, reference)).await?;
            Action::DifferenceProposed
        }
    };
    // Whoever has to say the same reads the number themselves, and not here.
    let shown = reference.filter(|_| done == Closure::Closed);
    let details = json!({ "reason": reason, "reference": shown, "kind": found.kind, "what": found.subject });
    let entry = Entry { actor, action, group: NO_GROUP, subject: Subject::Day(day), details };
    audit::record(&mut tx, &house.ids, &entry).await?;
    tx.commit().await?;
    Ok((day, done))
}

async fn propose(
    tx: &mut Tx,
    house: &House,
    (staff, actor): (&Staff, &Actor),
    (id, reason, reference): (i64, &str, Option<&str>),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE differences SET proposed_id = $2, proposed_by = $3, proposed_why = $4, proposed_at_us = $5, \
         reference = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(staff.id)
    .bind(actor.name.as_str())
    .bind(reason)
    .bind(house.now())
    .bind(reference)
    .execute()
    .await
    .map(drop)
}

async fn shut(
    tx: &mut Tx,
    house: &House,
    (staff, actor): (&Staff, &Actor),
    (id, reason, reference, limit): (i64, &str, Option<&str>, Fen),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE differences SET closed_at_us = $2, closed_by = $3, closed_why = $4, closed_id = $5, limit_fen = $6, \
         reference = $7 WHERE id = $1",
    )
    .bind(id)
    .bind(house.now())
    .bind(actor.name.as_str())
    .bind(reason)
    .bind(staff.id)
    .bind(limit)
    .bind(reference)
    .execute()
    .await
    .map(drop)
}
