//! For those who watch the process: does it live, and can it work?

use axum::extract::State;
use axum::http::StatusCode;
use topup::{GroupId, House, groups};

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers too, and the card keys can be used.
pub(crate) async fn ready(State(house): State<House>) -> (StatusCode, &'static str) {
    ready_of(&house).await
}

/// Whether the database of a house answers and its card keys can be used.
pub(crate) async fn ready_of(house: &House) -> (StatusCode, &'static str) {
    // A look at one group costs the same however many there are; that there is no group 0 does not matter.
    if let Err(error) = groups::quota(house, GroupId(0)).await {
        tracing::warn!(%error, "not ready: the database does not answer");
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n");
    }
    if let Err(error) = house.keys_ready().await {
        tracing::warn!(%error, "not ready: the card keys cannot be used");
        return (StatusCode::SERVICE_UNAVAILABLE, "the card keys cannot be used\n");
    }
    (StatusCode::OK, "ready\n")
}
