//! The queue: `GET /office/reviews`.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::loads::OrderNumber;
use topup::paging::{Page, Place};
use topup::people::staff::StaffId;
use topup::reviews::{self, Contradiction, Waiting};
use topup::{Fen, Micros};

use super::{LIST, See, path, words};
use crate::App;
use crate::look::{Frame, Tone, empty, icon, pages, show, summary, tag};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    order: String,
    #[serde(default)]
    after: String,
    /// Of the contradictions.
    #[serde(default)]
    contradicted: String,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) waiting: Page<Waiting>,
    /// Not the first page.
    pub(crate) later: bool,
    pub(crate) contradictions: Page<Contradiction>,
    /// Not their first page.
    pub(crate) contradicted_later: bool,
    /// An order number that names no load.
    pub(crate) not_found: Option<String>,
    pub(crate) now: Micros,
}

/// `GET /office/reviews`
pub(crate) async fn get(
    State(app): State<App>,
    may: Office<See>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let typed = asked.order.trim();
    if let Some(order) = OrderNumber::parse(typed)
        && reviews::exists(&app.house, order).await?
    {
        return Ok(Redirect::to(&path(order)).into_response());
    }
    let after = Place::parse(&asked.after);
    let contradicted = Place::parse(&asked.contradicted);
    let shown = Shown {
        waiting: reviews::waiting(&app.house, after).await?,
        later: after.is_some(),
        contradictions: reviews::contradictions(&app.house, contradicted).await?,
        contradicted_later: contradicted.is_some(),
        not_found: (!typed.is_empty()).then(|| typed.to_owned()),
        now: app.house.now(),
    };
    Ok(Html(page(&may.frame, &shown)).into_response())
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown) -> Markup {
    let lang = frame.lang;
    let me = frame.staff().map(|staff| staff.id);
    let title = say!(lang, "section-reviews");
    let (due, later): (Vec<&Waiting>, Vec<&Waiting>) = shown.waiting.rows.iter().partition(|load| load.is_due());
    let problem =
        shown.not_found.as_ref().map(|order| ("order", say!(lang, "review-not-found", order = order.as_str())));
    let body = html! {
        div.heading { div { h1 { (title) } p.soft { (say!(lang, "reviews-text")) } } (find(lang, shown)) }
        (summary(lang, problem.as_slice()))
        @if !shown.contradictions.rows.is_empty() || shown.contradicted_later { (contradictions(lang, shown)) }
        section.sheet.queue aria-labelledby="due" {
            h2 id="due" { (say!(lang, "reviews-due")) (sum(lang, &due)) }
            @if due.is_empty() {
                (empty(icon::DONE.draw(), &say!(lang, "reviews-none"), &say!(lang, "reviews-none-text"), html! {}))
            } @else { (table(lang, &due, shown.now, me)) }
        }
        @if !later.is_empty() {
            section.sheet.queue aria-labelledby="later" {
                h2 id="later" { (say!(lang, "reviews-later")) (sum(lang, &later)) }
                p.soft.none { (say!(lang, "reviews-later-text")) }
                (table(lang, &later, shown.now, me))
            }
        }
        (pages(lang, shown.later.then(|| LIST.to_owned()), shown.waiting.next.map(|next| format!("{LIST}?after={next}"))))
    };
    frame.page(title, body).draw()
}

fn find(lang: Lang, shown: &Shown) -> Markup {
    html! {
        form.find method="get" action=(LIST) role="search" {
            label.unseen for="order" { (say!(lang, "review-find")) }
            input id="order" name="order" type="search" value=(shown.not_found.as_deref().unwrap_or_default())
                placeholder=(say!(lang, "review-find")) autocomplete="off" autocapitalize="characters" spellcheck="false";
            button.button { (say!(lang, "find")) }
        }
    }
}

/// How many, and how much is held by them.
fn sum(lang: Lang, loads: &[&Waiting]) -> Markup {
    let sum = loads.iter().fold(0_i64, |sum, load| sum.saturating_add(load.amount.as_i64()));
    html! { @if !loads.is_empty() {
        small.soft.num { (say!(lang, "reviews-sum", n = loads.len(), sum = show::yuan(Fen::new(sum)))) }
    } }
}

fn table(lang: Lang, loads: &[&Waiting], now: Micros, me: Option<StaffId>) -> Markup {
    html! {
        table.table.reviews {
            thead { tr {
                th scope="col" { (say!(lang, "review-age")) }
                th scope="col" { (say!(lang, "load-order")) }
                th.wide-only scope="col" { (say!(lang, "load-group")) }
                th.r scope="col" { (say!(lang, "list-amount")) }
                th.wide-only scope="col" { (say!(lang, "review-why")) }
                th.wide-only scope="col" { (say!(lang, "review-next")) }
            } }
            tbody { @for load in loads { (row(lang, load, now, me)) } }
        }
    }
}

fn row(lang: Lang, load: &Waiting, now: Micros, me: Option<StaffId>) -> Markup {
    let own = load.proposal.as_ref().is_some_and(|proposal| Some(proposal.by) == me);
    html! {
        tr.own[own] {
            td.num { (show::age(lang, load.since, now)) div.sub.wide-only { (show::date_time(load.since)) } }
            td {
                a.num href=(path(load.order)) { (load.order) }
                div.sub { (show::card_end(&load.card)) }
                div.sub.narrow-only { (load.group) " · " (words::due(lang, load.due)) }
                div.narrow-only { (next(lang, load, own)) }
            }
            td.wide-only.group { (load.group) }
            td.r { (load.amount) }
            td.wide-only { (words::due(lang, load.due)) }
            td.wide-only { (next(lang, load, own)) }
        }
    }
}

/// What is to be done, and by whom.
fn next(lang: Lang, load: &Waiting, own: bool) -> Markup {
    let Some(proposal) = &load.proposal else { return html! { (say!(lang, "review-to-propose")) } };
    let (tone, who) = if own {
        (Tone::Plain, say!(lang, "review-own-waits"))
    } else {
        (Tone::Doubt, say!(lang, "review-by-waits", who = proposal.name.as_str()))
    };
    html! { (tag(tone, &words::verdict(lang, proposal.written))) div.sub { (who) } }
}

/// Proofs that contradicted how loads had ended.
fn contradictions(lang: Lang, shown: &Shown) -> Markup {
    let first = shown.contradicted_later.then(|| format!("{LIST}#contradictions"));
    let next = shown.contradictions.next.map(|next| format!("{LIST}?contradicted={next}#contradictions"));
    html! {
        section.sheet.queue.alarm aria-labelledby="contradictions" {
            h2 id="contradictions" { (icon::BAD.draw()) (say!(lang, "contradictions")) }
            p.soft.none { (say!(lang, "contradictions-text")) }
            table.table.reviews {
                tbody { @for found in &shown.contradictions.rows { tr {
                    td.num { (show::age(lang, found.at, shown.now)) }
                    td { a.num href=(path(found.order)) { (found.order) } div.sub { (found.group) }
                        div.narrow-only { (proven(lang, found)) } }
                    td.r { (found.amount) }
                    td.wide-only { (proven(lang, found)) }
                } } }
            }
            (pages(lang, first, next))
        }
    }
}

/// What is proven, and whether the money is where it belongs.
fn proven(lang: Lang, found: &Contradiction) -> Markup {
    let money = if found.owed { say!(lang, "correction-owed-short") } else { say!(lang, "correction-posted-short") };
    html! { (words::verdict(lang, found.written)) div.sub { (money) } }
}
