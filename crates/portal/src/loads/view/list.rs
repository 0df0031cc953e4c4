//! The running list of this sitting, newest first, with its totals.

use maud::{Markup, html};
use topup::Fen;
use topup::loads::{Load, Reason, Sitting, State};

use super::{corrected, state_tag};
use crate::look::{icon, show};
use crate::words::{Lang, say};

/// The fragment `#list`.
pub(crate) fn list(lang: Lang, sitting: &Sitting) -> Markup {
    let all = [sitting.succeeded, sitting.unknown, sitting.failed];
    let count = all.iter().fold(0_i64, |sum, totals| sum.saturating_add(totals.count));
    let shown = i64::try_from(sitting.loads.len()).unwrap_or(i64::MAX);
    html! {
        section.sheet.wide.list id="list" aria-labelledby="list-title" {
            header {
                h2 id="list-title" { (say!(lang, "list-title")) }
                @if count > 0 {
                    (totals(lang, &say!(lang, "state-succeeded"), sitting.succeeded.count, Some(sitting.succeeded.sum)))
                    @if sitting.unknown.count > 0 {
                        (totals(lang, &say!(lang, "state-unknown"), sitting.unknown.count, Some(sitting.unknown.sum)))
                    }
                    @if sitting.failed.count > 0 { (totals(lang, &say!(lang, "state-failed"), sitting.failed.count, None)) }
                }
            }
            @if sitting.loads.is_empty() {
                div.empty { (icon::LIST.draw()) h3 { (say!(lang, "list-empty")) } p { (say!(lang, "list-empty-text")) } }
            } @else {
                div.scroll tabindex="0" role="region" aria-labelledby="list-title" { (table(lang, &sitting.loads)) }
                @if count > shown { p.more { (say!(lang, "list-more", n = shown)) } }
            }
        }
    }
}

/// Loads, a row each.
pub(crate) fn table(lang: Lang, loads: &[Load]) -> Markup {
    html! {
        table.table {
            thead { tr {
                th { (say!(lang, "list-time")) }
                th { (say!(lang, "list-card")) }
                th.wide-only { (say!(lang, "load-order")) }
                th.r.wide-only { (say!(lang, "list-before")) }
                th.r { (say!(lang, "list-amount")) }
                th.r.wide-only { (say!(lang, "list-after")) }
                th { (say!(lang, "list-result")) }
            } }
            tbody { @for load in loads { (row(lang, load)) } }
        }
    }
}

/// How many, and of how much where money moved or may have.
pub(crate) fn totals(lang: Lang, word: &str, count: i64, sum: Option<Fen>) -> Markup {
    html! {
        p { (word) span.num { b { (say!(lang, "list-count", n = show::count(count))) } } @if let Some(sum) = sum { (show::money(sum)) } }
    }
}

fn row(lang: Lang, load: &Load) -> Markup {
    html! {
        tr {
            td.num { a href={ "/loads/" (load.order) } { (show::time(load.created_at)) } }
            td { (show::card_end(&load.card)) }
            td.num.wide-only { (load.order) }
            td.r.wide-only { (show::cell(load.balance_before)) }
            td.r { (load.amount.to_string()) }
            td.r.wide-only { (show::cell(load.balance_after)) }
            td { (state_tag(lang, load.state))
                @if load.proven_since.is_some() { " " (corrected(lang, load)) }
                @if let Some(why) = short(lang, load) { " " span.sub.wide-only { (why) } } }
        }
    }
}

/// The reason in a word or two.
pub(crate) fn short(lang: Lang, load: &Load) -> Option<String> {
    if load.state == State::Unknown && load.asked_in_vain {
        return Some(say!(lang, "short-in-vain"));
    }
    if load.state == State::Unknown {
        return Some(say!(lang, "short-doubt"));
    }
    Some(match load.reason? {
        Reason::QuotaShort => say!(lang, "short-quota-short"),
        Reason::AmountRule => say!(lang, "short-amount-rule"),
        Reason::OverCeiling => say!(lang, "short-over-ceiling"),
        Reason::CardProblem => say!(lang, "short-card-problem"),
        Reason::CardChanged => say!(lang, "short-card-changed"),
        Reason::CardRemoved => say!(lang, "short-card-removed"),
        Reason::CardRefused => say!(lang, "short-card-refused"),
        Reason::NotGenuine => say!(lang, "short-not-genuine"),
        Reason::NoKey => say!(lang, "short-no-key"),
        Reason::TerminalGone => say!(lang, "short-terminal-gone"),
        Reason::TimedOut => say!(lang, "short-timed-out"),
        Reason::Interrupted => say!(lang, "short-interrupted"),
        Reason::Storage => say!(lang, "short-storage"),
        Reason::NotWritten => say!(lang, "short-not-written"),
        Reason::DecidedWritten => say!(lang, "short-decided-written"),
        Reason::DecidedNotWritten => say!(lang, "short-decided-not-written"),
        Reason::RemovedWhileWriting
        | Reason::RefusedWhileWriting
        | Reason::SilentWhileWriting
        | Reason::LinkLostWhileWriting
        | Reason::InterruptedWhileWriting
        | Reason::TacUnverified
        | Reason::TacWrong => return None,
    })
}
