//! The list: `GET /office/invoices`, requests from it: `POST`, and the same as a table for the tax system:
//! `GET /office/invoices/export`.

use axum::extract::{Form, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::invoices::{self, Counts, Due, Filter, Invoice, InvoiceError, State};

use super::{BUYERS, Do, LIST, See, may_do, path, state_word};
use crate::App;
use crate::look::{Frame, Tone, empty, icon, notice, show, summary, tag};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::csv::Csv;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// The most deposits of one request: what a page lists.
const MOST: usize = 500;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    state: String,
    /// How many were requested a moment ago.
    made: Option<usize>,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) filter: Filter,
    pub(crate) counts: Counts,
    pub(crate) due: Vec<Due>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) made: Option<usize>,
}

/// `GET /office/invoices`
pub(crate) async fn get(
    Shared(app): Shared<App>,
    may: Office<See>,
    Query(asked): Query<Asked>,
) -> Result<Html, Problem> {
    let shown = Shown { made: asked.made, ..look(&app, filter(&asked.state)).await? };
    Ok(Html(page(&may.frame, &shown, &[])))
}

fn filter(state: &str) -> Filter {
    State::parse(state).map_or(Filter::Due, Filter::State)
}

async fn look(app: &App, filter: Filter) -> Result<Shown, Problem> {
    let (due, invoices) = match filter {
        Filter::Due => (invoices::due(&app.house).await?, vec![]),
        Filter::State(state) => (vec![], invoices::list(&app.house, state).await?),
    };
    Ok(Shown { filter, counts: invoices::counts(&app.house).await?, due, invoices, made: None })
}

/// `POST /office/invoices`: requests those that were ticked.
pub(crate) async fn post(
    Shared(app): Shared<App>,
    may: Office<Do>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let orders: Vec<&str> = sent.iter().filter(|(name, _)| name == "order").map(|(_, order)| order.as_str()).collect();
    let (mut made, mut problems) = (0_usize, Vec::new());
    if orders.is_empty() || orders.len() > MOST {
        problems.push(("", say!(lang, "invoice-choose")));
    }
    for order in orders.into_iter().take(MOST) {
        match invoices::request(&app.house, &may.actor(), order).await {
            Ok(_) => made = made.saturating_add(1),
            // Somebody else's click, or one before: what was wanted is so.
            Err(InvoiceError::Live) => {}
            Err(InvoiceError::NoBuyer) => problems.push(("", say!(lang, "invoice-no-buyer", order = order))),
            Err(InvoiceError::NotApproved | InvoiceError::Unknown) => {
                problems.push(("", say!(lang, "invoice-not-approved", order = order)));
            }
            Err(InvoiceError::State(_) | InvoiceError::Number(_) | InvoiceError::Reason) => {
                return Err(Problem::Malformed);
            }
            Err(InvoiceError::Storage(error)) => return Err(error.into()),
        }
    }
    if problems.is_empty() {
        return Ok(Redirect::to(&format!("{LIST}?state=requested&made={made}")).into_response());
    }
    let shown = Shown { made: (made > 0).then_some(made), ..look(&app, Filter::Due).await? };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page(&may.frame, &shown, &problems))).into_response())
}

/// `GET /office/invoices/export`
pub(crate) async fn export(
    Shared(app): Shared<App>,
    may: Office<See>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let state = State::parse(&asked.state).unwrap_or(State::Requested);
    let invoices = invoices::list(&app.house, state).await?;
    Ok(table(may.frame.lang, &invoices).download(&format!("invoices-{}.csv", state.as_str())))
}

/// What the tax system needs, a line an invoice.
fn table(lang: Lang, invoices: &[Invoice]) -> Csv {
    let header = [
        say!(lang, "buyer-name"),
        say!(lang, "buyer-taxpayer"),
        say!(lang, "buyer-email"),
        say!(lang, "invoice-kind"),
        say!(lang, "invoice-item"),
        say!(lang, "invoice-code"),
        say!(lang, "invoice-amount"),
        say!(lang, "invoice-rate"),
        say!(lang, "invoice-tax"),
        say!(lang, "invoice-deposit"),
        say!(lang, "invoice-requested-at"),
        say!(lang, "invoice-state"),
        say!(lang, "invoice-number"),
        say!(lang, "invoice-issued-on"),
        say!(lang, "invoice-red-number"),
        say!(lang, "invoice-red-on"),
    ];
    let mut csv = Csv::new(header.iter().map(String::as_str));
    for invoice in invoices {
        let (amount, tax) = (invoice.amount.to_string().replace(',', ""), invoices::TAX.to_string());
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let (issued_on, red_on) = (day(invoice.issued_on), day(invoice.red_on));
        csv.row([
            invoice.buyer.as_str(),
            &invoice.taxpayer,
            &invoice.email,
            invoices::KIND,
            invoices::ITEM,
            invoices::TAX_CODE,
            &amount,
            invoices::RATE,
            &tax,
            &invoice.order,
            &show::date_time(invoice.requested_at),
            &state_word(lang, invoice.state),
            invoice.number.as_deref().unwrap_or_default(),
            &issued_on,
            invoice.red_number.as_deref().unwrap_or_default(),
            &red_on,
        ]);
    }
    csv
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "section-invoices");
    let body = html! {
        div.heading {
            div { h1 { (title) } p.soft { (say!(lang, "invoices-text")) } }
            a.button href=(BUYERS) { (say!(lang, "buyers")) }
        }
        (summary(lang, problems))
        @if let Some(made) = shown.made { div.news role="status" {
            (notice(Tone::Good, "", say!(lang, "invoices-made", n = made)))
        } }
        section.sheet {
            (filters(lang, shown))
            @match shown.filter {
                Filter::Due => (due(frame, &shown.due)),
                Filter::State(state) => (listed(lang, state, &shown.invoices)),
            }
        }
        p.soft.small.rules-of-tax { (say!(lang, "invoice-rules", kind = invoices::KIND, code = invoices::TAX_CODE)) }
    };
    frame.page(title, body).draw()
}

fn filters(lang: Lang, shown: &Shown) -> Markup {
    let states = [State::Requested, State::Issued, State::RedFlushed, State::Withdrawn].map(Filter::State);
    let all = std::iter::once(Filter::Due).chain(states);
    let drawn = all.filter(|filter| {
        shown.counts.of(*filter) > 0 || *filter == shown.filter || *filter != Filter::State(State::Withdrawn)
    });
    html! {
        nav.filters.first aria-label=(say!(lang, "filters")) { ul { @for filter in drawn {
            li { a href=(address(filter)) aria-current=[(filter == shown.filter).then_some("true")] {
                (filter_word(lang, filter)) " " b.num { (shown.counts.of(filter)) }
            } }
        } } }
    }
}

fn filter_word(lang: Lang, filter: Filter) -> String {
    match filter {
        Filter::Due => say!(lang, "invoice-due"),
        Filter::State(state) => state_word(lang, state),
    }
}

fn address(filter: Filter) -> String {
    match filter {
        Filter::Due => LIST.to_owned(),
        Filter::State(state) => format!("{LIST}?state={}", state.as_str()),
    }
}

fn due(frame: &Frame, due: &[Due]) -> Markup {
    let lang = frame.lang;
    if due.is_empty() {
        return empty(
            icon::DONE.draw(),
            &say!(lang, "invoice-due-none"),
            &say!(lang, "invoice-due-none-text"),
            html! {},
        );
    }
    let table = html! {
        table.table.reviews.invoices {
            thead { tr {
                th scope="col" { (say!(lang, "invoice-deposit")) }
                th.wide-only scope="col" { (say!(lang, "load-group")) }
                th.wide-only scope="col" { (say!(lang, "buyer-name")) }
                th.r scope="col" { (say!(lang, "list-amount")) }
                th.wide-only scope="col" { (say!(lang, "invoice-approved-at")) }
            } }
            tbody { @for due in due { (due_row(lang, due, may_do(frame))) } }
        }
    };
    let ready = due.iter().any(|due| due.buyer.is_some()) && may_do(frame);
    html! {
        @if ready {
            form method="post" action=(LIST) {
                (table)
                div.pages { button.button.main { (say!(lang, "invoice-request")) } }
            }
        } @else { (table) }
    }
}

fn due_row(lang: Lang, due: &Due, may_do: bool) -> Markup {
    let buyer = html! {
        @if let Some(buyer) = &due.buyer { (buyer) }
        @else if may_do { a href={ (BUYERS) "/" (due.group.0) } { (say!(lang, "buyer-missing-fill")) } }
        @else { (tag(Tone::Doubt, &say!(lang, "buyer-missing"))) }
    };
    html! {
        tr {
            td {
                label.pick {
                    @if may_do {
                        input type="checkbox" name="order" value=(due.order) checked[due.buyer.is_some()] disabled[due.buyer.is_none()];
                    }
                    span.num { (due.order) }
                }
                div.sub.narrow-only { (due.group_name) }
                div.narrow-only { (buyer) }
            }
            td.wide-only.group { (due.group_name) }
            td.wide-only.group { (buyer) }
            td.r { (due.amount) }
            td.wide-only.num { @if let Some(at) = due.approved_at { (show::date_time(at)) } }
        }
    }
}

fn listed(lang: Lang, state: State, invoices: &[Invoice]) -> Markup {
    if invoices.is_empty() {
        let next = html! { a.button href=(LIST) { (say!(lang, "invoice-to-due")) } };
        return empty(icon::LIST.draw(), &say!(lang, "invoices-none"), &say!(lang, "invoices-none-text"), next);
    }
    html! {
        table.table.reviews.invoices {
            thead { tr {
                th scope="col" { (say!(lang, "buyer-name")) }
                th.wide-only scope="col" { (say!(lang, "invoice-deposit")) }
                th.r scope="col" { (say!(lang, "list-amount")) }
                th.wide-only scope="col" { (say!(lang, "invoice-number")) }
                th.wide-only scope="col" { (say!(lang, "invoice-requested-at")) }
            } }
            tbody { @for invoice in invoices { tr {
                td.group { a href=(path(invoice.id)) { (invoice.buyer) } div.sub.num { (invoice.taxpayer) }
                    div.sub.num.narrow-only { (invoice.order) }
                    @if let Some(number) = &invoice.number { div.sub.num.narrow-only { (number) } } }
                td.wide-only { span.num { (invoice.order) } div.sub { (invoice.group_name) } }
                td.r { (invoice.amount) }
                td.wide-only.num { (invoice.number.as_deref().unwrap_or("—")) }
                td.wide-only.num { (show::date_time(invoice.requested_at)) }
            } } }
        }
        div.pages {
            a.button href={ (LIST) "/export?state=" (state.as_str()) } { (say!(lang, "export-csv")) }
        }
    }
}
