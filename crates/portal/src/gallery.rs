//! Every page in every state, with sample data: for looking at (`cargo run -p portal --example gallery`) and for the
//! snapshot tests. Not part of the program's interface.

mod charts;
mod checks;
mod deposits;
mod intake;
mod invoices;
mod office;
mod receipts;
mod reconcile;
mod records;
mod reviews;
mod runs;
mod statements;

use std::time::Duration;

use topup::cards::{Allowance, Card, ClassName, Doubtful, Problem as Refusal};
use topup::groups::Quota;
use topup::loads::{Load, OrderNumber, ProvenSince, Reason, Sitting, State, Totals};
use topup::people::{MIN_PASSWORD, Operator, OperatorId, Role};
use topup::terminals::{Live, Phase, TerminalNumber};
use topup::{Fen, GroupId, Ids, Micros};

use crate::loads::view::{Desk, Station};
use crate::loads::{charge, load, station};
use crate::look::{Frame, Tone, Visitor, Who};
use crate::people::{password, sign_in};
use crate::records::paper::Paper;
use crate::terminals::{Place, check, choose};
use crate::web::{assets, problem};
use crate::words::{Lang, say};
use crate::{Settings, TerminalProgram, home};

/// Where the sample portal is.
const SERVER: &str = "https://topup.example.cn";

/// The terminal of all samples.
const TERMINAL_NUMBER: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x50]);

/// 2026-11-22 14:32:08 in Beijing.
const NOW_US: i64 = 1_795_329_128_500_000;

/// The name and the HTML of every page in `lang`.
pub fn pages(lang: Lang) -> Vec<(String, String)> {
    let visitor = Frame { lang, here: "/".into(), visitor: None };
    let operator = signed_in(lang);
    let mut pages = vec![
        ("home".into(), home::welcome(&visitor, &settings())),
        ("sign-in".into(), sign_in::page(&at(&visitor, "/sign-in"), &sign_in::View::default())),
        ("sign-in-wrong".into(), sign_in::page(&at(&visitor, "/sign-in"), &wrong_sign_in(lang))),
        ("sign-in-expired".into(), sign_in::page(&at(&visitor, "/sign-in"), &expired(lang))),
        ("modules".into(), home::modules(&manager(lang), quota(8_642_000, 5_000))),
        ("password".into(), password::page(&at(&operator, "/password"), &[], false)),
        ("password-wrong".into(), password::page(&at(&operator, "/password"), &wrong_password(lang), false)),
        ("password-done".into(), password::page(&at(&operator, "/password"), &[], true)),
        ("terminals".into(), choose::page(&at(&operator, "/station/terminal"), &places(lang))),
        ("terminals-none".into(), choose::page(&at(&operator, "/station/terminal"), &[])),
        ("waiting".into(), charge::waiting(&at(&operator, "/station"))),
        (
            "error".into(),
            problem::page(
                &visitor,
                &say!(lang, "error-trouble"),
                &say!(lang, "error-trouble-text"),
                "9f3c01d2a4b7e650",
            ),
        ),
    ];
    for (name, sample) in [
        ("succeeded", succeeded(0)),
        ("failed", failed(1)),
        ("unknown", unknown(2)),
        ("authorised", under_way(3)),
        ("past", succeeded(4)),
        ("not-written", not_written(5)),
        ("in-vain", Load { asked_in_vain: true, ..unknown(6) }),
        ("corrected", corrected(7, false)),
        ("owed", corrected(8, true)),
    ] {
        let story = records::story(lang, sample);
        let paper = if name == "past" { Paper::Roll } else { Paper::A4 };
        let page = load::page(&at(&operator, "/loads/x"), &story, "/records", paper, Micros(NOW_US));
        pages.push((format!("load-{name}"), page));
    }
    for (name, shown, desk) in stations(lang) {
        pages.push((format!("station-{name}"), station::page(&at(&operator, "/station"), &shown, &desk)));
    }
    for (name, checkup) in checks::checkups(lang) {
        pages.push((format!("check-{name}"), check::page(&at(&operator, "/terminal/check"), &checkup)));
    }
    pages.extend(office::pages(lang));
    pages.extend(runs::pages(lang));
    pages.extend(records::pages(lang));
    pages.extend(statements::pages(lang));
    pages.extend(charts::pages(lang));
    pages.extend(receipts::pages(lang));
    pages.extend(deposits::pages(lang));
    pages.extend(invoices::own(lang));
    pages.into_iter().map(|(name, page)| (name, page.into_string())).collect()
}

/// The files that the pages refer to, under their names in the addresses, and the beginning of those addresses.
pub fn files() -> (String, Vec<(&'static str, Vec<u8>)>) {
    let mut files = vec![("look.css", assets::stylesheet().into_bytes())];
    for name in [
        "mark.svg",
        "session.js",
        "station.js",
        "deposit.js",
        "pay.js",
        "sounds.js",
        "check.js",
        "fragments.js",
        "run.js",
        "run-setup.js",
        "print.js",
    ] {
        files.extend(assets::file(name).map(|bytes| (name, bytes)));
    }
    (assets::url(""), files)
}

fn at(frame: &Frame, here: &str) -> Frame {
    Frame { here: here.to_owned(), ..frame.clone() }
}

/// As [`signed_in`], by somebody who may also pay in.
fn manager(lang: Lang) -> Frame {
    let mut frame = signed_in(lang);
    if let Some(Visitor { who: Who::Operator(operator), .. }) = &mut frame.visitor {
        operator.role = Role::Manager;
    }
    frame
}

fn signed_in(lang: Lang) -> Frame {
    let (group_name, name) = match lang {
        Lang::Zh => ("示例科技有限公司", "王芳"),
        Lang::En => ("Sample Technology Ltd", "Wang Fang"),
    };
    let operator = Operator {
        id: OperatorId(12),
        group: GroupId(7),
        group_name: group_name.into(),
        login: "0012".into(),
        name: name.into(),
        role: Role::Clerk,
    };
    let visitor = Visitor { who: Who::Operator(operator), since: Micros(NOW_US), idle: Duration::from_mins(15) };
    Frame { lang, here: "/".into(), visitor: Some(visitor) }
}

fn wrong_sign_in(lang: Lang) -> sign_in::View<'static> {
    sign_in::View { login: "0012", problems: vec![("login", say!(lang, "sign-in-wrong"))], ..sign_in::View::default() }
}

fn expired(lang: Lang) -> sign_in::View<'static> {
    let note = Some((Tone::Doubt, say!(lang, "sign-in-expired")));
    sign_in::View { note, then: Some("/station"), ..sign_in::View::default() }
}

fn wrong_password(lang: Lang) -> Vec<(&'static str, String)> {
    vec![("new", say!(lang, "password-short", min = MIN_PASSWORD)), ("again", say!(lang, "password-differs"))]
}

fn quota(available: i64, held: i64) -> Quota {
    Quota { available: Fen::new(available), held: Fen::new(held) }
}

#[expect(clippy::expect_used, reason = "sample numbers are well formed")]
fn places(lang: Lang) -> Vec<Place> {
    let names = match lang {
        Lang::Zh => ["前台一号", "食堂窗口"],
        Lang::En => ["Front desk", "Canteen"],
    };
    ["000001000050", "000001000051"]
        .into_iter()
        .zip(names)
        .map(|(number, name)| Place { number: number.parse().expect("a terminal number"), name: name.into() })
        .collect()
}

#[expect(clippy::expect_used, reason = "sample numbers are well formed")]
fn card(balance: i64) -> Card {
    let most = (100_000_i64.saturating_sub(balance) / 1_000).saturating_mul(1_000);
    Card {
        number: "4100000099000001".parse().expect("a card number"),
        class: Some(ClassName { zh: "普通卡 · 不记名".into(), en: "Standard card".into() }),
        balance: Fen::new(balance),
        expires: "2030-05-20".into(),
        allowed: Ok(Allowance {
            least: Fen::new(1_000),
            most: Fen::new(most),
            step: Fen::new(1_000),
            ceiling: Fen::new(100_000),
            presets: [1_000, 2_000, 3_000, 5_000, 10_000].map(Fen::new).to_vec(),
        }),
    }
}

fn refused(problem: Refusal) -> Phase {
    let class = match problem {
        Refusal::UnknownClass { .. } => None,
        Refusal::Foreign
        | Refusal::NotEnabled
        | Refusal::Expired { .. }
        | Refusal::NotYetValid { .. }
        | Refusal::Blocked
        | Refusal::InDoubt { .. } => card(0).class,
    };
    lies(Card { class, allowed: Err(problem), ..card(1_260) })
}

fn lies(card: Card) -> Phase {
    Phase::Card { card, intent: "4e1f".into(), last: None, proven: None }
}

fn stations(lang: Lang) -> Vec<(String, Station, Desk)> {
    let place = places(lang).swap_remove(0);
    let usual = |phase: Phase| Station {
        place: place.clone(),
        others: true,
        live: Live { phase, ..checks::well() },
        quota: quota(8_642_000, 5_000),
        sitting: sitting(),
    };
    let entry =
        |yuan: i64| Desk::Entry { amount: (yuan > 0).then(|| Fen::new(yuan.saturating_mul(100))), problem: None };
    let ready = || usual(lies(card(1_260)));
    let charging = Phase::Charging { card: card(1_260), intent: "4e1f".into(), amount: Fen::new(5_000) };
    let mut stations = vec![
        ("ready", ready(), entry(50)),
        (
            "fresh",
            Station { sitting: Sitting::default(), quota: quota(8_642_000, 0), ..usual(Phase::NoCard) },
            entry(0),
        ),
        ("no-card", usual(Phase::NoCard), entry(0)),
        ("reading", usual(Phase::Reading), entry(0)),
        ("unreadable", usual(Phase::Unreadable), entry(0)),
        ("nearly-full", usual(lies(card(96_500))), entry(30)),
        ("full", usual(lies(card(99_500))), entry(0)),
        ("quota-short", Station { quota: quota(2_500, 0), ..ready() }, entry(20)),
        ("quota-zero", Station { quota: quota(0, 5_000), ..ready() }, entry(0)),
        ("ask", ready(), Desk::Ask { amount: Fen::new(5_000) }),
        ("charging", usual(charging), Desk::Charging),
        ("done", usual(lies(card(6_260))), Desk::Result(Box::new(succeeded(0)))),
        ("failed", ready(), Desk::Result(Box::new(failed(1)))),
        ("doubt", usual(Phase::NoCard), Desk::Result(Box::new(unknown(2)))),
        (
            "not-taken",
            ready(),
            Desk::Entry { amount: Some(Fen::new(5_000)), problem: Some(say!(lang, "confirm-stale")) },
        ),
        ("long", Station { sitting: long_sitting(), ..ready() }, entry(100)),
    ];
    for (name, live) in checks::ailments() {
        stations.push((name, Station { live, ..ready() }, entry(0)));
    }
    let in_doubt_here = Sitting { loads: vec![unknown(0)], unknown: totals(1, 5_000), ..Sitting::default() };
    stations.push(("put-back", Station { sitting: in_doubt_here, ..usual(Phase::NoCard) }, entry(0)));
    let day = || "2025-05-20".to_owned();
    let doubtful = Doubtful { order: unknown(2).order, amount: Fen::new(5_000), asked_in_vain: false };
    let in_doubt = Refusal::InDoubt { load: Some(doubtful.clone()) };
    let in_vain = Refusal::InDoubt { load: Some(Doubtful { asked_in_vain: true, ..doubtful }) };
    let another = Sitting { loads: vec![unknown(0)], unknown: totals(1, 5_000), ..Sitting::default() };
    stations.push(("another-missing", Station { sitting: another, ..usual(lies(card(1_260))) }, entry(50)));
    for (name, problem) in [
        ("foreign", Refusal::Foreign),
        ("not-enabled", Refusal::NotEnabled),
        ("expired", Refusal::Expired { on: day() }),
        ("not-yet-valid", Refusal::NotYetValid { from: "2027-01-01".into() }),
        ("blocked", Refusal::Blocked),
        ("unknown-class", Refusal::UnknownClass { code: "7F".into() }),
        ("in-doubt", in_doubt),
        ("in-doubt-in-vain", in_vain),
    ] {
        stations.push((name, usual(refused(problem)), entry(0)));
    }
    stations.into_iter().map(|(name, station, desk)| (name.to_owned(), station, desk)).collect()
}

/// A load `n` half minutes ago.
#[expect(clippy::expect_used, reason = "sample numbers are well formed")]
fn sample(n: i64, state: State, amount: i64, before: i64) -> Load {
    let at = Micros(NOW_US.saturating_sub(n.saturating_mul(31_417_000)));
    let quota_before = 8_657_000_i64.saturating_add(n.saturating_mul(5_000));
    let held = state != State::Failed;
    let number = format!("41000000990{:05}", 417_i64.saturating_sub(n.saturating_mul(29)).rem_euclid(100_000));
    Load {
        order: OrderNumber::new(Ids::first_of(at) | 0x5A3),
        intent: format!("intent-{n}"),
        group: GroupId(7),
        operator: "0012".into(),
        terminal: "000001000050".into(),
        card: number.parse().expect("a card number"),
        amount: Fen::new(amount),
        balance_before: Some(Fen::new(before)),
        balance_after: (state == State::Succeeded).then(|| Fen::new(before.saturating_add(amount))),
        quota_before: held.then(|| Fen::new(quota_before)),
        quota_after: held.then(|| Fen::new(quota_before.saturating_sub(amount))),
        state,
        reason: None,
        created_at: at,
        asked_in_vain: false,
        proven_since: None,
    }
}

fn succeeded(n: i64) -> Load {
    sample(n, State::Succeeded, 5_000, 1_260)
}

fn failed(n: i64) -> Load {
    Load { reason: Some(Reason::CardRemoved), ..sample(n, State::Failed, 5_000, 98_500) }
}

fn unknown(n: i64) -> Load {
    Load { reason: Some(Reason::RemovedWhileWriting), ..sample(n, State::Unknown, 5_000, 340) }
}

/// Decided not to be written, and proven to be.
fn corrected(n: i64, owed: bool) -> Load {
    let proven_since = Some(ProvenSince { written: true, owed, at: Micros(NOW_US) });
    Load { reason: Some(Reason::DecidedNotWritten), proven_since, ..not_written(n) }
}

fn not_written(n: i64) -> Load {
    Load { state: State::Failed, reason: Some(Reason::NotWritten), ..unknown(n) }
}

fn under_way(n: i64) -> Load {
    sample(n, State::Authorised, 5_000, 1_260)
}

fn totals(count: i64, sum: i64) -> Totals {
    Totals { count, sum: Fen::new(sum) }
}

fn sitting() -> Sitting {
    Sitting {
        loads: vec![succeeded(0), failed(1), unknown(2), sample(3, State::Succeeded, 10_000, 2_000)],
        succeeded: totals(2, 15_000),
        failed: totals(1, 5_000),
        unknown: totals(1, 5_000),
    }
}

fn long_sitting() -> Sitting {
    Sitting {
        loads: (0..60).map(|n| if n % 17 == 5 { failed(n) } else { succeeded(n) }).collect(),
        succeeded: totals(2_341, 12_845_000),
        failed: totals(19, 115_000),
        unknown: totals(0, 0),
    }
}

fn settings() -> Settings {
    Settings {
        tls: true,
        idle: Duration::from_mins(15),
        trusted_proxies: Vec::new(),
        public_url: SERVER.into(),
        certificate_ends: None,
        terminal_program: TerminalProgram::Own { readers: true },
    }
}
