//! The gateway's notifications: kept as they came, verified, compared with what we asked for. None is believed: a genuine
//! one is a reason to ask the gateway.

mod kept;

pub(super) use kept::{purge, read_kept};

use std::time::Duration;

use ledger::{Fen, GroupId};
use pay::{
    Acknowledgement, Incoming, Notification, NotificationError, OrderId, PaymentStatus, RefundStatus, Settlement,
    Subject,
};
use serde_json::json;

use super::ask::{self, known};
use super::event::{self, By, Happened, Told, readable};
use super::exceptions::{self, ExceptionKind, New};
use super::rules::{Verdict, judge};
use super::{State, Till, book, confirm, refunds};
use crate::{House, patiently};
use kept::{flooded, harmless, keep, put_away};

/// The longest notification, in bytes. The real ones have some three thousand.
const MOST_BYTES: usize = 32 * 1024;

/// How long a notification may wait for the gateway's answer before it is acknowledged: gateways give up after 10 s. What
/// is not answered by then the background job asks.
const WAIT: Duration = Duration::from_secs(6);

/// Why a notification is not acknowledged. The gateway will send it again.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// No gateway is set up.
    #[error("no gateway is set up")]
    NoGateway,
    /// Longer than any notification is.
    #[error("the notification is too long")]
    TooLong,
    /// It is kept, and not believed.
    #[error(transparent)]
    Refused(NotificationError),
    /// The database did not answer: it is not kept, or not read.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Takes a notification of the gateway: what it answers is to be sent back. When it answers [`Acknowledgement`], the
/// notification is durably taken, also if it was known already.
pub async fn notified(house: &House, incoming: &Incoming<'_>) -> Result<Acknowledgement, NotifyError> {
    let till = house.till.as_ref().ok_or(NotifyError::NoGateway)?;
    if incoming.body.len() > MOST_BYTES || incoming.path.len() > MOST_BYTES {
        return Err(NotifyError::TooLong);
    }
    if flooded(house).await?
        && let Some(now) = confirm::pay_time(house.now())
    {
        till.gateway.notification(incoming, now).map_err(NotifyError::Refused)?;
    }
    let id = keep(house, till, incoming).await?;
    read(house, till, id, incoming).await?;
    Ok(till.gateway.acknowledgement())
}

/// Reads one that is kept.
async fn read(house: &House, till: &Till, id: i64, incoming: &Incoming<'_>) -> Result<(), NotifyError> {
    let Some(now) = confirm::pay_time(house.now()) else { return Ok(()) };
    let notification = match till.gateway.notification(incoming, now) {
        Ok(notification) => notification,
        Err(error) => {
            let verdict = match &error {
                NotificationError::Malformed(_) => "malformed",
                NotificationError::NotGenuine(_) => "not_genuine",
                NotificationError::NotOurs(_) => "not_ours",
            };
            let mut tx = house.db.begin().await?;
            let why = harmless(&error.to_string());
            put_away(&mut tx, house, id, (verdict, Some(&why), None)).await?;
            tx.commit().await?;
            tracing::warn!(error = why, notification = id, "a notification is not believed");
            metrics::counter!("jichong_notifications_total", "verdict" => verdict).increment(1);
            return Err(NotifyError::Refused(error));
        }
    };
    let known = match &notification.subject {
        Subject::Payment { order, status } => payment(house, till, id, &notification, order, status).await?,
        Subject::Refund { order, status } => refund(house, till, id, &notification, order, status).await?,
    };
    let verdict = if known { "genuine" } else { "unknown_order" };
    metrics::counter!("jichong_notifications_total", "verdict" => verdict).increment(1);
    Ok(())
}

/// A genuine notification about a payment. False if the order is none of ours.
async fn payment(
    house: &House,
    till: &Till,
    id: i64,
    notification: &Notification,
    order: &OrderId,
    status: &PaymentStatus,
) -> Result<bool, store::Error> {
    let Some(key) = of_order(house, till, order).await? else {
        let told = match status {
            PaymentStatus::Paid(settled) => Some(settled),
            PaymentStatus::Pending { .. } | PaymentStatus::NotFound | PaymentStatus::Failed { .. } => None,
        };
        patiently!(unknown(house, till, id, notification, order, told))?;
        return Ok(false);
    };
    if patiently!(note(house, id, key, notification, order, status))? {
        ask::ask_within(house, key, WAIT).await;
    }
    Ok(true)
}

/// Notes what a genuine notification says of a deposit. True if the gateway is to be asked now.
async fn note(
    house: &House,
    id: i64,
    key: (GroupId, i64),
    notification: &Notification,
    order: &OrderId,
    status: &PaymentStatus,
) -> Result<bool, store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(mut locked) = book::lock(&mut tx, key.0, key.1).await? else { return Ok(false) };
    let (mut known, story) = known(&mut tx, &locked).await?;
    let told = Told::from(status);
    let again = story.iter().any(|event| matches!(&event.what, Happened::Notified { told: was, .. } if *was == told));
    if !again {
        let fields = readable(notification.evidence.clone());
        let what = Happened::Notified { told: told.clone(), fields };
        event::add(&mut tx, key, house.now(), &By::Gateway, &what).await?;
    }
    // The gateway names an order by its number and its second: another second is another order.
    let elsewhen = notification.made_at.is_some_and(|at| {
        let sent = locked.deposit.redirected_at.and_then(confirm::pay_time);
        sent.is_none_or(|sent| sent.as_second() != at.as_second())
    });
    let mut ask = false;
    if elsewhen || locked.deposit.state.is_paid() || locked.deposit.state == State::Created {
        let verdict = if elsewhen { Verdict::Contradict } else { judge(&known, status, house.now()) };
        known.claims.clear();
        ask::follow_up(&mut tx, house, &mut locked, (&known, Some(status), verdict)).await?;
    } else {
        // A repetition asks again too: the first may have asked a moment too early.
        ask::poke(&mut tx, key, house.now()).await?;
        ask = true;
    }
    let verdict = if again { "known" } else { "taken" };
    put_away(&mut tx, house, id, (verdict, None, Some(order.as_str()))).await?;
    tx.commit().await?;
    Ok(ask)
}

/// A genuine notification about a refund. False if it is none of ours.
async fn refund(
    house: &House,
    till: &Till,
    id: i64,
    notification: &Notification,
    order: &OrderId,
    status: &RefundStatus,
) -> Result<bool, store::Error> {
    let Some(key) = refunds::of_order(house, till, order).await? else {
        let told = match status {
            RefundStatus::Refunded(settled) => Some(settled),
            RefundStatus::Accepted { .. } | RefundStatus::NotFound | RefundStatus::Failed { .. } => None,
        };
        patiently!(unknown(house, till, id, notification, order, told))?;
        return Ok(false);
    };
    let fields = readable(notification.evidence.clone());
    patiently!(note_refund(house, id, key, order, (status, &fields)))?;
    refunds::pursue_within(house, key, WAIT).await;
    Ok(true)
}

async fn note_refund(
    house: &House,
    id: i64,
    key: refunds::Key,
    order: &OrderId,
    (status, fields): (&RefundStatus, &[(String, String)]),
) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(locked) = book::lock(&mut tx, key.group, key.deposit).await? else { return Ok(()) };
    let told = Told::from(status);
    let again = event::all(&mut tx, locked.key()).await?.iter().any(|event| {
        matches!(&event.what, Happened::RefundNotified { refund, told: was, .. }
            if refund == order.as_str() && *was == told)
    });
    if !again {
        let what =
            Happened::RefundNotified { refund: order.to_string(), told: told.clone(), fields: fields.to_owned() };
        event::add(&mut tx, locked.key(), house.now(), &By::Gateway, &what).await?;
    }
    refunds::heard(&mut tx, house, &locked, key, &told).await?;
    let verdict = if again { "known" } else { "taken" };
    put_away(&mut tx, house, id, (verdict, None, Some(order.as_str()))).await?;
    tx.commit().await
}

/// The gateway speaks of an order that is none of ours: its money belongs to nobody we know.
async fn unknown(
    house: &House,
    till: &Till,
    id: i64,
    notification: &Notification,
    order: &OrderId,
    settled: Option<&Settlement>,
) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let new = New {
        kind: ExceptionKind::UnknownOrder,
        deposit: None,
        gateway: &till.name,
        order: order.as_str(),
        serial: settled.map_or("", |settled| settled.serial.as_str()),
        amount: settled.map_or(Fen::ZERO, |settled| Fen::new(settled.amount.fen())),
        booked: false,
        evidence: json!({ "fields": readable(notification.evidence.clone()) }),
    };
    exceptions::open(&mut tx, house, &new).await?;
    put_away(&mut tx, house, id, ("unknown_order", None, Some(order.as_str()))).await?;
    tx.commit().await
}

/// The deposit with this order that was made with this gateway and merchant.
async fn of_order(house: &House, till: &Till, order: &OrderId) -> Result<Option<(GroupId, i64)>, store::Error> {
    let mut tx = house.db.read().await?;
    tx.query("SELECT group_id, id FROM deposits WHERE order_id = $1 AND gateway = $2 AND merchant IN ('', $3)")
        .bind(order.as_str())
        .bind(till.name.as_str())
        .bind(till.gateway.merchant())
        .optional()
        .await
}
