//! A refund that the bank did with another amount ends: people see to the rest, and say so.

use std::time::Duration;

use futures_util::future::join_all;
use ledger::{Fen, Kind};
use store::testing::on_both;
use topup::deposits::{
    self, CloseError, Closing, Closure, Decided, DepositNumber, Exception, ExceptionKind, FileRefund, Outcome, People,
    RefundState, Refused, State,
};
use topup::people::staff::Staff;
use topup::two_people::Refused as Rule;

use super::counter::{Counter, actor, yuan};

async fn close(counter: &Counter, staff: &Staff, unfit: &Exception, outcome: Outcome) -> Result<Closure, CloseError> {
    let closing = Closing { id: unfit.id, outcome, reason: "其余部分已转账退回", reference: "TF-1" };
    deposits::close(&counter.house().await, staff, &actor(staff), closing).await
}

/// What is open about a deposit, of this kind.
async fn open(counter: &Counter, order: DepositNumber, kind: ExceptionKind) -> Option<Exception> {
    let story = counter.story(order).await;
    story.exceptions.into_iter().find(|unfit| unfit.kind == kind && unfit.closed.is_none())
}

async fn until_open(counter: &Counter, order: DepositNumber, kind: ExceptionKind) -> Exception {
    counter
        .until(async || {
            counter.pass_and_sweep(Duration::from_mins(5)).await;
            open(counter, order, kind).await
        })
        .await
}

/// Rejected; the bank is about to do the refund.
async fn refunding(counter: &Counter, amount: i64) -> DepositNumber {
    let order = counter.paid(amount).await;
    let decided = counter.propose(&counter.li, order, false).await.expect("decided");
    assert_eq!(decided, Decided::Done(State::Rejected));
    counter.until_state(order, State::Refunding).await;
    order
}

/// Rejected; the bank gave back half of it and calls it done.
async fn half_given_back(counter: &Counter, amount: i64) -> Exception {
    let order = refunding(counter, amount).await;
    let refund = counter.story(order).await.refunds[0].order.clone();
    counter.out_of_turn(&refund, "refund_half").await;
    until_open(counter, order, ExceptionKind::RefundFailed).await
}

#[tokio::test]
async fn a_refund_of_another_amount_ends_when_two_people_say_that_the_whole_is_back() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let unfit = half_given_back(&counter, 100).await;
        let order = unfit.deposit.expect("it is ours");
        assert_eq!((unfit.amount, unfit.went_back(), unfit.booked), (yuan(100), Some(yuan(50)), true));
        let story = counter.story(order).await;
        assert_eq!(story.deposit.state, State::Rejected);
        let refund = &story.refunds[0];
        assert_eq!((refund.state, refund.serial.is_some()), (RefundState::Failed, true), "under the bank's number");
        let (code, words) = refund.failure.clone().expect("why");
        assert_eq!((code.as_str(), words.as_str()), (deposits::OTHER_AMOUNT, "¥50.00 / ¥100.00"));
        assert_eq!(story.exceptions.len(), 1, "one trouble is one exception");
        counter.books().await;

        // Told again, by whichever way, it is nothing new, and the bank is not asked for ever.
        for _ in 0..3 {
            counter.pass_and_sweep(Duration::from_hours(7)).await;
        }
        let calls = counter.calls.load(std::sync::atomic::Ordering::SeqCst);
        counter.pass_and_sweep(Duration::from_hours(100)).await;
        assert_eq!(counter.calls.load(std::sync::atomic::Ordering::SeqCst), calls);

        for outcome in [Outcome::Refund, Outcome::Credited] {
            let refused = close(&counter, &counter.li, &unfit, outcome).await;
            assert!(matches!(refused, Err(CloseError::InPart)), "{outcome:?} {refused:?}");
        }
        let refused = close(&counter, &counter.li, &unfit, Outcome::Nothing).await;
        assert!(matches!(refused, Err(CloseError::Outcome)), "money is never put away: {refused:?}");
        let otherwise = Outcome::ReturnedOtherwise;
        let bare = Closing { id: unfit.id, outcome: otherwise, reason: "已转账", reference: " " };
        let refused = deposits::close(&counter.house().await, &counter.li, &actor(&counter.li), bare).await;
        assert!(matches!(refused, Err(CloseError::NoReference)), "{refused:?}");
        // Far below the limit, and yet two people.
        assert_eq!(close(&counter, &counter.li, &unfit, otherwise).await.expect("noted"), Closure::Proposed);
        let own = close(&counter, &counter.li, &unfit, otherwise).await;
        assert!(matches!(own, Err(CloseError::Refused(Refused::Rule(Rule::Own)))), "{own:?}");
        assert_eq!(counter.balance(Kind::RefundsDue).await, yuan(100));
        assert_eq!(close(&counter, &counter.ma, &unfit, otherwise).await.expect("closed"), Closure::Closed);
        assert!(matches!(close(&counter, &counter.ma, &unfit, otherwise).await, Err(CloseError::Closed)));
        assert_eq!(counter.deposit(order).await.state, State::Refunded);
        assert_eq!(
            (counter.balance(Kind::RefundsDue).await, counter.balance(Kind::Bank).await),
            (Fen::ZERO, Fen::ZERO)
        );
        assert_eq!(counter.story(order).await.exceptions.len(), 1);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_failed_and_was_done_in_part_after_all_is_found_out_when_people_close_it() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        counter.plan(0, 1).await;
        counter.propose(&counter.li, order, false).await.expect("decided");
        let unfit = until_open(&counter, order, ExceptionKind::RefundFailed).await;
        assert_eq!(unfit.went_back(), None);
        counter.lose_notifications();
        counter.out_of_turn(&unfit.order, "refund_half").await;

        let refused = close(&counter, &counter.li, &unfit, Outcome::Credited).await;
        assert!(matches!(refused, Err(CloseError::InPart)), "{refused:?}");
        let found = open(&counter, order, ExceptionKind::RefundFailed).await.expect("it stays open");
        assert_eq!(found.went_back(), Some(yuan(50)), "people see how much it was");
        let contradiction = open(&counter, order, ExceptionKind::RefundContradiction).await.expect("a contradiction");
        for outcome in [Outcome::Credited, Outcome::Refund] {
            let refused = close(&counter, &counter.li, &unfit, outcome).await;
            assert!(matches!(refused, Err(CloseError::InPart)), "{outcome:?} {refused:?}");
        }
        // Neither of the two has to be closed before the other.
        let otherwise = Outcome::ReturnedOtherwise;
        assert_eq!(close(&counter, &counter.li, &unfit, otherwise).await.expect("noted"), Closure::Proposed);
        assert_eq!(close(&counter, &counter.ma, &unfit, otherwise).await.expect("closed"), Closure::Closed);
        assert_eq!(
            close(&counter, &counter.ma, &contradiction, Outcome::Nothing).await.expect("closed"),
            Closure::Closed
        );
        assert_eq!(
            (counter.deposit(order).await.state, counter.balance(Kind::RefundsDue).await),
            (State::Refunded, Fen::ZERO)
        );
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_was_said_before_the_bank_named_another_amount_counts_no_longer() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(20_000).await;
        counter.plan(0, 1).await;
        assert_eq!(counter.propose(&counter.li, order, false).await.expect("proposed"), Decided::Proposed(1));
        counter.answer(&counter.ma, order, 1, true).await.expect("decided");
        let unfit = until_open(&counter, order, ExceptionKind::RefundFailed).await;
        let otherwise = Outcome::ReturnedOtherwise;
        assert_eq!(close(&counter, &counter.li, &unfit, otherwise).await.expect("noted"), Closure::Proposed);
        counter.lose_notifications();
        counter.out_of_turn(&unfit.order, "refund_half").await;
        // The second person's click finds it out; what the first said was of another state of things.
        assert_eq!(close(&counter, &counter.ma, &unfit, otherwise).await.expect("noted"), Closure::Proposed);
        assert_eq!(counter.balance(Kind::RefundsDue).await, yuan(20_000));
        assert_eq!(close(&counter, &counter.li, &unfit, otherwise).await.expect("closed"), Closure::Closed);
        assert_eq!(counter.deposit(order).await.state, State::Refunded);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn however_many_click_at_once_the_whole_leaves_refunds_due_once() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let unfit = half_given_back(&counter, 100).await;
        // As when the merchant's number was changed since: the bank does not even know of it any more.
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query("UPDATE deposit_refunds SET order_id = order_id || 'X'").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        let otherwise = Outcome::ReturnedOtherwise;
        assert_eq!(close(&counter, &counter.li, &unfit, otherwise).await.expect("noted"), Closure::Proposed);
        let clicks = (0..6).map(|_| close(&counter, &counter.ma, &unfit, otherwise));
        let closed = join_all(clicks).await.into_iter().filter(|done| matches!(done, Ok(Closure::Closed))).count();
        assert_eq!(closed, 1);
        assert_eq!(counter.balance(Kind::RefundsDue).await, Fen::ZERO);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_went_back_in_part_and_then_whole_ends_by_the_refund_that_did() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        counter.plan(0, 2).await;
        counter.propose(&counter.li, order, false).await.expect("decided");
        let first = until_open(&counter, order, ExceptionKind::RefundFailed).await;
        assert_eq!(close(&counter, &counter.li, &first, Outcome::Refund).await.expect("closed"), Closure::Closed);
        let second = until_open(&counter, order, ExceptionKind::RefundFailed).await;
        assert_ne!(first.order, second.order);
        counter.lose_notifications();
        // Half by the one, the page says; then the whole by the other.
        counter.out_of_turn(&first.order, "refund_half").await;
        let refused = close(&counter, &counter.li, &second, Outcome::Refund).await;
        assert!(matches!(refused, Err(CloseError::InPart)), "{refused:?}");
        let found = open(&counter, order, ExceptionKind::RefundFailed).await.expect("it stays open");
        assert_eq!(found.went_back(), Some(yuan(50)));
        counter.out_of_turn(&second.order, "refund_after_all").await;
        let otherwise = Outcome::ReturnedOtherwise;
        assert_eq!(close(&counter, &counter.li, &found, otherwise).await.expect("noted"), Closure::Proposed);
        let refused = close(&counter, &counter.ma, &found, otherwise).await;
        assert!(matches!(refused, Err(CloseError::GoneAfterAll)), "{refused:?}");
        assert_eq!(close(&counter, &counter.ma, &found, Outcome::Refund).await.expect("closed"), Closure::Closed);
        let story = counter.story(order).await;
        let states: Vec<RefundState> = story.refunds.iter().map(|refund| refund.state).collect();
        assert_eq!((story.deposit.state, states), (State::Refunded, vec![RefundState::Failed, RefundState::Refunded]));
        assert_eq!(counter.balance(Kind::RefundsDue).await, Fen::ZERO);
        assert!(open(&counter, order, ExceptionKind::RefundContradiction).await.is_some(), "half of it is too much");
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_part_given_back_at_the_counter_makes_two_people_say_that_the_rest_is_back_too() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let house = counter.house().await;
        let order = counter.paid(500).await;
        counter.plan(0, 1).await;
        counter.propose(&counter.li, order, false).await.expect("decided");
        let unfit = until_open(&counter, order, ExceptionKind::RefundFailed).await;
        let otherwise = Outcome::ReturnedOtherwise;
        let needs = deposits::needs(&house, &unfit).await.expect("a look");
        assert_ne!(needs.people(otherwise), People::Two, "far below the limit");
        assert_eq!(needs.part(), None);
        let line = FileRefund {
            file: "INN26030188ZM_777290058110048".into(),
            order,
            refund: "COUNTER000031".into(),
            serial: "132603011015008880019".into(),
            amount: yuan(100),
        };
        deposits::given_back(&house, &line).await.expect("noted");
        let needs = deposits::needs(&house, &unfit).await.expect("a look");
        assert_eq!((needs.people(otherwise), needs.part()), (People::Two, Some(yuan(100))));
        assert_eq!(close(&counter, &counter.li, &unfit, otherwise).await.expect("noted"), Closure::Proposed);
        assert_eq!(counter.balance(Kind::RefundsDue).await, yuan(500));
        assert_eq!(close(&counter, &counter.ma, &unfit, otherwise).await.expect("closed"), Closure::Closed);
        assert_eq!(counter.deposit(order).await.state, State::Refunded);
        counter.books().await;
    })
    .await;
}
