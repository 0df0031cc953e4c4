//! A day of a statement, entry by entry: `GET /records/statement/{day}`, `GET /office/records/statement/{day}?group=`.

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use topup::GroupId;
use topup::records::{self, About, Day, Entries, Entry, Item, Period, Scope, StatementLine, Typed};

use super::words::{item, signed};
use super::{of_days, path};
use crate::App;
use crate::look::{Frame, Side, empty, icon, show};
use crate::people::access::{Deposits, May, Office};
use crate::records::words::account;
use crate::records::{story_path, views};
use crate::web::problem::Problem;
use crate::web::{Html, encoded};
use crate::words::{Lang, say};

/// Entries on a page.
const PAGE: usize = 100;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    group: String,
    #[serde(default)]
    item: String,
    #[serde(default)]
    after: String,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) group: GroupId,
    pub(crate) name: String,
    pub(crate) day: Day,
    pub(crate) item: Option<Item>,
    /// Not the first page.
    pub(crate) later: bool,
    pub(crate) line: StatementLine,
    pub(crate) entries: Entries,
}

/// `GET /records/statement/{day}`
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Deposits>,
    Path(day): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html, Problem> {
    let shown = look(&app, may.group(), &day, &asked).await?;
    Ok(Html(page(&may.frame, &shown)))
}

/// `GET /office/records/statement/{day}`
pub(crate) async fn office_get(
    State(app): State<App>,
    may: Office<crate::office::deposits::See>,
    Path(day): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html, Problem> {
    let group = asked.group.trim().parse().map(GroupId).map_err(|_| Problem::NotFound)?;
    let shown = look(&app, group, &day, &asked).await?;
    Ok(Html(page(&may.frame, &shown)))
}

async fn look(app: &App, group: GroupId, day: &str, asked: &Asked) -> Result<Shown, Problem> {
    let house = &app.house;
    let day: Day = day.parse().map_err(|_| Problem::NotFound)?;
    let (_, name) =
        records::people(house, Scope::of(group)).await?.groups.into_iter().next().ok_or(Problem::NotFound)?;
    let (item, after) = (Item::parse(asked.item.trim()), asked.after.trim().parse().unwrap_or(0));
    Ok(Shown {
        group,
        name,
        day,
        item,
        later: after > 0,
        line: records::statement_day(house, group, day).await?,
        entries: records::entries(house, group, day, item, after, PAGE).await?,
    })
}

/// Where a day is; `group` as it stands in an address of staff, and empty for operators.
pub(super) fn address(side: Side, group: &str, day: Day, item: Option<Item>) -> String {
    paged(side, group, day, item, None)
}

fn paged(side: Side, group: &str, day: Day, item: Option<Item>, after: Option<i64>) -> String {
    let after = after.map(|after| after.to_string());
    let group = (side == Side::Office).then(|| group.trim());
    let parts = [("group", group), ("item", item.map(Item::as_str)), ("after", after.as_deref())];
    let parts = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value?))));
    let query: Vec<String> = parts.collect();
    let path = format!("{}/{day}", path(side));
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown) -> Markup {
    let (lang, side, group) = (frame.lang, frame.side(), shown.group.0.to_string());
    let title = say!(lang, "statement-day", day = shown.day.to_string());
    let own = Typed { group: if side == Side::Office { group.clone() } else { String::new() }, ..Typed::default() };
    let month = Period::new(shown.day.first_of_month(), shown.day.last_of_month());
    let [loads, deposits] = super::page::records(side, &own.group, Period::of(shown.day));
    let body = html! {
        div.heading {
            div { h1 { (title) } p.soft { (shown.name) } }
            a.button.no-print href=(of_days(side, &own, month.unwrap_or_else(|| Period::of(shown.day)))) {
                (say!(lang, "statement-title"))
            }
        }
        (views::draw(frame))
        section.sheet.found.statement aria-labelledby="found" {
            header {
                h2 id="found" { (shown.item.map_or_else(|| say!(lang, "statement-all"), |one| item(lang, one))) }
                span.soft { (counted(lang, shown)) }
            }
            (items(lang, side, &group, shown))
            @if shown.entries.entries.is_empty() {
                (empty(icon::LIST.draw(), &say!(lang, "statement-none"), &say!(lang, "statement-what"), html! {}))
            } @else { (table(lang, side, &shown.entries.entries)) }
            div.foot-notes {
                p.soft { (say!(lang, "statement-when")) }
                p.no-print {
                    a href=(loads) { (say!(lang, "statement-loads")) } " · "
                    a href=(deposits) { (say!(lang, "statement-deposits")) }
                }
            }
        }
        @if shown.later || shown.entries.next.is_some() {
            nav.pager.no-print aria-label=(say!(lang, "pages")) {
                @if shown.later { a.button href=(address(side, &group, shown.day, shown.item)) { (say!(lang, "pages-first")) } }
                @if let Some(next) = shown.entries.next {
                    a.button rel="next" href=(paged(side, &group, shown.day, shown.item, Some(next))) { (say!(lang, "pages-next")) }
                }
            }
        }
    };
    frame.page(title, body).draw()
}

/// How many entries there are in all, and how much they come to.
fn counted(lang: Lang, shown: &Shown) -> String {
    let asked = Item::ALL.into_iter().filter(|one| shown.item.is_none_or(|asked| asked == *one));
    let (count, fen) = asked.map(|one| shown.line.item(one)).fold((0_i64, 0_i64), |(count, fen), sum| {
        (count.saturating_add(sum.count), fen.saturating_add(sum.sum.as_i64()))
    });
    format!("{} · {}", say!(lang, "list-count", n = show::count(count)), signed(topup::Fen::new(fen)))
}

/// All, or one of what there is.
fn items(lang: Lang, side: Side, group: &str, shown: &Shown) -> Markup {
    let there = Item::ALL.into_iter().filter(|one| shown.line.item(*one).count > 0);
    let choices = std::iter::once(None).chain(there.map(Some));
    html! {
        nav.filters.no-print aria-label=(say!(lang, "statement-items")) { ul { @for choice in choices {
            li { a href=(address(side, group, shown.day, choice)) aria-current=[(choice == shown.item).then_some("true")] {
                (choice.map_or_else(|| say!(lang, "records-all"), |one| item(lang, one)))
            } }
        } } }
    }
}

fn table(lang: Lang, side: Side, entries: &[Entry]) -> Markup {
    html! {
        table.table.records {
            thead { tr {
                th.wide-only scope="col" { (say!(lang, "story-number")) }
                th scope="col" { (say!(lang, "list-time")) }
                th scope="col" { (say!(lang, "statement-item")) }
                th.wide-only scope="col" { (say!(lang, "load-order")) }
                th.r scope="col" { (say!(lang, "list-amount")) }
                th.wide-only scope="col" { (say!(lang, "story-from-to")) }
            } }
            tbody { @for entry in entries { tr {
                td.num.wide-only { (entry.number) }
                td.num { @if let Some(href) = about(side, entry) { a href=(href) { (show::time(entry.at)) } } @else { (show::time(entry.at)) } }
                td { (item(lang, entry.item)) }
                td.num.wide-only { @if let Some(href) = about(side, entry) { a href=(href) { (order(entry)) } } @else { "—" } }
                td.r { (signed(entry.amount)) }
                td.wide-only { (account(lang, entry.from)) " → " (account(lang, entry.to)) }
            } } }
        }
    }
}

/// Where the story is of what an entry is about.
fn about(side: Side, entry: &Entry) -> Option<String> {
    match (entry.about, side) {
        (About::Load(order), side) => Some(story_path(side, order)),
        (About::Deposit(order), Side::Portal) => Some(crate::deposits::path(order)),
        (About::Deposit(order), Side::Office) => Some(crate::office::deposits::path(order)),
        (About::Nothing, _) => None,
    }
}

fn order(entry: &Entry) -> String {
    match entry.about {
        About::Load(order) => order.to_string(),
        About::Deposit(order) => order.to_string(),
        About::Nothing => String::new(),
    }
}
