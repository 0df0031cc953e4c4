//! The page of one load: what is to be decided, who may, and below it the evidence.

use maud::{Markup, html};
use topup::Micros;
use topup::loads::{Reason, State};
use topup::people::staff::StaffPermission;
use topup::reviews::{Dossier, Review};
use topup::two_people::MOST_REASON;

use super::{evidence, path, words};
use crate::loads::view::{reason as why_in_doubt, state_tag};
use crate::look::{Field, Frame, Tone, hidden, notice, show, summary, tag};
use crate::office::two_people::{Typed, because, choices, either, no_form, proposed, said, tick};
use crate::words::{Lang, say};

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
            ol.said { @for review in reviews { li {
                (proposed(lang, &review.name, &words::verdict(lang, review.written), review.at, &review.reason))
                @if let Some(answer) = &review.answer {
                    @let (tone, word) = if answer.confirmed {
                        (Tone::Good, say!(lang, "review-confirmed"))
                    } else {
                        (Tone::Bad, say!(lang, "review-declined"))
                    };
                    (said(&answer.name, tag(tone, &word), answer.at, &answer.reason))
                }
            } } }
        }
    }
}

/// What whoever looks can do now; if nothing, why.
fn forms(frame: &Frame, dossier: &Dossier, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    if dossier.load.state != State::Unknown {
        return html! {};
    }
    let open = dossier.reviews.last().filter(|review| review.answer.is_none());
    let instead = (say!(lang, "review-role"), say!(lang, "review-own-waits"), say!(lang, "review-own"));
    if let Some(why) = no_form(frame, StaffPermission::ReviewLoads, open.map(|review| review.by), instead) {
        return why;
    }
    match open {
        None => propose(lang, dossier, typed, problems),
        Some(review) => answer(lang, dossier, review, typed, problems),
    }
}

fn propose(lang: Lang, dossier: &Dossier, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let amount = show::yuan(dossier.load.amount);
    let legend = html! { legend { (say!(lang, "review-what")) } };
    let either = [
        ("written", words::verdict(lang, true), say!(lang, "review-written-what", amount = amount.as_str())),
        ("not-written", words::verdict(lang, false), say!(lang, "review-not-written-what", amount = amount.as_str())),
    ];
    html! {
        form.stack method="post" action={ (path(dossier.load.order)) "/proposal" } {
            h3 { (say!(lang, "review-propose")) }
            (choices("verdict", &legend, &either, typed, problems))
            (because(lang, hint(lang), typed, problems))
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
    html! {
        form.stack method="post" action={ (path(dossier.load.order)) "/answer" } {
            h3 { (say!(lang, "review-answer", who = review.name.as_str(), verdict = words::verdict(lang, review.written))) }
            (hidden("number", review.number))
            (notice(Tone::Doubt, &say!(lang, "review-moves"), moves))
            (because(lang, hint(lang), typed, problems))
            (tick("looked", &say!(lang, "review-looked"), problems))
            (either(&say!(lang, "review-decline"), Some(&say!(lang, "review-confirm"))))
        }
    }
}

fn hint(lang: Lang) -> String {
    say!(lang, "review-reason-hint", most = MOST_REASON)
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
