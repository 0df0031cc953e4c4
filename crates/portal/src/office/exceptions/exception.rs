//! One exception: `GET /office/exceptions/{id}`, and how it is closed.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use topup::deposits::{self, CloseError, Closing, Closure, Exception, ExceptionId, Outcome, Refused};
use topup::two_people::{MOST_REFERENCE, Refused as Rule};

use super::path;
use super::view::{Look, page};
use crate::App;
use crate::look::{Frame, show};
use crate::office::deposits::{Decide, See, words as said};
use crate::office::two_people::Typed;
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// `GET /office/exceptions/{id}`
pub(crate) async fn get(State(app): State<App>, may: Office<See>, Path(id): Path<String>) -> Result<Html, Problem> {
    let exception = find(&app, &id).await?;
    Ok(Html(page(&may.frame, &look(&app, &exception).await?, &Typed::default(), &[])))
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    reference: String,
}

/// `POST /office/exceptions/{id}/close`
pub(crate) async fn close(
    State(app): State<App>,
    may: Office<Decide>,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let exception = find(&app, &id).await?;
    let Some(outcome) = Outcome::parse(&sent.outcome) else {
        let problem = ("outcome", say!(lang, "exception-choose"));
        return again(&app, &may.frame, &exception, &sent, problem).await;
    };
    let closing = Closing { id: exception.id, outcome, reason: &sent.reason, reference: &sent.reference };
    match deposits::close(&app.house, &may.staff, &may.actor(), closing).await {
        Ok(Closure::OtherReference) => {
            // What was typed is the proposal now: nothing of it is kept for another attempt.
            let problem = ("", say!(lang, "exception-other-reference"));
            again(&app, &may.frame, &find(&app, &id).await?, &Sent::default(), problem).await
        }
        Ok(Closure::Closed | Closure::Proposed) => Ok(Redirect::to(&path(exception.id)).into_response()),
        Err(error) => {
            let exception = find(&app, &id).await?;
            if repeated(&may, &exception, &sent, outcome, &error) {
                return Ok(Redirect::to(&path(exception.id)).into_response());
            }
            let problem = why(lang, &exception, &sent, error)?;
            again(&app, &may.frame, &exception, &sent, problem).await
        }
    }
}

/// Whether this very click has done it before.
fn repeated(may: &Office<Decide>, found: &Exception, sent: &Sent, outcome: Outcome, error: &CloseError) -> bool {
    let same = |how: Outcome, why: &str| how == outcome && why == sent.reason.trim();
    match error {
        CloseError::Closed => {
            found.closed.as_ref().is_some_and(|(who, how, why, _)| *who == may.actor().name && same(*how, why))
        }
        CloseError::Refused(Refused::Rule(Rule::Own)) => {
            found.proposed.as_ref().is_some_and(|(by, _, how, why, _)| *by == may.staff.id && same(*how, why))
        }
        CloseError::NoException
        | CloseError::DecideDeposit
        | CloseError::InReview
        | CloseError::Outcome
        | CloseError::NoReference
        | CloseError::LongReference
        | CloseError::Unanswered
        | CloseError::GoneAfterAll
        | CloseError::InPart
        | CloseError::TakenOn
        | CloseError::Unsaid { .. }
        | CloseError::NothingLeft { .. }
        | CloseError::QuotaShort { .. }
        | CloseError::Refused(_)
        | CloseError::Storage(_) => false,
    }
}

/// Why it was not done.
fn why(lang: Lang, found: &Exception, sent: &Sent, error: CloseError) -> Result<(&'static str, String), Problem> {
    Ok(match error {
        CloseError::NoException => return Err(Problem::NotFound),
        CloseError::Storage(error) => return Err(error.into()),
        CloseError::Closed => match &found.closed {
            Some((who, outcome, _, at)) => {
                let (outcome, time) = (said::outcome(lang, found.kind, *outcome), show::date_time(*at));
                ("", say!(lang, "exception-was-closed", who = who.as_str(), time = time, outcome = outcome))
            }
            None => ("", say!(lang, "office-deposit-was-changed")),
        },
        CloseError::DecideDeposit => ("", say!(lang, "exception-decide-deposit")),
        CloseError::InReview => ("outcome", say!(lang, "exception-in-review")),
        CloseError::Outcome => ("outcome", say!(lang, "exception-wrong-outcome")),
        CloseError::NoReference => ("reference", say!(lang, "exception-no-reference")),
        CloseError::LongReference => ("reference", say!(lang, "exception-long-reference", most = MOST_REFERENCE)),
        CloseError::Unanswered => ("", say!(lang, "exception-unanswered")),
        CloseError::GoneAfterAll => ("outcome", say!(lang, "exception-gone-after-all")),
        CloseError::InPart => ("outcome", say!(lang, "exception-in-part")),
        CloseError::TakenOn => ("outcome", say!(lang, "exception-taken-on")),
        CloseError::Unsaid { back, due } => {
            let (back, due) = (show::yuan(back), show::yuan(due));
            ("outcome", say!(lang, "exception-unsaid", back = back, due = due))
        }
        CloseError::NothingLeft { back, due } => {
            let (back, due) = (show::yuan(back), show::yuan(due));
            ("outcome", say!(lang, "exception-nothing-left", back = back, due = due))
        }
        CloseError::QuotaShort { free, needed } => {
            let (free, needed) = (show::yuan(free), show::yuan(needed));
            ("outcome", say!(lang, "exception-quota-short", free = free, needed = needed))
        }
        CloseError::Refused(Refused::NotThere) => ("outcome", say!(lang, "exception-not-there")),
        CloseError::Refused(refused @ Refused::Rule(Rule::NoReason | Rule::LongReason)) => {
            ("reason", said::refused(lang, refused, &sent.reason))
        }
        CloseError::Refused(Refused::Rule(Rule::Own)) => ("", say!(lang, "exception-own")),
        CloseError::Refused(refused) => ("", said::refused(lang, refused, &sent.reason)),
    })
}

async fn find(app: &App, id: &str) -> Result<Exception, Problem> {
    let id = id.parse().map(ExceptionId).map_err(|_| Problem::NotFound)?;
    deposits::exception(&app.house, id).await?.ok_or(Problem::NotFound)
}

async fn look<'a>(app: &App, exception: &'a Exception) -> Result<Look<'a>, Problem> {
    let limit = app.house.settings.deposits.two_people_above;
    Ok(Look { exception, needs: deposits::needs(&app.house, exception).await?, limit, now: app.house.now() })
}

async fn again(
    app: &App,
    frame: &Frame,
    exception: &Exception,
    sent: &Sent,
    problem: (&'static str, String),
) -> Result<Response, Problem> {
    let frame = Frame { here: path(exception.id), ..frame.clone() };
    let typed = Typed { reason: &sent.reason, verdict: &sent.outcome, reference: &sent.reference };
    let page = page(&frame, &look(app, exception).await?, &typed, &[problem]);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}
