//! Through time: what was charged, how often, and the quota meanwhile.

use maud::{Markup, html};
use topup::Fen;
use topup::records::{Charts, Day, Holds, Loads, Period, Point, Step, Typed};

use super::super::ask::address;
use super::super::shelf::Shelf as _;
use super::draw::{Drawing, Ink, Series, Shape};
use crate::look::{Side, show};
use crate::words::{Lang, say};

/// The charts, and the table of their numbers.
pub(super) fn section(lang: Lang, side: Side, typed: &Typed, charts: &Charts) -> Markup {
    html! {
        section.sheet.charted aria-labelledby="through-time" {
            header { h2 id="through-time" { (title(lang, charts.step)) } }
            div.drawn {
                (money(lang, charts))
                (count(lang, charts))
                (quota(lang, charts))
            }
            div.numbers tabindex="0" role="region" aria-labelledby="through-time" {
                (table(lang, side, typed, charts))
            }
        }
    }
}

fn title(lang: Lang, step: Step) -> String {
    match step {
        Step::Day => say!(lang, "charts-by-day"),
        Step::Week => say!(lang, "charts-by-week"),
        Step::Month => say!(lang, "charts-by-month"),
        Step::Year => say!(lang, "charts-by-year"),
    }
}

/// What was charged.
fn money(lang: Lang, charts: &Charts) -> Markup {
    let values = charts.points.iter().map(|point| point.totals.succeeded.sum.as_i64()).collect();
    let sum = show::yuan(charts.totals.succeeded.sum);
    let told = match charts.points.iter().max_by_key(|point| point.totals.succeeded.sum) {
        Some(top) if top.totals.succeeded.sum > Fen::ZERO => {
            let place = place(charts.step, top.period);
            say!(lang, "charts-money-told", sum = sum, place = place, most = show::yuan(top.totals.succeeded.sum))
        }
        Some(_) | None => say!(lang, "charts-none-told"),
    };
    let shape = Shape::Bars(vec![Series { values, ink: Ink::Brand, hollow: false }]);
    figure(lang, charts, "money", &say!(lang, "charts-money"), &told, &shape)
}

/// How often.
fn count(lang: Lang, charts: &Charts) -> Markup {
    let of = |count: fn(&Point) -> i64| charts.points.iter().map(count).collect();
    let charged = Series { values: of(|point| point.totals.succeeded.count), ink: Ink::Brand, hollow: false };
    let failed = Series { values: of(|point| point.totals.failed.count), ink: Ink::Bad, hollow: true };
    let (done, not) = (charts.totals.succeeded.count, charts.totals.failed.count);
    let told = say!(lang, "charts-count-told", done = show::count(done), not = show::count(not));
    figure(lang, charts, "count", &say!(lang, "charts-count"), &told, &Shape::Bars(vec![charged, failed]))
}

/// The quota, of one group.
fn quota(lang: Lang, charts: &Charts) -> Markup {
    let Some(before) = charts.quota_before else { return html! {} };
    let after = charts.points.iter().filter_map(|point| point.quota_after);
    let values: Vec<i64> = std::iter::once(before).chain(after).map(Fen::as_i64).collect();
    let (first, last) = (show::yuan(before), values.last().map(|last| show::yuan(Fen::new(*last))));
    let told = say!(lang, "charts-quota-told", first = first, last = last.unwrap_or_default());
    figure(lang, charts, "quota", &say!(lang, "charts-quota"), &told, &Shape::Line(values))
}

fn figure(lang: Lang, charts: &Charts, id: &str, title: &str, told: &str, shape: &Shape) -> Markup {
    let places: Vec<String> = charts.points.iter().map(|point| short(charts.step, point.period)).collect();
    let height = |value: i64| if id == "count" { value.to_string() } else { yuan(lang, Fen::new(value)) };
    html! {
        figure {
            figcaption {
                h3 { (title) }
                @if id == "count" {
                    span.keys-of { span.solid {} (Loads::state(lang, Holds::Succeeded)) }
                    span.keys-of { span.hollow {} (Loads::state(lang, Holds::Failed)) }
                }
            }
            (Drawing { id, title, told, places: &places, height: &height }.draw(shape))
            p.soft.told { (told) }
        }
    }
}

fn table(lang: Lang, side: Side, typed: &Typed, charts: &Charts) -> Markup {
    let of_one = charts.quota_before.is_some();
    html! {
        table.table.figures {
            thead { tr {
                th scope="col" { (say!(lang, "charts-days")) }
                th.r scope="col" { (Loads::state(lang, Holds::Succeeded)) }
                th.r scope="col" { (say!(lang, "charts-sum")) }
                th.r scope="col" { (Loads::state(lang, Holds::Failed)) }
                th.r scope="col" { (Loads::state(lang, Holds::Unknown)) }
                @if of_one { th.r scope="col" { (say!(lang, "charts-quota-after")) } }
            } }
            tbody { @for point in charts.points.iter().rev() { (row(side, typed, charts.step, point)) } }
            tfoot { tr {
                th scope="row" { (say!(lang, "records-totals")) }
                td.r { (show::count(charts.totals.succeeded.count)) }
                td.r { (charts.totals.succeeded.sum) }
                td.r { (show::count(charts.totals.failed.count)) }
                td.r { (show::count(charts.totals.unknown.count)) }
                @if of_one { td.r {} }
            } }
        }
    }
}

/// A point; its days lead to their loads.
fn row(side: Side, typed: &Typed, step: Step, point: &Point) -> Markup {
    let (from, to) = (point.period.first().to_string(), point.period.last().to_string());
    let days = Typed { range: String::new(), from, to, ..typed.clone() };
    let Point { totals, .. } = point;
    html! {
        tr.none[totals.count() == 0] {
            th scope="row" { a href=(address(Loads::path(side), &days, &[])) {
                @match place(step, point.period).split_once(" – ") {
                    Some((from, to)) => { span.num { (from) } " – " span.num { (to) } }
                    None => { span.num { (place(step, point.period)) } }
                }
            } }
            td.r { (show::count(totals.succeeded.count)) }
            td.r { (totals.succeeded.sum) }
            td.r { (show::count(totals.failed.count)) }
            td.r { (show::count(totals.unknown.count)) }
            @if let Some(quota) = point.quota_after { td.r { (quota) } }
        }
    }
}

/// What a point is called in the table: its day, its days, its month or its year.
fn place(step: Step, period: Period) -> String {
    let whole = |first: Day, last: Day, length: usize| {
        let text = period.first().to_string();
        (period.first() == first && period.last() == last).then(|| text.chars().take(length).collect())
    };
    let first = period.first();
    let told: Option<String> = match step {
        Step::Day => Some(first.to_string()),
        Step::Week => None,
        Step::Month => whole(first.first_of_month(), first.last_of_month(), "2026-11".len()),
        Step::Year => {
            whole(first.last_of_year().months_before(11).first_of_month(), first.last_of_year(), "2026".len())
        }
    };
    told.unwrap_or_else(|| {
        if period.days() == 1 {
            return first.to_string();
        }
        let last: String = period.last().to_string().chars().skip("2026-".len()).collect();
        format!("{first} – {last}")
    })
}

/// What it is called in a drawing.
fn short(step: Step, period: Period) -> String {
    let (from, length) = match step {
        Step::Day | Step::Week => ("2026-".len(), "11-22".len()),
        Step::Month => (0, "2026-11".len()),
        Step::Year => (0, "2026".len()),
    };
    period.first().to_string().chars().skip(from).take(length).collect()
}

/// Money beside a drawing: few letters, in the units of the language.
fn yuan(lang: Lang, fen: Fen) -> String {
    const YUAN: i64 = 100;
    let units: &[(i64, &str)] = match lang {
        Lang::Zh => &[(100_000_000, "亿"), (10_000, "万")],
        Lang::En => &[(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")],
    };
    let fen = fen.as_i64();
    let (unit, word) = units
        .iter()
        .map(|(unit, word)| (unit.saturating_mul(YUAN), *word))
        .find(|(unit, _)| fen >= *unit)
        .unwrap_or((YUAN, ""));
    let hundredths = fen.checked_div(unit / 100).unwrap_or(0);
    let (whole, part) = (hundredths / 100, hundredths % 100);
    let part = if part == 0 { String::new() } else { format!(".{part:02}").trim_end_matches('0').to_owned() };
    format!("{whole}{part}{word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(first: &str, last: &str) -> Period {
        Period::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
    }

    #[test]
    fn points_have_names() {
        for (step, first, last, name, short_name) in [
            (Step::Day, "2026-11-22", "2026-11-22", "2026-11-22", "11-22"),
            (Step::Week, "2026-11-16", "2026-11-22", "2026-11-16 – 11-22", "11-16"),
            (Step::Week, "2026-11-22", "2026-11-22", "2026-11-22", "11-22"),
            (Step::Month, "2026-11-01", "2026-11-30", "2026-11", "2026-11"),
            (Step::Month, "2026-11-01", "2026-11-22", "2026-11-01 – 11-22", "2026-11"),
            (Step::Year, "2026-01-01", "2026-12-31", "2026", "2026"),
            (Step::Year, "2026-01-01", "2026-11-22", "2026-01-01 – 11-22", "2026"),
        ] {
            assert_eq!(
                (place(step, period(first, last)), short(step, period(first, last))),
                (name.into(), short_name.into())
            );
        }
    }

    #[test]
    fn heights_are_short() {
        for (fen, zh, en) in [
            (0, "0", "0"),
            (50, "0.5", "0.5"),
            (100_000, "1000", "1k"),
            (1_500_000, "1.5万", "15k"),
            (12_000_000, "12万", "120k"),
            (25_000_000_000, "2.5亿", "250M"),
        ] {
            assert_eq!((yuan(Lang::Zh, Fen::new(fen)), yuan(Lang::En, Fen::new(fen))), (zh.into(), en.into()), "{fen}");
        }
    }
}
