//! The form of a filter: quick ranges, the days, and what else narrows it.

use maud::{Markup, html};
use topup::records::{Day, People, Period, Range, Typed};

use super::ask::address;
use super::shelf::Shelf;
use super::{Shown, words};
use crate::look::{Choice, Field, Side, icon};
use crate::words::{Lang, say};

/// The form, with what is wrong beside its fields.
pub(super) fn form<R: Shelf>(lang: Lang, side: Side, shown: &Shown<R>, problems: &[(&str, String)]) -> Markup {
    html! {
        form.sheet.filter method="get" action=(R::path(side)) role="search" aria-label=(say!(lang, "records-filter")) {
            (quick(lang, R::path(side), &shown.typed, shown.today, shown.found.as_ref().ok().map(|found| found.filter.period)))
            div.fields {
                (days(lang, &shown.typed, shown.found.as_ref().ok().map(|found| found.filter.period), problems))
                @if side == Side::Office { (group(lang, &shown.people, &shown.typed, problems)) }
                (choice("state", say!(lang, "load-state"), say!(lang, "records-all"), &R::states(lang), &shown.typed.state, problems))
                @if R::AT_TERMINALS { (field("card", say!(lang, "records-card"), &shown.typed.card, problems)) }
            }
            details open[is_more(&shown.typed, problems)] {
                summary { (say!(lang, "records-more")) }
                div.fields {
                    (operator(lang, &shown.people, &shown.typed, problems))
                    @if R::AT_TERMINALS { (terminal(lang, &shown.people, &shown.typed, problems)) }
                    (numeric("least", say!(lang, "records-least"), &shown.typed.least, problems))
                    (numeric("most", say!(lang, "records-most"), &shown.typed.most, problems))
                    (field("order", say!(lang, "load-order"), &shown.typed.order, problems))
                }
            }
            div.go {
                button.button.main { (say!(lang, "records-find")) }
                @if shown.typed.narrows() || shown.found.is_err() {
                    a.plain href=(R::path(side)) { (say!(lang, "records-clear")) }
                }
            }
        }
    }
}

/// The quick ranges; what else narrows the filter stays.
pub(super) fn quick(lang: Lang, path: &str, typed: &Typed, today: Day, period: Option<Period>) -> Markup {
    html! {
        nav.quick aria-label=(say!(lang, "records-ranges")) { @for range in Range::ALL {
            @let typed = Typed { range: range.as_str().into(), from: String::new(), to: String::new(), ..typed.clone() };
            a href=(address(path, &typed, &[])) aria-current=[(period == Some(range.period(today))).then_some("true")] {
                (words::range(lang, range))
            }
        } }
    }
}

/// The first and the last day: as days while they are ones, as text while they are not, so that nothing typed is lost.
pub(super) fn days(lang: Lang, typed: &Typed, period: Option<Period>, problems: &[(&str, String)]) -> Markup {
    let wrong = |name: &str| problems.iter().any(|(field, _)| *field == name);
    let (from, to) = match period {
        Some(period) => (period.first().to_string(), period.last().to_string()),
        None => (typed.from.clone(), typed.to.clone()),
    };
    let kind = |name: &str, value: &str| {
        if wrong(name) || !value.is_empty() && value.parse::<Day>().is_err() { "text" } else { "date" }
    };
    html! {
        (Field::new("from", say!(lang, "records-from"), kind("from", &from), "off").value(&from).wrong(problems).draw())
        (Field::new("to", say!(lang, "records-to"), kind("to", &to), "off").value(&to).wrong(problems).draw())
    }
}

pub(super) fn group(lang: Lang, people: &People, typed: &Typed, problems: &[(&str, String)]) -> Markup {
    let options: Vec<(String, &str)> =
        people.groups.iter().map(|(id, name)| (id.0.to_string(), name.as_str())).collect();
    Choice::new("group", say!(lang, "load-group"), say!(lang, "records-all"))
        .options(&options)
        .value(typed.group.trim())
        .wrong(problems)
        .draw()
}

pub(super) fn operator(lang: Lang, people: &People, typed: &Typed, problems: &[(&str, String)]) -> Markup {
    if people.operators.is_empty() {
        return field("operator", say!(lang, "records-operator"), &typed.operator, problems);
    }
    choice(
        "operator",
        say!(lang, "load-operator"),
        say!(lang, "records-all"),
        &people.operators,
        &typed.operator,
        problems,
    )
}

pub(super) fn terminal(lang: Lang, people: &People, typed: &Typed, problems: &[(&str, String)]) -> Markup {
    if people.terminals.is_empty() {
        return field("terminal", say!(lang, "load-terminal"), &typed.terminal, problems);
    }
    choice(
        "terminal",
        say!(lang, "records-terminal"),
        say!(lang, "records-all"),
        &people.terminals,
        &typed.terminal,
        problems,
    )
}

/// A choice among what has a key and a name; both are shown where they differ. What was typed and is none of them stays.
fn choice(
    name: &str,
    label: String,
    prompt: String,
    all: &[(String, String)],
    typed: &str,
    problems: &[(&str, String)],
) -> Markup {
    let typed = typed.trim();
    let both = name != "state";
    let told: Vec<String> =
        all.iter().map(|(key, name)| if both { format!("{name} {key}") } else { name.clone() }).collect();
    let mut options: Vec<(String, &str)> =
        all.iter().zip(&told).map(|((key, _), told)| (key.clone(), told.as_str())).collect();
    if !typed.is_empty() && !all.iter().any(|(key, _)| key == typed) {
        options.push((typed.to_owned(), typed));
    }
    Choice::new(name, label, prompt).options(&options).value(typed).wrong(problems).draw()
}

fn field(name: &str, label: String, value: &str, problems: &[(&str, String)]) -> Markup {
    Field::new(name, label, "text", "off").value(value.trim()).wrong(problems).draw()
}

fn numeric(name: &str, label: String, value: &str, problems: &[(&str, String)]) -> Markup {
    Field::new(name, label, "text", "off").numeric().value(value.trim()).wrong(problems).draw()
}

/// Whether the further fields say something, so that they are open.
fn is_more(typed: &Typed, problems: &[(&str, String)]) -> bool {
    let Typed { operator, terminal, least, most, order, .. } = typed;
    let said = [operator, terminal, least, most, order].iter().any(|text| !text.trim().is_empty());
    said || problems.iter().any(|(field, _)| ["operator", "terminal", "least", "most", "order"].contains(field))
}

/// A place with nothing to show, and what to do next.
pub(super) fn nothing<R: Shelf>(lang: Lang, side: Side, shown: &Shown<R>) -> Markup {
    let (nothing, narrows) = (R::none(lang, side), shown.typed.narrows());
    let longest = Range::HalfYear;
    let shorter =
        shown.found.as_ref().is_ok_and(|found| found.filter.period.first() > longest.period(shown.today).first());
    let range = longest.as_str().to_owned();
    let longer = Typed { range, from: String::new(), to: String::new(), ..shown.typed.clone() };
    let next = html! {
        @if let (false, Some((href, word))) = (narrows, nothing.next) { a.button.main href=(href) { (word) } }
        @else {
            div.either {
                @if shorter { a.button href=(address(R::path(side), &longer, &[])) { (words::range(lang, longest)) } }
                @if narrows { a.button href=(R::path(side)) { (say!(lang, "records-clear")) } }
            }
        }
    };
    let text = if narrows { nothing.narrowed } else { nothing.text };
    crate::look::empty(icon::LIST.draw(), &nothing.title, &text, next)
}
