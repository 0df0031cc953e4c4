//! Whose word stands for the money of a deposit, and who may decide about it. Pure.

use ledger::Fen;
use pay::PaymentStatus;

use super::denies;
use crate::deposits::State;
use crate::deposits::event::{Event, Happened, Told};
use crate::two_people::{self, Last, reference};

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
pub(in crate::deposits) fn voucher(set_up: bool, story: &[Event]) -> Voucher {
    match (set_up, only_in_file(story)) {
        (false, _) => Voucher::Nobody,
        (true, true) => Voucher::File,
        (true, false) => Voucher::Gateway,
    }
}

/// Whether the payment was booked from the gateway's file of a day, and no answer of the gateway has confirmed it since.
pub(in crate::deposits) fn only_in_file(story: &[Event]) -> bool {
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

/// Whether money that is in review may become quota, by what the gateway said when it was asked just before.
pub(in crate::deposits) fn may_credit(
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
pub(in crate::deposits) struct Course {
    /// Counts the proposals of a deposit.
    pub(in crate::deposits) number: i64,
    /// One person's word is enough.
    pub(in crate::deposits) alone: bool,
}

/// What a proposal about a deposit becomes, if there may be one. To approve what the gateway does not vouch for, one person
/// is never enough.
pub(in crate::deposits) fn may_propose(
    state: State,
    (paid, limit): (Fen, Fen),
    last: Option<Last>,
    (approve, voucher): (bool, Voucher),
) -> Result<Course, Refused> {
    let number = two_people::may_propose(state == State::Paid, last)?;
    Ok(Course { number, alone: paid <= limit && (!approve || voucher == Voucher::Gateway) })
}

/// Under which number the bank knows of a payment that is proposed to become quota; none where that is not needed.
pub(in crate::deposits) fn vouched(approve: bool, voucher: Voucher, typed: &str) -> Result<Option<&str>, Refused> {
    if approve && voucher != Voucher::Gateway { number(typed).map(Some) } else { Ok(None) }
}

/// The same of whoever confirms it: they have to have read the number themselves.
pub(in crate::deposits) fn vouched_again<'a>(
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
