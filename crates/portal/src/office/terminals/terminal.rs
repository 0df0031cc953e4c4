//! One terminal: `GET /office/terminals/{number}`, its codes and its alarms.
//!
//! A code is shown once. It travels from the POST that made it to the page that shows it in a cookie of this page alone,
//! which the page takes away again: so it is never written to the database, a reload or the way back does not show it
//! again, and it does not matter which server process answers.

use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;
use topup::Micros;
use topup::alarms::{self, Alarm};
use topup::audit::Subject;
use topup::terminals::list::{self, Listed, Stand};
use topup::terminals::{self, Health, Register, RegisterError, TerminalNumber};

use super::{Decide, See, number_in, path, view, wrong};
use crate::App;
use crate::look::Frame;
use crate::office::trail::{Before, Trail};
use crate::people::access::Office;
use crate::terminals::Place;
use crate::terminals::check::Checkup;
use crate::web::Html;
use crate::web::problem::Problem;

/// Open alarms on the page; a terminal can have one of each kind.
const ALARMS: i64 = 10;

const COOKIE: &str = "code";
/// How long a code waits for its page.
const HAND_OVER_S: i64 = 60;

/// What the page shows.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) terminal: Listed,
    pub(crate) health: Option<Health>,
    /// How everything stands between it and the server; none for a terminal that is out of use or not enrolled yet.
    pub(crate) checkup: Option<Checkup>,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) trail: Trail,
    /// A code that was made for whoever looks now, and until when it can be used.
    pub(crate) fresh: Option<(String, Micros)>,
    /// Until when a code can be used that somebody was shown.
    pub(crate) outstanding: Option<Micros>,
}

/// `GET /office/terminals/{number}`
pub(crate) async fn get(
    State(app): State<App>,
    may: Office<See>,
    Path(number): Path<String>,
    Query(before): Query<Before>,
    jar: CookieJar,
) -> Result<Response, Problem> {
    let number = number_in(&number)?;
    let handed = jar.get(COOKIE).map(|cookie| cookie.value().to_owned());
    let shown = look(&app, number, handed.as_deref(), &before).await?;
    let page = Html(view::page(&may.frame, &shown, &app.settings.public_url, &[]));
    Ok(match handed {
        Some(_) => (jar.remove(Cookie::build(COOKIE).path(path(number))), page).into_response(),
        None => page.into_response(),
    })
}

/// `POST /office/terminals/{number}/code`: a new one-time code; those before it are void.
pub(crate) async fn code(
    State(app): State<App>,
    may: Office<Decide>,
    Path(number): Path<String>,
    jar: CookieJar,
) -> Result<Response, Problem> {
    let number = number_in(&number)?;
    match Register::of(&app.house, &may.actor()).code(number).await {
        Ok(code) => Ok((jar.add(handed_over(&app, number, &code)), Redirect::to(&path(number))).into_response()),
        // Its page says so.
        Err(RegisterError::Revoked) => Ok(Redirect::to(&path(number)).into_response()),
        Err(error) => refused(&app, &may.frame, number, error).await,
    }
}

/// What the form that closes an alarm sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Closing {
    #[serde(default)]
    reason: String,
}

/// `POST /office/terminals/{number}/alarms/{alarm}`: closes an alarm for a reason.
pub(crate) async fn close_alarm(
    State(app): State<App>,
    may: Office<Decide>,
    Path((number, alarm)): Path<(String, i64)>,
    Form(sent): Form<Closing>,
) -> Result<Response, Problem> {
    let number = number_in(&number)?;
    match Register::of(&app.house, &may.actor()).close_alarm(number, alarm, &sent.reason).await {
        Ok(()) => Ok(Redirect::to(&path(number)).into_response()),
        Err(error) => refused(&app, &may.frame, number, error).await,
    }
}

/// The cookie that hands a code over to the page of its terminal.
pub(super) fn handed_over(app: &App, number: TerminalNumber, code: &str) -> Cookie<'static> {
    Cookie::build((COOKIE, code.to_owned()))
        .path(path(number))
        .http_only(true)
        .secure(app.settings.tls)
        .same_site(SameSite::Strict)
        .max_age(tower_sessions::cookie::time::Duration::seconds(HAND_OVER_S))
        .build()
}

async fn look(app: &App, number: TerminalNumber, handed: Option<&str>, before: &Before) -> Result<Shown, Problem> {
    let terminal = list::one(&app.house, number).await?.ok_or(Problem::NotFound)?;
    let subject = Subject::Terminal(number);
    let fresh = match handed {
        Some(code) => {
            terminals::outstanding(&app.house, number, Some(code)).await?.map(|until| (code.to_owned(), until))
        }
        None => None,
    };
    Ok(Shown {
        checkup: checkup(app, &terminal).await?,
        terminal,
        health: terminals::health(&app.house, number).await?,
        alarms: alarms::open(&app.house, Some(subject), ALARMS).await?,
        trail: Trail::of(app, subject, before).await?,
        fresh,
        outstanding: terminals::outstanding(&app.house, number, None).await?,
    })
}

/// The terminal's self-test, as its clerks see it.
async fn checkup(app: &App, terminal: &Listed) -> Result<Option<Checkup>, Problem> {
    if matches!(terminal.stand, Stand::New | Stand::Revoked { .. }) {
        return Ok(None);
    }
    let place = Place { number: terminal.number, name: terminal.name.clone() };
    Ok(Some(Checkup::of(app, terminal.group, place, false).await?))
}

/// The page again, with what is wrong.
async fn refused(app: &App, frame: &Frame, number: TerminalNumber, error: RegisterError) -> Result<Response, Problem> {
    let problem = wrong(frame.lang, error)?;
    let frame = Frame { here: path(number), ..frame.clone() };
    let shown = look(app, number, None, &Before::default()).await?;
    let page = view::page(&frame, &shown, &app.settings.public_url, &[problem]);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}
