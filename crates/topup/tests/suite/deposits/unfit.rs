//! What does not fit is closed by people, with a reason, an outcome and movements.

use ledger::{Fen, Kind, Movement};
use store::testing::on_both;
use topup::alarms;
use topup::books::{DepositsFault, prove_books};
use topup::deposits::{
    self, CloseError, Closing, Closure, Exception, ExceptionKind, Outcome, RefundState, Refused, State,
};
use topup::people::staff::Staff;
use topup::two_people::Refused as Rule;

use super::counter::{Counter, Line, PAYS, actor, yuan};
use crate::office::leaves;

async fn close(counter: &Counter, staff: &Staff, unfit: &Exception, outcome: Outcome) -> Result<Closure, CloseError> {
    let reference = if outcome == Outcome::ReturnedOtherwise { "TF20260301-0099" } else { "" };
    let closing = Closing { id: unfit.id, outcome, reason: "与银行电话核对过", reference };
    deposits::close(&counter.house().await, staff, &actor(staff), closing).await
}

async fn open(counter: &Counter) -> Vec<Exception> {
    deposits::exceptions_page(&counter.house().await, true, None).await.expect("a look").rows
}

async fn alarms_open(counter: &Counter) -> i64 {
    alarms::count(&counter.house().await, alarms::Kind::DepositUnfit).await.expect("a look")
}

/// Rejected, and the bank refused to give it back.
async fn refund_failed(counter: &Counter, amount: i64) -> Exception {
    let order = counter.paid(amount).await;
    counter.plan(0, 1).await;
    if counter.propose(&counter.li, order, false).await.expect("decided") == deposits::Decided::Proposed(1) {
        counter.answer(&counter.ma, order, 1, true).await.expect("decided");
    }
    counter.pass(std::time::Duration::from_secs(2));
    counter
        .until(async || {
            counter.pass_and_sweep(std::time::Duration::from_mins(5)).await;
            open(counter).await.into_iter().find(|unfit| unfit.deposit == Some(order))
        })
        .await
}

#[tokio::test]
async fn a_refund_that_failed_is_tried_again_credited_or_returned_otherwise() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        for (outcome, state, quota) in [
            (Outcome::Refund, State::Refunded, 0),
            (Outcome::Credited, State::Approved, 100),
            (Outcome::ReturnedOtherwise, State::Refunded, 0),
        ] {
            let before = counter.balance(Kind::Quota).await;
            let unfit = refund_failed(&counter, 100).await;
            let order = unfit.deposit.expect("it is ours");
            assert_eq!((unfit.kind, unfit.amount, unfit.booked), (ExceptionKind::RefundFailed, yuan(100), true));
            assert_eq!((counter.deposit(order).await.state, alarms_open(&counter).await), (State::Rejected, 1));
            let kinds: Vec<_> =
                [Outcome::Nothing].iter().map(|outcome| close(&counter, &counter.li, &unfit, *outcome)).collect();
            for refused in futures_util::future::join_all(kinds).await {
                assert!(matches!(refused, Err(CloseError::Outcome)), "money is never put away: {refused:?}");
            }
            assert_eq!(close(&counter, &counter.li, &unfit, outcome).await.expect("closed"), Closure::Closed);
            assert!(matches!(close(&counter, &counter.ma, &unfit, outcome).await, Err(CloseError::Closed)));
            counter.books().await;
            counter.refund_ends(order).await;
            let story = counter.story(order).await;
            assert_eq!((story.deposit.state, story.refunds[0].state), (state, RefundState::Failed));
            assert_eq!(counter.balance(Kind::Quota).await.as_i64() - before.as_i64(), yuan(quota).as_i64());
            assert_eq!((counter.balance(Kind::RefundsDue).await, alarms_open(&counter).await), (Fen::ZERO, 0));
            counter.books().await;
        }
    })
    .await;
}

#[tokio::test]
async fn while_the_bank_contradicts_itself_about_a_refund_its_money_stays_where_it_is() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let unfit = refund_failed(&counter, 100).await;
        // As the bank's genuine word that it was done leaves it.
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query(
            "INSERT INTO deposit_exceptions (id, kind, group_id, deposit_id, gateway, order_id, serial, amount_fen, \
             booked, evidence, opened_at_us) SELECT id + 1, 'refund_contradiction', group_id, deposit_id, gateway, \
             order_id, 'done', amount_fen, 0, '{}', opened_at_us FROM deposit_exceptions",
        )
        .execute()
        .await
        .expect("opened");
        tx.commit().await.expect("a commit");
        for outcome in [Outcome::Credited, Outcome::Refund, Outcome::ReturnedOtherwise] {
            let refused = close(&counter, &counter.li, &unfit, outcome).await;
            assert!(matches!(refused, Err(CloseError::GoneAfterAll)), "{refused:?}");
        }
        assert_eq!(counter.balance(Kind::RefundsDue).await, yuan(100));
        let contradiction = open(&counter).await.into_iter().find(|found| found.id != unfit.id).expect("open");
        let closed = close(&counter, &counter.ma, &contradiction, Outcome::Nothing).await;
        assert_eq!(closed.expect("the bank was asked by telephone"), Closure::Closed);
        assert_eq!(close(&counter, &counter.li, &unfit, Outcome::Credited).await.expect("closed"), Closure::Closed);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_was_done_after_all_is_never_paid_again_whatever_people_closed() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let unfit = refund_failed(&counter, 100).await;
        let order = unfit.deposit.expect("it is ours");
        counter.line(Line::Down);
        let refused = close(&counter, &counter.li, &unfit, Outcome::Credited).await;
        assert!(matches!(refused, Err(CloseError::Unanswered)), "nobody knows: {refused:?}");
        counter.line(Line::Up);
        // The bank does it after all, and nobody tells us.
        counter.lose_notifications();
        counter.out_of_turn(&unfit.order, "refund_after_all").await;
        let refused_as_gone = async |outcomes: &[Outcome]| {
            for outcome in outcomes {
                let refused = close(&counter, &counter.li, &unfit, *outcome).await;
                assert!(matches!(refused, Err(CloseError::GoneAfterAll)), "{outcome:?} {refused:?}");
            }
        };
        refused_as_gone(&[Outcome::Credited, Outcome::ReturnedOtherwise, Outcome::Refund]).await;
        let kinds: Vec<_> = open(&counter).await.iter().map(|found| found.kind).collect();
        assert_eq!(kinds, [ExceptionKind::RefundFailed, ExceptionKind::RefundContradiction]);

        // Somebody puts the contradiction away, and it does not come back: the bank's word counts all the same.
        let contradiction = open(&counter).await.into_iter().find(|found| found.id != unfit.id).expect("open");
        let closed = close(&counter, &counter.ma, &contradiction, Outcome::Nothing).await;
        assert_eq!(closed.expect("closed"), Closure::Closed);
        refused_as_gone(&[Outcome::Credited, Outcome::ReturnedOtherwise]).await;
        assert_eq!(
            (counter.balance(Kind::RefundsDue).await, counter.balance(Kind::Quota).await),
            (yuan(100), Fen::ZERO)
        );
        counter.books().await;

        // It goes back by the refund that the bank has done, and by no other.
        assert_eq!(close(&counter, &counter.li, &unfit, Outcome::Refund).await.expect("closed"), Closure::Closed);
        let story = counter.story(order).await;
        assert_eq!((story.deposit.state, story.refunds.len()), (State::Refunded, 1));
        assert_eq!((story.refunds[0].state, &story.refunds[0].failure), (RefundState::Refunded, &None));
        assert_eq!(counter.balance(Kind::RefundsDue).await, Fen::ZERO);
        assert!(open(&counter).await.is_empty() && alarms_open(&counter).await == 0);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_bank_had_taken_on_has_not_failed_because_it_knows_nothing_of_it() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let unfit = refund_failed(&counter, 100).await;
        let change = async |sql| {
            let mut tx = counter.db.begin().await.expect("a unit of work");
            tx.query(sql).execute().await.expect("changed");
            tx.commit().await.expect("a commit");
        };
        // As when the merchant's number was changed since: nobody knows this order any more.
        change("UPDATE deposit_refunds SET order_id = order_id || 'X', accepted_at_us = created_at_us").await;
        for outcome in [Outcome::Credited, Outcome::Refund] {
            let refused = close(&counter, &counter.li, &unfit, outcome).await;
            assert!(matches!(refused, Err(CloseError::TakenOn)), "{outcome:?} {refused:?}");
        }
        change("UPDATE deposit_refunds SET accepted_at_us = NULL").await;
        assert_eq!(close(&counter, &counter.li, &unfit, Outcome::Credited).await.expect("closed"), Closure::Closed);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn every_refund_that_failed_is_asked_about_not_only_the_last() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let first = refund_failed(&counter, 100).await;
        counter.plan(0, 1).await;
        assert_eq!(close(&counter, &counter.li, &first, Outcome::Refund).await.expect("closed"), Closure::Closed);
        counter.pass(std::time::Duration::from_secs(2));
        let second = counter
            .until(async || {
                counter.pass_and_sweep(std::time::Duration::from_mins(5)).await;
                open(&counter).await.into_iter().find(|unfit| unfit.kind == ExceptionKind::RefundFailed)
            })
            .await;
        assert_ne!(first.order, second.order);
        counter.lose_notifications();
        counter.out_of_turn(&first.order, "refund_after_all").await;
        for outcome in [Outcome::Credited, Outcome::ReturnedOtherwise, Outcome::Refund] {
            let refused = close(&counter, &counter.li, &second, outcome).await;
            assert!(matches!(refused, Err(CloseError::GoneAfterAll)), "{outcome:?} {refused:?}");
        }
        assert_eq!(
            (counter.balance(Kind::RefundsDue).await, counter.balance(Kind::Quota).await),
            (yuan(100), Fen::ZERO)
        );
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_refund_of_a_gateway_that_is_gone_is_closed_by_two_people_with_the_banks_number() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let unfit = refund_failed(&counter, 100).await;
        let house = counter.house().await;
        let till = house.till.clone().expect("a till");
        let elsewhere = house.with_till(deposits::Till { name: "another".into(), ..till });
        let say = async |staff: &Staff, outcome, reference| {
            let closing = Closing { id: unfit.id, outcome, reason: "银行书面确认没有退成", reference };
            deposits::close(&elsewhere, staff, &actor(staff), closing).await
        };
        let refused = say(&counter.li, Outcome::Refund, "").await;
        assert!(matches!(refused, Err(CloseError::Outcome)), "nobody would take it on: {refused:?}");
        for reference in ["", "  "] {
            let refused = say(&counter.li, Outcome::Credited, reference).await;
            assert!(matches!(refused, Err(CloseError::NoReference)), "{refused:?}");
        }
        let long = "9".repeat(topup::two_people::MOST_REFERENCE + 1);
        assert!(matches!(say(&counter.li, Outcome::Credited, &long).await, Err(CloseError::LongReference)));
        assert_eq!(say(&counter.li, Outcome::Credited, "TF-1").await.expect("noted"), Closure::Proposed);
        let own = say(&counter.li, Outcome::Credited, "TF-1").await;
        assert!(matches!(own, Err(CloseError::Refused(Refused::Rule(Rule::Own)))), "{own:?}");
        // Another number is another opinion.
        assert_eq!(say(&counter.ma, Outcome::Credited, "TF-2").await.expect("noted"), Closure::OtherReference);
        assert_eq!(counter.balance(Kind::Quota).await, Fen::ZERO);
        assert_eq!(say(&counter.li, Outcome::Credited, " TF-2 ").await.expect("closed"), Closure::Closed);
        assert_eq!(counter.balance(Kind::Quota).await, yuan(100));
        let closed = deposits::exception(&elsewhere, unfit.id).await.expect("a look").expect("it stays");
        assert_eq!(closed.reference.as_deref(), Some("TF-2"));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_somebody_proposed_counts_no_longer_than_they_work_here() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let unfit = refund_failed(&counter, 20_000).await;
        assert_eq!(close(&counter, &counter.li, &unfit, Outcome::Credited).await.expect("noted"), Closure::Proposed);
        leaves(&counter.house().await, "li").await;
        let said = close(&counter, &counter.ma, &unfit, Outcome::Credited).await;
        assert_eq!(said.expect("noted"), Closure::Proposed, "now it is the second's own proposal");
        assert_eq!(counter.balance(Kind::Quota).await, Fen::ZERO);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn above_the_limit_two_people_close_an_exception() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let unfit = refund_failed(&counter, 20_000).await;
        assert_eq!(close(&counter, &counter.li, &unfit, Outcome::Credited).await.expect("noted"), Closure::Proposed);
        let own = close(&counter, &counter.li, &unfit, Outcome::Credited).await;
        assert!(matches!(own, Err(CloseError::Refused(Refused::Rule(Rule::Own)))), "{own:?}");
        assert_eq!(counter.balance(Kind::Quota).await, Fen::ZERO, "nobody decides alone");
        // Another opinion takes the place of the first.
        let other = close(&counter, &counter.ma, &unfit, Outcome::ReturnedOtherwise).await;
        assert_eq!(other.expect("noted"), Closure::Proposed);
        let done = close(&counter, &counter.li, &unfit, Outcome::ReturnedOtherwise).await;
        assert_eq!(done.expect("closed"), Closure::Closed);
        assert_eq!(counter.deposit(unfit.deposit.expect("ours")).await.state, State::Refunded);
        let story = counter.story(unfit.deposit.expect("ours")).await;
        assert_eq!(story.exceptions[0].closed.as_ref().map(|closed| closed.1), Some(Outcome::ReturnedOtherwise));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn money_of_an_unknown_order_is_in_no_account_and_the_books_say_so() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(300, PAYS).await;
        let told = counter.until_told(order).await;
        // As after a backup was put back that is older than the deposit.
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query("UPDATE deposits SET order_id = 'D0000000000000000000'").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        for _ in 0..3 {
            counter.bring(&told).await.expect("taken");
        }
        let [unfit] = &open(&counter).await[..] else { panic!("one") };
        assert_eq!((unfit.kind, unfit.amount, unfit.booked), (ExceptionKind::UnknownOrder, yuan(300), false));
        assert_eq!((unfit.order.as_str(), unfit.deposit), (order.to_string().as_str(), None));
        let books = counter.books().await;
        assert_eq!(books.deposits.unbooked[0].sum, yuan(300));
        assert!(books.to_string().contains("unknown_order"), "{books}");
        assert!(matches!(close(&counter, &counter.li, unfit, Outcome::Credited).await, Err(CloseError::Outcome)));
        let bare =
            Closing { id: unfit.id, outcome: Outcome::ReturnedOtherwise, reason: "已转账退回", reference: " " };
        let refused = deposits::close(&counter.house().await, &counter.li, &actor(&counter.li), bare).await;
        assert!(matches!(refused, Err(CloseError::NoReference)), "money moved, says who? {refused:?}");
        assert_eq!(
            close(&counter, &counter.li, unfit, Outcome::ReturnedOtherwise).await.expect("closed"),
            Closure::Closed
        );
        // Told again, it is known and stays closed.
        counter.bring(&told).await.expect("taken");
        assert!(open(&counter).await.is_empty() && alarms_open(&counter).await == 0);
        assert!(counter.books().await.deposits.unbooked.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_serial_number_pays_one_deposit() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let order = counter.paid_at_the_bank(300, PAYS).await;
        let told = String::from_utf8(counter.until_told(order).await).expect("text");
        let (_, rest) = told.split_once("queryId=").expect("a serial number");
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query("INSERT INTO deposit_serials (gateway, serial, group_id, deposit_id) VALUES ('unionpay', $1, 7, 7)")
            .bind(&rest[..21])
            .execute()
            .await
            .expect("taken");
        tx.commit().await.expect("a commit");
        counter.bring(told.as_bytes()).await.expect("taken");
        assert_eq!(counter.deposit(order).await.state, State::Redirected);
        let [unfit] = &counter.story(order).await.exceptions[..] else { panic!("one") };
        assert_eq!((unfit.kind, unfit.amount, unfit.booked), (ExceptionKind::DuplicateSerial, yuan(300), false));
        assert_eq!(counter.balance(Kind::DepositsInReview).await, Fen::ZERO);
        let mut tx = counter.db.read().await.expect("a unit of work");
        let faults = prove_books(&mut tx).await.expect("a look").deposits.faults;
        assert!(matches!(faults[..], [DepositsFault::Serial { .. }]), "the stranger's is found: {faults:?}");
    })
    .await;
}

#[tokio::test]
async fn a_fen_moved_wrongly_by_a_deposit_is_found() {
    on_both(|db| async move {
        let counter = Counter::open(db.clone()).await;
        let approved = counter.paid(100).await;
        counter.propose(&counter.li, approved, true).await.expect("decided");
        let rejected = counter.paid(200).await;
        counter.propose(&counter.li, rejected, false).await.expect("decided");
        let paid = counter.paid(300).await;
        counter.books().await;
        for change in [
            "UPDATE deposits SET paid_fen = paid_fen + 1",
            "UPDATE deposits SET state = 'approved' WHERE state = 'paid'",
            "UPDATE deposits SET state = 'paid' WHERE state = 'approved'",
            "UPDATE deposits SET state = 'refunded' WHERE state = 'refunding'",
            "UPDATE deposits SET state = 'rejected' WHERE state = 'approved'",
            "UPDATE deposits SET state = 'refunded' WHERE state = 'approved'",
            "UPDATE deposits SET serial = 'x' WHERE state = 'paid'",
            "UPDATE deposits SET state = 'failed', paid_fen = NULL, serial = NULL WHERE state = 'paid'",
            "UPDATE deposit_refunds SET amount_fen = amount_fen + 1",
            "UPDATE deposit_refunds SET state = 'failed'",
            "DELETE FROM deposit_refunds",
            "DELETE FROM deposit_serials",
            "DELETE FROM deposits WHERE state = 'paid'",
        ] {
            let mut tx = db.begin().await.expect("a unit of work");
            assert!(tx.query(change).execute().await.expect("changed") > 0, "{change}");
            let books = prove_books(&mut tx).await.expect("a look");
            assert!(!books.deposits.faults.is_empty() && !books.hold(), "{change} is not found");
        }
        // Approved there and back again, so that every balance is right.
        let mut tx = db.begin().await.expect("a unit of work");
        let (group, at) = (counter.group, counter.house().await.now());
        let (from, to, amount) = (Kind::DepositsInReview, Kind::Quota, Fen::new(1));
        let there = Movement { group, from, to, amount, reason: "deposit approved", subject: paid.id(), at };
        let back = Movement { from: to, to: from, ..there };
        ledger::post(&mut tx, &[there, back]).await.expect("posted");
        let books = prove_books(&mut tx).await.expect("a look");
        assert!(books.ledger.holds());
        assert_eq!(books.deposits.faults, [DepositsFault::Movements { group, order: paid }]);
        assert!(books.to_string().contains(&paid.to_string()), "{books}");
    })
    .await;
}
