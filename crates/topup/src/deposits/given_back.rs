//! What was given back at the bank's counter, or by the bank itself, is in no query: only the daily file lists it, as a
//! refund under a number that is none of ours, with the serial number of our payment.

use ledger::{Fen, GroupId};
use serde_json::json;

use super::event::{self, By, Happened};
use super::exceptions::{self, Back, ExceptionKind, New};
use super::{DepositNumber, RefundState, State, book, query, refunds, topic};
use crate::{House, patiently};

/// A line of the gateway's own file of a day that lists a refund of a deposit which was not made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRefund {
    /// The file's name.
    pub file: String,
    /// Of which deposit.
    pub order: DepositNumber,
    /// Its number there.
    pub refund: String,
    /// The gateway's serial number of it.
    pub serial: String,
    /// How much.
    pub amount: Fen,
}

/// Takes note that the gateway's file lists such a refund, once, and brings it to people: it moves no money by itself.
pub async fn given_back(house: &House, line: &FileRefund) -> Result<(), store::Error> {
    let Some(key) = query::key(house, line.order).await? else { return Ok(()) };
    patiently!(note(house, key, line))?;
    house.signal(&topic(line.order)).await;
    Ok(())
}

async fn note(house: &House, key: (GroupId, i64), line: &FileRefund) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(locked) = book::lock(&mut tx, key.0, key.1).await? else { return Ok(()) };
    let mut back = Back::new();
    for event in event::all(&mut tx, key).await? {
        if let Happened::GivenBack { refund, serial, amount, .. } = event.what {
            if serial == line.serial {
                return Ok(());
            }
            back.insert(refund, amount);
        }
    }
    back.insert(line.refund.clone(), line.amount);
    let (file, refund, serial) = (line.file.clone(), line.refund.clone(), line.serial.clone());
    let what = Happened::GivenBack { file, refund, serial, amount: line.amount };
    event::add(&mut tx, key, house.now(), &By::Gateway, &what).await?;
    let by_us = refunds::of_deposit(&mut tx, key).await?.into_iter().filter(|own| own.state == RefundState::Refunded);
    let amounts = by_us.map(|own| own.amount).chain(back.values().copied());
    let total = Fen::new(amounts.fold(0_i64, |sum, amount| sum.saturating_add(amount.as_i64())));
    // People said already that it has gone back otherwise, and this is how.
    let known = locked.deposit.state == State::Refunded && total <= locked.paid();
    if !known && !exceptions::note_back(&mut tx, key, ExceptionKind::GoneBack, &back).await? {
        open(&mut tx, house, &locked, (line, &back)).await?;
    }
    tx.commit().await
}

async fn open(
    tx: &mut store::Tx,
    house: &House,
    locked: &book::Locked,
    (line, back): (&FileRefund, &Back),
) -> Result<(), store::Error> {
    let deposit = &locked.deposit;
    let serial = deposit.paid.as_ref().map_or("", |paid| paid.serial.as_str());
    let paid = deposit.paid.as_ref().map(|paid| (paid.serial.as_str(), paid.amount));
    let new = New {
        kind: ExceptionKind::GoneBack,
        deposit: Some(locked.key()),
        gateway: &deposit.gateway,
        order: &deposit.order.to_string(),
        serial,
        amount: locked.paid(),
        // Gone back twice, the second time is in no account.
        booked: deposit.state != State::Refunded,
        evidence: json!({ "was": deposit.state.as_str(), "paid": paid, "back": back, "file": line.file }),
    };
    exceptions::open(tx, house, &new).await.map(drop)
}
