//! The lines of a day, side by side with ours, in groups: what differs first, each with what became of it.

use maud::{Markup, html};
use topup::audit;
use topup::reconcile::Difference;
use topup::reconcile::matching::{Finding, Ours, Pair, Total, total};
use topup::two_people::MOST_REASON;

use super::day::Shown;
use super::{may_do, words};
use crate::look::{Frame, Tone, empty, icon, show, tag};
use crate::words::{Lang, say};

/// The most pairs of a group that are drawn; the totals count all.
const MOST_ROWS: usize = 500;

/// What a line and ours have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Matched,
    Here,
    Back,
    There,
    Differs,
    Listed,
}

impl Group {
    pub(super) const ALL: [Self; 6] = [Self::Matched, Self::Here, Self::Back, Self::There, Self::Differs, Self::Listed];

    const fn of(finding: Finding) -> Self {
        match finding {
            Finding::Matched => Self::Matched,
            Finding::MissingHere(_) => Self::Here,
            Finding::GivenBack => Self::Back,
            Finding::MissingThere => Self::There,
            Finding::Amount | Finding::Serial => Self::Differs,
            Finding::Listed => Self::Listed,
        }
    }

    pub(super) fn total(self, pairs: &[Pair]) -> Total {
        total(pairs, |finding| Self::of(finding) == self)
    }

    pub(super) fn word(self, lang: Lang) -> String {
        match self {
            Self::Matched => say!(lang, "group-matched"),
            Self::Here => say!(lang, "group-here"),
            Self::Back => say!(lang, "group-back"),
            Self::There => say!(lang, "group-there"),
            Self::Differs => say!(lang, "group-differs"),
            Self::Listed => say!(lang, "group-listed"),
        }
    }

    /// Nothing of what should not be is good.
    pub(super) const fn tone(self, count: i64) -> Tone {
        match self {
            Self::Matched => Tone::Good,
            Self::Here | Self::Back | Self::There | Self::Differs | Self::Listed if count == 0 => Tone::Plain,
            Self::Here | Self::Back | Self::There | Self::Differs | Self::Listed => Tone::Bad,
        }
    }
}

/// The groups, what concerns the day's net, and what is over and done.
pub(super) fn all(frame: &Frame, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let (lang, listed) = (frame.lang, &shown.listed);
    let drawn = |difference: &&Difference| listed.pairs.iter().any(|pair| stands_for(difference, pair));
    let of_money: Vec<&Difference> = listed.differences.iter().filter(|d| d.is_open() && !drawn(d)).collect();
    let past: Vec<&Difference> = listed.differences.iter().filter(|d| !d.is_open() && !drawn(d)).collect();
    html! {
        @if !of_money.is_empty() {
            section.sheet.queue.alarm { h2 { (icon::BAD.draw()) (say!(lang, "group-money")) }
                ul.differences { @for difference in of_money { li { (alone(frame, shown, difference, problems)) } } }
            }
        }
        @for group in Group::ALL.into_iter().filter(|group| *group != Group::Matched) {
            @let pairs: Vec<&Pair> = listed.pairs.iter().filter(|pair| Group::of(pair.finding) == group).collect();
            @if !pairs.is_empty() { (section(frame, shown, group, &pairs, problems)) }
        }
        (matched(frame, shown))
        @if !past.is_empty() {
            section.sheet.queue { h2 { (say!(lang, "group-past")) }
                ul.differences { @for difference in past { li { (alone(frame, shown, difference, problems)) } } }
            }
        }
    }
}

fn section(frame: &Frame, shown: &Shown, group: Group, pairs: &[&Pair], problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let total = group.total(&shown.listed.pairs);
    html! {
        section.sheet.queue.alarm {
            h2 { (icon::BAD.draw()) (group.word(lang)) small.soft.num { (sums(lang, total)) } }
            (table(frame, shown, pairs, Some(problems)))
        }
    }
}

fn sums(lang: Lang, total: Total) -> String {
    say!(lang, "reviews-sum", n = total.count, sum = show::yuan(total.sum))
}

fn matched(frame: &Frame, shown: &Shown) -> Markup {
    let lang = frame.lang;
    let pairs: Vec<&Pair> = shown.listed.pairs.iter().filter(|pair| pair.finding == Finding::Matched).collect();
    let total = Group::Matched.total(&shown.listed.pairs);
    html! {
        @if !pairs.is_empty() {
            details.sheet.queue.matched {
                summary { (Group::Matched.word(lang)) small.soft.num { (sums(lang, total)) } }
                (table(frame, shown, &pairs, None))
            }
        } @else if shown.listed.pairs.is_empty() && matches!(shown.listed.day.state, topup::reconcile::DayState::Here(_)) {
            section.sheet.queue {
                (empty(icon::DONE.draw(), &say!(lang, "day-empty"), &say!(lang, "day-empty-text"), html! {}))
            }
        }
    }
}

fn table(frame: &Frame, shown: &Shown, pairs: &[&Pair], problems: Option<&[(&str, String)]>) -> Markup {
    let lang = frame.lang;
    html! {
        table.table.pairs {
            thead { tr {
                th scope="col" { (say!(lang, "load-order")) }
                th.wide-only scope="col" { (say!(lang, "load-group")) }
                th.r scope="col" { (say!(lang, "pair-theirs")) }
                th.r scope="col" { (say!(lang, "pair-ours")) }
                @if problems.is_some() { th.wide-only scope="col" { (say!(lang, "pair-state")) } }
            } }
            tbody { @for pair in pairs.iter().take(MOST_ROWS) {
                (row(lang, shown, pair, problems.is_some()))
                @if let Some(problems) = problems { (what_next(frame, shown, pair, problems)) }
            } }
        }
        @if pairs.len() > MOST_ROWS { p.soft.none { (say!(lang, "pairs-more", n = MOST_ROWS)) } }
    }
}

fn row(lang: Lang, shown: &Shown, pair: &Pair, wrong: bool) -> Markup {
    let (theirs, ours) = (pair.theirs.as_ref(), pair.ours.as_ref());
    let order = theirs.and_then(|row| row.order.as_deref()).or_else(|| ours.map(|ours| ours.order.as_str()));
    let serial = theirs.map(|row| row.serial.as_str()).or_else(|| ours.and_then(|ours| ours.serial.as_deref()));
    let refund = theirs.map_or_else(|| ours.map(|ours| ours.what), |row| Some(row.what))
        == Some(topup::reconcile::file::What::Refund);
    let back = pair.finding == Finding::GivenBack;
    html! {
        tr.first[wrong] {
            td {
                @if back { span.num { (order.unwrap_or("—")) } } @else { (order_link(order, ours)) }
                @if refund { " " (tag(Tone::Plain, &say!(lang, "pair-refund"))) }
                @if let Some(serial) = serial { div.sub.num { (serial) } }
                @if back { div.sub { (say!(lang, "pair-gives-back")) " " (order_link(ours.map(|ours| ours.order.as_str()), ours)) } }
                @if let Some(row) = theirs { div.sub.num { (at(&row.at)) " · " (say!(lang, "pair-line", n = row.line)) } }
                @if let Some(name) = group(shown, ours) { div.sub.narrow-only { (name) } }
            }
            td.wide-only.group { (group(shown, ours).unwrap_or("—")) }
            td.r { (show::cell(theirs.map(|row| row.amount))) }
            // What was given back without us is no refund of ours.
            td.r { (show::cell(ours.filter(|ours| ours.moved && !back).map(|ours| ours.amount))) }
            @if wrong { td.wide-only { (standing(lang, difference(shown, pair))) } }
        }
    }
}

fn order_link(order: Option<&str>, ours: Option<&Ours>) -> Markup {
    let order = order.unwrap_or("—");
    html! {
        @if let Some(ours) = ours { a.num href={ "/office/deposits/" (ours.deposit) } { (order) } }
        @else { span.num { (order) } }
    }
}

/// `11-22 14:32:08` of `MMDDhhmmss`.
fn at(text: &str) -> String {
    let part = |from: usize| text.get(from..from.saturating_add(2)).unwrap_or_default();
    format!("{}-{} {}:{}:{}", part(0), part(2), part(4), part(6), part(8))
}

fn group<'s>(shown: &'s Shown, ours: Option<&Ours>) -> Option<&'s str> {
    shown.listed.groups.get(&ours?.group.0).map(String::as_str)
}

/// Under a pair that does not match: what that means, and how it is closed.
fn what_next(frame: &Frame, shown: &Shown, pair: &Pair, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let kind = pair.finding.as_str().unwrap_or_default();
    let (what, next) = words::finding(lang, kind);
    let difference = difference(shown, pair);
    html! {
        tr.second { td colspan="5" {
            p { b { (what) } " " span.soft { (next) } }
            div.narrow-only { (standing(lang, difference)) }
            @if let Some(difference) = difference { (closing(frame, shown, difference, problems)) }
        } }
    }
}

/// A difference that stands against no line: of the day's net, or over and done.
fn alone(frame: &Frame, shown: &Shown, difference: &Difference, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let (what, next) = words::finding(lang, &difference.kind);
    html! {
        div.line {
            b { (what) } (standing(lang, Some(difference)))
            @if let Some(amount) = difference.theirs.or(difference.ours) { span.num { (show::yuan(amount)) } }
            @if let Some(order) = &difference.order { span.num { (order) } }
            @if let Some(serial) = &difference.serial { span.sub.num { (serial) } }
        }
        @if difference.is_open() { p.soft { (next) } }
        (closing(frame, shown, difference, problems))
    }
}

/// What became of a difference.
fn standing(lang: Lang, difference: Option<&Difference>) -> Markup {
    let Some(difference) = difference else { return tag(Tone::Doubt, &say!(lang, "difference-new")) };
    match (difference.closed_at, difference.resolved_at) {
        (Some(_), _) => tag(Tone::Plain, &say!(lang, "difference-closed")),
        (None, Some(at)) => tag(Tone::Good, &say!(lang, "difference-resolved", at = show::date_time(at))),
        (None, None) => tag(Tone::Bad, &say!(lang, "difference-open")),
    }
}

/// Who closed it and why; or the form that closes it.
fn closing(frame: &Frame, shown: &Shown, difference: &Difference, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    if let (Some(at), Some(by), Some(why)) = (difference.closed_at, &difference.closed_by, &difference.closed_why) {
        return html! {
            @if difference.proposed_id.is_some() { (proposed(lang, difference)) }
            blockquote.closed { (why) footer.soft.num { (person(lang, by)) " · " (show::date_time(at)) }
                @if let Some(reference) = &difference.reference {
                    footer.soft { (say!(lang, "exception-reference")) " " span.num { (reference) } }
                }
            }
        };
    }
    if !difference.is_open() {
        return html! {};
    }
    let own = difference.proposed_id.is_some() && frame.staff().map(|staff| staff.id) == difference.proposed_id;
    html! {
        @if difference.proposed_id.is_some() { (proposed(lang, difference)) }
        @if own { p.soft { (say!(lang, "difference-own")) } }
        @else if may_do(frame) { (form(lang, shown, difference, problems)) }
    }
}

/// What one person said, where another has to say so too.
fn proposed(lang: Lang, difference: &Difference) -> Markup {
    let (by, why) = (difference.proposed_by.as_deref(), difference.proposed_why.as_deref());
    html! {
        blockquote.closed {
            b { (say!(lang, "difference-proposed")) } " " (why.unwrap_or_default())
            footer.soft.num { (person(lang, by.unwrap_or_default()))
                @if let Some(at) = difference.proposed_at { " · " (show::date_time(at)) } }
            // The number is not shown while another person has to read it themselves.
            @if difference.is_open() && difference.reference.is_some() {
                footer.soft { (say!(lang, "difference-proposed-moved")) }
            }
        }
    }
}

fn form(lang: Lang, shown: &Shown, difference: &Difference, problems: &[(&str, String)]) -> Markup {
    let name = field(difference.id);
    let typed = shown.refused.as_ref().filter(|(id, _)| *id == difference.id).map(|(_, sent)| sent);
    let wrong = problems.iter().find(|(field, _)| **field == name).map(|(_, problem)| problem.as_str());
    let two = difference.stake() > shown.limit;
    let submit = if two && difference.proposed_id.is_none() {
        say!(lang, "exception-propose")
    } else {
        say!(lang, "difference-close-submit")
    };
    let reference = format!("reference-{}", difference.id);
    html! {
        details.close open[typed.is_some()] {
            summary { (say!(lang, "difference-close")) }
            form.stack method="post" action={ "/office/reconcile/differences/" (difference.id) } {
                input type="hidden" name="day" value=(shown.listed.day.day);
                (reason(lang, &name, typed.map(|typed| typed.reason.as_str()).unwrap_or_default(), wrong))
                label.tick {
                    input type="checkbox" name="moved" value="yes" checked[typed.is_some_and(|typed| typed.moved == "yes")];
                    span { (say!(lang, "difference-moved")) }
                }
                div.field {
                    label for=(reference) { (say!(lang, "exception-reference")) }
                    input id=(reference) name="reference" autocomplete="off"
                        value=(typed.map(|typed| typed.reference.as_str()).unwrap_or_default());
                }
                button.button { (submit) }
                @if two { p.soft.small { (say!(lang, "difference-two", limit = show::yuan(shown.limit))) } }
            }
        }
    }
}

fn reason(lang: Lang, id: &str, typed: &str, wrong: Option<&str>) -> Markup {
    let wrong_id = format!("{id}-wrong");
    html! {
        div.field {
            label for=(id) { (say!(lang, "reason")) }
            p.hint { (say!(lang, "difference-reason-hint", most = MOST_REASON)) }
            @if let Some(wrong) = wrong { p.wrong id=(wrong_id) { (icon::BAD.draw()) (wrong) } }
            input id=(id) name="reason" value=(typed) autocomplete="off" aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| &wrong_id)];
        }
    }
}

/// The id of a difference's field.
pub(super) fn field(difference: i64) -> String {
    format!("reason-{difference}")
}

/// Who, by login and name.
pub(super) fn person(lang: Lang, name: &str) -> String {
    if name == audit::SYSTEM { say!(lang, "actor-system") } else { name.to_owned() }
}

/// The row that keeps what became of a pair: the open one, else the last.
fn difference<'s>(shown: &'s Shown, pair: &Pair) -> Option<&'s Difference> {
    let of_pair = || shown.listed.differences.iter().filter(|difference| stands_for(difference, pair));
    of_pair().find(|difference| difference.is_open()).or_else(|| of_pair().next_back())
}

fn stands_for(difference: &Difference, pair: &Pair) -> bool {
    pair.finding.as_str() == Some(difference.kind.as_str()) && pair.subject() == difference.subject
}
