//! The pages of a hands-free run, in every state.

use maud::Markup;
use topup::cards::{Card, Problem};
use topup::loads::{Load, Reason, State};
use topup::people::OperatorId;
use topup::runs::{Ended, Full, Look, Plan, PlanProblem, Rule, Run, RunId, Summary, Tally, Told, What};
use topup::terminals::{Live, Phase};
use topup::{Fen, GroupId, Micros};

use super::{NOW_US, at, card, failed, lies, places, quota, signed_in, succeeded, totals, unknown};
use crate::loads::run::form::{self, Check, Typed};
use crate::loads::run::{Scene, page, summary};
use crate::look::Frame;
use crate::words::Lang;

const PLAN: Plan = Plan { amount: Fen::new(5_000), most_cards: 200, most_money: Fen::new(1_000_000) };

/// The name and the page of each.
pub(super) fn pages(lang: Lang) -> Vec<(String, Markup)> {
    let frame = at(&signed_in(lang), "/station/run");
    let mut pages = setup(lang, &frame);
    for (name, scene) in scenes(lang) {
        pages.push((format!("run-{name}"), page::page(&frame, &scene)));
    }
    for (name, shown, go_on) in
        [("stopped", summarised(Ended::Stopped, true), true), ("finished", summarised(Ended::Cards, false), false)]
    {
        pages.push((format!("run-over-{name}"), summary::page(&frame, &shown, go_on, None)));
    }
    pages
}

fn setup(lang: Lang, frame: &Frame) -> Vec<(String, Markup)> {
    let rule = Rule { least: Fen::new(1_000), most: Fen::new(100_000), step: Fen::new(1_000) };
    let typed = |amount: &str, cards: &str, money: &str| Typed {
        amount: amount.into(),
        cards: cards.into(),
        money: money.into(),
    };
    let plan = Plan { amount: Fen::new(5_500), most_cards: 0, most_money: Fen::new(4_000) };
    let wrong = form::wrong(lang, &plan, &[PlanProblem::Amount(rule), PlanProblem::Cards, PlanProblem::Money]);
    let place = places(lang).swap_remove(0);
    let live = Live { connected: true, readers: vec!["ACS ACR1281U".into()], phase: lies(card(1_260)), health: None };
    let quota = quota(842_000, 0);
    let check = Check { plan: PLAN, place: &place, live: &live, quota, key: "4e1f", not_for: vec![] };
    vec![
        ("run-form".into(), form::form(frame, &rule, &typed("50", "200", ""), &vec![], quota)),
        ("run-form-wrong".into(), form::form(frame, &rule, &typed("55", "0", "40"), &wrong, quota)),
        ("run-check".into(), form::check(frame, &check)),
    ]
}

pub(super) fn run(told: Option<Told>) -> Run {
    Run {
        id: RunId(1_795_329),
        group: GroupId(7),
        terminal: super::TERMINAL_NUMBER,
        operator: OperatorId(12),
        login: "0012".into(),
        name: "王芳".into(),
        plan: PLAN,
        started_at: Micros(NOW_US.saturating_sub(900_000_000)),
        active_at: Micros(NOW_US),
        watched_at: Micros(NOW_US),
        paused: None,
        told_count: i64::from(told.is_some()),
        told,
        ended: None,
        entitled: true,
    }
}

/// A look at a run, with what was told of a card.
fn scene(lang: Lang, phase: Phase, told: Option<(Option<Card>, What)>, about: Option<Load>) -> Scene {
    Scene {
        place: places(lang).swap_remove(0),
        live: Live { connected: true, readers: vec!["ACS ACR1281U".into()], phase, health: None },
        quota: quota(8_457_000, 5_000),
        look: Look {
            run: run(told.map(|(card, what)| Told { card, what })),
            tally: Tally { done: totals(36, 180_000), doubt: totals(1, 5_000), in_flight: totals(0, 0), problems: 2 },
            full: None,
            loads: (0..30).map(|n| if n % 13 == 5 { failed(n) } else { succeeded(n) }).collect(),
            doubts: vec![unknown(9)],
            told: about,
        },
        mine: true,
        unwatched: false,
    }
}

/// The card of a load.
fn its_card(load: &Load) -> Card {
    Card { number: load.card, ..card(6_260) }
}

fn scenes(lang: Lang) -> Vec<(&'static str, Scene)> {
    let of = |phase, load: Load, what: What| scene(lang, phase, Some((Some(its_card(&load)), what)), Some(load));
    let (done, doubt) = (succeeded(0), unknown(2));
    let there = || lies(its_card(&done));
    let loaded = What::Load(done.order);
    let mut scenes = vec![
        ("ready", of(Phase::NoCard, done.clone(), loaded)),
        ("done", of(there(), done.clone(), loaded)),
        ("already", of(there(), done.clone(), What::Already(done.order))),
        ("doubt", scene(lang, Phase::NoCard, Some((None, What::Load(doubt.order))), Some(doubt))),
        ("unreadable", scene(lang, Phase::Unreadable, Some((None, What::Unreadable)), None)),
        ("lift", scene(lang, lies(card(1_260)), None, None)),
        ("others", Scene { mine: false, unwatched: true, ..of(Phase::NoCard, done.clone(), loaded) }),
        (
            "away",
            Scene {
                live: Live { connected: false, readers: vec![], phase: Phase::NoCard, health: None },
                ..of(Phase::NoCard, done, loaded)
            },
        ),
    ];
    scenes.extend(more_scenes(lang));
    scenes
}

fn more_scenes(lang: Lang) -> Vec<(&'static str, Scene)> {
    let ready = || scene(lang, Phase::NoCard, None, None);
    let with = |change: &dyn Fn(Look) -> Look| Scene { look: change(ready().look), ..ready() };
    let busy = Phase::Charging { card: card(1_260), intent: "4e1f".into(), amount: Fen::new(5_000) };
    let expired = Card { allowed: Err(Problem::Expired { on: "2025-05-20".into() }), ..card(1_260) };
    let load = Load { card: expired.number, reason: Some(Reason::CardProblem), ..failed(1) };
    let pause = (Micros(NOW_US.saturating_sub(95_000_000)), Micros(NOW_US));
    vec![
        ("busy", scene(lang, busy, None, None)),
        ("failed", scene(lang, lies(expired.clone()), Some((Some(expired), What::Load(load.order))), Some(load))),
        ("fresh", with(&|look| Look { tally: Tally::default(), loads: vec![], doubts: vec![], ..look })),
        (
            "waiting",
            with(&|look| Look {
                tally: Tally { done: totals(198, 990_000), doubt: totals(2, 10_000), ..Tally::default() },
                full: Some(Full::Cards),
                doubts: vec![unknown(9), unknown(31)],
                ..look
            }),
        ),
        (
            "was-paused",
            with(&|look| Look { run: Run { paused: Some(pause), active_at: pause.0, ..run(None) }, ..look }),
        ),
    ]
}

fn summarised(why: Ended, trouble: bool) -> Summary {
    let charged: Vec<Load> = (0..40).map(succeeded).collect();
    let tally = Tally {
        done: totals(if trouble { 37 } else { 200 }, if trouble { 185_000 } else { 1_000_000 }),
        doubt: totals(i64::from(trouble), if trouble { 5_000 } else { 0 }),
        problems: i64::from(trouble),
        ..Tally::default()
    };
    let attention = if trouble { vec![unknown(9), Load { state: State::Failed, ..failed(12) }] } else { vec![] };
    Summary { run: Run { ended: Some((Micros(NOW_US), why)), ..run(None) }, tally, attention, charged }
}
