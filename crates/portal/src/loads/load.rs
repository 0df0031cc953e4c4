//! One load: `GET /loads/{order}`.

use axum::extract::{Path, State};
use maud::{Markup, html};
use topup::Micros;
use topup::loads::{self, Load, OrderNumber, State as Stand};

use super::view::{At, corrected, outcome, state_tag};
use crate::App;
use crate::look::{Frame, fact, show};
use crate::people::access;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

/// How long the card of a load may still lie on the reader: then its page says that it can be taken.
const FRESH_US: i64 = 60 * 1_000_000;

/// `GET /loads/{order}`: a load of another group is as unknown as one that never was.
pub(crate) async fn get(
    State(app): State<App>,
    may: access::May<access::Load>,
    Path(order): Path<String>,
) -> Result<Html, Problem> {
    let order = OrderNumber::parse(&order).ok_or(Problem::NotFound)?;
    let load = loads::by_order(&app.house, may.group(), order).await?.ok_or(Problem::NotFound)?;
    Ok(Html(page(&may.frame, &load, app.house.now())))
}

/// The page, read at `now`.
pub(crate) fn page(frame: &Frame, load: &Load, now: Micros) -> Markup {
    let lang = frame.lang;
    let group = frame.operator().map_or("", |operator| operator.group_name.as_str());
    let fresh = now.0.saturating_sub(load.created_at.0) < FRESH_US;
    let body = html! {
        div.sheet.pad.stack {
            h1.unseen { (say!(lang, "load-title")) }
            div.result { (outcome(lang, load, At::Page { fresh })) }
            dl.facts {
                (fact(&say!(lang, "load-state"), html! {
                    (state_tag(lang, load.state)) @if load.proven_since.is_some() { " " (corrected(lang, load)) }
                }))
                (fact(&say!(lang, "load-time"), html! { span.num { (show::date_time(load.created_at)) } }))
                (fact(&say!(lang, "load-group"), group))
                (fact(&say!(lang, "load-operator"), load.operator.as_str()))
                (fact(&say!(lang, "load-terminal"), show::terminal(&load.terminal)))
            }
            a.button.main.big.no-print href="/station" { (say!(lang, "load-again")) }
        }
    };
    let page = frame.page(say!(lang, "load-title"), body).narrow();
    match load.state {
        Stand::Authorised => page.refresh(2).draw(),
        Stand::Succeeded | Stand::Failed | Stand::Unknown => page.draw(),
    }
}
