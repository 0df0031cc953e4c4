//! What two people decide, since no single one moves money that no machine vouches for. The rule is one for loads in doubt,
//! deposits, exceptions and differences; each keeps its own rows and does its own. Pure.
//!
//! ```text
//! answered    loads, deposits           one proposes it, under the next number; another confirms it, or declines it and
//!                                       it waits again
//! said again  exceptions, differences   one says what is to be done, and it is done once another says the same; who says
//!                                       otherwise takes the place of the first
//! ```
//!
//! Nobody is the second to themselves, and the word of somebody who left, or lost the role, is confirmed by nobody:
//! `people::staff::may_still` says so, under the lock of what is decided.

use crate::people::staff::{StaffId, StaffPermission, StaffRole};

/// The longest reason, in characters: a few sentences.
pub const MOST_REASON: usize = 500;

/// The longest number under which a bank knows of money, in characters.
pub const MOST_REFERENCE: usize = 64;

/// Why a word is not taken. No money moved.
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
    /// There is nothing to decide, or no longer: look where it stands.
    #[error("there is nothing to decide, or no longer")]
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

/// What was proposed last of something, and whether it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    /// Counts the proposals of it.
    pub(crate) number: i64,
    pub(crate) by: StaffId,
    pub(crate) answered: bool,
}

/// What was said before of something that is done once another says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) by: StaffId,
    /// Whether it is the same as what is said now.
    pub(crate) same: bool,
    /// Whether whoever said it may still.
    pub(crate) counts: bool,
}

/// Whether someone of this role may give this reason; the reason without blanks around it.
pub(crate) fn may_say(role: StaffRole, needs: StaffPermission, reason: &str) -> Result<&str, Refused> {
    let reason = reason.trim();
    if !role.may(needs) {
        Err(Refused::Role)
    } else if reason.is_empty() {
        Err(Refused::NoReason)
    } else if reason.chars().count() > MOST_REASON {
        Err(Refused::LongReason)
    } else {
        Ok(reason)
    }
}

/// The number under which the bank knows of it, without blanks around it; none if there is none. Its length if that is too
/// much.
pub(crate) fn reference(typed: &str) -> Result<Option<&str>, usize> {
    let typed = typed.trim();
    match typed.chars().count() {
        0 => Ok(None),
        length if length > MOST_REFERENCE => Err(length),
        _ => Ok(Some(typed)),
    }
}

/// The number of the next proposal, if there may be one about what waits, or does not.
pub(crate) fn may_propose(waits: bool, last: Option<Last>) -> Result<i64, Refused> {
    match last {
        _ if !waits => Err(Refused::Settled),
        None => Ok(1),
        Some(Last { number, answered: true, .. }) => Ok(number.saturating_add(1)),
        Some(Last { answered: false, .. }) => Err(Refused::Proposed),
    }
}

/// Whether `by` may answer proposal `number` about what waits, or does not; who proposed it. To confirm it, they must still
/// be allowed to.
pub(crate) fn may_answer(waits: bool, last: Option<Last>, number: i64, by: StaffId) -> Result<StaffId, Refused> {
    let last = last.filter(|last| last.number == number).ok_or(Refused::NoProposal)?;
    if last.answered {
        Err(Refused::Answered)
    } else if last.by == by {
        Err(Refused::Own)
    } else if waits {
        Ok(last.by)
    } else {
        Err(Refused::Settled)
    }
}

/// Whether another has said the same before `by`; if not, what `by` says waits for another from now on.
pub(crate) fn agreed(before: Option<Before>, by: StaffId) -> Result<bool, Refused> {
    match before {
        Some(before) if before.by == by => Err(Refused::Own),
        Some(Before { same, counts, .. }) => Ok(same && counts),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LI: StaffId = StaffId(1);
    const MA: StaffId = StaffId(2);

    const fn of_li(number: i64, answered: bool) -> Last {
        Last { number, by: LI, answered }
    }

    #[test]
    fn what_waits_has_one_open_proposal_at_a_time() {
        for (waits, last, expected) in [
            (true, None, Ok(1)),
            (true, Some(of_li(1, false)), Err(Refused::Proposed)),
            (true, Some(of_li(1, true)), Ok(2)),
            (true, Some(of_li(7, true)), Ok(8)),
            (false, None, Err(Refused::Settled)),
            (false, Some(of_li(1, false)), Err(Refused::Settled)),
            (false, Some(of_li(1, true)), Err(Refused::Settled)),
        ] {
            assert_eq!(may_propose(waits, last), expected, "{waits} {last:?}");
        }
    }

    #[test]
    fn another_person_answers_once_and_only_what_waits() {
        for (waits, last, number, by, expected) in [
            (true, Some(of_li(1, false)), 1, MA, Ok(LI)),
            (true, Some(of_li(1, false)), 1, LI, Err(Refused::Own)),
            (true, None, 1, MA, Err(Refused::NoProposal)),
            (true, Some(of_li(2, false)), 1, MA, Err(Refused::NoProposal)),
            (true, Some(of_li(1, false)), 2, MA, Err(Refused::NoProposal)),
            (true, Some(of_li(1, true)), 1, MA, Err(Refused::Answered)),
            (false, Some(of_li(1, true)), 1, MA, Err(Refused::Answered)),
            (false, Some(of_li(1, true)), 1, LI, Err(Refused::Answered)),
            (false, Some(of_li(1, false)), 1, MA, Err(Refused::Settled)),
            (false, Some(of_li(1, false)), 1, LI, Err(Refused::Own)),
        ] {
            assert_eq!(may_answer(waits, last, number, by), expected, "{waits} {last:?} {number} {by:?}");
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
            for needs in [StaffPermission::ReviewLoads, StaffPermission::ReviewDeposits, StaffPermission::Reconcile] {
                assert_eq!(may_say(role, needs, reason), expected, "{role:?} {needs:?} {}", reason.len());
            }
        }
    }

    #[test]
    fn a_number_of_the_bank_is_taken_without_its_blanks() {
        let long = "九".repeat(MOST_REFERENCE);
        let too_long = format!("{long}9");
        for (typed, expected) in [
            (" TF-1\t", Ok(Some("TF-1"))),
            (" \n", Ok(None)),
            (long.as_str(), Ok(Some(long.as_str()))),
            (too_long.as_str(), Err(MOST_REFERENCE + 1)),
        ] {
            assert_eq!(reference(typed), expected, "{typed}");
        }
    }

    /// What one of three people does, about a proposal of this number if they answer.
    #[derive(Clone, Copy, Debug)]
    enum Act {
        Propose,
        Answer { number: i64, confirm: bool },
    }

    fn act() -> impl Strategy<Value = Act> {
        let answer = (0..5_i64, any::<bool>()).prop_map(|(number, confirm)| Act::Answer { number, confirm });
        prop_oneof![Just(Act::Propose), answer]
    }

    proptest! {
        #[test]
        fn whatever_people_click_two_of_them_decide_once(acts in prop::collection::vec((1..4_i64, act()), 0..60)) {
            let (mut last, mut decided): (Option<Last>, Option<(StaffId, StaffId)>) = (None, None);
            for (by, act) in acts {
                let (by, before) = (StaffId(by), last);
                match act {
                    Act::Propose => {
                        let number = may_propose(decided.is_none(), last);
                        let open = before.is_some_and(|last| !last.answered);
                        prop_assert_eq!(number.is_ok(), decided.is_none() && !open, "one waits at a time");
                        if let Ok(number) = number {
                            prop_assert_eq!(number, before.map_or(1, |last| last.number.saturating_add(1)));
                            last = Some(Last { number, by, answered: false });
                        }
                    }
                    Act::Answer { number, confirm } => {
                        if let Ok(proposer) = may_answer(decided.is_none(), last, number, by) {
                            prop_assert_eq!(before, Some(Last { number, by: proposer, answered: false }));
                            prop_assert!(proposer != by && decided.is_none());
                            last = before.map(|last| Last { answered: true, ..last });
                            decided = confirm.then_some((proposer, by));
                        }
                    }
                }
            }
        }

        #[test]
        fn what_is_said_again_is_done_when_two_in_turn_say_the_same(
            words in prop::collection::vec((1..4_i64, 0..3_u8, any::<bool>()), 0..60),
        ) {
            let mut before: Option<(StaffId, u8)> = None;
            for (by, what, counts) in words {
                let by = StaffId(by);
                let known = before.map(|(first, said)| Before { by: first, same: said == what, counts });
                match agreed(known, by) {
                    Err(refused) => prop_assert!(refused == Refused::Own && before.is_some_and(|(first, _)| first == by)),
                    Ok(true) => {
                        let (first, said) = before.expect("nobody is the first and the second");
                        prop_assert!(first != by && said == what && counts);
                        before = None;
                    }
                    Ok(false) => {
                        let agree = before.is_some_and(|(first, said)| first != by && said == what && counts);
                        prop_assert!(!agree, "two who say the same are heard");
                        before = Some((by, what));
                    }
                }
            }
        }
    }
}
