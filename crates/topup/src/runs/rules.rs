//! What a run may charge: pure decisions.

use ledger::Fen;

use super::{Full, Tally};
use crate::House;
use crate::cards::{Class, Classes};

/// Cards in one run: an hour's work without a pause, and little enough that a run can be counted again for every card.
pub const MOST_CARDS: i64 = 1_000;

/// Cards in doubt at once: with so many, something is wrong with the reader or with how cards are taken away.
pub const MOST_DOUBTS: i64 = 3;

/// What the clerk confirms once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// For each card.
    pub amount: Fen,
    /// Cards at most.
    pub most_cards: i64,
    /// Money at most.
    pub most_money: Fen,
}

impl Plan {
    /// How many cards fit below both limits.
    pub fn cards(&self) -> i64 {
        self.most_cards.min(self.most_money.as_i64().checked_div(self.amount.as_i64()).unwrap_or(0))
    }

    /// What these take.
    pub fn sum(&self) -> Fen {
        Fen::new(self.cards().saturating_mul(self.amount.as_i64()))
    }
}

/// What is wrong with a plan: each names the limit that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanProblem {
    /// No class of cards takes the amount.
    Amount(Rule),
    /// Not between one card and [`MOST_CARDS`].
    Cards,
    /// The money does not do for one card.
    Money,
    /// The group's quota does not do for one card.
    Quota(Fen),
}

/// Which amounts cards take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The smallest.
    pub least: Fen,
    /// The largest in one load.
    pub most: Fen,
    /// Amounts are multiples of this.
    pub step: Fen,
}

impl Rule {
    fn of(class: &Class) -> Self {
        Self { least: class.least, most: class.most.min(class.ceiling), step: class.step }
    }

    fn takes(&self, amount: Fen) -> bool {
        (self.least..=self.most).contains(&amount) && amount.as_i64().checked_rem(self.step.as_i64()) == Some(0)
    }
}

/// The widest rule of all active classes: an amount outside it fits no card.
pub fn common_rule(classes: &Classes) -> Rule {
    let rules = || classes.all().map(Rule::of);
    Rule {
        least: rules().map(|rule| rule.least).min().unwrap_or_default(),
        most: rules().map(|rule| rule.most).max().unwrap_or_default(),
        step: rules().map(|rule| rule.step).min().unwrap_or_default(),
    }
}

/// The classes whose cards do not take the amount of a plan.
pub fn not_for<'a>(house: &'a House, plan: &Plan) -> Vec<&'a Class> {
    house.classes.all().filter(|class| !Rule::of(class).takes(plan.amount)).collect()
}

/// Everything that is wrong with a plan, in the order of its fields. Each card is judged by its own class when it comes.
pub fn check(house: &House, plan: &Plan, quota: Fen) -> Vec<PlanProblem> {
    let mut problems = Vec::new();
    if !house.classes.all().any(|class| Rule::of(class).takes(plan.amount)) {
        problems.push(PlanProblem::Amount(common_rule(&house.classes)));
    }
    if !(1..=MOST_CARDS).contains(&plan.most_cards) {
        problems.push(PlanProblem::Cards);
    }
    if plan.most_money < plan.amount {
        problems.push(PlanProblem::Money);
    }
    if problems.is_empty() && quota < plan.amount {
        problems.push(PlanProblem::Quota(quota));
    }
    problems
}

/// Why a run takes no further card now, if so.
pub(super) fn full(plan: &Plan, tally: &Tally, quota: Fen) -> Option<Full> {
    let with_another = tally.sum().as_i64().saturating_add(plan.amount.as_i64());
    if tally.cards() >= plan.most_cards {
        Some(Full::Cards)
    } else if with_another > plan.most_money.as_i64() {
        Some(Full::Money)
    } else if quota < plan.amount {
        Some(Full::Quota)
    } else if tally.doubt.count >= MOST_DOUBTS {
        Some(Full::Doubts)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loads::Totals;

    const fn plan(amount: i64, most_cards: i64, most_money: i64) -> Plan {
        Plan { amount: Fen::new(amount), most_cards, most_money: Fen::new(most_money) }
    }

    #[test]
    fn a_plan_holds_as_many_cards_as_fit_below_both_limits() {
        let check = |plan: Plan, cards, sum| assert_eq!((plan.cards(), plan.sum()), (cards, Fen::new(sum)), "{plan:?}");
        check(plan(5_000, 200, 1_000_000), 200, 1_000_000);
        check(plan(5_000, 200, 999_999), 199, 995_000);
        check(plan(5_000, 3, 1_000_000), 3, 15_000);
        check(plan(0, 3, 1_000), 0, 0);
    }

    #[test]
    fn a_run_is_full_just_before_it_would_pass_a_limit() {
        let of = |count, sum| Totals { count, sum: Fen::new(sum) };
        let tally = |done: i64, doubt: i64, in_flight: i64| Tally {
            done: of(done, done * 5_000),
            doubt: of(doubt, doubt * 5_000),
            in_flight: of(in_flight, in_flight * 5_000),
            problems: 7,
        };
        let check = |tally: Tally, quota: i64, expected| {
            assert_eq!(full(&plan(5_000, 10, 48_000), &tally, Fen::new(quota)), expected, "{tally:?} {quota}");
        };
        check(tally(0, 0, 0), 5_000, None);
        check(tally(0, 0, 0), 4_999, Some(Full::Quota));
        check(tally(8, 0, 0), 5_000, None);
        check(tally(9, 0, 0), 5_000, Some(Full::Money));
        check(tally(7, 1, 1), 5_000, Some(Full::Money));
        check(tally(7, 2, 1), 5_000, Some(Full::Cards));
        check(tally(1, 3, 0), 5_000, Some(Full::Doubts));
        check(tally(1, 2, 0), 5_000, None);
    }
}
