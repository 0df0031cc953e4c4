//! The charging station: `GET /station`.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use maud::Markup;
use serde::Deserialize;
use topup::people::Operator;
use topup::{House, Micros};
use topup::{groups, loads, runs, terminals};

use super::amount;
use super::view::{self, Desk, Station, strip};
use crate::App;
use crate::look::Frame;
use crate::people::access::{Load, May};
use crate::terminals::Place;
use crate::terminals::choose::chosen;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

/// What the address may carry: an amount chosen without script.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    amount: Option<String>,
}

/// `GET /station`
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Load>,
    jar: CookieJar,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let Some((place, others)) = chosen(&app.house, may.group(), &jar).await? else {
        return Ok(Redirect::to("/station/terminal").into_response());
    };
    if runs::active(&app.house, may.group(), place.number).await?.is_some() {
        return Ok(Redirect::to("/station/run").into_response());
    }
    let station = look(&app.house, &may.operator, may.since, place, others).await?;
    let desk = if station.charging().is_some() {
        Desk::Charging
    } else {
        Desk::Entry { amount: asked.amount.as_deref().and_then(amount::parse), problem: None }
    };
    Ok(Html(page(&may.frame, &station, &desk)).into_response())
}

/// Reads what a station shows now.
pub(crate) async fn look(
    house: &House,
    operator: &Operator,
    since: Micros,
    place: Place,
    others: bool,
) -> Result<Station, Problem> {
    let live = terminals::live(house, operator.group, place.number).await?;
    let quota = groups::quota(house, operator.group).await?;
    let sitting = loads::sitting(house, operator, since).await?;
    Ok(Station { place, others, live, quota, sitting })
}

/// The page.
pub(crate) fn page(frame: &Frame, station: &Station, desk: &Desk) -> Markup {
    let lang = frame.lang;
    frame
        .page(say!(lang, "station-title"), view::station(lang, station, desk))
        .strip(strip(lang, station))
        .scripts(&["station.js"])
        .draw()
}
