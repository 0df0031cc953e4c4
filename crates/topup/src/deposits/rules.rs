//! What follows from what the gateway says. Pure.

mod asking;
mod deciding;

pub(super) use asking::{FIRST_S, NO_BURST, next_absent_ask, next_absent_look, next_ask, next_refund_ask};
pub use deciding::{Refused, Voucher};
pub(super) use deciding::{may_credit, may_propose, only_in_file, vouched, vouched_again, voucher};

use std::time::Duration;

use ledger::Fen;
use pay::{Payer, PaymentStatus};
use store::Micros;

use super::State;

/// The gateway's code for money debited after the time to pay, which it gives back by itself.
const RETURNED_LATE: &str = "42";

/// A payment that we hear of so long after its time, in seconds, came too late for the bank, whatever we called it: in
/// time, we would have heard of it when its time was over.
const LATE_S: i64 = 60 * 60;
/// A company's bank may approve a payment long after its time; so long, in seconds, it counts as under way.
const COMPANY_GRACE_S: i64 = 7 * 24 * 60 * 60;
/// So long after it would be given up, in seconds, a payment waits for a gateway that is not set up.
const ABSENT_S: i64 = 24 * 60 * 60;

/// What is known of a deposit when the gateway says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) state: State,
    pub(super) amount: Fen,
    pub(super) payer: Payer,
    pub(super) expires_at: Micros,
    /// How it was paid: serial number and amount.
    pub(super) paid: Option<(String, Fen)>,
    /// When we came to know that it was.
    pub(super) paid_at: Option<Micros>,
    /// What genuine notifications claimed: serial number and amount.
    pub(super) claims: Vec<(String, Fen)>,
    /// Whether only the gateway's file of a day knows of the payment, as [`only_in_file`] says.
    pub(super) only_in_file: bool,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing is decided by it, or it is known.
    Nothing,
    /// It is paid.
    Pay {
        /// After it had failed or expired, or long after its time.
        late: bool,
        /// Not the amount that was asked for, or not the one that was notified.
        wrong_amount: bool,
        /// Under another serial number than was notified.
        contradicted: bool,
    },
    /// It will not be paid.
    Fail {
        /// The payer's money was taken too late, and the gateway gives it back by itself.
        returned_late: bool,
        /// Though a genuine notification said that it was.
        contradicted: bool,
    },
    /// It was not paid in time.
    Expire {
        /// Though a genuine notification said that it was.
        contradicted: bool,
    },
    /// The gateway says otherwise than it did before.
    Contradict,
    /// It was paid, and is so no more: the gateway has given the money back by itself, or never had it.
    Gone,
}

/// What follows from the gateway's own word. Once paid, only another payment says otherwise: any other answer may be older
/// than what is known, unless [`judge_again`] knows that it is not.
pub(super) fn judge(known: &Known, word: &PaymentStatus, now: Micros) -> Verdict {
    match (known.state, word) {
        (State::Created, PaymentStatus::Paid(_)) => Verdict::Contradict,
        (State::Redirected | State::Failed | State::Expired, PaymentStatus::Paid(settled)) => {
            let amount = Fen::new(settled.amount.fen());
            Verdict::Pay {
                late: known.state != State::Redirected || now >= later(known.expires_at, LATE_S),
                wrong_amount: amount != known.amount || known.claims.iter().any(|(_, claimed)| *claimed != amount),
                contradicted: known.claims.iter().any(|(serial, _)| *serial != settled.serial),
            }
        }
        (paid, PaymentStatus::Paid(settled)) if paid.is_paid() => {
            let same = (settled.serial.clone(), Fen::new(settled.amount.fen()));
            if known.paid.as_ref() == Some(&same) { Verdict::Nothing } else { Verdict::Contradict }
        }
        (State::Redirected, PaymentStatus::Failed { code, .. }) => {
            Verdict::Fail { returned_late: code == RETURNED_LATE, contradicted: !known.claims.is_empty() }
        }
        (State::Failed | State::Expired, PaymentStatus::Failed { code, .. }) if code == RETURNED_LATE => {
            Verdict::Fail { returned_late: true, contradicted: !known.claims.is_empty() }
        }
        (State::Redirected, PaymentStatus::NotFound) if now >= known.expires_at => {
            Verdict::Expire { contradicted: !known.claims.is_empty() }
        }
        (State::Redirected, PaymentStatus::Pending { .. }) if now >= given_up_at(known) => {
            Verdict::Expire { contradicted: !known.claims.is_empty() }
        }
        (State::Created, PaymentStatus::NotFound) if now >= known.expires_at => Verdict::Expire { contradicted: false },
        (_, _) => Verdict::Nothing,
    }
}

/// What follows from an answer to a question that was asked when it was known to be paid. Where the gateway has denied all
/// along what its file says, it is no news that it does.
pub(super) fn judge_again(known: &Known, word: &PaymentStatus, now: Micros) -> Verdict {
    match (known.state, word) {
        (State::Paid | State::Approved, word) if known.only_in_file && denies(word) => Verdict::Nothing,
        (State::Paid | State::Approved, PaymentStatus::Failed { .. } | PaymentStatus::NotFound) => Verdict::Gone,
        (_, _) => judge(known, word, now),
    }
}

/// What follows when there is nobody to ask: as without an answer, but it does not wait for ever.
pub(super) fn judge_unasked(known: &Known, now: Micros) -> Verdict {
    if known.state == State::Redirected && now >= later(given_up_at(known), ABSENT_S) {
        Verdict::Expire { contradicted: !known.claims.is_empty() }
    } else {
        Verdict::Nothing
    }
}

/// Whether the gateway says that it has no such payment; that it gave one back by itself is another matter.
fn denies(word: &PaymentStatus) -> bool {
    match word {
        PaymentStatus::NotFound => true,
        PaymentStatus::Failed { code, .. } => code != RETURNED_LATE,
        PaymentStatus::Paid(_) | PaymentStatus::Pending { .. } => false,
    }
}

/// From when on a payment that the gateway still calls under way counts as expired.
fn given_up_at(known: &Known) -> Micros {
    match known.payer {
        Payer::Person => known.expires_at,
        Payer::Company => later(known.expires_at, COMPANY_GRACE_S),
    }
}

pub(super) fn later(at: Micros, seconds: i64) -> Micros {
    Micros(at.0.saturating_add(seconds.saturating_mul(1_000_000)))
}

pub(super) fn after(at: Micros, by: Duration) -> Micros {
    Micros(at.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]
mod tests;
