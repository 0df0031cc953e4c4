//! A refund that counted as failed, since nobody could be asked about it, and what the bank did all the same.

use std::time::Duration;

use ledger::{Fen, Kind};
use store::testing::on_both;
use topup::audit::{self, Action, Subject};
use topup::deposits::{
    self, CloseError, Closure, Decided, DepositNumber, Exception, ExceptionKind, FileRefund, Outcome, People, Refused,
    State, Voucher,
};
use topup::two_people::Refused as Rule;

use super::counter::{Counter, Line, yuan};

/// The gateway is away for longer than a refund waits.
async fn failed_unasked(counter: &Counter, order: DepositNumber) -> Exception {
    counter.set_up(None).await;
    for _ in 0..32 {
        counter.pass_and_sweep(Duration::from_hours(1)).await;
    }
    counter.refund_failed(order).await
}

async fn gone(counter: &Counter, order: DepositNumber) -> Vec<Exception> {
    let story = counter.story(order).await;
    story.exceptions.into_iter().filter(|unfit| unfit.kind == ExceptionKind::GoneBack).collect()
}

#[tokio::test]
async fn money_credited_after_a_refund_that_the_bank_did_all_the_same_leaves_the_quota_again() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        for by_file_first in [true, false] {
            let order = counter.paid(100).await;
            // The bank takes the refund on, and no answer comes back before the gateway goes.
            counter.line(Line::Deaf);
            counter.propose(&counter.li, order, false).await.expect("decided");
            let unfit = failed_unasked(&counter, order).await;
            for staff in [&counter.li, &counter.ma] {
                counter.close_with(staff, &unfit, (Outcome::Credited, "TF-1")).await.expect("said");
            }
            assert_eq!(counter.deposit(order).await.state, State::Approved);
            counter.line(Line::Up);
            counter.set_up(Some(counter.own_till())).await;
            let (house, told) = (counter.house().await, counter.until_told_of(&unfit.order).await);
            let line = FileRefund {
                file: "INN26030188ZM_777290058110048".into(),
                order,
                refund: unfit.order.clone(),
                serial: "132603011015008880019".into(),
                amount: yuan(100),
            };
            let say = async |by_file| {
                if by_file {
                    deposits::refund_in_file(&house, &line, "0301").await.expect("noted");
                } else {
                    counter.bring(&told).await.expect("taken");
                }
            };
            say(by_file_first).await;
            let found = gone(&counter, order).await;
            let [trouble] = &found[..] else { panic!("one: {found:?}") };
            assert_eq!(
                (trouble.amount, trouble.went_back(), trouble.booked, trouble.stands),
                (yuan(100), Some(yuan(100)), true, Some(State::Approved))
            );
            say(!by_file_first).await;
            say(by_file_first).await;
            assert_eq!(gone(&counter, order).await, found, "it is the same, whoever tells it");
            counter.books().await;

            let outcome = (Outcome::ReturnedOtherwise, "TF-2");
            for (staff, done) in [(&counter.li, Closure::Proposed), (&counter.ma, Closure::Closed)] {
                assert_eq!(counter.close_with(staff, trouble, outcome).await.expect("said"), done);
            }
            assert_eq!(
                (counter.deposit(order).await.state, counter.balance(Kind::Quota).await),
                (State::Refunded, Fen::ZERO)
            );
            say(true).await;
            say(false).await;
            assert_eq!(gone(&counter, order).await.len(), 1);
            counter.books().await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_bank_had_taken_on_and_forgot_never_becomes_quota_and_two_people_end_it() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid(100).await;
        let decided = counter.propose(&counter.li, order, false).await.expect("decided");
        assert_eq!(decided, Decided::Done(State::Rejected));
        counter.until_state(order, State::Refunding).await;
        let unfit = failed_unasked(&counter, order).await;
        let close = async |staff, outcome, number| counter.close_with(staff, &unfit, (outcome, number)).await;
        let refused = close(&counter.li, Outcome::Credited, "TF-1").await;
        assert!(matches!(refused, Err(CloseError::TakenOn)), "{refused:?}");

        // Asked again, it knows of no such refund: as when the merchant was another one then.
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query("UPDATE deposit_refunds SET order_id = order_id || 'X'").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        counter.set_up(Some(counter.own_till())).await;
        for outcome in [Outcome::Credited, Outcome::Refund] {
            let refused = close(&counter.li, outcome, "").await;
            assert!(matches!(refused, Err(CloseError::TakenOn)), "{outcome:?} {refused:?}");
        }
        let otherwise = Outcome::ReturnedOtherwise;
        // The page says so before the click, which is the first that asks the bank.
        let needs = deposits::needs(&counter.house().await, &unfit).await.expect("a look");
        assert_eq!((needs.people(otherwise), needs.people(Outcome::Refund)), (People::OneIfKnown, People::One));
        assert_eq!(close(&counter.li, otherwise, "TF-1").await.expect("noted"), Closure::Proposed);
        let own = close(&counter.li, otherwise, "TF-1").await;
        assert!(matches!(own, Err(CloseError::Refused(Refused::Rule(Rule::Own)))), "{own:?}");
        let trail = audit::of(&counter.house().await, Subject::Deposit(order), None).await.expect("a look").rows;
        let proposed = trail.iter().find(|entry| entry.action == Some(Action::ExceptionProposed)).expect("noted");
        assert!(proposed.details["reference"].is_null(), "another person has to read the number: {proposed:?}");
        assert_eq!(
            close(&counter.ma, otherwise, "TF-2").await.expect("noted"),
            Closure::OtherReference,
            "another number"
        );
        assert_eq!(close(&counter.li, otherwise, "TF-2").await.expect("closed"), Closure::Closed);
        assert_eq!(
            (counter.deposit(order).await.state, counter.balance(Kind::RefundsDue).await),
            (State::Refunded, Fen::ZERO)
        );
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn the_merchant_of_old_deposits_is_written_down_so_that_a_change_is_noticed() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query("UPDATE deposits SET merchant = ''").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        let following = tokio::spawn(deposits::follow(counter.house().await));
        counter.until(async || Some(counter.deposit(order).await).filter(|made| !made.merchant.is_empty())).await;
        following.abort();
        following.await.expect_err("it was stopped");
        counter.set_up(Some(counter.another_merchant())).await;
        assert_eq!(counter.story(order).await.voucher, Voucher::Nobody);
    })
    .await;
}
