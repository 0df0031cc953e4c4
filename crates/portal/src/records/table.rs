//! The totals of a filter, and the way through its pages and to its file.

use maud::{Markup, html};
use topup::records::{Format, Page, Typed};

use super::ask::{Found, Shown, address, fields};
use super::shelf::Shelf;
use crate::look::{Side, hidden, show};
use crate::words::{Lang, say};

/// What the whole filter comes to.
pub(super) fn sums<R: Shelf>(lang: Lang, totals: &R::Totals) -> Markup {
    html! {
        section.sheet.sums aria-label=(say!(lang, "records-totals")) {
            @for (tone, word, sum) in R::sums(lang, totals) {
                div.(tone.class()) {
                    small { (word) }
                    b.num { (show::yuan(sum.sum)) }
                    span.num { (say!(lang, "list-count", n = show::count(sum.count))) }
                }
            }
        }
    }
}

/// How many there are in all, and between which days.
pub(super) fn heading<R: Shelf>(lang: Lang, shown: &Shown<R>, found: &Found<R>) -> Markup {
    let (first, last) = (found.filter.period.first(), found.filter.period.last());
    html! {
        h2 id="found" { (say!(lang, "records-found", n = show::count(R::count(&found.totals)))) }
        span.soft {
            @if found.filter.order.is_none() {
                span.num { (first) @if first != last { " – " (last) } } " · "
            }
            (say!(lang, "records-totals-all"))
        }
        // The form does not get onto paper, so what it asks for is said there.
        @let narrowed = narrowed(lang, shown);
        @if !narrowed.is_empty() { p.print-only { (narrowed) } }
    }
}

/// What narrows the list beside the time, in words.
fn narrowed<R: Shelf>(lang: Lang, shown: &Shown<R>) -> String {
    let Typed { state, card, operator, terminal, least, most, order, group, .. } = &shown.typed;
    let state = R::states(lang).into_iter().find(|(key, _)| key == state.trim()).map(|(_, word)| word);
    let group = shown.people.groups.iter().find(|(id, _)| id.0.to_string() == group.trim());
    let said = [
        (say!(lang, "load-group"), group.map_or("", |(_, name)| name)),
        (say!(lang, "load-state"), state.as_deref().unwrap_or_default()),
        (say!(lang, "list-card"), card.trim()),
        (say!(lang, "load-operator"), operator.trim()),
        (say!(lang, "records-terminal"), terminal.trim()),
        (say!(lang, "records-least"), least.trim()),
        (say!(lang, "records-most"), most.trim()),
        (say!(lang, "load-order"), order.trim()),
    ];
    let said = said.into_iter().filter(|(_, what)| !what.is_empty());
    said.map(|(name, what)| format!("{name} {what}")).collect::<Vec<_>>().join(" · ")
}

/// All that is found, as a file.
pub(super) fn export<R: Shelf>(lang: Lang, side: Side, typed: &Typed, found: &Found<R>) -> Markup {
    html! {
        div.end.no-print {
            @if R::count(&found.totals) > 0 {
                form method="post" action={ (R::path(side)) "/export" } {
                    @for (name, value) in fields(typed) { (hidden(name, value)) }
                    button.button name="format" value=(Format::Xlsx.as_str()) { (say!(lang, "export-xlsx")) }
                    button.button name="format" value=(Format::Csv.as_str()) { (say!(lang, "export-csv")) }
                }
            }
        }
    }
}

/// First, newer, older, last.
pub(super) fn pager<R: Shelf>(lang: Lang, side: Side, typed: &Typed, page: &Page<R>) -> Markup {
    let go = |there: bool, rel: Option<&str>, name: &str, value: Option<String>, word: String| {
        let more = value.as_ref().map(|value| (name, value.as_str()));
        let href = address(R::path(side), typed, more.as_slice());
        html! {
            @if there { a.button href=(href) rel=[rel] { (word) } }
            @else { span.button aria-disabled="true" { (word) } }
        }
    };
    let edge = |line: Option<&R::Line>| line.map(|line| R::place(line).to_string());
    let (newest, oldest) = (edge(page.lines.first()), edge(page.lines.last()));
    html! {
        @if page.newer || page.older {
            nav.pager.no-print aria-label=(say!(lang, "pages")) {
                (go(page.newer, Some("first"), "", None, say!(lang, "page-first")))
                (go(page.newer, Some("prev"), "newer", newest, say!(lang, "page-newer")))
                (go(page.older, Some("next"), "older", oldest, say!(lang, "page-older")))
                (go(page.older, Some("last"), "page", Some("last".into()), say!(lang, "page-last")))
            }
        }
    }
}
