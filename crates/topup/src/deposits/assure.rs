//! Before money becomes quota the gateway is asked whether it has it still. A bank gives back by itself what was paid too
//! late, days after it said that it was paid; and whoever has its console can give back anything.

use std::time::Duration;

use ledger::{Fen, GroupId};
use pay::CallError;
use store::Tx;

use super::rules::{self, Refused, Voucher, may_credit, only_in_file};
use super::{Deposit, ask, confirm, event, query, topic};
use crate::{House, patiently, two_people};

/// How long a person's click waits for the gateway.
const WAIT: Duration = Duration::from_secs(5);

/// Whose word stands for the money of a deposit.
pub(super) async fn voucher(tx: &mut Tx, house: &House, deposit: &Deposit) -> Result<Voucher, store::Error> {
    let set_up = house.till.as_ref().is_some_and(|till| till.is_of(&deposit.gateway, &deposit.merchant));
    let story = event::all(tx, (deposit.group, deposit.order.id())).await?;
    Ok(rules::voucher(set_up, &story))
}

/// That the gateway was asked a moment ago, and that what it said does not stand in the way of this payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assured {
    serial: String,
    amount: Fen,
}

impl Assured {
    /// Whether it is what this deposit was paid with.
    pub(super) fn covers(&self, deposit: &Deposit) -> bool {
        deposit.paid.as_ref().is_some_and(|paid| (&paid.serial, paid.amount) == (&self.serial, self.amount))
    }
}

/// Asks the gateway whether it has the payment of a deposit still. If it says otherwise than before, that is noted, with
/// an exception that people see. That it goes on denying what only its file knows of does not stand in the way.
pub(super) async fn assure(house: &House, key: (GroupId, i64)) -> Result<Result<Assured, Refused>, store::Error> {
    let mut tx = house.db.read().await?;
    let row = query::row(&mut tx, key.0, key.1).await?;
    drop(tx);
    let payment = house.till.as_ref().zip(row.as_ref()).and_then(|(till, row)| confirm::payment(till, row));
    let settled = Refused::Rule(two_people::Refused::Settled);
    let Some(deposit) = row.and_then(query::Row::into_deposit) else { return Ok(Err(settled)) };
    let Some(paid) = &deposit.paid else { return Ok(Err(settled)) };
    let (Some(till), Some(payment), asked_at) = (&house.till, payment, house.now()) else {
        return Ok(Err(Refused::Unanswered));
    };
    let Some(now) = confirm::pay_time(asked_at) else { return Ok(Err(Refused::Unanswered)) };
    let late = || Err(CallError::Unreachable("no answer in time".to_owned()));
    let word = tokio::time::timeout(WAIT, till.gateway.query(&payment, now)).await.unwrap_or_else(|_| late());
    ask::answered("query", &payment.order, &word);
    patiently!(ask::note(house, key, &word, asked_at))?;
    house.signal(&topic(deposit.order)).await;
    let (serial, amount) = (paid.serial.clone(), paid.amount);
    let mut tx = house.db.read().await?;
    let only_in_file = only_in_file(&event::all(&mut tx, key).await?);
    let credit = may_credit(&(serial.clone(), amount), only_in_file, word.as_ref().ok());
    Ok(credit.map(|()| Assured { serial, amount }))
}
