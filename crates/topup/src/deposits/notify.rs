//! The gateway's notifications: kept as they came, verified, compared with what we asked for. None is believed: a genuine
//! one is a reason to ask the gateway.

use std::time::Duration;

use data_encoding::BASE64;
use ledger::{Fen, GroupId};
use pay::{
    Acknowledgement, Incoming, Notification, NotificationError, OrderId, PaymentStatus, RefundStatus, Settlement,
    Subject,
};
use serde_json::json;
use store::Tx;

use super::ask::{self, known};
use super::event::{self, By, Happened, Told, readable};
use super::exceptions::{self, ExceptionKind, New};
use super::rules::{Verdict, judge};
use super::{State, Till, book, confirm, refunds};
use crate::{House, Ids, patiently};

/// The longest notification, in bytes. The real ones have some three thousand.
const MOST_BYTES: usize = 32 * 1024;

/// How long a notification may wait for the gateway's answer before it is acknowledged: gateways give up after 10 s. What
/// is not answered by then the background job asks.
const WAIT: Duration = Duration::from_secs(6);

/// So many that are not believed are kept in an hour; of more only what is genuine, or a stranger could fill the disk.
const MOST_UNBELIEVED: i64 = 1_000;

/// For so long one that is not believed is kept: who looks into a forgery does so within weeks.
const UNBELIEVED_KEPT: Duration = Duration::from_hours(30 * 24);

/// And so many of them at most, the newest: at their longest they fill some 200 MB.
const MOST_KEPT: i64 = 5_000;

/// So much of all headers together is kept, in bytes.
const MOST_HEADERS: usize = 8 * 1024;

/// So much of why a notification is not believed is kept, in characters: it quotes what a stranger sent.
const MOST_WHY: usize = 500;

/// Headers that are nobody's business.
const SECRET: [&str; 3] = ["cookie", "authorization", "proxy-authorization"];

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

/// Whether more came within the hour that is not believed than is worth keeping.
async fn flooded(house: &House) -> Result<bool, store::Error> {
    let mut tx = house.db.read().await?;
    let (unbelieved,): (i64,) = tx
        .query(
            "SELECT COUNT(*) FROM (SELECT id FROM notifications WHERE id >= $1 \
             AND verdict IN ('malformed', 'not_genuine', 'not_ours') LIMIT $2) AS recent",
        )
        .bind(Ids::first_of(house.ago(Duration::from_hours(1))))
        .bind(MOST_UNBELIEVED)
        .one()
        .await?;
    Ok(unbelieved >= MOST_UNBELIEVED)
}

/// Keeps it as it came, before anything is made of it.
async fn keep(house: &House, till: &Till, incoming: &Incoming<'_>) -> Result<i64, store::Error> {
    let headers = incoming.headers.iter().filter(|(name, _)| !SECRET.contains(&name.as_str()));
    let mut left = MOST_HEADERS;
    let fits = |(name, value): &&(String, String)| {
        let room = left.checked_sub(name.len().saturating_add(value.len()));
        room.map(|room| left = room).is_some()
    };
    let headers: Vec<_> = headers.take(64).take_while(fits).collect();
    let id = house.ids.next();
    let mut tx = house.db.begin().await?;
    tx.query(
        "INSERT INTO notifications (id, gateway, method, path, headers, body, received_at_us) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(till.name.as_str())
    .bind(incoming.method)
    .bind(incoming.path)
    .bind(json!(headers).to_string())
    .bind(BASE64.encode(incoming.body))
    .bind(house.now())
    .execute()
    .await?;
    tx.commit().await?;
    Ok(id)
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

/// What a stranger wrote, so that it can be kept and read: not every database takes every character, and no log should.
fn harmless(text: &str) -> String {
    let shown = text.chars().flat_map(|one| {
        let escaped = one.is_control().then(|| one.escape_debug());
        let plain = escaped.is_none().then_some(one);
        escaped.into_iter().flatten().chain(plain)
    });
    shown.take(MOST_WHY).collect()
}

/// Notes what came of a notification.
async fn put_away(
    tx: &mut Tx,
    house: &House,
    id: i64,
    (verdict, why, order): (&str, Option<&str>, Option<&str>),
) -> Result<(), store::Error> {
    tx.query("UPDATE notifications SET verdict = $2, why = $3, order_id = $4, processed_at_us = $5 WHERE id = $1")
        .bind(id)
        .bind(verdict)
        .bind(why)
        .bind(order)
        .bind(house.now())
        .execute()
        .await?;
    Ok(())
}

/// Forgets notifications that are not believed, once they are old or too many. What is genuine is kept for ever.
pub(super) async fn purge(house: &House) -> Result<(), store::Error> {
    /// In one go; the rest the next time.
    const MOST: i64 = 500;
    let mut tx = house.db.read().await?;
    let past: Vec<(i64,)> = tx
        .query(
            "SELECT id FROM notifications WHERE verdict IN ('malformed', 'not_genuine', 'not_ours') \
             AND (id < $1 OR id <= (SELECT id FROM notifications \
             WHERE verdict IN ('malformed', 'not_genuine', 'not_ours') ORDER BY id DESC LIMIT 1 OFFSET $2)) \
             ORDER BY id LIMIT $3",
        )
        .bind(Ids::first_of(house.ago(UNBELIEVED_KEPT)))
        .bind(MOST_KEPT)
        .bind(MOST)
        .all()
        .await?;
    drop(tx);
    if past.is_empty() {
        return Ok(());
    }
    let mut tx = house.db.begin().await?;
    tx.query(
        "DELETE FROM notifications WHERE verdict IN ('malformed', 'not_genuine', 'not_ours') \
         AND id IN (SELECT rows.id FROM rows(id BIGINT))",
    )
    .rows(past.iter().map(|(id,)| [(*id).into()]))
    .execute()
    .await?;
    tx.commit().await?;
    tracing::info!(count = past.len(), "notifications that nobody believes were forgotten");
    Ok(())
}

/// One that was kept and not read: whoever kept it is gone.
#[derive(sqlx::FromRow)]
struct Kept {
    id: i64,
    method: String,
    path: String,
    headers: String,
    body: String,
}

/// Reads what processes that are gone kept and did not read. One that cannot be read now does not keep the others back.
pub(super) async fn read_kept(house: &House, till: &Till, patience: Duration) -> Result<(), store::Error> {
    /// In one go; the rest the next time.
    const MOST: i64 = 50;
    let mut tx = house.db.read().await?;
    let kept: Vec<Kept> = tx
        .query(
            "SELECT id, method, path, headers, body FROM notifications \
             WHERE verdict IS NULL AND gateway = $1 AND received_at_us <= $2 ORDER BY received_at_us LIMIT $3",
        )
        .bind(till.name.as_str())
        .bind(house.ago(patience))
        .bind(MOST)
        .all()
        .await?;
    drop(tx);
    for kept in kept {
        let headers: Vec<(String, String)> = serde_json::from_str(&kept.headers).unwrap_or_default();
        let body = BASE64.decode(kept.body.as_bytes()).unwrap_or_default();
        let incoming = Incoming { method: &kept.method, path: &kept.path, headers: &headers, body: &body };
        match read(house, till, kept.id, &incoming).await {
            Err(NotifyError::Storage(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, notification = kept.id, "a notification that was kept was not read");
            }
            Ok(()) | Err(NotifyError::NoGateway | NotifyError::TooLong | NotifyError::Refused(_)) => {}
        }
    }
    Ok(())
}
