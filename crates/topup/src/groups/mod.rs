//! Groups: the customer companies and their quota.

use ledger::{Fen, GroupId, Kind};
use store::{Micros, Tx};

use crate::House;

/// A customer company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// What a group may still charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Free to charge.
    pub available: Fen,
    /// Set aside for loads in flight or in doubt.
    pub held: Fen,
}

/// Creates a group with empty accounts.
pub async fn add(tx: &mut Tx, id: GroupId, name: &str, now: Micros) -> Result<Group, store::Error> {
    tx.query("INSERT INTO groups (id, name, created_at_us) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(name)
        .bind(now)
        .execute()
        .await?;
    ledger::open_accounts(tx, id).await?;
    Ok(Group { id, name: name.to_owned() })
}

/// Whether there is a group with this id.
pub async fn exists(tx: &mut Tx, id: GroupId) -> Result<bool, store::Error> {
    let found: Option<(i64,)> =
        tx.query("SELECT CAST(1 AS BIGINT) FROM groups WHERE id = $1").bind(id).optional().await?;
    Ok(found.is_some())
}

/// All groups, by name.
pub async fn all(house: &House) -> Result<Vec<Group>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<(GroupId, String)> = tx.query("SELECT id, name FROM groups ORDER BY name, id").all().await?;
    Ok(rows.into_iter().map(|(id, name)| Group { id, name }).collect())
}

/// What `group` may still charge.
pub async fn quota(house: &House, group: GroupId) -> Result<Quota, store::Error> {
    let mut tx = house.db.read().await?;
    let balances = ledger::balances(&mut tx, group).await?.unwrap_or_default();
    Ok(Quota { available: balances.get(Kind::Quota), held: balances.get(Kind::Held) })
}
