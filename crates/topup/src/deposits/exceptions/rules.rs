//! What it takes to close an exception. Pure.

use ledger::Fen;

use super::{Exception, ExceptionKind, Outcome, Voucher};
use crate::deposits::State;

/// How many have to say the same before something is made of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum People {
    /// One person does it.
    One,
    /// One, unless the gateway, which is asked at that moment, does not know any more of a refund that it had taken on: then
    /// it is as if it could not be asked, and two.
    OneIfKnown,
    /// Another person has to say the same.
    Two,
}

/// What it takes to close an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    kind: ExceptionKind,
    stake: Fen,
    limit: Fen,
    /// Whether the gateway gave back another amount than it was asked to.
    other_amount: bool,
    /// Whether it is about money that is quota now.
    quota: bool,
    /// Whether the gateway's own file lists a return of money that is still to be decided about, or to go back. Asked about
    /// the payment, the gateway knows nothing of such a return.
    listed: bool,
    /// Whose word stands for the deposit's money.
    voucher: Voucher,
    refunds: Refunds,
}

/// How what is to go back stands, beside the refund that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Refunds {
    /// How much of it went back without us, as the gateway's files list it.
    pub(super) back: Option<Fen>,
    /// Whether the gateway had taken on a refund that failed: it may have forgotten it.
    pub(super) taken_on: bool,
}

impl Needs {
    /// Of an exception, where above `limit` two people decide.
    pub fn of(exception: &Exception, limit: Fen, voucher: Voucher) -> Self {
        let (kind, gone) = (exception.kind, exception.kind == ExceptionKind::GoneBack);
        let here = matches!(exception.stands, Some(State::Paid | State::Rejected | State::Refunding));
        Self {
            kind,
            stake: exception.stake,
            limit,
            other_amount: kind == ExceptionKind::RefundFailed && exception.went_back().is_some(),
            quota: gone && exception.stands == Some(State::Approved),
            listed: gone && here && exception.went_back().is_some(),
            voucher,
            refunds: Refunds::default(),
        }
    }

    /// The same of a deposit whose refunds stand so.
    pub(super) fn with_refunds(self, refunds: Refunds) -> Self {
        Self { refunds, ..self }
    }

    /// How much of what is to go back went back without us, if that is less than all.
    pub fn part(&self) -> Option<Fen> {
        self.refunds.back.filter(|back| *back < self.stake)
    }

    /// How much of what is to go back went back without us, if that is all of it.
    pub fn whole(&self) -> Option<Fen> {
        self.refunds.back.filter(|back| *back >= self.stake)
    }

    /// Whether this can be made of it. Of what has gone back in part, nothing else than that the whole has: as people say,
    /// or the gateway itself when it is asked.
    pub fn offers(&self, outcome: Outcome) -> bool {
        self.kind.outcomes().contains(&outcome)
            && (self.voucher != Voucher::Nobody || outcome != Outcome::Refund)
            && (!self.other_amount || matches!(outcome, Outcome::ReturnedOtherwise | Outcome::Refund))
    }

    /// How many have to say the same. Two above the issuer's limit, and where money moves, or quota stays, on the word of
    /// people because the gateway's does not cover it.
    pub fn people(&self, outcome: Outcome) -> People {
        let ends_refund = self.kind == ExceptionKind::RefundFailed && outcome == Outcome::ReturnedOtherwise;
        if self.two_people(outcome) {
            People::Two
        } else if self.refunds.taken_on && ends_refund {
            People::OneIfKnown
        } else {
            People::One
        }
    }

    fn two_people(&self, outcome: Outcome) -> bool {
        self.stake > self.limit
            || self.other_amount && outcome != Outcome::Refund
            || self.part().is_some()
            || self.blind()
            || self.quota
            || self.listed && outcome == Outcome::Nothing
            || self.only_in_file(outcome)
    }

    /// Whether the gateway gave back another amount than it was asked to.
    pub fn other_amount(&self) -> bool {
        self.other_amount
    }

    /// Whether it is about money that is quota now and that the gateway does not have, whatever is made of it.
    pub fn quota(&self) -> bool {
        self.quota
    }

    /// Whether the group's quota becomes less by it.
    pub fn takes_back(&self, outcome: Outcome) -> bool {
        self.quota && outcome == Outcome::ReturnedOtherwise
    }

    /// Whether the number is needed under which the bank knows of it: where money is said to have moved outside of this
    /// system, and where there is no other word of the bank.
    pub fn reference(&self, outcome: Outcome) -> bool {
        outcome == Outcome::ReturnedOtherwise || self.blindly_credits(outcome) || self.only_in_file(outcome)
    }

    /// Whether the gateway has to say, just before it is done, that the refund has failed.
    pub(super) fn inquiry(&self) -> bool {
        self.kind == ExceptionKind::RefundFailed && self.voucher != Voucher::Nobody
    }

    /// Whether money would become quota that only the gateway's file of a day knows of.
    pub fn only_in_file(&self, outcome: Outcome) -> bool {
        self.voucher == Voucher::File && outcome == Outcome::Credited
    }

    /// Whether money would become quota of which nobody can be asked what became of its refunds.
    pub(super) fn blindly_credits(&self, outcome: Outcome) -> bool {
        self.blind() && outcome == Outcome::Credited
    }

    fn blind(&self) -> bool {
        self.kind == ExceptionKind::RefundFailed && self.voucher == Voucher::Nobody
    }
}
