//! The cashier: method and account, SMS code and password, success; for companies a second person's approval.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::html;
use serde::Deserialize;

use super::look::{Lang, Page};
use super::{not_found, outcome, steps, to};
use crate::sandbox::cashier::{
    MOST_WRONG_PASSWORDS, Refusal, approve as decide, confirm as pay, enter_account, send_code,
};
use crate::sandbox::order::Status;
use crate::sandbox::{Bank, Kind};

/// Seconds until a page that waits for the bank comes again.
const LOOK_AGAIN: u32 = 5;

/// What a step before said, and whether another account is wanted.
#[derive(Debug, Default, Deserialize)]
pub(in crate::sandbox) struct Asked {
    pub(super) said: Option<String>,
    pub(super) left: Option<i64>,
    pub(super) change: Option<String>,
}

/// The account form.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct AccountForm {
    method: String,
    account: String,
}

/// The confirmation form.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct ConfirmForm {
    code: String,
    password: String,
}

/// The second person's form.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct ApproveForm {
    choice: String,
}

/// `GET /cashier/{token}`
pub(in crate::sandbox) async fn show(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(order) = bank.order(&token) else { return not_found(lang) };
    let Kind::Payment(payment) = &order.kind else { return not_found(lang) };
    let now = bank.now();
    let wants_account = order.account.is_none() || asked.change.is_some();
    let locked = payment.wrong_passwords >= MOST_WRONG_PASSWORDS;
    let (step, body) = match &order.status {
        Status::Waiting if payment.expires_at <= now => (3, outcome::timed_out(lang, &bank, &order, payment)),
        Status::Waiting if locked => (2, outcome::locked(lang, &bank, &order, payment)),
        Status::Waiting if wants_account => (1, steps::choose(lang, &order, payment, &asked)),
        Status::Waiting => (2, steps::verify(lang, &order, payment, &asked, now)),
        Status::AwaitingApproval => (3, outcome::awaiting(lang, &bank, &order, payment)),
        Status::Processing => (3, outcome::processing(lang, &bank, &order, payment)),
        Status::Done { .. } => (4, outcome::success(lang, &bank, &order, payment)),
        Status::Failed { code } => (3, outcome::failure(lang, &bank, &order, payment, code)),
    };
    let waits = matches!(order.status, Status::AwaitingApproval | Status::Processing);
    let content = html! {
        (steps::summary(lang, &bank, &order, payment, now))
        section.sheet {
            (steps::ladder(lang, payment, step))
            (body)
        }
    };
    let here = path(&token);
    let page = Page::new(lang, lang.say("收银台", "Cashier"), &here).at(lang.say("收银台", "Cashier"));
    page.refresh(waits.then_some(LOOK_AGAIN)).draw(&content).into_response()
}

/// `POST /cashier/{token}/account`
pub(in crate::sandbox) async fn account(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
    Form(form): Form<AccountForm>,
) -> Response {
    let now = bank.now();
    let step = bank.step(&token, |order| enter_account(order, &form.method, &form.account, now));
    after(lang, &token, step)
}

/// `POST /cashier/{token}/code`
pub(in crate::sandbox) async fn code(State(bank): State<Bank>, lang: Lang, Path(token): Path<String>) -> Response {
    let (now, digits) = (bank.now(), bank.digits());
    after(lang, &token, bank.step(&token, |order| send_code(order, digits, now)))
}

/// `POST /cashier/{token}/confirm`
pub(in crate::sandbox) async fn confirm(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
    Form(form): Form<ConfirmForm>,
) -> Response {
    let now = bank.now();
    after(lang, &token, bank.step(&token, |order| pay(order, &form.code, &form.password, now)))
}

/// `GET /cashier/{token}/approve`: the second person's page. Theirs is another browser than the payer's, so it does not
/// go back to the merchant.
pub(in crate::sandbox) async fn second_person(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
) -> Response {
    let Some(order) = bank.order(&token) else { return not_found(lang) };
    let Kind::Payment(payment) = &order.kind else { return not_found(lang) };
    if order.status == Status::Waiting {
        return to(&path(&token));
    }
    let body = outcome::approval(lang, &bank, &order, payment);
    let here = approve_path(&token);
    let desk = lang.say("企业网上银行", "Corporate banking");
    Page::new(lang, lang.say("复核授权", "Approval"), &here).at(desk).draw(&body).into_response()
}

/// `POST /cashier/{token}/approve`
pub(in crate::sandbox) async fn approve(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
    Form(form): Form<ApproveForm>,
) -> Response {
    let now = bank.now();
    match bank.step(&token, |order| decide(order, form.choice == "yes", now)) {
        // Decided before, or now: the page says which.
        Some(_) => to(&approve_path(&token)),
        None => not_found(lang),
    }
}

/// The order's page.
pub(super) fn path(token: &str) -> String {
    format!("/cashier/{token}")
}

/// The second person's page of it.
pub(super) fn approve_path(token: &str) -> String {
    format!("/cashier/{token}/approve")
}

/// Back to the order's page, with what went wrong.
fn after(lang: Lang, token: &str, step: Option<Result<(), Refusal>>) -> Response {
    let path = path(token);
    match step {
        None => not_found(lang),
        Some(Ok(()) | Err(Refusal::Over | Refusal::TimedOut | Refusal::Locked)) => to(&path),
        Some(Err(Refusal::Account)) => to(&format!("{path}?change=1&said=account")),
        Some(Err(Refusal::NoAccount)) => to(&format!("{path}?change=1")),
        Some(Err(Refusal::Wait(seconds))) => to(&format!("{path}?said=wait&left={seconds}")),
        Some(Err(Refusal::NoMoreCodes)) => to(&format!("{path}?said=no_more")),
        Some(Err(Refusal::NeedsCode)) => to(&format!("{path}?said=needs_code")),
        Some(Err(Refusal::WrongCode)) => to(&format!("{path}?said=code")),
        Some(Err(Refusal::WrongPassword(left))) => to(&format!("{path}?said=password&left={left}")),
    }
}
