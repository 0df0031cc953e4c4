//! Signing in, on its own page, on the home page, and in place on a page whose session ended.

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::Micros;
use topup::people::{self, SignInError};
use tower_sessions::Session;

use super::session;
use crate::App;
use crate::look::{Field, Frame, Tone, hidden, notice, show, summary};
use crate::web::Html;
use crate::web::address::Address;
use crate::web::problem::{Problem, SCRIPTED};
use crate::words::{Lang, say};

/// Why the visitor is here.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Arrival {
    /// The page they wanted.
    then: Option<String>,
    /// Their session ended.
    expired: Option<String>,
    /// They signed out.
    out: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    then: Option<String>,
    since: Option<i64>,
}

/// `GET /sign-in`
pub(crate) async fn get(frame: Frame, Query(arrival): Query<Arrival>) -> Html {
    let view = View { then: arrival.then.as_deref(), ..View::default() };
    let note = match arrival {
        Arrival { expired: Some(_), .. } => Some((Tone::Doubt, say!(frame.lang, "sign-in-expired"))),
        Arrival { out: Some(_), .. } => Some((Tone::Good, say!(frame.lang, "sign-in-signed-out"))),
        Arrival { .. } => None,
    };
    Html(page(&frame, &View { note, ..view }))
}

/// `POST /sign-in`
pub(crate) async fn post(
    State(app): State<App>,
    frame: Frame,
    address: Address,
    session: Session,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    app.throttle.attempt(address)?;
    let problems = missing(frame.lang, &sent);
    if !problems.is_empty() {
        return Ok(again(&frame, &sent, StatusCode::UNPROCESSABLE_ENTITY, problems));
    }
    match people::sign_in(&app.house, &sent.login, &sent.password, &address.0.to_string()).await {
        Ok(operator) => {
            session::begin(&app.house, &session, &operator, sent.since.map(Micros)).await?;
            Ok(if headers.contains_key(SCRIPTED) {
                StatusCode::NO_CONTENT.into_response()
            } else {
                Redirect::to(local(sent.then.as_deref())).into_response()
            })
        }
        Err(SignInError::Wrong) => {
            let problem = vec![("login", say!(frame.lang, "sign-in-wrong"))];
            Ok(again(&frame, &sent, StatusCode::UNPROCESSABLE_ENTITY, problem))
        }
        Err(SignInError::TooMany { wait }) => {
            let problem = say!(frame.lang, "sign-in-too-many", wait = show::wait(frame.lang, wait));
            Ok(again(&frame, &sent, StatusCode::TOO_MANY_REQUESTS, vec![("", problem)]))
        }
        Err(SignInError::Storage(error)) => Err(error.into()),
    }
}

fn missing(lang: Lang, sent: &Sent) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    if sent.login.trim().is_empty() {
        problems.push(("login", say!(lang, "sign-in-empty-login")));
    }
    if sent.password.is_empty() {
        problems.push(("password", say!(lang, "sign-in-empty-password")));
    }
    problems
}

fn again(frame: &Frame, sent: &Sent, status: StatusCode, problems: Vec<(&str, String)>) -> Response {
    // The page answers a POST to its own address; the language switch must come back by GET.
    let frame = Frame { here: "/sign-in".to_owned(), ..frame.clone() };
    let view = View { login: &sent.login, then: sent.then.as_deref(), problems, note: None };
    (status, Html(page(&frame, &view))).into_response()
}

/// Where to go after signing in: only a path of ours. `//host` and `/\host` are other hosts to a browser.
pub(crate) fn local(then: Option<&str>) -> &str {
    let ours = |path: &&str| {
        let mut chars = path.chars();
        chars.next() == Some('/')
            && !matches!(chars.next(), Some('/' | '\\'))
            && !path.contains(|c: char| c.is_control() || c == '\\')
    };
    then.filter(ours).unwrap_or("/")
}

/// What the sign-in form shows.
#[derive(Debug, Default)]
pub(crate) struct View<'a> {
    pub(crate) login: &'a str,
    pub(crate) then: Option<&'a str>,
    pub(crate) problems: Vec<(&'a str, String)>,
    pub(crate) note: Option<(Tone, String)>,
}

/// The page.
pub(crate) fn page(frame: &Frame, view: &View<'_>) -> Markup {
    let lang = frame.lang;
    let body = html! {
        div.sheet.pad.stack {
            h1 { (say!(lang, "sign-in-title")) }
            @if let Some((tone, note)) = &view.note { (notice(*tone, "", note)) }
            // What is wrong takes the focus first.
            (form(lang, view, view.problems.is_empty()))
        }
    };
    frame.page(say!(lang, "sign-in-title"), body).narrow().draw()
}

/// The form, also on the home page; `focus` for a page where it is all there is to do.
pub(crate) fn form(lang: Lang, view: &View<'_>, focus: bool) -> Markup {
    let problems = &view.problems;
    let login =
        Field::new("login", say!(lang, "login"), "text", "username").value(view.login).wrong(problems).focus(focus);
    let password = Field::new("password", say!(lang, "password"), "password", "current-password").wrong(problems);
    let wrong = problems.iter().any(|(field, _)| *field == "login") && !view.login.is_empty();
    html! {
        form.stack method="post" action="/sign-in" {
            (summary(lang, problems))
            @if wrong { p.soft { (say!(lang, "sign-in-wrong-hint")) } }
            (login.draw())
            (password.draw())
            @if let Some(then) = view.then { (hidden("then", local(Some(then)))) }
            button.button.main.big { (say!(lang, "sign-in")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_follow_a_sign_in() {
        let check = |then: &str, expected: &str| assert_eq!(local(Some(then)), expected, "{then:?}");
        check("/station", "/station");
        check("/loads/L261122143208-1X28ANW?a=b", "/loads/L261122143208-1X28ANW?a=b");
        for foreign in
            ["", "station", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/\t/evil"]
        {
            check(foreign, "/");
        }
        assert_eq!(local(None), "/");
    }
}
