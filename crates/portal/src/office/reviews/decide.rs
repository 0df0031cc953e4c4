//! The page of one load: what is to be decided, who may, and below it the evidence.

use maud::{Markup, html};
use topup::Micros;
use topup::loads::{Reason, State};
use topup::people::staff::StaffPermission;
use topup::reviews::{Dossier, MOST_REASON, Review};

use super::{evidence, path, words};
use crate::loads::view::{reason as why_in_doubt, state_tag};
use crate::look::{Field, Frame, Tone, hidden, notice, show, summary, tag};
use crate::words::{Lang, say};

/// What was typed before the page came back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Typed<'a> {
    pub(crate) reason: &'a str,
    pub(crate) verdict: &'a str,
}

/// The page, read at `now`.
pub(crate) fn page(
    frame: &Frame,
    dossier: &Dossier,
    now: Micros,
    typed: &Typed<'_>,
    problems: &[(&str, String)],
) -> Markup {
    let (lang, load) = (frame.lang, &dossier.load);
    let order = load.order.to_string();
    let body = html! {
        div.heading {
            div {
                h1 { (show::yuan(load.amount)) " · " (show::card(&load.card)) }
                p.soft { span.num { (order) } " · " (dossier.group) }
            }
            div { (state_tag(lang, load.holds())) }
        }
        (summary(lang, problems))
        (contradiction(frame, dossier, typed, problems))
        section.sheet.pad.stack.decision id="decision" {
            h2 { (say!(lang, "review-decision")) }
            (standing(lang, dossier, now))
            (history(lang, &dossier.reviews))
            (forms(frame, dossier, typed, problems))
        }
        (evidence::draw(lang, dossier))
        p { a href=(super::LIST) { (say!(lang, "back-reviews")) } }
    };
    frame.page(format!("{} {order}", say!(lang, "section-reviews")), body).draw()
}

/// Where the load stands, in a sentence.
fn standing(lang: Lang, dossier: &Dossier, now: Micros) -> Markup {
    let load = &dossier.load;
    let held = show::yuan(load.amount);
    match (load.state, load.reason, dossier.due) {
        (State::Unknown, why, due) => html! {
            (notice(Tone::Doubt, &say!(lang, "unknown-title"), html! {
                @if let Some(why) = why { (why_in_doubt(lang, why)) " " }
                (say!(lang, "review-held", amount = held,
                    age = show::age(lang, dossier.held_at.unwrap_or(load.created_at), now)))
                @if let Some(due) = due { br; (words::due(lang, due)) }
            }))
        },
        (State::Succeeded, Some(Reason::DecidedWritten), _) => {
            notice(Tone::Plain, &say!(lang, "review-decided"), say!(lang, "reason-decided-written"))
        }
        (State::Failed, Some(Reason::DecidedNotWritten), _) => {
            notice(Tone::Plain, &say!(lang, "review-decided"), say!(lang, "reason-decided-not-written"))
        }
        (State::Succeeded, ..) => notice(Tone::Good, &say!(lang, "review-proven"), say!(lang, "review-proven-written")),
        (State::Failed, why, _) => notice(
            Tone::Plain,
            &say!(lang, "failed-title"),
            why.map_or_else(|| say!(lang, "failed-text"), |why| why_in_doubt(lang, why)),
        ),
        (State::Authorised, ..) => notice(Tone::Plain, &say!(lang, "authorised-title"), say!(lang, "authorised-text")),
    }
}

/// What was proposed and answered so far.
fn history(lang: Lang, reviews: &[Review]) -> Markup {
    html! {
        @if !reviews.is_empty() {
            ol.said { @for review in reviews {
                li {
                    p {
                        b { (review.name) } " " (say!(lang, "review-proposed")) " "
                        (tag(Tone::Plain, &words::verdict(lang, review.written)))
                        " " span.sub.num { (show::date_time(review.at)) }
                    }
                    blockquote { (review.reason) }
                    @if let Some(answer) = &review.answer {
                        p {
                            b { (answer.name) } " "
                            @if answer.confirmed { (tag(Tone::Good, &say!(lang, "review-confirmed"))) }
                            @else { (tag(Tone::Bad, &say!(lang, "review-declined"))) }
                            " " span.sub.num { (show::date_time(answer.at)) }
                        }
                        blockquote { (answer.reason) }
                    }
                }
            } }
        }
    }
}

/// What whoever looks can do now; if nothing, why.
fn forms(frame: &Frame, dossier: &Dossier, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    if dossier.load.state != State::Unknown {
        return html! {};
    }
    let Some(staff) = frame.staff().filter(|staff| staff.role.may(StaffPermission::ReviewLoads)) else {
        return html! { p.soft { (say!(lang, "review-role")) } };
    };
    match dossier.reviews.last().filter(|review| review.answer.is_none()) {
        None => propose(lang, dossier, typed, problems),
        Some(review) if review.by == staff.id => html! {
            div.greyed aria-disabled="true" { (notice(Tone::Plain, &say!(lang, "review-own-waits"), say!(lang, "review-own"))) }
        },
        Some(review) => answer(lang, dossier, review, typed, problems),
    }
}

fn propose(lang: Lang, dossier: &Dossier, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let amount = show::yuan(dossier.load.amount);
    let wrong = problems.iter().any(|(field, _)| *field == "verdict");
    let choice = |value: &str, word: String, what: String| {
        html! {
            label.choice {
                input type="radio" name="verdict" value=(value) required checked[typed.verdict == value];
                span { b { (word) } small.soft { (what) } }
            }
        }
    };
    html! {
        form.stack method="post" action={ (path(dossier.load.order)) "/proposal" } {
            h3 { (say!(lang, "review-propose")) }
            fieldset.choices id="verdict" aria-invalid=[wrong.then_some("true")] {
                legend { (say!(lang, "review-what")) }
                (choice("written", words::verdict(lang, true), say!(lang, "review-written-what", amount = amount.as_str())))
                (choice("not-written", words::verdict(lang, false), say!(lang, "review-not-written-what", amount = amount.as_str())))
            }
            (because(lang, typed, problems))
            div { button.button.main { (say!(lang, "review-propose-submit")) } }
            p.soft.small { (say!(lang, "review-propose-hint")) }
        }
    }
}

/// The question before the money moves: what moves where, a tick that the evidence was looked at, and why.
fn answer(lang: Lang, dossier: &Dossier, review: &Review, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let amount = show::yuan(dossier.load.amount);
    let moves = if review.written {
        say!(lang, "review-written-what", amount = amount.as_str())
    } else {
        say!(lang, "review-not-written-what", amount = amount.as_str())
    };
    let wrong = problems.iter().any(|(field, _)| *field == "looked");
    html! {
        form.stack method="post" action={ (path(dossier.load.order)) "/answer" } {
            h3 { (say!(lang, "review-answer", who = review.name.as_str(), verdict = words::verdict(lang, review.written))) }
            (hidden("number", review.number))
            (notice(Tone::Doubt, &say!(lang, "review-moves"), moves))
            (because(lang, typed, problems))
            label.tick { input type="checkbox" id="looked" name="looked" value="yes" aria-invalid=[wrong.then_some("true")];
                span { (say!(lang, "review-looked")) } }
            div.either {
                button.button name="verdict" value="decline" { (say!(lang, "review-decline")) }
                button.button.main name="verdict" value="confirm" { (say!(lang, "review-confirm")) }
            }
        }
    }
}

fn because(lang: Lang, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    Field::new("reason", say!(lang, "reason"), "text", "off")
        .hint(say!(lang, "review-reason-hint", most = MOST_REASON))
        .value(typed.reason)
        .wrong(problems)
        .draw()
}

/// A proof that contradicts how the load had ended, what was done about it, and the form that puts the alarm away.
fn contradiction(frame: &Frame, dossier: &Dossier, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let (lang, load) = (frame.lang, &dossier.load);
    let Some(since) = load.proven_since else { return html! {} };
    let amount = show::yuan(load.amount);
    let text = match (since.written, since.owed) {
        (true, true) => say!(lang, "correction-owed", amount = amount),
        (true, false) => say!(lang, "correction-written", amount = amount),
        (false, _) => say!(lang, "correction-not-written", amount = amount),
    };
    let may_close = frame.staff().is_some_and(|staff| staff.role.may(StaffPermission::ReviewLoads));
    let tone = if dossier.alarm.is_some() { Tone::Bad } else { Tone::Plain };
    html! {
        section.sheet.pad.stack.alarm[dossier.alarm.is_some()] {
            (notice(tone, &say!(lang, "contradiction"), html! {
                (text) br; span.sub.num { (show::date_time(since.at)) }
            }))
            @if let Some(alarm) = dossier.alarm.as_ref().filter(|_| may_close && !since.owed) {
                form.stack method="post" action={ (path(load.order)) "/alarms/" (alarm.id) } {
                    (Field::new("reason", say!(lang, "alarm-close-reason"), "text", "off")
                        .value(typed.reason).wrong(problems).draw())
                    div { button.button { (say!(lang, "alarm-close")) } }
                }
            }
        }
    }
}
