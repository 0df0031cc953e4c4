//! Looks at deposits.

use ledger::{Fen, GroupId};
use pay::Payer;
use store::{Micros, Tx};

use super::{Deposit, DepositNumber, Payment, State};
use crate::House;
use crate::people::OperatorId;

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Row {
    pub(super) group_id: GroupId,
    pub(super) id: i64,
    state: String,
    operator_id: OperatorId,
    pub(super) amount_fen: Fen,
    remark: String,
    payer: String,
    pub(super) gateway: String,
    pub(super) merchant: String,
    pub(super) payer_ip: Option<String>,
    created_at_us: Micros,
    pub(super) expires_at_us: Micros,
    pub(super) redirected_at_us: Option<Micros>,
    paid_fen: Option<Fen>,
    serial: Option<String>,
    settle_date: Option<String>,
    traced_at: Option<String>,
    paid_at_us: Option<Micros>,
    decided_at_us: Option<Micros>,
    code: Option<String>,
    words: Option<String>,
    pub(super) asked: i64,
}

impl Row {
    pub(super) fn state(&self) -> Option<State> {
        State::parse(&self.state)
    }

    pub(super) fn payer(&self) -> Option<Payer> {
        match self.payer.as_str() {
            "person" => Some(Payer::Person),
            "company" => Some(Payer::Company),
            _ => None,
        }
    }

    pub(crate) fn into_deposit(self) -> Option<Deposit> {
        let (state, payer) = (self.state()?, self.payer()?);
        let paid = self.paid_fen.zip(self.serial).zip(self.paid_at_us);
        Some(Deposit {
            group: self.group_id,
            order: DepositNumber::new(self.id),
            state,
            operator: self.operator_id,
            amount: self.amount_fen,
            remark: self.remark,
            payer,
            gateway: self.gateway,
            merchant: self.merchant,
            created_at: self.created_at_us,
            expires_at: self.expires_at_us,
            redirected_at: self.redirected_at_us,
            paid: paid.map(|((amount, serial), at)| Payment {
                amount,
                serial,
                settle_date: self.settle_date,
                traced_at: self.traced_at,
                at,
            }),
            decided_at: self.decided_at_us,
            failure: self.code.zip(self.words),
        })
    }
}

pub(super) async fn row(tx: &mut Tx, group: GroupId, id: i64) -> Result<Option<Row>, store::Error> {
    tx.query(
        "SELECT group_id, id, state, operator_id, amount_fen, remark, payer, gateway, merchant, payer_ip, \
         created_at_us, expires_at_us, redirected_at_us, paid_fen, serial, settle_date, traced_at, paid_at_us, \
         decided_at_us, code, words, asked FROM deposits WHERE group_id = $1 AND id = $2",
    )
    .bind(group)
    .bind(id)
    .optional()
    .await
}

/// Whose deposit it is; none if there is none of this number.
pub(super) async fn key(house: &House, order: DepositNumber) -> Result<Option<(GroupId, i64)>, store::Error> {
    let mut tx = house.db.read().await?;
    let found: Option<(GroupId, i64)> =
        tx.query("SELECT group_id, id FROM deposits WHERE order_id = $1").bind(order.to_string()).optional().await?;
    Ok(found)
}

/// A deposit of a group, for its operators.
pub async fn by_order(house: &House, group: GroupId, order: DepositNumber) -> Result<Option<Deposit>, store::Error> {
    let mut tx = house.db.read().await?;
    Ok(row(&mut tx, group, order.id()).await?.and_then(Row::into_deposit))
}

/// A deposit of whichever group, for the office.
pub async fn find(house: &House, order: DepositNumber) -> Result<Option<Deposit>, store::Error> {
    let Some((group, _)) = key(house, order).await? else { return Ok(None) };
    by_order(house, group, order).await
}

/// How many deposits wait for a decision, and how many exceptions are open.
pub async fn counts(house: &House) -> Result<(i64, i64), store::Error> {
    let mut tx = house.db.read().await?;
    tx.query(
        "SELECT (SELECT COUNT(*) FROM deposits WHERE state = 'paid'), \
         (SELECT COUNT(*) FROM deposit_exceptions WHERE closed_at_us IS NULL)",
    )
    .one()
    .await
}

/// The deposits of all groups whose money came from one moment until before another, by that time: for reconciliation.
pub async fn paid_between(house: &House, from: Micros, until: Micros) -> Result<Vec<Deposit>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(
            "SELECT group_id, id, state, operator_id, amount_fen, remark, payer, gateway, merchant, payer_ip, \
             created_at_us, expires_at_us, redirected_at_us, paid_fen, serial, settle_date, traced_at, paid_at_us, \
             decided_at_us, code, words, asked FROM deposits WHERE paid_at_us >= $1 AND paid_at_us < $2 ORDER BY paid_at_us, id",
        )
        .bind(from)
        .bind(until)
        .all()
        .await?;
    Ok(rows.into_iter().filter_map(Row::into_deposit).collect())
}
