//! What every page and every answer of the portal has in common.

pub(crate) mod address;
pub(crate) mod assets;
pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod kept;
pub(crate) mod lines;
pub(crate) mod problem;
pub(crate) mod request;
pub(crate) mod throttle;
pub(crate) mod upload;

use axum::response::{IntoResponse, Response};
use maud::Markup;

/// A drawn page as an answer. maud's own axum feature follows axum's versions late; this is all it would do.
#[derive(Debug)]
pub(crate) struct Html(pub(crate) Markup);

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        axum::response::Html(self.0.into_string()).into_response()
    }
}

/// A text as a part of an address.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
