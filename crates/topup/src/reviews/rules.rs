//! Who may decide what, and when. Pure.

use std::time::Duration;

use store::Micros;

use crate::loads::State;
use crate::people::staff::{StaffId, StaffPermission, StaffRole};

/// The longest reason, in characters: a few sentences.
pub const MOST_REASON: usize = 500;

/// Why a load in doubt waits for people, or does not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Its card was asked to the end and proved nothing; it never will.
    ProvedNothing,
    /// Its card did not come back for so long.
    Absent,
    /// Its card may still come back and settle it.
    NotYet,
}

/// What was proposed last of a load, and whether it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last {
    /// Counts the proposals of a load.
    pub(super) number: i64,
    /// Who proposed it.
    pub(super) by: StaffId,
    /// Who answered it, and whether they confirmed it.
    pub(super) answered: Option<(StaffId, bool)>,
}

/// Why a proposal or an answer is not taken. No money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// This role does not decide about money.
    #[error("this role may not decide")]
    Role,
    /// The reason is empty.
    #[error("a reason is needed")]
    NoReason,
    /// The reason is longer than [`MOST_REASON`].
    #[error("the reason is too long")]
    LongReason,
    /// The load is not in doubt, or no longer: its card may have settled it meanwhile.
    #[error("the load is not in doubt")]
    Settled,
    /// Something was proposed already and waits for an answer.
    #[error("a proposal waits for an answer")]
    Proposed,
    /// There is no such proposal.
    #[error("there is no such proposal")]
    NoProposal,
    /// Nobody answers their own proposal.
    #[error("it is one's own proposal")]
    Own,
    /// Somebody answered it already.
    #[error("the proposal is answered already")]
    Answered,
    /// Who proposed it does not work here any more, or not in a role that decides: decline it, and propose anew.
    #[error("who proposed it may not decide any more")]
    Left,
}

/// Whether a load that is in doubt since `since` waits for people.
pub(super) fn due(since: Micros, asked_in_vain: bool, now: Micros, patience: Duration) -> Due {
    let patience = i64::try_from(patience.as_micros()).unwrap_or(i64::MAX);
    if asked_in_vain {
        Due::ProvedNothing
    } else if now.0.saturating_sub(since.0) >= patience {
        Due::Absent
    } else {
        Due::NotYet
    }
}

/// Whether someone of this role may give this reason; the reason without blanks around it.
pub(super) fn may_say(role: StaffRole, reason: &str) -> Result<&str, Refused> {
    let reason = reason.trim();
    if !role.may(StaffPermission::ReviewLoads) {
        Err(Refused::Role)
    } else if reason.is_empty() {
        Err(Refused::NoReason)
    } else if reason.chars().count() > MOST_REASON {
        Err(Refused::LongReason)
    } else {
        Ok(reason)
    }
}

/// The number of the next proposal, if there may be one.
pub(super) fn may_propose(state: State, last: Option<Last>) -> Result<i64, Refused> {
    match (state, last) {
        (State::Succeeded | State::Failed | State::Authorised, _) => Err(Refused::Settled),
        (State::Unknown, None) => Ok(1),
        (State::Unknown, Some(Last { number, answered: Some(_), .. })) => Ok(number.saturating_add(1)),
        (State::Unknown, Some(Last { answered: None, .. })) => Err(Refused::Proposed),
    }
}

/// Whether `by` may answer proposal `number`.
pub(super) fn may_answer(state: State, last: Option<Last>, number: i64, by: StaffId) -> Result<(), Refused> {
    let last = last.filter(|last| last.number == number).ok_or(Refused::NoProposal)?;
    if last.by == by {
        Err(Refused::Own)
    } else if last.answered.is_some() {
        Err(Refused::Answered)
    } else if state != State::Unknown {
        Err(Refused::Settled)
    } else {
        Ok(())
    }
}

/// Which way the balances of a card that was seen again point. Anyone can make a card say anything here, so it is never
/// more than a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// As if the load had been written.
    Written,
    /// As if it had not been.
    NotWritten,
    /// Neither: money was spent from the card since, or loaded elsewhere.
    None,
}

/// What a balance seen later says of a load.
pub(super) fn hint(before: ledger::Fen, amount: ledger::Fen, seen: ledger::Fen) -> Hint {
    if Some(seen) == before.checked_add(amount) {
        Hint::Written
    } else if seen == before {
        Hint::NotWritten
    } else {
        Hint::None
    }
}

#[cfg(test)]
mod tests {
    use ledger::Fen;

    use super::*;

    const LI: StaffId = StaffId(1);
    const MA: StaffId = StaffId(2);

    const fn of_li(number: i64, answered: Option<(StaffId, bool)>) -> Last {
        Last { number, by: LI, answered }
    }

    #[test]
    fn a_load_in_doubt_has_one_open_proposal_at_a_time() {
        for (state, before, expected) in [
            (State::Unknown, None, Ok(1)),
            (State::Unknown, Some(of_li(1, None)), Err(Refused::Proposed)),
            (State::Unknown, Some(of_li(1, Some((MA, false)))), Ok(2)),
            (State::Unknown, Some(of_li(7, Some((MA, false)))), Ok(8)),
            (State::Authorised, None, Err(Refused::Settled)),
            (State::Succeeded, None, Err(Refused::Settled)),
            (State::Failed, Some(of_li(1, Some((MA, true)))), Err(Refused::Settled)),
        ] {
            assert_eq!(may_propose(state, before), expected, "{state:?} {before:?}");
        }
    }

    #[test]
    fn another_person_answers_once_and_only_what_is_in_doubt() {
        for (state, before, number, by, expected) in [
            (State::Unknown, Some(of_li(1, None)), 1, MA, Ok(())),
            (State::Unknown, Some(of_li(1, None)), 1, LI, Err(Refused::Own)),
            (State::Unknown, None, 1, MA, Err(Refused::NoProposal)),
            (State::Unknown, Some(of_li(2, None)), 1, MA, Err(Refused::NoProposal)),
            (State::Unknown, Some(of_li(1, None)), 2, MA, Err(Refused::NoProposal)),
            (State::Unknown, Some(of_li(1, Some((MA, false)))), 1, MA, Err(Refused::Answered)),
            (State::Failed, Some(of_li(1, Some((MA, true)))), 1, MA, Err(Refused::Answered)),
            (State::Failed, Some(of_li(1, Some((MA, true)))), 1, LI, Err(Refused::Own)),
            (State::Succeeded, Some(of_li(1, None)), 1, MA, Err(Refused::Settled)),
            (State::Succeeded, Some(of_li(1, None)), 1, LI, Err(Refused::Own)),
            (State::Authorised, Some(of_li(1, None)), 1, MA, Err(Refused::Settled)),
        ] {
            assert_eq!(may_answer(state, before, number, by), expected, "{state:?} {before:?} {number} {by:?}");
        }
    }

    #[test]
    fn only_who_decides_about_money_says_why() {
        let long = "因".repeat(MOST_REASON);
        let too_long = format!("{long}为");
        for (role, reason, expected) in [
            (StaffRole::Finance, " 余额未变 ", Ok("余额未变")),
            (StaffRole::Admin, long.as_str(), Ok(long.as_str())),
            (StaffRole::Admin, too_long.as_str(), Err(Refused::LongReason)),
            (StaffRole::Finance, " \n ", Err(Refused::NoReason)),
            (StaffRole::Auditor, "余额未变", Err(Refused::Role)),
            (StaffRole::Teller, "余额未变", Err(Refused::Role)),
        ] {
            assert_eq!(may_say(role, reason), expected, "{role:?} {}", reason.len());
        }
    }

    #[test]
    fn a_load_waits_for_its_card_a_while_and_then_for_people() {
        let patience = Duration::from_hours(24);
        let hour = 3_600_000_000;
        for (hours, asked_in_vain, expected) in [
            (0, false, Due::NotYet),
            (23, false, Due::NotYet),
            (24, false, Due::Absent),
            (0, true, Due::ProvedNothing),
            (48, true, Due::ProvedNothing),
        ] {
            let found = due(Micros(5), asked_in_vain, Micros(5 + hours * hour), patience);
            assert_eq!(found, expected, "{hours} h, {asked_in_vain}");
        }
    }

    #[test]
    fn a_balance_seen_later_is_a_hint() {
        for (seen, expected) in
            [(6_260, Hint::Written), (1_260, Hint::NotWritten), (6_060, Hint::None), (0, Hint::None)]
        {
            assert_eq!(hint(Fen::new(1_260), Fen::new(5_000), Fen::new(seen)), expected, "{seen}");
        }
    }
}
