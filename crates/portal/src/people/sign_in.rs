//! Signing in, on its own page, on the home page, and in place on a page whose session ended; for operators and, under
//! its own address, for staff.

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::Micros;
use topup::people::{self, PersonId, SignInError};
use tower_sessions::Session;

use super::session;
use crate::App;
use crate::look::{Field, Frame, Side, Tone, Visitor, Who, hidden, notice, show, summary};
use crate::web::Html;
use crate::web::address::Address;
use crate::web::kept::{self, Kept};
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
    /// What was typed when the session had ended.
    #[serde(default)]
    kept: String,
}

/// `GET /sign-in`, `GET /office/sign-in`
pub(crate) async fn get(frame: Frame, Query(arrival): Query<Arrival>) -> Html {
    let view = View { then: arrival.then.as_deref(), ..View::default() };
    let note = match arrival {
        Arrival { expired: Some(_), .. } => Some((Tone::Doubt, say!(frame.lang, "sign-in-expired"))),
        Arrival { out: Some(_), .. } => Some((Tone::Good, say!(frame.lang, "sign-in-signed-out"))),
        Arrival { .. } => None,
    };
    Html(page(&frame, &View { note, ..view }))
}

/// `POST /sign-in`, `POST /office/sign-in`
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
    let side = frame.side();
    match let_in(&app, side, &sent, address).await {
        Ok(person) => {
            session::begin(&app.house, &session, person, sent.since.map(Micros)).await?;
            let kept = Kept::parse(&sent.kept);
            Ok(if headers.contains_key(SCRIPTED) {
                StatusCode::NO_CONTENT.into_response()
            } else if !kept.is_empty() {
                let frame = Frame { here: side.home().to_owned(), visitor: visitor(&app, person).await?, ..frame };
                Html(kept::shown(&frame, &kept, onward(side, Some(&kept.page)))).into_response()
            } else {
                Redirect::to(onward(side, sent.then.as_deref())).into_response()
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

async fn let_in(app: &App, side: Side, sent: &Sent, address: Address) -> Result<PersonId, SignInError> {
    let address = address.0.to_string();
    Ok(match side {
        Side::Portal => {
            PersonId::Operator(people::sign_in(&app.house, &sent.login, &sent.password, &address).await?.id)
        }
        Side::Office => {
            PersonId::Staff(people::staff::sign_in(&app.house, &sent.login, &sent.password, &address).await?.id)
        }
    })
}

/// Who just signed in, for the page that answers at once.
async fn visitor(app: &App, person: PersonId) -> Result<Option<Visitor>, Problem> {
    let who = match person {
        PersonId::Operator(id) => people::operator(&app.house, id).await?.map(Who::Operator),
        PersonId::Staff(id) => people::staff::staff(&app.house, id).await?.map(Who::Staff),
    };
    Ok(who.map(|who| Visitor { who, since: app.house.now(), idle: app.settings.idle }))
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
    let frame = Frame { here: frame.side().sign_in().to_owned(), ..frame.clone() };
    let view =
        View { login: &sent.login, then: sent.then.as_deref(), problems, note: None, kept: Some(sent.kept.as_str()) };
    (status, Html(page(&frame, &view))).into_response()
}

/// A path of ours; nothing for anything else. `//host` and `/\host` are other hosts to a browser.
pub(crate) fn local(then: Option<&str>) -> Option<&str> {
    let ours = |path: &&str| {
        let mut chars = path.chars();
        chars.next() == Some('/')
            && !matches!(chars.next(), Some('/' | '\\'))
            && !path.contains(|c: char| c.is_control() || c == '\\')
    };
    then.filter(ours)
}

/// Where to go after signing in: the page that was wanted, if it is on this side.
fn onward(side: Side, then: Option<&str>) -> &str {
    local(then).filter(|path| Side::of(path) == side).unwrap_or(side.home())
}

/// What the sign-in form shows.
#[derive(Debug, Default)]
pub(crate) struct View<'a> {
    pub(crate) login: &'a str,
    pub(crate) then: Option<&'a str>,
    pub(crate) problems: Vec<(&'a str, String)>,
    pub(crate) note: Option<(Tone, String)>,
    /// What was typed when the session had ended, as the form carries it.
    pub(crate) kept: Option<&'a str>,
}

/// The page for whoever sent something when their session had ended.
pub(crate) fn keeping(lang: Lang, kept: &Kept) -> Markup {
    let frame = Frame { lang, here: Side::of(&kept.page).sign_in().to_owned(), visitor: None };
    let (note, text) = (say!(lang, "sign-in-kept"), kept.to_text());
    let view = View { then: Some(&kept.page), note: Some((Tone::Doubt, note)), kept: Some(&text), ..View::default() };
    page(&frame, &view)
}

/// The page.
pub(crate) fn page(frame: &Frame, view: &View<'_>) -> Markup {
    let lang = frame.lang;
    let title = match frame.side() {
        Side::Portal => say!(lang, "sign-in-title"),
        Side::Office => say!(lang, "office-sign-in-title"),
    };
    let body = html! {
        div.sheet.pad.stack {
            h1 { (title) }
            @if let Some((tone, note)) = &view.note { (notice(*tone, "", note)) }
            // What is wrong takes the focus first.
            (form(frame, view, view.problems.is_empty()))
        }
    };
    frame.page(title, body).narrow().draw()
}

/// The form, also on the home page; `focus` for a page where it is all there is to do.
pub(crate) fn form(frame: &Frame, view: &View<'_>, focus: bool) -> Markup {
    let (lang, side) = (frame.lang, frame.side());
    let problems = &view.problems;
    let login =
        Field::new("login", say!(lang, "login"), "text", "username").value(view.login).wrong(problems).focus(focus);
    let password = Field::new("password", say!(lang, "password"), "password", "current-password").wrong(problems);
    let wrong = problems.iter().any(|(field, _)| *field == "login") && !view.login.is_empty();
    html! {
        form.stack method="post" action=(side.sign_in()) {
            (summary(lang, problems))
            @if wrong { p.soft { (wrong_hint(lang, side)) } }
            (login.draw())
            (password.draw())
            @if let Some(then) = view.then { (hidden("then", onward(side, Some(then)))) }
            @if let Some(kept) = view.kept.filter(|kept| !kept.is_empty()) { (hidden("kept", kept)) }
            button.button.main.big { (say!(lang, "sign-in")) }
        }
    }
}

fn wrong_hint(lang: Lang, side: Side) -> String {
    match side {
        Side::Portal => say!(lang, "sign-in-wrong-hint"),
        Side::Office => say!(lang, "office-sign-in-wrong-hint"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_follow_a_sign_in() {
        let check = |side, then: &str, expected: &str| assert_eq!(onward(side, Some(then)), expected, "{then:?}");
        check(Side::Portal, "/station", "/station");
        check(Side::Portal, "/loads/L261122143208-1X28ANW?a=b", "/loads/L261122143208-1X28ANW?a=b");
        check(Side::Portal, "/office/terminals", "/");
        check(Side::Office, "/office/terminals?q=1", "/office/terminals?q=1");
        check(Side::Office, "/station", "/office");
        for foreign in
            ["", "station", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/\t/evil"]
        {
            check(Side::Portal, foreign, "/");
            check(Side::Office, foreign, "/office");
        }
        assert_eq!(onward(Side::Office, None), "/office");
    }
}
