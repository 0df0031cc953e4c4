use ledger::Fen;
use serde::{Deserialize, Serialize};

use super::{Class, Seen};
use crate::loads::OrderNumber;

/// What may still be charged to a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// The smallest amount.
    pub least: Fen,
    /// The largest amount now, a multiple of `step`; below `least` when nothing fits any more.
    pub most: Fen,
    /// Amounts are multiples of this.
    pub step: Fen,
    /// What the card may hold at most after the load.
    pub ceiling: Fen,
    /// Amounts offered as buttons.
    pub presets: Vec<Fen>,
}

/// Why a card cannot be charged at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// No application of ours, or not readable: not a card of this issuer.
    Foreign,
    /// The card's own flag says it is not in use.
    NotEnabled,
    /// Its last day is over.
    Expired {
        /// That day.
        on: String,
    },
    /// Its first day is still to come.
    NotYetValid {
        /// That day.
        from: String,
    },
    /// The issuer has blocked this card.
    Blocked,
    /// Its class is not set up for charging.
    UnknownClass {
        /// The code on the card, two hexadecimal digits.
        code: String,
    },
    /// An earlier load of this card is not settled yet; another one would destroy the proof.
    InDoubt {
        /// Which, if it is one of the group at whose terminal the card lies; other groups' loads are not told.
        load: Option<Doubtful>,
    },
}

/// A load in doubt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubtful {
    /// Its order number.
    pub order: OrderNumber,
    /// Its amount.
    pub amount: Fen,
    /// Whether the card, asked to the end, has proven nothing: putting it down again does not help.
    #[serde(default)]
    pub asked_in_vain: bool,
}

/// Why an amount cannot be charged to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountProblem {
    /// Not a multiple of the step.
    Step,
    /// Below the least.
    TooSmall,
    /// The balance would pass the ceiling.
    TooLarge,
}

/// What may be charged to a card of `class` that holds `balance`.
pub fn allowance(class: &Class, balance: Fen) -> Allowance {
    let room = class.ceiling.as_i64().saturating_sub(balance.as_i64()).max(0);
    let room = room.min(class.most.as_i64());
    let step = class.step.as_i64().max(1);
    let most = room.saturating_sub(room.checked_rem(step).unwrap_or(0));
    Allowance {
        least: class.least,
        most: Fen::new(most),
        step: class.step,
        ceiling: class.ceiling,
        presets: class.presets.clone(),
    }
}

/// Whether `amount` fits the allowance.
pub fn amount_allowed(amount: Fen, allowed: &Allowance) -> Result<(), AmountProblem> {
    if amount.as_i64().checked_rem(allowed.step.as_i64()) != Some(0) {
        Err(AmountProblem::Step)
    } else if amount < allowed.least {
        Err(AmountProblem::TooSmall)
    } else if amount > allowed.most {
        Err(AmountProblem::TooLarge)
    } else {
        Ok(())
    }
}

/// Whether a card may be charged on the day `today` (`YYYY-MM-DD`), and how much.
pub(crate) fn judge(
    seen: &Seen,
    class: Option<&Class>,
    blocked: bool,
    doubt: Option<Problem>,
    today: &str,
) -> Result<Allowance, Problem> {
    // Dates of this form sort as text.
    if let Some(doubt) = doubt {
        Err(doubt)
    } else if blocked {
        Err(Problem::Blocked)
    } else if !seen.enabled {
        Err(Problem::NotEnabled)
    } else if seen.expires.as_str() < today {
        Err(Problem::Expired { on: seen.expires.clone() })
    } else if seen.starts.as_str() > today {
        Err(Problem::NotYetValid { from: seen.starts.clone() })
    } else if let Some(class) = class {
        Ok(allowance(class, seen.balance))
    } else {
        Err(Problem::UnknownClass { code: format!("{:02x}", seen.class) })
    }
}

#[cfg(test)]
mod tests {
    use epurse::applications::Aid;
    use epurse::file15::Layout;

    use super::*;
    use crate::cards::{Application, ClassName};

    fn class() -> Class {
        Class {
            code: "01".into(),
            name: ClassName { zh: "普通卡".into(), en: "Standard card".into() },
            least: Fen::new(1_000),
            step: Fen::new(1_000),
            most: Fen::new(100_000),
            ceiling: Fen::new(100_000),
            presets: vec![],
            key_index: 1,
            pin: None,
        }
    }

    #[test]
    fn the_allowance_is_what_fits_below_the_ceiling_in_steps() {
        let check =
            |balance, most| assert_eq!(allowance(&class(), Fen::new(balance)).most, Fen::new(most), "{balance}");
        check(0, 100_000);
        check(1, 99_000);
        check(1_260, 98_000);
        check(98_500, 1_000);
        check(99_001, 0);
        check(100_000, 0);
        check(250_000, 0);
        check(-500, 100_000);
    }

    #[test]
    fn amounts_are_multiples_of_the_step_within_bounds() {
        let allowed = allowance(&class(), Fen::new(98_000));
        let check = |amount, expected| assert_eq!(amount_allowed(Fen::new(amount), &allowed), expected, "{amount}");
        check(0, Err(AmountProblem::TooSmall));
        check(-1_000, Err(AmountProblem::TooSmall));
        check(500, Err(AmountProblem::Step));
        check(1_000, Ok(()));
        check(1_001, Err(AmountProblem::Step));
        check(2_000, Ok(()));
        check(3_000, Err(AmountProblem::TooLarge));
        check(i64::MAX, Err(AmountProblem::Step));
    }

    #[test]
    fn a_card_is_judged_by_the_first_thing_that_stands_against_it() {
        let seen = Seen {
            application: Application { aid: Aid::CITY, directory: None, layout: Layout::Mohurd },
            number: "4100000099000001".parse().expect("digits"),
            class: 1,
            enabled: true,
            starts: "2020-01-01".into(),
            expires: "2030-05-20".into(),
            balance: Fen::new(1_260),
            file15: vec![],
        };
        let class = class();
        let judge = |seen: &Seen, today| judge(seen, Some(&class), false, None, today);
        assert!(judge(&seen, "2030-05-20").is_ok(), "the last day counts");
        assert_eq!(judge(&seen, "2030-05-21"), Err(Problem::Expired { on: "2030-05-20".into() }));
        assert_eq!(judge(&seen, "2019-12-31"), Err(Problem::NotYetValid { from: "2020-01-01".into() }));
        let off = Seen { enabled: false, ..seen.clone() };
        assert_eq!(judge(&off, "2026-11-22"), Err(Problem::NotEnabled));
        assert_eq!(super::judge(&seen, Some(&class), true, None, "2026-11-22"), Err(Problem::Blocked));
        assert_eq!(
            super::judge(&seen, None, false, None, "2026-11-22"),
            Err(Problem::UnknownClass { code: "01".into() })
        );
        let order = OrderNumber::new(7_353_668_108_288_000_000);
        let doubt = Problem::InDoubt { load: Some(Doubtful { order, amount: Fen::new(5_000), asked_in_vain: false }) };
        assert_eq!(super::judge(&seen, Some(&class), false, Some(doubt.clone()), "2026-11-22"), Err(doubt));
    }
}
