//! The way from the confirm to the quota, and the way back.

use std::time::Duration;

use ledger::Kind;
use store::testing::on_both;
use topup::audit::{self, Action, Subject};
use topup::deposits::{
    self, Confirm, ConfirmError, Decided, Form, Payer, RefundState, Refused, ReviewError, State, Tray,
};
use topup::people::staff::StaffRole;
use topup::two_people::Refused as Rule;

use super::counter::{Counter, PAYS, yuan};
use crate::office::{hire, leaves};

fn refused<T: std::fmt::Debug>(answer: Result<T, ReviewError>) -> Refused {
    match answer {
        Err(ReviewError::Refused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_paid_and_approved_is_quota_once() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid_at_the_bank(5_000, PAYS).await;
        counter.until_state(order, State::Paid).await;
        assert_eq!(
            (counter.balance(Kind::Quota).await, counter.balance(Kind::DepositsInReview).await),
            (yuan(0), yuan(5_000))
        );
        let waiting = deposits::tray(&counter.house().await, Tray::Waiting, None).await.expect("a look");
        let [waiting] = &waiting.rows[..] else { panic!("one") };
        assert_eq!((waiting.deposit.order, waiting.operator.as_str(), waiting.unfit), (order, "陈主任", 0));
        let payment = waiting.deposit.paid.clone().expect("it is paid");
        assert_eq!(
            (payment.amount, payment.serial.len(), payment.settle_date.as_deref()),
            (yuan(5_000), 21, Some("0301"))
        );

        let auditor = hire(&counter.house().await, "zhao", StaffRole::Auditor).await;
        assert_eq!(refused(counter.propose(&auditor, order, true).await), Refused::Rule(Rule::Role));
        assert_eq!(counter.propose(&counter.li, order, true).await.expect("decided"), Decided::Done(State::Approved));
        assert_eq!(refused(counter.propose(&counter.li, order, true).await), Refused::Rule(Rule::Settled));
        assert_eq!(refused(counter.propose(&counter.ma, order, false).await), Refused::Rule(Rule::Settled));
        assert_eq!(
            (counter.balance(Kind::Quota).await, counter.balance(Kind::DepositsInReview).await),
            (yuan(5_000), yuan(0))
        );
        assert_eq!(counter.steps(order).await, ["confirmed", "sent", "notified", "asked", "paid", "approved"]);
        let trail = audit::of(&counter.house().await, Subject::Deposit(order), None).await.expect("a look").rows;
        assert_eq!(trail.iter().filter_map(|entry| entry.action).collect::<Vec<_>>(), [Action::DepositApproved]);
        let books = counter.books().await;
        assert_eq!(books.deposits.states, [(State::Approved, 1, yuan(5_000))]);
        let totals = counter.totals().await;
        for sum in [totals.all(), totals.came(), totals.of(State::Approved)] {
            assert_eq!((sum.count, sum.sum), (1, yuan(5_000)));
        }
    })
    .await;
}

#[tokio::test]
async fn above_the_limit_two_people_decide() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(10_001).await;
        assert!(counter.story(order).await.two_people);
        assert_eq!(counter.propose(&counter.li, order, true).await.expect("proposed"), Decided::Proposed(1));
        assert_eq!(refused(counter.propose(&counter.ma, order, true).await), Refused::Rule(Rule::Proposed));
        assert_eq!(refused(counter.answer(&counter.li, order, 1, true).await), Refused::Rule(Rule::Own));
        assert_eq!(refused(counter.answer(&counter.ma, order, 2, true).await), Refused::Rule(Rule::NoProposal));
        assert_eq!(counter.balance(Kind::Quota).await, yuan(0), "nobody decides alone");
        assert_eq!(counter.answer(&counter.ma, order, 1, false).await.expect("declined"), Decided::Declined);
        assert_eq!(counter.propose(&counter.ma, order, true).await.expect("proposed"), Decided::Proposed(2));
        assert_eq!(counter.story(order).await.proposed.map(|open| (open.number, open.by)), Some((2, counter.ma.id)));
        assert_eq!(counter.answer(&counter.li, order, 2, true).await.expect("done"), Decided::Done(State::Approved));
        assert_eq!(refused(counter.answer(&counter.li, order, 2, true).await), Refused::Rule(Rule::Answered));
        assert_eq!(counter.balance(Kind::Quota).await, yuan(10_001));
        assert_eq!(counter.story(order).await.rulings.len(), 2);
        counter.books().await;
        for change in
            ["UPDATE deposit_events SET at_us = 0", "DELETE FROM deposit_reviews", "DELETE FROM deposit_answers"]
        {
            let mut tx = counter.db.begin().await.expect("a unit of work");
            assert!(matches!(tx.query(change).execute().await, Err(store::Error::AppendOnly(_))), "{change}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_proposal_of_somebody_who_left_is_declined_and_never_confirmed() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(10_001).await;
        counter.propose(&counter.li, order, true).await.expect("proposed");
        leaves(&counter.house().await, "li").await;
        assert_eq!(refused(counter.answer(&counter.ma, order, 1, true).await), Refused::Rule(Rule::Left));
        assert_eq!(counter.balance(Kind::Quota).await, yuan(0));
        assert_eq!(counter.answer(&counter.ma, order, 1, false).await.expect("declined"), Decided::Declined);
        let wang = hire(&counter.house().await, "wang", StaffRole::Admin).await;
        assert_eq!(counter.propose(&wang, order, true).await.expect("proposed"), Decided::Proposed(2));
        assert_eq!(counter.answer(&counter.ma, order, 2, true).await.expect("done"), Decided::Done(State::Approved));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_rejected_goes_back_through_the_bank() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(300).await;
        assert_eq!(counter.propose(&counter.li, order, false).await.expect("decided"), Decided::Done(State::Rejected));
        // The click asked the bank already, which takes its time.
        assert_eq!(counter.deposit(order).await.state, State::Refunding);
        assert_eq!(counter.balance(Kind::RefundsDue).await, yuan(300));
        counter.books().await;
        counter.refund_ends(order).await;
        let story = counter.story(order).await;
        assert_eq!((story.deposit.state, story.refunds[0].state), (State::Refunded, RefundState::Refunded));
        for kind in Kind::ALL {
            assert_eq!(counter.balance(kind).await, yuan(0), "{kind}");
        }
        let steps = counter.steps(order).await;
        let steps: Vec<_> = steps.into_iter().filter(|step| *step != "refund_notified").collect();
        assert_eq!(
            steps,
            ["confirmed", "sent", "returned", "asked", "paid", "rejected", "refund_due", "refund_accepted", "refunded"]
        );
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn one_confirm_is_one_deposit_and_only_what_can_be_confirmed_is() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let house = counter.house().await;
        let form = |amount| Form { amount, remark: " 三月份 ", payer: Payer::Person };
        let checked = deposits::check(&house, &form("1,200.00")).expect("it can be");
        assert_eq!((checked.amount, checked.remark.as_str()), (yuan(1_200), "三月份"));
        let confirm = Confirm { intent: &checked.intent, form: form("1200"), payer_ip: None };
        let both =
            futures_util::future::join_all((0..8).map(|_| deposits::confirm(&house, &counter.operator, &confirm)));
        let orders: Vec<_> = both.await.into_iter().map(|order| order.expect("confirmed")).collect();
        assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
        let other = Confirm { form: form("1300"), ..confirm };
        let stale = deposits::confirm(&house, &counter.operator, &other).await;
        assert!(matches!(stale, Err(ConfirmError::Stale)), "{stale:?}");
        for (amount, expected) in [
            ("", "not an amount"),
            ("一百", "not an amount"),
            ("0", "the amount must be above zero"),
            ("-5", "the amount must be above zero"),
            ("10.5", "whole yuan are expected"),
            ("0.01", "whole yuan are expected"),
            ("10000001", "at most 10,000,000.00"),
        ] {
            let refused = deposits::check(&house, &form(amount)).expect_err(amount);
            assert_eq!(refused.to_string(), expected, "{amount}");
        }
        let long = "长".repeat(deposits::MOST_REMARK + 1);
        let refused = deposits::check(&house, &Form { amount: "1", remark: &long, payer: Payer::Person });
        assert!(matches!(refused, Err(ConfirmError::LongRemark)));
        assert_eq!(counter.steps(orders[0]).await, ["confirmed"]);
        // The payer never went: nothing can have been paid, so nobody needs to be asked.
        counter.pass_and_sweep(Duration::from_mins(16)).await;
        assert_eq!(counter.deposit(orders[0]).await.state, State::Expired);
        let over = deposits::start(&counter.house().await, &counter.operator, orders[0]).await.expect("an answer");
        assert_eq!(over, deposits::Started::Over(State::Expired));
        assert_eq!(counter.calls.load(std::sync::atomic::Ordering::SeqCst), 0);
        counter.books().await;
    })
    .await;
}
