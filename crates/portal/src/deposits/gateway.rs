//! What comes from elsewhere: the payer's browser on its way back, and the gateway's notifications. Neither has a session,
//! and neither is asked where it comes from: the browser's return tells nothing, and a notification bears a signature.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use topup::deposits::{self, DepositNumber, Incoming, NotifyError};

use super::path;
use crate::App;
use crate::web::problem::Problem;

/// `POST /deposits/{order}/return`, `GET` too: whatever it brings is not looked at. On to the page that tells, which asks
/// for the session itself.
pub(crate) async fn back(State(app): State<App>, Path(order): Path<String>) -> Result<Redirect, Problem> {
    let order = DepositNumber::parse(&order).ok_or(Problem::NotFound)?;
    // It is a good moment to ask the gateway; if that cannot be done now, the page tells what is known.
    if let Err(error) = deposits::returned(&app.house, order).await {
        tracing::warn!(error = &error as &dyn std::error::Error, %order, "a payer's return was not noted");
    }
    Ok(Redirect::to(&path(order)))
}

/// `POST /gateway/unionpay/notify`: what it answers is for a program.
pub(crate) async fn notify(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let headers: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
    let incoming = Incoming { method: method.as_str(), path, headers: &headers, body: &body };
    match deposits::notified(&app.house, &incoming).await {
        Ok(answer) => {
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
            Ok((status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response())
        }
        Err(NotifyError::Storage(error)) => Err(error.into()),
        Err(error) => {
            let status = match &error {
                NotifyError::NoGateway => StatusCode::NOT_FOUND,
                NotifyError::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
                NotifyError::Refused(_) | NotifyError::Storage(_) => StatusCode::BAD_REQUEST,
            };
            Ok((status, Json(serde_json::json!({ "error": error.to_string() }))).into_response())
        }
    }
}
