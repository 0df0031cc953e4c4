//! A gateway, or the merchant that we were at it, is not set up any more: what was begun with it ends all the same, and is in
//! nobody's way.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ledger::{Fen, Kind};
use store::testing::on_both;
use topup::deposits::{
    self, CloseError, Closure, Decided, DepositNumber, Exception, ExceptionKind, Happened, NO_GATEWAY, NotifyError,
    Outcome, RefundState, Refused, State, Told, Voucher,
};

use super::counter::{Counter, Line, PAYS, refused, yuan};

const HOUR: Duration = Duration::from_hours(1);

async fn change(counter: &Counter, sql: &'static str) {
    let mut tx = counter.db.begin().await.expect("a unit of work");
    tx.query(sql).execute().await.expect("changed");
    tx.commit().await.expect("a commit");
}

/// How often its story says that there was nobody to ask.
async fn nobody_asked(counter: &Counter, order: DepositNumber) -> usize {
    let events = counter.story(order).await.events;
    events.iter().filter(|it| it.what == Happened::Asked { told: Told::NotSetUp }).count()
}

#[tokio::test]
async fn what_was_paid_through_a_gateway_that_is_gone_two_people_approve_with_the_banks_number() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        for (till, before) in [(None, 0), (Some(counter.another_merchant()), 100)] {
            counter.set_up(Some(counter.own_till())).await;
            let order = counter.paid(100).await;
            let large = counter.paid(20_000).await;
            assert_eq!(counter.propose(&counter.li, large, true).await.expect("noted"), Decided::Proposed(1));
            counter.set_up(till).await;
            let calls = counter.calls.load(Ordering::SeqCst);
            assert_eq!(counter.story(order).await.voucher, Voucher::Nobody);
            assert_eq!(refused(counter.propose_with(&counter.li, order, "").await), Refused::NoReference);
            let proposed = counter.propose_with(&counter.li, order, "TF-1").await;
            assert_eq!(proposed.expect("noted"), Decided::Proposed(1), "one person is not enough");
            assert_eq!(refused(counter.confirm_with(&counter.ma, order, "TF-2").await), Refused::OtherReference);
            assert_eq!(counter.balance(Kind::Quota).await, yuan(before));
            let done = counter.confirm_with(&counter.ma, order, "TF-1").await;
            assert_eq!(done.expect("decided"), Decided::Done(State::Approved));
            assert_eq!(counter.balance(Kind::Quota).await, yuan(before + 100));

            // Proposed when the gateway's word was still enough: there is no number that another could say too.
            assert_eq!(refused(counter.confirm_with(&counter.ma, large, "TF-1").await), Refused::Unvouched);
            assert_eq!(counter.answer(&counter.ma, large, 1, false).await.expect("declined"), Decided::Declined);
            assert_eq!(counter.calls.load(Ordering::SeqCst), calls, "nobody was asked");
            counter.books().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_nobody_can_be_asked_for_comes_to_people_after_a_day() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        counter.line(Line::Down);
        counter.propose(&counter.li, order, false).await.expect("decided");
        // Away for less than a day, and back, and away again: each time it waits a whole day.
        for till in [None, Some(counter.own_till()), Some(counter.another_merchant())] {
            counter.set_up(till).await;
            for _ in 0..22 {
                counter.pass_and_sweep(HOUR).await;
            }
            let refund = counter.story(order).await.refunds.remove(0);
            assert_eq!((refund.state, counter.deposit(order).await.state), (RefundState::Due, State::Rejected));
        }
        for _ in 0..10 {
            counter.pass_and_sweep(HOUR).await;
        }
        let story = counter.story(order).await;
        let failure = story.refunds[0].failure.as_ref().map(|(code, _)| code.as_str());
        assert_eq!((story.refunds[0].state, failure), (RefundState::Failed, Some(NO_GATEWAY)));
        assert_eq!(counter.kinds(order).await, [ExceptionKind::RefundFailed]);
        counter.books().await;
        let unfit = story.exceptions.first().expect("one");
        let close = async |staff, outcome| counter.close_with(staff, unfit, outcome).await;
        let refused = close(&counter.li, (Outcome::Refund, "")).await;
        assert!(matches!(refused, Err(CloseError::Outcome)), "{refused:?}");
        let refused = close(&counter.li, (Outcome::ReturnedOtherwise, "")).await;
        assert!(matches!(refused, Err(CloseError::NoReference)), "{refused:?}");
        let outcome = (Outcome::ReturnedOtherwise, "TF-9");
        assert_eq!(close(&counter.li, outcome).await.expect("noted"), Closure::Proposed);
        assert_eq!(close(&counter.ma, outcome).await.expect("closed"), Closure::Closed);
        assert_eq!(counter.deposit(order).await.state, State::Refunded);
        assert_eq!(counter.balance(Kind::RefundsDue).await, Fen::ZERO);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_comes_back_is_asked_about_the_refund_that_counted_as_failed() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid(100).await;
        // The bank takes the refund on, and no answer comes back before the gateway goes.
        counter.line(Line::Deaf);
        let done = counter.propose(&counter.li, order, false).await.expect("decided");
        assert_eq!(done, Decided::Done(State::Rejected));
        counter.pass_and_sweep(Duration::from_mins(1)).await;
        counter.set_up(None).await;
        for _ in 0..32 {
            counter.pass_and_sweep(HOUR).await;
        }
        assert_eq!(counter.kinds(order).await, [ExceptionKind::RefundFailed]);
        assert_eq!(counter.balance(Kind::RefundsDue).await, yuan(100));
        counter.books().await;

        // Back again, it is asked: the money is used for nothing else, and goes back by that refund and no other.
        counter.line(Line::Up);
        counter.set_up(Some(counter.own_till())).await;
        let unfit = counter.refund_failed(order).await;
        let close =
            async |unfit: &Exception, outcome, number| counter.close_with(&counter.li, unfit, (outcome, number)).await;
        let refused = close(&unfit, Outcome::Credited, "TF-1").await;
        assert!(matches!(refused, Err(CloseError::GoneAfterAll)), "{refused:?}");
        // The bank may say that it is under way, and then that it is done: each time somebody has looked.
        counter
            .until(async || {
                let told = counter.story(order).await.exceptions;
                let open = |it: &&Exception| it.kind == ExceptionKind::RefundContradiction && it.closed.is_none();
                for contradiction in told.iter().filter(open) {
                    close(contradiction, Outcome::Nothing, "").await.expect("closed");
                }
                close(&unfit, Outcome::Refund, "").await.ok()
            })
            .await;
        counter.refund_ends(order).await;
        let story = counter.story(order).await;
        assert_eq!((story.deposit.state, story.refunds.len()), (State::Refunded, 1));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn many_of_a_gateway_that_is_gone_keep_nobody_waiting_and_expire_in_the_end() {
    /// More than are asked about in one look.
    const MANY: usize = 210;
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let house = counter.house().await;
        let mut gone = Vec::new();
        for _ in 0..MANY {
            gone.push(counter.confirm(100).await);
        }
        for order in &gone {
            deposits::start(&house, &counter.operator, *order).await.expect("started");
        }
        change(&counter, "UPDATE deposits SET gateway = 'gone'").await;
        counter.pass(Duration::from_secs(1));
        let live = counter.paid_at_the_bank(300, PAYS).await;
        counter.pass(Duration::from_secs(61));
        for _ in 0..2 {
            deposits::sweep(&house).await.expect("a sweep");
        }
        assert_eq!(counter.deposit(live).await.state, State::Paid);
        for _ in 0..3 {
            counter.pass_and_sweep(Duration::from_mins(10)).await;
        }
        let order = gone[0];
        assert_eq!((counter.deposit(order).await.state, nobody_asked(&counter, order).await), (State::Redirected, 1));
        counter.pass(Duration::from_hours(24));
        for _ in 0..2 {
            deposits::sweep(&house).await.expect("a sweep");
        }
        for order in gone {
            assert_eq!((counter.deposit(order).await.state, nobody_asked(&counter, order).await), (State::Expired, 1));
        }
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn without_any_gateway_what_was_begun_still_ends() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let unsent = counter.confirm(100).await;
        let order = counter.paid_at_the_bank(200, PAYS).await;
        let told = counter.until_told(order).await;
        counter.set_up(None).await;
        assert!(matches!(counter.bring(&told).await, Err(NotifyError::NoGateway)));
        let state = deposits::returned(&counter.house().await, order).await.expect("a look");
        assert_eq!(state, Some(State::Redirected));
        counter.pass_and_sweep(Duration::from_mins(16)).await;
        assert_eq!(counter.deposit(unsent).await.state, State::Expired);
        assert_eq!(counter.deposit(order).await.state, State::Redirected);
        counter.pass_and_sweep(Duration::from_hours(24)).await;
        assert_eq!((counter.deposit(order).await.state, nobody_asked(&counter, order).await), (State::Expired, 1));
        counter.books().await;
        // Set up again, it is asked about what it may know still.
        counter.set_up(Some(counter.own_till())).await;
        counter.pass_and_sweep(HOUR).await;
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        assert_eq!(counter.kinds(order).await, [ExceptionKind::Late]);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_told_of_another_merchants_order_moves_nothing() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(100, PAYS).await;
        let told = counter.until_told(order).await;
        counter.set_up(Some(counter.another_merchant())).await;
        let refused = counter.bring(&told).await;
        assert!(matches!(refused, Err(NotifyError::Refused(_))), "it is not for this merchant: {refused:?}");
        let calls = counter.calls.load(Ordering::SeqCst);
        counter.pass_and_sweep(Duration::from_secs(61)).await;
        assert_eq!(counter.deposit(order).await.state, State::Redirected);
        assert_eq!(counter.calls.load(Ordering::SeqCst), calls, "nobody is asked as somebody else");

        // Genuine, and about an order that we made as another merchant: its money belongs to nobody we know.
        counter.set_up(Some(counter.own_till())).await;
        change(&counter, "UPDATE deposits SET merchant = '777290058110049'").await;
        counter.bring(&told).await.expect("taken");
        assert!(!counter.listed(order, yuan(100), "132603011015008880018").await);
        assert_eq!(counter.deposit(order).await.state, State::Redirected);
        let open = deposits::exceptions_page(&counter.house().await, true, None).await.expect("a look").rows;
        let kinds: Vec<_> = open.iter().map(|unfit| unfit.kind).collect();
        assert_eq!(kinds, [ExceptionKind::UnknownOrder, ExceptionKind::Contradiction]);

        // Made before the merchant was noted, it is the one's who is set up.
        change(&counter, "UPDATE deposits SET merchant = ''").await;
        counter.pass_and_sweep(HOUR).await;
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_was_away_for_days_is_asked_what_it_was_not_asked_meanwhile() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        // Paid late, and watched for two weeks: looks that ask nobody are none of them.
        let watched = counter.paid_at_the_bank(300, PAYS).await;
        counter.line(Line::Down);
        counter.pass_and_sweep(Duration::from_hours(2)).await;
        counter.line(Line::Up);
        counter.pass_and_sweep(HOUR).await;
        assert_eq!(counter.kinds(watched).await, [ExceptionKind::Late]);
        let done = counter.propose(&counter.li, watched, true).await.expect("decided");
        assert_eq!(done, Decided::Done(State::Approved));
        let order = counter.paid_at_the_bank(200, PAYS).await;
        counter.set_up(None).await;
        for _ in 0..20 * 12 {
            counter.pass_and_sweep(2 * HOUR).await;
        }
        assert_eq!((counter.deposit(order).await.state, nobody_asked(&counter, order).await), (State::Expired, 1));
        counter.out_of_turn(&watched.to_string(), "give_back").await;
        counter.set_up(Some(counter.own_till())).await;
        counter.pass_and_sweep(HOUR).await;
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        assert_eq!(counter.kinds(order).await, [ExceptionKind::Late]);
        assert_eq!(counter.kinds(watched).await, [ExceptionKind::GoneBack]);
        counter.books().await;
    })
    .await;
}
