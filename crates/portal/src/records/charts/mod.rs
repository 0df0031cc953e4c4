//! The loads of a filter in charts: `GET /records/charts`, and `GET /office/records/charts` of all groups. Each chart has
//! its numbers in a table beside it, which is what counts.

mod draw;
mod shares;
mod time;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use topup::records::{self, Charts, Loads, Page, Period, Scope, Typed};

use super::ask::Found;
use super::shelf::Shelf as _;
use super::{Records, Shown, filter, table, views, words};
use crate::App;
use crate::look::{Frame, Side, Tone, notice, summary};
use crate::people::access::May;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// `GET /records/charts`: the group is that of the session, whatever the address says.
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Records>,
    Query(typed): Query<Typed>,
) -> Result<Response, Problem> {
    answer(&app, &may.frame, Scope::of(may.group()), typed).await
}

/// Where the charts are.
pub(crate) fn charts_path(side: Side) -> String {
    format!("{}/charts", Loads::path(side))
}

/// The page; with what is wrong in the address, if something is.
pub(crate) async fn answer(app: &App, frame: &Frame, scope: Scope, typed: Typed) -> Result<Response, Problem> {
    let (found, charts) = match charted(&typed).read(&app.house, scope).await? {
        Ok(filter) => {
            let charts = records::charts(&app.house, &filter).await?;
            let found = Found {
                filter,
                totals: charts.totals,
                page: Page { lines: vec![], newer: false, older: false },
                lost: false,
            };
            (Ok(found), Some(charts))
        }
        Err(wrong) => (Err(wrong), None),
    };
    let within = found.as_ref().map_or(scope, |found| found.filter.scope);
    let mut people = records::people(&app.house, within).await?;
    if scope.group().is_none() && within.group().is_some() {
        people.groups = records::people(&app.house, scope).await?.groups;
    }
    let today = records::Day::of(app.house.now());
    let status = if found.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shown = Shown { typed, today, people, found };
    Ok((status, Html(page(frame, &shown, charts.as_ref()))).into_response())
}

/// What of a filter the totals are kept by: nothing else narrows a chart.
fn charted(typed: &Typed) -> Typed {
    let Typed { range, from, to, operator, terminal, group, .. } = typed.clone();
    Typed { range, from, to, operator, terminal, group, ..Typed::default() }
}

/// The page; without charts if something is wrong with the filter.
pub(crate) fn page(frame: &Frame, shown: &Shown, charts: Option<&Charts>) -> Markup {
    let (lang, side) = (frame.lang, frame.side());
    let title = say!(lang, "charts-title");
    let problems = shown.found.as_ref().err().map_or_else(Vec::new, |wrong| words::problems::<Loads>(lang, wrong));
    let charted = charted(&shown.typed);
    let body = html! {
        div.heading { h1 { (title) } }
        (views::draw(frame))
        (summary(lang, &problems))
        (form(lang, side, shown, &problems))
        @if charted != shown.typed { (notice(Tone::Plain, "", say!(lang, "charts-all"))) }
        @if let (Some(charts), Ok(found)) = (charts, &shown.found) {
            p.soft.period { span.num { (found.filter.period.first()) " – " (found.filter.period.last()) } }
            (table::sums::<Loads>(lang, &charts.totals))
            @if charts.totals.count() == 0 && charts.quota_before.is_none() {
                section.sheet { (filter::nothing(lang, side, shown)) }
            } @else {
                (time::section(lang, side, &charted, charts))
                (shares::sections(lang, side, &charted, charts))
            }
        }
    };
    frame.page(title, body).draw()
}

/// The form: what the totals are kept by.
fn form(lang: Lang, side: Side, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let (path, typed, period) = (charts_path(side), &shown.typed, period(shown));
    html! {
        form.sheet.filter method="get" action=(path) role="search" aria-label=(say!(lang, "records-filter")) {
            (filter::quick(lang, &path, typed, shown.today, period))
            div.fields {
                (filter::days(lang, typed, period, problems))
                @if side == Side::Office { (filter::group(lang, &shown.people, typed, problems)) }
                (filter::operator(lang, &shown.people, typed, problems))
                (filter::terminal(lang, &shown.people, typed, problems))
            }
            div.go {
                button.button.main { (say!(lang, "records-find")) }
                @if typed.narrows() || shown.found.is_err() { a.plain href=(path) { (say!(lang, "records-clear")) } }
            }
        }
    }
}

/// The days that were found, if nothing is wrong.
fn period(shown: &Shown) -> Option<Period> {
    shown.found.as_ref().ok().map(|found| found.filter.period)
}
