//! Creating a terminal: `GET /office/terminals/new`, `POST /office/terminals`.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use maud::{Markup, html};
use serde::Deserialize;
use topup::GroupId;
use topup::groups::{self, Group};
use topup::terminals::{MOST_NAME, NewTerminal, Register, list};

use super::{Decide, number_typed, path, terminal, wrong};
use crate::App;
use crate::look::{Choice, Field, Frame, empty, icon, summary};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    pub(crate) group: String,
    #[serde(default)]
    pub(crate) number: String,
    #[serde(default)]
    pub(crate) name: String,
}

/// `GET /office/terminals/new`
pub(crate) async fn get(State(app): State<App>, may: Office<Decide>) -> Result<Html, Problem> {
    let number = list::next_free(&app.house).await?.map(|number| number.to_string());
    let sent = Sent { number: number.unwrap_or_default(), ..Sent::default() };
    Ok(Html(page(&may.frame, &groups::all(&app.house).await?, &sent, &[])))
}

/// `POST /office/terminals`: on to the terminal's page, which shows its first code once.
pub(crate) async fn post(
    State(app): State<App>,
    may: Office<Decide>,
    jar: CookieJar,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let number = number_typed(&sent.number);
    let group = sent.group.parse().ok().map(GroupId);
    let mut problems = Vec::new();
    if group.is_none() {
        problems.push(("group", say!(lang, "register-group")));
    }
    if number.is_none() {
        problems.push(("number", say!(lang, "register-number")));
    }
    if let Some((group, number)) = group.zip(number) {
        let new = NewTerminal { number, group, name: &sent.name };
        match Register::of(&app.house, &may.actor()).add(&new).await {
            Ok(code) => {
                let jar = jar.add(terminal::handed_over(&app, number, &code));
                return Ok((jar, Redirect::to(&path(number))).into_response());
            }
            Err(error) => problems.push(wrong(lang, error)?),
        }
    }
    let frame = Frame { here: "/office/terminals/new".to_owned(), ..may.frame.clone() };
    let page = page(&frame, &groups::all(&app.house).await?, &sent, &problems);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// The page.
pub(crate) fn page(frame: &Frame, groups: &[Group], sent: &Sent, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "terminal-new");
    let options: Vec<(String, &str)> =
        groups.iter().map(|group| (group.id.0.to_string(), group.name.as_str())).collect();
    let body = html! {
        div.sheet.pad.stack {
            h1 { (title) }
            @if groups.is_empty() {
                (empty(icon::LIST.draw(), &say!(lang, "groups-none"), &say!(lang, "groups-none-text"), html! {
                    a.button href="/office/terminals" { (say!(lang, "back-terminals")) }
                }))
            } @else {
                p.soft { (say!(lang, "terminal-new-lead")) }
                form.stack method="post" action="/office/terminals" {
                    (summary(lang, problems))
                    (Choice::new("group", say!(lang, "load-group"), say!(lang, "choose")).options(&options)
                        .value(&sent.group).wrong(problems).draw())
                    (Field::new("name", say!(lang, "terminal-name"), "text", "off")
                        .hint(say!(lang, "terminal-name-hint", most = MOST_NAME)).value(&sent.name).wrong(problems).draw())
                    (Field::new("number", say!(lang, "load-terminal"), "text", "off")
                        .hint(say!(lang, "terminal-number-hint")).value(&sent.number).wrong(problems).draw())
                    button.button.main.big { (say!(lang, "terminal-new-submit")) }
                    a.soft href="/office/terminals" { (say!(lang, "ask-no")) }
                }
            }
        }
    };
    frame.page(title, body).narrow().draw()
}
