//! The group's deposits: `GET /deposits`, newest first.

use axum::extract::State;
use maud::{Markup, html};
use topup::Micros;
use topup::deposits::{self, Listed, Totals};

use super::deposit::state_tag;
use super::form::payer_word;
use super::path;
use crate::App;
use crate::look::{Frame, empty, icon, show};
use crate::people::access::{Deposits, May};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// Deposits shown.
const SHOWN: i64 = 200;

/// `GET /deposits`
pub(crate) async fn get(State(app): State<App>, may: May<Deposits>) -> Result<Html, Problem> {
    let ever = (Micros(0), Micros(i64::MAX));
    let listed = deposits::list(&app.house, may.group(), ever, SHOWN).await?;
    let totals = deposits::totals(&app.house, may.group(), ever).await?;
    Ok(Html(page(&may.frame, &listed, totals)))
}

/// The page.
pub(crate) fn page(frame: &Frame, listed: &[Listed], totals: Totals) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "deposits-title");
    let new = html! { a.button.main href="/deposits/new" { (say!(lang, "deposit-title")) } };
    let body = html! {
        div.heading { div { h1 { (title) } } (new) }
        section.sheet.list aria-labelledby="list-title" {
            header {
                h2 id="list-title" { (say!(lang, "deposits-all")) }
                (sum(lang, &say!(lang, "deposits-paid"), totals.paid))
                (sum(lang, &say!(lang, "deposits-approved"), totals.approved))
            }
            @if listed.is_empty() {
                (empty(icon::BANK.draw(), &say!(lang, "deposits-none"), &say!(lang, "deposits-none-text"), &new))
            } @else {
                div.scroll tabindex="0" role="region" aria-labelledby="list-title" { (table(lang, listed)) }
                @if totals.count > SHOWN { p.more { (say!(lang, "list-more", n = SHOWN)) } }
            }
        }
    };
    frame.page(title, body).draw()
}

fn sum(lang: Lang, word: &str, (count, fen): (i64, topup::Fen)) -> Markup {
    html! { p { (word) span.num { b { (say!(lang, "list-count", n = count)) } } (show::money(fen)) } }
}

fn table(lang: Lang, listed: &[Listed]) -> Markup {
    html! {
        table.table.deposits {
            thead { tr {
                th { (say!(lang, "list-time")) }
                th.wide-only { (say!(lang, "deposit-order")) }
                th.r { (say!(lang, "list-amount")) }
                th { (say!(lang, "list-result")) }
                th.wide-only { (say!(lang, "deposit-payer")) }
                th.wide-only { (say!(lang, "load-operator")) }
                th.wide-only { (say!(lang, "deposit-remark")) }
            } }
            tbody { @for Listed { deposit, operator } in listed { tr {
                td.num { a href=(path(deposit.order)) { (show::date_time(deposit.created_at)) } }
                td.num.wide-only { (deposit.order) }
                td.r { (deposit.paid.as_ref().map_or(deposit.amount, |paid| paid.amount).to_string()) }
                td { (state_tag(lang, deposit.state)) }
                td.wide-only { (payer_word(lang, deposit.payer)) }
                td.wide-only { (operator) }
                td.wide-only.remark { (deposit.remark) }
            } } }
        }
    }
}
