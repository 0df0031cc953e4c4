//! The session: its beginning at sign-in, how long it still lasts, its end.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::Redirect;
use topup::people::{PersonId, sessions};
use topup::{House, Micros};
use tower_sessions::Session;

use super::access::{Glance, May, Office, OfficeGlance, OwnAccount};
use crate::App;
use crate::look::Side;
use crate::web::problem::Problem;

/// The keys of what is in a session: who, since when, and when they were last active.
/// An operator's and a staff member's are under different keys, so neither is ever taken for the other.
pub(super) const OPERATOR: &str = "operator";
pub(super) const STAFF: &str = "staff";
pub(super) const SINCE: &str = "since";
pub(super) const SEEN: &str = "seen";

/// A sitting that goes on after signing in again in place is at most this old.
const LONGEST_SITTING_US: i64 = 24 * 3600 * 1_000_000;

/// Begins a session under a new id. `since` is the beginning of the sitting that goes on, when someone signs in again
/// in place; it only chooses which of the operator's own loads their list shows.
pub(crate) async fn begin(
    house: &House,
    session: &Session,
    person: PersonId,
    since: Option<Micros>,
) -> Result<(), Problem> {
    let now = house.now().0;
    let recent = |since: &Micros| (now.saturating_sub(LONGEST_SITTING_US)..=now).contains(&since.0);
    session.clear().await;
    session.cycle_id().await?;
    match person {
        PersonId::Operator(id) => session.insert(OPERATOR, id.0).await?,
        PersonId::Staff(id) => session.insert(STAFF, id.0).await?,
    }
    session.insert(SINCE, since.filter(recent).map_or(now, |since| since.0)).await?;
    session.insert(SEEN, now).await?;
    Ok(())
}

/// How many seconds are left, for the page's clock.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Left {
    left_s: i64,
}

/// `GET /session`: how long it still lasts; asking does not count as activity.
pub(crate) async fn left(State(app): State<App>, may: Glance<OwnAccount>) -> Result<Json<Left>, Problem> {
    left_of(&app, &may.session).await
}

/// `GET /office/session`
pub(crate) async fn office_left(State(app): State<App>, may: OfficeGlance<OwnAccount>) -> Result<Json<Left>, Problem> {
    left_of(&app, &may.session).await
}

async fn left_of(app: &App, session: &Session) -> Result<Json<Left>, Problem> {
    let id = session.id().ok_or(Problem::SignedOut)?;
    let (_, expires) = sessions::load(&app.house, &id.to_string()).await?.ok_or(Problem::SignedOut)?;
    let left_us = expires.0.saturating_sub(app.house.now().0);
    Ok(Json(Left { left_s: left_us.div_euclid(1_000_000) }))
}

/// `POST /session`: someone is here.
pub(crate) async fn stay(State(app): State<App>, may: May<OwnAccount>) -> Result<Json<Left>, Problem> {
    stay_in(&app, &may.session).await
}

/// `POST /office/session`
pub(crate) async fn office_stay(State(app): State<App>, may: Office<OwnAccount>) -> Result<Json<Left>, Problem> {
    stay_in(&app, &may.session).await
}

async fn stay_in(app: &App, session: &Session) -> Result<Json<Left>, Problem> {
    session.insert(SEEN, app.house.now().0).await?;
    session.save().await?;
    Ok(Json(Left { left_s: i64::try_from(app.settings.idle.as_secs()).unwrap_or(i64::MAX) }))
}

/// `POST /sign-out`, `POST /office/sign-out`
pub(crate) async fn end(session: Session, OriginalUri(asked): OriginalUri) -> Result<Redirect, Problem> {
    session.flush().await?;
    Ok(Redirect::to(&format!("{}?out=yes", Side::of(asked.path()).sign_in())))
}
