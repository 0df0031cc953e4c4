//! Exports of all groups' records, as of a group's own ([`crate::records::exports`]).

use axum::extract::{Form, Path, State};
use axum::response::Response;
use topup::records::Scope;
use topup::records::exports::Owner;

use super::SeeRecords;
use crate::App;
use crate::people::access::{Office, OfficeNeeds};
use crate::records::exports::{Exporter, Sent, export, give_up, hand_out, waiting};
use crate::records::shelf::Shelf;
use crate::web::problem::Problem;

fn exporter<P: OfficeNeeds>(may: &Office<P>) -> Exporter<'_> {
    Exporter { frame: &may.frame, owner: Owner::Staff(may.staff.id), scope: Scope::ALL }
}

/// All groups' records as a file.
pub(crate) async fn post<R: Shelf>(
    State(app): State<App>,
    may: Office<R::OfficeNeeds>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    export::<R>(&app, &exporter(&may), sent).await
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
