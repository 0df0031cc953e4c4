//! Who gets the group's invoices: `GET` and `POST /invoices/buyer`.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use topup::audit::Actor;
use topup::invoices::{self, BuyerError};

use super::{BUYER, Invoices, LIST};
use crate::App;
use crate::look::{Frame, summary};
use crate::office::invoices::buyers::{Sent, fields, words};
use crate::people::access::May;
use crate::web::Html;
use crate::web::address::Address;
use crate::web::problem::Problem;
use crate::words::say;

/// `GET /invoices/buyer`
pub(crate) async fn get(State(app): State<App>, may: May<Invoices>) -> Result<Html, Problem> {
    let buyer = invoices::buyer(&app.house, may.group()).await?;
    Ok(Html(page(&may.frame, &buyer.map(Sent::from).unwrap_or_default(), &[])))
}

/// `POST /invoices/buyer`
pub(crate) async fn post(
    State(app): State<App>,
    may: May<Invoices>,
    address: Address,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let actor = Actor::operator(&may.operator, address.0);
    match invoices::keep_buyer(&app.house, &actor, may.group(), sent.as_typed()).await {
        Ok(()) => Ok(Redirect::to(&format!("{LIST}?kept=yes")).into_response()),
        Err(BuyerError::Unknown) => Err(Problem::NotFound),
        Err(BuyerError::Storage(error)) => Err(error.into()),
        Err(BuyerError::Wrong(problems)) => {
            let problems: Vec<_> = problems.into_iter().map(|problem| words(may.frame.lang, problem)).collect();
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page(&may.frame, &sent, &problems))).into_response())
        }
    }
}

/// The form.
pub(crate) fn page(frame: &Frame, sent: &Sent, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let body = html! {
        p.back { a href=(LIST) { (say!(lang, "back-own-invoices")) } }
        div.sheet.pad.stack {
            h1 { (say!(lang, "buyers")) }
            p.soft { (say!(lang, "buyer-text")) " " (say!(lang, "buyer-later")) }
            form.stack method="post" action=(BUYER) {
                (summary(lang, problems))
                (fields(lang, sent, problems))
                button.button.main.big { (say!(lang, "buyer-keep")) }
                a.soft href=(LIST) { (say!(lang, "ask-no")) }
            }
        }
    };
    frame.page(say!(lang, "buyers"), body).narrow().draw()
}
