//! The SQL of terminals.

use ledger::GroupId;
use store::{Micros, Tx};

use super::TerminalNumber;
use crate::House;

/// A terminal of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its number.
    pub number: TerminalNumber,
    /// Whose.
    pub group: GroupId,
    /// What people call it.
    pub name: String,
    /// The Ed25519 key it proves itself with; none until it is enrolled.
    pub(super) public_key: Option<[u8; 32]>,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: String,
    group_id: GroupId,
    name: String,
    public_key: Option<String>,
}

/// Creates a terminal that has still to be enrolled.
pub async fn add(
    tx: &mut Tx,
    number: TerminalNumber,
    group: GroupId,
    name: &str,
    now: Micros,
) -> Result<(), store::Error> {
    tx.query("INSERT INTO terminals (number, group_id, name, public_key, revoked, created_at_us) VALUES ($1, $2, $3, NULL, 0, $4)")
        .bind(number.to_string())
        .bind(group)
        .bind(name)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// Whether there is, or was, a terminal with this number.
pub async fn exists(tx: &mut Tx, number: TerminalNumber) -> Result<bool, store::Error> {
    let found: Option<(i64,)> = tx
        .query("SELECT CAST(1 AS BIGINT) FROM terminals WHERE number = $1")
        .bind(number.to_string())
        .optional()
        .await?;
    Ok(found.is_some())
}

/// The terminals of a group that are not revoked, by number.
pub async fn of_group(house: &House, group: GroupId) -> Result<Vec<Terminal>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(
            "SELECT number, group_id, name, public_key FROM terminals WHERE group_id = $1 AND revoked = 0 ORDER BY number",
        )
        .bind(group)
        .all()
        .await?;
    Ok(rows.into_iter().filter_map(Row::into_terminal).collect())
}

/// The terminal with this number, unless it is revoked.
pub async fn by_number(house: &House, number: TerminalNumber) -> Result<Option<Terminal>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = tx
        .query("SELECT number, group_id, name, public_key FROM terminals WHERE number = $1 AND revoked = 0")
        .bind(number.to_string())
        .optional()
        .await?;
    Ok(row.and_then(Row::into_terminal))
}

/// The key of a terminal that is in use; its row is locked.
pub(super) async fn key_of(tx: &mut Tx, number: TerminalNumber) -> Result<Option<String>, store::Error> {
    let row: Option<(Option<String>,)> = tx
        .query("SELECT public_key FROM terminals WHERE number = $1 AND revoked = 0 FOR UPDATE")
        .bind(number.to_string())
        .optional()
        .await?;
    Ok(row.and_then(|(key,)| key))
}

/// The terminal with this number and whether it is revoked.
pub(super) async fn any_by_number(
    house: &House,
    number: TerminalNumber,
) -> Result<Option<(Terminal, bool)>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<(String, GroupId, String, Option<String>, i64)> = tx
        .query("SELECT number, group_id, name, public_key, revoked FROM terminals WHERE number = $1")
        .bind(number.to_string())
        .optional()
        .await?;
    Ok(row.and_then(|(number, group_id, name, public_key, revoked)| {
        Some((Row { number, group_id, name, public_key }.into_terminal()?, revoked != 0))
    }))
}

/// The group of a terminal, and whether it is revoked; its row is locked.
pub(super) async fn known(tx: &mut Tx, number: TerminalNumber) -> Result<Option<(GroupId, bool)>, store::Error> {
    let row: Option<(GroupId, i64)> = tx
        .query("SELECT group_id, revoked FROM terminals WHERE number = $1 FOR UPDATE")
        .bind(number.to_string())
        .optional()
        .await?;
    Ok(row.map(|(group, revoked)| (group, revoked != 0)))
}

/// Binds a key to a terminal, replacing the one before.
pub(super) async fn set_key(
    tx: &mut Tx,
    number: TerminalNumber,
    key: [u8; 32],
    now: Micros,
) -> Result<(), store::Error> {
    tx.query("UPDATE terminals SET public_key = $2, enrolled_at_us = $3 WHERE number = $1")
        .bind(number.to_string())
        .bind(hex::encode(key))
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

impl Row {
    fn into_terminal(self) -> Option<Terminal> {
        let mut key = [0; 32];
        let public_key = self.public_key.filter(|text| hex::decode_to_slice(text, &mut key).is_ok()).map(|_| key);
        Some(Terminal { number: self.number.parse().ok()?, group: self.group_id, name: self.name, public_key })
    }
}
