//! The panel that is read from two metres: one picture, one word, one figure. What it says follows from the run, the
//! card on the reader and what became of the last one.

use maud::{Markup, html};
use topup::loads::{Load, State};
use topup::runs::{Ended, Full, MOST_DOUBTS, Told, What};
use topup::terminals::Phase;

use super::Scene;
use crate::loads::view::{Ailment, problem_text, reason};
use crate::look::icon::{self, Icon};
use crate::look::{hidden, kbd, show};
use crate::words::{Lang, say};

/// What the panel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face<'a> {
    /// The next card, please.
    Ready,
    /// A card is read or written.
    Busy,
    /// Charged.
    Done(&'a Load),
    /// An earlier load of the run, proven by its card.
    Settled(&'a Load),
    /// Charged before.
    Already(&'a Load),
    /// Not charged.
    Failed(&'a Load),
    /// In doubt: the card has to come back.
    Doubt(&'a Load),
    /// The card has an open load that it cannot prove yet.
    Unproven,
    /// It cannot be read.
    Unreadable,
    /// The run takes no further card; the one that lies there was not charged.
    Full(Full),
    /// The run takes no further card but those in doubt.
    Waiting,
    /// Nobody watched when the card was put down.
    Unwatched,
    /// Nobody watches.
    Paused,
    /// The card that lies there was not put down for this run.
    Lift,
    /// Something is wrong between the server and the card.
    OutOfOrder(Ailment),
}

/// How a face is drawn.
struct Look {
    class: &'static str,
    icon: Icon,
    word: String,
    figure: String,
    line: Markup,
}

/// What the panel says now.
pub(crate) fn face(scene: &Scene) -> Face<'_> {
    let told = scene.look.run.told.as_ref();
    if scene.look.run.ended.is_some() {
        return if scene.is_over() { told.map_or(Face::Ready, |told| of_told(scene, told)) } else { Face::Busy };
    }
    if let Some(ailment) = Ailment::of(&scene.live) {
        return Face::OutOfOrder(ailment);
    }
    match &scene.live.phase {
        Phase::Reading | Phase::Charging { .. } => Face::Busy,
        Phase::NoCard => match told.map(|told| of_told(scene, told)) {
            Some(doubt @ Face::Doubt(_)) => doubt,
            _ if scene.unwatched => Face::Paused,
            _ if scene.look.full.is_some() => Face::Waiting,
            _ => Face::Ready,
        },
        Phase::Card { card, .. } => {
            let about = told.filter(|told| {
                let of_load = scene.look.told.as_ref().map(|load| load.card);
                told.card.as_ref().map(|card| card.number).or(of_load) == Some(card.number)
            });
            about.map_or(Face::Lift, |told| of_told(scene, told))
        }
        Phase::Unreadable => told.filter(|told| told.card.is_none()).map_or(Face::Lift, |told| of_told(scene, told)),
    }
}

fn of_told<'a>(scene: &'a Scene, told: &Told) -> Face<'a> {
    let load = scene.look.told.as_ref();
    match (told.what, load.map(|load| (load, load.state))) {
        (What::Load(_) | What::Already(_), Some((load, State::Unknown))) => Face::Doubt(load),
        (What::Load(_) | What::Already(_) | What::Settled(_), Some((_, State::Authorised)) | None) => Face::Busy,
        (What::Load(_), Some((load, State::Succeeded))) => Face::Done(load),
        (What::Load(_) | What::Already(_) | What::Settled(_), Some((load, State::Failed))) => Face::Failed(load),
        (What::Already(_), Some((load, State::Succeeded))) => Face::Already(load),
        (What::Settled(_), Some((load, State::Succeeded | State::Unknown))) => Face::Settled(load),
        (What::InDoubt, _) => Face::Unproven,
        (What::Unreadable, _) => Face::Unreadable,
        (What::Full(full), _) => Face::Full(full),
        (What::Paused, _) => Face::Unwatched,
    }
}

/// The sound of what was told last.
pub(crate) fn sound(scene: &Scene) -> &'static str {
    let Some(told) = &scene.look.run.told else { return "" };
    match of_told(scene, told) {
        Face::Done(_) | Face::Settled(_) => "done",
        Face::Already(_) => "noted",
        Face::Doubt(_) | Face::Unproven => "doubt",
        Face::Failed(_) | Face::Unreadable | Face::Full(_) | Face::Unwatched => "problem",
        Face::Ready | Face::Busy | Face::Waiting | Face::Paused | Face::Lift | Face::OutOfOrder(_) => "",
    }
}

/// The sound of the end of a run, or `none`: an end that the clerk did not choose is a problem.
pub(crate) fn end_sound(scene: &Scene) -> &'static str {
    match scene.look.run.ended.map(|(_, why)| why) {
        Some(Ended::Quota | Ended::Unwatched | Ended::Session | Ended::Terminal) => "problem",
        Some(Ended::Stopped | Ended::Cards | Ended::Money) | None => "none",
    }
}

/// The fragment `#panel`. `data-told` counts what was told, so that the script sounds once for each.
pub(crate) fn panel(lang: Lang, scene: &Scene) -> Markup {
    let face = face(scene);
    let Look { class, icon, word, figure, line } = look(lang, scene, face);
    html! {
        section.panel.(class) id="panel" role="status" aria-live="assertive" aria-label=(say!(lang, "run-panel"))
            data-told=(scene.look.run.told_count) data-sound=(sound(scene))
            data-doubts=(scene.look.tally.doubt.count) {
            (icon.draw())
            h2.word { (word) }
            p.figure.num { (figure) }
            div.line { (line) }
            @if face == Face::Busy { div.progress {} }
            @if let (Face::Already(load), true) = (face, scene.mine && scene.look.full.is_none()) { (again(lang, scene, load)) }
            @if let Face::Ready | Face::Waiting = face { (last(lang, scene)) }
        }
    }
}

fn look(lang: Lang, scene: &Scene, face: Face<'_>) -> Look {
    let draw =
        |class, icon, word, figure: String, line: String| Look { class, icon, word, figure, line: html! { (line) } };
    let amount = show::yuan(scene.look.run.plan.amount);
    match face {
        Face::Ready => draw("ready", icon::CARD, say!(lang, "run-ready"), amount, say!(lang, "run-ready-text")),
        Face::Busy => draw("busy", icon::HAND, say!(lang, "run-busy"), tail_there(scene), say!(lang, "run-busy-text")),
        Face::Done(load) | Face::Settled(load) => done(lang, load, matches!(face, Face::Settled(_))),
        Face::Already(load) => Look {
            line: of_card(lang, load, &say!(lang, "run-already-text", time = show::time(load.created_at))),
            ..draw("noted", icon::NOTE, say!(lang, "run-already"), show::yuan(load.amount), String::new())
        },
        Face::Failed(load) => Look {
            line: of_card(lang, load, &why(lang, scene, load)),
            ..draw("bad", icon::BAD, say!(lang, "run-failed"), show::tail(&load.card), String::new())
        },
        Face::Doubt(load) => {
            let line = say!(lang, "run-doubt-text", amount = show::yuan(load.amount));
            draw("doubt", icon::DOUBT, say!(lang, "run-doubt"), show::tail(&load.card), line)
        }
        Face::Unproven => {
            let line = told_problem(lang, scene).unwrap_or_else(|| say!(lang, "run-unproven-text"));
            draw("doubt", icon::DOUBT, say!(lang, "run-unproven"), tail_there(scene), line)
        }
        Face::Unreadable => {
            draw("bad", icon::BAD, say!(lang, "run-unreadable"), "—".into(), say!(lang, "run-unreadable-text"))
        }
        Face::Full(full) => draw("bad", icon::BAD, say!(lang, "run-failed"), tail_there(scene), full_text(lang, full)),
        Face::Waiting => {
            let tails: Vec<String> = scene.look.doubts.iter().take(3).map(|load| show::tail(&load.card)).collect();
            draw("doubt", icon::DOUBT, say!(lang, "run-waiting"), tails.join(" "), say!(lang, "run-waiting-text"))
        }
        Face::Unwatched => {
            draw("bad", icon::BAD, say!(lang, "run-failed"), tail_there(scene), say!(lang, "run-unwatched-text"))
        }
        Face::Paused => draw("doubt", icon::CLOCK, say!(lang, "run-paused"), "—".into(), say!(lang, "run-paused-text")),
        Face::Lift => draw("ready", icon::CARD, say!(lang, "run-lift"), tail_there(scene), say!(lang, "run-lift-text")),
        Face::OutOfOrder(ailment) => Look {
            line: html! { p { (ailment.next(lang)) } p.which { (say!(lang, "run-away-text")) } },
            ..draw("bad", icon::WARN, ailment.is(lang), "—".into(), String::new())
        },
    }
}

fn done(lang: Lang, load: &Load, settled: bool) -> Look {
    let text = if settled { say!(lang, "run-settled-text") } else { say!(lang, "succeeded-next") };
    let (word, figure, line) = (say!(lang, "run-done"), show::yuan(load.amount), of_card(lang, load, &text));
    Look { class: "good", icon: icon::DONE, word, figure, line }
}

/// Why a card was not charged: its own problem where it is known, else the load's reason.
fn why(lang: Lang, scene: &Scene, load: &Load) -> String {
    told_problem(lang, scene)
        .or_else(|| load.reason.map(|why| reason(lang, why)))
        .unwrap_or_else(|| say!(lang, "failed-text"))
}

fn told_problem(lang: Lang, scene: &Scene) -> Option<String> {
    let card = scene.look.run.told.as_ref()?.card.as_ref()?;
    card.allowed.as_ref().err().map(|problem| problem_text(lang, problem))
}

/// What is said of a load's card, and which card and balance it is.
fn of_card(lang: Lang, load: &Load, text: &str) -> Markup {
    html! {
        p { (text) }
        p.which { (say!(lang, "list-card")) " " (show::card_end(&load.card))
            @if let Some(after) = load.balance_after { " · " (say!(lang, "load-balance-after")) " " (show::money(after)) } }
    }
}

fn full_text(lang: Lang, full: Full) -> String {
    match full {
        Full::Cards => say!(lang, "run-full-cards"),
        Full::Money => say!(lang, "run-full-money"),
        Full::Quota => say!(lang, "run-full-quota"),
        Full::Doubts => say!(lang, "run-full-doubts", n = MOST_DOUBTS),
    }
}

/// The end of the number of the card that lies there.
fn tail_there(scene: &Scene) -> String {
    match &scene.live.phase {
        Phase::Card { card, .. } | Phase::Charging { card, .. } => show::tail(&card.number),
        Phase::NoCard | Phase::Reading | Phase::Unreadable => "—".into(),
    }
}

/// What became of the card before, in a line.
fn last(lang: Lang, scene: &Scene) -> Markup {
    let told = scene.look.run.told.as_ref().map(|told| of_told(scene, told));
    let (class, icon, word, load) = match told {
        Some(Face::Done(load) | Face::Settled(load)) => ("good", icon::DONE, say!(lang, "run-done"), Some(load)),
        Some(Face::Already(load)) => ("noted", icon::NOTE, say!(lang, "run-already"), Some(load)),
        Some(Face::Failed(load)) => ("bad", icon::BAD, say!(lang, "run-failed"), Some(load)),
        Some(Face::Unreadable) => ("bad", icon::BAD, say!(lang, "run-unreadable"), None),
        Some(Face::Full(_) | Face::Unwatched) => ("bad", icon::BAD, say!(lang, "run-failed"), None),
        Some(Face::Unproven) => ("doubt", icon::DOUBT, say!(lang, "run-unproven"), None),
        Some(
            Face::Doubt(_) | Face::Ready | Face::Busy | Face::Waiting | Face::Paused | Face::Lift | Face::OutOfOrder(_),
        )
        | None => return html! {},
    };
    html! {
        p.last.(class) { (say!(lang, "run-last")) " " (icon.draw()) b { (word) }
            @if let Some(load) = load { " " (show::card_end(&load.card)) " " span.num { (show::yuan(load.amount)) } } }
    }
}

/// Charging a card once more: the key leads to the button, the button says what it does.
fn again(lang: Lang, scene: &Scene, load: &Load) -> Markup {
    let Phase::Card { card, intent, .. } = &scene.live.phase else { return html! {} };
    html! {
        form.again method="post" action="/station/run/again" {
            (hidden("run", scene.look.run.id.0))
            (hidden("terminal", scene.place.number.to_string()))
            (hidden("card", card.number.to_string()))
            (hidden("balance", card.balance.as_i64()))
            (hidden("intent", intent))
            button.button id="again" { (say!(lang, "run-again", tail = show::tail(&load.card),
                amount = show::yuan(scene.look.run.plan.amount))) (kbd("A")) }
        }
    }
}
