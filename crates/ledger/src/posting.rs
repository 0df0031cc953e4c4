//! The decision on one movement. Pure.

use std::fmt;

use store::Micros;

use crate::{Fen, GroupId};

/// An account of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The outside world: negative by what the group paid in and did not get back.
    Bank,
    /// Paid, and waiting for a second person's decision.
    DepositsInReview,
    /// What the group may still charge to cards.
    Quota,
    /// Set aside for loads in flight.
    Held,
    /// Written to cards.
    OnCards,
    /// To be paid back to the group.
    RefundsDue,
}

/// An amount to move between two accounts of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Whose accounts.
    pub group: GroupId,
    /// The account it leaves.
    pub from: Kind,
    /// The account it enters.
    pub to: Kind,
    /// More than nothing.
    pub amount: Fen,
    /// Why, in a few words; the journal keeps it.
    pub reason: &'static str,
    /// The load or the deposit it is about.
    pub subject: i64,
    /// When.
    pub at: Micros,
}

/// A movement that is in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its number in the group's journal.
    pub id: i64,
    /// The balance after it of the account it left.
    pub from_after: Fen,
    /// The balance after it of the account it entered.
    pub to_after: Fen,
}

/// Why a movement is not in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The account it leaves does not hold that much.
    #[error("{by} yuan are missing")]
    Short {
        /// How much is missing.
        by: Fen,
    },
    /// The group has no accounts.
    #[error("the group has no accounts")]
    NoAccounts,
    /// Nothing, less than nothing, more than can be written, or from an account to itself.
    #[error("not a movement")]
    NotAMovement,
}

/// The balances of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    fen: [Fen; Kind::ALL.len()],
}

impl Kind {
    /// Every account of a group, in the order in which money usually passes through them.
    pub const ALL: [Self; 6] =
        [Self::Bank, Self::DepositsInReview, Self::Quota, Self::Held, Self::OnCards, Self::RefundsDue];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::DepositsInReview => "deposits_in_review",
            Self::Quota => "quota",
            Self::Held => "held",
            Self::OnCards => "on_cards",
            Self::RefundsDue => "refunds_due",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Balances {
    /// Balances in the order of [`Kind::ALL`].
    pub(crate) fn of(fen: [i64; Kind::ALL.len()]) -> Self {
        Self { fen: fen.map(Fen::new) }
    }

    /// What is on the account.
    pub fn get(&self, kind: Kind) -> Fen {
        Kind::ALL.iter().zip(self.fen).find(|(k, _)| **k == kind).map_or(Fen::ZERO, |(_, fen)| fen)
    }

    /// All of them together: nothing, in true books. Wide, because six i64 may be more than one.
    pub fn sum(&self) -> i128 {
        self.fen.iter().map(|fen| i128::from(fen.as_i64())).sum()
    }

    fn set(&mut self, kind: Kind, to: Fen) {
        for (k, fen) in Kind::ALL.iter().zip(&mut self.fen) {
            if *k == kind {
                *fen = to;
            }
        }
    }

    /// Moves the amount, or leaves everything as it was. Returns what both accounts hold after it.
    pub(crate) fn apply(&mut self, from: Kind, to: Kind, amount: Fen) -> Result<(Fen, Fen), Rejected> {
        if amount <= Fen::ZERO || from == to {
            return Err(Rejected::NotAMovement);
        }
        let from_after = self.get(from).checked_sub(amount).ok_or(Rejected::NotAMovement)?;
        let to_after = self.get(to).checked_add(amount).ok_or(Rejected::NotAMovement)?;
        if from_after < Fen::ZERO && from != Kind::Bank {
            let by = Fen::ZERO.checked_sub(from_after).ok_or(Rejected::NotAMovement)?;
            return Err(Rejected::Short { by });
        }
        self.set(from, from_after);
        self.set(to, to_after);
        Ok((from_after, to_after))
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind() -> impl Strategy<Value = Kind> {
        proptest::sample::select(Kind::ALL.to_vec())
    }

    #[test]
    fn short_says_by_how_much() {
        let mut balances = Balances::of([-100, 0, 100, 0, 0, 0]);
        assert_eq!(balances.apply(Kind::Quota, Kind::Held, Fen::new(101)), Err(Rejected::Short { by: Fen::new(1) }));
        assert_eq!(balances.apply(Kind::Quota, Kind::Held, Fen::new(100)), Ok((Fen::new(0), Fen::new(100))));
        assert_eq!(balances.apply(Kind::Quota, Kind::Quota, Fen::new(1)), Err(Rejected::NotAMovement));
        assert_eq!(balances.apply(Kind::Bank, Kind::Quota, Fen::new(i64::MAX)), Err(Rejected::NotAMovement));
    }

    proptest! {
        #[test]
        fn balances_add_up_to_nothing_and_stay_above_it(
            steps in prop::collection::vec((kind(), kind(), -100_i64..1_000_000), 0..200)
        ) {
            let mut balances = Balances::default();
            for (from, to, amount) in steps {
                let before = balances;
                if let Ok((from_after, to_after)) = balances.apply(from, to, Fen::new(amount)) {
                    prop_assert!(amount > 0);
                    prop_assert_eq!(before.get(from).as_i64() - amount, from_after.as_i64());
                    prop_assert_eq!(before.get(to).as_i64() + amount, to_after.as_i64());
                    prop_assert_eq!((balances.get(from), balances.get(to)), (from_after, to_after));
                } else {
                    prop_assert_eq!(before, balances);
                }
                prop_assert_eq!(balances.sum(), 0);
                prop_assert!(Kind::ALL.iter().all(|k| *k == Kind::Bank || balances.get(*k) >= Fen::ZERO));
            }
        }
    }
}
