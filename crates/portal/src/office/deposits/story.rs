//! What else there is to tell of a deposit: the request, every step, its refunds and its movements.

use maud::{Markup, html};
use topup::deposits::{Exception, Happened, LISTED, Moved, Refund, RefundState, Story};

use super::{decide, words};
use crate::deposits::form::payer_word;
use crate::look::{Tone, fact, notice, show, tag};
use crate::office::exceptions;
use crate::records::words::account;
use crate::words::{Lang, say};

/// What does not fit and is open, above everything else.
pub(crate) fn unfit(lang: Lang, story: &Story) -> Markup {
    html! {
        @for exception in decide::open(story) {
            (notice(Tone::Bad, &words::kind(lang, exception.kind), html! {
                (exceptions::words::what(lang, exception)) " "
                a href=(exceptions::path(exception.id)) { (say!(lang, "exception-can")) }
            }))
        }
    }
}

/// The sections below the decision.
pub(crate) fn draw(lang: Lang, story: &Story, moved: &[Moved]) -> Markup {
    html! {
        div.halves {
            div.stack {
                section.sheet.pad.stack { h2 { (say!(lang, "office-deposit-request")) } (request(lang, story)) }
                @if !story.refunds.is_empty() { (refunds(lang, story)) }
                (movements(lang, moved))
            }
            section.sheet.pad.stack { h2 { (say!(lang, "office-deposit-story")) } (timeline(lang, story)) }
        }
        (raw(lang, story))
    }
}

fn request(lang: Lang, story: &Story) -> Markup {
    let deposit = &story.deposit;
    let remark = if deposit.remark.is_empty() { "—" } else { deposit.remark.as_str() };
    let time = |at| html! { span.num { (show::date_time(at)) } };
    html! {
        dl.facts {
            (fact(&say!(lang, "load-group"), story.group.as_str()))
            (fact(&say!(lang, "load-operator"), story.operator.as_str()))
            (fact(&say!(lang, "deposit-payer"), payer_word(lang, deposit.payer)))
            (fact(&say!(lang, "deposit-amount"), show::money(deposit.amount)))
            (fact(&say!(lang, "deposit-remark"), remark))
            (fact(&say!(lang, "deposit-confirmed-at"), time(deposit.created_at)))
            (fact(&say!(lang, "deposit-until"), time(deposit.expires_at)))
        }
    }
}

/// Every step, who took it and when.
fn timeline(lang: Lang, story: &Story) -> Markup {
    html! {
        ol.timeline { @for event in &story.events {
            li {
                span.sub.num { (show::date_time(event.at)) " · " (words::who(lang, &event.by)) }
                span { (words::step(lang, &event.what)) }
                @if let Some(exception) = of_event(story, &event.what) {
                    a.small href=(exceptions::path(exception.id)) { (say!(lang, "exception-number")) " " span.num { (exception.id.0) } }
                }
            }
        } }
    }
}

/// The exception that a step is about.
fn of_event<'a>(story: &'a Story, what: &Happened) -> Option<&'a Exception> {
    let (Happened::Unfit { exception, .. } | Happened::Closed { exception, .. }) = what else { return None };
    story.exceptions.iter().find(|found| found.id == *exception)
}

/// Each refund, step by step: asked for, taken on, gone back.
fn refunds(lang: Lang, story: &Story) -> Markup {
    html! {
        section.sheet.pad.stack id="refund" {
            h2 { (say!(lang, "office-deposit-refund")) }
            @for refund in &story.refunds { (one_refund(lang, refund)) }
        }
    }
}

fn one_refund(lang: Lang, refund: &Refund) -> Markup {
    let (tone, word) = words::refund(lang, refund.state);
    let ended = match refund.state {
        RefundState::Failed => {
            let (code, said) = refund.failure.clone().unwrap_or_default();
            words::not_refunded(lang, &code, &said)
        }
        RefundState::Due | RefundState::Accepted | RefundState::Refunded => say!(lang, "refund-done"),
    };
    let step = |done: bool, word: &str, at: Option<topup::Micros>| {
        html! {
            li.done[done] {
                span { (word) }
                span.sub.num { @if let Some(at) = at { (show::date_time(at)) } @else { (say!(lang, "refund-next")) } }
            }
        }
    };
    // Of such a one the bank was never asked.
    let listed = refund.failure.as_ref().is_some_and(|(code, _)| code == LISTED);
    html! {
        article.attempt {
            p { b.num { (refund.order) } " " (show::money(refund.amount)) " " (tag(tone, &word)) }
            ol.refund-steps {
                @if !listed { (step(true, &say!(lang, "office-deposit-refund-asked"), Some(refund.created_at))) }
                @if refund.state != RefundState::Failed || refund.accepted_at.is_some() {
                    (step(refund.accepted_at.is_some(), &say!(lang, "refund-accepted"), refund.accepted_at))
                }
                (step(refund.ended_at.is_some(), &ended, refund.ended_at))
            }
            @if let Some(serial) = &refund.serial {
                p.sub { (say!(lang, "compare-serial")) " " span.num { (serial) } }
            }
        }
    }
}

fn movements(lang: Lang, moved: &[Moved]) -> Markup {
    html! {
        section.sheet.queue aria-labelledby="moved" {
            h2 id="moved" { (say!(lang, "office-deposit-moved")) }
            @if moved.is_empty() { p.soft.none { (say!(lang, "office-deposit-moved-none")) } } @else {
                p.soft.none { (say!(lang, "office-deposit-moved-text")) }
                table.table.reviews {
                    tbody { @for movement in moved { tr {
                        td { (account(lang, movement.from)) " → " (account(lang, movement.to))
                            div.sub.num { (show::date_time(movement.at)) " · #" (movement.id) } }
                        td.r { (movement.amount) }
                    } } }
                }
            }
        }
    }
}

/// The fields of the bank's notifications, for those who look into it.
fn raw(lang: Lang, story: &Story) -> Markup {
    let told: Vec<_> = story
        .events
        .iter()
        .filter_map(|event| {
            let (Happened::Notified { fields, .. } | Happened::RefundNotified { fields, .. }) = &event.what else {
                return None;
            };
            Some((event.at, fields))
        })
        .collect();
    html! {
        @if !told.is_empty() {
            section.sheet.pad.stack.evidence {
                details {
                    summary { (say!(lang, "office-deposit-raw")) }
                    p.soft { (say!(lang, "office-deposit-raw-text")) }
                    @for (at, fields) in told {
                        h3.num { (show::date_time(at)) }
                        dl.facts { @for (name, value) in fields { (fact(name, html! { code.raw { (value) } })) } }
                    }
                }
            }
        }
    }
}
