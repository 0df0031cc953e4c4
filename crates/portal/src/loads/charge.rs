//! The confirm: `POST /station/charge`, asked once more before the money moves, and its outcome.
//!
//! The intent key comes from the server with the card on the reader: a double click, the back button or a second
//! window carry the same key and come to the same load. Nothing here is ever posted again by itself: when an answer is
//! missing, the outcome of the intent is asked for.

use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use maud::{Markup, html};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use topup::cards::amount_allowed;
use topup::loads::{self, Confirm, ConfirmError, Outcome};
use topup::terminals::TerminalNumber;
use topup::{Fen, GroupId, House};

use super::follow::Follow;
use super::view::{self, Desk, Station};
use super::{amount, station};
use crate::App;
use crate::look::Frame;
use crate::people::access::{Glance, Load, May};
use crate::terminals::choose::chosen;
use crate::web::Html;
use crate::web::problem::{Problem, SCRIPTED};
use crate::words::{Lang, say};

/// How long the script's question for an outcome waits for it: below what proxies allow, above what a load takes.
const WAIT: Duration = Duration::from_secs(12);

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    terminal: String,
    card: String,
    /// Fen, as the page was given them.
    balance: i64,
    /// As typed.
    amount: String,
    intent: String,
    /// Whether the clerk was asked and is sure.
    sure: Option<String>,
}

/// `POST /station/charge`
pub(crate) async fn post(
    State(app): State<App>,
    may: May<Load>,
    jar: CookieJar,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let chosen_amount = amount::parse(&sent.amount);
    let (Some(amount), Ok(card)) = (chosen_amount, sent.card.parse()) else {
        let problem = match chosen_amount {
            None => say!(lang, "confirm-amount"),
            Some(_) => say!(lang, "confirm-no-card"),
        };
        return refused(&app, &may, &jar, chosen_amount, problem).await;
    };
    let terminal: TerminalNumber = sent.terminal.parse().map_err(|_| Problem::Malformed)?;
    if sent.sure.is_none() {
        return ask(&app, &may, &jar, amount).await;
    }
    let confirm = Confirm { terminal, card, balance: Fen::new(sent.balance), amount, intent: sent.intent };
    let problem = match loads::confirm(&app.house, &may.operator, &confirm).await {
        Ok(()) => return Ok(taken(&headers, &confirm)),
        Err(ConfirmError::NotConnected) => say!(lang, "confirm-not-connected"),
        Err(ConfirmError::Busy) => say!(lang, "confirm-busy"),
        Err(ConfirmError::UnderRun) => say!(lang, "confirm-under-run"),
        Err(ConfirmError::Stale) => say!(lang, "confirm-stale"),
        Err(ConfirmError::NoTerminal) => say!(lang, "confirm-no-terminal"),
        Err(ConfirmError::Amount) => say!(lang, "confirm-amount"),
        // Whether the confirm was written is open, so the page must not say that nothing was charged. The script asks
        // for the outcome when it sees the failure; without it the browser is sent there.
        Err(ConfirmError::Storage(error)) if headers.contains_key(SCRIPTED) => return Err(error.into()),
        Err(ConfirmError::Storage(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a confirm may not have been written");
            return Ok(taken(&headers, &confirm));
        }
    };
    refused(&app, &may, &jar, Some(amount), problem).await
}

/// The confirm is taken on: the outcome is the next question.
fn taken(headers: &HeaderMap, confirm: &Confirm) -> Response {
    if headers.contains_key(SCRIPTED) {
        StatusCode::ACCEPTED.into_response()
    } else {
        Redirect::to(&view::outcome_path(confirm.terminal, &confirm.intent)).into_response()
    }
}

/// The question before the money moves, for a page without its script.
async fn ask(app: &App, may: &May<Load>, jar: &CookieJar, amount: Fen) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let Some(station) = now(app, may, jar).await? else { return Ok(Redirect::to("/station/terminal").into_response()) };
    let problem = match station.cap() {
        None => Some(say!(lang, "confirm-no-card")),
        Some(cap) => amount_allowed(amount, cap.allowance)
            .err()
            .map(|why| view::amount_problem(lang, why, cap.allowance))
            .or_else(|| (amount > cap.most).then(|| say!(lang, "reason-quota-short"))),
    };
    Ok(match problem {
        Some(_) => answer(&may.frame, &station, &Desk::Entry { amount: Some(amount), problem }, StatusCode::CONFLICT),
        None => answer(&may.frame, &station, &Desk::Ask { amount }, StatusCode::OK),
    })
}

/// The station again, with why the confirm was not taken on.
async fn refused(
    app: &App,
    may: &May<Load>,
    jar: &CookieJar,
    amount: Option<Fen>,
    problem: String,
) -> Result<Response, Problem> {
    let Some(station) = now(app, may, jar).await? else { return Ok(Redirect::to("/station/terminal").into_response()) };
    let desk = Desk::Entry { amount, problem: Some(problem) };
    Ok(answer(&may.frame, &station, &desk, StatusCode::CONFLICT))
}

async fn now(app: &App, may: &May<Load>, jar: &CookieJar) -> Result<Option<Station>, Problem> {
    let Some((place, others)) = chosen(&app.house, may.group(), jar).await? else { return Ok(None) };
    station::look(&app.house, &may.operator, may.since, place, others).await.map(Some)
}

fn answer(frame: &Frame, station: &Station, desk: &Desk, status: StatusCode) -> Response {
    // The page answers a POST; the language switch must come back by GET.
    let frame = Frame { here: "/station".to_owned(), ..frame.clone() };
    (status, Html(station::page(&frame, station, desk))).into_response()
}

/// `GET /station/outcome/{terminal}/{intent}`: for the script the result when it is there, for the browser a page that
/// comes again until it is.
pub(crate) async fn outcome(
    State(app): State<App>,
    may: Glance<Load>,
    Path((terminal, intent)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let terminal: TerminalNumber = terminal.parse().map_err(|_| Problem::NotFound)?;
    let lang = may.frame.lang;
    if !headers.contains_key(SCRIPTED) {
        return Ok(match loads::outcome(&app.house, may.group(), &intent).await? {
            Outcome::Load(load) => Redirect::to(&format!("/loads/{}", load.order)).into_response(),
            Outcome::Waiting => Html(waiting(&may.frame)).into_response(),
            Outcome::Unheard => Problem::Unheard.into_response(),
        });
    }
    Ok(match ended(&app.house, may.group(), terminal, &intent).await? {
        Outcome::Load(load) => fragment(lang, &load),
        Outcome::Waiting => (StatusCode::ACCEPTED, Html(view::under_way(lang, None))).into_response(),
        Outcome::Unheard => Problem::Unheard.into_response(),
    })
}

fn fragment(lang: Lang, load: &loads::Load) -> Response {
    Html(view::outcome(lang, load, view::At::Station)).into_response()
}

/// Waits for the end of a load; it may still be [`Outcome::Waiting`] when the time is up.
async fn ended(house: &House, group: GroupId, terminal: TerminalNumber, intent: &str) -> Result<Outcome, Problem> {
    let mut follow = Follow::terminal(house, terminal).await?;
    let until = Instant::now().checked_add(WAIT).unwrap_or_else(Instant::now);
    loop {
        let outcome = loads::outcome(house, group, intent).await?;
        if outcome != Outcome::Waiting || timeout_at(until, follow.next()).await.is_err() {
            return Ok(outcome);
        }
    }
}

/// A page that waits for the end of a load without script.
pub(crate) fn waiting(frame: &Frame) -> Markup {
    let lang = frame.lang;
    let body = html! { h1.unseen { (say!(lang, "authorised-title")) } div.sheet.pad { (view::under_way(lang, None)) } };
    frame.page(say!(lang, "authorised-title"), body).narrow().refresh(1).draw()
}
