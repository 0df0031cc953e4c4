//! One load, of whichever group, and the receipt of its sitting: `GET /office/records/{order}`, `…/sitting`.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use maud::{Markup, html};
use topup::loads::OrderNumber;
use topup::people::staff::StaffPermission;
use topup::records::{self, Scope, Story};

use super::SeeRecords;
use crate::App;
use crate::loads::view::{corrected, state_tag};
use crate::look::{Frame, Side, fact, show};
use crate::people::access::Office;
use crate::records::{ledger, paper, receipt, sitting_path, timeline, views};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

/// `GET /office/records/{order}`
pub(crate) async fn get(
    State(app): State<App>,
    may: Office<SeeRecords>,
    Path(order): Path<String>,
    headers: HeaderMap,
) -> Result<Html, Problem> {
    let order = OrderNumber::parse(&order).ok_or(Problem::NotFound)?;
    let story = records::story(&app.house, Scope::ALL, order).await?.ok_or(Problem::NotFound)?;
    Ok(Html(page(&may.frame, &story, &views::back(Side::Office, &headers))))
}

/// `GET /office/records/{order}/sitting`
pub(crate) async fn sitting(
    State(app): State<App>,
    may: Office<SeeRecords>,
    Path(order): Path<String>,
    Query(asked): Query<paper::Asked>,
) -> Result<Html, Problem> {
    receipt::of_load(&app, &may.frame, Scope::ALL, &order, asked.paper()).await
}

/// The page.
pub(crate) fn page(frame: &Frame, story: &Story, back: &str) -> Markup {
    let (lang, load) = (frame.lang, &story.load);
    let reviews = frame.staff().is_some_and(|staff| staff.role.may(StaffPermission::SeeReviews));
    let body = html! {
        p.back { a href=(back) { (say!(lang, "records-back")) } }
        div.heading {
            div { h1.num { (load.order) } p.soft { (story.group) } }
            div.either {
                @if reviews { a.button href=(crate::office::reviews::path(load.order)) { (say!(lang, "story-evidence")) } }
                a.button href=(sitting_path(Side::Office, load.order)) { (say!(lang, "receipt-link")) }
            }
        }
        div.halves {
            section.sheet.pad.stack {
                h2 { (say!(lang, "evidence-load")) }
                dl.facts {
                    (fact(&say!(lang, "load-state"), html! {
                        (state_tag(lang, load.state)) @if load.proven_since.is_some() { " " (corrected(lang, load)) }
                    }))
                    (fact(&say!(lang, "load-amount"), show::money(load.amount)))
                    (fact(&say!(lang, "load-card"), show::card(&load.card)))
                    @if let Some(before) = load.balance_before {
                        (fact(&say!(lang, "load-balance-before"), show::money(before)))
                    }
                    @if let Some(after) = load.balance_after {
                        (fact(&say!(lang, "load-balance-after"), show::money(after)))
                    }
                    @if let Some(before) = load.quota_before { (fact(&say!(lang, "load-quota-before"), show::money(before))) }
                    @if let Some(after) = load.quota_after { (fact(&say!(lang, "load-quota-after"), show::money(after))) }
                    (fact(&say!(lang, "load-time"), html! { span.num { (show::date_time(load.created_at)) } }))
                    (fact(&say!(lang, "load-operator"),
                        format!("{} {}", story.operator.as_deref().unwrap_or_default(), load.operator)))
                    (fact(&say!(lang, "load-terminal"), html! {
                        @if let Some(name) = &story.terminal { (name) " " } (show::terminal(&load.terminal))
                    }))
                }
            }
            (timeline(lang, Side::Office, story))
        }
        (ledger(lang, story))
    };
    frame.page(say!(lang, "load-title"), body).draw()
}
