//! The group's invoices: `GET /invoices`.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use topup::invoices::{self, Buyer, Invoice};
use topup::paging::{Page, Place};

use super::{BUYER, Invoices, LIST};
use crate::App;
use crate::look::{Frame, Tone, empty, fact, icon, notice, pages, show};
use crate::office::invoices::state_tag;
use crate::people::access::May;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    after: String,
    /// Set when it was said a moment ago who gets them.
    #[serde(default)]
    kept: String,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) buyer: Option<Buyer>,
    pub(crate) invoices: Page<Invoice>,
    /// Not the first page.
    pub(crate) later: bool,
    /// Approved deposits for which no invoice was requested.
    pub(crate) due: i64,
    pub(crate) kept: bool,
}

/// `GET /invoices`
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Invoices>,
    Query(asked): Query<Asked>,
) -> Result<Html, Problem> {
    let (house, group, after) = (&app.house, may.group(), Place::parse(&asked.after));
    let shown = Shown {
        buyer: invoices::buyer(house, group).await?,
        invoices: invoices::of_group(house, group, after).await?,
        later: after.is_some(),
        due: invoices::due_of(house, group).await?,
        kept: !asked.kept.is_empty(),
    };
    Ok(Html(page(&may.frame, &shown)))
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "module-invoices");
    let next = shown.invoices.next.map(|next| format!("{LIST}?after={next}"));
    let body = html! {
        div.heading { div { h1 { (title) } p.soft { (say!(lang, "own-invoices-text")) } } }
        @if shown.kept { div.news role="status" { (notice(Tone::Good, "", say!(lang, "buyer-kept"))) } }
        (buyer(lang, shown))
        section.sheet.queue aria-labelledby="invoices" {
            h2 id="invoices" { (title) }
            @if shown.due > 0 { p.soft.none { (say!(lang, "own-invoices-due", n = shown.due)) } }
            @if shown.invoices.rows.is_empty() {
                (empty(icon::LIST.draw(), &say!(lang, "own-invoices-none"), &say!(lang, "own-invoices-none-text"), html! {}))
            } @else { (table(lang, &shown.invoices.rows)) }
            (pages(lang, shown.later.then(|| LIST.to_owned()), next))
        }
        p.soft.small.rules-of-tax { (say!(lang, "invoice-rules", kind = invoices::KIND, code = invoices::TAX_CODE)) }
    };
    frame.page(title, body).draw()
}

/// Who gets them.
fn buyer(lang: Lang, shown: &Shown) -> Markup {
    html! {
        section.sheet.pad.stack.queue aria-labelledby="buyer" {
            h2 id="buyer" { (say!(lang, "buyers")) }
            @if let Some(buyer) = &shown.buyer {
                dl.facts {
                    (fact(&say!(lang, "buyer-name"), buyer.name.as_str()))
                    (fact(&say!(lang, "buyer-taxpayer"), html! { span.num { (buyer.taxpayer) } }))
                    (fact(&say!(lang, "buyer-email"), buyer.email.as_str()))
                    (fact(&say!(lang, "buyer-changed"), html! { span.num { (show::date_time(buyer.changed_at)) } }))
                }
                p { a.button href=(BUYER) { (say!(lang, "buyer-change")) } }
            } @else {
                (notice(Tone::Doubt, &say!(lang, "buyer-missing"), say!(lang, "buyer-missing-text")))
                p { a.button.main href=(BUYER) { (say!(lang, "buyer-fill")) } }
            }
        }
    }
}

fn table(lang: Lang, invoices: &[Invoice]) -> Markup {
    html! {
        table.table.reviews.invoices {
            thead { tr {
                th scope="col" { (say!(lang, "invoice-deposit")) }
                th.wide-only scope="col" { (say!(lang, "buyer-name")) }
                th.r scope="col" { (say!(lang, "list-amount")) }
                th.wide-only scope="col" { (say!(lang, "invoice-state")) }
                th.wide-only scope="col" { (say!(lang, "invoice-number")) }
            } }
            tbody { @for invoice in invoices { (row(lang, invoice)) } }
        }
    }
}

fn row(lang: Lang, invoice: &Invoice) -> Markup {
    let numbers = html! {
        @if let Some(number) = &invoice.number {
            div.num { (number) } @if let Some(on) = invoice.issued_on { div.sub.num { (on) } }
        }
        @if let Some(number) = &invoice.red_number {
            div.sub { (say!(lang, "invoice-red-number")) } div.num { (number) }
            @if let Some(on) = invoice.red_on { div.sub.num { (on) } }
        }
    };
    html! {
        tr {
            td {
                a.num.order href={ "/deposits/" (invoice.order) } { (invoice.order) }
                div.sub.narrow-only { (invoice.buyer) }
                div.narrow-only { (state_tag(lang, invoice.state)) }
                div.narrow-only { (numbers) }
            }
            td.wide-only.group { (invoice.buyer) div.sub { (invoice.email) } }
            td.r { (invoice.amount) }
            td.wide-only { (state_tag(lang, invoice.state)) div.sub.num { (show::date_time(invoice.requested_at)) } }
            td.wide-only { @if invoice.number.is_some() { (numbers) } @else { "—" } }
        }
    }
}
