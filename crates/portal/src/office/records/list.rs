//! The records of a filter, of all groups: `GET /office/records`, `GET /office/records/deposits`.

use axum::extract::{Query, State};
use axum::response::Response;
use topup::records::Scope;

use crate::App;
use crate::people::access::Office;
use crate::records::shelf::Shelf;
use crate::records::{Asked, ask, list};
use crate::web::problem::Problem;

/// Of all groups, or of the one that is named.
pub(crate) async fn get<R: Shelf>(
    State(app): State<App>,
    may: Office<R::OfficeNeeds>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let shown = ask::look::<R>(&app, Scope::ALL, asked).await?;
    Ok(list::answer(&may.frame, &shown))
}
