//! The file of a day from the gateway: each morning by itself, and when somebody asks for it.

use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::Date;
use pay::{CallError, Gateway};
use store::Micros;

use super::take::{TakeError, Taken, take_of};
use super::{Came, book, due};
use crate::audit::Actor;
use crate::{House, patiently};

/// A day's file is ready about this hour of the next day, in Beijing.
const READY_HOUR: i8 = 9;
/// How long until the gateway is asked again for a file that it did not have.
const EVERY_US: i64 = 3_600_000_000;
/// How often it is looked whether an hour is over.
const LOOK: Duration = Duration::from_mins(1);
/// How many days back a file that is missing is still asked for.
const DAYS_BACK: i32 = 30;
/// What the table says of a file that the gateway does not have yet.
pub(super) const NOT_READY: &str = "not-ready";

/// What came of asking for a file.
#[derive(Debug)]
pub enum Fetched {
    /// It came.
    Taken(Taken),
    /// The gateway has none yet. That does not mean that there were no payments.
    NotReady,
    /// It could not be had, or cannot be read.
    Failed(String),
    /// There is no gateway to ask.
    NoGateway,
}

/// Whether the file of a day should be there by now.
pub fn is_due(day: Date, now: Micros) -> bool {
    let ready =
        day.tomorrow().map(|next| book::start_of(next).saturating_add(i64::from(READY_HOUR).saturating_mul(EVERY_US)));
    ready.is_ok_and(|ready| now.0 >= ready)
}

/// Asks the gateway for the file of a day and takes it in.
pub async fn fetch(house: &House, actor: &Actor, day: Date) -> Result<Fetched, store::Error> {
    let Some(till) = &house.till else { return Ok(Fetched::NoGateway) };
    let fetched = ask(house, actor, &*till.gateway, day).await?;
    let answer = match &fetched {
        Fetched::Taken(_) | Fetched::NoGateway => None,
        Fetched::NotReady => Some(NOT_READY.to_owned()),
        Fetched::Failed(why) => Some(why.clone()),
    };
    patiently!(answered(house, day, answer.as_deref()))?;
    Ok(fetched)
}

async fn answered(house: &House, day: Date, answer: Option<&str>) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    book::lock(&mut tx, day).await?;
    tx.query("UPDATE bank_days SET asked_at_us = $2, answer = $3 WHERE day = $1")
        .bind(day.to_string())
        .bind(house.now())
        .bind(answer)
        .execute()
        .await?;
    tx.commit().await
}

async fn ask(house: &House, actor: &Actor, gateway: &dyn Gateway, day: Date) -> Result<Fetched, store::Error> {
    let failed = |why: String| {
        tracing::warn!(%day, why, "the bank's file of a day could not be fetched");
        Ok(Fetched::Failed(why))
    };
    let Ok(now) = jiff::Timestamp::from_microsecond(house.now().0) else { return Ok(Fetched::NotReady) };
    match gateway.daily_bill(day, now).await {
        Ok(None) => Ok(Fetched::NotReady),
        Ok(Some(bill)) => match take_of(house, actor, Came::Fetched, (&bill.name, &bill.bytes), Some(day)).await {
            Ok(taken) => Ok(Fetched::Taken(taken)),
            Err(TakeError::Storage(error)) => Err(error),
            Err(
                error @ (TakeError::File(_)
                | TakeError::Future(_)
                | TakeError::OtherDay { .. }
                | TakeError::OtherMerchant { .. }
                | TakeError::Fetched(_)),
            ) => failed(error.to_string()),
        },
        Err(CallError::Unsupported) => Ok(Fetched::NoGateway),
        Err(error) => failed(error.to_string()),
    }
}

/// Brings in what each morning brings, for as long as the house stands. Several processes may.
pub async fn follow(house: House) {
    house.every(LOOK, "days were not reconciled", |house| async move { sweep(&house).await }).await;
}

/// Fetches the files that should be there and are not, and looks again at what differs. Every process may run it as often
/// as it likes: once an hour one of them does it. A day on which that fails is in no other day's way.
pub async fn sweep(house: &House) -> Result<(), store::Error> {
    let Some(today) = crate::house::beijing(house.now()).map(jiff::civil::DateTime::date) else { return Ok(()) };
    let Ok(yesterday) = today.yesterday() else { return Ok(()) };
    if !is_due(yesterday, house.now()) || !claim(house, yesterday).await? {
        return Ok(());
    }
    let from = today.checked_sub(DAYS_BACK.days()).unwrap_or(yesterday);
    for day in due::without_file(house, from, yesterday).await? {
        if let Err(error) = fetch(house, &Actor::system(""), day).await {
            missed(day, &error);
        }
    }
    for day in due::with_open(house, from).await? {
        if let Err(error) = super::again(house, day).await {
            missed(day, &error);
        }
    }
    book::settle(house).await
}

fn missed(day: Date, error: &store::Error) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(%day, error, "a day was not reconciled; the next look, in an hour, will");
}

/// Whether this process is the one that does this hour's work.
async fn claim(house: &House, yesterday: Date) -> Result<bool, store::Error> {
    let mut tx = house.db.begin().await?;
    book::lock(&mut tx, yesterday).await?;
    let claimed = tx
        .query("UPDATE bank_days SET asked_at_us = $2 WHERE day = $1 AND (asked_at_us IS NULL OR asked_at_us <= $3)")
        .bind(yesterday.to_string())
        .bind(house.now())
        .bind(house.now().0.saturating_sub(EVERY_US))
        .execute()
        .await?;
    tx.commit().await?;
    Ok(claimed == 1)
}
