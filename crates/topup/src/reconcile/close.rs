//! Closing a difference: with a reason, and above the issuer's limit by two people. No money moves by it.

use jiff::civil::Date;
use ledger::Fen;
use serde_json::json;
use store::Tx;

use super::difference::difference;
use crate::audit::{self, Action, Actor, Entry, NO_GROUP, Subject};
use crate::people::staff::{Staff, StaffId, StaffPermission, may_still};
use crate::two_people::{Before, Refused, agreed, may_say, reference};
use crate::{House, patiently};

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
    /// Money is said to have moved, and the bank's number of that is missing.
    #[error("the bank's number of it is needed")]
    NoReference,
    /// The number is longer than [`MOST_REFERENCE`](crate::two_people::MOST_REFERENCE).
    #[error("the bank's number is too long")]
    LongReference,
    /// The rules.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Closes a difference, or notes what one person says of it until another says so too; the day it is of. One that is closed
/// or resolved already stays as it is.
pub async fn close(
    house: &House,
    staff: &Staff,
    actor: &Actor,
    closing: Closing<'_>,
) -> Result<(Date, Closure), CloseError> {
    let reason = may_say(staff.role, StaffPermission::Reconcile, closing.reason)?;
    let reference = reference(closing.reference).map_err(|_| CloseError::LongReference)?;
    if closing.moved && reference.is_none() {
        return Err(CloseError::NoReference);
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
    let found = difference(&mut tx, id).await?.ok_or(CloseError::Unknown)?;
    if !found.is_open() {
        return Ok((day, Closure::Closed));
    }
    let limit = house.settings.deposits.two_people_above;
    // Two people who name different payments do not say the same.
    let same = number.as_deref() == reference;
    let before = match proposed {
        Some(by) => Some(Before { by, same, counts: may_still(&mut tx, by, StaffPermission::Reconcile).await? }),
        None => None,
    };
    let alone = found.stake() <= limit;
    let done = if alone || agreed(before, staff.id)? {
        Closure::Closed
    } else if before.is_some_and(|before| before.counts && !before.same) {
        Closure::OtherReference
    } else {
        Closure::Proposed
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
