//! Many people and processes at once: the quota grows exactly once, or the money goes back exactly once.

use futures_util::future::join_all;
use ledger::{Fen, Kind};
use store::testing::on_both;
use topup::deposits::{self, Answer, Decided, Proposal, State};
use topup::loads::book::{Authorised, NewLoad};

use super::counter::{Counter, PAYS, actor, yuan};

#[tokio::test]
async fn of_many_decisions_at_once_one_counts() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (house, other) = (counter.house().await, counter.another_process().await);
        let mut quota = 0;
        for round in 0..4 {
            let order = counter.paid(100).await;
            let decisions = (0..16).map(|n| {
                let (house, staff) = if n % 2 == 0 { (&house, &counter.li) } else { (&other, &counter.ma) };
                let approve = if round % 2 == 0 { n % 3 != 0 } else { n % 3 == 0 };
                async move {
                    let proposal =
                        Proposal { order, approve, reason: "与银行记录核对过", reference: "", seen: &[] };
                    deposits::propose(house, staff, &actor(staff), proposal).await
                }
            });
            let done: Vec<Decided> = join_all(decisions).await.into_iter().filter_map(Result::ok).collect();
            let [Decided::Done(state)] = done[..] else { panic!("one decision counts: {done:?}") };
            if state == State::Approved {
                quota += 100;
            } else {
                counter.refund_ends(order).await;
            }
            assert_eq!(counter.balance(Kind::Quota).await, yuan(quota));
            counter.books().await;
        }
    })
    .await;
}

#[tokio::test]
async fn of_many_answers_at_once_one_counts() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (house, other) = (counter.house().await, counter.another_process().await);
        let order = counter.paid(20_000).await;
        let proposals = (0..8).map(|n| {
            let (house, staff) = if n % 2 == 0 { (&house, &counter.li) } else { (&other, &counter.ma) };
            let proposal =
                Proposal { order, approve: n % 3 != 0, reason: "与银行记录核对过", reference: "", seen: &[] };
            async move { deposits::propose(house, staff, &actor(staff), proposal).await }
        });
        let made: Vec<Decided> = join_all(proposals).await.into_iter().filter_map(Result::ok).collect();
        assert_eq!(made, [Decided::Proposed(1)]);
        let proposed = counter.story(order).await.proposed.expect("one is open");
        let answers = (0..16).map(|n| {
            let (house, staff) = if n % 2 == 0 { (&house, &counter.li) } else { (&other, &counter.ma) };
            let answer = Answer { order, number: 1, confirm: true, reason: "看过证据", reference: "", seen: &[] };
            async move { deposits::answer(house, staff, &actor(staff), answer).await }
        });
        let done: Vec<Decided> = join_all(answers).await.into_iter().filter_map(Result::ok).collect();
        let state = if proposed.approve { State::Approved } else { State::Rejected };
        assert_eq!(done, [Decided::Done(state)]);
        let quota = if proposed.approve { yuan(20_000) } else { Fen::ZERO };
        assert_eq!(counter.balance(Kind::Quota).await, quota);
        counter.books().await;
    })
    .await;
}

/// The hot path of loads moves the same group's money from its memory, without a lock.
#[tokio::test]
async fn deposits_and_loads_of_one_group_do_not_get_in_each_others_way() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (house, other) = (counter.house().await, counter.another_process().await);
        let first = counter.paid(1_000).await;
        counter.propose(&counter.li, first, true).await.expect("decided");
        counter.lose_notifications();
        let mut orders = Vec::new();
        for _ in 0..4 {
            orders.push(counter.paid_at_the_bank(100, PAYS).await);
        }
        let mut told = Vec::new();
        for order in &orders {
            told.push(counter.until_told(*order).await);
        }
        let load = |house: &topup::House, n: i64| NewLoad {
            group: counter.group,
            id: house.ids.next(),
            intent: format!("intent-{n}"),
            operator: counter.operator.id.0,
            terminal: "000001000050".into(),
            reader: "一号".into(),
            card_number: format!("{n:016}"),
            card_class: "01".into(),
            amount: Fen::new(1_000),
            balance_before: None,
            evidence: None,
            at: house.now(),
        };
        let loading = async {
            let mut held = 0;
            for batch in 0..10 {
                let loads = (0..8).map(|n| {
                    let house = if n % 2 == 0 { &house } else { &other };
                    house.book.authorise(load(house, batch * 8 + n))
                });
                for answer in join_all(loads).await {
                    held += i64::from(matches!(answer.expect("decided"), Authorised::Held { .. }));
                }
            }
            held
        };
        let depositing = async {
            for (order, told) in orders.iter().zip(&told) {
                let incoming = deposits::Incoming { method: "POST", path: "/n", headers: &[], body: told };
                deposits::notified(&other, &incoming).await.expect("taken");
                let proposal =
                    Proposal {
                        order: *order, approve: true, reason: "与银行记录核对过", reference: "", seen: &[]
                    };
                let decided = deposits::propose(&house, &counter.ma, &actor(&counter.ma), proposal).await;
                assert_eq!(decided.expect("decided"), Decided::Done(State::Approved));
            }
        };
        let (held, ()) = futures_util::join!(loading, depositing);
        assert_eq!(held, 80);
        assert_eq!(
            (counter.balance(Kind::Quota).await, counter.balance(Kind::Held).await),
            (yuan(1_400 - 800), yuan(800))
        );
        counter.books().await;
    })
    .await;
}
