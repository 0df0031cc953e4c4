//! Records: lists of loads, and the story of one.

use maud::Markup;
use topup::loads::{Load, State, Totals as Sum};
use topup::people::OperatorId;
use topup::people::staff::StaffRole;
use topup::records::exports::{Export, ExportId, ExportState};
use topup::records::{
    Day, DepositLine, Deposits, Field, Filter, Format, Line, Loads, Moved, Page, People, Period, Range, Record, Scope,
    Story, Totals, Typed, Wrong,
};
use topup::reviews::{Event, Happened};
use topup::{Fen, GroupId, Kind, Micros};

use super::{NOW_US, corrected, failed, sample, signed_in, succeeded, unknown};
use crate::look::Frame;
use crate::office;
use crate::records::ask::Found;
use crate::records::{Shown, exports, list};
use crate::words::Lang;

pub(super) fn pages(lang: Lang) -> Vec<(String, Markup)> {
    let at = |here: &str| Frame { here: here.into(), ..signed_in(lang) };
    let own = at("/records");
    let deposits = super::at(&super::manager(lang), "/records/deposits");
    let office = |here| super::office::signed_in(lang, here, StaffRole::Finance);
    let all = "/office/records";
    let loads =
        vec![succeeded(0), failed(1), unknown(2), sample(3, State::Succeeded, 10_000, 2_000), corrected(4, false)];
    let full = || shown(lang, Typed::default(), loads.clone());
    let narrow = Typed { range: "half-year".into(), card: "0417".into(), least: "20".into(), ..Typed::default() };
    let empty = |typed| {
        let mut shown = shown(lang, typed, vec![]);
        if let Ok(found) = &mut shown.found {
            (found.totals, found.page.older) = (Totals::default(), false);
        }
        shown
    };
    let wrong = Shown {
        typed: Typed { from: "昨天".into(), card: "12".into(), least: "十".into(), ..Typed::default() },
        found: Err(vec![
            (Field::From, Wrong::NotADay),
            (Field::Card, Wrong::NotACard),
            (Field::Least, Wrong::NotAnAmount),
        ]),
        ..full()
    };
    vec![
        ("records".into(), list::page(&own, &full())),
        ("records-narrow".into(), list::page(&own, &shown(lang, narrow.clone(), vec![succeeded(0)]))),
        ("records-none".into(), list::page(&own, &empty(Typed::default()))),
        ("records-none-filter".into(), list::page(&own, &empty(narrow))),
        ("records-wrong".into(), list::page(&own, &wrong)),
        ("office-records".into(), list::page(&office(all), &full())),
        ("office-records-none".into(), list::page(&office(all), &empty(Typed::default()))),
        ("deposits".into(), list::page(&deposits, &paid_in(lang))),
        ("deposits-none".into(), list::page(&deposits, &look::<Deposits>(lang, Typed::default(), vec![]))),
        ("office-records-deposits".into(), list::page(&office("/office/records/deposits"), &paid_in(lang))),
        ("exports".into(), exports::page::page(&at("/records/exports"), &waiting(lang), false)),
        ("exports-none".into(), exports::page::page(&at("/records/exports"), &[], true)),
        (
            "office-record".into(),
            office::records::load::page(&office("/office/records/x"), &story(lang, succeeded(0)), all),
        ),
    ]
}

/// Exports in every state.
fn waiting(lang: Lang) -> Vec<exports::page::Told> {
    let Ok(found) = shown(lang, Typed::default(), vec![]).found else { return vec![] };
    let states = [ExportState::Making, ExportState::Ready, ExportState::Failed, ExportState::Cancelled];
    let one = |(n, state): (i64, ExportState)| {
        let export = Export {
            id: ExportId(n),
            by: names(lang).1.to_owned(),
            format: if state == ExportState::Failed { Format::Csv } else { Format::Xlsx },
            language: lang.tag().to_owned(),
            wanted: Loads::wanted(found.filter.clone()),
            state,
            lines: 128_450,
            done: if state == ExportState::Making { 46_000 } else { 128_450 },
            bytes: 9_120_000,
            asked_at: Micros(NOW_US),
            beat_at: Micros(NOW_US),
        };
        (export, vec![(String::new(), names(lang).0.to_owned()), (String::new(), "2026-06-01 – 2026-11-22".to_owned())])
    };
    (1_i64..).zip(states).map(one).collect()
}

/// Deposits in every state.
fn paid_in(lang: Lang) -> Shown<Deposits> {
    let line = |story: topup::deposits::Story| DepositLine {
        deposit: story.deposit,
        group: story.group,
        login: "0010".into(),
        operator: story.operator,
    };
    look(lang, Typed::default(), super::deposits::stories(lang).into_iter().map(|(_, story)| line(story)).collect())
}

pub(super) fn shown(lang: Lang, typed: Typed, loads: Vec<Load>) -> Shown {
    let names = names(lang);
    let line = |load| Line {
        load,
        group: names.0.to_owned(),
        operator: Some(names.1.to_owned()),
        terminal: Some(names.2.to_owned()),
    };
    let sum = |count, fen| Sum { count, sum: Fen::new(fen) };
    let totals = Totals { succeeded: sum(2_341, 12_845_000), failed: sum(19, 115_000), unknown: sum(1, 5_000) };
    let mut shown = look::<Loads>(lang, typed, loads.into_iter().map(line).collect());
    if let Ok(found) = &mut shown.found {
        (found.totals, found.page.older) = (totals, true);
    }
    shown
}

/// A list of these, with their own totals.
fn look<R: Record>(lang: Lang, typed: Typed, lines: Vec<R::Line>) -> Shown<R> {
    let today = Day::of(Micros(NOW_US));
    let names = names(lang);
    let range = if typed.range.is_empty() { R::RANGE } else { Range::HalfYear };
    let period = range.period(today);
    let filter = Filter {
        scope: Scope::of(GroupId(7)),
        period: Period::new(period.first(), period.last()).unwrap_or_else(|| Period::of(today)),
        holds: None,
        card: None,
        operator: None::<OperatorId>,
        terminal: None,
        least: None,
        most: None,
        order: None,
    };
    let mut totals = R::Totals::default();
    for line in &lines {
        R::count_in(&mut totals, line);
    }
    Shown {
        typed,
        today,
        people: People {
            groups: vec![(GroupId(7), names.0.to_owned())],
            operators: vec![("0012".into(), names.1.to_owned())],
            terminals: vec![("000001000050".into(), names.2.to_owned())],
        },
        found: Ok(Found { filter, totals, page: Page { lines, newer: false, older: false }, lost: false }),
    }
}

pub(super) fn names(lang: Lang) -> (&'static str, &'static str, &'static str) {
    match lang {
        Lang::Zh => ("示例科技有限公司", "王芳", "前台一号"),
        Lang::En => ("Sample Technology Ltd", "Wang Fang", "Front desk"),
    }
}

/// What became of a load, as its state tells.
pub(super) fn story(lang: Lang, load: Load) -> Story {
    let names = names(lang);
    let later = |us: i64| Micros(load.created_at.0.saturating_add(us));
    let event = |us, what| Event { at: later(us), what };
    let held = load.quota_before.is_some();
    let mut events = vec![event(0, Happened::Confirmed)];
    events.extend(held.then(|| event(412_000, Happened::Held)));
    let ended = matches!(load.state, State::Succeeded | State::Failed);
    events.extend(ended.then(|| event(903_000, Happened::Ended(load.state))));
    events.extend(
        load.proven_since.map(|since| Event { at: since.at, what: Happened::Contradicted { written: since.written } }),
    );
    let moved = |number, from, to, us, from_after: i64, to_after| Moved {
        number,
        from,
        to,
        amount: load.amount,
        from_after: Fen::new(from_after),
        to_after: Fen::new(to_after),
        at: later(us),
    };
    let after = load.quota_after.map_or(0, Fen::as_i64);
    let mut movements: Vec<Moved> =
        held.then(|| moved(4_711, Kind::Quota, Kind::Held, 412_000, after, 5_000)).into_iter().collect();
    if held && load.state == State::Succeeded {
        movements.push(moved(4_712, Kind::Held, Kind::OnCards, 903_000, 0, 12_845_000));
    }
    Story {
        group: names.0.to_owned(),
        operator: Some(names.1.to_owned()),
        terminal: Some(names.2.to_owned()),
        tac: (load.state == State::Succeeded).then(|| "92A3B4C5".to_owned()),
        events,
        movements,
        load,
    }
}
