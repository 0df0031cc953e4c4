//! Changing one's password: original, new, again.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::people::{MIN_PASSWORD, PasswordError, PasswordRule, change_password, staff};

use super::access::{May, Office, OwnAccount};
use crate::App;
use crate::look::{Field, Frame, Tone, notice, show, summary};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    original: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

/// `GET /password`
pub(crate) async fn get(may: May<OwnAccount>) -> Html {
    Html(page(&may.frame, &[], false))
}

/// `POST /password`
pub(crate) async fn post(
    State(app): State<App>,
    may: May<OwnAccount>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let id = may.session.id().ok_or(Problem::SignedOut)?.to_string();
    let Sent { original, new, again } = sent;
    let changed = change_password(&app.house, &may.operator, &original, &new, &again, &id).await;
    answer(&may.frame, changed)
}

/// `GET /office/password`
pub(crate) async fn office_get(may: Office<OwnAccount>) -> Html {
    Html(page(&may.frame, &[], false))
}

/// `POST /office/password`
pub(crate) async fn office_post(
    State(app): State<App>,
    may: Office<OwnAccount>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let id = may.session.id().ok_or(Problem::SignedOut)?.to_string();
    let Sent { original, new, again } = sent;
    let changed = staff::change_password(&app.house, &may.staff, &original, &new, &again, &id).await;
    answer(&may.frame, changed)
}

fn answer(frame: &Frame, changed: Result<(), PasswordError>) -> Result<Response, Problem> {
    match changed {
        Ok(()) => Ok(Html(page(frame, &[], true)).into_response()),
        Err(PasswordError::Storage(error)) => Err(error.into()),
        Err(error) => {
            let problem = wrong(frame.lang, &error);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page(frame, &[problem], false))).into_response())
        }
    }
}

/// Which field, and what is wrong with it.
pub(crate) fn wrong(lang: Lang, error: &PasswordError) -> (&'static str, String) {
    match error {
        PasswordError::Wrong => ("original", say!(lang, "password-wrong")),
        PasswordError::Rule(PasswordRule::TooShort) => ("new", say!(lang, "password-short", min = MIN_PASSWORD)),
        PasswordError::Rule(PasswordRule::Common) => ("new", say!(lang, "password-common")),
        PasswordError::Differs => ("again", say!(lang, "password-differs")),
        PasswordError::Same => ("new", say!(lang, "password-same")),
        PasswordError::TooMany { wait } => ("", say!(lang, "password-too-many", wait = show::wait(lang, *wait))),
        PasswordError::Storage(_) => ("", say!(lang, "error-trouble-text")),
    }
}

/// The page.
pub(crate) fn page(frame: &Frame, problems: &[(&str, String)], done: bool) -> Markup {
    let lang = frame.lang;
    let login = frame.visitor.as_ref().map_or("", |visitor| visitor.login());
    let side = frame.side();
    let body = html! {
        div.sheet.pad.stack {
            h1 { (say!(lang, "password-title")) }
            @if done {
                (notice(Tone::Good, &say!(lang, "password-done"), say!(lang, "password-done-text")))
                p { a.button href=(side.home()) { (say!(lang, "back-home")) } }
            } @else {
                p.soft { (say!(lang, "password-lead")) }
                form.stack method="post" action=(side.password()) {
                    (summary(lang, problems))
                    // For password managers: whose password this is.
                    input type="text" name="login" value=(login) autocomplete="username" readonly hidden;
                    (Field::new("original", say!(lang, "password-original"), "password", "current-password")
                        .wrong(problems).draw())
                    (Field::new("new", say!(lang, "password-new"), "password", "new-password")
                        .hint(say!(lang, "password-hint", min = MIN_PASSWORD)).wrong(problems).draw())
                    (Field::new("again", say!(lang, "password-again"), "password", "new-password")
                        .wrong(problems).draw())
                    button.button.main.big { (say!(lang, "password-submit")) }
                }
            }
        }
    };
    frame.page(say!(lang, "password-title"), body).narrow().draw()
}
