//! Reviews: what two members of staff decide of a load in doubt that no proof settles.
//!
//! ```text
//! in doubt   its card was asked to the end and proved nothing, or did not come back for a day: it waits for people
//! proposed   one person says: written, or not written, and why
//! answered   another person confirms, and the money moves in the same commit; or declines, and it waits again
//! ```
//!
//! All of it happens under the lock on the group's accounts, as does everything that moves the money of a load. So
//! whoever is first wins, people or the card's own proof, and the other is told. A proof that comes later and says
//! otherwise is corrected by [`crate::loads`], never by an edit.

mod dossier;
mod exchange;
mod query;
mod rules;

pub use dossier::{Attempt, Cryptograms, Dossier, Event, Happened, Later, Review, Reviewed, Script, dossier};
pub use exchange::{Asked, Exchange, Record, Said};
pub use query::{Contradiction, Proposed, Waiting, contradictions, counts, exists, waiting};
pub use rules::{Due, Hint};

use ledger::GroupId;
use serde_json::json;
use store::{Micros, Tx};

use crate::House;
use crate::alarms;
use crate::audit::{self, Action, Actor, Entry, Subject};
use crate::loads::book::{self, Decision, Ended};
use crate::loads::{OrderNumber, State};
use crate::people::staff::{Staff, StaffPermission, may_still};
use crate::terminals;
use crate::two_people::{Last, Refused, may_answer, may_propose, may_say};

/// What someone proposes to decide.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// The load.
    pub order: OrderNumber,
    /// Whether it was written to the card.
    pub written: bool,
    /// Why.
    pub reason: &'a str,
}

/// What someone else says to a proposal.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The load.
    pub order: OrderNumber,
    /// Which proposal.
    pub number: i64,
    /// Whether it is to be done.
    pub confirm: bool,
    /// Why.
    pub reason: &'a str,
}

/// Why a review was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// There is no such load.
    #[error("there is no such load")]
    NoLoad,
    /// The rules.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// The load that a review is about, under the lock on its group's accounts.
struct Locked {
    group: GroupId,
    state: State,
    card: String,
    terminal: String,
    last: Option<Last>,
}

/// Records what `staff` proposes of a load in doubt; its number among the load's proposals.
pub async fn propose(house: &House, staff: &Staff, actor: &Actor, proposal: Proposal<'_>) -> Result<i64, ReviewError> {
    let Proposal { order, written, .. } = proposal;
    let reason = may_say(staff.role, StaffPermission::ReviewLoads, proposal.reason)?;
    let mut tx = house.db.begin().await?;
    let Locked { group, state, last, .. } = lock(&mut tx, order).await?;
    let number = may_propose(state == State::Unknown, last)?;
    tx.query(
        "INSERT INTO reviews (group_id, load_id, number, written, proposed_by, reason, proposed_at_us) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(group)
    .bind(order.id())
    .bind(number)
    .bind(i64::from(written))
    .bind(staff.id)
    .bind(reason)
    .bind(house.now())
    .execute()
    .await?;
    let details = json!({ "written": written, "reason": reason, "number": number });
    let (action, subject) = (Action::ReviewProposed, Subject::Load(order));
    audit::record(&mut tx, &house.ids, &Entry { actor, action, group, subject, details }).await?;
    tx.commit().await?;
    tracing::info!(%order, staff = staff.id.0, written, "a decision about a load in doubt was proposed");
    Ok(number)
}

/// Records what `staff` says to the proposal of another; if they confirm it, the money moves in the same commit.
pub async fn answer(house: &House, staff: &Staff, actor: &Actor, reply: Reply<'_>) -> Result<(), ReviewError> {
    let Reply { order, number, confirm, .. } = reply;
    let reason = may_say(staff.role, StaffPermission::ReviewLoads, reply.reason)?;
    let mut tx = house.db.begin().await?;
    let locked = lock(&mut tx, order).await?;
    let proposer = may_answer(locked.state == State::Unknown, locked.last, number, staff.id)?;
    if confirm && !may_still(&mut tx, proposer, StaffPermission::ReviewLoads).await? {
        return Err(Refused::Left.into());
    }
    let (group, at) = (locked.group, house.now());
    let (written,): (i64,) = tx
        .query(
            "INSERT INTO review_answers (group_id, load_id, number, written, proposed_by, confirmed, card_number, \
             answered_by, reason, answered_at_us) \
             SELECT group_id, load_id, number, written, proposed_by, CAST($4 AS BIGINT), $5, CAST($6 AS BIGINT), $7, \
             CAST($8 AS BIGINT) FROM reviews WHERE group_id = $1 AND load_id = $2 AND number = $3 RETURNING written",
        )
        .bind(group)
        .bind(order.id())
        .bind(number)
        .bind(i64::from(confirm))
        .bind(locked.card.as_str())
        .bind(staff.id)
        .bind(reason)
        .bind(at)
        .one()
        .await?;
    let written = written == 1;
    if confirm {
        let decided = book::decide(&mut tx, &Decision { group, id: order.id(), written, at }).await?;
        if decided != Ended::Now {
            return Err(Refused::Settled.into());
        }
    }
    let action = if confirm { Action::ReviewConfirmed } else { Action::ReviewDeclined };
    let details = json!({ "written": written, "reason": reason, "number": number });
    let entry = Entry { actor, action, group, subject: Subject::Load(order), details };
    audit::record(&mut tx, &house.ids, &entry).await?;
    tx.commit().await?;
    tracing::info!(%order, staff = staff.id.0, written, confirm, "a proposal about a load in doubt was answered");
    if confirm {
        metrics::counter!("jichong_doubts_total", "proof" => "people").increment(1);
        if let Ok(terminal) = locked.terminal.parse() {
            house.signal(&terminals::topic(terminal)).await;
        }
    }
    Ok(())
}

/// Closes the alarm that a proof contradicted how a load had ended. Not while its correction is owed, and not twice:
/// false then.
pub async fn close_alarm(
    house: &House,
    staff: &Staff,
    actor: &Actor,
    (order, alarm): (OrderNumber, i64),
    reason: &str,
) -> Result<bool, ReviewError> {
    let reason = may_say(staff.role, StaffPermission::ReviewLoads, reason)?;
    let mut tx = house.db.begin().await?;
    lock(&mut tx, order).await?;
    if query::owes(&mut tx, order).await? {
        return Ok(false);
    }
    let closed = alarms::close(&mut tx, &house.ids, Subject::Load(order), alarm, actor, reason).await?;
    tx.commit().await?;
    Ok(closed)
}

/// Locks the accounts of the load's group, then reads the load and what was proposed last.
async fn lock(tx: &mut Tx, order: OrderNumber) -> Result<Locked, ReviewError> {
    let group = query::group_of(tx, order).await?.ok_or(ReviewError::NoLoad)?;
    book::lock(tx, group).await?;
    let (state, card, terminal): (String, String, String) = tx
        .query("SELECT state, card_number, terminal FROM loads WHERE group_id = $1 AND id = $2")
        .bind(group)
        .bind(order.id())
        .one()
        .await?;
    let state = State::parse(&state).ok_or(store::Error::Missing)?;
    let last = query::last_proposal(tx, group, order).await?;
    Ok(Locked { group, state, card, terminal, last })
}

/// Since when a load is in doubt: when MAC2 left.
fn since(order: OrderNumber, authorised_at: Option<Micros>) -> Micros {
    authorised_at.unwrap_or_else(|| order.moment())
}
