//! The trays: `GET /office/deposits`.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::deposits::{self, InTray, Sum, Tray};
use topup::paging::{Page, Place};
use topup::people::staff::StaffId;
use topup::{Fen, Micros};

use super::{LIST, See, path, words};
use crate::App;
use crate::deposits::deposit::state_tag;
use crate::deposits::form::payer_word;
use crate::look::{Frame, Tone, empty, icon, pages, show, summary, tag};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    tray: String,
    #[serde(default)]
    after: String,
    /// A number to find.
    #[serde(default)]
    order: String,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) tray: Tray,
    pub(crate) page: Page<InTray>,
    /// Not the first page.
    pub(crate) later: bool,
    pub(crate) sums: [Sum; 3],
    /// Above this two people decide.
    pub(crate) limit: Fen,
    /// A number that leads to no deposit.
    pub(crate) not_found: Option<String>,
    pub(crate) now: Micros,
}

/// `GET /office/deposits`
pub(crate) async fn get(
    State(app): State<App>,
    may: Office<See>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let typed = asked.order.trim();
    if !typed.is_empty()
        && let Some(order) = deposits::find_by_any(&app.house, typed).await?
    {
        return Ok(Redirect::to(&path(order)).into_response());
    }
    let tray = Tray::parse(&asked.tray).unwrap_or_default();
    let after = Place::parse(&asked.after);
    let shown = Shown {
        tray,
        page: deposits::tray(&app.house, tray, after).await?,
        later: after.is_some(),
        sums: deposits::sums(&app.house).await?,
        limit: app.house.settings.deposits.two_people_above,
        not_found: (!typed.is_empty()).then(|| typed.to_owned()),
        now: app.house.now(),
    };
    Ok(Html(page(&may.frame, &shown)).into_response())
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "section-deposits");
    let problem = shown.not_found.as_ref().map(|text| ("order", say!(lang, "tray-not-found", text = text.as_str())));
    let body = html! {
        div.heading {
            div {
                h1 { (title) }
                p.soft {
                    (say!(lang, "office-deposits-text")) " "
                    (say!(lang, "office-deposits-limit", limit = show::yuan(shown.limit)))
                }
            }
            (find(lang, shown))
        }
        (summary(lang, problem.as_slice()))
        section.sheet.queue aria-labelledby="tray" {
            (trays(lang, shown))
            h2.unseen id="tray" { (words::tray(lang, shown.tray)) }
            @if shown.page.rows.is_empty() { (nothing(lang, shown.tray)) }
            @else { (table(lang, shown, frame.staff().map(|staff| staff.id))) }
            (pages(lang, shown.later.then(|| address(shown.tray, None)), shown.page.next.map(|next| address(shown.tray, Some(next)))))
        }
    };
    frame.page(title, body).draw()
}

fn find(lang: Lang, shown: &Shown) -> Markup {
    html! {
        form.find method="get" action=(LIST) role="search" {
            label.unseen for="order" { (say!(lang, "tray-find")) }
            input id="order" name="order" type="search" value=(shown.not_found.as_deref().unwrap_or_default())
                placeholder=(say!(lang, "tray-find")) autocomplete="off" autocapitalize="characters" spellcheck="false";
            button.button { (say!(lang, "find")) }
        }
    }
}

/// A link for each tray, with how much is in it where something is to be done.
fn trays(lang: Lang, shown: &Shown) -> Markup {
    let sums = shown.sums.into_iter().map(Some).chain([None]);
    let sum = Tray::ALL.into_iter().zip(shown.sums).find(|(tray, sum)| *tray == shown.tray && sum.count > 0);
    html! {
        nav.filters.trays aria-label=(say!(lang, "trays")) {
            ul { @for (tray, sum) in Tray::ALL.into_iter().zip(sums) {
                li { a href=(address(tray, None)) aria-current=[(tray == shown.tray).then_some("true")] {
                    (words::tray(lang, tray)) @if let Some(sum) = sum { " " b.num { (sum.count) } }
                } }
            } }
            @if let Some((_, sum)) = sum {
                p.soft.num { (say!(lang, "tray-sum", n = sum.count, sum = show::yuan(sum.fen))) }
            }
        }
    }
}

fn nothing(lang: Lang, tray: Tray) -> Markup {
    let (heading, text) = match tray {
        Tray::Waiting => (say!(lang, "tray-waiting-none"), say!(lang, "tray-waiting-none-text")),
        Tray::Second => (say!(lang, "tray-second-none"), say!(lang, "tray-second-none-text")),
        Tray::Refunds => (say!(lang, "tray-refunds-none"), say!(lang, "tray-refunds-none-text")),
        Tray::Done => (say!(lang, "tray-done-none"), say!(lang, "tray-done-none-text")),
    };
    empty(icon::DONE.draw(), &heading, &text, html! {})
}

fn table(lang: Lang, shown: &Shown, me: Option<StaffId>) -> Markup {
    let when = match shown.tray {
        Tray::Waiting | Tray::Second => say!(lang, "review-age"),
        Tray::Refunds => say!(lang, "tray-age-refund"),
        Tray::Done => say!(lang, "tray-decided"),
    };
    html! {
        table.table.reviews.intake {
            thead { tr {
                th scope="col" { (when) }
                th scope="col" { (say!(lang, "load-order")) }
                th.wide-only scope="col" { (say!(lang, "load-group")) }
                th.r scope="col" { (say!(lang, "tray-paid")) }
                th.wide-only scope="col" { (say!(lang, "tray-evidence")) }
                th.wide-only scope="col" { (say!(lang, "review-next")) }
            } }
            tbody { @for row in &shown.page.rows { (self::row(lang, shown, row, me)) } }
        }
    }
}

fn row(lang: Lang, shown: &Shown, row: &InTray, me: Option<StaffId>) -> Markup {
    let deposit = &row.deposit;
    let own = row.proposed.as_ref().is_some_and(|(_, by, _)| Some(*by) == me);
    let paid = deposit.paid.as_ref();
    let serial = paid.map_or("—", |paid| paid.serial.as_str());
    html! {
        tr.own[own] {
            td.num {
                @if shown.tray == Tray::Done { (show::moment(row.since())) }
                @else { (words::waited(lang, row.since(), shown.now)) div.sub.wide-only { (show::date_time(row.since())) } }
            }
            td {
                a.num.order href=(path(deposit.order)) { (deposit.order) }
                div.sub.narrow-only { (row.group) " · " (row.operator) }
                div.sub.narrow-only { (payer_word(lang, deposit.payer)) }
                div.narrow-only { (next(lang, shown, row, own)) }
            }
            td.wide-only.group { (row.group) div.sub { (row.operator) } }
            td.r {
                (paid.map_or(deposit.amount, |paid| paid.amount))
                @if paid.is_some_and(|paid| paid.amount != deposit.amount) {
                    div.sub.bad-text { (say!(lang, "tray-asked", amount = show::yuan(deposit.amount))) }
                }
            }
            td.wide-only { (payer_word(lang, deposit.payer)) div.sub.num { (serial) } }
            td.wide-only { (next(lang, shown, row, own)) }
        }
    }
}

/// What is to be done, and by whom.
fn next(lang: Lang, shown: &Shown, row: &InTray, own: bool) -> Markup {
    let paid = row.deposit.paid.as_ref().map_or(row.deposit.amount, |paid| paid.amount);
    html! {
        @if row.unfit > 0 { (tag(Tone::Bad, &say!(lang, "tray-unfit"))) " " }
        @match (shown.tray, &row.proposed) {
            (Tray::Waiting | Tray::Second, Some((approve, _, name))) => {
                (tag(if own { Tone::Plain } else { Tone::Doubt }, &words::verdict(lang, *approve)))
                div.sub {
                    @if own { (say!(lang, "office-deposit-own-title")) }
                    @else { (say!(lang, "office-deposit-by-waits", who = name.as_str())) }
                }
            }
            (Tray::Waiting | Tray::Second, None) => {
                @if paid > shown.limit { (tag(Tone::Plain, &say!(lang, "tray-two"))) }
                @else if row.unfit == 0 { (say!(lang, "tray-review")) }
            }
            (Tray::Refunds | Tray::Done, _) => { (state_tag(lang, row.deposit.state)) }
        }
    }
}

fn address(tray: Tray, after: Option<Place>) -> String {
    match after {
        None if tray == Tray::default() => LIST.to_owned(),
        None => format!("{LIST}?tray={}", tray.as_str()),
        Some(after) => format!("{LIST}?tray={}&after={after}", tray.as_str()),
    }
}
