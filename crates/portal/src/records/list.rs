//! The records of a filter: `GET /records`, `GET /records/deposits`, and the same in the office of all groups.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use topup::records::Scope;

use super::ask::look;
use super::shelf::Shelf;
use super::{Asked, Shown, filter, table, views, words};
use crate::App;
use crate::look::{Frame, Tone, notice, summary};
use crate::people::access::May;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

/// A group's own: the group is that of the session, whatever the address says.
pub(crate) async fn get<R: Shelf>(
    State(app): State<App>,
    may: May<R::Needs>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let shown = look::<R>(&app, Scope::of(may.group()), asked).await?;
    Ok(answer(&may.frame, &shown))
}

/// The page; with what is wrong in the address, if something is.
pub(crate) fn answer<R: Shelf>(frame: &Frame, shown: &Shown<R>) -> Response {
    let status = if shown.found.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    (status, Html(page(frame, shown))).into_response()
}

/// The page.
pub(crate) fn page<R: Shelf>(frame: &Frame, shown: &Shown<R>) -> Markup {
    let (lang, side) = (frame.lang, frame.side());
    let title = R::title(lang);
    let problems = shown.found.as_ref().err().map_or_else(Vec::new, |wrong| words::problems::<R>(lang, wrong));
    let body = html! {
        div.heading { h1 { (title) } (R::beside(lang, side)) }
        (views::draw(frame))
        (summary(lang, &problems))
        (filter::form(lang, side, shown, &problems))
        @if let Ok(found) = &shown.found {
            (table::sums::<R>(lang, &found.totals))
            @if found.lost { (notice(Tone::Doubt, "", say!(lang, "records-lost"))) }
            section.sheet.found aria-labelledby="found" {
                header { (table::heading(lang, shown, found)) (table::export(lang, side, &shown.typed, found)) }
                @if found.page.lines.is_empty() { (filter::nothing(lang, side, shown)) }
                @else { (R::table(lang, side, &found.page.lines)) }
            }
            (table::pager(lang, side, &shown.typed, &found.page))
        }
    };
    frame.page(title, body).draw()
}
