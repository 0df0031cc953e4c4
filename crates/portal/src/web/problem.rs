//! Every way a request can fail, and the one place where that becomes an answer.
//!
//! Handlers and layers answer with a status and, when they know more, a [`Problem`]; [`dress`] gives it a page in the
//! visitor's language, or JSON where a terminal asked. A page says what was not done and what to do next, and names
//! the request, never the cause: that is in the log, once, under the same id.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::kept::Kept;
use super::lines::NoLine;
use super::request::RequestId;
use super::{Html, encoded};
use crate::FORM_LIMIT;
use crate::look::{Frame, Side, Visitor, Who, icon, show};
use crate::office;
use crate::people::sign_in;
use crate::words::{Lang, say};

/// The header that our own scripts send: they want a status, not the sign-in page.
pub(crate) const SCRIPTED: &str = "x-scripted";

/// Why a request was not done.
#[derive(Clone, Debug)]
pub(crate) enum Problem {
    /// No such page, or a record of another group: the two look the same.
    NotFound,
    /// This role may not.
    Forbidden(Box<Visitor>),
    /// Nobody is signed in, or no longer.
    SignedOut,
    /// A page of another site sent this.
    CrossSite,
    /// More than [`FORM_LIMIT`] came.
    TooLarge,
    /// Too many attempts.
    TooMany {
        /// When to try again.
        wait: Duration,
    },
    /// This page cannot be asked that way.
    Method,
    /// The form or the address makes no sense.
    Malformed,
    /// A field of the form holds what no line of text does.
    NoLine(NoLine),
    /// The server never heard of this confirm.
    Unheard,
    /// Something of ours failed.
    Trouble(Arc<dyn Error + Send + Sync>),
}

/// What a request was about: what its page may say when something of ours failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// To see something.
    Look,
    /// To change something that is not money.
    Change,
    /// To charge a card. How far it came is open, so its page must not say that nothing was charged.
    Charge,
}

impl Asked {
    fn of(request: &Request) -> Self {
        match *request.method() {
            Method::GET | Method::HEAD => Self::Look,
            _ if ["/station/charge", "/station/run", "/station/run/again"].contains(&request.uri().path()) => {
                Self::Charge
            }
            _ => Self::Change,
        }
    }
}

/// What fails below is trouble.
impl<E: Error + Send + Sync + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Trouble(Arc::new(error))
    }
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::Unheard => StatusCode::NOT_FOUND,
            Self::Forbidden(_) | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NoLine(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Trouble(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What a bare status of a layer or of the router means.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::FORBIDDEN => Self::CrossSite,
            StatusCode::UNAUTHORIZED => Self::SignedOut,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            other if other.is_client_error() => Self::Malformed,
            _ => io::Error::other("a handler panicked or its session could not be saved").into(),
        }
    }

    /// Heading and text.
    fn words(&self, lang: Lang, asked: Asked) -> (String, String) {
        match self {
            Self::NotFound => (say!(lang, "error-not-found"), say!(lang, "error-not-found-text")),
            Self::Forbidden(visitor) => (say!(lang, "error-forbidden"), forbidden(lang, visitor)),
            Self::SignedOut => (say!(lang, "error-session"), say!(lang, "error-session-text")),
            Self::CrossSite => (say!(lang, "error-cross-site"), say!(lang, "error-cross-site-text")),
            Self::TooLarge => {
                let kib: usize = FORM_LIMIT / 1024;
                (say!(lang, "error-too-large"), say!(lang, "error-too-large-text", kib = kib))
            }
            Self::TooMany { wait } => {
                (say!(lang, "error-too-many"), say!(lang, "error-too-many-text", wait = show::wait(lang, *wait)))
            }
            Self::Method => (say!(lang, "error-method"), say!(lang, "error-method-text")),
            Self::Malformed => (say!(lang, "error-form"), say!(lang, "error-form-text")),
            Self::NoLine(wrong) => (say!(lang, "error-character"), wrong.words(lang)),
            Self::Unheard => (say!(lang, "error-unheard"), say!(lang, "error-unheard-text")),
            Self::Trouble(_) => match asked {
                Asked::Look => (say!(lang, "error-trouble"), say!(lang, "error-trouble-look-text")),
                Asked::Change => (say!(lang, "error-trouble"), say!(lang, "error-trouble-text")),
                Asked::Charge => (say!(lang, "error-charge-open"), say!(lang, "error-charge-open-text")),
            },
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Self::TooMany { wait } = &self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives failures their page.
pub(crate) async fn dress(request: Request, next: Next) -> Response {
    let lang = Lang::of(request.headers());
    let path = request.uri().path().to_owned();
    let here = request.uri().path_and_query().map_or(path.clone(), ToString::to_string);
    let asked = Asked::of(&request);
    let changing = asked != Asked::Look;
    let scripted = request.headers().contains_key(SCRIPTED) || path == "/station/live";
    let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_dressed(&response) {
        return response;
    }
    let problem = response.extensions().get().cloned().unwrap_or_else(|| Problem::of_status(status));
    if let Problem::Trouble(error) = &problem {
        tracing::error!(%id, error = error.as_ref(), "a request failed");
    }
    let (heading, text) = problem.words(lang, asked);
    let mut dressed = if path.starts_with(link::PATH) {
        (status, axum::Json(serde_json::json!({ "error": text, "request": id }))).into_response()
    } else if matches!(problem, Problem::SignedOut) && !scripted {
        let kept = response.extensions().get::<Kept>();
        if let Some(kept) = kept.filter(|kept| !kept.is_empty()) {
            return (status, Html(sign_in::keeping(lang, kept))).into_response();
        }
        return Redirect::to(&sign_in_for(kept.map_or(&here, |kept| &kept.page))).into_response();
    } else {
        let here = if changing { Side::of(&here).home().to_owned() } else { here };
        let visitor = if let Problem::Forbidden(visitor) = problem { Some(*visitor) } else { None };
        let frame = Frame { lang, here, visitor };
        (status, Html(page(&frame, &heading, &text, &id))).into_response()
    };
    for name in [RETRY_AFTER, ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            dressed.headers_mut().insert(name, value.clone());
        }
    }
    dressed
}

/// Our own pages, JSON and the words of the health checks are dressed already.
fn is_dressed(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let bare = response.extensions().get::<Problem>().is_some();
    let ours = kind.starts_with("text/html") || kind.starts_with("application/json");
    !bare && (ours || response.status() == StatusCode::SERVICE_UNAVAILABLE)
}

/// Where to sign in, and where to go on after it.
fn sign_in_for(then: &str) -> String {
    format!("{}?expired=yes&then={}", Side::of(then).sign_in(), encoded(then))
}

/// Who may not, and whom to ask.
fn forbidden(lang: Lang, visitor: &Visitor) -> String {
    match &visitor.who {
        Who::Operator(_) => say!(lang, "error-forbidden-text"),
        Who::Staff(staff) => say!(lang, "office-forbidden-text", role = office::role(lang, staff.role)),
    }
}

/// A page for what was not done.
pub(crate) fn page(frame: &Frame, heading: &str, text: &str, id: &str) -> Markup {
    let lang = frame.lang;
    let body = html! {
        div.error-page id="problem" {
            (icon::WARN.draw())
            h1 { (heading) }
            p { (text) }
            p { a.button href=(frame.side().home()) { (say!(lang, "back-home")) } }
            small.soft.num { (say!(lang, "request-id", id = id)) }
        }
    };
    frame.page(heading.to_owned(), body).narrow().draw()
}
