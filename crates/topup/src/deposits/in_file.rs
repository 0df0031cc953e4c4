//! The daily file has the last word: what it lists as paid and we do not have is asked about once more, and else booked.

use std::time::Duration;

use ledger::{Fen, GroupId};
use pay::{Amount, PaymentStatus, Settlement};
use serde_json::json;

use super::event::{self, By, Happened};
use super::exceptions::ExceptionKind;
use super::rules::{Known, Verdict, judge};
use super::{Deposit, DepositNumber, State, ask, book, query, topic};
use crate::{House, patiently};

/// How long one question may take; there may be many lines.
const WAIT: Duration = Duration::from_secs(6);

/// A line of the gateway's file of a day that says that a deposit was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLine {
    /// The file's name.
    pub file: String,
    /// Which deposit.
    pub order: DepositNumber,
    /// The gateway's serial number.
    pub serial: String,
    /// How much.
    pub amount: Fen,
    /// The day on which it settles, `MMDD`.
    pub settle_date: String,
    /// When, `MMDDhhmmss`.
    pub at: String,
    /// Whether the file came from the gateway itself, and so is genuine; one that a person brought proves nothing.
    pub genuine: bool,
}

/// Takes note that a file lists a deposit as paid. The gateway is asked once more; if it does not say so, a genuine file
/// is enough: the money is booked and waits in review, with an exception beside it. Of a deposit whose payer we never
/// sent, there is only the exception. True if the deposit is paid now and was not before.
pub async fn in_file(house: &House, line: &FileLine) -> Result<bool, store::Error> {
    let Some(key) = query::key(house, line.order).await? else { return Ok(false) };
    if !is_open(house, line.order).await? {
        return Ok(false);
    }
    ask::ask_within(house, key, WAIT).await;
    if is_open(house, line.order).await? && line.genuine {
        patiently!(note(house, key, line))?;
        house.signal(&topic(line.order)).await;
    }
    Ok(query::find(house, line.order).await?.is_some_and(|deposit| deposit.state.is_paid()))
}

async fn is_open(house: &House, order: DepositNumber) -> Result<bool, store::Error> {
    let state = query::find(house, order).await?.map(|deposit| deposit.state);
    Ok(matches!(state, Some(State::Created | State::Redirected | State::Failed | State::Expired)))
}

async fn note(house: &House, key: (GroupId, i64), line: &FileLine) -> Result<(), store::Error> {
    let Some(amount) = Amount::from_fen(line.amount.as_i64()) else { return Ok(()) };
    let settled = Settlement {
        serial: line.serial.clone(),
        amount,
        settle_date: Some(line.settle_date.clone()),
        traced_at: Some(line.at.clone()),
    };
    let mut tx = house.db.begin().await?;
    let Some(mut locked) = book::lock(&mut tx, key.0, key.1).await? else { return Ok(()) };
    let (known, story) = ask::known(&mut tx, &locked).await?;
    let word = PaymentStatus::Paid(settled);
    // Of a payment that we never began, or not there, the gateway can only know from elsewhere: no money moves on its word.
    let Deposit { gateway, merchant, redirected_at, .. } = &locked.deposit;
    let there = house.till.as_ref().is_none_or(|till| till.is_of(gateway, merchant));
    let verdict =
        if there && redirected_at.is_some() { judge(&known, &word, house.now()) } else { Verdict::Contradict };
    // What this file said once, and could not be booked then, is an exception that people see to.
    let said = story.iter().any(|event| matches!(&event.what, Happened::InFile { file } if *file == line.file));
    if known.state.is_paid() || verdict == Verdict::Nothing || said {
        return Ok(());
    }
    event::add(&mut tx, key, house.now(), &By::Gateway, &Happened::InFile { file: line.file.clone() }).await?;
    ask::follow_up(&mut tx, house, &mut locked, (&known, Some(&word), verdict)).await?;
    if locked.deposit.state == State::Paid && known.state == State::Redirected {
        // In time, as far as we know, and yet the gateway never said so itself: a person looks.
        let evidence = json!({ "file": line.file, "was": known.state.as_str() });
        ask::unfit(&mut tx, house, &locked, (ExceptionKind::Late, &line.serial, line.amount), evidence).await?;
    }
    if locked.deposit.state == State::Paid {
        // Its answers may confirm it yet.
        ask::reschedule(&mut tx, house, &locked, (&Known { only_in_file: true, ..known }, false)).await?;
    }
    tx.commit().await
}
