//! The end of a terminal, asked for twice: `GET` and `POST /office/terminals/{number}/revoke`.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::terminals::list::{self, Listed, Stand};
use topup::terminals::{MOST_REASON, Register, RegisterError};

use super::{Decide, number_in, path, wrong};
use crate::App;
use crate::look::{Field, Frame, Tone, fact, notice, show, summary};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    reason: String,
}

/// `GET /office/terminals/{number}/revoke`
pub(crate) async fn get(
    State(app): State<App>,
    may: Office<Decide>,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let terminal = list::one(&app.house, number_in(&number)?).await?.ok_or(Problem::NotFound)?;
    Ok(match terminal.stand {
        Stand::Revoked { .. } => Redirect::to(&path(terminal.number)).into_response(),
        Stand::New | Stand::Connected | Stand::Silent { .. } => {
            Html(page(&may.frame, &terminal, "", &[])).into_response()
        }
    })
}

/// `POST /office/terminals/{number}/revoke`
pub(crate) async fn post(
    State(app): State<App>,
    may: Office<Decide>,
    Path(number): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let number = number_in(&number)?;
    match Register::of(&app.house, &may.actor()).revoke(number, &sent.reason).await {
        // By a second click, or by someone else a moment ago: what was wanted is so.
        Ok(()) | Err(RegisterError::Revoked) => Ok(Redirect::to(&path(number)).into_response()),
        Err(error) => {
            let problem = wrong(may.frame.lang, error)?;
            let terminal = list::one(&app.house, number).await?.ok_or(Problem::NotFound)?;
            let page = page(&may.frame, &terminal, &sent.reason, &[problem]);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
    }
}

/// The page.
pub(crate) fn page(frame: &Frame, terminal: &Listed, reason: &str, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "revoke-title");
    let body = html! {
        div.sheet.pad.stack {
            h1 { (title) }
            dl.facts {
                (fact(&say!(lang, "load-terminal"), show::terminal(&terminal.number.to_string())))
                (fact(&say!(lang, "terminal-name"), terminal.name.as_str()))
                (fact(&say!(lang, "load-group"), terminal.group_name.as_str()))
            }
            (notice(Tone::Doubt, &say!(lang, "revoke-what"), say!(lang, "revoke-what-text")))
            form.stack method="post" action={ (path(terminal.number)) "/revoke" } {
                (summary(lang, problems))
                (Field::new("reason", say!(lang, "reason"), "text", "off")
                    .hint(say!(lang, "revoke-reason-hint", most = MOST_REASON)).value(reason).wrong(problems).draw())
                button.button.danger.big { (say!(lang, "revoke-submit")) }
                a.soft href=(path(terminal.number)) { (say!(lang, "ask-no")) }
            }
        }
    };
    frame.page(title, body).narrow().draw()
}
