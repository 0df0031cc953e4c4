//! The loads of a filter, of all groups: `GET /office/records`.

use axum::extract::{Query, State};
use axum::response::Response;
use topup::records::Scope;

use super::SeeRecords;
use crate::App;
use crate::people::access::Office;
use crate::records::{Asked, ask, list};
use crate::web::problem::Problem;

/// `GET /office/records`
pub(crate) async fn get(
    State(app): State<App>,
    may: Office<SeeRecords>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let shown = ask::look(&app, Scope::ALL, asked).await?;
    Ok(list::answer(&may.frame, &shown))
}
