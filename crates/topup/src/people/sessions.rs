//! Sessions in the database, so that they work on every server process and end when they should.
//!
//! The web's session library decides what is in a session and when it ends; here are only its rows. A session is found
//! by the SHA-256 of its id: who can read the table cannot take over a session.

use sha2::{Digest as _, Sha256};
use store::{Micros, Tx};

use super::PersonId;
use crate::House;

/// Writes a new session; [`store::Error::Unique`] if the id is taken.
pub async fn create(house: &House, session: &Session<'_>) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    tx.query("INSERT INTO sessions (id, operator_id, staff_id, data, expires_at_us) VALUES ($1, $2, $3, $4, $5)")
        .bind(hashed(session.id))
        .bind(session.person.and_then(PersonId::operator))
        .bind(session.person.and_then(PersonId::staff))
        .bind(session.data)
        .bind(session.expires_at)
        .execute()
        .await?;
    tx.commit().await
}

/// A session to be written.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// The value of the cookie.
    pub id: &'a str,
    /// Who signed in, if anyone.
    pub person: Option<PersonId>,
    /// What the web keeps in it.
    pub data: &'a str,
    /// When it ends by itself.
    pub expires_at: Micros,
}

/// Writes a session that exists, or exists no longer: an ended session does not come back by a late write.
pub async fn save(house: &House, session: &Session<'_>) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    tx.query("UPDATE sessions SET operator_id = $2, staff_id = $3, data = $4, expires_at_us = $5 WHERE id = $1")
        .bind(hashed(session.id))
        .bind(session.person.and_then(PersonId::operator))
        .bind(session.person.and_then(PersonId::staff))
        .bind(session.data)
        .bind(session.expires_at)
        .execute()
        .await?;
    tx.commit().await
}

/// What is in a session that has not ended, and when it ends.
pub async fn load(house: &House, id: &str) -> Result<Option<(String, Micros)>, store::Error> {
    let mut tx = house.db.read().await?;
    tx.query("SELECT data, expires_at_us FROM sessions WHERE id = $1 AND expires_at_us > $2")
        .bind(hashed(id))
        .bind(house.now())
        .optional()
        .await
}

/// Ends a session.
pub async fn delete(house: &House, id: &str) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    tx.query("DELETE FROM sessions WHERE id = $1").bind(hashed(id)).execute().await?;
    tx.commit().await
}

/// Ends all sessions of `person` but the one with the id `keep`.
pub(super) async fn end_others(tx: &mut Tx, person: PersonId, keep: &str) -> Result<(), store::Error> {
    match person {
        PersonId::Operator(id) => tx.query("DELETE FROM sessions WHERE operator_id = $1 AND id <> $2").bind(id),
        PersonId::Staff(id) => tx.query("DELETE FROM sessions WHERE staff_id = $1 AND id <> $2").bind(id),
    }
    .bind(hashed(keep))
    .execute()
    .await?;
    Ok(())
}

/// Ends all sessions of `person`.
pub(super) async fn end_all(tx: &mut Tx, person: PersonId) -> Result<(), store::Error> {
    match person {
        PersonId::Operator(id) => tx.query("DELETE FROM sessions WHERE operator_id = $1").bind(id),
        PersonId::Staff(id) => tx.query("DELETE FROM sessions WHERE staff_id = $1").bind(id),
    }
    .execute()
    .await?;
    Ok(())
}

/// Removes what has ended; returns how many.
pub async fn sweep(house: &House) -> Result<u64, store::Error> {
    let mut tx = house.db.begin().await?;
    let gone = tx.query("DELETE FROM sessions WHERE expires_at_us <= $1").bind(house.now()).execute().await?;
    tx.commit().await?;
    Ok(gone)
}

/// How the table names a session: by the SHA-256 of its id.
pub(crate) fn hashed(id: &str) -> String {
    hex::encode(Sha256::digest(id.as_bytes()))
}
