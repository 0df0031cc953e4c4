//! Ranges, states and mistakes, in words.

use topup::Kind;
use topup::records::{Field, Range, Wrong, WrongField};

use super::shelf::Shelf;
use crate::words::{Lang, say};

pub(super) fn range(lang: Lang, range: Range) -> String {
    match range {
        Range::Today => say!(lang, "range-today"),
        Range::Yesterday => say!(lang, "range-yesterday"),
        Range::Week => say!(lang, "range-week"),
        Range::ThisMonth => say!(lang, "range-this-month"),
        Range::Month => say!(lang, "range-month"),
        Range::Quarter => say!(lang, "range-quarter"),
        Range::HalfYear => say!(lang, "range-half-year"),
    }
}

/// What is wrong, under the names of the fields.
pub(super) fn problems<R: Shelf>(lang: Lang, wrong: &[WrongField]) -> Vec<(&'static str, String)> {
    wrong.iter().map(|(field, wrong)| (name(*field), told::<R>(lang, *wrong))).collect()
}

const fn name(field: Field) -> &'static str {
    match field {
        Field::Range => "",
        Field::From => "from",
        Field::To => "to",
        Field::State => "state",
        Field::Card => "card",
        Field::Operator => "operator",
        Field::Terminal => "terminal",
        Field::Least => "least",
        Field::Most => "most",
        Field::Order => "order",
        Field::Group => "group",
    }
}

fn told<R: Shelf>(lang: Lang, wrong: Wrong) -> String {
    match wrong {
        Wrong::NotAWord => say!(lang, "wrong-word"),
        Wrong::NotADay => say!(lang, "wrong-day"),
        Wrong::EndsBeforeItBegins => say!(lang, "wrong-days"),
        Wrong::NotACard => say!(lang, "wrong-card"),
        Wrong::NoOperator => say!(lang, "wrong-operator"),
        Wrong::NotATerminal => say!(lang, "wrong-terminal"),
        Wrong::NotAnAmount => say!(lang, "wrong-amount"),
        Wrong::MostBelowLeast => say!(lang, "wrong-amounts"),
        Wrong::NotAnOrder => R::wrong_order(lang),
        Wrong::NoGroup => say!(lang, "wrong-group"),
    }
}

/// An account of the ledger.
pub(crate) fn account(lang: Lang, kind: Kind) -> String {
    match kind {
        Kind::Bank => say!(lang, "account-bank"),
        Kind::DepositsInReview => say!(lang, "account-deposits-in-review"),
        Kind::Quota => say!(lang, "account-quota"),
        Kind::Held => say!(lang, "account-held"),
        Kind::OnCards => say!(lang, "account-on-cards"),
        Kind::RefundsDue => say!(lang, "account-refunds-due"),
    }
}
