//! Looks at exceptions.

use ledger::{Fen, GroupId};
use store::{Micros, Tx};

use super::{Exception, ExceptionId, ExceptionKind, Outcome};
use crate::House;
use crate::deposits::{DepositNumber, State};
use crate::paging::{Page, Place, one_more};
use crate::people::staff::StaffId;

#[derive(sqlx::FromRow)]
struct Row {
    id: ExceptionId,
    kind: String,
    deposit_id: Option<i64>,
    deposit_state: Option<String>,
    group_name: Option<String>,
    gateway: String,
    order_id: String,
    serial: String,
    amount_fen: Fen,
    deposit_fen: Fen,
    booked: i64,
    refunded: i64,
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
    reference: Option<String>,
}

/// Exceptions with what a person is told beside them, of which this condition holds, in this order.
macro_rules! found {
    ($where:literal) => {
        concat!(
            "SELECT e.id, e.kind, e.deposit_id, d.state AS deposit_state, groups.name AS group_name, e.gateway, e.order_id, \
             e.serial, e.amount_fen, COALESCE(d.paid_fen, d.amount_fen, 0) AS deposit_fen, e.booked, e.evidence, e.opened_at_us, e.proposed_by, \
             e.proposed_name, e.proposed_outcome, e.proposed_reason, e.proposed_at_us, e.closed_at_us, e.closed_name, \
             e.close_reason, e.outcome, e.reference, (SELECT COUNT(*) FROM deposit_refunds r \
             WHERE r.group_id = e.group_id AND r.deposit_id = e.deposit_id AND r.state = 'refunded') AS refunded \
             FROM deposit_exceptions e \
             LEFT JOIN groups ON groups.id = e.group_id \
             LEFT JOIN deposits d ON d.group_id = e.group_id AND d.id = e.deposit_id ",
            $where
        )
    };
}

/// A page of the exceptions of all groups: the open ones oldest first, or the closed ones, closed last first.
pub async fn exceptions_page(house: &House, open: bool, after: Option<Place>) -> Result<Page<Exception>, store::Error> {
    let after = after.unwrap_or(Place::end(!open));
    let mut tx = house.db.read().await?;
    let query = if open {
        tx.query(found!(
            "WHERE e.closed_at_us IS NULL \
             AND (e.opened_at_us, e.id) > ($1, $2) ORDER BY e.opened_at_us, e.id LIMIT $3"
        ))
    } else {
        tx.query(found!(
            "WHERE e.closed_at_us IS NOT NULL \
             AND (e.closed_at_us, e.id) < ($1, $2) ORDER BY e.closed_at_us DESC, e.id DESC LIMIT $3"
        ))
    };
    let rows: Vec<Row> = query.bind(after.at).bind(after.id).bind(one_more()).all().await?;
    Ok(Page::of(rows.into_iter().filter_map(Row::into_exception).collect(), |found: &Exception| {
        let closed_at = found.closed.as_ref().map(|(.., at)| *at);
        Place { at: closed_at.unwrap_or(found.opened_at), id: found.id.0 }
    }))
}

/// An exception, open or closed.
pub async fn exception(house: &House, id: ExceptionId) -> Result<Option<Exception>, store::Error> {
    let mut tx = house.db.read().await?;
    one(&mut tx, id).await
}

pub(super) async fn one(tx: &mut Tx, id: ExceptionId) -> Result<Option<Exception>, store::Error> {
    let row: Option<Row> = tx.query(found!("WHERE e.id = $1")).bind(id).optional().await?;
    Ok(row.and_then(Row::into_exception))
}

/// The exceptions of a deposit, oldest first.
pub(in crate::deposits) async fn of_deposit(
    tx: &mut Tx,
    (group, deposit): (GroupId, i64),
) -> Result<Vec<Exception>, store::Error> {
    let rows: Vec<Row> = tx
        .query(found!("WHERE e.group_id = $1 AND e.deposit_id = $2 ORDER BY e.opened_at_us, e.id"))
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
        let kind = ExceptionKind::parse(&self.kind)?;
        // Our own refund has taken out of the books what this one speaks of: it is in no account since.
        let refunded = kind == ExceptionKind::GoneBack && closed.is_none() && self.refunded > 0;
        Some(Exception {
            id: self.id,
            kind,
            deposit: self.deposit_id.map(DepositNumber::new),
            stands: self.deposit_state.as_deref().and_then(State::parse),
            group: self.group_name,
            gateway: self.gateway,
            order: self.order_id,
            serial: Some(self.serial).filter(|serial| !serial.is_empty()),
            amount: self.amount_fen,
            stake: self.amount_fen.max(self.deposit_fen),
            booked: self.booked == 1 && !refunded,
            evidence: serde_json::from_str(&self.evidence).unwrap_or_default(),
            opened_at: self.opened_at_us,
            proposed: proposed.and_then(|((((by, name), outcome), reason), at)| {
                Some((by, name, Outcome::parse(&outcome)?, reason, at))
            }),
            closed: closed
                .and_then(|(((name, outcome), reason), at)| Some((name, Outcome::parse(&outcome)?, reason, at))),
            reference: self.reference,
        })
    }
}
