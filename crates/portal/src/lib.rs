//! The web: the groups' portal, the card company's office and the terminals' endpoint.
//!
//! Pages are server-rendered: a page is a pure function of a [`look::Frame`] and the values it shows, in the file that
//! also holds its handlers, under the same name as its concept in `topup`. Live parts are the same fragments sent
//! again. Everything works before its script has loaded.
//!
//! ```text
//!   request id, span ── headers ── problem pages ── panics ┬─ cross-site check ── body limit ── lines of text ── session of the side ── routes
//!                                                          └─ body limit ── routes that others send to
//! ```

mod deposits;
#[doc(hidden)]
pub mod gallery;
mod home;
mod invoices;
mod listen;
mod loads;
mod look;
mod office;
mod people;
mod records;
mod routes;
mod terminals;
mod web;
mod words;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use topup::{House, Micros};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::csrf::{ConfigError, CsrfLayer};

use look::Side;
use web::throttle::Throttle;
use web::{headers, health, lines, problem, request};

pub use listen::{Listening, Tls, listen};
pub use records::exports::{follow as follow_exports, take_up as take_up_exports};
pub use routes::{Right, Route, table};
pub use words::Lang;

/// The most a form may send, in bytes. The longest field is a password, which is never cut: 64 KiB is a small book.
pub const FORM_LIMIT: usize = 64 * 1024;

/// How the portal is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether browsers come over TLS, here or at a proxy: cookies are then `Secure` and `__Host-`, and HSTS is sent.
    pub tls: bool,
    /// How long a session may be idle.
    pub idle: Duration,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// What people type into their browser, for example `https://topup.example.cn`.
    pub public_url: String,
    /// When the certificate ends that this process shows, if it ends TLS itself.
    pub certificate_ends: Option<Micros>,
    /// The terminal program that is handed out.
    pub terminal_program: TerminalProgram,
}

/// The terminal program that is handed out to whoever sets up a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalProgram {
    /// The server's own, so that the two always fit.
    Own {
        /// Whether it can drive card readers; a static build cannot, and the pages say so.
        readers: bool,
    },
    /// Another, of the same version, that can.
    File(PathBuf),
}

impl TerminalProgram {
    /// What it is called once it is downloaded: one without readers cannot pass for the other.
    pub(crate) fn name(&self) -> &'static str {
        if self.drives_readers() { "jichong" } else { "jichong-without-readers" }
    }

    /// Whether it can drive card readers.
    pub(crate) fn drives_readers(&self) -> bool {
        match self {
            Self::Own { readers } => *readers,
            Self::File(_) => true,
        }
    }
}

/// What every handler shares.
#[derive(Clone, Debug)]
struct App {
    house: House,
    settings: Arc<Settings>,
    throttle: Arc<Throttle>,
}

impl FromRef<App> for House {
    fn from_ref(app: &App) -> Self {
        app.house.clone()
    }
}

/// The portal over a house. Serve it with connect info (`SocketAddr`), so that addresses can be throttled.
///
/// Fails when `public_url` is not an origin.
pub fn router(house: House, settings: Settings) -> Result<Router, ConfigError> {
    let public_url = settings.public_url.trim_end_matches('/').to_owned();
    // Without Sec-Fetch-Site or Origin (a program, no browser) a request passes: nobody's cookies come with it.
    let csrf = CsrfLayer::new().add_trusted_origin(&public_url)?;
    let sessions = |side| people::layer(house.clone(), &settings, side);
    let (portal, office) = (sessions(Side::Portal), sessions(Side::Office));
    let settings = Arc::new(Settings { public_url, ..settings });
    let app = App { house, settings, throttle: Arc::new(Throttle::new()) };
    // The terminal program is large and asked for rarely, in pieces when a line breaks.
    let worth_it = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/octet-stream"))
        // A workbook is compressed already.
        .and(NotForContentType::const_new("application/vnd.openxmlformats"));
    let routes = |wanted: &dyn Fn(&Route) -> bool| {
        let here = table().into_iter().filter(wanted).map(Route::into_parts);
        here.fold(Router::new(), |router, (path, answer)| router.route(path, answer))
    };
    let of = |side| routes(&move |route| !route.elsewhere && Side::of(route.path) == side);
    let elsewhere = routes(&|route| route.elsewhere);
    Ok(of(Side::Portal)
        .layer(portal)
        .merge(of(Side::Office).layer(office))
        .layer(from_fn(lines::check))
        .layer(csrf)
        .merge(elsewhere)
        .layer(from_fn(request::measure))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(problem::dress))
        .layer(from_fn_with_state(app.clone(), headers::put))
        .layer(CompressionLayer::new().compress_when(worth_it))
        .layer(from_fn_with_state(app.clone(), request::follow))
        .with_state(app))
}

/// What the people who run the portal ask of it, for an address of its own: `/healthz`, `/readyz`, and `/metrics` as
/// `metrics` writes them.
pub fn ops_router(house: House, metrics: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(async move || metrics()))
        .with_state(house)
}
