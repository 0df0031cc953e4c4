//! One day: `GET /office/reconcile/{day}`, and what can be done about it.

use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;
use topup::Fen;
use topup::audit::Subject;
use topup::reconcile::{self, Bank, Came, CloseError, Closing, Closure, DayState, Fetched, Listed};
use topup::two_people::{MOST_REFERENCE, Refused};

use super::{Do, LIST, STATEMENTS, See, day_in, groups, list, may_do, meanwhile, path};
use crate::App;
use crate::look::{Frame, Tone, command, empty, fact, icon, notice, show, summary};
use crate::office::reviews;
use crate::office::trail::{Before, Trail, trail};
use crate::people::access::Office;
use crate::web::problem::Problem;
use crate::web::{Html, encoded};
use crate::words::{Lang, say};

/// What the address says of what was done a moment ago.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct News {
    /// A file: `fresh`, `known`, `not-ready`, `no-gateway`, `failed`; `going-on` while the bank is asked about its lines.
    #[serde(default)]
    file: String,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) listed: Listed,
    pub(crate) trail: Trail,
    /// What was done a moment ago.
    pub(crate) news: String,
    /// What was typed about which difference, and refused.
    pub(crate) refused: Option<(i64, Sent)>,
    /// Above this two people close a difference.
    pub(crate) limit: Fen,
}

/// `GET /office/reconcile/{day}`
pub(crate) async fn get(
    State(app): State<App>,
    may: Office<See>,
    Path(day): Path<String>,
    Query(news): Query<News>,
    Query(before): Query<Before>,
) -> Result<Html, Problem> {
    let shown = Shown { news: news.file, ..look(&app, day_in(&day)?, &before).await? };
    Ok(Html(page(&may.frame, &shown, &[])))
}

async fn look(app: &App, day: Date, before: &Before) -> Result<Shown, Problem> {
    let listed = reconcile::day(&app.house, day).await?.ok_or(Problem::NotFound)?;
    let trail = Trail::of(app, Subject::Day(day), before).await?;
    let limit = app.house.settings.deposits.two_people_above;
    Ok(Shown { listed, trail, news: String::new(), refused: None, limit })
}

/// `GET /office/reconcile/{day}/file`: the file as it came.
pub(crate) async fn file(
    State(app): State<App>,
    _may: Office<See>,
    Path(day): Path<String>,
) -> Result<Response, Problem> {
    let (name, bytes) = reconcile::content(&app.house, day_in(&day)?).await?.ok_or(Problem::NotFound)?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{}", encoded(&name).replace('/', "_"))),
    ];
    Ok((headers, bytes).into_response())
}

/// `POST /office/reconcile/{day}/again`
pub(crate) async fn again(
    State(app): State<App>,
    _may: Office<Do>,
    Path(day): Path<String>,
) -> Result<Redirect, Problem> {
    let day = day_in(&day)?;
    match meanwhile(async move { reconcile::again(&app.house, day).await }).await.transpose()? {
        Some(true) => Ok(Redirect::to(&path(day))),
        Some(false) => Err(Problem::NotFound),
        None => Ok(Redirect::to(&format!("{}?file=going-on", path(day)))),
    }
}

/// `POST /office/reconcile/{day}/fetch`: asks the gateway now.
pub(crate) async fn fetch(
    State(app): State<App>,
    may: Office<Do>,
    Path(day): Path<String>,
) -> Result<Redirect, Problem> {
    let day = day_in(&day)?;
    if !reconcile::is_due(day, app.house.now()) && reconcile::day(&app.house, day).await?.is_none() {
        return Err(Problem::NotFound);
    }
    let actor = may.actor();
    let news = match meanwhile(async move { reconcile::fetch(&app.house, &actor, day).await }).await.transpose()? {
        Some(Fetched::Taken(taken)) if taken.fresh => "fresh",
        Some(Fetched::Taken(_)) => "known",
        Some(Fetched::NotReady) => "not-ready",
        Some(Fetched::NoGateway) => "no-gateway",
        Some(Fetched::Failed(_)) => "failed",
        None => "going-on",
    };
    Ok(Redirect::to(&format!("{}?file={news}", path(day))))
}

/// What the form of a difference sends.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    pub(super) reason: String,
    /// Set when the box was ticked that says that money moved outside of this system.
    #[serde(default)]
    pub(super) moved: String,
    #[serde(default)]
    pub(super) reference: String,
    #[serde(default)]
    day: String,
}

/// `POST /office/reconcile/differences/{difference}`
pub(crate) async fn close(
    State(app): State<App>,
    may: Office<Do>,
    Path(difference): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let closing =
        Closing { id: difference, reason: &sent.reason, moved: sent.moved == "yes", reference: &sent.reference };
    let mut field = groups::field(difference);
    let problem = match reconcile::close(&app.house, &may.staff, &may.actor(), closing).await {
        Ok((_, Closure::OtherReference)) => {
            // Where the field was, it says now that another has to confirm it.
            field.clear();
            say!(lang, "difference-other-reference")
        }
        Ok((day, Closure::Closed | Closure::Proposed)) => return Ok(Redirect::to(&path(day)).into_response()),
        Err(CloseError::Unknown) => return Err(Problem::NotFound),
        Err(CloseError::Storage(error)) => return Err(error.into()),
        Err(CloseError::Refused(Refused::Role)) => say!(lang, "exception-role"),
        Err(CloseError::Refused(Refused::Own)) => say!(lang, "difference-own"),
        Err(CloseError::Refused(refused)) => reviews::words::refused(lang, refused),
        Err(CloseError::NoReference) => say!(lang, "difference-no-reference"),
        Err(CloseError::LongReference) => say!(lang, "exception-long-reference", most = MOST_REFERENCE),
    };
    let day = day_in(&sent.day)?;
    let shown = Shown { refused: Some((difference, sent)), ..look(&app, day, &Before::default()).await? };
    let frame = Frame { here: path(day), ..may.frame.clone() };
    let page = page(&frame, &shown, &[(field.as_str(), problem)]);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let (lang, day) = (frame.lang, &shown.listed.day);
    let title = say!(lang, "day-title", day = day.day.to_string());
    let body = html! {
        p.back { a href=(LIST) { (say!(lang, "back-days")) } }
        div.heading { h1 { (title) } (list::state(lang, day)) }
        (summary(lang, problems))
        (news(lang, &shown.news))
        @match &day.state {
            DayState::Here(bank) => {
                (tally(lang, &shown.listed))
                div.halves { (facts(lang, frame, day.day, bank)) (settling(lang, frame, shown, bank)) }
                (groups::all(frame, shown, problems))
            }
            DayState::Early | DayState::Absent { .. } => {
                (absent(frame, shown))
                (groups::all(frame, shown, problems))
            }
        }
        (trail(lang, &path(day.day), &shown.trail))
    };
    frame.page(title, body).draw()
}

/// What was done a moment ago.
fn news(lang: Lang, news: &str) -> Markup {
    let (tone, text) = match news {
        "fresh" => (Tone::Good, say!(lang, "bill-taken")),
        "known" => (Tone::Plain, say!(lang, "bill-known")),
        "not-ready" => (Tone::Doubt, say!(lang, "bill-not-ready")),
        "no-gateway" => (Tone::Doubt, say!(lang, "bill-no-gateway")),
        "going-on" => (Tone::Doubt, say!(lang, "bill-going-on")),
        "failed" => (Tone::Bad, say!(lang, "bill-failed")),
        _ => return html! {},
    };
    html! { div.news role="status" { (notice(tone, "", text)) } }
}

/// The four groups at a glance: how many, how much.
fn tally(lang: Lang, listed: &Listed) -> Markup {
    html! {
        dl.tally {
            @for group in groups::Group::ALL {
                @let total = group.total(&listed.pairs);
                @if total.count > 0 || !matches!(group, groups::Group::Back | groups::Group::Listed) {
                    div.(group.tone(total.count).class()) {
                        dt { (group.tone(total.count).icon().draw()) (group.word(lang)) }
                        dd { b.num { (total.count) } span.num { (show::yuan(total.sum)) } }
                    }
                }
            }
        }
    }
}

fn facts(lang: Lang, frame: &Frame, day: Date, bank: &Bank) -> Markup {
    let came = match bank.came {
        Came::Fetched => say!(lang, "bill-fetched"),
        Came::Uploaded => say!(lang, "bill-uploaded"),
    };
    html! {
        section.sheet.pad.stack {
            h2 { (say!(lang, "bill")) }
            dl.facts {
                (fact(&say!(lang, "file"), html! { a href={ (path(day)) "/file" } { (bank.name) } }))
                (fact(&say!(lang, "bill-merchant"), html! { span.num { (bank.merchant) } }))
                (fact(&say!(lang, "bill-lines"), html! { span.num { (bank.lines) } }))
                (fact(&say!(lang, "bill-came"), html! {
                    (came) " · " (groups::person(lang, &bank.by)) div.num { (show::date_time(bank.taken_at)) }
                }))
                @if let Some(at) = bank.reconciled_at {
                    (fact(&say!(lang, "bill-reconciled"), html! { span.num { (show::date_time(at)) } }))
                }
            }
            @if may_do(frame) {
                form method="post" action={ (path(day)) "/again" } {
                    button.button { (say!(lang, "reconcile-again")) }
                }
            }
        }
    }
}

/// The net of the day against the statements.
fn settling(lang: Lang, frame: &Frame, shown: &Shown, bank: &Bank) -> Markup {
    html! {
        section.sheet.pad.stack {
            h2 { (say!(lang, "settling")) }
            dl.facts {
                (fact(&say!(lang, "settling-gross"), show::money(Fen::new(bank.net.as_i64().saturating_add(bank.fee.as_i64())))))
                (fact(&say!(lang, "settling-fee"), show::money(bank.fee)))
                div.now { dt { (say!(lang, "day-net")) } dd { (show::money(bank.net)) } }
                (fact(&say!(lang, "day-settled"), list::settled(lang, bank)))
            }
            @if bank.settled.is_none() && bank.net != Fen::ZERO {
                p.soft.small { (say!(lang, "settling-text", most = reconcile::settling::WINDOW)) }
                @if !shown.listed.near.is_empty() {
                    p.small { (say!(lang, "settling-near")) }
                    ul.near { @for line in &shown.listed.near {
                        li { span.num { (line.day) } b.num { (show::yuan(line.amount)) } span.soft { (line.text) } }
                    } }
                }
                @if may_do(frame) { p { a href=(STATEMENTS) { (say!(lang, "statement-bring")) } } }
            }
        }
    }
}

/// A day without a file, and what to do.
fn absent(frame: &Frame, shown: &Shown) -> Markup {
    let (lang, day) = (frame.lang, &shown.listed.day);
    let early = day.state == DayState::Early;
    let heading = if early { say!(lang, "day-early") } else { say!(lang, "day-absent") };
    let why = list::why(lang, day).unwrap_or_default();
    let next = html! {
        @if day.ours > 0 { p { (say!(lang, "day-ours-wait", n = day.ours)) } }
        @if may_do(frame) && !early {
            div.either {
                form method="post" action={ (path(day.day)) "/fetch" } {
                    button.button.main { (say!(lang, "bill-fetch")) }
                }
                a.button href={ (LIST) "#upload" } { (say!(lang, "bill-upload")) }
            }
        }
    };
    let trouble = match &day.state {
        DayState::Absent { trouble: Some(why), .. } => Some(why),
        DayState::Absent { trouble: None, .. } | DayState::Early | DayState::Here(_) => None,
    };
    html! {
        section.sheet.queue {
            @if let Some(why) = trouble {
                (empty(icon::BANK.draw(), &heading, &say!(lang, "day-trouble-short"), html! { (command(why)) (next) }))
            } @else { (empty(icon::BANK.draw(), &heading, &why, next)) }
        }
    }
}
