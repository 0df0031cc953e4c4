//! The only writer of where deposits stand and of their money. Each step is part of its caller's unit of work and happens
//! under the lock on the accounts of the deposit's group.

use ledger::{Accounts, Fen, GroupId, Kind, Movement, Rejected};
use store::{Micros, Result, Tx};

use super::query::{self, Row};
use super::totals::{self, Counted};
use super::{Deposit, Settlement, State, ask, rules};

/// What the journal says of money that came.
pub(super) const PAID: &str = "deposit paid";
/// That it was approved.
pub(super) const APPROVED: &str = "deposit approved";
/// That it was rejected.
pub(super) const REJECTED: &str = "deposit rejected";
/// That it has gone back.
pub(super) const REFUNDED: &str = "deposit refunded";
/// That it became quota after a refund had failed.
pub(super) const CREDITED: &str = "deposit credited";
/// That it had become quota and left it again, since its money is back at the payer.
pub(super) const TAKEN_BACK: &str = "deposit taken back";

/// A deposit that nobody else moves until the unit of work ends.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) deposit: Deposit,
    /// How often the gateway was asked since there was news.
    pub(super) asked: i64,
    accounts: Accounts,
}

impl Locked {
    /// Which deposit.
    pub(super) fn key(&self) -> (GroupId, i64) {
        (self.deposit.group, self.deposit.order.id())
    }

    /// How much was paid.
    pub(super) fn paid(&self) -> Fen {
        self.deposit.paid.as_ref().map_or(Fen::ZERO, |paid| paid.amount)
    }

    /// How much of the group's quota is free.
    pub(super) fn free(&self) -> Fen {
        self.accounts.balances(self.deposit.group).unwrap_or_default().get(Kind::Quota)
    }
}

/// Locks the accounts of the group, then reads the deposit.
pub(super) async fn lock(tx: &mut Tx, group: GroupId, id: i64) -> Result<Option<Locked>> {
    let accounts = Accounts::lock(tx, [group]).await?;
    let row: Option<Row> = query::row(tx, group, id).await?;
    Ok(row.and_then(|row| {
        let asked = row.asked;
        Some(Locked { deposit: row.into_deposit()?, asked, accounts })
    }))
}

/// Moves what was paid from one account of the group to another.
pub(super) async fn transfer(
    tx: &mut Tx,
    locked: &mut Locked,
    (from, to): (Kind, Kind),
    reason: &'static str,
    at: Micros,
) -> Result<()> {
    let (amount, (group, subject)) = (locked.paid(), locked.key());
    let movement = Movement { group, from, to, amount, reason, subject, at };
    locked.accounts.post(movement).map_err(impossible)?;
    locked.accounts.write(tx).execute().await?;
    // A second transfer of the same unit of work must not write the first again.
    locked.accounts = Accounts::lock(tx, [group]).await?;
    Ok(())
}

/// Notes where a deposit stands now. One that was decided is not asked about any more.
pub(super) async fn set_state(tx: &mut Tx, locked: &mut Locked, state: State) -> Result<()> {
    let (group, id) = locked.key();
    tx.query("UPDATE deposits SET state = $3, ask_at_us = NULL WHERE group_id = $1 AND id = $2")
        .bind(group)
        .bind(id)
        .bind(state.as_str())
        .execute()
        .await?;
    let from = locked.deposit.stands();
    locked.deposit.state = state;
    turned(tx, locked, from).await
}

/// It stood so, and stands now as `locked` says: its totals follow.
pub(super) async fn turned(tx: &mut Tx, locked: &Locked, from: (State, Fen)) -> Result<()> {
    totals::turned(tx, Counted::of(&locked.deposit), Some(from), locked.deposit.stands()).await
}

/// Books the payment of a deposit. False if its serial number has paid another already; nothing is done then.
pub(super) async fn pay(tx: &mut Tx, locked: &mut Locked, settled: &Settlement, at: Micros) -> Result<bool> {
    let (group, id) = locked.key();
    let taken = tx
        .query(
            "INSERT INTO deposit_serials (gateway, serial, group_id, deposit_id) VALUES ($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING",
        )
        .bind(locked.deposit.gateway.as_str())
        .bind(settled.serial.as_str())
        .bind(group)
        .bind(id)
        .execute()
        .await?;
    if taken == 0 {
        return Ok(false);
    }
    let amount = Fen::new(settled.amount.fen());
    tx.query(
        "UPDATE deposits SET state = 'paid', paid_fen = $3, serial = $4, settle_date = $5, traced_at = $6, \
         paid_at_us = $7, ask_at_us = NULL, asking_until_us = NULL, code = NULL, words = NULL \
         WHERE group_id = $1 AND id = $2",
    )
    .bind(group)
    .bind(id)
    .bind(amount)
    .bind(settled.serial.as_str())
    .bind(settled.settle_date.as_deref())
    .bind(settled.traced_at.as_deref())
    .bind(at)
    .execute()
    .await?;
    let from = locked.deposit.stands();
    locked.deposit.state = State::Paid;
    locked.deposit.failure = None;
    locked.deposit.paid = Some(super::Payment {
        amount,
        serial: settled.serial.clone(),
        settle_date: settled.settle_date.clone(),
        traced_at: settled.traced_at.clone(),
        at,
    });
    turned(tx, locked, from).await?;
    transfer(tx, locked, (Kind::Bank, Kind::DepositsInReview), PAID, at).await?;
    Ok(true)
}

/// Carries a decision out: what is in review becomes quota, or is due to go back.
pub(super) async fn decide(tx: &mut Tx, locked: &mut Locked, approve: bool, at: Micros) -> Result<()> {
    let (to, state, reason) =
        if approve { (Kind::Quota, State::Approved, APPROVED) } else { (Kind::RefundsDue, State::Rejected, REJECTED) };
    transfer(tx, locked, (Kind::DepositsInReview, to), reason, at).await?;
    let from = locked.deposit.stands();
    locked.deposit.state = state;
    locked.deposit.decided_at = Some(at);
    // What was paid too late the bank may give back by itself, also now.
    let watch = rules::next_ask(&ask::bare(&locked.deposit), 0, at);
    tx.query(
        "UPDATE deposits SET state = $3, decided_at_us = $4, ask_at_us = $5, asked = 0 WHERE group_id = $1 AND id = $2",
    )
    .bind(locked.deposit.group)
    .bind(locked.deposit.order.id())
    .bind(state.as_str())
    .bind(at)
    .bind(watch)
    .execute()
    .await?;
    turned(tx, locked, from).await
}

/// The books contradict themselves: nothing of the unit of work is written.
fn impossible(rejected: Rejected) -> store::Error {
    sqlx::Error::Protocol(format!("a deposit's money cannot move: {rejected}")).into()
}
