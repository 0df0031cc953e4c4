//! The terminal program is this very program: the server hands out its own executable, so the two always fit.

use std::path::PathBuf;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;
use tower_http::services::ServeFile;

use crate::web::problem::Problem;

/// `GET /download/jichong`
pub(crate) async fn get(request: Request) -> Result<Response, Problem> {
    let mut response = match ServeFile::new(program()?).oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"jichong\""));
    Ok(response)
}

/// The running program. Through `/proc` it is the one that runs, even after an update replaced the file.
fn program() -> std::io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { std::env::current_exe() }
}
