//! The filters that are measured.

use ledger::{Fen, GroupId};
use topup::people::OperatorId;
use topup::records::{Day, Filter, Holds, Period, Scope};

use crate::city::{BUSY, City, NOW};

/// A filter with a name for people.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) filter: Filter,
}

/// Everything of two years within a scope.
pub(crate) fn all_time(scope: Scope) -> Filter {
    since(scope, City::first_day())
}

/// Everything of half a year, as the quick range has it.
pub(crate) fn half_year(scope: Scope) -> Filter {
    since(scope, Day::of(NOW).months_before(6).plus(1))
}

/// Everything since a day.
pub(crate) fn since(scope: Scope, first: Day) -> Filter {
    let period = Period::new(first, Day::of(NOW)).expect("it ends after it begins");
    let (holds, card, operator, terminal, least, most, order) = (None, None, None, None, None, None, None);
    Filter { scope, period, holds, card, operator, terminal, least, most, order }
}

/// Each kind of filter, within a scope.
fn narrowed(scope: Scope) -> Vec<(&'static str, Filter)> {
    let all = all_time(scope);
    let busy = City::new(1, 1).all_groups().next().expect("a city has a group");
    let (card, some_operator, rare_operator) = (busy.card(4_711), busy.operator(3), busy.operator(busy.operators - 1));
    let (some_terminal, rare_terminal) = (busy.terminal(3), busy.terminal(busy.terminals - 1));
    let end = card.chars().skip(card.len() - 4).collect();
    vec![
        ("everything", all.clone()),
        ("succeeded", Filter { holds: Some(Holds::Succeeded), ..all.clone() }),
        ("failed", Filter { holds: Some(Holds::Failed), ..all.clone() }),
        ("unknown", Filter { holds: Some(Holds::Unknown), ..all.clone() }),
        ("an operator", Filter { operator: Some(OperatorId(some_operator)), ..all.clone() }),
        ("a rare operator", Filter { operator: Some(OperatorId(rare_operator)), ..all.clone() }),
        ("a terminal", Filter { terminal: Some(some_terminal), ..all.clone() }),
        ("a rare terminal", Filter { terminal: Some(rare_terminal), ..all.clone() }),
        ("a card", Filter { card: Some(card), ..all.clone() }),
        ("a card's last four digits", Filter { card: Some(end), ..all.clone() }),
        ("100 yuan or more", Filter { least: Some(Fen::new(10_000)), ..all }),
    ]
}

/// All of them: of the busy group, of a small one, of all groups.
pub(crate) fn all(groups: i64) -> Vec<Case> {
    let named = |whose: &str, scope| {
        let cases = narrowed(scope).into_iter();
        cases.map(|(name, filter)| Case { name: format!("{whose}: {name}"), filter }).collect::<Vec<_>>()
    };
    let small = all_time(Scope::of(GroupId(groups)));
    let mut cases = named("busy group", Scope::of(BUSY));
    let succeeded = Filter { holds: Some(Holds::Succeeded), ..small.clone() };
    let operator = Filter { operator: Some(OperatorId(groups * 1_000 + 1)), ..small.clone() };
    for (name, filter) in [("everything", small), ("succeeded", succeeded), ("an operator", operator)] {
        cases.push(Case { name: format!("small group: {name}"), filter });
    }
    cases.extend(named("all groups", Scope::ALL));
    cases
}
