//! `GET /deposits`: what a group paid in is among its records.

use axum::response::Redirect;

use crate::people::access::{Deposits, May};

/// The way there.
pub(crate) async fn get(_: May<Deposits>) -> Redirect {
    Redirect::to("/records/deposits")
}
