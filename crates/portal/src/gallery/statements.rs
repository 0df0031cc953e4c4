//! Statements of a quota: by day with all that can come and go, by month, unchanged, and the entries of a day.

use maud::Markup;
use topup::deposits::DepositNumber;
use topup::loads::OrderNumber;
use topup::people::staff::StaffRole;
use topup::records::{About, Booked, Day, Entries, Entry, Grain, Item, People, Period, Statement, Typed};
use topup::{Fen, GroupId, Ids, Kind, Micros};

use super::records::names;
use super::{NOW_US, at, manager, quota};
use crate::records::statement::{Found, Shown, day, page};
use crate::words::Lang;

/// The quota before the first day.
const OPENING: i64 = 90_000_000;

pub(super) fn pages(lang: Lang) -> Vec<(String, Markup)> {
    let own = at(&manager(lang), "/records/statement");
    let office = |here| super::office::signed_in(lang, here, StaffRole::Finance);
    let shown = |grain, days| shown(lang, grain, days);
    let unasked = Shown { found: Ok(None), ..shown(Grain::Day, 22) };
    let one = at(&own, "/records/statement/2026-11-22");
    let nothing = entries(lang, vec![]);
    vec![
        ("statement".into(), page::page(&own, &shown(Grain::Day, 22))),
        ("statement-months".into(), page::page(&own, &shown(Grain::Month, 184))),
        ("statement-unchanged".into(), page::page(&own, &shown(Grain::Day, 0))),
        ("statement-day".into(), day::page(&one, &entries(lang, on(2, today())))),
        ("statement-day-none".into(), day::page(&one, &nothing)),
        ("office-statement-none".into(), page::page(&office("/office/records/statement"), &unasked)),
    ]
}

fn today() -> Day {
    Day::of(Micros(NOW_US))
}

/// On so many days up to today, but not at weekends, so much came and went.
fn shown(lang: Lang, grain: Grain, days: i64) -> Shown {
    let first = today().plus(1_i64.saturating_sub(days.max(22)));
    let period = Period::new(first, today()).unwrap_or_else(|| Period::of(first));
    let working = (0..days).filter(|n| n % 7 < 5).map(|n| (n, first.plus(n)));
    let booked: Vec<Booked> = working.flat_map(|(n, day)| on(n, day)).collect();
    let name = names(lang).0.to_owned();
    let mut statement = Statement::of(period, grain, Fen::new(OPENING), booked, quota(0, 5_000));
    statement.now.available = Fen::new(statement.total.closing.as_i64().saturating_sub(5_000));
    Shown {
        typed: Typed::default(),
        grain,
        at: Micros(NOW_US),
        people: People { groups: vec![(GroupId(7), name.clone())], ..People::default() },
        found: Ok(Some(Found { name, statement })),
    }
}

fn on(n: i64, day: Day) -> Vec<Booked> {
    let count = n.saturating_mul(7_919).rem_euclid(400).saturating_add(900);
    let loads = (day, Kind::Held, Kind::OnCards, count, Fen::new(count.saturating_mul(4_700)));
    let rare = |every: i64, from, to, fen| {
        (n.checked_rem(every) == every.checked_div(2)).then_some((day, from, to, 1, Fen::new(fen)))
    };
    let others = [
        rare(4, Kind::DepositsInReview, Kind::Quota, 20_000_000),
        rare(11, Kind::Quota, Kind::Bank, 5_000_000),
        rare(13, Kind::OnCards, Kind::Quota, 5_000),
        rare(17, Kind::Quota, Kind::OnCards, 5_000),
    ];
    others.into_iter().flatten().chain([loads]).collect()
}

/// A deposit and loads of today, if anything was booked.
fn entries(lang: Lang, booked: Vec<Booked>) -> day::Shown {
    let shown = if booked.is_empty() { 0 } else { 30 };
    let statement = Statement::of(Period::of(today()), Grain::Day, Fen::new(OPENING), booked, quota(0, 0));
    let entry = |n: i64| {
        let at = Micros(NOW_US.saturating_sub(n.saturating_mul(61_000_000)));
        let id = Ids::first_of(at) | 0x5A3;
        let (item, about, fen, from, to) = if n == 2 {
            let about = About::Deposit(DepositNumber::new(id));
            (Item::Deposits, about, 20_000_000, Kind::DepositsInReview, Kind::Quota)
        } else {
            (Item::Loads, About::Load(OrderNumber::new(id)), -5_000, Kind::Held, Kind::OnCards)
        };
        Entry { number: 4_711_i64.saturating_sub(n), at, item, about, amount: Fen::new(fen), from, to }
    };
    day::Shown {
        group: GroupId(7),
        name: names(lang).0.to_owned(),
        day: today(),
        item: None,
        later: false,
        line: statement.total,
        entries: Entries { entries: (0..shown).rev().map(entry).collect(), next: (shown > 0).then_some(4_711) },
    }
}
