//! Records against a plain model of them: what a filter finds, page by page, and what it comes to.

mod charts;
mod receipts;

use ledger::{Fen, GroupId};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use store::testing::on_both;
use topup::loads::book::{Correction, Disproof, Doubt, NewLoad, Release, Settled, correct};
use topup::loads::{Load, Totals as Sum};
use topup::people::{NewOperator, Role};
use topup::records::{Cursor, Day, Field, Filter, Holds, Line, Loads, Page, Period, Scope, Seek, Totals, Typed, Wrong};
use topup::records::{page, people, totals};
use topup::{House, Ids, groups};

use crate::world::{World, patient};

const OTHER: GroupId = GroupId(8);
const DAYS: i64 = 100;
const LOADS: usize = 150;

/// What a load comes to.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Open,
    Doubtful,
    Written,
    NotWritten,
    Released,
    Refused,
    WrittenAfterAll,
    NotWrittenAfterAll,
}

const FATES: [Fate; 8] = [
    Fate::Open,
    Fate::Doubtful,
    Fate::Written,
    Fate::NotWritten,
    Fate::Released,
    Fate::Refused,
    Fate::WrittenAfterAll,
    Fate::NotWrittenAfterAll,
];

/// A business with another group beside it, and loads of both over some months.
struct Archive {
    world: World,
    house: House,
    dice: StdRng,
    today: Day,
    /// Every load with its group's number, as it must be found.
    loads: Vec<(GroupId, i64, NewLoad, Holds)>,
}

impl Archive {
    async fn open(db: store::Db) -> Self {
        let world = World::open(db.clone(), patient(), 5, Fen::new(100_000_000)).await;
        let house = world.house().await;
        let mut tx = db.begin().await.expect("a unit of work");
        groups::add(&mut tx, OTHER, "另一家公司", house.now()).await.expect("a group");
        let opening = ledger::Movement {
            group: OTHER,
            from: ledger::Kind::Bank,
            to: ledger::Kind::Quota,
            amount: Fen::new(100_000_000),
            reason: "opening quota",
            subject: 0,
            at: house.now(),
        };
        ledger::post(&mut tx, &[opening]).await.expect("a posting")[0].expect("accepted");
        for (group, login) in [(world.group, "0013"), (OTHER, "0099")] {
            let new = NewOperator { group, login, name: "李", role: Role::Clerk, password: "correct horse" };
            people_add(&house, &mut tx, &new).await;
        }
        tx.commit().await.expect("a commit");
        let today = Day::of(house.now());
        let mut archive = Self { world, house, dice: StdRng::seed_from_u64(11), today, loads: Vec::new() };
        for number in 0..LOADS {
            archive.load(number).await;
        }
        archive.world.books().await;
        archive
    }

    async fn operators(&self, group: GroupId) -> Vec<i64> {
        let mut tx = self.house.db.read().await.expect("a look");
        let rows: Vec<(i64,)> =
            tx.query("SELECT id FROM operators WHERE group_id = $1 ORDER BY id").bind(group).all().await.expect("rows");
        rows.into_iter().map(|(id,)| id).collect()
    }

    async fn load(&mut self, number: usize) {
        let group = if self.dice.random_range(0..3) == 0 { OTHER } else { self.world.group };
        let operators = self.operators(group).await;
        // Some fall on the first or the last moment of a day.
        let day = self.today.plus(-self.dice.random_range(0..DAYS));
        let within = [0, 86_399_999_999, self.dice.random_range(0..86_400_000_000)][self.dice.random_range(0..3)];
        let id = Ids::first_of(topup::Micros(day.begins().0 + within)) + i64::try_from(number).expect("small");
        let fate = FATES[self.dice.random_range(0..FATES.len())];
        let load = NewLoad {
            group,
            id,
            intent: format!("intent {number}"),
            operator: operators[self.dice.random_range(0..operators.len())],
            terminal: ["000001000050", "000001000051"][self.dice.random_range(0..2)].into(),
            reader: String::new(),
            // Open loads need a card of their own; the others share a few.
            card_number: match fate {
                Fate::Open | Fate::Doubtful => format!("41000000{number:08}"),
                _ => format!("410000009900{:04}", self.dice.random_range(0..5)),
            },
            card_class: "01".into(),
            amount: Fen::new(1_000 * self.dice.random_range(1..6)),
            balance_before: Some(Fen::new(1_260)),
            evidence: None,
            at: topup::Micros(id >> 12),
        };
        let holds = self.bring_about(&load, fate).await;
        self.loads.push((group, id, load, holds));
    }

    async fn bring_about(&self, load: &NewLoad, fate: Fate) -> Holds {
        let (book, group, id, at) = (&self.house.book, load.group, load.id, self.house.now());
        let settled = || Settled { group, id, tac: "92A3B4C5".into(), balance_after: Fen::new(6_260), at };
        let disproof = || Disproof { group, id, reason: "not_written", answers: "{}".into(), at };
        if fate == Fate::Refused {
            book.refused(load.clone(), "quota_short").await.expect("refused");
            return Holds::Failed;
        }
        book.authorise(load.clone()).await.expect("held");
        if fate == Fate::Open {
            return Holds::Unknown;
        }
        if fate == Fate::Written {
            book.settle(settled()).await.expect("settled");
            return Holds::Succeeded;
        }
        if fate == Fate::Released {
            book.release(Release { group, id, reason: "terminal_gone", at }).await.expect("released");
            return Holds::Failed;
        }
        book.doubt(Doubt { group, id, reason: "removed_while_writing", answers: None, at }).await.expect("in doubt");
        if fate == Fate::Doubtful {
            return Holds::Unknown;
        }
        // What two people decided, a proof may contradict.
        let mut tx = self.house.db.begin().await.expect("a unit of work");
        if fate == Fate::NotWrittenAfterAll {
            let decision = topup::loads::book::Decision { group, id, written: true, at };
            topup::loads::book::decide(&mut tx, &decision).await.expect("decided");
            tx.query(
                "INSERT INTO reviews (group_id, load_id, number, written, proposed_by, reason, proposed_at_us) \
                 VALUES ($1, $2, 1, 1, 1, 'why', 0)",
            )
            .bind(group)
            .bind(id)
            .execute()
            .await
            .expect("proposed");
            tx.query(
                "INSERT INTO review_answers (group_id, load_id, number, written, proposed_by, confirmed, \
                 card_number, answered_by, reason, answered_at_us) VALUES ($1, $2, 1, 1, 1, 1, '', 2, 'why', 0)",
            )
            .bind(group)
            .bind(id)
            .execute()
            .await
            .expect("confirmed");
        } else {
            drop(tx);
            book.disprove(disproof()).await.expect("disproven");
            tx = self.house.db.begin().await.expect("a unit of work");
        }
        let written = match fate {
            Fate::WrittenAfterAll => true,
            Fate::NotWrittenAfterAll => false,
            _ => return Holds::Failed,
        };
        correct(&mut tx, &Correction { group, id, written, evidence: "{}".into(), at }).await.expect("corrected");
        tx.commit().await.expect("a commit");
        if written { Holds::Succeeded } else { Holds::Failed }
    }

    /// A filter at random.
    fn filter(&mut self, operators: &[i64]) -> Filter {
        let one_in = |dice: &mut StdRng, n: u32| dice.random_range(0..n) == 0;
        let dice = &mut self.dice;
        let first = self.today.plus(-dice.random_range(0..DAYS));
        let last = first.plus(dice.random_range(0..DAYS));
        let card = if one_in(dice, 4) {
            Some(if one_in(dice, 2) { "4100000099000001".to_owned() } else { "0003".to_owned() })
        } else {
            None
        };
        Filter {
            scope: [Scope::ALL, Scope::of(self.world.group), Scope::of(OTHER)][dice.random_range(0..3)],
            period: Period::new(first, last).expect("in order"),
            holds: if one_in(dice, 3) { Some(Holds::ALL[dice.random_range(0..3)]) } else { None },
            card,
            operator: one_in(dice, 4)
                .then(|| topup::people::OperatorId(operators[dice.random_range(0..operators.len())])),
            terminal: one_in(dice, 4).then(|| "000001000051".to_owned()),
            least: one_in(dice, 6).then(|| Fen::new(2_000)),
            most: one_in(dice, 6).then(|| Fen::new(4_000)),
            order: one_in(dice, 20).then(|| {
                let (_, id, ..) = self.loads[dice.random_range(0..LOADS)];
                topup::loads::OrderNumber::new(id)
            }),
        }
    }

    /// What a filter must find, newest first: group and id, with what holds.
    fn expected(&self, filter: &Filter) -> Vec<(i64, i64, Holds, Fen)> {
        let finds = |(group, id, load, holds): &(GroupId, i64, NewLoad, Holds)| {
            let day = Day::of_id(*id);
            let in_time = match filter.order {
                Some(order) => order.id() == *id,
                None => filter.period.first() <= day && day <= filter.period.last(),
            };
            in_time
                && filter.scope.group().is_none_or(|of| of == *group)
                && filter.holds.is_none_or(|asked| asked == *holds)
                && filter.card.as_ref().is_none_or(|digits| load.card_number.ends_with(digits))
                && filter.operator.is_none_or(|operator| operator.0 == load.operator)
                && filter.terminal.as_ref().is_none_or(|terminal| *terminal == load.terminal)
                && filter.least.is_none_or(|least| load.amount >= least)
                && filter.most.is_none_or(|most| load.amount <= most)
        };
        let mut found: Vec<_> = self
            .loads
            .iter()
            .filter(|load| finds(load))
            .map(|(group, id, load, holds)| (*id, group.0, *holds, load.amount))
            .collect();
        found.sort_unstable_by_key(|(id, group, ..)| std::cmp::Reverse((*id, *group)));
        found
    }
}

async fn people_add(house: &House, tx: &mut store::Tx, new: &NewOperator<'_>) {
    topup::people::add(tx, &house.ids, &*house.entropy, new, house.now()).await.expect("an operator");
}

fn told(lines: &[Line]) -> Vec<(i64, i64, Holds, Fen)> {
    let told = |load: &Load| (load.order.id(), load.group.0, Holds::from(load.holds()), load.amount);
    lines.iter().map(|line| told(&line.load)).collect()
}

/// Walks all pages, from the newest on or from the oldest on.
async fn walk(house: &House, filter: &Filter, down: bool) -> Vec<(i64, i64, Holds, Fen)> {
    let look = async |seek| page(house, filter, seek, 7).await.expect("a page");
    let mut pages: Vec<Page> = vec![look(if down { Seek::First } else { Seek::Last }).await];
    loop {
        let page = pages.last().expect("there is one");
        let (more, edge) = if down { (page.older, page.lines.last()) } else { (page.newer, page.lines.first()) };
        let Some(edge) = edge.filter(|_| more) else { break };
        let edge = Cursor::at(&edge.load);
        assert_eq!(edge.to_string().parse(), Ok(edge));
        pages.push(look(if down { Seek::Older(edge) } else { Seek::Newer(edge) }).await);
    }
    if !down {
        // The last step upwards shows a whole page from the top, so it may repeat rows of the one before.
        pages.reverse();
    }
    let mut told: Vec<_> = pages.iter().flat_map(|page| told(&page.lines)).collect();
    told.dedup();
    told.sort_unstable_by_key(|(id, group, ..)| std::cmp::Reverse((*id, *group)));
    told.dedup();
    told
}

#[tokio::test]
async fn every_filter_finds_and_sums_up_what_a_plain_look_would() {
    on_both(|db| async move {
        let mut archive = Archive::open(db).await;
        let mut operators = archive.operators(archive.world.group).await;
        operators.extend(archive.operators(OTHER).await);
        let mut found = 0;
        for _ in 0..120 {
            let filter = archive.filter(&operators);
            let expected = archive.expected(&filter);
            found += expected.len();
            assert_eq!(walk(&archive.house, &filter, true).await, expected, "{filter:?}");
            assert_eq!(walk(&archive.house, &filter, false).await, expected, "upwards: {filter:?}");
            let mut sums = Totals::default();
            for (_, _, holds, amount) in expected {
                let sum: &mut Sum = match holds {
                    Holds::Succeeded => &mut sums.succeeded,
                    Holds::Failed => &mut sums.failed,
                    Holds::Unknown => &mut sums.unknown,
                };
                sum.count += 1;
                sum.sum = sum.sum.checked_add(amount).expect("small");
            }
            assert_eq!(totals(&archive.house, &filter).await.expect("totals"), sums, "{filter:?}");
        }
        assert!(found > 1_000, "the filters find something: {found}");
    })
    .await;
}

#[tokio::test]
async fn the_books_find_totals_that_are_not_those_of_the_loads() {
    on_both(|db| async move {
        let archive = Archive::open(db.clone()).await;
        for change in [
            "UPDATE load_totals SET loads = loads + 1 WHERE grain = 'place'",
            "UPDATE load_totals SET sum_fen = sum_fen + 1 WHERE grain = 'day'",
            "UPDATE load_totals SET sum_fen = sum_fen + 1 WHERE grain = 'month'",
            "UPDATE load_totals SET first_day = first_day + 10000 WHERE grain = 'place'",
            "DELETE FROM load_totals WHERE grain = 'day'",
            "DELETE FROM load_totals WHERE grain = 'month'",
            "DELETE FROM load_totals",
            "UPDATE all_totals SET loads = loads + 1 WHERE grain = 'day'",
            "UPDATE all_totals SET sum_fen = sum_fen + 1 WHERE grain = 'month'",
            "DELETE FROM all_totals WHERE grain = 'day'",
            "DELETE FROM all_totals WHERE grain = 'month'",
        ] {
            let mut tx = db.begin().await.expect("a unit of work");
            assert!(tx.query(change).execute().await.expect("changed") > 0, "{change}");
            let books = topup::books::prove_books(&mut tx).await.expect("a look");
            assert!(!books.hold() && books.ledger.holds(), "{change} is not found");
            assert!(books.to_string().contains("the totals kept for"), "{books}");
        }
        // A database from before there were totals gets them.
        let mut tx = db.begin().await.expect("a unit of work");
        for (gone, migration, begins) in [
            ("DELETE FROM load_totals", include_str!("../../../store/migrations/0022_records.sql"), "\nWITH "),
            ("DELETE FROM all_totals", include_str!("../../../store/migrations/0039_all_totals.sql"), "\nINSERT "),
        ] {
            let (_, rest) = migration.split_once(begins).expect("it sums up what is there");
            let (sums, _) = rest.split_once(';').expect("it ends");
            let sums = &migration[migration.len() - rest.len() - begins.len()..][..sums.len() + begins.len()];
            tx.query(gone).execute().await.expect("gone");
            tx.query(sums).execute().await.expect("summed up");
        }
        tx.commit().await.expect("a commit");
        archive.world.books().await;
    })
    .await;
}

/// A business of one operator, and another group with one.
async fn two_groups(db: store::Db) -> (World, House) {
    let world = World::open(db.clone(), patient(), 6, Fen::ZERO).await;
    let house = world.house().await;
    let mut tx = db.begin().await.expect("a unit of work");
    groups::add(&mut tx, OTHER, "另一家公司", house.now()).await.expect("a group");
    let new = NewOperator { group: OTHER, login: "0099", name: "李", role: Role::Clerk, password: "correct horse" };
    people_add(&house, &mut tx, &new).await;
    tx.commit().await.expect("a commit");
    (world, house)
}

#[tokio::test]
async fn what_is_typed_is_read() {
    on_both(|db| async move {
        let (world, house) = two_groups(db).await;
        let own = Scope::of(world.group);
        let today = Day::of(house.now());
        let read = async |typed: &Typed, scope| typed.read::<Loads>(&house, scope).await.expect("a look");

        let week = read(&Typed::default(), own).await.expect("nothing is wrong with nothing");
        assert_eq!((week.period, week.scope), (Period::new(today.plus(-6), today).expect("a week"), own));
        let typed = Typed {
            range: "today".into(),
            from: "2026/1/5".into(),
            to: "20260207".into(),
            state: "failed".into(),
            card: " 4100 0000 9900 0001 ".into(),
            operator: "0012".into(),
            terminal: "000001 000050".into(),
            least: "¥1,000".into(),
            most: "1000.00".into(),
            order: "l261122143208 1x142nw".into(),
            // An operator cannot leave their group, whatever the address says.
            group: OTHER.0.to_string(),
        };
        let filter = read(&typed, own).await.expect("all is well");
        assert_eq!((filter.scope, filter.holds), (own, Some(Holds::Failed)));
        assert_eq!(
            (filter.period.first().to_string(), filter.period.last().to_string()),
            ("2026-01-05".into(), "2026-02-07".into())
        );
        assert_eq!(filter.card.as_deref(), Some("4100000099000001"));
        assert_eq!((filter.operator, filter.terminal.as_deref()), (Some(world.operator.id), Some("000001000050")));
        assert_eq!((filter.least, filter.most), (Some(Fen::new(100_000)), Some(Fen::new(100_000))));
        assert_eq!(filter.order.map(|order| order.to_string()).as_deref(), Some("L261122143208-1X142NW"));
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_told_field_by_field() {
    on_both(|db| async move {
        let (world, house) = two_groups(db).await;
        let own = Scope::of(world.group);
        let read = async |typed: &Typed, scope| typed.read::<Loads>(&house, scope).await.expect("a look");
        let wrong = Typed {
            range: "decade".into(),
            state: "authorised".into(),
            card: "12a4".into(),
            operator: "0099".into(),
            terminal: "50".into(),
            least: "ten".into(),
            most: "-1".into(),
            order: "7".into(),
            group: "99".into(),
            ..Typed::default()
        };
        let mut expected = vec![
            (Field::Range, Wrong::NotAWord),
            (Field::Operator, Wrong::NoOperator),
            (Field::Least, Wrong::NotAnAmount),
            (Field::Most, Wrong::NotAnAmount),
            (Field::State, Wrong::NotAWord),
            (Field::Card, Wrong::NotACard),
            (Field::Terminal, Wrong::NotATerminal),
            (Field::Order, Wrong::NotAnOrder),
        ];
        assert_eq!(read(&wrong, own).await, Err(expected.clone()));
        // Staff look at all groups, so the operator is known and the group is looked at.
        expected[1] = (Field::Group, Wrong::NoGroup);
        let staffs = Typed { operator: String::new(), ..wrong };
        assert_eq!(read(&staffs, Scope::ALL).await, Err(expected));
        assert!(read(&Typed { operator: "0099".into(), ..Typed::default() }, Scope::ALL).await.is_ok());
        for (from, to, wrong) in [
            ("x", "", (Field::From, Wrong::NotADay)),
            ("2026-02-02", "2026-02-30", (Field::To, Wrong::NotADay)),
            ("2026-02-02", "2026-02-01", (Field::To, Wrong::EndsBeforeItBegins)),
        ] {
            let typed = Typed { from: from.into(), to: to.into(), ..Typed::default() };
            assert_eq!(read(&typed, own).await, Err(vec![wrong]), "{from} to {to}");
        }
        let twisted = Typed { least: "20".into(), most: "10".into(), ..Typed::default() };
        assert_eq!(read(&twisted, own).await, Err(vec![(Field::Most, Wrong::MostBelowLeast)]));

        let offered = people(&house, own).await.expect("a look");
        assert_eq!((offered.groups.len(), offered.operators.len()), (1, 1));
        assert_eq!(people(&house, Scope::ALL).await.expect("a look").groups.len(), 2);
    })
    .await;
}
