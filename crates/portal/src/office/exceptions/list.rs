//! The queue: `GET /office/exceptions`.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use topup::Micros;
use topup::deposits::{self, Exception};
use topup::paging::{Page, Place};
use topup::people::staff::StaffId;

use super::{path, words};
use crate::App;
use crate::look::{Frame, Tone, empty, icon, pages, show, tag};
use crate::office::deposits::{See, words as said};
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
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// The closed ones.
    pub(crate) closed: bool,
    pub(crate) page: Page<Exception>,
    /// Not the first page.
    pub(crate) later: bool,
    /// How many are open.
    pub(crate) open: i64,
    pub(crate) now: Micros,
}

/// `GET /office/exceptions`
pub(crate) async fn get(State(app): State<App>, may: Office<See>, Query(asked): Query<Asked>) -> Result<Html, Problem> {
    let closed = asked.state == "closed";
    let after = Place::parse(&asked.after);
    let (_, open) = deposits::counts(&app.house).await?;
    let shown = Shown {
        closed,
        page: deposits::exceptions_page(&app.house, !closed, after).await?,
        later: after.is_some(),
        open,
        now: app.house.now(),
    };
    Ok(Html(page(&may.frame, &shown)))
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "section-exceptions");
    let body = html! {
        div.heading { div { h1 { (title) } p.soft { (say!(lang, "exceptions-text")) } } }
        section.sheet.queue aria-labelledby="exceptions" {
            (tabs(lang, shown))
            h2.unseen id="exceptions" { (heading(lang, shown.closed)) }
            @if shown.page.rows.is_empty() { (nothing(lang, shown.closed)) }
            @else { (table(lang, shown, frame.staff().map(|staff| staff.id))) }
            (pages(lang, shown.later.then(|| address(shown.closed, None)), shown.page.next.map(|next| address(shown.closed, Some(next)))))
        }
    };
    frame.page(title, body).draw()
}

fn heading(lang: Lang, closed: bool) -> String {
    if closed { say!(lang, "exceptions-closed") } else { say!(lang, "exceptions-open") }
}

fn tabs(lang: Lang, shown: &Shown) -> Markup {
    html! {
        nav.filters.trays aria-label=(say!(lang, "trays")) { ul { @for closed in [false, true] {
            li { a href=(address(closed, None)) aria-current=[(closed == shown.closed).then_some("true")] {
                (heading(lang, closed)) @if !closed { " " b.num { (shown.open) } }
            } }
        } } }
    }
}

fn nothing(lang: Lang, closed: bool) -> Markup {
    let (heading, text) = if closed {
        (say!(lang, "exceptions-closed-none"), say!(lang, "exceptions-closed-none-text"))
    } else {
        (say!(lang, "exceptions-none"), say!(lang, "exceptions-none-text"))
    };
    empty(icon::DONE.draw(), &heading, &text, html! {})
}

fn table(lang: Lang, shown: &Shown, me: Option<StaffId>) -> Markup {
    let (when, last) = if shown.closed {
        (say!(lang, "load-time"), say!(lang, "exception-outcome"))
    } else {
        (say!(lang, "review-age"), say!(lang, "exception-next"))
    };
    html! {
        table.table.reviews {
            thead { tr {
                th scope="col" { (when) }
                th scope="col" { (say!(lang, "exception-kind")) }
                th.wide-only scope="col" { (say!(lang, "exception-about")) }
                th.r scope="col" { (say!(lang, "list-amount")) }
                th.wide-only scope="col" { (say!(lang, "exception-money")) }
                th.wide-only scope="col" { (last) }
            } }
            tbody { @for found in &shown.page.rows { (row(lang, shown, found, me)) } }
        }
    }
}

fn row(lang: Lang, shown: &Shown, found: &Exception, me: Option<StaffId>) -> Markup {
    let own = found.closed.is_none() && found.proposed.as_ref().is_some_and(|(by, ..)| Some(*by) == me);
    let about = html! {
        span.num.order { (found.order) }
        div.sub { @if let Some(group) = &found.group { (group) } @else { (say!(lang, "exception-nobody")) } }
    };
    html! {
        tr.own[own] {
            td.num {
                @if let Some((.., at)) = &found.closed { (show::moment(*at)) }
                @else { (said::waited(lang, found.opened_at, shown.now)) div.sub.wide-only { (show::date_time(found.opened_at)) } }
            }
            td {
                a href=(path(found.id)) { (said::kind(lang, found.kind)) }
                div.narrow-only { (about) }
                div.sub.narrow-only { (words::place_short(lang, found)) }
                div.narrow-only { (next(lang, found, own)) }
            }
            td.wide-only { (about) }
            td.r { (found.amount) }
            td.wide-only.money { (words::place_short(lang, found)) }
            td.wide-only { (next(lang, found, own)) }
        }
    }
}

/// What is to be done and by whom, or what was.
fn next(lang: Lang, found: &Exception, own: bool) -> Markup {
    match (&found.closed, &found.proposed) {
        (Some((who, outcome, ..)), _) => html! {
            (tag(Tone::Plain, &said::outcome(lang, found.kind, *outcome))) div.sub { (who) }
        },
        (None, Some((_, who, outcome, ..))) => html! {
            (tag(if own { Tone::Plain } else { Tone::Doubt }, &said::outcome(lang, found.kind, *outcome)))
            div.sub {
                @if own { (say!(lang, "office-deposit-own-title")) }
                @else { (say!(lang, "office-deposit-by-waits", who = who.as_str())) }
            }
        },
        (None, None) if found.kind.outcomes().is_empty() => html! { (say!(lang, "tray-review")) },
        (None, None) => html! { (say!(lang, "exception-decide")) },
    }
}

pub(crate) fn address(closed: bool, after: Option<Place>) -> String {
    match (closed, after) {
        (false, None) => "/office/exceptions".to_owned(),
        (true, None) => "/office/exceptions?state=closed".to_owned(),
        (false, Some(after)) => format!("/office/exceptions?after={after}"),
        (true, Some(after)) => format!("/office/exceptions?state=closed&after={after}"),
    }
}
