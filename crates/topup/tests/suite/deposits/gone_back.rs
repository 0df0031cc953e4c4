//! Money that came too late the bank gives back by itself, days after it said that it was paid. It never becomes quota
//! unseen.

use std::time::Duration;

use ledger::{Fen, Kind};
use store::testing::on_both;
use topup::deposits::{
    self, CloseError, Closing, Closure, Decided, DepositNumber, ExceptionId, ExceptionKind, Outcome, Proposal, Refused,
    ReviewError, State,
};

use super::counter::{Counter, Line, actor, yuan};

/// A card that pays after the order has expired.
const LATE: &str = "6216261000000000042";

/// Paid after it had expired.
async fn paid_late(counter: &Counter, amount: i64) -> DepositNumber {
    let order = counter.paid_at_the_bank(amount, LATE).await;
    counter.pass_and_sweep(Duration::from_secs(901)).await;
    counter.pass_and_sweep(Duration::from_secs(1)).await;
    assert_eq!(counter.deposit(order).await.state, State::Expired);
    counter.pass(Duration::from_mins(1));
    let told = counter.until_told(order).await;
    counter.bring(&told).await.expect("taken");
    assert_eq!(counter.deposit(order).await.state, State::Paid);
    assert_eq!(kinds(counter, order).await, [ExceptionKind::Late]);
    order
}

/// What does not fit about a deposit and is open.
async fn kinds(counter: &Counter, order: DepositNumber) -> Vec<ExceptionKind> {
    let story = counter.story(order).await;
    story.exceptions.iter().filter(|unfit| unfit.closed.is_none()).map(|unfit| unfit.kind).collect()
}

fn refused(answer: Result<Decided, ReviewError>) -> Refused {
    match answer {
        Err(ReviewError::Refused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_the_bank_gave_back_by_itself_never_becomes_quota() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = paid_late(&counter, 100).await;

        // Nobody knows whether the bank has it still: nothing is done, and nothing is lost.
        for line in [Line::Down, Line::Deaf] {
            counter.line(line);
            assert_eq!(refused(counter.propose(&counter.li, order, true).await), Refused::Unanswered);
        }
        counter.line(Line::Up);
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        assert_eq!(kinds(&counter, order).await, [ExceptionKind::Late]);

        counter.out_of_turn(&order.to_string(), "give_back").await;
        for _ in 0..2 {
            assert_eq!(refused(counter.propose(&counter.li, order, true).await), Refused::NotThere);
        }
        assert_eq!(kinds(&counter, order).await, [ExceptionKind::Late, ExceptionKind::GoneBack]);
        assert_eq!(
            (counter.balance(Kind::Quota).await, counter.balance(Kind::DepositsInReview).await),
            (Fen::ZERO, yuan(100))
        );
        counter.books().await;

        // What is rejected is not given back twice: the bank refuses, and people say how it went.
        counter.propose(&counter.li, order, false).await.expect("decided");
        counter
            .until(async || {
                counter.pass_and_sweep(Duration::from_mins(5)).await;
                kinds(&counter, order).await.contains(&ExceptionKind::RefundFailed).then_some(())
            })
            .await;
        assert_eq!(counter.balance(Kind::RefundsDue).await, yuan(100));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn above_the_limit_the_bank_is_asked_when_the_second_person_confirms() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = paid_late(&counter, 20_000).await;
        assert_eq!(counter.propose(&counter.li, order, true).await.expect("proposed"), Decided::Proposed(1));
        counter.line(Line::Down);
        assert_eq!(refused(counter.answer(&counter.ma, order, 1, true).await), Refused::Unanswered);
        counter.line(Line::Up);
        counter.out_of_turn(&order.to_string(), "give_back").await;
        assert_eq!(refused(counter.answer(&counter.ma, order, 1, true).await), Refused::NotThere);
        assert_eq!(counter.balance(Kind::Quota).await, Fen::ZERO);
        // The proposal waits still, and can be declined.
        assert_eq!(counter.answer(&counter.ma, order, 1, false).await.expect("declined"), Decided::Declined);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_payment_given_back_before_anybody_looked_is_not_credited_though_it_was_in_time() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        counter.out_of_turn(&order.to_string(), "give_back").await;
        assert_eq!(refused(counter.propose(&counter.li, order, true).await), Refused::NotThere);
        assert_eq!(kinds(&counter, order).await, [ExceptionKind::GoneBack]);
        assert_eq!(counter.balance(Kind::Quota).await, Fen::ZERO);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_given_back_after_it_became_quota_is_brought_to_people() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = paid_late(&counter, 100).await;
        assert_eq!(counter.propose(&counter.li, order, true).await.expect("done"), Decided::Done(State::Approved));
        counter.pass_and_sweep(Duration::from_hours(25)).await;
        assert_eq!(kinds(&counter, order).await, [], "the bank has it still");
        counter.out_of_turn(&order.to_string(), "give_back").await;
        counter.pass_and_sweep(Duration::from_hours(25)).await;
        let story = counter.story(order).await;
        let unfit = story.exceptions.last().expect("one");
        assert_eq!(
            (unfit.kind, unfit.amount, unfit.booked, unfit.closed.is_none()),
            (ExceptionKind::GoneBack, yuan(100), true, true)
        );
        assert_eq!(counter.steps(order).await.last(), Some(&"unfit"), "it is in the deposit's story");
        assert_eq!(deposits::counts(&counter.house().await).await.expect("a look"), (0, 1));
        counter.books().await;
        let closing = Closing { id: unfit.id, outcome: Outcome::Nothing, reason: "集团已补款", reference: "" };
        let house = counter.house().await;
        // Far below the limit, and yet by two people: it stays quota that the bank does not have.
        for (staff, expected) in [(&counter.li, Closure::Proposed), (&counter.ma, Closure::Closed)] {
            let said = deposits::close(&house, staff, &actor(staff), closing).await;
            assert_eq!(said.expect("said"), expected);
        }
        // Watched for two weeks, and then no more; what people were told they are not told again.
        for _ in 0..20 {
            counter.pass_and_sweep(Duration::from_hours(25)).await;
        }
        assert_eq!(kinds(&counter, order).await, []);
        let calls = counter.calls.load(std::sync::atomic::Ordering::SeqCst);
        counter.pass_and_sweep(Duration::from_hours(100)).await;
        assert_eq!(counter.calls.load(std::sync::atomic::Ordering::SeqCst), calls);
    })
    .await;
}

#[tokio::test]
async fn nobody_decides_past_an_exception_that_they_were_not_shown() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = paid_late(&counter, 100).await;
        let (house, shown) = (counter.house().await, counter.unfit(order).await);
        let another = [ExceptionId(shown[0].0 - 1)];
        for (approve, seen) in [(true, &[][..]), (false, &[][..]), (true, &another[..])] {
            let proposal = Proposal { order, approve, reason: "与银行记录核对过", reference: "", seen };
            let decided = deposits::propose(&house, &counter.li, &actor(&counter.li), proposal).await;
            assert_eq!(refused(decided), Refused::Unseen, "as many as were shown are not the same ones");
        }
        assert_eq!(counter.deposit(order).await.state, State::Paid);
        counter.propose(&counter.li, order, true).await.expect("decided");
        counter.books().await;
    })
    .await;
}

async fn close(counter: &Counter, order: DepositNumber, outcome: Outcome) -> Result<Closure, CloseError> {
    let story = counter.story(order).await;
    let gone = |unfit: &&deposits::Exception| unfit.kind == ExceptionKind::GoneBack && unfit.closed.is_none();
    let unfit = story.exceptions.iter().find(gone).expect("one that is open");
    let closing = Closing { id: unfit.id, outcome, reason: "与银行核对过", reference: "TF-1" };
    deposits::close(&counter.house().await, &counter.li, &actor(&counter.li), closing).await
}

#[tokio::test]
async fn money_that_is_gone_again_after_people_said_it_was_there_is_told_again() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = paid_late(&counter, 100).await;
        counter.out_of_turn(&order.to_string(), "give_back").await;
        assert_eq!(refused(counter.propose(&counter.li, order, true).await), Refused::NotThere);

        // Said to be back while it could still be approved: not before it is rejected.
        let early = close(&counter, order, Outcome::ReturnedOtherwise).await;
        assert!(matches!(early, Err(CloseError::InReview)), "{early:?}");
        for _ in 0..2 {
            assert_eq!(close(&counter, order, Outcome::Nothing).await.expect("closed"), Closure::Closed);
            assert_eq!(kinds(&counter, order).await, [ExceptionKind::Late]);
            assert_eq!(refused(counter.propose(&counter.li, order, true).await), Refused::NotThere);
            assert_eq!(kinds(&counter, order).await, [ExceptionKind::Late, ExceptionKind::GoneBack]);
        }
        assert_eq!(counter.balance(Kind::Quota).await, Fen::ZERO);
        counter.propose(&counter.li, order, false).await.expect("decided");
        assert_eq!(close(&counter, order, Outcome::ReturnedOtherwise).await.expect("closed"), Closure::Closed);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_bank_that_forgot_a_payment_and_knew_it_again_is_believed_when_it_is_gone() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = paid_late(&counter, 100).await;
        assert_eq!(counter.propose(&counter.li, order, true).await.expect("done"), Decided::Done(State::Approved));
        let day = Duration::from_hours(25);
        // Under another second it is another order, of which the bank knows nothing.
        let move_by = async |by: i64| {
            let mut tx = counter.db.begin().await.expect("a unit of work");
            let query = tx.query("UPDATE deposits SET redirected_at_us = redirected_at_us + $1").bind(by);
            query.execute().await.expect("moved");
            tx.commit().await.expect("a commit");
        };
        let put_away = async || {
            let found = counter.story(order).await.exceptions;
            let open = found.iter().find(|it| it.kind == ExceptionKind::GoneBack && it.closed.is_none()).expect("one");
            for staff in [&counter.li, &counter.ma] {
                let said = counter.close_with(staff, open, (Outcome::Nothing, "")).await.expect("said");
                if said == Closure::Closed {
                    break;
                }
            }
        };
        move_by(1_000_000).await;
        counter.pass_and_sweep(day).await;
        assert_eq!(kinds(&counter, order).await, [ExceptionKind::GoneBack]);
        put_away().await;
        counter.pass_and_sweep(day).await;
        assert_eq!(kinds(&counter, order).await, [], "people have said what is so of it");
        move_by(-1_000_000).await;
        counter.pass_and_sweep(day).await;
        counter.out_of_turn(&order.to_string(), "give_back").await;
        counter.pass_and_sweep(day).await;
        assert_eq!(kinds(&counter, order).await, [ExceptionKind::GoneBack], "now it is gone");
        put_away().await;
        counter.pass_and_sweep(day).await;
        assert_eq!(kinds(&counter, order).await, []);
        counter.books().await;
    })
    .await;
}
