//! What is still to go back after a part of it, or all, went back without us.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ledger::{Fen, Kind};
use store::testing::on_both;
use topup::deposits::{
    self, CloseError, Closing, Closure, Decided, DepositNumber, Exception, ExceptionKind, FileRefund, LISTED, Outcome,
    RefundState, State,
};
use topup::people::staff::Staff;
use topup::reconcile;

use super::counter::{Counter, Line, actor, yuan};

async fn close(counter: &Counter, staff: &Staff, unfit: &Exception, outcome: Outcome) -> Result<Closure, CloseError> {
    let closing = Closing { id: unfit.id, outcome, reason: "与银行书面核对过", reference: "TF-1" };
    deposits::close(&counter.house().await, staff, &actor(staff), closing).await
}

async fn close_by_two(counter: &Counter, unfit: &Exception, outcome: Outcome) {
    for (staff, done) in [(&counter.li, Closure::Proposed), (&counter.ma, Closure::Closed)] {
        assert_eq!(close(counter, staff, unfit, outcome).await.expect("said"), done);
    }
}

/// What is open about a deposit, of this kind.
async fn open(counter: &Counter, order: DepositNumber, kind: ExceptionKind) -> Option<Exception> {
    let story = counter.story(order).await;
    story.exceptions.into_iter().find(|unfit| unfit.kind == kind && unfit.closed.is_none())
}

/// The file lists so much as given back at the counter, which the bank's own count of refunds does not know.
async fn listed(counter: &Counter, order: DepositNumber, back: i64) -> Exception {
    listed_under(counter, order, ("132603011015008880019", back)).await
}

async fn listed_under(counter: &Counter, order: DepositNumber, (serial, back): (&str, i64)) -> Exception {
    let line = FileRefund {
        file: "INN26030188ZM_777290058110048".into(),
        order,
        refund: "COUNTER000031".into(),
        serial: serial.into(),
        amount: yuan(back),
    };
    deposits::given_back(&counter.house().await, &line).await.expect("noted");
    open(counter, order, ExceptionKind::GoneBack).await.expect("open")
}

/// Rejected; the bank is about to do the refund.
async fn refunding(counter: &Counter, amount: i64) -> DepositNumber {
    let order = counter.paid(amount).await;
    let decided = counter.propose(&counter.li, order, false).await.expect("decided");
    assert_eq!(decided, Decided::Done(State::Rejected));
    counter.until_state(order, State::Refunding).await;
    order
}

/// Rejected, and so often refused by the bank.
async fn refused(counter: &Counter, refusals: u32) -> (DepositNumber, Exception) {
    let order = counter.paid(500).await;
    counter.plan(0, refusals).await;
    counter.propose(&counter.li, order, false).await.expect("decided");
    (order, counter.refund_failed(order).await)
}

#[tokio::test]
async fn asked_for_again_is_only_what_is_still_to_go_back() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (order, mut failed) = refused(&counter, 2).await;
        let gone = listed(&counter, order, 100).await;
        // First people say whether it is so: later nobody could deny it.
        for staff in [&counter.li, &counter.ma] {
            let refused = close(&counter, staff, &failed, Outcome::Refund).await;
            let both =
                matches!(refused, Err(CloseError::Unsaid { back, due }) if (back, due) == (yuan(100), yuan(500)));
            assert!(both, "{refused:?}");
        }
        let noted = close(&counter, &counter.li, &gone, Outcome::ReturnedOtherwise).await;
        assert_eq!(noted.expect("closed"), Closure::Closed);
        // What fails is asked for again; all of it waits in refunds due meanwhile.
        for _ in 0..2 {
            assert_eq!((failed.amount, counter.balance(Kind::RefundsDue).await), (yuan(500), yuan(500)));
            close_by_two(&counter, &failed, Outcome::Refund).await;
            counter.books().await;
            if counter.story(order).await.refunds.len() == 2 {
                failed = counter.refund_failed(order).await;
            }
        }
        counter.refund_ends(order).await;
        let story = counter.story(order).await;
        let refunds: Vec<(Fen, RefundState)> = story.refunds.iter().map(|it| (it.amount, it.state)).collect();
        assert_eq!(
            refunds,
            [(yuan(500), RefundState::Failed), (yuan(400), RefundState::Failed), (yuan(400), RefundState::Refunded)]
        );
        assert_eq!((story.deposit.state, counter.balance(Kind::RefundsDue).await), (State::Refunded, Fen::ZERO));
        assert_eq!(counter.unfit(order).await, [], "nobody has to see to it any more");
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn of_what_went_back_whole_nothing_is_asked_for_again_and_of_what_was_denied_all() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        for (said, asked) in [(Outcome::ReturnedOtherwise, None), (Outcome::Nothing, Some(yuan(500)))] {
            let (order, failed) = refused(&counter, 1).await;
            let gone = listed(&counter, order, 500).await;
            if said == Outcome::Nothing {
                close_by_two(&counter, &gone, said).await;
            } else {
                assert_eq!(close(&counter, &counter.li, &gone, said).await.expect("said"), Closure::Closed);
            }
            let again = close(&counter, &counter.li, &failed, Outcome::Refund).await;
            if let Some(asked) = asked {
                assert_eq!(again.expect("closed"), Closure::Closed);
                counter.refund_ends(order).await;
                assert_eq!(counter.story(order).await.refunds[1].amount, asked);
            } else {
                let both =
                    matches!(again, Err(CloseError::NothingLeft { back, due }) if back == due && due == yuan(500));
                assert!(both, "{again:?}");
                let done = close(&counter, &counter.li, &failed, Outcome::ReturnedOtherwise).await;
                assert_eq!(done.expect("closed"), Closure::Closed);
            }
            assert_eq!(counter.deposit(order).await.state, State::Refunded);
            assert_eq!(counter.balance(Kind::RefundsDue).await, Fen::ZERO);
            counter.books().await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_people_said_went_back_and_our_refund_gives_back_as_well_is_told() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = refunding(&counter, 200).await;
        counter.lose_notifications();
        let gone = listed(&counter, order, 50).await;
        let noted = close(&counter, &counter.li, &gone, Outcome::ReturnedOtherwise).await;
        assert_eq!(noted.expect("closed"), Closure::Closed);
        assert_eq!(counter.unfit(order).await, []);
        counter.refund_ends(order).await;
        let twice = open(&counter, order, ExceptionKind::GoneBack).await.expect("the payer has got too much");
        assert_eq!((twice.booked, twice.went_back()), (false, Some(yuan(50))));
        assert_eq!(counter.books().await.deposits.unbooked.len(), 1);
        assert_eq!(close(&counter, &counter.li, &twice, Outcome::Nothing).await.expect("closed"), Closure::Closed);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn the_next_return_is_told_with_what_people_noted_and_without_what_they_denied() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = refunding(&counter, 200).await;
        let first = listed_under(&counter, order, ("S1", 50)).await;
        let noted = close(&counter, &counter.li, &first, Outcome::ReturnedOtherwise).await;
        assert_eq!(noted.expect("closed"), Closure::Closed);
        let second = listed_under(&counter, order, ("S2", 20)).await;
        assert_eq!(second.went_back(), Some(yuan(70)));
        close_by_two(&counter, &second, Outcome::Nothing).await;
        let third = listed_under(&counter, order, ("S3", 30)).await;
        assert_eq!(third.went_back(), Some(yuan(80)));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_only_the_banks_file_says_is_done_ends() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let whole = refunding(&counter, 200).await;
        let half = refunding(&counter, 100).await;
        let refund = counter.story(half).await.refunds[0].order.clone();
        counter.out_of_turn(&refund, "refund_half").await;
        // From here on every question about them stays without an answer.
        counter.line(Line::Down);
        let house = counter.house().await;
        counter.pass(Duration::from_hours(24));
        let failed = counter
            .until(async || {
                reconcile::sweep(&house).await.expect("swept");
                counter.pass(Duration::from_hours(1));
                let ended = counter.deposit(whole).await.state == State::Refunded;
                open(&counter, half, ExceptionKind::RefundFailed).await.filter(|_| ended)
            })
            .await;
        assert_eq!(counter.story(whole).await.refunds[0].state, RefundState::Refunded);
        assert_eq!((failed.went_back(), counter.deposit(half).await.state), (Some(yuan(50)), State::Rejected));
        assert_eq!(counter.balance(Kind::RefundsDue).await, yuan(100));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn rejected_after_the_file_listed_a_part_the_bank_is_not_asked_for_more_than_the_rest() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        for (denied, asked) in [(false, 400), (true, 500)] {
            let order = counter.paid(500).await;
            let gone = listed(&counter, order, 100).await;
            let calls = counter.calls.load(Ordering::SeqCst);
            let decided = counter.propose(&counter.li, order, false).await.expect("decided");
            assert_eq!(decided, Decided::Done(State::Rejected));
            for _ in 0..3 {
                counter.pass_and_sweep(Duration::from_hours(7)).await;
            }
            assert_eq!(counter.calls.load(Ordering::SeqCst), calls, "nobody was asked");
            let story = counter.story(order).await;
            let failure = story.refunds[0].failure.clone().expect("why");
            assert_eq!((failure.0.as_str(), failure.1.as_str()), (LISTED, "¥100.00 / ¥500.00"));
            assert_eq!((story.deposit.state, counter.balance(Kind::RefundsDue).await), (State::Rejected, yuan(500)));
            counter.books().await;
            let failed = open(&counter, order, ExceptionKind::RefundFailed).await.expect("people see to it");
            if denied {
                close_by_two(&counter, &gone, Outcome::Nothing).await;
                let again = close(&counter, &counter.li, &failed, Outcome::Refund).await;
                assert_eq!(again.expect("closed"), Closure::Closed);
            } else {
                let noted = close(&counter, &counter.li, &gone, Outcome::ReturnedOtherwise).await;
                assert_eq!(noted.expect("closed"), Closure::Closed);
                close_by_two(&counter, &failed, Outcome::Refund).await;
            }
            counter.refund_ends(order).await;
            let story = counter.story(order).await;
            assert_eq!((story.deposit.state, story.refunds[1].amount), (State::Refunded, yuan(asked)));
            assert_eq!((counter.balance(Kind::RefundsDue).await, counter.unfit(order).await), (Fen::ZERO, vec![]));
            counter.books().await;
        }
    })
    .await;
}

#[tokio::test]
async fn another_amount_that_the_bank_names_of_a_refund_once_it_is_done_is_told() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = refunding(&counter, 200).await;
        counter.lose_notifications();
        counter.refund_ends(order).await;
        let refund = counter.story(order).await.refunds[0].order.clone();
        let told = counter.until_told_of(&refund).await;
        counter.bring(&told).await.expect("taken");
        assert_eq!(counter.unfit(order).await, [], "as we have it");
        counter.books().await;
        // As if we had been told another amount when we asked.
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query("UPDATE deposit_refunds SET amount_fen = amount_fen - 1").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        for _ in 0..2 {
            counter.bring(&told).await.expect("taken");
            assert_eq!(counter.kinds(order).await, [ExceptionKind::RefundContradiction]);
        }
    })
    .await;
}
