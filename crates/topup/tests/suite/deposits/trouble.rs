//! The bank is away, its notifications are lost, late, repeated, forged or about something else.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use ledger::{Fen, Kind};
use store::testing::on_both;
use topup::deposits::{self, ExceptionKind, FileLine, Happened, NotifyError, RefundState, State, Told};

use super::counter::{Counter, Line, PAYS, yuan};

/// A card that pays after the order has expired.
const LATE: &str = "6216261000000000042";
/// One whose issuer debits it too late, and gives it back.
const RETURNED: &str = "6216261000000000142";

#[tokio::test]
async fn a_lost_notification_is_made_good_by_asking() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, PAYS).await;
        deposits::sweep(&counter.house().await).await.expect("a sweep");
        assert_eq!(counter.calls.load(Ordering::SeqCst), 0, "the payer has just gone");
        counter.pass_and_sweep(Duration::from_secs(61)).await;
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        // It comes after all.
        let told = counter.until_told(order).await;
        counter.bring(&told).await.expect("taken");
        counter.bring(&told).await.expect("taken");
        assert_eq!(counter.steps(order).await, ["confirmed", "sent", "asked", "paid", "notified"]);
        assert_eq!(counter.balance(Kind::DepositsInReview).await, yuan(100));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn fifty_notifications_at_once_are_one_payment() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, PAYS).await;
        let told = counter.until_told(order).await;
        let other = counter.another_process().await;
        let incoming =
            deposits::Incoming { method: "POST", path: "/gateway/unionpay/notify", headers: &[], body: &told };
        let house = counter.house().await;
        let all = (0..50).map(|n| deposits::notified(if n % 2 == 0 { &house } else { &other }, &incoming));
        for taken in join_all(all).await {
            assert_eq!(taken.expect("acknowledged").body, "ok");
        }
        deposits::sweep(&house).await.expect("a sweep");
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        assert_eq!(counter.steps(order).await.iter().filter(|step| **step == "notified").count(), 1);
        assert!(counter.calls.load(Ordering::SeqCst) <= 3, "one asks for all");
        assert_eq!(counter.balance(Kind::DepositsInReview).await, yuan(100));
        let mut tx = counter.db.read().await.expect("a unit of work");
        let kept: Vec<(String, i64)> = tx
            .query("SELECT verdict, COUNT(*) FROM notifications GROUP BY verdict ORDER BY verdict")
            .all()
            .await
            .expect("a look");
        assert_eq!(kept, [("known".to_owned(), 49), ("taken".to_owned(), 1)], "each is kept as it came");
        drop(tx);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_forged_moves_nothing() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, PAYS).await;
        let told = String::from_utf8(counter.until_told(order).await).expect("text");
        let unpaid = counter.confirm(100).await;
        counter.send(unpaid).await;
        for forged in [
            told.replace("txnAmt=10000", "txnAmt=90000"),
            told.replace(&order.to_string(), &unpaid.to_string()),
            told.replace("signature=", "signature=AAAA"),
            "orderId=".to_owned() + &unpaid.to_string(),
            String::new(),
        ] {
            assert_ne!(forged, told);
            let refused = counter.bring(forged.as_bytes()).await;
            assert!(matches!(refused, Err(NotifyError::Refused(_))), "{refused:?}");
        }
        let long = vec![b'a'; 100_000];
        assert!(matches!(counter.bring(&long).await, Err(NotifyError::TooLong)));
        assert_eq!(counter.deposit(order).await.state, State::Redirected);
        assert_eq!(counter.deposit(unpaid).await.state, State::Redirected);
        assert_eq!(counter.calls.load(Ordering::SeqCst), 0, "nobody can make us ask");
        let mut tx = counter.db.read().await.expect("a unit of work");
        let (kept,): (i64,) = tx
            .query("SELECT COUNT(*) FROM notifications WHERE verdict IN ('malformed', 'not_genuine')")
            .one()
            .await
            .expect("a look");
        assert_eq!(kept, 5);
        drop(tx);
        // More than anybody wants to read is not kept, and the genuine one is taken all the same.
        let house = counter.house().await;
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query(
            "INSERT INTO notifications (id, gateway, method, path, headers, body, received_at_us, verdict) \
             SELECT id, 'unionpay', 'POST', '/', '[]', '', 0, 'malformed' FROM rows(id BIGINT)",
        )
        .rows((kept..998).map(|_| [house.ids.next().into()]))
        .execute()
        .await
        .expect("as if they had come");
        tx.commit().await.expect("a commit");
        for _ in 0..4 {
            assert!(counter.bring(b"orderId=x").await.is_err());
        }
        let mut tx = counter.db.read().await.expect("a unit of work");
        let (kept,): (i64,) = tx.query("SELECT COUNT(*) FROM notifications").one().await.expect("a look");
        assert_eq!(kept, 1_000);
        drop(tx);
        counter.bring(told.as_bytes()).await.expect("the genuine one is taken");
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn money_that_comes_late_is_in_review_with_an_exception_beside_it() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, LATE).await;
        counter.pass_and_sweep(Duration::from_secs(901)).await;
        counter.pass_and_sweep(Duration::from_secs(1)).await;
        assert_eq!(counter.deposit(order).await.state, State::Expired);
        counter.pass(Duration::from_mins(1));
        let told = counter.until_told(order).await;
        counter.bring(&told).await.expect("taken");
        let story = counter.story(order).await;
        assert_eq!(story.deposit.state, State::Paid);
        let [unfit] = &story.exceptions[..] else { panic!("one: {:?}", story.exceptions) };
        assert_eq!((unfit.kind, unfit.amount, unfit.booked), (ExceptionKind::Late, yuan(100), true));
        assert_eq!(deposits::counts(&counter.house().await).await.expect("a look"), (1, 1));
        // The decision about the deposit closes it.
        counter.propose(&counter.li, order, true).await.expect("decided");
        let story = counter.story(order).await;
        assert_eq!(story.exceptions[0].closed.as_ref().map(|closed| closed.1), Some(deposits::Outcome::Credited));
        assert_eq!(deposits::counts(&counter.house().await).await.expect("a look"), (0, 0));
        assert_eq!(counter.balance(Kind::Quota).await, yuan(100));
        counter.books().await;

        // Debited too late, and given back by the bank itself: 42. None of it is ours.
        let order = counter.paid_at_the_bank(200, RETURNED).await;
        counter.pass(Duration::from_mins(16));
        counter
            .until(async || {
                counter.pass_and_sweep(Duration::from_mins(10)).await;
                let story = counter.story(order).await;
                story.exceptions.first().filter(|unfit| unfit.kind == ExceptionKind::ReturnedLate).map(drop)
            })
            .await;
        assert!(matches!(counter.deposit(order).await.state, State::Failed | State::Expired));
        let books = counter.books().await;
        assert_eq!(books.deposits.unbooked.iter().map(|unbooked| unbooked.sum).collect::<Vec<_>>(), [yuan(200)]);
        assert_eq!(counter.balance(Kind::Bank).await, Fen::new(-10_000));
    })
    .await;
}

#[tokio::test]
async fn another_amount_than_was_asked_for_waits_for_people() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        // The notification names one fen less than the bank says when it is asked.
        let order = counter.paid_at_the_bank(100, "6216261000000000036").await;
        counter.until_state(order, State::Paid).await;
        let story = counter.story(order).await;
        let [unfit] = &story.exceptions[..] else { panic!("one: {:?}", story.exceptions) };
        assert_eq!((unfit.kind, unfit.amount), (ExceptionKind::WrongAmount, yuan(100)));
        assert_eq!(unfit.evidence["claims"][0][1], 9_999);
        counter.propose(&counter.li, order, false).await.expect("decided");
        counter.refund_ends(order).await;
        assert_eq!(counter.deposit(order).await.state, State::Refunded);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_the_issuer_declines_has_failed_and_what_never_ends_expires() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let declined = counter.paid_at_the_bank(100, "6216261000000000064").await;
        let state = deposits::returned(&counter.house().await, declined).await.expect("a look");
        assert_eq!(state, Some(State::Failed));
        assert_eq!(counter.deposit(declined).await.failure.map(|(code, _)| code).as_deref(), Some("64"));
        let for_ever = counter.paid_at_the_bank(100, "6216261000000000005").await;
        let never = counter.confirm(100).await;
        counter.send(never).await;
        counter.pass_and_sweep(Duration::from_secs(61)).await;
        assert_eq!(counter.deposit(for_ever).await.state, State::Redirected);
        assert!(counter.story(never).await.events.iter().any(|e| e.what == Happened::Asked { told: Told::NotFound }));
        counter.pass_and_sweep(Duration::from_mins(15)).await;
        assert_eq!(counter.deposit(for_ever).await.state, State::Expired);
        assert_eq!(counter.deposit(never).await.state, State::Expired);
        // Asked a few times more, and then no more.
        for _ in 0..40 {
            counter.pass_and_sweep(Duration::from_hours(3)).await;
        }
        let calls = counter.calls.load(Ordering::SeqCst);
        counter.pass_and_sweep(Duration::from_hours(100)).await;
        assert_eq!(counter.calls.load(Ordering::SeqCst), calls);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_bank_that_is_away_costs_time_and_nothing_else() {
    for line in [Line::Down, Line::Deaf] {
        on_both(|db| async move {
            let counter = Counter::open(db).await;
            counter.lose_notifications();
            let order = counter.paid_at_the_bank(100, PAYS).await;
            let told = counter.until_told(order).await;
            counter.line(line);
            // The notification is acknowledged, since it is kept; it is not believed before the bank answers.
            counter.bring(&told).await.expect("taken");
            let state = deposits::returned(&counter.house().await, order).await.expect("a look");
            assert_eq!(state, Some(State::Redirected));
            for _ in 0..5 {
                counter.pass_and_sweep(Duration::from_mins(10)).await;
            }
            assert_eq!(counter.deposit(order).await.state, State::Redirected, "without an answer nothing expires");
            counter.line(Line::Up);
            counter.pass_and_sweep(Duration::from_mins(10)).await;
            assert_eq!(counter.deposit(order).await.state, State::Paid);

            counter.line(line);
            counter.propose(&counter.li, order, false).await.expect("decided");
            for _ in 0..3 {
                counter.pass_and_sweep(Duration::from_mins(40)).await;
            }
            assert_eq!(
                (counter.deposit(order).await.state, counter.balance(Kind::RefundsDue).await),
                (State::Rejected, yuan(100))
            );
            counter.books().await;
            counter.line(Line::Up);
            counter.pass(Duration::from_hours(12));
            counter.refund_ends(order).await;
            assert_eq!(counter.story(order).await.refunds.len(), 1, "asked for again under the same number");
            assert_eq!(counter.story(order).await.refunds[0].state, RefundState::Refunded);
            counter.books().await;
        })
        .await;
    }
}

#[tokio::test]
async fn the_daily_file_has_the_last_word_if_it_is_the_banks_own() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let house = counter.house().await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, PAYS).await;
        let told = String::from_utf8(counter.until_told(order).await).expect("text");
        let (_, rest) = told.split_once("queryId=").expect("a serial number");
        let line = |order, genuine| FileLine {
            file: "777290058110048_20260301.zip".into(),
            order,
            serial: rest[..21].into(),
            amount: yuan(100),
            settle_date: "0301".into(),
            at: "0301101500".into(),
            genuine,
        };
        counter.line(Line::Down);
        assert!(!deposits::in_file(&house, &line(order, false)).await.expect("noted"), "anyone can write a file");
        assert!(deposits::in_file(&house, &line(order, true)).await.expect("noted"));
        assert!(!deposits::in_file(&house, &line(order, true)).await.expect("noted"), "it is known now");
        let story = counter.story(order).await;
        assert_eq!(story.exceptions.iter().map(|unfit| unfit.kind).collect::<Vec<_>>(), [ExceptionKind::Late]);
        assert_eq!(counter.balance(Kind::DepositsInReview).await, yuan(100));
        counter.line(Line::Up);
        counter.bring(told.as_bytes()).await.expect("taken");
        assert_eq!(counter.story(order).await.exceptions.len(), 1, "the bank agrees with its file");

        // A file that a person brings is a reason to ask.
        let order = counter.paid_at_the_bank(200, PAYS).await;
        assert!(deposits::in_file(&house, &line(order, false)).await.expect("noted"));
        assert_eq!(counter.deposit(order).await.paid.map(|paid| paid.amount), Some(yuan(200)));
        counter.books().await;
    })
    .await;
}
