//! By whom and where: the largest, and the others together. The bars stand in the table of their numbers.

use maud::{Markup, html};
use topup::Fen;
use topup::records::{By, Charts, Holds, Loads, Share, Totals, Typed};

use super::super::ask::address;
use super::super::shelf::Shelf as _;
use crate::look::{Side, show};
use crate::words::{Lang, say};

/// So many have a row of their own.
const LARGEST: usize = 10;

/// A section for each way of telling them apart.
pub(super) fn sections(lang: Lang, side: Side, typed: &Typed, charts: &Charts) -> Markup {
    html! {
        div.shares {
            @for (by, shares) in charts.shares.iter().filter(|(_, shares)| !shares.is_empty()) {
                @let id = id(*by);
                section.sheet.found aria-labelledby=(id) {
                    header { h2 id=(id) { (title(lang, *by)) } span.soft { (say!(lang, "charts-shares", n = shares.len())) } }
                    div.numbers { (table(lang, side, typed, *by, shares)) }
                }
            }
        }
    }
}

const fn id(by: By) -> &'static str {
    match by {
        By::Group => "by-group",
        By::Operator => "by-operator",
        By::Terminal => "by-terminal",
    }
}

fn title(lang: Lang, by: By) -> String {
    match by {
        By::Group => say!(lang, "charts-by-group"),
        By::Operator => say!(lang, "charts-by-operator"),
        By::Terminal => say!(lang, "charts-by-terminal"),
    }
}

fn table(lang: Lang, side: Side, typed: &Typed, by: By, shares: &[Share]) -> Markup {
    // One left over is shown as itself.
    let shown = if shares.len() <= LARGEST.saturating_add(1) { shares.len() } else { LARGEST };
    let (largest, others) = shares.split_at_checked(shown).unwrap_or((shares, &[]));
    let mut rest = Totals::default();
    for share in others {
        rest.merge(share.totals);
    }
    let most = largest.iter().map(|share| share.totals.succeeded.sum).chain([rest.succeeded.sum]).max();
    let most = most.unwrap_or_default();
    html! {
        table.table.figures.shared {
            thead { tr {
                th scope="col" { (column(lang, by)) }
                th.r scope="col" { (Loads::state(lang, Holds::Succeeded)) }
                th.r scope="col" { (say!(lang, "charts-sum")) }
                th.r.wide-only scope="col" { (Loads::state(lang, Holds::Failed)) }
            } }
            tbody {
                @for share in largest {
                    (row(&html! { a href=(link(side, typed, by, &share.key)) { (name(by, share)) } }, &share.totals, most))
                }
                @if !others.is_empty() {
                    (row(&html! { (say!(lang, "charts-others", n = others.len())) }, &rest, most))
                }
            }
        }
    }
}

fn column(lang: Lang, by: By) -> String {
    match by {
        By::Group => say!(lang, "load-group"),
        By::Operator => say!(lang, "load-operator"),
        By::Terminal => say!(lang, "records-terminal"),
    }
}

/// Its name, and what a filter calls it.
fn name(by: By, share: &Share) -> Markup {
    html! {
        @if let Some(name) = &share.name { (name) " " }
        @match by {
            By::Group => { @if share.name.is_none() { (share.key) } },
            By::Operator => { span.soft.num { (share.key) } },
            By::Terminal => { span.soft { (show::terminal(&share.key)) } },
        }
    }
}

/// Groups lead to their own charts, operators and terminals to their loads.
fn link(side: Side, typed: &Typed, by: By, key: &str) -> String {
    let typed = typed.clone();
    match by {
        By::Group => address(&super::charts_path(side), &Typed { group: key.into(), ..typed }, &[]),
        By::Operator => address(Loads::path(side), &Typed { operator: key.into(), ..typed }, &[]),
        By::Terminal => address(Loads::path(side), &Typed { terminal: key.into(), ..typed }, &[]),
    }
}

fn row(name: &Markup, totals: &Totals, most: Fen) -> Markup {
    html! {
        tr {
            th scope="row" { (name) (bar(totals.succeeded.sum, most)) }
            td.r { (show::count(totals.succeeded.count)) }
            td.r { (totals.succeeded.sum) }
            td.r.wide-only { (show::count(totals.failed.count)) }
        }
    }
}

/// How much it is of the largest; the number stands beside it.
fn bar(sum: Fen, most: Fen) -> Markup {
    let thousandths = sum.as_i64().saturating_mul(1000).checked_div(most.as_i64()).unwrap_or(0);
    html! {
        svg.share viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
            rect width=(thousandths) height="10" {}
        }
    }
}
