//! What happened to a deposit, step by step, in the words of its group.

use maud::{Markup, html};
use topup::deposits::{By, Event, Happened, LISTED, OTHER_AMOUNT, Told};

use crate::look::show;
use crate::words::{Lang, say};

/// The steps, first to last. What staff weigh among themselves is not the group's.
pub(crate) fn steps(lang: Lang, events: &[Event]) -> Markup {
    html! {
        ol.timeline {
            @for event in events {
                @if let Some(words) = words(lang, &event.what) {
                    li { b { (words) } small.soft.num { (show::date_time(event.at)) " · " (who(lang, &event.by)) } }
                }
            }
        }
    }
}

fn who(lang: Lang, by: &By) -> String {
    match by {
        By::Operator(name) => name.clone(),
        By::Staff(_) => say!(lang, "deposit-by-staff"),
        By::Gateway => say!(lang, "deposit-by-bank"),
        By::System => say!(lang, "deposit-by-system"),
    }
}

pub(crate) fn words(lang: Lang, what: &Happened) -> Option<String> {
    Some(match what {
        Happened::Confirmed => say!(lang, "deposit-step-confirmed"),
        Happened::Sent => say!(lang, "deposit-step-sent"),
        Happened::Returned => say!(lang, "deposit-step-returned"),
        Happened::Notified { told, .. } => say!(lang, "deposit-step-notified", told = said(lang, told)),
        Happened::Asked { told } => say!(lang, "deposit-step-asked", told = said(lang, told)),
        Happened::InFile { .. } => say!(lang, "deposit-step-in-file"),
        Happened::Paid { amount, late: false, .. } => say!(lang, "deposit-step-paid", amount = show::yuan(*amount)),
        Happened::Paid { amount, late: true, .. } => say!(lang, "deposit-step-paid-late", amount = show::yuan(*amount)),
        Happened::Failed { words, .. } => say!(lang, "deposit-step-failed", words = words.as_str()),
        Happened::Expired => say!(lang, "deposit-step-expired"),
        Happened::Approved { .. } => say!(lang, "deposit-step-approved"),
        Happened::Rejected { reason } => say!(lang, "deposit-step-rejected", reason = reason.as_str()),
        Happened::RefundDue { .. } => say!(lang, "deposit-step-refund-due"),
        Happened::RefundAccepted { .. } => say!(lang, "deposit-step-refund-accepted"),
        Happened::Refunded { serial, .. } => say!(lang, "deposit-step-refunded", serial = serial.as_str()),
        Happened::RefundFailed { code, .. } if code == OTHER_AMOUNT => say!(lang, "deposit-step-refund-in-part"),
        Happened::RefundFailed { code, .. } if code == LISTED => say!(lang, "deposit-step-refund-listed"),
        Happened::RefundFailed { .. } => say!(lang, "deposit-step-refund-failed"),
        Happened::GivenBack { amount, .. } => say!(lang, "deposit-step-given-back", amount = show::yuan(*amount)),
        Happened::TakenBack { amount, .. } => say!(lang, "deposit-step-taken-back", amount = show::yuan(*amount)),
        Happened::Unfit { .. } => say!(lang, "deposit-step-unfit"),
        Happened::Closed { .. } => say!(lang, "deposit-step-closed"),
        Happened::Proposed { .. } | Happened::Declined { .. } | Happened::RefundNotified { .. } => return None,
    })
}

/// What the gateway said.
pub(crate) fn said(lang: Lang, told: &Told) -> String {
    match told {
        Told::Done { amount, .. } => say!(lang, "deposit-told-done", amount = show::yuan(*amount)),
        Told::Pending { .. } => say!(lang, "deposit-told-pending"),
        Told::NotFound => say!(lang, "deposit-told-not-found"),
        Told::Failed { words, .. } => say!(lang, "deposit-told-failed", words = words.as_str()),
        Told::NoAnswer { .. } => say!(lang, "deposit-told-no-answer"),
        Told::NotSetUp => say!(lang, "deposit-told-not-set-up"),
    }
}
