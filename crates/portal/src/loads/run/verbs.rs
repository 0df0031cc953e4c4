//! What a page does to a run under way: watches over it, stops it, goes on with it, charges a card once more.

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use topup::Fen;
use topup::loads::Confirm;
use topup::runs::{self, AgainError, Run, RunId, StartError};

use super::summary_path;
use crate::App;
use crate::people::access::{Glance, Load, May};
use crate::web::problem::{Problem, SCRIPTED};

/// A run changes its session's end when cards moved since this long before.
const LATELY_US: i64 = 60_000_000;

/// Which run.
#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    run: i64,
}

/// `POST /station/run/watch`: the page's script answers the stream's question whether somebody is there.
pub(crate) async fn watch(
    State(app): State<App>,
    may: Glance<Load>,
    Form(which): Form<Which>,
) -> Result<StatusCode, Problem> {
    match runs::by_id(&app.house, may.group(), RunId(which.run)).await? {
        Some(run) => watch_over(&app, &may, &run).await.map(|()| StatusCode::NO_CONTENT),
        None => Err(Problem::NotFound),
    }
}

/// A page of this session shows the run. Cards that are charged are activity: they keep the session.
pub(crate) async fn watch_over<const TOUCH: bool>(app: &App, may: &May<Load, TOUCH>, run: &Run) -> Result<(), Problem> {
    let watches = runs::watch(&app.house, may.group(), run.id, &session(may)?).await?;
    if watches && app.house.now().0.saturating_sub(run.active_at.0) < LATELY_US {
        may.note_active(app).await?;
    }
    Ok(())
}

/// `POST /station/run/stop`: by any operator of the group.
pub(crate) async fn stop(
    State(app): State<App>,
    may: May<Load>,
    headers: HeaderMap,
    Form(which): Form<Which>,
) -> Result<Response, Problem> {
    let run = RunId(which.run);
    runs::by_id(&app.house, may.group(), run).await?.ok_or(Problem::NotFound)?;
    runs::stop(&app.house, may.group(), run).await?;
    Ok(after(&headers, run))
}

/// `POST /station/run/resume`: goes on with a run that was stopped, or that ended by chance.
pub(crate) async fn resume(
    State(app): State<App>,
    may: May<Load>,
    Form(which): Form<Which>,
) -> Result<Redirect, Problem> {
    let run = RunId(which.run);
    match runs::resume(&app.house, &may.operator, run, &session(&may)?).await {
        Ok(()) | Err(StartError::UnderWay(_)) => Ok(Redirect::to("/station/run")),
        Err(StartError::NotConnected) => Ok(Redirect::to(&format!("{}?not=connected", summary_path(run)))),
        Err(StartError::Plan(_)) => Ok(Redirect::to(&format!("{}?not=quota", summary_path(run)))),
        Err(StartError::NoTerminal | StartError::Over) => Err(Problem::NotFound),
        Err(StartError::Storage(error)) => Err(error.into()),
    }
}

/// The confirm that a card is charged once more: the card as the page showed it.
#[derive(Debug, Deserialize)]
pub(crate) struct Again {
    run: i64,
    terminal: String,
    card: String,
    balance: i64,
    intent: String,
}

/// `POST /station/run/again`. If it is not taken on, nothing is charged, and the page shows the card as it is now.
pub(crate) async fn again(
    State(app): State<App>,
    may: May<Load>,
    headers: HeaderMap,
    Form(again): Form<Again>,
) -> Result<Response, Problem> {
    let run = RunId(again.run);
    let confirm = Confirm {
        terminal: again.terminal.parse().map_err(|_| Problem::Malformed)?,
        card: again.card.parse().map_err(|_| Problem::Malformed)?,
        balance: Fen::new(again.balance),
        amount: Fen::ZERO, // the run's
        intent: again.intent,
    };
    match runs::again(&app.house, &may.operator, run, &confirm).await {
        Ok(()) => Ok(after(&headers, run)),
        Err(AgainError::Confirm(topup::loads::ConfirmError::Storage(error))) => Err(error.into()),
        Err(AgainError::Over | AgainError::Full(_) | AgainError::Confirm(_)) => {
            tracing::info!(run = run.0, "a card was not charged once more");
            Ok(after(&headers, run))
        }
    }
}

/// For the script it is done; the browser goes to where the run is now.
fn after(headers: &HeaderMap, run: RunId) -> Response {
    if headers.contains_key(SCRIPTED) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Redirect::to(&summary_path(run)).into_response()
    }
}

/// Where the start of a run leads: to its page, or if the same page began it before, to what became of it.
pub(crate) async fn after_start(app: &App, may: &May<Load>, run: RunId) -> Result<String, Problem> {
    let ended = runs::by_id(&app.house, may.group(), run).await?.is_some_and(|run| run.ended.is_some());
    Ok(if ended { summary_path(run) } else { "/station/run".to_owned() })
}

/// The session of the request.
pub(crate) fn session<const TOUCH: bool>(may: &May<Load, TOUCH>) -> Result<String, Problem> {
    may.session.id().map(|id| id.to_string()).ok_or(Problem::SignedOut)
}
