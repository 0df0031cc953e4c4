//! The list: `GET /office/terminals`.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use topup::people::staff::StaffPermission;
use topup::terminals::TerminalNumber;
use topup::terminals::list::{self, Counts, Filter, Find, Listed, Page};

use super::{See, path, since, stand_tag};
use crate::App;
use crate::look::{Frame, Tone, empty, hidden, icon, show, tag};
use crate::people::access::Office;
use crate::web::problem::Problem;
use crate::web::{Html, encoded};
use crate::words::{Lang, say};

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: String,
}

/// `GET /office/terminals`
pub(crate) async fn get(State(app): State<App>, may: Office<See>, Query(asked): Query<Asked>) -> Result<Html, Problem> {
    let filter = Filter::parse(&asked.state).unwrap_or_default();
    let after = asked.after.parse::<TerminalNumber>().ok();
    let find = Find { text: asked.q.trim().to_owned(), filter, after };
    let counts = list::counts(&app.house, &find.text).await?;
    let found = list::list(&app.house, &find).await?;
    Ok(Html(page(&may.frame, &find, &counts, &found)))
}

/// The page.
pub(crate) fn page(frame: &Frame, find: &Find, counts: &Counts, found: &Page) -> Markup {
    let lang = frame.lang;
    let may_decide = frame.staff().is_some_and(|staff| staff.role.may(StaffPermission::Terminals));
    let title = say!(lang, "section-terminals");
    let body = html! {
        div.heading {
            h1 { (title) }
            @if may_decide { a.button.main href="/office/terminals/new" { (say!(lang, "terminal-new")) } }
        }
        section.sheet {
            (search(lang, find))
            (filters(lang, find, counts))
            @if found.terminals.is_empty() { (nothing(lang, find, may_decide)) } @else { (table(lang, found)) }
            (pages(lang, find, found))
        }
    };
    frame.page(title, body).draw()
}

fn search(lang: Lang, find: &Find) -> Markup {
    html! {
        form.search method="get" action="/office/terminals" role="search" {
            label.unseen for="q" { (say!(lang, "find-label")) }
            input id="q" name="q" type="search" value=(find.text) placeholder=(say!(lang, "find-label"))
                autocomplete="off" autocapitalize="none" spellcheck="false";
            @if find.filter != Filter::default() { (hidden("state", find.filter.as_str())) }
            button.button { (say!(lang, "find")) }
        }
    }
}

/// A link for each filter, with how many it would list. What there is none of is left out, unless one looks at it.
fn filters(lang: Lang, find: &Find, counts: &Counts) -> Markup {
    let shown = Filter::ALL
        .into_iter()
        .zip(*counts)
        .filter(|(filter, count)| *count > 0 || *filter == find.filter || *filter == Filter::default());
    html! {
        nav.filters aria-label=(say!(lang, "filters")) { ul { @for (filter, count) in shown {
            li { a href=(address(&find.text, filter, None)) aria-current=[(filter == find.filter).then_some("true")]
                class=[(filter == Filter::Alarm).then_some("bad")] {
                (filter_word(lang, filter)) " " b.num { (count) }
            } }
        } } }
    }
}

fn filter_word(lang: Lang, filter: Filter) -> String {
    match filter {
        Filter::InUse => say!(lang, "filter-in-use"),
        Filter::Connected => say!(lang, "stand-connected"),
        Filter::Silent => say!(lang, "stand-silent"),
        Filter::New => say!(lang, "stand-new"),
        Filter::Alarm => say!(lang, "filter-alarm"),
        Filter::Revoked => say!(lang, "stand-revoked"),
    }
}

fn table(lang: Lang, found: &Page) -> Markup {
    html! {
        table.table.terminals {
            thead { tr {
                th scope="col" { (say!(lang, "terminal")) }
                th.wide-only scope="col" { (say!(lang, "load-group")) }
                th scope="col" { (say!(lang, "terminal-stand")) }
                th.wide-only scope="col" { (say!(lang, "terminal-heard")) }
                th.wide-only scope="col" { (say!(lang, "terminal-program")) }
            } }
            tbody { @for terminal in &found.terminals { (row(lang, terminal)) } }
        }
    }
}

fn row(lang: Lang, terminal: &Listed) -> Markup {
    html! {
        tr {
            td {
                a href=(path(terminal.number)) { (show::terminal(&terminal.number.to_string())) }
                div.name { (terminal.name) }
                div.sub.narrow-only { (terminal.group_name) }
            }
            td.wide-only.group { (terminal.group_name) }
            td {
                (stand_tag(lang, terminal.stand))
                @if terminal.alarms > 0 { " " (tag(Tone::Bad, &say!(lang, "alarm"))) }
                div.sub.num.narrow-only { (since(lang, terminal.stand)) }
            }
            td.wide-only.num { (since(lang, terminal.stand)) }
            td.wide-only.sub { (terminal.program.as_deref().unwrap_or("—")) }
        }
    }
}

/// No terminal at all, or none that matches.
fn nothing(lang: Lang, find: &Find, may_decide: bool) -> Markup {
    if find.text.is_empty() && find.filter == Filter::default() && find.after.is_none() {
        let next = html! {
            @if may_decide { a.button.main href="/office/terminals/new" { (say!(lang, "terminal-new")) } }
        };
        return empty(
            icon::reader(),
            &say!(lang, "office-terminals-none"),
            &say!(lang, "office-terminals-none-text"),
            next,
        );
    }
    let all = html! { a.button href="/office/terminals" { (say!(lang, "find-all")) } };
    empty(icon::LIST.draw(), &say!(lang, "find-none"), &say!(lang, "find-none-text"), all)
}

fn pages(lang: Lang, find: &Find, found: &Page) -> Markup {
    let last = found.terminals.last().filter(|_| found.more).map(|last| last.number);
    html! {
        @if last.is_some() || find.after.is_some() {
            nav.pages aria-label=(say!(lang, "pages")) {
                @if find.after.is_some() {
                    a.button href=(address(&find.text, find.filter, None)) { (say!(lang, "pages-first")) }
                }
                @if let Some(last) = last {
                    a.button rel="next" href=(address(&find.text, find.filter, Some(last))) { (say!(lang, "pages-next")) }
                }
            }
        }
    }
}

/// The address of a page of the list.
fn address(text: &str, filter: Filter, after: Option<TerminalNumber>) -> String {
    let mut parts = Vec::new();
    if !text.is_empty() {
        parts.push(format!("q={}", encoded(text)));
    }
    if filter != Filter::default() {
        parts.push(format!("state={}", filter.as_str()));
    }
    parts.extend(after.map(|number| format!("after={number}")));
    let start = if parts.is_empty() { "" } else { "?" };
    format!("/office/terminals{start}{}", parts.join("&"))
}
