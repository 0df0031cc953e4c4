//! A file that was cut off, that comes once more, that comes from elsewhere; and many at once.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::civil::{Date, date};
use store::testing::on_both;
use topup::audit::Actor;
use topup::deposits::{DepositNumber, ExceptionKind, State};
use topup::reconcile::{self, Bank, Came, TakeError, Taken};

use super::file::{MEMBER, vector};
use crate::deposits::counter::{Counter, Line, PAYS, killed};

/// The vector's day, on which the counter begins.
const DAY: Date = date(2026, 3, 1);
const MORNING: Duration = Duration::from_hours(24);

/// The vector's first line, about these deposits, in yuan.
fn lines(orders: &[(DepositNumber, i64)]) -> Vec<u8> {
    let first = vector(MEMBER)[..609].to_vec();
    let line = |(at, (order, yuan)): (usize, &(DepositNumber, i64))| {
        let text = String::from_utf8_lossy(&first).into_owned();
        assert_eq!(text.len(), 609, "it is ASCII");
        let text = text.replacen(&format!("{:<32}", "TOPUP20260301000001"), &format!("{:<32}", order.to_string()), 1);
        let text = text.replacen("000050000000", &format!("{:012}", yuan * 100), 1);
        text.replacen("132603011015008880018", &format!("13260301101500888{at:04}"), 1)
    };
    orders.iter().enumerate().map(line).collect::<String>().into_bytes()
}

async fn take(counter: &Counter, came: Came, name: &str, bytes: &[u8]) -> Result<Taken, TakeError> {
    reconcile::take(&counter.house().await, &Actor::system(""), came, name, bytes).await
}

async fn bank(counter: &Counter, day: Date) -> Option<Bank> {
    reconcile::bank(&counter.house().await, day).await.expect("a look")
}

#[tokio::test]
async fn a_file_that_people_brought_counts_as_the_banks_once_the_bank_gives_it_too() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let unsent = counter.confirm(300).await;
        let order = counter.paid_at_the_bank(100, PAYS).await;
        counter.line(Line::Down);
        counter.pass(MORNING);
        let file = lines(&[(unsent, 300), (order, 100)]);
        assert!(take(&counter, Came::Uploaded, MEMBER, &file).await.expect("the file").fresh);
        assert_eq!(counter.deposit(order).await.state, State::Redirected, "anyone can write a file");

        assert!(!take(&counter, Came::Fetched, MEMBER, &file).await.expect("the file").fresh);
        assert_eq!(bank(&counter, DAY).await.expect("a file").came, Came::Fetched);
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        for _ in 0..2 {
            let story = counter.story(unsent).await;
            assert_eq!(story.exceptions.iter().map(|it| it.kind).collect::<Vec<_>>(), [ExceptionKind::Contradiction]);
            assert_eq!(counter.steps(unsent).await, ["confirmed", "in_file", "unfit"], "said once");
            assert_eq!(counter.deposit(unsent).await.state, State::Created);
            assert!(reconcile::again(&counter.house().await, DAY).await.expect("reconciled"));
        }
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_file_pays_is_booked_though_the_server_died_right_after_it_was_taken_in() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, PAYS).await;
        counter.line(Line::Down);
        counter.pass(MORNING);
        let file = lines(&[(order, 100)]);
        let mut waits = 0;
        while bank(&counter, DAY).await.is_none() {
            waits += 1;
            drop(killed(waits, take(&counter, Came::Fetched, MEMBER, &file)).await);
            counter.restart().await;
        }
        assert_eq!(counter.deposit(order).await.state, State::Redirected, "cut off before that");
        // By the hourly look, which nobody asked for.
        reconcile::sweep(&counter.house().await).await.expect("swept");
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn people_bring_only_our_own_files_in_time_and_not_against_the_banks() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let early = take(&counter, Came::Uploaded, MEMBER, b"").await;
        assert!(matches!(early, Err(TakeError::Future(DAY))), "{early:?}");
        counter.pass(MORNING);
        for came in [Came::Uploaded, Came::Fetched] {
            let other = take(&counter, came, "INN26030188ZM_777290058110049", b"").await.expect_err("another's");
            let said = other.to_string();
            assert!(said.contains("777290058110049") && said.contains("777290058110048"), "{said}");
        }
        assert_eq!(bank(&counter, DAY).await, None, "nothing changed");

        take(&counter, Came::Fetched, MEMBER, &vector(MEMBER)).await.expect("the file");
        let against = take(&counter, Came::Uploaded, MEMBER, b"").await;
        assert!(matches!(against, Err(TakeError::Fetched(DAY))), "{against:?}");
        let counts = bank(&counter, DAY).await.expect("a file");
        assert_eq!((counts.came, counts.lines), (Came::Fetched, 3));
        assert!(!take(&counter, Came::Uploaded, MEMBER, &vector(MEMBER)).await.expect("the same").fresh);
        assert_eq!(bank(&counter, DAY).await.expect("a file").came, Came::Fetched);
    })
    .await;
}

#[tokio::test]
async fn a_day_of_which_people_brought_a_file_gets_the_banks_own() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.paid(100).await;
        counter.pass(MORNING);
        take(&counter, Came::Uploaded, MEMBER, b"").await.expect("the file");
        reconcile::sweep(&counter.house().await).await.expect("swept");
        let counts = bank(&counter, DAY).await.expect("a file");
        assert_eq!((counts.came, counts.lines, counts.matched), (Came::Fetched, 1, 1));
    })
    .await;
}

#[tokio::test]
async fn many_days_at_once_are_in_nobodys_way() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.pass(MORNING * 12);
        let house = counter.house().await;
        let days: Vec<Date> = (1..=8).map(|day| date(2026, 3, day)).collect();
        for _ in 0..3 {
            let taken = join_all(days.iter().map(async |day| {
                let name = day.strftime("INN%y%m%d88ZM_777290058110048").to_string();
                reconcile::take(&house, &Actor::system(""), Came::Fetched, &name, b"").await
            }));
            assert!(taken.await.into_iter().all(|taken| taken.expect("the file").lines == 0));
            let again = join_all(days.iter().rev().map(|day| reconcile::again(&house, *day))).await;
            assert!(again.into_iter().all(|done| done.expect("reconciled")));
        }
    })
    .await;
}
