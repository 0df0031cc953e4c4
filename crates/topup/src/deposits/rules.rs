//! What follows from what the gateway says, when it is asked again, whose word stands for the money, and who may decide. Pure.

use std::time::Duration;

use ledger::Fen;
use pay::{Payer, PaymentStatus};
use store::Micros;

use super::State;
use super::event::{Event, Happened, Told};
use crate::two_people::{self, Last, reference};

/// The gateway's code for money debited after the time to pay, which it gives back by itself.
const RETURNED_LATE: &str = "42";

/// After news the gateway is asked at these gaps, in seconds: the gateway's own advice.
const BURST_S: [i64; 6] = [1, 2, 4, 8, 16, 32];
/// Asks since news at which the burst is over: a payer who was just sent needs a minute at least.
pub(super) const NO_BURST: i64 = 6;
/// Then a person's payment is asked about so often, in seconds, and a company's so.
const PERSON_S: i64 = 5 * 60;
const COMPANY_S: i64 = 30 * 60;
/// Asked first so long after the payer was sent, in seconds.
pub(super) const FIRST_S: i64 = 60;
/// A moment after it can no longer be paid, the gateway knows for sure.
const AFTER_EXPIRY_S: i64 = 5;
/// What has failed or expired is asked about at these gaps, in seconds: money may come late and its notification be lost.
const TAIL_S: [i64; 4] = [10 * 60, 60 * 60, 6 * 60 * 60, 24 * 60 * 60];
/// What was paid after its time is asked about at these gaps, in seconds: for two weeks, since the bank gives such money
/// back by itself some five working days later. So is what only its file knows of, since its answers may confirm it.
const WATCH_S: i64 = 24 * 60 * 60;
const WATCHED: i64 = 14;
/// A payment that we hear of so long after its time, in seconds, came too late for the bank, whatever we called it: in
/// time, we would have heard of it when its time was over.
const LATE_S: i64 = 60 * 60;
/// A company's bank may approve a payment long after its time; so long, in seconds, it counts as under way.
const COMPANY_GRACE_S: i64 = 7 * 24 * 60 * 60;
/// So long after it would be given up, in seconds, a payment waits for a gateway that is not set up.
const ABSENT_S: i64 = 24 * 60 * 60;
/// A refund waits so long, in seconds, for a gateway that is not set up. So often it is looked whether it is again.
const ABSENT_REFUND_S: i64 = 24 * 60 * 60;
const ABSENT_LOOK_S: i64 = 60 * 60;
/// A refund is asked for, and asked about, at these gaps, in seconds; the last for ever.
const REFUND_S: [i64; 6] = [30, 60, 5 * 60, 30 * 60, 2 * 60 * 60, 6 * 60 * 60];

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

/// Whose word stands for the money of a deposit, before it becomes quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// The gateway's, asked just before.
    Gateway,
    /// That of its own file of a day, which its answers deny: beside it two people and a number of the bank.
    File,
    /// Nobody's who could be asked, since the gateway, or the merchant, is not set up any more: two people and a number of
    /// the bank.
    Nobody,
}

/// Whose word stands for a deposit with this story, whose gateway is set up, or not any more.
pub(super) fn voucher(set_up: bool, story: &[Event]) -> Voucher {
    match (set_up, only_in_file(story)) {
        (false, _) => Voucher::Nobody,
        (true, true) => Voucher::File,
        (true, false) => Voucher::Gateway,
    }
}

/// Whether the payment was booked from the gateway's file of a day, and no answer of the gateway has confirmed it since.
pub(super) fn only_in_file(story: &[Event]) -> bool {
    let (mut booked, mut in_file) = (None, false);
    for event in story {
        if let Happened::Paid { serial, amount, .. } = &event.what {
            booked = in_file.then_some((serial, amount));
        } else if let Happened::Asked { told: Told::Done { serial, amount } } = &event.what
            && booked == Some((serial, amount))
        {
            booked = None;
        }
        in_file = matches!(event.what, Happened::InFile { .. });
    }
    booked.is_some()
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

/// Whether money that is in review may become quota, by what the gateway said when it was asked just before.
pub(super) fn may_credit(
    paid: &(String, Fen),
    only_in_file: bool,
    word: Option<&PaymentStatus>,
) -> Result<(), Refused> {
    match word {
        Some(word) if only_in_file && denies(word) => Ok(()),
        Some(PaymentStatus::Paid(settled)) if *paid == (settled.serial.clone(), Fen::new(settled.amount.fen())) => {
            Ok(())
        }
        Some(PaymentStatus::Paid(_) | PaymentStatus::Failed { .. } | PaymentStatus::NotFound) => Err(Refused::NotThere),
        Some(PaymentStatus::Pending { .. }) | None => Err(Refused::Unanswered),
    }
}

/// From when on a payment that the gateway still calls under way counts as expired.
fn given_up_at(known: &Known) -> Micros {
    match known.payer {
        Payer::Person => known.expires_at,
        Payer::Company => later(known.expires_at, COMPANY_GRACE_S),
    }
}

/// When the gateway is asked again about a payment, `asked` times after there was news.
pub(super) fn next_ask(known: &Known, asked: i64, now: Micros) -> Option<Micros> {
    let Known { state, payer, expires_at, .. } = *known;
    let nth = |gaps: &[i64]| usize::try_from(asked).ok().and_then(|asked| gaps.get(asked).copied());
    match state {
        State::Redirected => {
            let usual = match payer {
                Payer::Person => PERSON_S,
                Payer::Company => COMPANY_S,
            };
            let next = later(now, nth(&BURST_S).unwrap_or(usual));
            let expired = later(expires_at, AFTER_EXPIRY_S);
            Some(if now < expired { next.min(expired) } else { next })
        }
        State::Failed | State::Expired => nth(&TAIL_S).map(|gap| later(now, gap)),
        State::Paid | State::Approved => {
            let late = known.paid_at.is_some_and(|at| at >= expires_at);
            let watched = (late || known.only_in_file) && asked < WATCHED;
            watched.then(|| later(now, WATCH_S))
        }
        State::Created | State::Rejected | State::Refunding | State::Refunded => None,
    }
}

/// When the gateway is asked again for a refund, or about it.
pub(super) fn next_refund_ask(asked: i64, now: Micros) -> Micros {
    let gap = usize::try_from(asked).ok().and_then(|asked| REFUND_S.get(asked).copied());
    later(now, gap.or(REFUND_S.last().copied()).unwrap_or(PERSON_S))
}

/// When it is looked again whether there is somebody to ask about a payment that has ended for us.
pub(super) fn next_absent_ask(now: Micros) -> Micros {
    later(now, ABSENT_LOOK_S)
}

/// When a refund is looked at again whose gateway was missing since then; none once it is given up.
pub(super) fn next_absent_look(since: Micros, now: Micros) -> Option<Micros> {
    (now < later(since, ABSENT_REFUND_S)).then(|| later(now, ABSENT_LOOK_S))
}

pub(super) fn later(at: Micros, seconds: i64) -> Micros {
    Micros(at.0.saturating_add(seconds.saturating_mul(1_000_000)))
}

pub(super) fn after(at: Micros, by: Duration) -> Micros {
    Micros(at.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}

/// Why a decision is not taken. No money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// What holds of all that two people decide.
    #[error(transparent)]
    Rule(#[from] two_people::Refused),
    /// Something does not fit about it that they were not shown: look again.
    #[error("an exception was opened since")]
    Unseen,
    /// The gateway was asked whether it has the money still, and did not say. Nothing is lost: try again later.
    #[error("the gateway does not say whether it has the money")]
    Unanswered,
    /// The gateway does not have the money any more, or says otherwise than before: an exception says what.
    #[error("the gateway does not have the money any more")]
    NotThere,
    /// The number is missing under which the bank knows of it: [`Voucher`] says where it is needed.
    #[error("the bank's number of it is needed")]
    NoReference,
    /// The number is longer than [`two_people::MOST_REFERENCE`].
    #[error("the bank's number is too long")]
    LongReference,
    /// Who proposed it typed another number. What was answered is not recorded.
    #[error("the proposal has another number")]
    OtherReference,
    /// It was proposed without a number, when the gateway's word was enough: decline it, and propose anew.
    #[error("the proposal has no number")]
    Unvouched,
}

/// What a proposal becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Course {
    /// Counts the proposals of a deposit.
    pub(super) number: i64,
    /// One person's word is enough.
    pub(super) alone: bool,
}

/// What a proposal about a deposit becomes, if there may be one. To approve what the gateway does not vouch for, one person
/// is never enough.
pub(super) fn may_propose(
    state: State,
    (paid, limit): (Fen, Fen),
    last: Option<Last>,
    (approve, voucher): (bool, Voucher),
) -> Result<Course, Refused> {
    let number = two_people::may_propose(state == State::Paid, last)?;
    Ok(Course { number, alone: paid <= limit && (!approve || voucher == Voucher::Gateway) })
}

/// Under which number the bank knows of a payment that is proposed to become quota; none where that is not needed.
pub(super) fn vouched(approve: bool, voucher: Voucher, typed: &str) -> Result<Option<&str>, Refused> {
    if approve && voucher != Voucher::Gateway { number(typed).map(Some) } else { Ok(None) }
}

/// The same of whoever confirms it: they have to have read the number themselves.
pub(super) fn vouched_again<'a>(
    voucher: Voucher,
    proposed: Option<&str>,
    typed: &'a str,
) -> Result<Option<&'a str>, Refused> {
    match (voucher, proposed) {
        (Voucher::Gateway, None) => Ok(None),
        (Voucher::File | Voucher::Nobody, None) => Err(Refused::Unvouched),
        (_, Some(proposed)) => {
            let typed = number(typed)?;
            if typed == proposed { Ok(Some(typed)) } else { Err(Refused::OtherReference) }
        }
    }
}

fn number(typed: &str) -> Result<&str, Refused> {
    reference(typed).map_err(|_| Refused::LongReference)?.ok_or(Refused::NoReference)
}

const _: () = assert!(BURST_S.len() == 6, "NO_BURST is its length");

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]
mod tests;
