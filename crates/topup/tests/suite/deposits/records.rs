//! Deposits as records: what a filter finds, page by page, and what it comes to, against a plain look; and the proof.

use ledger::{Fen, GroupId};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use store::testing::on_both;
use topup::deposits::{DepositNumber, State};
use topup::loads::Totals as Sum;
use topup::people::OperatorId;
use topup::records::{
    self, Cursor, Day, DepositLine, DepositTotals, Deposits, Field, Filter, Period, Scope, Seek, Stands, Typed, Wrong,
};
use topup::{House, Ids, Micros};

use super::counter::{Counter, yuan};

const DAYS: i64 = 100;
const MANY: i64 = 150;

/// A deposit as it must be found: group, id, operator, state, what it counts for.
type Known = (GroupId, i64, i64, State, Fen);

/// The statement of the migration that sums up what is there.
fn backfill() -> &'static str {
    let migration = include_str!("../../../../store/migrations/0035_deposit_totals.sql");
    let from = migration.find("WITH told").expect("it sums up what is there");
    let to = from + migration[from..].find(';').expect("it ends");
    &migration[from..to]
}

/// Deposits of two groups over some months, in every state; nothing else is told of them.
async fn fill(db: &store::Db, dice: &mut StdRng, today: Day) -> Vec<Known> {
    let mut tx = db.begin().await.expect("a unit of work");
    let mut all = Vec::new();
    for number in 0..MANY {
        let group = GroupId([7, 8][dice.random_range(0..2)]);
        let day = today.plus(-dice.random_range(0..DAYS));
        // Some fall on the first or the last moment of a day.
        let within = [0, 86_399_999_999, dice.random_range(0..86_400_000_000)][dice.random_range(0..3)];
        let id = Ids::first_of(Micros(day.begins().0 + within)) + number;
        let state = State::ALL[dice.random_range(0..State::ALL.len())];
        let (operator, asked) = (dice.random_range(1..4_i64), yuan(dice.random_range(1..6)));
        // What was paid is not always what was asked.
        let paid = state.is_paid().then(|| yuan(dice.random_range(1..6)));
        tx.query(
            "INSERT INTO deposits (group_id, id, order_id, intent, state, operator_id, amount_fen, remark, payer, \
             gateway, created_at_us, expires_at_us, redirected_at_us, paid_fen, serial, paid_at_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, '', 'person', 'unionpay', $8, $8, $8, $9, $10, $11)",
        )
        .bind(group)
        .bind(id)
        .bind(DepositNumber::new(id).to_string())
        .bind(number.to_string())
        .bind(state.as_str())
        .bind(operator)
        .bind(asked)
        .bind(Micros(id >> 12))
        .bind(paid)
        .bind(paid.map(|_| number.to_string()))
        .bind(paid.map(|_| Micros(id >> 12)))
        .execute()
        .await
        .expect("a deposit");
        all.push((group, id, operator, state, paid.unwrap_or(asked)));
    }
    tx.query(backfill()).execute().await.expect("summed up");
    tx.commit().await.expect("a commit");
    all
}

fn any_filter(dice: &mut StdRng, today: Day, all: &[Known]) -> Filter<Deposits> {
    let first = today.plus(-dice.random_range(0..DAYS));
    let last = first.plus(dice.random_range(0..DAYS));
    let mut one_in = |n: u32| dice.random_range(0..n) == 0;
    let (holds, operator, at_least, most, order) = (one_in(3), one_in(4), one_in(6), one_in(6), one_in(20));
    Filter {
        scope: [Scope::ALL, Scope::of(GroupId(7)), Scope::of(GroupId(8))][dice.random_range(0..3)],
        period: Period::new(first, last).expect("in order"),
        holds: holds.then(|| Stands::ALL[dice.random_range(0..Stands::ALL.len())]),
        card: None,
        operator: operator.then(|| OperatorId(dice.random_range(1..4))),
        terminal: None,
        least: at_least.then(|| yuan(2)),
        most: most.then(|| yuan(4)),
        order: order.then(|| DepositNumber::new(all[dice.random_range(0..all.len())].1)),
    }
}

/// What a filter must find, newest first.
fn expected(all: &[Known], filter: &Filter<Deposits>) -> Vec<Known> {
    let finds = |(group, id, operator, state, fen): &Known| {
        let day = Day::of_id(*id);
        let in_time =
            filter.order.map_or(filter.period.first() <= day && day <= filter.period.last(), |order| order.id() == *id);
        in_time
            && filter.scope.group().is_none_or(|of| of == *group)
            && filter.holds.is_none_or(|asked| asked.finds(*state))
            && filter.operator.is_none_or(|asked| asked.0 == *operator)
            && filter.least.is_none_or(|least| *fen >= least)
            && filter.most.is_none_or(|most| *fen <= most)
    };
    let mut found: Vec<Known> = all.iter().copied().filter(finds).collect();
    found.sort_unstable_by_key(|(group, id, ..)| std::cmp::Reverse((*id, *group)));
    found
}

fn told(line: &DepositLine) -> Known {
    let deposit = &line.deposit;
    let fen = deposit.paid.as_ref().map_or(deposit.amount, |paid| paid.amount);
    (deposit.group, deposit.order.id(), deposit.operator.0, deposit.state, fen)
}

/// Walks all pages, from the newest on or from the oldest on.
async fn walk(house: &House, filter: &Filter<Deposits>, down: bool) -> Vec<Known> {
    let mut found = Vec::new();
    let mut seek = if down { Seek::First } else { Seek::Last };
    loop {
        let page = records::page(house, filter, seek, 7).await.expect("a page");
        found.extend(page.lines.iter().map(told));
        let (more, edge) = if down { (page.older, page.lines.last()) } else { (page.newer, page.lines.first()) };
        let Some(edge) = edge.filter(|_| more) else { break };
        let edge: Cursor<Deposits> = Cursor::new(edge.deposit.order, edge.deposit.group);
        assert_eq!(edge.to_string().parse(), Ok(edge));
        seek = if down { Seek::Older(edge) } else { Seek::Newer(edge) };
    }
    // The last step upwards shows a whole page from the top, so it may repeat rows of the one before.
    found.sort_unstable_by_key(|(group, id, ..)| std::cmp::Reverse((*id, *group)));
    found.dedup();
    found
}

#[tokio::test]
async fn every_filter_finds_and_sums_up_what_a_plain_look_would() {
    on_both(|db| async move {
        let counter = Counter::open(db.clone()).await;
        let (house, mut dice) = (counter.house().await, StdRng::seed_from_u64(5));
        let mut tx = db.begin().await.expect("a unit of work");
        for group in [7, 8] {
            topup::groups::add(&mut tx, GroupId(group), "某公司", house.now()).await.expect("a group");
        }
        tx.commit().await.expect("a commit");
        let today = Day::of(house.now());
        let all = fill(&db, &mut dice, today).await;
        let mut found = 0;
        for _ in 0..100 {
            let filter = any_filter(&mut dice, today, &all);
            let expected = expected(&all, &filter);
            found += expected.len();
            assert_eq!(walk(&house, &filter, true).await, expected, "{filter:?}");
            assert_eq!(walk(&house, &filter, false).await, expected, "upwards: {filter:?}");
            let totals: DepositTotals = records::totals(&house, &filter).await.expect("totals");
            for state in State::ALL {
                let of_state = expected.iter().filter(|known| known.3 == state);
                let sum = of_state.fold(Sum::default(), |sum, known| Sum {
                    count: sum.count + 1,
                    sum: sum.sum.checked_add(known.4).expect("small"),
                });
                assert_eq!(totals.of(state), sum, "{state:?}: {filter:?}");
            }
        }
        assert!(found > 500, "the filters find something: {found}");
    })
    .await;
}

#[tokio::test]
async fn totals_follow_every_step_and_the_books_find_what_does_not() {
    on_both(|db| async move {
        let counter = Counter::open(db.clone()).await;
        let (approved, rejected) = (counter.paid(100).await, counter.paid(200).await);
        counter.confirm(300).await;
        counter.propose(&counter.li, approved, true).await.expect("approved");
        counter.propose(&counter.li, rejected, false).await.expect("rejected");
        counter.refund_ends(rejected).await;
        counter.paid(400).await;
        let totals = counter.totals().await;
        let sum = |state| (totals.of(state).count, totals.of(state).sum);
        assert_eq!(
            [sum(State::Approved), sum(State::Refunded), (totals.all().count, totals.all().sum)],
            [(1, yuan(100)), (1, yuan(200)), (4, yuan(1_000))]
        );
        counter.books().await;
        for change in [
            "UPDATE deposit_totals SET deposits = deposits + 1 WHERE grain = 'operator'",
            "UPDATE deposit_totals SET sum_fen = sum_fen + 1 WHERE grain = 'day'",
            "UPDATE deposit_totals SET sum_fen = sum_fen + 1 WHERE grain = 'month'",
            "UPDATE deposit_totals SET first_day = first_day + 10000 WHERE grain = 'operator'",
            "DELETE FROM deposit_totals WHERE grain = 'day'",
            "DELETE FROM deposit_totals WHERE grain = 'month'",
            "DELETE FROM deposit_totals",
        ] {
            let mut tx = db.begin().await.expect("a unit of work");
            assert!(tx.query(change).execute().await.expect("changed") > 0, "{change}");
            let books = topup::books::prove_books(&mut tx).await.expect("a look");
            assert!(!books.hold() && books.ledger.holds(), "{change} is not found");
            assert!(books.to_string().contains("are not those of its deposits"), "{books}");
        }
        // A database from before there were totals gets them.
        let mut tx = db.begin().await.expect("a unit of work");
        tx.query("DELETE FROM deposit_totals").execute().await.expect("gone");
        tx.query(backfill()).execute().await.expect("summed up");
        tx.commit().await.expect("a commit");
        counter.books().await;
        assert_eq!(counter.totals().await, totals);
    })
    .await;
}

#[tokio::test]
async fn what_is_typed_is_read_and_what_is_wrong_is_told() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (house, own) = (counter.house().await, Scope::of(counter.group));
        let order = counter.confirm(100).await;
        let typed = Typed {
            state: "came".into(),
            operator: "0010".into(),
            order: order.to_string(),
            // Of loads alone: nobody looks at them here.
            card: "12".into(),
            terminal: "50".into(),
            ..Typed::default()
        };
        let filter = typed.read::<Deposits>(&house, own).await.expect("a look").expect("all is well");
        assert_eq!((filter.holds, filter.order, filter.scope), (Some(Stands::Came), Some(order), own));
        assert_eq!((filter.operator, filter.card, filter.terminal), (Some(counter.operator.id), None, None));
        let wrong = Typed {
            state: "succeeded".into(),
            order: "L261122143208-1X142NW".into(),
            operator: "nobody".into(),
            ..Typed::default()
        };
        let wrong = wrong.read::<Deposits>(&house, own).await.expect("a look");
        let expected =
            [(Field::Operator, Wrong::NoOperator), (Field::State, Wrong::NotAWord), (Field::Order, Wrong::NotAnOrder)];
        assert_eq!(wrong, Err(expected.to_vec()));
    })
    .await;
}
