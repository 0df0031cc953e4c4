//! What does not fit, in words: what happened, where the money is, what can be done.

use topup::Fen;
use topup::deposits::{Exception, ExceptionKind, LISTED, NO_GATEWAY, Needs, Outcome, State};

use crate::look::show;
use crate::words::{Lang, say};

/// A gateway by the name that people know it by; one that is not known here as it is stored.
pub(super) fn gateway(lang: Lang, stored: &str) -> String {
    if stored == "unionpay" { say!(lang, "gateway-unionpay") } else { stored.to_owned() }
}

/// What happened.
pub(crate) fn what(lang: Lang, exception: &Exception) -> String {
    match exception.kind {
        ExceptionKind::Late => say!(lang, "unfit-late-what"),
        ExceptionKind::WrongAmount => say!(lang, "unfit-wrong-amount-what"),
        ExceptionKind::UnknownOrder => say!(lang, "unfit-unknown-order-what"),
        ExceptionKind::DuplicateSerial => say!(lang, "unfit-duplicate-serial-what"),
        ExceptionKind::Contradiction => say!(lang, "unfit-contradiction-what"),
        ExceptionKind::ReturnedLate => say!(lang, "unfit-returned-late-what"),
        ExceptionKind::GoneBack => match exception.went_back() {
            Some(back) if exception.evidence.get("refund").is_some() => say!(
                lang,
                "unfit-gone-back-by-refund",
                refund = exception.evidence.get("refund").and_then(|refund| refund.as_str()).unwrap_or("—"),
                back = show::yuan(back),
                amount = show::yuan(exception.amount)
            ),
            Some(back) => say!(
                lang,
                "unfit-gone-back-in-file",
                file = exception.evidence.get("file").and_then(|file| file.as_str()).unwrap_or("—"),
                back = show::yuan(back),
                amount = show::yuan(exception.amount)
            ),
            None => say!(lang, "unfit-gone-back-what"),
        },
        ExceptionKind::RefundFailed if let Some(back) = exception.went_back() => {
            let (back_yuan, amount) = (show::yuan(back), show::yuan(asked(exception)));
            match apart(asked(exception), back) {
                Apart::Missing(rest) => {
                    say!(lang, "unfit-refund-less-what", back = back_yuan, amount = amount, rest = rest)
                }
                Apart::Over(rest) => {
                    say!(lang, "unfit-refund-more-what", back = back_yuan, amount = amount, rest = rest)
                }
            }
        }
        ExceptionKind::RefundFailed if no_gateway(&exception.evidence) => say!(lang, "unfit-refund-no-gateway-what"),
        ExceptionKind::RefundFailed if code(&exception.evidence) == Some(LISTED) => {
            let amounts = exception.evidence.get("words").and_then(|words| words.as_str()).unwrap_or("—");
            say!(lang, "unfit-refund-listed-what", amounts = amounts)
        }
        ExceptionKind::RefundFailed => {
            let words = exception.evidence.get("words").and_then(|words| words.as_str()).unwrap_or("—");
            say!(lang, "unfit-refund-failed-what", words = words)
        }
        ExceptionKind::RefundContradiction => say!(lang, "unfit-refund-contradiction-what"),
    }
}

/// Whether a refund failed since its gateway was not set up any more, and nobody could be asked.
fn no_gateway(evidence: &serde_json::Value) -> bool {
    code(evidence) == Some(NO_GATEWAY)
}

/// Whether it is a refund of which the bank said nothing, since it was not asked.
pub(crate) fn unasked(evidence: &serde_json::Value) -> bool {
    no_gateway(evidence) || code(evidence) == Some(LISTED)
}

fn code(evidence: &serde_json::Value) -> Option<&str> {
    evidence.get("code").and_then(serde_json::Value::as_str)
}

/// Where the money is now.
pub(crate) fn place(lang: Lang, exception: &Exception) -> String {
    let group = exception.group.as_deref().unwrap_or_default();
    if exception.closed.is_some() && exception.booked {
        return say!(lang, "where-decided");
    }
    match exception.kind {
        ExceptionKind::Late | ExceptionKind::WrongAmount => say!(lang, "where-review", group = group),
        ExceptionKind::RefundFailed => match exception.went_back() {
            Some(back) => say!(lang, "where-refunds-in-part", group = group, back = show::yuan(back)),
            None => say!(lang, "where-refunds", group = group),
        },
        ExceptionKind::ReturnedLate => say!(lang, "where-bank-back"),
        ExceptionKind::GoneBack => match exception.stands {
            Some(State::Paid) => say!(lang, "where-review", group = group),
            Some(State::Approved) => say!(lang, "where-gone-quota", group = group),
            Some(State::Rejected | State::Refunding) => say!(lang, "where-refunds", group = group),
            Some(State::Refunded) if exception.booked => say!(lang, "where-gone-noted"),
            Some(State::Refunded) => say!(lang, "where-gone-twice"),
            Some(State::Created | State::Redirected | State::Failed | State::Expired) | None => {
                say!(lang, "where-gone-back", group = group)
            }
        },
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
        ExceptionKind::GoneBack if exception.stands != Some(State::Refunded) => say!(lang, "where-gone-back-short"),
        ExceptionKind::GoneBack if exception.booked => say!(lang, "where-gone-noted-short"),
        ExceptionKind::GoneBack
        | ExceptionKind::UnknownOrder
        | ExceptionKind::DuplicateSerial
        | ExceptionKind::Contradiction
        | ExceptionKind::RefundContradiction => say!(lang, "where-nowhere-short"),
    }
}

/// What a person can do.
pub(crate) fn can(lang: Lang, exception: &Exception) -> String {
    let amount = || show::yuan(exception.amount);
    match exception.kind {
        ExceptionKind::Late => say!(lang, "unfit-late-can"),
        ExceptionKind::WrongAmount => say!(lang, "unfit-wrong-amount-can"),
        ExceptionKind::UnknownOrder => say!(lang, "unfit-unknown-order-can"),
        ExceptionKind::DuplicateSerial => say!(lang, "unfit-duplicate-serial-can"),
        ExceptionKind::Contradiction => say!(lang, "unfit-contradiction-can"),
        ExceptionKind::ReturnedLate => say!(lang, "unfit-returned-late-can"),
        ExceptionKind::GoneBack => match exception.stands {
            Some(State::Approved) => say!(lang, "unfit-gone-back-quota-can", amount = amount()),
            Some(State::Rejected | State::Refunding) => say!(lang, "unfit-gone-back-refund-can"),
            Some(State::Refunded) if exception.booked => say!(lang, "unfit-gone-back-noted-can"),
            Some(State::Refunded) => say!(lang, "unfit-gone-back-twice-can"),
            Some(State::Paid | State::Created | State::Redirected | State::Failed | State::Expired) | None => {
                say!(lang, "unfit-gone-back-can")
            }
        },
        ExceptionKind::RefundFailed => match exception.went_back().map(|back| apart(asked(exception), back)) {
            Some(Apart::Missing(rest)) => say!(lang, "unfit-refund-less-can", rest = rest, amount = amount()),
            Some(Apart::Over(rest)) => say!(lang, "unfit-refund-more-can", rest = rest, amount = amount()),
            None => say!(lang, "unfit-refund-failed-can"),
        },
        ExceptionKind::RefundContradiction => say!(lang, "unfit-refund-contradiction-can"),
    }
}

/// That only a part of what is to go back did, if that is so.
pub(crate) fn rest(lang: Lang, exception: &Exception, needs: Needs) -> Option<String> {
    let back = exception.went_back();
    match exception.kind {
        ExceptionKind::RefundFailed => {
            if needs.whole().is_some() {
                return Some(say!(lang, "unfit-refund-whole", amount = show::yuan(exception.amount)));
            }
            let (part, rest) = (needs.part()?, left(exception.amount, needs.part(), back)?);
            Some(say!(lang, "unfit-refund-rest", back = show::yuan(part), rest = show::yuan(rest)))
        }
        ExceptionKind::GoneBack
            if matches!(exception.stands, Some(State::Paid | State::Rejected | State::Refunding)) =>
        {
            let rest = left(exception.amount, Some(back?), None)?;
            Some(say!(lang, "unfit-gone-back-rest", rest = show::yuan(rest)))
        }
        ExceptionKind::GoneBack
        | ExceptionKind::Late
        | ExceptionKind::WrongAmount
        | ExceptionKind::UnknownOrder
        | ExceptionKind::DuplicateSerial
        | ExceptionKind::Contradiction
        | ExceptionKind::ReturnedLate
        | ExceptionKind::RefundContradiction => None,
    }
}

/// What an outcome does with the money.
pub(crate) fn moves(lang: Lang, exception: &Exception, needs: Needs, outcome: Outcome) -> String {
    let amount = show::yuan(exception.amount);
    let back = || show::yuan(exception.went_back().unwrap_or(exception.amount));
    let rest = || show::yuan(left(exception.amount, needs.part(), None).unwrap_or(exception.amount));
    match outcome {
        Outcome::Credited => say!(lang, "outcome-credited-what", amount = amount),
        Outcome::Refund if needs.other_amount() => say!(lang, "outcome-refund-in-part", amount = amount),
        Outcome::Refund => say!(lang, "outcome-refund-what", amount = rest()),
        Outcome::ReturnedOtherwise if needs.takes_back(outcome) => {
            say!(lang, "outcome-taken-back-what", amount = amount)
        }
        Outcome::Nothing if needs.quota() => say!(lang, "outcome-nothing-quota"),
        Outcome::ReturnedOtherwise if needs.other_amount() => say!(lang, "outcome-returned-in-part", amount = amount),
        Outcome::ReturnedOtherwise if exception.kind == ExceptionKind::RefundFailed => {
            say!(lang, "outcome-returned-otherwise-booked", amount = amount)
        }
        Outcome::ReturnedOtherwise => say!(lang, "outcome-returned-otherwise-what", amount = back()),
        Outcome::Nothing => say!(lang, "outcome-nothing-what"),
    }
}

/// How much the refund that failed was to give back.
fn asked(exception: &Exception) -> Fen {
    exception.evidence.get("fen").and_then(serde_json::Value::as_i64).map_or(exception.amount, Fen::new)
}

/// What is left of the whole, if anything is and something went back.
fn left(whole: Fen, one: Option<Fen>, other: Option<Fen>) -> Option<Fen> {
    let rest = whole.checked_sub(one.unwrap_or_default())?.checked_sub(other.unwrap_or_default())?;
    Some(rest).filter(|rest| *rest > Fen::ZERO && *rest < whole)
}

/// How far what went back is from what was to go back.
enum Apart {
    Missing(String),
    Over(String),
}

fn apart(due: Fen, back: Fen) -> Apart {
    if back > due {
        Apart::Over(show::yuan(back.checked_sub(due).unwrap_or_default()))
    } else {
        Apart::Missing(show::yuan(due.checked_sub(back).unwrap_or_default()))
    }
}
