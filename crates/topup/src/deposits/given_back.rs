//! What was given back at the bank's counter, or by the bank itself, is in no query: only the daily file lists it, as a
//! refund under a number that is none of ours, with the serial number of our payment.

use std::collections::BTreeSet;

use ledger::{Fen, GroupId};
use serde_json::{Value, json};
use store::Tx;

use super::event::{self, By, Happened};
use super::exceptions::{self, Back, Exception, ExceptionKind, Outcome};
use super::{DepositNumber, RefundState, State, ask, book, query, refunds, topic};
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
    let said = exceptions::of_deposit(&mut tx, key).await?;
    let mut back = Back::new();
    for event in event::all(&mut tx, key).await? {
        if let Happened::GivenBack { serial, amount, .. } = event.what {
            // With another amount it is news, once.
            if serial == line.serial && amount == line.amount {
                return Ok(());
            }
            back.insert(serial, amount);
        }
    }
    // What people have denied is none of what is told now.
    let closed = |how| -> BTreeSet<String> {
        let as_this = said.iter().filter(|unfit| unfit.kind == ExceptionKind::GoneBack && closed_as(unfit, how));
        as_this.flat_map(|unfit| unfit.back().into_keys()).collect()
    };
    let (denied, noted) = (closed(Outcome::Nothing), closed(Outcome::ReturnedOtherwise));
    back.retain(|serial, _| noted.contains(serial) || !denied.contains(serial));
    back.insert(line.serial.clone(), line.amount);
    let (file, refund, serial) = (line.file.clone(), line.refund.clone(), line.serial.clone());
    let what = Happened::GivenBack { file, refund, serial, amount: line.amount };
    event::add(&mut tx, key, house.now(), &By::Gateway, &what).await?;
    let by_us = refunds::of_deposit(&mut tx, key).await?.into_iter().filter(|own| own.state == RefundState::Refunded);
    let in_part = said.iter().filter(|unfit| unfit.kind == ExceptionKind::RefundFailed).flat_map(Exception::back);
    let amounts = by_us.map(|own| own.amount).chain(in_part.map(|(_, done)| done)).chain(back.values().copied());
    let total = Fen::new(amounts.fold(0_i64, |sum, amount| sum.saturating_add(amount.as_i64())));
    // People said already that it has gone back otherwise, and this is how.
    let this = said.iter().any(|unfit| is_this(unfit, line));
    let known = locked.deposit.state == State::Refunded && this && total <= locked.paid();
    if !known {
        let (deposit, file) = (&locked.deposit, Some(line.file.as_str()));
        let paid = deposit.paid.as_ref().map(|paid| (paid.serial.as_str(), paid.amount));
        let evidence = json!({ "was": deposit.state.as_str(), "paid": paid, "back": back, "file": line.file });
        went_back(&mut tx, house, &locked, (&back, file), evidence).await?;
    }
    tx.commit().await
}

/// Whether people closed it as this return, by the bank's number. Any other may have gone back besides.
fn is_this(unfit: &Exception, line: &FileRefund) -> bool {
    closed_as(unfit, Outcome::ReturnedOtherwise)
        && [&line.serial, &line.refund].into_iter().any(|number| unfit.reference.as_ref() == Some(number))
}

fn closed_as(unfit: &Exception, how: Outcome) -> bool {
    unfit.closed.as_ref().is_some_and(|(_, outcome, ..)| *outcome == how)
}

/// Notes what went back without us beside the open exception about that, or opens one.
pub(super) async fn went_back(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    (back, file): (&Back, Option<&str>),
    evidence: Value,
) -> Result<(), store::Error> {
    if exceptions::note_back(tx, locked.key(), ExceptionKind::GoneBack, (back, file)).await? {
        return Ok(());
    }
    let serial = locked.deposit.paid.as_ref().map_or("", |paid| paid.serial.as_str());
    ask::unfit(tx, house, locked, (ExceptionKind::GoneBack, serial, locked.paid()), evidence).await
}
