//! The receipt of a sitting, to be printed and signed: `GET /loads/{order}/sitting`, `GET /station/run/{run}/receipt`, and
//! `GET /office/records/{order}/sitting`. What a sitting is, [`topup::records::Receipt`] says.

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use topup::Micros;
use topup::loads::{Load, OrderNumber};
use topup::records::{self, Holds, Loads, Receipt, Scope};
use topup::runs::RunId;

use super::paper::{self, Paper};
use super::shelf::Shelf as _;
use super::story_path;
use crate::App;
use crate::loads::view::{corrected, short};
use crate::look::{Frame, fact, icon, show};
use crate::people::access::{self, May};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// `GET /loads/{order}/sitting`: a load of another group is as unknown as one that never was.
pub(crate) async fn get(
    State(app): State<App>,
    may: May<access::Load>,
    Path(order): Path<String>,
    Query(asked): Query<paper::Asked>,
) -> Result<Html, Problem> {
    of_load(&app, &may.frame, Scope::of(may.group()), &order, asked.paper()).await
}

/// `GET /station/run/{run}/receipt`
pub(crate) async fn of_run(
    State(app): State<App>,
    may: May<access::Load>,
    Path(run): Path<String>,
    Query(asked): Query<paper::Asked>,
) -> Result<Html, Problem> {
    let run = RunId(run.parse().map_err(|_| Problem::NotFound)?);
    let receipt = records::receipt_of_run(&app.house, may.group(), run).await?.ok_or(Problem::NotFound)?;
    Ok(Html(page(&may.frame, &receipt, asked.paper(), app.house.now())))
}

/// The receipt of the sitting of a load within `scope`.
pub(crate) async fn of_load(
    app: &App,
    frame: &Frame,
    scope: Scope,
    order: &str,
    paper: Paper,
) -> Result<Html, Problem> {
    let order = OrderNumber::parse(order).ok_or(Problem::NotFound)?;
    let receipt = records::receipt(&app.house, scope, order).await?.ok_or(Problem::NotFound)?;
    Ok(Html(page(frame, &receipt, paper, app.house.now())))
}

/// The page, printed at `now`.
pub(crate) fn page(frame: &Frame, receipt: &Receipt, paper: Paper, now: Micros) -> Markup {
    let lang = frame.lang;
    let title = match receipt.run {
        Some(_) => say!(lang, "receipt-run"),
        None => say!(lang, "receipt-hand"),
    };
    let back = receipt.loads.first().map(|load| (story_path(frame.side(), load.order), say!(lang, "paper-back")));
    let body = html! {
        (paper::tools(frame, paper, back))
        article.sheet.receipt.(paper.class(long_mm(receipt))) {
            header { (icon::mark()) div { h1 { (title) } p { (receipt.group) } } }
            dl.facts { (facts(lang, receipt)) }
            @for holds in [Holds::Succeeded, Holds::Unknown, Holds::Failed] { (part(lang, receipt, holds)) }
            (sums(lang, receipt))
            div.signed {
                @for who in [say!(lang, "receipt-operator"), say!(lang, "receipt-checked"), say!(lang, "receipt-date")] {
                    p { span { (who) } }
                }
            }
            footer { (say!(lang, "receipt-printed", at = show::date_time(now))) }
        }
    };
    frame.page(title, body).narrow().scripts(&["print.js"]).draw()
}

/// How much of a roll it takes, about, and rather more than less.
fn long_mm(receipt: &Receipt) -> usize {
    /// Head, totals and signatures; the title of a part with what it says; a load, with a line of why.
    const FURNITURE: usize = 130;
    const PART: usize = 22;
    const LOAD: usize = 7;
    let parts = Holds::ALL.into_iter().filter(|holds| receipt.totals.of(*holds).count > 0).count();
    let failed = receipt.of(Holds::Failed).count();
    let rows = receipt.loads.len().saturating_add(failed).saturating_mul(LOAD);
    parts.saturating_mul(PART).saturating_add(rows).saturating_add(FURNITURE)
}

fn facts(lang: Lang, receipt: &Receipt) -> Markup {
    let Receipt { operator, terminal, run, loads, .. } = receipt;
    let at = |load: Option<&Load>| load.map(|load| load.created_at).unwrap_or_default();
    let (from, until) = match run {
        Some(run) => (run.started_at, run.ended.map_or_else(|| at(loads.last()), |(at, _)| at)),
        None => (at(loads.first()), at(loads.last())),
    };
    html! {
        (fact(&say!(lang, "load-operator"), html! { (operator.1) " " span.num { (operator.0) } }))
        (fact(&say!(lang, "records-terminal"), html! { (terminal.1) " " (show::terminal(&terminal.0)) }))
        (fact(&say!(lang, "run-time"), html! {
            span.num { (show::date_time(from)) }
            @if until > from {
                span.num { " – " @if show::date(from) == show::date(until) { (show::time(until)) } @else { (show::date_time(until)) } }
            }
        }))
        @if let Some(run) = run { (fact(&say!(lang, "run-amount"), show::money(run.plan.amount))) }
    }
}

/// The loads of which this holds; of those in doubt, what becomes of them.
fn part(lang: Lang, receipt: &Receipt, holds: Holds) -> Markup {
    let totals = receipt.totals.of(holds);
    html! {
        @if totals.count > 0 {
            section.(holds.as_str()) {
                h2 { (Loads::state(lang, holds)) " " span.num { (say!(lang, "list-count", n = show::count(totals.count))) } }
                @if holds == Holds::Unknown { p { (say!(lang, "receipt-doubt", amount = show::yuan(totals.sum))) } }
                table {
                    thead { tr {
                        th scope="col" { (say!(lang, "receipt-number")) }
                        th scope="col" { (say!(lang, "list-card")) }
                        th.order scope="col" { (say!(lang, "load-order")) }
                        th scope="col" { (say!(lang, "list-time")) }
                        th.r scope="col" { (say!(lang, "list-amount")) }
                    } }
                    tbody { @for (load, n) in receipt.of(holds).zip(1_usize..) { (row(lang, load, n)) } }
                }
            }
        }
    }
}

fn row(lang: Lang, load: &Load, n: usize) -> Markup {
    let why = (Holds::from(load.holds()) == Holds::Failed).then(|| short(lang, load)).flatten();
    html! {
        tr {
            td.num { (n) }
            td { (show::card(&load.card))
                @if load.proven_since.is_some() { " " (corrected(lang, load)) }
                @if let Some(why) = why { small { (why) } } }
            td.num.order { (load.order) }
            td.num { (show::time(load.created_at)) }
            td.r.num { (load.amount) }
        }
    }
}

fn sums(lang: Lang, receipt: &Receipt) -> Markup {
    let (done, doubt) = (receipt.totals.succeeded, receipt.totals.unknown);
    html! {
        dl.facts.total {
            div.now { dt { (say!(lang, "receipt-done", n = done.count)) } dd { (show::money(done.sum)) } }
            @if doubt.count > 0 {
                (fact(&say!(lang, "receipt-held", n = doubt.count), show::money(doubt.sum)))
                (fact(&say!(lang, "receipt-at-most"), show::money(receipt.signed())))
            }
        }
    }
}
