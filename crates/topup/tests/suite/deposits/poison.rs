//! Nothing that a stranger sends, and nothing that cannot be read, keeps deposits from being followed.

use std::time::Duration;

use store::testing::on_both;
use topup::deposits::{self, NotifyError, State};

use super::counter::{Counter, PAYS};

#[tokio::test]
async fn what_no_database_takes_as_text_is_put_away_and_deposits_are_followed() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, PAYS).await;
        let long = "长".repeat(1_000);
        for poison in ["a%00=1&a%00=2".to_owned(), format!("{long}=1&{long}=2"), "queryId=%00".to_owned()] {
            let refused = counter.bring(poison.as_bytes()).await;
            assert!(matches!(refused, Err(NotifyError::Refused(_))), "{refused:?}");
        }
        counter.pass_and_sweep(Duration::from_secs(61)).await;
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        let mut tx = counter.db.read().await.expect("a unit of work");
        let kept: Vec<(String, String)> =
            tx.query("SELECT verdict, why FROM notifications ORDER BY id").all().await.expect("a look");
        let [(first, nul), (second, cut), (third, _)] = &kept[..] else { panic!("three: {kept:?}") };
        assert_eq!([first, second, third], ["malformed"; 3]);
        assert!(nul.contains("\\0") && !nul.contains('\0'), "{nul}");
        assert!(cut.chars().count() <= 500, "{cut}");
    })
    .await;
}

#[tokio::test]
async fn headers_are_kept_up_to_a_size() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let header = |n: usize| (format!("x-{n}"), "\u{0}".to_owned() + &"a".repeat(1_000));
        let headers: Vec<_> = (0..60).map(header).collect();
        let path = "/gateway/unionpay/notify";
        let incoming = deposits::Incoming { method: "POST", path, headers: &headers, body: b"x=1" };
        let refused = deposits::notified(&counter.house().await, &incoming).await;
        assert!(matches!(refused, Err(NotifyError::Refused(_))), "{refused:?}");
        let mut tx = counter.db.read().await.expect("a unit of work");
        let (kept,): (String,) = tx.query("SELECT headers FROM notifications").one().await.expect("a look");
        assert!(kept.contains("x-7") && !kept.contains("x-8"), "eight of them fit");
    })
    .await;
}

#[tokio::test]
async fn what_nobody_believes_is_kept_for_a_month_and_only_so_much_of_it() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, PAYS).await;
        counter.bring(&counter.until_told(order).await).await.expect("taken");
        assert!(counter.bring(b"orderId=x").await.is_err());
        let count = async |genuine: bool| {
            let mut tx = counter.db.read().await.expect("a unit of work");
            let kept: Vec<(String,)> = tx.query("SELECT verdict FROM notifications").all().await.expect("a look");
            kept.iter().filter(|(verdict,)| ["taken", "known"].contains(&verdict.as_str()) == genuine).count()
        };
        counter.pass_and_sweep(Duration::from_hours(29 * 24)).await;
        assert_eq!((count(false).await, count(true).await), (1, 1));
        counter.pass_and_sweep(Duration::from_hours(2 * 24)).await;
        assert_eq!((count(false).await, count(true).await), (0, 1), "the genuine one stays");

        let house = counter.house().await;
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query(
            "INSERT INTO notifications (id, gateway, method, path, headers, body, received_at_us, verdict) \
             SELECT id, 'unionpay', 'POST', '/', '[]', '', 0, 'not_genuine' FROM rows(id BIGINT)",
        )
        .rows((0..5_003).map(|_| [house.ids.next().into()]))
        .execute()
        .await
        .expect("as if they had come");
        tx.commit().await.expect("a commit");
        counter.pass_and_sweep(Duration::from_secs(1)).await;
        assert_eq!((count(false).await, count(true).await), (5_000, 1));
    })
    .await;
}

#[tokio::test]
async fn one_part_that_fails_does_not_keep_the_others_back() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let change = async |sql: &'static str| {
            let mut tx = counter.db.begin().await.expect("a unit of work");
            tx.query(sql).execute().await.expect("changed");
            tx.commit().await.expect("a commit");
        };
        counter.lose_notifications();
        let strange = counter.paid_at_the_bank(100, PAYS).await;
        let strange = counter.until_told(strange).await;
        change("UPDATE deposits SET order_id = 'D0000000000000000000'").await;
        let known = counter.paid_at_the_bank(200, PAYS).await;
        let told = counter.until_told(known).await;
        // Two were kept and not read, and the first cannot be.
        change("ALTER TABLE deposit_exceptions RENAME TO elsewhere").await;
        assert!(matches!(counter.bring(&strange).await, Err(NotifyError::Storage(_))));
        counter.pass(Duration::from_secs(1));
        counter.bring(&told).await.expect("taken");
        change("UPDATE notifications SET verdict = NULL, processed_at_us = NULL, order_id = NULL").await;
        counter.pass_and_sweep(Duration::from_secs(30)).await;
        let mut tx = counter.db.read().await.expect("a unit of work");
        let kept: Vec<(Option<String>,)> =
            tx.query("SELECT verdict FROM notifications ORDER BY id").all().await.expect("a look");
        assert_eq!(kept, [(None,), (Some("known".to_owned()),)]);
        drop(tx);
        // None can be read at all.
        change("ALTER TABLE notifications RENAME TO somewhere").await;
        let order = counter.paid_at_the_bank(300, PAYS).await;
        counter.pass(Duration::from_secs(61));
        assert!(deposits::sweep(&counter.house().await).await.is_err(), "it says so");
        assert_eq!(counter.deposit(order).await.state, State::Paid);
    })
    .await;
}

#[tokio::test]
async fn a_payer_who_comes_back_without_end_is_noted_once_a_minute() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.confirm(100).await;
        counter.send(order).await;
        let burst_is_over = async || {
            let mut tx = counter.db.begin().await.expect("a unit of work");
            tx.query("UPDATE deposits SET asked = 6").execute().await.expect("as if it was asked about so often");
            tx.commit().await.expect("a commit");
        };
        for (passes, times) in [(0, 1), (1, 1), (58, 1), (2, 2)] {
            counter.pass(Duration::from_secs(passes));
            burst_is_over().await;
            deposits::returned(&counter.house().await, order).await.expect("a look");
            let steps = counter.steps(order).await;
            assert_eq!(steps.iter().filter(|step| **step == "returned").count(), times, "{steps:?}");
        }
    })
    .await;
}
