//! Reads refunds.

use ledger::{Fen, GroupId};
use pay::OrderId;
use store::{Micros, Tx};

use super::{Key, Refund, RefundState};
use crate::House;
use crate::deposits::{DepositNumber, Till, query};

#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) order_id: String,
    pub(super) amount_fen: Fen,
    pub(super) state: String,
    pub(super) serial: Option<String>,
    pub(super) code: Option<String>,
    pub(super) words: Option<String>,
    pub(super) created_at_us: Micros,
    pub(super) accepted_at_us: Option<Micros>,
    pub(super) ended_at_us: Option<Micros>,
    pub(super) asked: i64,
    /// Since when there is nobody to ask.
    pub(super) absent_at_us: Option<Micros>,
}

impl Row {
    pub(super) fn into_refund(self) -> Option<Refund> {
        Some(Refund {
            state: RefundState::parse(&self.state)?,
            order: self.order_id,
            amount: self.amount_fen,
            serial: self.serial,
            failure: self.code.zip(self.words),
            created_at: self.created_at_us,
            accepted_at: self.accepted_at_us,
            ended_at: self.ended_at_us,
        })
    }
}

pub(super) async fn due(house: &House, order: DepositNumber) -> Result<Option<Key>, store::Error> {
    let Some((group, deposit)) = query::key(house, order).await? else { return Ok(None) };
    let mut tx = house.db.read().await?;
    let row: Option<(i64,)> = tx
        .query("SELECT number FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2 AND state = 'due'")
        .bind(group)
        .bind(deposit)
        .optional()
        .await?;
    Ok(row.map(|(number,)| Key { group, deposit, number }))
}

/// The refund with this number at this gateway, of a deposit that was made with it and its merchant.
pub(in crate::deposits) async fn of_order(
    house: &House,
    till: &Till,
    order: &OrderId,
) -> Result<Option<Key>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<(GroupId, i64, i64)> = tx
        .query(
            "SELECT r.group_id, r.deposit_id, r.number FROM deposit_refunds r \
             JOIN deposits d ON d.group_id = r.group_id AND d.id = r.deposit_id \
             WHERE r.order_id = $1 AND d.gateway = $2 AND d.merchant IN ('', $3)",
        )
        .bind(order.as_str())
        .bind(till.name.as_str())
        .bind(till.gateway.merchant())
        .optional()
        .await?;
    Ok(row.map(|(group, deposit, number)| Key { group, deposit, number }))
}

/// The refunds of a deposit, first to last.
pub(in crate::deposits) async fn of_deposit(
    tx: &mut Tx,
    (group, deposit): (GroupId, i64),
) -> Result<Vec<Refund>, store::Error> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT order_id, amount_fen, state, serial, code, words, created_at_us, accepted_at_us, ended_at_us, asked, \
             absent_at_us FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2 ORDER BY number",
        )
        .bind(group)
        .bind(deposit)
        .all()
        .await?;
    Ok(rows.into_iter().filter_map(Row::into_refund).collect())
}

pub(super) async fn one(tx: &mut Tx, key: Key) -> Result<Option<Row>, store::Error> {
    tx.query(
        "SELECT order_id, amount_fen, state, serial, code, words, created_at_us, accepted_at_us, ended_at_us, asked, \
         absent_at_us FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .optional()
    .await
}
