//! Money that the bank's answers do not stand for: only its file knows of it. Two people decide, who have both read the
//! bank's number of it.

use std::time::Duration;

use ledger::{Fen, Kind};
use store::testing::on_both;
use topup::deposits::{
    self, CloseError, Closure, Decided, DepositNumber, ExceptionKind, Happened, Outcome, Refused, State, Told, Voucher,
};
use topup::two_people::Refused as Rule;

use super::counter::{Counter, Line, PAYS, refused, yuan};

/// Debited too late, and given back by the bank itself: 42.
const RETURNED: &str = "6216261000000000142";
/// Declined: 64.
const SHORT: &str = "6216261000000000064";

/// As the bank's file has it, and nothing else.
const SERIAL: &str = "132603011015008880018";

/// The payer was sent and, as far as the bank's answers go, never paid; its file lists the payment.
async fn only_in_file(counter: &Counter, amount: i64) -> DepositNumber {
    let order = counter.confirm(amount).await;
    counter.send(order).await;
    counter.pass_and_sweep(Duration::from_mins(16)).await;
    assert_eq!(counter.deposit(order).await.state, State::Expired, "{:?}", counter.steps(order).await);
    counter.pass(Duration::from_hours(24));
    assert!(counter.listed(order, yuan(amount), SERIAL).await);
    assert_eq!(counter.story(order).await.voucher, Voucher::File);
    order
}

#[tokio::test]
async fn what_only_the_banks_file_knows_two_people_approve_with_its_number() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = only_in_file(&counter, 100).await;
        assert_eq!(refused(counter.propose_with(&counter.li, order, " ").await), Refused::NoReference);
        let long = "9".repeat(topup::two_people::MOST_REFERENCE + 1);
        assert_eq!(refused(counter.propose_with(&counter.li, order, &long).await), Refused::LongReference);
        let proposed = counter.propose_with(&counter.li, order, "TF-1").await;
        assert_eq!(proposed.expect("noted"), Decided::Proposed(1), "one person is not enough, whatever the limit");

        assert_eq!(refused(counter.confirm_with(&counter.li, order, "TF-1").await), Refused::Rule(Rule::Own));
        for (typed, why) in
            [("", Refused::NoReference), (&long, Refused::LongReference), ("TF-2", Refused::OtherReference)]
        {
            assert_eq!(refused(counter.confirm_with(&counter.ma, order, typed).await), why);
            let story = counter.story(order).await;
            assert!(story.proposed.is_some() && story.rulings[0].answered.is_none(), "it is not recorded");
        }
        for line in [Line::Down, Line::Deaf] {
            counter.line(line);
            assert_eq!(refused(counter.confirm_with(&counter.ma, order, "TF-1").await), Refused::Unanswered);
        }
        counter.line(Line::Up);
        assert_eq!((counter.balance(Kind::Quota).await, counter.deposit(order).await.state), (Fen::ZERO, State::Paid));
        counter.books().await;

        let done = counter.confirm_with(&counter.ma, order, " TF-1 ").await;
        assert_eq!(done.expect("decided"), Decided::Done(State::Approved));
        assert_eq!(counter.balance(Kind::Quota).await, yuan(100));
        let story = counter.story(order).await;
        assert_eq!(story.rulings[0].proposed.reference.as_deref(), Some("TF-1"));
        let told = story
            .events
            .iter()
            .any(|event| matches!(&event.what, Happened::Approved { reference: Some(number), .. } if number == "TF-1"));
        assert!(told, "{:?}", story.events);
        assert_eq!(story.exceptions.iter().map(|it| it.reference.as_deref()).collect::<Vec<_>>(), [Some("TF-1")]);
        // The bank denies it each day, as it always has: that is no news.
        for _ in 0..3 {
            counter.pass_and_sweep(Duration::from_hours(25)).await;
        }
        assert_eq!(counter.kinds(order).await, []);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_the_bank_declined_and_its_file_lists_is_rejected_by_one_and_credited_by_two() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid_at_the_bank(100, SHORT).await;
        let state = deposits::returned(&counter.house().await, order).await.expect("a look");
        assert_eq!(state, Some(State::Failed));
        counter.pass(Duration::from_hours(24));
        assert!(counter.listed(order, yuan(100), SERIAL).await);
        // To reject it takes one person and no number, as ever; the bank will not give back what it does not know.
        let done = counter.propose(&counter.li, order, false).await;
        assert_eq!(done.expect("decided"), Decided::Done(State::Rejected));
        let unfit = counter.refund_failed(order).await;
        counter.books().await;

        let refused = counter.close_with(&counter.li, &unfit, (Outcome::Credited, "")).await;
        assert!(matches!(refused, Err(CloseError::NoReference)), "{refused:?}");
        let close = async |staff, number| counter.close_with(staff, &unfit, (Outcome::Credited, number)).await;
        assert_eq!(close(&counter.li, "TF-1").await.expect("noted"), Closure::Proposed);
        assert_eq!(close(&counter.ma, "TF-2").await.expect("noted"), Closure::OtherReference, "another opinion");
        assert_eq!(counter.balance(Kind::Quota).await, Fen::ZERO);
        assert_eq!(close(&counter.li, "TF-2").await.expect("closed"), Closure::Closed);
        assert_eq!(counter.balance(Kind::Quota).await, yuan(100));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_the_bank_says_it_gave_back_never_becomes_quota_though_its_file_lists_it() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid_at_the_bank(100, RETURNED).await;
        counter.pass(Duration::from_mins(16));
        counter
            .until(async || {
                counter.pass_and_sweep(Duration::from_mins(10)).await;
                counter.kinds(order).await.contains(&ExceptionKind::ReturnedLate).then_some(())
            })
            .await;
        counter.pass(Duration::from_hours(24));
        assert!(counter.listed(order, yuan(100), SERIAL).await);
        assert_eq!(counter.propose_with(&counter.li, order, "TF-1").await.expect("noted"), Decided::Proposed(1));
        assert_eq!(refused(counter.confirm_with(&counter.ma, order, "TF-1").await), Refused::NotThere);
        assert!(counter.kinds(order).await.contains(&ExceptionKind::GoneBack));
        assert_eq!(counter.balance(Kind::Quota).await, Fen::ZERO);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn once_the_bank_confirms_what_its_file_said_its_word_is_enough_and_its_denial_is_news() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, PAYS).await;
        let told = String::from_utf8(counter.until_told(order).await).expect("text");
        let (_, rest) = told.split_once("queryId=").expect("a serial number");
        counter.line(Line::Down);
        counter.pass(Duration::from_hours(24));
        assert!(counter.listed(order, yuan(100), &rest[..21]).await);
        assert_eq!(counter.story(order).await.voucher, Voucher::File, "nobody could be asked yet");
        counter.line(Line::Up);
        counter.pass_and_sweep(Duration::from_hours(25)).await;
        let story = counter.story(order).await;
        assert_eq!(story.voucher, Voucher::Gateway);
        assert!(story.events.iter().any(|it| matches!(it.what, Happened::Asked { told: Told::Done { .. } })));
        assert_eq!(counter.propose(&counter.li, order, true).await.expect("done"), Decided::Done(State::Approved));
        counter.out_of_turn(&order.to_string(), "give_back").await;
        counter.pass_and_sweep(Duration::from_hours(25)).await;
        assert_eq!(counter.kinds(order).await, [ExceptionKind::GoneBack]);
        counter.books().await;
    })
    .await;
}
