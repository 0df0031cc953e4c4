//! Exports of all groups' loads, as of a group's own ([`crate::records::exports`]).

use axum::extract::{Form, Path, State};
use axum::response::Response;
use topup::records::Scope;
use topup::records::exports::Owner;

use super::SeeRecords;
use crate::App;
use crate::people::access::Office;
use crate::records::exports::{Exporter, Wanted, export, give_up, hand_out, waiting};
use crate::web::problem::Problem;

fn exporter(may: &Office<SeeRecords>) -> Exporter<'_> {
    Exporter { frame: &may.frame, owner: Owner::Staff(may.staff.id), scope: Scope::ALL }
}

/// `POST /office/records/export`
pub(crate) async fn post(
    State(app): State<App>,
    may: Office<SeeRecords>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    export(&app, &exporter(&may), wanted).await
}

/// `GET /office/records/exports`
pub(crate) async fn get(State(app): State<App>, may: Office<SeeRecords>) -> Result<Response, Problem> {
    waiting(&app, &exporter(&may), false).await
}

/// `POST /office/records/exports/{export}/cancel`
pub(crate) async fn cancel(
    State(app): State<App>,
    may: Office<SeeRecords>,
    Path(export): Path<String>,
) -> Result<Response, Problem> {
    give_up(&app, &exporter(&may), &export).await
}

/// `GET /office/records/exports/{export}/file`
pub(crate) async fn file(
    State(app): State<App>,
    may: Office<SeeRecords>,
    Path(export): Path<String>,
) -> Result<Response, Problem> {
    hand_out(&app, &exporter(&may), &export).await
}
