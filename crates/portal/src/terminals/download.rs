//! The terminal program is this very program: the server hands out its own executable, so the two always fit. If that
//! cannot drive readers, its name says so, and an installation may hand out another.

use std::path::PathBuf;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;
use tower_http::services::ServeFile;

use crate::web::problem::Problem;
use crate::{App, TerminalProgram};

/// `GET /download/jichong`
pub(crate) async fn get(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let handed_out = &app.settings.terminal_program;
    let file = match handed_out {
        TerminalProgram::File(file) => file.clone(),
        TerminalProgram::Own { .. } => program()?,
    };
    let disposition = format!("attachment; filename=\"{}\"", handed_out.name());
    let mut response = match ServeFile::new(file).oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(std::io::Error::other)?);
    Ok(response)
}

/// The running program. Through `/proc` it is the one that runs, even after an update replaced the file.
fn program() -> std::io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { std::env::current_exe() }
}
