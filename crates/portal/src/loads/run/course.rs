//! `GET /station/run` and `POST /station/run`: the run under way, or the way to one.

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;
use topup::cards::Class;
use topup::runs::{self, Plan, Start, StartError};
use topup::{groups, terminals};

use super::form::{self, Check, Typed, Wrong};
use super::{page, scene, verbs};
use crate::App;
use crate::look::Frame;
use crate::people::access::{Load, May};
use crate::terminals::Place;
use crate::terminals::choose::chosen;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

/// What the address may carry: what was typed before.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    amount: String,
    #[serde(default)]
    cards: String,
    #[serde(default)]
    money: String,
}

/// What the form and the check page send.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    amount: String,
    #[serde(default)]
    cards: String,
    #[serde(default)]
    money: String,
    /// Of the check page: which terminal it showed, its key, and that the clerk is sure.
    terminal: Option<String>,
    key: Option<String>,
    sure: Option<String>,
}

/// `GET /station/run`. Without script the page comes again by itself, which does not count as activity; with it, too,
/// since what counts is that cards are charged.
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Load, false>,
    jar: CookieJar,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let Some((place, _)) = chosen(&app.house, may.group(), &jar).await? else {
        return Ok(Redirect::to("/station/terminal").into_response());
    };
    let Some(run) = runs::active(&app.house, may.group(), place.number).await? else {
        may.note_active(&app).await?;
        let Asked { amount, cards, money } = asked;
        return form_page(&app, &may, &Typed { amount, cards, money }, &Wrong::new(), StatusCode::OK).await;
    };
    verbs::watch_over(&app, &may, &run).await?;
    match scene(&app.house, &may.operator, place, run.id).await? {
        Some(scene) => Ok(Html(page::page(&here(&may.frame), &scene)).into_response()),
        None => Err(Problem::NotFound),
    }
}

/// `POST /station/run`: the form leads to the check page, the check page begins the run.
pub(crate) async fn post(
    State(app): State<App>,
    may: May<Load>,
    jar: CookieJar,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let Some((place, _)) = chosen(&app.house, may.group(), &jar).await? else {
        return Ok(Redirect::to("/station/terminal").into_response());
    };
    let lang = may.frame.lang;
    let typed = Typed { amount: sent.amount, cards: sent.cards, money: sent.money };
    let plan = match typed.plan(lang) {
        Ok(plan) => plan,
        Err(wrong) => return form_page(&app, &may, &typed, &wrong, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let quota = groups::quota(&app.house, may.group()).await?;
    let problems = runs::check(&app.house, &plan, quota.available);
    if !problems.is_empty() {
        let wrong = form::wrong(lang, &plan, &problems);
        return form_page(&app, &may, &typed, &wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    match (sent.sure, sent.key, sent.terminal.and_then(|number| number.parse().ok())) {
        (Some(_), Some(key), Some(terminal)) => begin(&app, &may, &typed, &Begin { terminal, plan, key: &key }).await,
        _ => check(&app, &may, &place, plan).await,
    }
}

/// The check page. Its key is random: one page, one run.
async fn check(app: &App, may: &May<Load>, place: &Place, plan: Plan) -> Result<Response, Problem> {
    let live = terminals::live(&app.house, may.group(), place.number).await?;
    let quota = groups::quota(&app.house, may.group()).await?;
    let key = hex::encode(app.house.random::<12>());
    let not_for: Vec<&Class> = runs::not_for(&app.house, &plan);
    let check = Check { plan, place, live: &live, quota, key: &key, not_for };
    Ok(Html(form::check(&here(&may.frame), &check)).into_response())
}

struct Begin<'a> {
    terminal: terminals::TerminalNumber,
    plan: Plan,
    key: &'a str,
}

async fn begin(app: &App, may: &May<Load>, typed: &Typed, begin: &Begin<'_>) -> Result<Response, Problem> {
    let Begin { terminal, plan, key } = *begin;
    let session = verbs::session(may)?;
    let start = Start { terminal, plan, key, session: &session };
    let under_way = || Ok(Redirect::to("/station/run").into_response());
    let lang = may.frame.lang;
    let wrong = match runs::start(&app.house, &may.operator, &start).await {
        Ok(run) => return Ok(Redirect::to(&verbs::after_start(app, may, run).await?).into_response()),
        Err(StartError::UnderWay(_)) => return under_way(),
        Err(StartError::Plan(problems)) => form::wrong(lang, &plan, &problems),
        Err(StartError::NoTerminal | StartError::Over) => vec![("", say!(lang, "run-no-terminal"))],
        Err(StartError::NotConnected) => vec![("", say!(lang, "run-not-connected"))],
        Err(StartError::Storage(error)) => return Err(error.into()),
    };
    form_page(app, may, typed, &wrong, StatusCode::CONFLICT).await
}

async fn form_page<const TOUCH: bool>(
    app: &App,
    may: &May<Load, TOUCH>,
    typed: &Typed,
    wrong: &Wrong,
    status: StatusCode,
) -> Result<Response, Problem> {
    let quota = groups::quota(&app.house, may.group()).await?;
    let rule = runs::common_rule(&app.house.classes);
    Ok((status, Html(form::form(&here(&may.frame), &rule, typed, wrong, quota))).into_response())
}

/// The pages answer a POST, or carry what was typed; the language switch must come back by a plain GET.
fn here(frame: &Frame) -> Frame {
    Frame { here: "/station/run".to_owned(), ..frame.clone() }
}
