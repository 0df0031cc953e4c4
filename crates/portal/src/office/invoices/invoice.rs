//! One invoice: `GET /office/invoices/{invoice}`, and what is written down about it.

use axum::extract::{Form, Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::audit::Subject;
use topup::invoices::{self, Invoice, InvoiceError, MOST_REASON, NumberProblem, State};

use super::{Do, LIST, See, may_do, path, state_tag};
use crate::App;
use crate::look::{Field, Frame, Tone, fact, notice, show, summary};
use crate::office::trail::{Before, Trail, trail};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// What the forms send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    pub(crate) number: String,
    pub(crate) on: String,
    pub(crate) reason: String,
}

/// `GET /office/invoices/{invoice}`
pub(crate) async fn get(
    Shared(app): Shared<App>,
    may: Office<See>,
    Path(id): Path<i64>,
    Query(before): Query<Before>,
) -> Result<Html, Problem> {
    let (invoice, entries) = look(&app, id, &before).await?;
    Ok(Html(page(&may.frame, &invoice, &entries, &Sent::default(), &[])))
}

async fn look(app: &App, id: i64, before: &Before) -> Result<(Invoice, Trail), Problem> {
    let invoice = invoices::invoice(&app.house, id).await?.ok_or(Problem::NotFound)?;
    let entries = Trail::of(app, Subject::Invoice(id), before).await?;
    Ok((invoice, entries))
}

/// `POST /office/invoices/{invoice}/issued`
pub(crate) async fn issued(
    Shared(app): Shared<App>,
    may: Office<Do>,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let done = invoices::issue(&app.house, &may.actor(), id, &sent.number, &sent.on).await;
    answer(&app, &may.frame, id, &sent, done).await
}

/// `POST /office/invoices/{invoice}/reversed`
pub(crate) async fn reversed(
    Shared(app): Shared<App>,
    may: Office<Do>,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let red = (sent.number.as_str(), sent.on.as_str());
    let done = invoices::reverse(&app.house, &may.actor(), id, red, &sent.reason).await;
    answer(&app, &may.frame, id, &sent, done).await
}

/// `POST /office/invoices/{invoice}/withdrawn`
pub(crate) async fn withdrawn(
    Shared(app): Shared<App>,
    may: Office<Do>,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let done = invoices::withdraw(&app.house, &may.actor(), id, &sent.reason).await;
    answer(&app, &may.frame, id, &sent, done).await
}

/// Back to the page, with what is wrong if something is.
async fn answer(
    app: &App,
    frame: &Frame,
    id: i64,
    sent: &Sent,
    done: Result<(), InvoiceError>,
) -> Result<Response, Problem> {
    let lang = frame.lang;
    let problem = match done {
        Ok(()) => return Ok(Redirect::to(&path(id)).into_response()),
        Err(InvoiceError::Unknown) => return Err(Problem::NotFound),
        Err(InvoiceError::Storage(error)) => return Err(error.into()),
        Err(InvoiceError::State(_) | InvoiceError::NotApproved | InvoiceError::NoBuyer | InvoiceError::Live) => {
            ("", say!(lang, "invoice-moved-on"))
        }
        Err(InvoiceError::Reason) => ("reason", say!(lang, "invoice-reason", most = MOST_REASON)),
        Err(InvoiceError::Number(problem)) => number_words(lang, problem),
    };
    let (invoice, entries) = look(app, id, &Before::default()).await?;
    let frame = Frame { here: path(id), ..frame.clone() };
    let page = page(&frame, &invoice, &entries, sent, &[problem]);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

fn number_words(lang: Lang, problem: NumberProblem) -> (&'static str, String) {
    match problem {
        NumberProblem::Digits => ("number", say!(lang, "invoice-number-digits")),
        NumberProblem::Taken => ("number", say!(lang, "invoice-number-taken")),
        NumberProblem::Date => ("on", say!(lang, "invoice-date-wrong")),
        NumberProblem::Future => ("on", say!(lang, "invoice-date-future")),
        NumberProblem::Early => ("on", say!(lang, "invoice-date-early")),
    }
}

/// The page.
pub(crate) fn page(
    frame: &Frame,
    invoice: &Invoice,
    entries: &Trail,
    sent: &Sent,
    problems: &[(&str, String)],
) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "invoice-title");
    let body = html! {
        p.back { a href=(LIST) { (say!(lang, "back-invoices")) } }
        div.heading { div { h1 { (title) } p.soft { (invoice.buyer) } } (state_tag(lang, invoice.state)) }
        (summary(lang, problems))
        @if let Some(at) = invoice.taken_back_at.filter(|_| invoice.is_to_reverse()) {
            (notice(Tone::Bad, &say!(lang, "invoice-to-reverse"), say!(lang, "invoice-to-reverse-text", at = show::date_time(at))))
        }
        div.halves {
            (facts(lang, invoice))
            @if may_do(frame) { (forms(lang, invoice, sent, problems)) }
        }
        (trail(lang, &path(invoice.id), entries))
    };
    frame.page(title, body).draw()
}

fn facts(lang: Lang, invoice: &Invoice) -> Markup {
    let num = |text: &str| html! { span.num { (text) } };
    html! {
        section.sheet.pad {
            dl.facts {
                (fact(&say!(lang, "buyer-name"), invoice.buyer.as_str()))
                (fact(&say!(lang, "buyer-taxpayer"), num(&invoice.taxpayer)))
                (fact(&say!(lang, "buyer-email"), invoice.email.as_str()))
                div.now { dt { (say!(lang, "list-amount")) } dd { (show::money(invoice.amount)) } }
                (fact(&say!(lang, "invoice-kind"), invoices::KIND))
                (fact(&say!(lang, "invoice-item"), invoices::ITEM))
                (fact(&say!(lang, "invoice-code"), num(invoices::TAX_CODE)))
                (fact(&say!(lang, "invoice-rate"), invoices::RATE))
                (fact(&say!(lang, "invoice-tax"), show::money(invoices::TAX)))
                (fact(&say!(lang, "load-group"), invoice.group_name.as_str()))
                (fact(&say!(lang, "invoice-deposit"), html! {
                    a.num href={ "/office/deposits/" (invoice.order) } { (invoice.order) }
                }))
                @if let Some(number) = &invoice.number { (fact(&say!(lang, "invoice-number"), num(number))) }
                @if let Some(day) = invoice.issued_on { (fact(&say!(lang, "invoice-issued-on"), num(&day.to_string()))) }
                @if let Some(number) = &invoice.red_number { (fact(&say!(lang, "invoice-red-number"), num(number))) }
                @if let Some(day) = invoice.red_on { (fact(&say!(lang, "invoice-red-on"), num(&day.to_string()))) }
            }
        }
    }
}

/// What can be written down about it now.
fn forms(lang: Lang, invoice: &Invoice, sent: &Sent, problems: &[(&str, String)]) -> Markup {
    let at = |what: &str| format!("{}/{what}", path(invoice.id));
    let reason = || {
        Field::new("reason", say!(lang, "reason"), "text", "off")
            .hint(say!(lang, "revoke-reason-hint", most = MOST_REASON))
            .value(&sent.reason)
            .wrong(problems)
            .draw()
    };
    html! {
        @match invoice.state {
            State::Requested => {
                section.sheet.pad.stack {
                    h2 { (say!(lang, "invoice-issue")) }
                    p.soft { (say!(lang, "invoice-issue-text")) }
                    form.stack method="post" action=(at("issued")) {
                        (number(lang, sent, problems))
                        button.button.main { (say!(lang, "invoice-issue-submit")) }
                    }
                    details.close open[!sent.reason.is_empty() || problems.iter().any(|(field, _)| *field == "reason")] {
                        summary { (say!(lang, "invoice-withdraw")) }
                        form.stack method="post" action=(at("withdrawn")) {
                            (reason())
                            button.button.danger-quiet { (say!(lang, "invoice-withdraw")) }
                        }
                    }
                }
            }
            State::Issued => {
                section.sheet.pad.stack {
                    h2 { (say!(lang, "invoice-reverse")) }
                    p.soft { (say!(lang, "invoice-reverse-text")) }
                    form.stack method="post" action=(at("reversed")) {
                        (number(lang, sent, problems))
                        (reason())
                        button.button.danger { (say!(lang, "invoice-reverse-submit")) }
                    }
                }
            }
            State::Withdrawn if invoice.may_be_issued() => {
                section.sheet.pad.stack {
                    h2 { (say!(lang, "invoice-issue-late")) }
                    p.soft { (say!(lang, "invoice-issue-late-text")) }
                    form.stack method="post" action=(at("issued")) {
                        (number(lang, sent, problems))
                        button.button { (say!(lang, "invoice-issue-submit")) }
                    }
                }
            }
            State::Withdrawn | State::RedFlushed => {
                section.sheet.pad.stack { p.soft { (say!(lang, "invoice-over")) } }
            }
        }
    }
}

fn number(lang: Lang, sent: &Sent, problems: &[(&str, String)]) -> Markup {
    html! {
        (Field::new("number", say!(lang, "invoice-number"), "text", "off").hint(say!(lang, "invoice-number-hint"))
            .numeric().value(&sent.number).wrong(problems).draw())
        (Field::new("on", say!(lang, "invoice-issued-on"), "date", "off").value(&sent.on).wrong(problems).draw())
    }
}
