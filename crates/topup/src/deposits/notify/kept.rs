//! Notifications as they are kept: each as it came, before anything is made of it, and those that nobody believes not for
//! ever.

use std::time::Duration;

use data_encoding::BASE64;
use pay::Incoming;
use serde_json::json;
use store::Tx;

use super::{NotifyError, read};
use crate::deposits::Till;
use crate::{House, Ids};

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

/// Whether more came within the hour that is not believed than is worth keeping.
pub(super) async fn flooded(house: &House) -> Result<bool, store::Error> {
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
pub(super) async fn keep(house: &House, till: &Till, incoming: &Incoming<'_>) -> Result<i64, store::Error> {
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

/// What a stranger wrote, so that it can be kept and read: not every database takes every character, and no log should.
pub(super) fn harmless(text: &str) -> String {
    let shown = text.chars().flat_map(|one| {
        let escaped = one.is_control().then(|| one.escape_debug());
        let plain = escaped.is_none().then_some(one);
        escaped.into_iter().flatten().chain(plain)
    });
    shown.take(MOST_WHY).collect()
}

/// Notes what came of a notification.
pub(super) async fn put_away(
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
pub(in crate::deposits) async fn purge(house: &House) -> Result<(), store::Error> {
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
pub(in crate::deposits) async fn read_kept(house: &House, till: &Till, patience: Duration) -> Result<(), store::Error> {
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
