//! Statements of a group's quota against a plain look through its journal.

use std::collections::BTreeMap;

use ledger::{Fen, GroupId, Kind, Movement};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use store::testing::on_both;
use topup::records::{Day, Entry, Grain, Item, Period, Scope, Statement, Typed};
use topup::records::{Range, entries, statement, statement_day};
use topup::{House, Micros, groups};

use crate::world::{World, patient};

const GROUP: GroupId = GroupId(9);
const OTHER: GroupId = GroupId(10);
const DAYS: i64 = 100;
const STEPS: usize = 400;
const DAY_US: i64 = 86_400_000_000;

/// The ways of money, all that there are; most of it is charged to cards.
const WAYS: [(Kind, Kind); 15] = [
    (Kind::Quota, Kind::Bank),
    (Kind::Bank, Kind::Quota),
    (Kind::Bank, Kind::DepositsInReview),
    (Kind::DepositsInReview, Kind::Quota),
    (Kind::DepositsInReview, Kind::RefundsDue),
    (Kind::RefundsDue, Kind::Quota),
    (Kind::RefundsDue, Kind::Bank),
    (Kind::Quota, Kind::Held),
    (Kind::Quota, Kind::Held),
    (Kind::Quota, Kind::Held),
    (Kind::Held, Kind::OnCards),
    (Kind::Held, Kind::OnCards),
    (Kind::Held, Kind::Quota),
    (Kind::OnCards, Kind::Quota),
    (Kind::Quota, Kind::OnCards),
];

/// A movement as the journal has it: number, accounts, amount, when.
type Known = (i64, Kind, Kind, i64, Micros);

/// Books money of two groups over some months, some of it in the moments about midnight, and not quite in order.
async fn book(house: &House, dice: &mut StdRng, today: Day) -> Vec<Known> {
    let begin = today.plus(-DAYS).begins().0;
    let mut times: Vec<i64> = (0..STEPS)
        .map(|_| {
            let day = dice.random_range(0..DAYS) * DAY_US;
            let within = [0, DAY_US - 1, dice.random_range(0..DAY_US)][dice.random_range(0..3)];
            begin + day + within
        })
        .collect();
    times.sort_unstable();
    let mut known = Vec::new();
    for at in times {
        // A moment passes between the decision and the commit.
        let at = Micros(at + dice.random_range(-3_000_000..3_000_000));
        let mut tx = house.db.begin().await.expect("a unit of work");
        let group = if dice.random_range(0..4) == 0 { OTHER } else { GROUP };
        let set: Vec<Movement> = (0..dice.random_range(1..4))
            .map(|_| {
                let (from, to) = WAYS[dice.random_range(0..WAYS.len())];
                let amount = Fen::new(dice.random_range(1..10_000));
                Movement { group, from, to, amount, reason: "a test", subject: dice.random_range(1..9), at }
            })
            .collect();
        let posted = ledger::post(&mut tx, &set).await.expect("a posting");
        for (movement, posted) in set.iter().zip(posted) {
            // What an account does not hold is refused.
            let Ok(posted) = posted else { continue };
            if group == GROUP {
                known.push((posted.id, movement.from, movement.to, movement.amount.as_i64(), at));
            }
        }
        tx.commit().await.expect("a commit");
    }
    known
}

/// How a movement changes the quota, if it does.
fn change((_, from, to, amount, _): &Known) -> Option<i64> {
    let is = |kind: &Kind| matches!(kind, Kind::Quota | Kind::Held);
    match (is(from), is(to)) {
        (false, true) => Some(*amount),
        (true, false) => Some(-amount),
        _ => None,
    }
}

fn item((_, from, to, ..): &Known) -> Item {
    match (from, to) {
        (Kind::DepositsInReview | Kind::RefundsDue, _) => Item::Deposits,
        (Kind::Quota, Kind::Bank) => Item::TakenBack,
        (Kind::Held, Kind::OnCards) => Item::Loads,
        (Kind::OnCards, _) => Item::GivenBack,
        (Kind::Quota, Kind::OnCards) => Item::ChargedAfter,
        _ => Item::Other,
    }
}

/// What a statement must say, by a plain look.
fn check(known: &[Known], said: &Statement, about: &str) {
    let of = |from: Day, to: Day| known.iter().filter(move |known| from <= Day::of(known.4) && Day::of(known.4) <= to);
    let sum = |from: Day, to: Day| of(from, to).filter_map(change).sum::<i64>();
    let first = said.period.first();
    let mut running = sum(Day::EARLIEST, first.plus(-1));
    assert_eq!(said.opening.as_i64(), running, "{about}");
    let mut items = BTreeMap::<&str, (i64, i64)>::new();
    let mut days = 0;
    for line in &said.lines {
        assert_eq!(line.opening.as_i64(), running, "{about}: a line opens as the one before closes");
        for one in Item::ALL {
            let those: Vec<i64> = of(line.period.first(), line.period.last())
                .filter(|known| item(known) == one)
                .filter_map(change)
                .collect();
            let told = line.item(one);
            assert_eq!(told.count, i64::try_from(those.len()).expect("few"), "{about} {one:?}");
            assert_eq!(told.sum.as_i64(), those.iter().sum::<i64>(), "{about} {one:?}");
            let all = items.entry(one.as_str()).or_default();
            *all = (all.0 + told.count, all.1 + told.sum.as_i64());
            running += told.sum.as_i64();
            days += told.count;
        }
        assert_eq!(line.closing.as_i64(), running, "{about}: opening and movements are the closing");
    }
    assert_eq!(said.total.closing.as_i64(), running, "{about}");
    for one in Item::ALL {
        let told = said.total.item(one);
        assert_eq!((told.count, told.sum.as_i64()), items.get(one.as_str()).copied().unwrap_or_default(), "{about}");
    }
    let all = of(first, said.period.last()).filter_map(change).count();
    assert_eq!(usize::try_from(days), Ok(all), "{about}: nothing is left out");
}

/// All entries of a day, page by page.
async fn walk(house: &House, day: Day, item: Option<Item>) -> Vec<Entry> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = entries(house, GROUP, day, item, after, 3).await.expect("a page");
        all.extend(page.entries);
        match page.next {
            Some(next) => after = next,
            None => return all,
        }
    }
}

#[tokio::test]
async fn a_statement_is_the_journal_line_by_line_and_entry_by_entry() {
    on_both(|db| async move {
        let world = World::open(db.clone(), patient(), 5, Fen::ZERO).await;
        let (house, mut dice) = (world.house().await, StdRng::seed_from_u64(9));
        let mut tx = db.begin().await.expect("a unit of work");
        for (group, name) in [(GROUP, "某公司"), (OTHER, "另一家公司")] {
            groups::add(&mut tx, group, name, house.now()).await.expect("a group");
        }
        tx.commit().await.expect("a commit");
        let today = Day::of(house.now());
        let known = book(&house, &mut dice, today).await;
        assert!(known.len() > 200, "money moves: {}", known.len());
        for n in 0..60 {
            let first = today.plus(-dice.random_range(0..DAYS + 10));
            let last = first.plus(dice.random_range(0..DAYS));
            let period = Period::new(first, last).expect("in order");
            let grain = Grain::ALL[n % 2];
            let said = statement(&house, GROUP, period, grain).await.expect("a statement");
            check(&known, &said, &format!("{period:?} {grain:?}"));
            if last >= today {
                let now = said.now.available.checked_add(said.now.held);
                assert_eq!(Some(said.total.closing), now, "what it closes with is there now");
            }
        }
        for back in (0..DAYS).step_by(9) {
            let day = today.plus(-back);
            let line = statement_day(&house, GROUP, day).await.expect("a line");
            for asked in [None].into_iter().chain(Item::ALL.map(Some)) {
                let found = walk(&house, day, asked).await;
                let expected = known.iter().filter(|known| {
                    Day::of(known.4) == day && change(known).is_some() && asked.is_none_or(|asked| item(known) == asked)
                });
                let expected: Vec<_> = expected.map(|known| (known.0, change(known).unwrap_or_default())).collect();
                let told: Vec<_> = found.iter().map(|entry| (entry.number, entry.amount.as_i64())).collect();
                assert_eq!(told, expected, "{day} {asked:?}");
                if let Some(asked) = asked {
                    assert_eq!(line.item(asked).sum.as_i64(), told.iter().map(|(_, fen)| fen).sum::<i64>());
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_books_find_days_that_are_not_those_of_the_journal() {
    on_both(|db| async move {
        let world = World::open(db.clone(), patient(), 5, Fen::new(1_000)).await;
        let (house, mut dice) = (world.house().await, StdRng::seed_from_u64(3));
        let mut tx = db.begin().await.expect("a unit of work");
        for group in [GROUP, OTHER] {
            groups::add(&mut tx, group, "某公司", house.now()).await.expect("a group");
        }
        tx.commit().await.expect("a commit");
        book(&house, &mut dice, Day::of(house.now())).await;
        let holds = async |tx: &mut store::Tx| ledger::prove(tx).await.expect("a look");
        assert!(holds(&mut db.read().await.expect("a look")).await.holds());
        for change in [
            "UPDATE quota_days SET movements = movements + 1",
            "UPDATE quota_days SET sum_fen = sum_fen + 1",
            "UPDATE quota_days SET day = day + 1000",
            "DELETE FROM quota_days",
        ] {
            let mut tx = db.begin().await.expect("a unit of work");
            assert!(tx.query(change).execute().await.expect("changed") > 0, "{change}");
            let proof = holds(&mut tx).await;
            assert!(proof.faults.iter().any(|fault| fault.to_string().contains("is kept of its quota")), "{change}");
        }
        // A database from before there were days gets them.
        let migration = include_str!("../../../store/migrations/0037_quota_days.sql");
        let from = migration.find("INSERT INTO quota_days").expect("it sums up what is there");
        let to = from + migration[from..].find(';').expect("it ends");
        let mut tx = db.begin().await.expect("a unit of work");
        tx.query("DELETE FROM quota_days").execute().await.expect("gone");
        tx.query(&migration[from..to]).execute().await.expect("summed up");
        tx.commit().await.expect("a commit");
        assert!(holds(&mut db.read().await.expect("a look")).await.holds());
    })
    .await;
}

#[tokio::test]
async fn whose_and_when_is_read_or_told_what_is_wrong() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 5, Fen::ZERO).await;
        let house = world.house().await;
        let read =
            async |typed: &Typed, scope| typed.read_period(&house, scope, Range::ThisMonth).await.expect("a look");
        let own = Scope::of(world.group);
        let elsewhere = Typed { group: "99".into(), ..Typed::default() };
        let today = Day::of(house.now());
        assert_eq!(read(&elsewhere, own).await, Ok((own, Range::ThisMonth.period(today))), "an operator stays at home");
        assert!(read(&elsewhere, Scope::ALL).await.is_err());
        let backwards = Typed { from: "2026-02-02".into(), to: "2026-02-01".into(), ..Typed::default() };
        assert!(read(&backwards, own).await.is_err());
    })
    .await;
}
