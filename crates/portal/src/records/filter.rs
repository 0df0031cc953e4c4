//! The form of a filter: quick ranges, the days, and what else narrows it.

use maud::{Markup, html};
use topup::records::{Holds, People, Range, Typed};

use super::ask::address;
use super::{Shown, path, words};
use crate::look::{Choice, Field, Side, icon};
use crate::words::{Lang, say};

/// The form, with what is wrong beside its fields.
pub(super) fn form(lang: Lang, side: Side, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    html! {
        form.sheet.filter method="get" action=(path(side)) role="search" aria-label=(say!(lang, "records-filter")) {
            (quick(lang, side, shown))
            div.fields {
                (days(lang, shown, problems))
                @if side == Side::Office { (group(lang, shown, problems)) }
                (state(lang, &shown.typed, problems))
                (field("card", say!(lang, "records-card"), &shown.typed.card, problems))
            }
            details open[is_more(&shown.typed, problems)] {
                summary { (say!(lang, "records-more")) }
                div.fields {
                    (operator(lang, &shown.people, &shown.typed, problems))
                    (terminal(lang, &shown.people, &shown.typed, problems))
                    (numeric("least", say!(lang, "records-least"), &shown.typed.least, problems))
                    (numeric("most", say!(lang, "records-most"), &shown.typed.most, problems))
                    (field("order", say!(lang, "load-order"), &shown.typed.order, problems))
                }
            }
            div.go {
                button.button.main { (say!(lang, "records-find")) }
                @if shown.typed.narrows() || shown.found.is_err() {
                    a.plain href=(path(side)) { (say!(lang, "records-clear")) }
                }
            }
        }
    }
}

/// The quick ranges; what else narrows the filter stays.
fn quick(lang: Lang, side: Side, shown: &Shown) -> Markup {
    let period = shown.found.as_ref().ok().map(|found| found.filter.period);
    html! {
        nav.quick aria-label=(say!(lang, "records-ranges")) { @for range in Range::ALL {
            @let typed = Typed { range: range.as_str().into(), from: String::new(), to: String::new(), ..shown.typed.clone() };
            a href=(address(path(side), &typed, &[])) aria-current=[(period == Some(range.period(shown.today))).then_some("true")] {
                (words::range(lang, range))
            }
        } }
    }
}

/// The first and the last day: as days while they are ones, as text while they are not, so that nothing typed is lost.
fn days(lang: Lang, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let wrong = |name: &str| problems.iter().any(|(field, _)| *field == name);
    let (from, to) = match &shown.found {
        Ok(found) => (found.filter.period.first().to_string(), found.filter.period.last().to_string()),
        Err(_) => (shown.typed.from.clone(), shown.typed.to.clone()),
    };
    let kind = |name: &str, value: &str| {
        if wrong(name) || !value.is_empty() && value.parse::<topup::records::Day>().is_err() { "text" } else { "date" }
    };
    html! {
        (Field::new("from", say!(lang, "records-from"), kind("from", &from), "off").value(&from).wrong(problems).draw())
        (Field::new("to", say!(lang, "records-to"), kind("to", &to), "off").value(&to).wrong(problems).draw())
    }
}

fn group(lang: Lang, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let options: Vec<(String, &str)> =
        shown.people.groups.iter().map(|(id, name)| (id.0.to_string(), name.as_str())).collect();
    Choice::new("group", say!(lang, "load-group"), say!(lang, "records-all"))
        .options(&options)
        .value(shown.typed.group.trim())
        .wrong(problems)
        .draw()
}

fn state(lang: Lang, typed: &Typed, problems: &[(&str, String)]) -> Markup {
    let names: Vec<(String, String)> =
        Holds::ALL.into_iter().map(|holds| (holds.as_str().to_owned(), words::holds(lang, holds))).collect();
    choice("state", say!(lang, "load-state"), say!(lang, "records-all"), &names, &typed.state, problems)
}

fn operator(lang: Lang, people: &People, typed: &Typed, problems: &[(&str, String)]) -> Markup {
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

fn terminal(lang: Lang, people: &People, typed: &Typed, problems: &[(&str, String)]) -> Markup {
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
pub(super) fn nothing(lang: Lang, side: Side, shown: &Shown) -> Markup {
    let next = html! {
        @if shown.typed.narrows() { a.button href=(path(side)) { (say!(lang, "records-clear")) } }
        @else if side == Side::Portal { a.button.main href="/station" { (say!(lang, "records-none-go")) } }
        @else {
            a.button href=(address(path(side), &Typed { range: "half-year".into(), ..Typed::default() }, &[])) {
                (words::range(lang, Range::HalfYear))
            }
        }
    };
    let text = if shown.typed.narrows() {
        say!(lang, "records-none-filter")
    } else if side == Side::Portal {
        say!(lang, "records-none-text")
    } else {
        say!(lang, "records-none-office")
    };
    crate::look::empty(icon::LIST.draw(), &say!(lang, "records-none"), &text, next)
}
