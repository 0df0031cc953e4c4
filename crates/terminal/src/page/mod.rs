//! The local page on which software cards are tapped and removed.
//!
//! It is for the person at this machine and nobody else: it listens on a loopback address only, answers only to that
//! address by name (so that a page elsewhere cannot reach it by pointing a name here), takes changes only from its own
//! forms, and loads nothing from anywhere. It works without script; with it, the page follows what happens.

mod view;
mod words;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_http::csrf::CsrfLayer;

use crate::{Desk, Error, SoftReader, Status, Tear};
use view::Scene;
use words::Language;

/// The longest form: a card number and its name.
const MAX_FORM: usize = 1024;

/// Everything from here, nothing from elsewhere, and in no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 22 22"><rect y="3" width="22" height="15" rx="3" fill="#0b6b4f"/><rect x="3" y="7" width="6" height="5" rx="1" fill="#fff"/></svg>"##;

/// The page, being served.
#[derive(Debug)]
pub struct TapPage {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

struct Page {
    reader: SoftReader,
    terminal: String,
    status: watch::Receiver<Status>,
    address: SocketAddr,
    stop: watch::Receiver<bool>,
}

/// The language of a link or form of ours.
#[derive(Deserialize)]
struct Asked {
    lang: Option<String>,
}

#[derive(Deserialize)]
struct TapForm {
    card: String,
}

#[derive(Deserialize)]
struct TearForm {
    tear: String,
}

impl TapPage {
    /// Serves the page on a loopback address; port 0 takes a free one. `terminal` is the number to show, `status` what
    /// [`Handle::status`](crate::Handle::status) gave.
    pub async fn open(
        listen: SocketAddr,
        reader: SoftReader,
        terminal: &str,
        status: watch::Receiver<Status>,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Page { address: listen, source };
        if !listen.ip().is_loopback() {
            return Err(failed(std::io::Error::other("the page of a software reader is only for this machine")));
        }
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stop_seen) = watch::channel(false);
        let page = Page { reader, terminal: terminal.to_owned(), status, address, stop: stop_seen.clone() };
        let task = tokio::spawn(async move {
            let mut stop = stop_seen;
            let serving = axum::serve(listener, routes(Arc::new(page))).with_graceful_shutdown(async move {
                stop.wait_for(|stop| *stop).await.ok();
            });
            if let Err(error) = serving.await {
                tracing::error!(%error, "the page of the software reader stopped");
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Where the page is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops serving it.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the page of the software reader ended by a fault of this program");
        }
    }
}

fn routes(page: Arc<Page>) -> Router {
    Router::new()
        .route("/", get(whole))
        .route("/live", get(live))
        .route("/tap", post(tap))
        .route("/remove", post(remove))
        .route("/tear", post(tear))
        .route("/page.css", get(async || file("text/css", include_str!("page.css"))))
        .route("/page.js", get(async || file("text/javascript", include_str!("page.js"))))
        .route("/icon.svg", get(async || file("image/svg+xml", ICON)))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(CsrfLayer::new())
        .layer(from_fn_with_state(Arc::clone(&page), only_by_our_name))
        .layer(from_fn(with_headers))
        .with_state(page)
}

async fn whole(State(page): State<Arc<Page>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Html<String> {
    let (status, desk) = page.now();
    Html(page.scene(asked.language(&headers), &status, &desk).page().into_string())
}

/// The live part, now and after every change.
async fn live(
    State(page): State<Arc<Page>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let language = asked.language(&headers);
    let (status, desk, stop) = (page.status.clone(), page.reader.desk(), page.stop.clone());
    let first = true;
    let events = stream::unfold((status, desk, stop, first), move |(mut status, mut desk, mut stop, first)| {
        let page = Arc::clone(&page);
        async move {
            if !first {
                tokio::select! {
                    changed = desk.changed() => changed.ok()?,
                    // A terminal that is gone says nothing more; the cards still do.
                    Ok(()) = status.changed() => {}
                    _ = stop.wait_for(|stop| *stop) => return None,
                }
            }
            let (status_now, desk_now) = (status.borrow_and_update().clone(), desk.borrow_and_update().clone());
            let html = page.scene(language, &status_now, &desk_now).live().into_string();
            Some((Ok(Event::default().data(html)), (status, desk, stop, false)))
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn tap(State(page): State<Arc<Page>>, Query(asked): Query<Asked>, Form(form): Form<TapForm>) -> Response {
    match page.reader.tap(&form.card) {
        Ok(_) => back(&asked),
        Err(error) => (StatusCode::NOT_FOUND, error.to_string()).into_response(),
    }
}

async fn remove(State(page): State<Arc<Page>>, Query(asked): Query<Asked>) -> Response {
    page.reader.remove();
    back(&asked)
}

async fn tear(State(page): State<Arc<Page>>, Query(asked): Query<Asked>, Form(form): Form<TearForm>) -> Response {
    page.reader.tear(Tear::ALL.into_iter().find(|tear| tear.name() == form.tear));
    back(&asked)
}

/// Answers only when asked for by our own address: a stranger's name that points here gets nothing.
async fn only_by_our_name(State(page): State<Arc<Page>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if host == page.address.to_string() || host == format!("localhost:{}", page.address.port()) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, format!("this page is at http://{}\n", page.address)).into_response()
    }
}

async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

impl Page {
    fn now(&self) -> (Status, Desk) {
        (self.status.borrow().clone(), self.reader.desk().borrow().clone())
    }

    fn scene<'a>(&'a self, language: Language, status: &'a Status, desk: &'a Desk) -> Scene<'a> {
        Scene { language, terminal: &self.terminal, status, desk }
    }
}

impl Asked {
    fn language(&self, headers: &HeaderMap) -> Language {
        let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Language::choose(self.lang.as_deref(), accept)
    }
}

fn back(asked: &Asked) -> Response {
    let language = Language::choose(asked.lang.as_deref(), "");
    Redirect::to(&format!("/?lang={}", language.tag())).into_response()
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], text).into_response()
}
