//! Stylesheet, scripts and pictures: inside the program, under an address that holds a hash of them all, so that a
//! browser may keep them for ever and never mixes two versions.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;

use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// The stylesheet's address; its text is all of `assets/css` in the order of the names.
const STYLESHEET: &str = "look.css";

static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    for name in Files::iter() {
        name.hash(&mut hasher);
        Files::get(&name).map(|file| file.data).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
});

/// Where `file` is.
pub(crate) fn url(file: &str) -> String {
    format!("/assets/{}/{file}", *HASH)
}

/// The whole stylesheet.
pub(crate) fn stylesheet() -> String {
    let mut names: Vec<_> = Files::iter().filter(|name| name.starts_with("css/")).collect();
    names.sort_unstable();
    let texts = names.iter().filter_map(|name| Files::get(name));
    texts.map(|file| String::from_utf8_lossy(&file.data).into_owned()).collect()
}

/// One of the files beside the stylesheet.
pub(crate) fn file(name: &str) -> Option<Vec<u8>> {
    Files::get(&format!("js/{name}")).or_else(|| Files::get(name)).map(|file| file.data.into_owned())
}

/// `GET /assets/{hash}/{file}`
pub(crate) async fn get(Path((hash, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let (body, kind) = match name.rsplit_once('.').map(|(_, kind)| kind) {
        _ if name == STYLESHEET => (stylesheet().into_bytes(), "text/css; charset=utf-8"),
        Some("js") => (file(&name).ok_or(Problem::NotFound)?, "text/javascript; charset=utf-8"),
        Some("svg") => (file(&name).ok_or(Problem::NotFound)?, "image/svg+xml"),
        Some(_) | None => return Err(Problem::NotFound),
    };
    // While servers of two versions stand side by side, the other one's address gets our file, but not for ever.
    let keep = if hash == *HASH { "public, max-age=31536000, immutable" } else { "no-store" };
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CACHE_CONTROL, HeaderValue::from_static(keep))];
    Ok((headers, body).into_response())
}
