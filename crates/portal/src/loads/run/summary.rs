//! `GET /station/run/{run}`: what a run did, and what of it needs someone.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::loads::{Load as Charge, State as Stand};
use topup::runs::{self, Ended, RunId, Summary};

use crate::App;
use crate::loads::view::{self, state_tag};
use crate::look::{Frame, Tone, fact, hidden, icon, kbd, notice, show};
use crate::people::access::{Load, May};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// Why it could not be gone on with, if that was tried.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    not: Option<String>,
}

/// `GET /station/run/{run}`: a run of another group is as unknown as one that never was.
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Load>,
    Path(run): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let run = RunId(run.parse().map_err(|_| Problem::NotFound)?);
    let summary = runs::summary(&app.house, may.group(), run).await?.ok_or(Problem::NotFound)?;
    if summary.run.ended.is_none() {
        return Ok(Redirect::to("/station/run").into_response());
    }
    let can_go_on = summary.run.can_go_on(&app.house, &may.operator);
    Ok(Html(page(&may.frame, &summary, can_go_on, asked.not.as_deref())).into_response())
}

/// The page.
pub(crate) fn page(frame: &Frame, summary: &Summary, can_go_on: bool, not: Option<&str>) -> Markup {
    let lang = frame.lang;
    let Summary { run, tally, attention, charged } = summary;
    let left = run.plan.cards().saturating_sub(tally.cards());
    let body = html! {
        div.summary-run.stack {
            div.sheet.pad.stack {
                h1 { (say!(lang, "run-over-title")) }
                p.why { (why(lang, summary)) }
                @match not {
                    Some("connected") => (notice(Tone::Bad, "", say!(lang, "run-not-connected"))),
                    Some("quota") => (notice(Tone::Bad, "", say!(lang, "run-no-quota"))),
                    Some(_) | None => {}
                }
                dl.outcomes {
                    (outcome("good", icon::DONE, &say!(lang, "run-done"), &say!(lang, "run-n-cards", n = tally.done.count), Some(&show::yuan(tally.done.sum))))
                    (outcome(if tally.doubt.count > 0 { "doubt" } else { "none" }, icon::DOUBT, &say!(lang, "state-unknown"), &say!(lang, "run-n-cards", n = tally.doubt.count), Some(&show::yuan(tally.doubt.sum))))
                    (outcome(if tally.problems > 0 { "bad" } else { "none" }, icon::BAD, &say!(lang, "run-failed"), &say!(lang, "run-n-cards", n = tally.problems), None))
                }
                @if tally.in_flight.count > 0 { (notice(Tone::Plain, &say!(lang, "authorised-title"), say!(lang, "authorised-text"))) }
                dl.facts {
                    (fact(&say!(lang, "run-amount"), show::money(run.plan.amount)))
                    (fact(&say!(lang, "run-confirmed"), html! { span.num { (say!(lang, "run-n-cards", n = run.plan.most_cards)) " · " (show::yuan(run.plan.most_money)) } }))
                    (fact(&say!(lang, "run-time"), html! { span.num { (show::date_time(run.started_at)) @if let Some((at, _)) = run.ended { " – " (show::time(at)) } } }))
                    (fact(&say!(lang, "load-operator"), html! { (run.name) " " (run.login) }))
                    (fact(&say!(lang, "load-terminal"), show::terminal(&run.terminal.to_string())))
                }
                div.next-steps.no-print {
                    @if can_go_on && left > 0 {
                        form method="post" action="/station/run/resume" {
                            (hidden("run", run.id.0))
                            button.button.main.big { (say!(lang, "run-go-on", n = left)) }
                        }
                        p.soft { (say!(lang, "run-go-on-text")) }
                    }
                    a.button.big.main[!(can_go_on && left > 0)] href="/station" { (say!(lang, "run-back")) (kbd("Esc")) }
                    a.button href="/station/run" { (say!(lang, "run-new")) }
                    @if !(charged.is_empty() && attention.is_empty()) {
                        a.button href=(format!("/station/run/{}/receipt", run.id.0)) { (say!(lang, "receipt-run")) }
                    }
                }
            }
            (needing(lang, attention))
            (all(lang, charged))
        }
    };
    let page = frame.page(say!(lang, "run-over-title"), body).scripts(&["run-setup.js"]);
    if tally.in_flight.count > 0 { page.refresh(2).draw() } else { page.draw() }
}

fn outcome(class: &str, icon: icon::Icon, word: &str, count: &str, sum: Option<&str>) -> Markup {
    html! { div.(class) { dt { (icon.draw()) (word) } dd { b.num { (count) } @if let Some(sum) = sum { span.num { (sum) } } } } }
}

/// Why the run ended, in a sentence.
fn why(lang: Lang, summary: &Summary) -> String {
    match summary.run.ended.map(|(_, why)| why) {
        Some(Ended::Stopped) => say!(lang, "run-end-stopped"),
        Some(Ended::Cards) => say!(lang, "run-end-cards", n = summary.run.plan.most_cards),
        Some(Ended::Money) => say!(lang, "run-end-money", amount = show::yuan(summary.run.plan.most_money)),
        Some(Ended::Quota) => say!(lang, "run-end-quota"),
        Some(Ended::Unwatched) => say!(lang, "run-end-unwatched"),
        Some(Ended::Session) => say!(lang, "run-end-session"),
        Some(Ended::Terminal) => say!(lang, "run-end-terminal"),
        None => String::new(),
    }
}

/// Each card that was not charged or is in doubt, with why and what to do.
fn needing(lang: Lang, loads: &[Charge]) -> Markup {
    html! {
        section.sheet.list id="attention" aria-labelledby="attention-title" {
            header { h2 id="attention-title" { (say!(lang, "run-attention")) }
                p { span.num { b { (say!(lang, "run-n-cards", n = loads.len())) } } } }
            @if loads.is_empty() {
                div.empty { (icon::DONE.draw()) h3 { (say!(lang, "run-attention-none")) } p { (say!(lang, "run-attention-none-text")) } }
            } @else {
                ul.needing { @for load in loads {
                    li {
                        a href={ "/loads/" (load.order) } { (show::card(&load.card)) }
                        (state_tag(lang, load.state))
                        p {
                            @if let Some(why) = load.reason { (view::reason(lang, why)) }
                            @if load.state == Stand::Unknown && !load.asked_in_vain { " " (say!(lang, "unknown-next", tail = show::tail(&load.card))) }
                        }
                    }
                } }
            }
        }
    }
}

fn all(lang: Lang, loads: &[Charge]) -> Markup {
    html! {
        @if !loads.is_empty() {
            section.sheet.wide.list aria-labelledby="charged-title" {
                header { h2 id="charged-title" { (say!(lang, "run-charged")) }
                    p { span.num { b { (say!(lang, "run-n-cards", n = loads.len())) } } } }
                div.scroll tabindex="0" role="region" aria-labelledby="charged-title" { (view::table(lang, loads)) }
            }
        }
    }
}
