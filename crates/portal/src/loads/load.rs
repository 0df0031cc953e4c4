//! One load: `GET /loads/{order}`.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use maud::{Markup, html};
use topup::Micros;
use topup::loads::{OrderNumber, State as Stand};
use topup::records::{self, Scope, Story};

use super::view::{At, corrected, outcome, state_tag};
use crate::App;
use crate::look::{Frame, Side, fact, show};
use crate::people::access;
use crate::records::paper::{self, Paper};
use crate::records::{ledger, sitting_path, timeline, views};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

/// How long the card of a load may still lie on the reader: then its page says that it can be taken.
const FRESH_US: i64 = 60 * 1_000_000;

/// What a load takes of a roll, about.
const LONG_MM: usize = 170;

/// `GET /loads/{order}`: a load of another group is as unknown as one that never was.
pub(crate) async fn get(
    State(app): State<App>,
    may: access::May<access::Load>,
    Path(order): Path<String>,
    Query(asked): Query<paper::Asked>,
    headers: HeaderMap,
) -> Result<Html, Problem> {
    let order = OrderNumber::parse(&order).ok_or(Problem::NotFound)?;
    let story = records::story(&app.house, Scope::of(may.group()), order).await?.ok_or(Problem::NotFound)?;
    let back = views::back(Side::Portal, &headers);
    Ok(Html(page(&may.frame, &story, &back, asked.paper(), app.house.now())))
}

/// The page, read at `now`; `back` leads to the list from which somebody came.
pub(crate) fn page(frame: &Frame, story: &Story, back: &str, paper: Paper, now: Micros) -> Markup {
    let (lang, load) = (frame.lang, &story.load);
    let fresh = now.0.saturating_sub(load.created_at.0) < FRESH_US;
    let body = html! {
        @if !fresh { p.back { a href=(back) { (say!(lang, "records-back")) } } }
        div.sheet.pad.stack.(paper.class(LONG_MM)) {
            h1.unseen { (say!(lang, "load-title")) }
            div.result { (outcome(lang, load, At::Page { fresh })) }
            dl.facts {
                (fact(&say!(lang, "load-state"), html! {
                    (state_tag(lang, load.state)) @if load.proven_since.is_some() { " " (corrected(lang, load)) }
                }))
                (fact(&say!(lang, "load-time"), html! { span.num { (show::date_time(load.created_at)) } }))
                (fact(&say!(lang, "load-group"), story.group.as_str()))
                (fact(&say!(lang, "load-operator"), format!("{} {}", story.operator.as_deref().unwrap_or_default(), load.operator)))
                (fact(&say!(lang, "load-terminal"), html! {
                    @if let Some(name) = &story.terminal { (name) " " } (show::terminal(&load.terminal))
                }))
            }
            a.button.main.big.no-print href="/station" { (say!(lang, "load-again")) }
            (paper::tools(frame, paper, Some((sitting_path(Side::Portal, load.order), say!(lang, "receipt-link")))))
        }
        (timeline(lang, Side::Portal, story))
        (ledger(lang, story))
    };
    let page = frame.page(say!(lang, "load-title"), body).narrow().scripts(&["print.js"]);
    match load.state {
        Stand::Authorised => page.refresh(2).draw(),
        Stand::Succeeded | Stand::Failed | Stand::Unknown => page.draw(),
    }
}
