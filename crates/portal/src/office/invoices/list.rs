//! The list: `GET /office/invoices`, and requests from it: `POST`.

use axum::extract::{Form, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::invoices::{self, Counts, Due, Filter, Invoice, InvoiceError, State};
use topup::paging::{PAGE, Page, Place};
use topup::records::Format;

use super::{BUYERS, Do, LIST, See, may_do, path, state_word};
use crate::App;
use crate::look::{Frame, Tone, empty, icon, notice, pages, show, summary, tag};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: String,
    /// How many were requested a moment ago.
    made: Option<usize>,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) filter: Filter,
    pub(crate) counts: Counts,
    pub(crate) due: Page<Due>,
    pub(crate) invoices: Page<Invoice>,
    /// Not the first page.
    pub(crate) later: bool,
    pub(crate) made: Option<usize>,
    /// Issued for money that is at the payer again.
    pub(crate) to_reverse: Vec<Invoice>,
}

/// `GET /office/invoices`
pub(crate) async fn get(
    Shared(app): Shared<App>,
    may: Office<See>,
    Query(asked): Query<Asked>,
) -> Result<Html, Problem> {
    let shown = Shown { made: asked.made, ..look(&app, filter(&asked.state), Place::parse(&asked.after)).await? };
    Ok(Html(page(&may.frame, &shown, &[])))
}

fn filter(state: &str) -> Filter {
    State::parse(state).map_or(Filter::Due, Filter::State)
}

async fn look(app: &App, filter: Filter, after: Option<Place>) -> Result<Shown, Problem> {
    let shown = match filter {
        Filter::Due => Shown { due: invoices::due(&app.house, after).await?, ..Shown::default() },
        Filter::State(state) => Shown { invoices: invoices::list(&app.house, state, after).await?, ..Shown::default() },
    };
    let (counts, to_reverse) = (invoices::counts(&app.house).await?, invoices::to_reverse(&app.house).await?);
    Ok(Shown { filter, counts, to_reverse, later: after.is_some(), ..shown })
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
    if orders.is_empty() || orders.len() > PAGE {
        problems.push(("", say!(lang, "invoice-choose")));
    }
    for order in orders.into_iter().take(PAGE) {
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
    let shown = Shown { made: (made > 0).then_some(made), ..look(&app, Filter::Due, None).await? };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page(&may.frame, &shown, &problems))).into_response())
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "section-invoices");
    let next = match shown.filter {
        Filter::Due => shown.due.next,
        Filter::State(_) => shown.invoices.next,
    };
    let body = html! {
        div.heading {
            div { h1 { (title) } p.soft { (say!(lang, "invoices-text")) } }
            a.button href=(BUYERS) { (say!(lang, "buyers")) }
        }
        (summary(lang, problems))
        @if let Some(made) = shown.made { div.news role="status" {
            (notice(Tone::Good, "", say!(lang, "invoices-made", n = made)))
        } }
        @if !shown.to_reverse.is_empty() {
            (notice(Tone::Bad, &say!(lang, "invoice-to-reverse"), html! {
                (say!(lang, "invoices-to-reverse-text"))
                @for invoice in &shown.to_reverse { " " a.num href=(path(invoice.id)) { (invoice.order) } }
            }))
        }
        section.sheet {
            (filters(lang, shown))
            @match shown.filter {
                Filter::Due => (due(frame, &shown.due.rows)),
                Filter::State(state) => (listed(lang, state, &shown.invoices.rows)),
            }
            (pages(lang, shown.later.then(|| address(shown.filter, None)), next.map(|next| address(shown.filter, Some(next)))))
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
            li { a href=(address(filter, None)) aria-current=[(filter == shown.filter).then_some("true")] {
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

fn address(filter: Filter, after: Option<Place>) -> String {
    match (filter, after) {
        (Filter::Due, None) => LIST.to_owned(),
        (Filter::Due, Some(after)) => format!("{LIST}?after={after}"),
        (Filter::State(state), None) => format!("{LIST}?state={}", state.as_str()),
        (Filter::State(state), Some(after)) => format!("{LIST}?state={}&after={after}", state.as_str()),
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
            td.wide-only.num { (show::date_time(due.approved_at)) }
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
                    @if let Some(number) = &invoice.number { div.sub.num.narrow-only { (number) } }
                    @if invoice.is_to_reverse() { div { (tag(Tone::Bad, &say!(lang, "invoice-to-reverse"))) } } }
                td.wide-only { span.num { (invoice.order) } div.sub { (invoice.group_name) } }
                td.r { (invoice.amount) }
                td.wide-only.num { (invoice.number.as_deref().unwrap_or("—")) }
                td.wide-only.num { (show::date_time(invoice.requested_at)) }
            } } }
        }
        div.pages {
            @for (format, word) in [(Format::Xlsx, say!(lang, "export-xlsx")), (Format::Csv, say!(lang, "export-csv"))] {
                a.button href={ (LIST) "/export?state=" (state.as_str()) "&format=" (format.as_str()) } { (word) }
            }
        }
    }
}
