//! Charts against the same plain model: every point and every share is what a look at each load would find.

use std::collections::BTreeMap;

use ledger::{Kind, Movement};
use topup::records::{By, Charts, Step, charts};

use super::*;

fn sums(loads: impl Iterator<Item = (Holds, Fen)>) -> Totals {
    let mut totals = Totals::default();
    for (holds, amount) in loads {
        let sum = match holds {
            Holds::Succeeded => &mut totals.succeeded,
            Holds::Failed => &mut totals.failed,
            Holds::Unknown => &mut totals.unknown,
        };
        sum.count += 1;
        sum.sum = sum.sum.checked_add(amount).expect("small");
    }
    totals
}

impl Archive {
    /// What the loads of a filter come to, by what a filter calls their operator, terminal or group.
    fn split(&self, filter: &Filter, logins: &BTreeMap<i64, String>, by: By) -> BTreeMap<String, Totals> {
        let found = self.expected(filter);
        let mut shares: BTreeMap<String, Vec<(Holds, Fen)>> = BTreeMap::new();
        for (group, id, load, holds) in &self.loads {
            if found.contains(&(*id, group.0, *holds, load.amount)) {
                let key = match by {
                    By::Group => group.0.to_string(),
                    By::Operator => logins[&load.operator].clone(),
                    By::Terminal => load.terminal.clone(),
                };
                shares.entry(key).or_default().push((*holds, load.amount));
            }
        }
        shares.into_iter().map(|(key, loads)| (key, sums(loads.into_iter()))).collect()
    }

    fn check(&self, filter: &Filter, logins: &BTreeMap<i64, String>, charts: &Charts) {
        let expected = self.expected(filter);
        assert_eq!(charts.points.first().map(|point| point.period.first()), Some(filter.period.first()));
        let last = filter.period.last().min(self.today);
        assert_eq!(charts.points.last().map(|point| point.period.last()), Some(last), "no point is of the future");
        for two in charts.points.windows(2) {
            assert_eq!(two[0].period.last().plus(1), two[1].period.first(), "no day is left out");
        }
        for point in &charts.points {
            let of_it = expected
                .iter()
                .filter(|(id, ..)| (point.period.first()..=point.period.last()).contains(&Day::of_id(*id)));
            let sums = sums(of_it.map(|(_, _, holds, amount)| (*holds, *amount)));
            assert_eq!(point.totals, sums, "{:?} of {filter:?}", point.period);
        }
        for (by, shares) in &charts.shares {
            let found: BTreeMap<_, _> = shares.iter().map(|share| (share.key.clone(), share.totals)).collect();
            assert_eq!(found, self.split(filter, logins, *by), "{by:?} of {filter:?}");
            let sums: Vec<Fen> = shares.iter().map(|share| share.totals.succeeded.sum).collect();
            assert!(sums.is_sorted_by(|a, b| a >= b), "the largest first: {sums:?}");
        }
    }
}

#[tokio::test]
async fn charts_are_what_a_plain_look_would_find() {
    on_both(|db| async move {
        let mut archive = Archive::open(db).await;
        let mut operators = archive.operators(archive.world.group).await;
        operators.extend(archive.operators(OTHER).await);
        let mut tx = archive.house.db.read().await.expect("a look");
        let logins: Vec<(i64, String)> = tx.query("SELECT id, login FROM operators").all().await.expect("rows");
        drop(tx);
        let logins: BTreeMap<i64, String> = logins.into_iter().collect();
        let mut steps = Vec::new();
        for turn in 0..60 {
            let narrowed = archive.filter(&operators);
            let mut filter =
                Filter { holds: None, card: None, least: None, most: None, order: None, ..narrowed.clone() };
            if turn % 4 == 0 {
                // All of it, by month; and no load is older.
                filter.period = Period::new(archive.today.plus(-400), filter.period.last()).expect("in order");
            }
            let drawn = charts(&archive.house, &filter).await.expect("charts");
            archive.check(&filter, &logins, &drawn);
            assert_eq!(drawn.totals, totals(&archive.house, &filter).await.expect("totals"), "{filter:?}");
            // What the totals are not kept by does not narrow a chart.
            let narrowed = Filter { period: filter.period, ..narrowed };
            assert_eq!(charts(&archive.house, &narrowed).await.expect("charts"), drawn);
            steps.push(drawn.step);
        }
        for step in [Step::Day, Step::Week, Step::Month] {
            assert!(steps.contains(&step), "{step:?} came");
        }
    })
    .await;
}

#[tokio::test]
async fn the_quota_of_each_day_is_what_its_last_movement_left() {
    on_both(|db| async move {
        let (world, house) = two_groups(db).await;
        let today = Day::of(house.now());
        let mut dice = StdRng::seed_from_u64(12);
        let mut at = today.plus(-40).begins();
        let mut left = Vec::new();
        let mut quota = 0_i64;
        while Day::of(at) <= today {
            let amount = dice.random_range(1..5_000);
            let takes = dice.random_range(0..3) == 0 && quota >= amount;
            let (from, to) = if takes { (Kind::Quota, Kind::Held) } else { (Kind::Bank, Kind::Quota) };
            let movement = |from, to, group, amount| Movement {
                group,
                from,
                to,
                amount: Fen::new(amount),
                reason: "a movement",
                subject: 0,
                at,
            };
            let mut tx = house.db.begin().await.expect("a unit of work");
            let mut movements = vec![movement(from, to, world.group, amount)];
            if takes {
                // What does not touch the quota stands behind what does.
                movements.push(movement(Kind::Held, Kind::OnCards, world.group, amount));
            }
            // Another group's journal is no matter.
            movements.push(movement(Kind::Bank, Kind::Quota, OTHER, 7));
            for posted in ledger::post(&mut tx, &movements).await.expect("a posting") {
                posted.expect("accepted");
            }
            tx.commit().await.expect("a commit");
            quota += if takes { -amount } else { amount };
            left.push((at, Fen::new(quota)));
            // Some days have none, some many; some movements are on the first moment of a day.
            let pause = if dice.random_range(0..4) == 0 { 50 } else { 2 };
            at = topup::Micros(at.0 + dice.random_range(1..pause) * 3_600_000_000);
        }
        let before = |day: Day| {
            let earlier = left.iter().rev().find(|(at, _)| Day::of(*at) < day);
            earlier.map_or(Fen::ZERO, |(_, quota)| *quota)
        };
        for days in [0, 5, 39, 45, 300] {
            let typed = Typed { from: today.plus(-days).to_string(), to: today.to_string(), ..Typed::default() };
            let filter = typed.read(&house, Scope::of(world.group)).await.expect("a look").expect("well typed");
            let charts = charts(&house, &filter).await.expect("charts");
            assert_eq!(charts.quota_before, Some(before(filter.period.first())));
            for point in &charts.points {
                assert_eq!(point.quota_after, Some(before(point.period.last().plus(1))), "{:?}", point.period);
            }
        }
        let all = Typed::default().read(&house, Scope::ALL).await.expect("a look").expect("well typed");
        assert_eq!(charts(&house, &all).await.expect("charts").quota_before, None, "all groups have no one quota");
    })
    .await;
}
