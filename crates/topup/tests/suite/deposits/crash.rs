//! The server is killed between any two steps: another one brings everything to its end, and nothing is done twice.

use std::time::Duration;

use ledger::Kind;
use store::testing::on_both;
use topup::House;
use topup::deposits::{self, Confirm, DepositNumber, Form, Payer, Proposal, RefundState, State};

use super::counter::{Counter, Line, PAYS, actor, killed, yuan};

/// Begins something with one deposit after another, and kills the server one step later each time, until it is not
/// killed any more. After each death another server heals what was left.
async fn at_every_step(
    counter: &Counter,
    ready: impl AsyncFn() -> DepositNumber,
    work: impl AsyncFn(House, DepositNumber),
    heal: impl AsyncFn(DepositNumber),
) -> i64 {
    for waits in 0.. {
        let order = ready().await;
        let ended = killed(waits, work(counter.house().await, order)).await.is_some();
        counter.restart().await;
        heal(order).await;
        counter.books().await;
        if ended {
            assert!(waits > 0, "it was never killed");
            return i64::try_from(waits).expect("few") + 1;
        }
    }
    unreachable!("it ends")
}

#[tokio::test]
async fn a_confirm_and_a_start_that_are_cut_off_are_said_again() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let house = counter.house().await;
        let form = Form { amount: "100", remark: "", payer: Payer::Person };
        for waits in 0.. {
            let checked = deposits::check(&house, &form).expect("it can be confirmed");
            let confirm = Confirm { intent: &checked.intent, form, payer_ip: None };
            let ended = killed(waits, deposits::confirm(&house, &counter.operator, &confirm)).await.is_some();
            let order = deposits::confirm(&house, &counter.operator, &confirm).await.expect("confirmed");
            assert_eq!(counter.steps(order).await, ["confirmed"]);
            if ended {
                let totals = counter.totals().await;
                assert_eq!(usize::try_from(totals.all().count), Ok(waits + 1), "one confirm, one deposit");
                break;
            }
        }
        let start = async |house: House, order| {
            drop(deposits::start(&house, &counter.operator, order).await.expect("started"));
        };
        let heal = async |order| {
            counter.send(order).await;
            assert_eq!(counter.steps(order).await, ["confirmed", "sent"]);
        };
        at_every_step(&counter, async || counter.confirm(100).await, start, heal).await;
    })
    .await;
}

#[tokio::test]
async fn a_payment_is_booked_once_wherever_the_server_dies() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let ready = async || counter.paid_at_the_bank(100, PAYS).await;
        let notified = async |_, order: DepositNumber| {
            let told = counter.until_told(order).await;
            drop(counter.bring(&told).await);
        };
        // Whatever was not asked by the notification is asked in its time.
        let heal = async |order| {
            counter.pass_and_sweep(Duration::from_secs(61)).await;
            counter.pass_and_sweep(Duration::from_secs(61)).await;
            assert_eq!(counter.deposit(order).await.state, State::Paid);
        };
        let first = at_every_step(&counter, ready, notified, heal).await;
        let due = async || {
            let order = counter.paid_at_the_bank(100, PAYS).await;
            counter.pass(Duration::from_secs(61));
            order
        };
        let sweep = async |house: House, _| deposits::sweep(&house).await.expect("a sweep");
        let second = at_every_step(&counter, due, sweep, heal).await;
        assert_eq!(counter.balance(Kind::DepositsInReview).await, yuan(100 * (first + second)));
    })
    .await;
}

#[tokio::test]
async fn a_decision_is_carried_out_once_wherever_the_server_dies() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let ready = async || counter.paid(100).await;
        let decide = async |house: House, order, approve| {
            let proposal = Proposal { order, approve, reason: "与银行记录核对过", reference: "", seen: &[] };
            drop(deposits::propose(&house, &counter.li, &actor(&counter.li), proposal).await);
        };
        let approve = async |house, order| decide(house, order, true).await;
        let heal = async |order| {
            drop(counter.propose(&counter.ma, order, true).await);
            assert_eq!(counter.deposit(order).await.state, State::Approved);
        };
        let approved = at_every_step(&counter, ready, approve, heal).await;
        assert_eq!(counter.balance(Kind::Quota).await, yuan(100 * approved));

        let reject = async |house, order| decide(house, order, false).await;
        let back = std::cell::RefCell::new(Vec::new());
        let heal = async |order| {
            drop(counter.propose(&counter.ma, order, false).await);
            counter.pass_and_sweep(Duration::from_mins(1)).await;
            let story = counter.story(order).await;
            assert!(matches!(story.deposit.state, State::Refunding | State::Refunded), "{story:#?}");
            assert_eq!(story.refunds.len(), 1);
            back.borrow_mut().push(order);
        };
        let rejected = at_every_step(&counter, ready, reject, heal).await;
        assert!(rejected > 2);
        for order in back.take() {
            counter.refund_ends(order).await;
            assert_eq!(counter.story(order).await.refunds[0].state, RefundState::Refunded);
        }
        assert_eq!(
            (counter.balance(Kind::RefundsDue).await, counter.balance(Kind::Bank).await),
            (yuan(0), yuan(-100 * approved))
        );
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_refund_goes_once_wherever_the_server_dies() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        counter.lose_notifications();
        let due = async || {
            let order = counter.paid(100).await;
            counter.line(Line::Down);
            counter.propose(&counter.li, order, false).await.expect("decided");
            assert_eq!(counter.deposit(order).await.state, State::Rejected);
            counter.line(Line::Up);
            counter.pass(Duration::from_secs(31));
            order
        };
        let sweep = async |house: House, _| deposits::sweep(&house).await.expect("a sweep");
        let heal = async |order| {
            counter.pass_and_sweep(Duration::from_mins(2)).await;
            let story = counter.story(order).await;
            assert!(matches!(story.deposit.state, State::Refunding | State::Refunded), "{story:#?}");
        };
        at_every_step(&counter, due, sweep, heal).await;
    })
    .await;
}
