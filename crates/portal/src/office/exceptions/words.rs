//! What does not fit, in words: what happened, where the money is, what can be done.

use topup::deposits::{Exception, ExceptionKind, Outcome};

use crate::look::show;
use crate::words::{Lang, say};

/// What happened.
pub(crate) fn what(lang: Lang, exception: &Exception) -> String {
    match exception.kind {
        ExceptionKind::Late => say!(lang, "unfit-late-what"),
        ExceptionKind::WrongAmount => say!(lang, "unfit-wrong-amount-what"),
        ExceptionKind::UnknownOrder => say!(lang, "unfit-unknown-order-what"),
        ExceptionKind::DuplicateSerial => say!(lang, "unfit-duplicate-serial-what"),
        ExceptionKind::Contradiction => say!(lang, "unfit-contradiction-what"),
        ExceptionKind::ReturnedLate => say!(lang, "unfit-returned-late-what"),
        ExceptionKind::GoneBack => say!(lang, "unfit-gone-back-what"),
        ExceptionKind::RefundFailed => {
            let words = exception.evidence.get("words").and_then(|words| words.as_str()).unwrap_or("—");
            say!(lang, "unfit-refund-failed-what", words = words)
        }
        ExceptionKind::RefundContradiction => say!(lang, "unfit-refund-contradiction-what"),
    }
}

/// Where the money is now.
pub(crate) fn place(lang: Lang, exception: &Exception) -> String {
    let group = exception.group.as_deref().unwrap_or_default();
    if exception.closed.is_some() && exception.booked {
        return say!(lang, "where-decided");
    }
    match exception.kind {
        ExceptionKind::Late | ExceptionKind::WrongAmount => say!(lang, "where-review", group = group),
        ExceptionKind::RefundFailed => say!(lang, "where-refunds", group = group),
        ExceptionKind::ReturnedLate => say!(lang, "where-bank-back"),
        ExceptionKind::GoneBack => say!(lang, "where-gone-back", group = group),
        ExceptionKind::UnknownOrder
        | ExceptionKind::DuplicateSerial
        | ExceptionKind::Contradiction
        | ExceptionKind::RefundContradiction => say!(lang, "where-nowhere"),
    }
}

/// The same in a word or two, for a column of a list.
pub(crate) fn place_short(lang: Lang, exception: &Exception) -> String {
    if exception.closed.is_some() {
        return place(lang, exception);
    }
    match exception.kind {
        ExceptionKind::Late | ExceptionKind::WrongAmount => say!(lang, "account-deposits-in-review"),
        ExceptionKind::RefundFailed => say!(lang, "account-refunds-due"),
        ExceptionKind::ReturnedLate => say!(lang, "where-bank-back-short"),
        ExceptionKind::GoneBack => say!(lang, "where-gone-back-short"),
        ExceptionKind::UnknownOrder
        | ExceptionKind::DuplicateSerial
        | ExceptionKind::Contradiction
        | ExceptionKind::RefundContradiction => say!(lang, "where-nowhere-short"),
    }
}

/// What a person can do.
pub(crate) fn can(lang: Lang, kind: ExceptionKind) -> String {
    match kind {
        ExceptionKind::Late => say!(lang, "unfit-late-can"),
        ExceptionKind::WrongAmount => say!(lang, "unfit-wrong-amount-can"),
        ExceptionKind::UnknownOrder => say!(lang, "unfit-unknown-order-can"),
        ExceptionKind::DuplicateSerial => say!(lang, "unfit-duplicate-serial-can"),
        ExceptionKind::Contradiction => say!(lang, "unfit-contradiction-can"),
        ExceptionKind::ReturnedLate => say!(lang, "unfit-returned-late-can"),
        ExceptionKind::GoneBack => say!(lang, "unfit-gone-back-can"),
        ExceptionKind::RefundFailed => say!(lang, "unfit-refund-failed-can"),
        ExceptionKind::RefundContradiction => say!(lang, "unfit-refund-contradiction-can"),
    }
}

/// What an outcome does with the money.
pub(crate) fn moves(lang: Lang, exception: &Exception, outcome: Outcome) -> String {
    let amount = show::yuan(exception.amount);
    match outcome {
        Outcome::Credited => say!(lang, "outcome-credited-what", amount = amount),
        Outcome::Refund => say!(lang, "outcome-refund-what", amount = amount),
        Outcome::ReturnedOtherwise if exception.kind == ExceptionKind::RefundFailed => {
            say!(lang, "outcome-returned-otherwise-booked", amount = amount)
        }
        Outcome::ReturnedOtherwise => say!(lang, "outcome-returned-otherwise-what", amount = amount),
        Outcome::Nothing => say!(lang, "outcome-nothing-what"),
    }
}
