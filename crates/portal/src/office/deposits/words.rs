//! What the office says of deposits. The steps and states that a group sees too are the group's own words.

use maud::Markup;
use topup::deposits::{
    By, ExceptionKind, Happened, LISTED, NO_GATEWAY, OTHER_AMOUNT, Outcome, RefundState, Refused, Told, Tray,
};
use topup::two_people::{MOST_REASON, MOST_REFERENCE, Refused as Rule};
use topup::{Fen, Micros};

use crate::deposits::steps;
use crate::look::{Tone, show, tag};
use crate::words::{Lang, say};

/// After so long a deposit stands out, in hours: a working day has gone by.
const LONG_H: i64 = 24;

/// After so long it is far too long, in hours: people are used to three working days, and it must not be more.
const TOO_LONG_H: i64 = 72;

/// How long something waits; when long, so that it is seen.
pub(crate) fn waited(lang: Lang, since: Micros, now: Micros) -> Markup {
    let age = show::age(lang, since, now);
    let hours = now.0.saturating_sub(since.0) / 3_600_000_000;
    if hours >= TOO_LONG_H {
        tag(Tone::Bad, &age)
    } else if hours >= LONG_H {
        tag(Tone::Doubt, &age)
    } else {
        maud::html! { (age) }
    }
}

/// A tray's name.
pub(crate) fn tray(lang: Lang, tray: Tray) -> String {
    match tray {
        Tray::Waiting => say!(lang, "tray-waiting"),
        Tray::Second => say!(lang, "tray-second"),
        Tray::Refunds => say!(lang, "tray-refunds"),
        Tray::Done => say!(lang, "tray-done"),
    }
}

/// To approve or to reject.
pub(crate) fn verdict(lang: Lang, approve: bool) -> String {
    if approve { say!(lang, "office-deposit-approve") } else { say!(lang, "office-deposit-reject") }
}

/// What a decision does with the money.
pub(crate) fn moves(lang: Lang, approve: bool, amount: Fen, group: &str) -> String {
    let amount = show::yuan(amount);
    if approve {
        say!(lang, "office-deposit-approve-what", amount = amount, group = group)
    } else {
        say!(lang, "office-deposit-reject-what", amount = amount)
    }
}

/// What does not fit.
pub(crate) fn kind(lang: Lang, kind: ExceptionKind) -> String {
    match kind {
        ExceptionKind::Late => say!(lang, "unfit-late"),
        ExceptionKind::WrongAmount => say!(lang, "unfit-wrong-amount"),
        ExceptionKind::UnknownOrder => say!(lang, "unfit-unknown-order"),
        ExceptionKind::DuplicateSerial => say!(lang, "unfit-duplicate-serial"),
        ExceptionKind::Contradiction => say!(lang, "unfit-contradiction"),
        ExceptionKind::ReturnedLate => say!(lang, "unfit-returned-late"),
        ExceptionKind::GoneBack => say!(lang, "unfit-gone-back"),
        ExceptionKind::RefundFailed => say!(lang, "unfit-refund-failed"),
        ExceptionKind::RefundContradiction => say!(lang, "unfit-refund-contradiction"),
    }
}

/// What a person made of it.
pub(crate) fn outcome(lang: Lang, kind: ExceptionKind, outcome: Outcome) -> String {
    match outcome {
        Outcome::Credited => say!(lang, "outcome-credited"),
        Outcome::Refund if kind == ExceptionKind::RefundFailed => say!(lang, "outcome-refund"),
        Outcome::Refund => say!(lang, "outcome-refund-done"),
        Outcome::ReturnedOtherwise => say!(lang, "outcome-returned-otherwise"),
        Outcome::Nothing => say!(lang, "outcome-nothing"),
    }
}

/// Who did a step.
pub(crate) fn who(lang: Lang, by: &By) -> String {
    match by {
        By::Operator(name) | By::Staff(name) => name.clone(),
        By::Gateway => say!(lang, "deposit-by-bank"),
        By::System => say!(lang, "deposit-by-system"),
    }
}

/// A step: what staff said among themselves too, with numbers and codes.
pub(crate) fn step(lang: Lang, what: &Happened) -> String {
    match what {
        Happened::Proposed { approve, reason, .. } => {
            say!(lang, "step-proposed", verdict = verdict(lang, *approve), reason = reason.as_str())
        }
        Happened::Declined { reason, .. } => say!(lang, "step-declined", reason = reason.as_str()),
        Happened::Approved { reason, reference: None } => say!(lang, "step-approved", reason = reason.as_str()),
        Happened::Approved { reason, reference: Some(reference) } => {
            say!(lang, "step-approved-vouched", reason = reason.as_str(), reference = reference.as_str())
        }
        Happened::Rejected { reason } => say!(lang, "step-rejected", reason = reason.as_str()),
        Happened::RefundDue { refund } => say!(lang, "step-refund-due", refund = refund.as_str()),
        Happened::RefundNotified { told, .. } => {
            say!(lang, "step-refund-notified", told = refund_told(lang, told))
        }
        Happened::RefundFailed { code, words, .. } => not_refunded(lang, code, words),
        Happened::GivenBack { file, refund, serial, amount } => say!(
            lang,
            "step-given-back",
            file = file.as_str(),
            refund = refund.as_str(),
            serial = serial.as_str(),
            amount = show::yuan(*amount)
        ),
        Happened::TakenBack { amount, reference } => {
            say!(lang, "step-taken-back", amount = show::yuan(*amount), reference = reference.as_str())
        }
        Happened::Unfit { kind: unfit, .. } => say!(lang, "step-unfit", kind = kind(lang, *unfit)),
        Happened::Closed { kind: unfit, outcome: made, reason, .. } => say!(
            lang,
            "step-closed",
            kind = kind(lang, *unfit),
            outcome = outcome(lang, *unfit, *made),
            reason = reason.as_str()
        ),
        Happened::Confirmed
        | Happened::Sent
        | Happened::Returned
        | Happened::Notified { .. }
        | Happened::Asked { .. }
        | Happened::InFile { .. }
        | Happened::Paid { .. }
        | Happened::Failed { .. }
        | Happened::Expired
        | Happened::RefundAccepted { .. }
        | Happened::Refunded { .. } => steps::words(lang, what).unwrap_or_default(),
    }
}

/// Why a refund failed; of one that was done with another amount the words are both amounts.
pub(crate) fn not_refunded(lang: Lang, code: &str, words: &str) -> String {
    if code == NO_GATEWAY {
        say!(lang, "refund-no-gateway")
    } else if code == LISTED {
        say!(lang, "refund-listed", amounts = words)
    } else if code == OTHER_AMOUNT {
        say!(lang, "refund-other-amount", amounts = words)
    } else {
        say!(lang, "refund-failed", words = words, code = code)
    }
}

/// What the gateway said of a refund.
pub(crate) fn refund_told(lang: Lang, told: &Told) -> String {
    match told {
        Told::Done { serial, amount } => {
            say!(lang, "told-refunded", amount = show::yuan(*amount), serial = serial.as_str())
        }
        Told::Failed { words, .. } => say!(lang, "told-refund-failed", words = words.as_str()),
        Told::Pending { .. } | Told::NotFound | Told::NoAnswer { .. } | Told::NotSetUp => steps::said(lang, told),
    }
}

/// Where a refund stands.
pub(crate) fn refund(lang: Lang, state: RefundState) -> (Tone, String) {
    match state {
        RefundState::Due => (Tone::Doubt, say!(lang, "refund-due")),
        RefundState::Accepted => (Tone::Doubt, say!(lang, "refund-accepted")),
        RefundState::Refunded => (Tone::Good, say!(lang, "refund-done")),
        RefundState::Failed => (Tone::Bad, say!(lang, "unfit-refund-failed")),
    }
}

/// Why something was not taken, where the page itself does not say more.
pub(crate) fn refused(lang: Lang, why: Refused, reason: &str) -> String {
    match why {
        Refused::Rule(Rule::Role) => say!(lang, "office-deposit-role"),
        Refused::Rule(Rule::NoReason) => say!(lang, "office-deposit-no-reason"),
        Refused::Rule(Rule::LongReason) => {
            let count = reason.trim().chars().count();
            say!(lang, "office-deposit-long-reason", most = MOST_REASON, count = count)
        }
        Refused::Rule(Rule::Own) => say!(lang, "office-deposit-own"),
        Refused::Rule(Rule::Settled | Rule::Proposed | Rule::NoProposal | Rule::Answered) => {
            say!(lang, "office-deposit-was-changed")
        }
        Refused::Rule(Rule::Left) => say!(lang, "office-deposit-left"),
        Refused::Unseen => say!(lang, "office-deposit-new-unfit"),
        Refused::Unanswered => say!(lang, "office-deposit-unanswered"),
        Refused::NotThere => say!(lang, "office-deposit-not-there"),
        Refused::NoReference => say!(lang, "office-deposit-no-reference"),
        Refused::LongReference => say!(lang, "exception-long-reference", most = MOST_REFERENCE),
        Refused::OtherReference => say!(lang, "office-deposit-other-reference"),
        Refused::Unvouched => say!(lang, "office-deposit-unvouched"),
    }
}
