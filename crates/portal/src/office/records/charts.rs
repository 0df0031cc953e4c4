//! The loads of all groups in charts: `GET /office/records/charts`.

use axum::extract::{Query, State};
use axum::response::Response;
use topup::records::{Scope, Typed};

use super::SeeRecords;
use crate::App;
use crate::people::access::Office;
use crate::records::charts;
use crate::web::problem::Problem;

/// `GET /office/records/charts`
pub(crate) async fn get(
    State(app): State<App>,
    may: Office<SeeRecords>,
    Query(typed): Query<Typed>,
) -> Result<Response, Problem> {
    charts::answer(&app, &may.frame, Scope::ALL, typed).await
}
