//! One deposit: `GET /office/deposits/{order}`, and what is said about it.
//!
//! A second click is no error. Where somebody else was quicker, the page says who did what and when, and what was typed
//! is on it still.

use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use topup::deposits::{
    self, Answer, By, DepositNumber, Event, ExceptionId, Happened, Proposal, Refused, ReviewError, Story,
};
use topup::two_people::Refused as Rule;

use super::decide::{self, Look};
use super::line::{self, Line};
use super::view::page;
use super::{Decide, See, order_in, path, words};
use crate::App;
use crate::look::{Frame, show};
use crate::office::two_people::Typed;
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct News {
    /// Set when whoever looks decided a moment ago.
    #[serde(default)]
    decided: String,
}

/// `GET /office/deposits/{order}`
pub(crate) async fn get(
    State(app): State<App>,
    may: Office<See>,
    Path(order): Path<String>,
    Query(news): Query<News>,
) -> Result<Html, Problem> {
    let story = find(&app, order_in(&order)?).await?;
    let moved = deposits::moved(&app.house, story.deposit.group, story.deposit.order).await?;
    let line = Line { decided: !news.decided.is_empty(), next: line::next(&app, &may.staff, &story).await? };
    Ok(Html(page(&may.frame, &look(&app, &story, &line), &moved, &Typed::default(), &[])))
}

/// The page after a decision, with the way on.
fn decided(order: DepositNumber) -> Response {
    Redirect::to(&format!("{}?decided=yes", path(order))).into_response()
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
    /// Set when the box was ticked that says that the evidence was compared.
    #[serde(default)]
    compared: String,
    /// Which open exceptions the page showed.
    #[serde(default)]
    unfit: String,
    /// Under which number the bank knows of the payment, where that is asked for.
    #[serde(default)]
    reference: String,
}

impl Sent {
    fn seen(&self) -> Vec<ExceptionId> {
        self.unfit.split(',').filter_map(|id| id.parse().ok().map(ExceptionId)).collect()
    }
}

/// `POST /office/deposits/{order}/proposal`
pub(crate) async fn propose(
    State(app): State<App>,
    may: Office<Decide>,
    Path(order): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let (order, lang) = (order_in(&order)?, may.frame.lang);
    let story = find(&app, order).await?;
    let approve = match sent.verdict.as_str() {
        "approve" => Some(true),
        "reject" => Some(false),
        _ => None,
    };
    let mut problems = amiss(lang, &sent, approve == Some(true));
    if approve.is_none() {
        problems.push(("verdict", say!(lang, "office-deposit-choose")));
    }
    let Some(approve) = approve.filter(|_| problems.is_empty()) else {
        return again(&app, &may, &story, &sent, &problems).await;
    };
    let reason = reason(&app, lang, &story, &sent, approve);
    let seen = sent.seen();
    let proposal = Proposal { order, approve, reason: &reason, reference: &sent.reference, seen: &seen };
    match deposits::propose(&app.house, &may.staff, &may.actor(), proposal).await {
        Ok(_) => Ok(decided(order)),
        Err(error) => {
            let story = find(&app, order).await?;
            let own = story.rulings.last().is_some_and(|last| {
                let said = &last.proposed;
                said.by == may.staff.id && said.approve == approve && said.reason == reason.trim()
            });
            let repeated = matches!(error, ReviewError::Refused(Refused::Rule(Rule::Proposed | Rule::Settled))) && own;
            failed(&app, &may, &story, &sent, error, repeated).await
        }
    }
}

/// `POST /office/deposits/{order}/answer`
pub(crate) async fn answer(
    State(app): State<App>,
    may: Office<Decide>,
    Path(order): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let (order, lang) = (order_in(&order)?, may.frame.lang);
    let confirm = match sent.verdict.as_str() {
        "confirm" => true,
        "decline" => false,
        _ => return Err(Problem::Malformed),
    };
    let story = find(&app, order).await?;
    let problems = amiss(lang, &sent, confirm);
    if !problems.is_empty() {
        return again(&app, &may, &story, &sent, &problems).await;
    }
    let reason = reason(&app, lang, &story, &sent, confirm);
    let seen = sent.seen();
    let (number, reference) = (sent.number, sent.reference.as_str());
    let said = Answer { order, number, confirm, reason: &reason, reference, seen: &seen };
    match deposits::answer(&app.house, &may.staff, &may.actor(), said).await {
        Ok(_) => Ok(decided(order)),
        Err(error) => {
            let story = find(&app, order).await?;
            let ruling = story.rulings.iter().find(|ruling| ruling.proposed.number == sent.number);
            let own = ruling
                .and_then(|ruling| ruling.answered.as_ref())
                .is_some_and(|(yes, who, why, _)| *yes == confirm && *who == may.staff.name && why == reason.trim());
            let repeated = matches!(error, ReviewError::Refused(Refused::Rule(Rule::Answered))) && own;
            failed(&app, &may, &story, &sent, error, repeated).await
        }
    }
}

async fn find(app: &App, order: DepositNumber) -> Result<Story, Problem> {
    deposits::standing(&app.house, None, order).await?.ok_or(Problem::NotFound)
}

fn look<'a>(app: &'a App, story: &'a Story, line: &'a Line) -> Look<'a> {
    let merchant = story.deposit.merchant.as_str();
    let ours = || app.house.till.as_ref().map_or("", |till| till.gateway.merchant());
    Look {
        story,
        merchant: if merchant.is_empty() { ours() } else { merchant },
        limit: app.house.settings.deposits.two_people_above,
        line,
        now: app.house.now(),
    }
}

/// What is amiss before anything is decided; `yes` if money would go to the quota or a proposal be carried out.
fn amiss(lang: Lang, sent: &Sent, yes: bool) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    if yes && sent.compared != "yes" {
        problems.push(("compared", say!(lang, "office-deposit-compare-first")));
    }
    problems
}

/// Why: what was typed, or that the evidence was compared.
fn reason(app: &App, lang: Lang, story: &Story, sent: &Sent, yes: bool) -> String {
    if yes && sent.reason.trim().is_empty() {
        decide::tick_words(lang, &look(app, story, &Line::default()))
    } else {
        sent.reason.clone()
    }
}

/// The page again, with why not; or as it is, if this very click has done it before.
async fn failed(
    app: &App,
    may: &Office<Decide>,
    story: &Story,
    sent: &Sent,
    error: ReviewError,
    repeated: bool,
) -> Result<Response, Problem> {
    let refused = match error {
        ReviewError::NoDeposit => return Err(Problem::NotFound),
        ReviewError::Storage(error) => return Err(error.into()),
        ReviewError::Refused(_) if repeated => {
            return Ok(decided(story.deposit.order));
        }
        ReviewError::Refused(refused) => refused,
    };
    let lang = may.frame.lang;
    let problem = match refused {
        Refused::Rule(Rule::NoReason | Rule::LongReason) => ("reason", words::refused(lang, refused, &sent.reason)),
        Refused::NoReference | Refused::LongReference | Refused::OtherReference => {
            ("reference", words::refused(lang, refused, &sent.reason))
        }
        Refused::Rule(Rule::Settled | Rule::Proposed | Rule::NoProposal | Rule::Answered) => {
            ("", meanwhile(lang, may, story).unwrap_or_else(|| words::refused(lang, refused, &sent.reason)))
        }
        Refused::Rule(Rule::Role | Rule::Own | Rule::Left)
        | Refused::Unseen
        | Refused::Unanswered
        | Refused::NotThere
        | Refused::Unvouched => ("", words::refused(lang, refused, &sent.reason)),
    };
    again(app, may, story, sent, &[problem]).await
}

/// Who was quicker, and with what.
fn meanwhile(lang: Lang, may: &Office<Decide>, story: &Story) -> Option<String> {
    let said = |event: &Event| {
        let By::Staff(who) = &event.by else { return None };
        let (who, time) = (who.as_str(), show::date_time(event.at));
        if let Happened::Approved { .. } = event.what {
            Some(say!(lang, "office-deposit-was-approved", who = who, time = time))
        } else if let Happened::Rejected { .. } = event.what {
            Some(say!(lang, "office-deposit-was-rejected", who = who, time = time))
        } else if let Happened::Declined { .. } = event.what {
            Some(say!(lang, "office-deposit-was-answered", who = who, time = time))
        } else if let Happened::Proposed { approve, .. } = event.what {
            let verdict = words::verdict(lang, approve);
            let own = story.proposed.as_ref().is_some_and(|proposed| proposed.by == may.staff.id);
            Some(if own {
                say!(lang, "office-deposit-was-own", time = time, verdict = verdict)
            } else {
                say!(lang, "office-deposit-was-proposed", who = who, time = time, verdict = verdict)
            })
        } else {
            None
        }
    };
    story.events.iter().rev().find_map(said)
}

async fn again(
    app: &App,
    may: &Office<Decide>,
    story: &Story,
    sent: &Sent,
    problems: &[(&str, String)],
) -> Result<Response, Problem> {
    let deposit = &story.deposit;
    let moved = deposits::moved(&app.house, deposit.group, deposit.order).await?;
    let frame = Frame { here: path(deposit.order), ..may.frame.clone() };
    let typed = Typed { reason: &sent.reason, verdict: &sent.verdict, reference: &sent.reference };
    let line = Line { decided: false, next: line::next(app, &may.staff, story).await? };
    let page = page(&frame, &look(app, story, &line), &moved, &typed, problems);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}
