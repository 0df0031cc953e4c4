//! One load: `GET /office/reviews/{order}`, and what is said about it.
//!
//! A second click, or somebody else a moment before, is no error: the page then shows what is so.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use topup::loads::OrderNumber;
use topup::reviews::{self, Dossier, Proposal, Reply, ReviewError};
use topup::two_people::Refused;

use super::decide::page;
use super::{Decide, See, order_in, path, words};
use crate::App;
use crate::look::Frame;
use crate::office::two_people::Typed;
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

/// `GET /office/reviews/{order}`
pub(crate) async fn get(State(app): State<App>, may: Office<See>, Path(order): Path<String>) -> Result<Html, Problem> {
    let dossier = look(&app, order_in(&order)?).await?;
    Ok(Html(page(&may.frame, &dossier, app.house.now(), &Typed::default(), &[])))
}

/// What the forms send.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    number: i64,
    #[serde(default)]
    reason: String,
    /// Set when the one box was ticked that says that the evidence was looked at.
    #[serde(default)]
    looked: String,
}

/// `POST /office/reviews/{order}/proposal`
pub(crate) async fn propose(
    State(app): State<App>,
    may: Office<Decide>,
    Path(order): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let (order, lang) = (order_in(&order)?, may.frame.lang);
    let written = match sent.verdict.as_str() {
        "written" => true,
        "not-written" => false,
        _ => {
            let problem = ("verdict", say!(lang, "review-choose"));
            return again(&app, &may.frame, order, &sent, vec![problem]).await;
        }
    };
    let proposal = Proposal { order, written, reason: &sent.reason };
    let proposed = reviews::propose(&app.house, &may.staff, &may.actor(), proposal).await;
    match proposed {
        Ok(_) => Ok(Redirect::to(&path(order)).into_response()),
        Err(ReviewError::Refused(Refused::Proposed)) if own_proposal(&app, &may, order, written).await? => {
            Ok(Redirect::to(&path(order)).into_response())
        }
        Err(error) => failed(&app, &may.frame, order, &sent, error).await,
    }
}

/// `POST /office/reviews/{order}/answer`
pub(crate) async fn answer(
    State(app): State<App>,
    may: Office<Decide>,
    Path(order): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let (order, lang) = (order_in(&order)?, may.frame.lang);
    let confirm = match sent.verdict.as_str() {
        "confirm" if sent.looked != "yes" => {
            let problem = ("looked", say!(lang, "review-look-first"));
            return again(&app, &may.frame, order, &sent, vec![problem]).await;
        }
        "confirm" => true,
        "decline" => false,
        _ => return Err(Problem::Malformed),
    };
    let reply = Reply { order, number: sent.number, confirm, reason: &sent.reason };
    match reviews::answer(&app.house, &may.staff, &may.actor(), reply).await {
        Ok(()) => Ok(Redirect::to(&path(order)).into_response()),
        Err(ReviewError::Refused(Refused::Answered)) if own_answer(&app, &may, order, sent.number, confirm).await? => {
            Ok(Redirect::to(&path(order)).into_response())
        }
        Err(error) => failed(&app, &may.frame, order, &sent, error).await,
    }
}

/// `POST /office/reviews/{order}/alarms/{alarm}`: closes the alarm about a contradiction.
pub(crate) async fn close_alarm(
    State(app): State<App>,
    may: Office<Decide>,
    Path((order, alarm)): Path<(String, i64)>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let order = order_in(&order)?;
    match reviews::close_alarm(&app.house, &may.staff, &may.actor(), (order, alarm), &sent.reason).await {
        // It is closed, by this click or one before; or it is owed, and the page says so.
        Ok(_) => Ok(Redirect::to(&path(order)).into_response()),
        Err(error) => failed(&app, &may.frame, order, &sent, error).await,
    }
}

async fn look(app: &App, order: OrderNumber) -> Result<Dossier, Problem> {
    reviews::dossier(&app.house, order).await?.ok_or(Problem::NotFound)
}

/// Whether the proposal that waits is the very one of this click.
async fn own_proposal(app: &App, may: &Office<Decide>, order: OrderNumber, written: bool) -> Result<bool, Problem> {
    let dossier = look(app, order).await?;
    let last = dossier.reviews.last();
    Ok(last.is_some_and(|review| review.answer.is_none() && review.by == may.staff.id && review.written == written))
}

/// Whether the answer that is there is the very one of this click.
async fn own_answer(
    app: &App,
    may: &Office<Decide>,
    order: OrderNumber,
    number: i64,
    confirm: bool,
) -> Result<bool, Problem> {
    let dossier = look(app, order).await?;
    let answer =
        dossier.reviews.iter().find(|review| review.number == number).and_then(|review| review.answer.as_ref());
    Ok(answer.is_some_and(|answer| answer.by == may.staff.id && answer.confirmed == confirm))
}

/// The page again, with why not.
async fn failed(
    app: &App,
    frame: &Frame,
    order: OrderNumber,
    sent: &Sent,
    error: ReviewError,
) -> Result<Response, Problem> {
    let refused = match error {
        ReviewError::NoLoad => return Err(Problem::NotFound),
        ReviewError::Storage(error) => return Err(error.into()),
        ReviewError::Refused(refused) => refused,
    };
    let field = match refused {
        Refused::NoReason | Refused::LongReason => "reason",
        Refused::Role
        | Refused::Settled
        | Refused::Proposed
        | Refused::NoProposal
        | Refused::Own
        | Refused::Left
        | Refused::Answered => "",
    };
    again(app, frame, order, sent, vec![(field, words::refused(frame.lang, refused))]).await
}

async fn again(
    app: &App,
    frame: &Frame,
    order: OrderNumber,
    sent: &Sent,
    problems: Vec<(&str, String)>,
) -> Result<Response, Problem> {
    let dossier = look(app, order).await?;
    let frame = Frame { here: path(order), ..frame.clone() };
    let typed = Typed { reason: &sent.reason, verdict: &sent.verdict, ..Typed::default() };
    let page = page(&frame, &dossier, app.house.now(), &typed, &problems);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}
