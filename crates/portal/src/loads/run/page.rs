//! The page of a run under way, and its fragments: `#strip`, `#panel`, `#progress`, `#list`.

use maud::{Markup, html};
use topup::Fen;
use topup::terminals::Phase;

use super::Scene;
use super::panel::panel;
use crate::loads::view::{self, Lamp};
use crate::look::{Frame, Tone, hidden, icon, kbd, notice, show};
use crate::words::{Lang, say};

/// How often a page without script comes again, in seconds: well below what a run waits for a page.
const AGAIN_S: u32 = 3;

/// The page.
pub(crate) fn page(frame: &Frame, scene: &Scene) -> Markup {
    let lang = frame.lang;
    let run = &scene.look.run;
    let body = html! {
        div.run id="run" data-run=(run.id.0) data-terminal=(scene.place.number) data-over=(super::summary_path(run.id)) {
            h1.unseen { (say!(lang, "run-title")) }
            @if !scene.mine { (notice(Tone::Plain, &say!(lang, "run-others", who = who(scene)), say!(lang, "run-others-text"))) }
            (notices(lang, scene))
            (panel(lang, scene))
            div.beside {
                (progress(lang, scene))
                form.stopper id="stop" method="post" action="/station/run/stop" {
                    (hidden("run", run.id.0))
                    button.button.big { (icon::STOP.draw()) (say!(lang, "run-stop")) (kbd("Esc")) }
                    p.soft data-stopping hidden { (say!(lang, "run-stopping")) }
                }
                div.tools data-scripted hidden {
                    label { input type="checkbox" id="sound" checked; (say!(lang, "sound")) }
                    p.doubt-text id="mute" hidden { (icon::WARN.draw()) (say!(lang, "run-mute")) }
                }
            }
            (list(lang, scene))
        }
    };
    frame
        .page(say!(lang, "run-title"), body)
        .strip(strip(lang, scene))
        .scripts(&["run.js"])
        .refresh_without_script(AGAIN_S)
        .draw()
}

fn who(scene: &Scene) -> String {
    format!("{} {}", scene.look.run.name, scene.look.run.login)
}

/// The fragment `#strip`.
pub(crate) fn strip(lang: Lang, scene: &Scene) -> Markup {
    let lamp = view::out_of_order(lang, &scene.live).unwrap_or_else(|| match scene.live.phase {
        Phase::Reading | Phase::Charging { .. } => {
            Lamp::new("wait", say!(lang, "strip-charging"), say!(lang, "strip-charging-next"))
        }
        Phase::NoCard | Phase::Card { .. } | Phase::Unreadable => {
            Lamp::new("good", say!(lang, "run-title"), say!(lang, "run-by", who = who(scene)))
        }
    });
    view::draw_strip(lang, &lamp, &scene.place, false, scene.quota)
}

/// The fragment `#notices`: that nobody watched for a while.
pub(crate) fn notices(lang: Lang, scene: &Scene) -> Markup {
    let paused = scene.look.run.paused.filter(|(_, until)| scene.look.run.active_at <= *until);
    html! {
        div id="notices" {
            @if let Some((from, until)) = paused {
                (notice(Tone::Doubt, &say!(lang, "run-was-paused", from = show::time(from), until = show::time(until)),
                    say!(lang, "run-was-paused-text")))
            }
        }
    }
}

/// The fragment `#progress`: how far the run is, and what it did.
pub(crate) fn progress(lang: Lang, scene: &Scene) -> Markup {
    let (run, tally) = (&scene.look.run, &scene.look.tally);
    html! {
        section.sheet.pad.gauges id="progress" aria-label=(say!(lang, "run-progress")) {
            (bar(&say!(lang, "run-cards"), &tally.cards().to_string(),
                &say!(lang, "run-of-cards", n = run.plan.most_cards), tally.cards(), run.plan.most_cards))
            (bar(&say!(lang, "run-money"), &show::yuan(tally.sum()),
                &say!(lang, "run-of-money", amount = show::yuan(run.plan.most_money)),
                tally.sum().as_i64(), run.plan.most_money.as_i64()))
            dl.counts {
                div.good { dt { (icon::DONE.draw()) (say!(lang, "run-done")) } dd.num { (tally.done.count) } }
                div.bad[tally.problems > 0] { dt { (icon::BAD.draw()) (say!(lang, "run-failed")) } dd.num { (tally.problems) } }
                div.doubt[tally.doubt.count > 0] { dt { (icon::DOUBT.draw()) (say!(lang, "state-unknown")) } dd.num { (tally.doubt.count) } }
            }
            @if !scene.look.doubts.is_empty() {
                div.notice.doubt { (icon::DOUBT.draw()) div {
                    b { (say!(lang, "unknown-card")) }
                    ul.tails { @for load in &scene.look.doubts { li { a.num href={ "/loads/" (load.order) } target="_blank" { (show::card_end(&load.card)) } } } }
                } }
            }
            p.quota-left { (say!(lang, "quota-available")) b { (show::money(scene.quota.available.max(Fen::ZERO))) } }
        }
    }
}

fn bar(term: &str, value: &str, most: &str, has: i64, of: i64) -> Markup {
    html! {
        div.bar {
            p { span { (term) } span.num { b { (value) } " " (most) } }
            // On the axis in its own unit: the picture needs no arithmetic.
            svg.gauge viewBox={ "0 0 " (of.max(1)) " 1" } preserveAspectRatio="none" aria-hidden="true" {
                rect.has width=(has.clamp(0, of.max(1))) height="1" {}
            }
        }
    }
}

/// The fragment `#list`: the last loads, newest first.
pub(crate) fn list(lang: Lang, scene: &Scene) -> Markup {
    let loads = &scene.look.loads;
    let tally = &scene.look.tally;
    html! {
        section.sheet.wide.list id="list" aria-labelledby="list-title" {
            header {
                h2 id="list-title" { (say!(lang, "run-list")) }
                @if tally.done.count > 0 {
                    (view::totals(lang, &say!(lang, "state-succeeded"), tally.done.count, Some(tally.done.sum)))
                }
                @if tally.doubt.count > 0 {
                    (view::totals(lang, &say!(lang, "state-unknown"), tally.doubt.count, Some(tally.doubt.sum)))
                }
                @if tally.problems > 0 { (view::totals(lang, &say!(lang, "run-failed"), tally.problems, None)) }
            }
            @if loads.is_empty() {
                div.empty { (icon::LIST.draw()) h3 { (say!(lang, "run-list-empty")) } p { (say!(lang, "run-list-empty-text")) } }
            } @else {
                div.scroll tabindex="0" role="region" aria-labelledby="list-title" { (view::table(lang, loads)) }
            }
        }
    }
}
