//! The totals of a filter, its loads in a table, and the way through the pages.

use maud::{Markup, html};
use topup::loads::Totals as Sum;
use topup::records::{Cursor, Format, Holds, Line, Page, Totals, Typed};

use super::ask::{Found, address, fields};
use super::{path, story_path, words};
use crate::loads::view::{corrected, short, state_tag};
use crate::look::{Side, Tone, hidden, show};
use crate::words::{Lang, say};

/// What the whole filter comes to.
pub(super) fn sums(lang: Lang, totals: &Totals) -> Markup {
    let one = |holds, sum: Sum, tone: Tone| {
        html! {
            div.(tone.class()) {
                small { (words::holds(lang, holds)) }
                b.num { (show::yuan(sum.sum)) }
                span.num { (say!(lang, "list-count", n = sum.count)) }
            }
        }
    };
    html! {
        section.sheet.sums aria-label=(say!(lang, "records-totals")) {
            (one(Holds::Succeeded, totals.succeeded, Tone::Good))
            (one(Holds::Failed, totals.failed, Tone::Plain))
            (one(Holds::Unknown, totals.unknown, if totals.unknown.count > 0 { Tone::Doubt } else { Tone::Plain }))
        }
    }
}

/// How many there are in all, and between which days.
pub(super) fn heading(lang: Lang, found: &Found) -> Markup {
    let (first, last) = (found.filter.period.first(), found.filter.period.last());
    html! {
        h2 id="found" { (say!(lang, "list-count", n = found.totals.count())) }
        span.soft {
            @if found.filter.order.is_none() {
                span.num { (first) @if first != last { " – " (last) } } " · "
            }
            (say!(lang, "records-totals-all"))
        }
    }
}

/// All that is found, as a file.
pub(super) fn export(lang: Lang, side: Side, typed: &Typed, found: &Found) -> Markup {
    html! {
        div.end.no-print {
            @if found.totals.count() > 0 {
                form method="post" action={ (path(side)) "/export" } {
                    @for (name, value) in fields(typed) { (hidden(name, value)) }
                    button.button name="format" value=(Format::Xlsx.as_str()) { (say!(lang, "export-xlsx")) }
                    button.button name="format" value=(Format::Csv.as_str()) { (say!(lang, "export-csv")) }
                }
            }
            a.plain href={ (path(side)) "/exports" } { (say!(lang, "exports-title")) }
        }
    }
}

/// The loads of a page.
pub(super) fn table(lang: Lang, side: Side, lines: &[Line]) -> Markup {
    html! {
        table.table.records {
            thead { tr {
                th scope="col" { (say!(lang, "list-time")) }
                th.wide-only scope="col" { (say!(lang, "load-order")) }
                @if side == Side::Office { th.wide-only scope="col" { (say!(lang, "load-group")) } }
                th scope="col" { (say!(lang, "list-card")) }
                th.wide-only scope="col" { (say!(lang, "records-where")) }
                th.r.wide-only scope="col" { (say!(lang, "list-before")) }
                th.r scope="col" { (say!(lang, "list-amount")) }
                th.r.wide-only scope="col" { (say!(lang, "list-after")) }
                @if side == Side::Portal { th.r.wide-only scope="col" { (say!(lang, "records-quota-after")) } }
                th scope="col" { (say!(lang, "list-result")) }
            } }
            tbody { @for line in lines { (row(lang, side, line)) } }
        }
    }
}

fn row(lang: Lang, side: Side, line: &Line) -> Markup {
    let load = &line.load;
    let story = story_path(side, load.order);
    let (date, time) = (show::date(load.created_at), show::time(load.created_at));
    html! {
        tr {
            td.when { a href=(story) { span.num { (date) } " " span.num { (time) } } }
            td.num.wide-only { a href=(story) { (load.order) } }
            @if side == Side::Office { td.wide-only.group { (line.group) } }
            td { (show::card_end(&load.card)) }
            td.wide-only {
                (line.operator.as_deref().unwrap_or_default()) " " span.num { (load.operator) }
                div.sub { @if let Some(name) = &line.terminal { (name) " " } (show::terminal(&load.terminal)) }
            }
            td.r.wide-only { (show::cell(load.balance_before)) }
            td.r { (load.amount.to_string()) }
            td.r.wide-only { (show::cell(load.balance_after)) }
            @if side == Side::Portal { td.r.wide-only { (show::cell(load.quota_after)) } }
            td.result { (state_tag(lang, load.state))
                @if load.proven_since.is_some() { " " (corrected(lang, load)) }
                @if let Some(why) = short(lang, load) { div.sub { (why) } } }
        }
    }
}

/// First, newer, older, last.
pub(super) fn pager(lang: Lang, side: Side, typed: &Typed, page: &Page) -> Markup {
    let go = |there: bool, rel: Option<&str>, name: &str, value: Option<String>, word: String| {
        let more = value.as_ref().map(|value| (name, value.as_str()));
        let href = address(path(side), typed, more.as_slice());
        html! {
            @if there { a.button href=(href) rel=[rel] { (word) } }
            @else { span.button aria-disabled="true" { (word) } }
        }
    };
    let edge = |line: Option<&Line>| line.map(|line| Cursor::at(&line.load).to_string());
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
