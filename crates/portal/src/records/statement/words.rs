//! Items and their amounts, in words.

use topup::Fen;
use topup::records::{Grain, Item, StatementLine};

use crate::words::{Lang, say};

/// What comes and goes.
pub(crate) fn item(lang: Lang, item: Item) -> String {
    match item {
        Item::Deposits => say!(lang, "item-deposits"),
        Item::TakenBack => say!(lang, "item-taken-back"),
        Item::Loads => say!(lang, "item-loads"),
        Item::GivenBack => say!(lang, "item-given-back"),
        Item::ChargedAfter => say!(lang, "item-charged-after"),
        Item::Other => say!(lang, "item-other"),
    }
}

pub(super) fn grain(lang: Lang, grain: Grain) -> String {
    match grain {
        Grain::Day => say!(lang, "statement-by-day"),
        Grain::Month => say!(lang, "statement-by-month"),
    }
}

/// What a statement has columns for: what comes and goes every day, and what else there was.
pub(super) fn columns(total: &StatementLine) -> Vec<Item> {
    let usual = |item: &Item| matches!(item, Item::Deposits | Item::Loads);
    Item::ALL.into_iter().filter(|item| usual(item) || total.item(*item).count > 0).collect()
}

/// `+1,234.00`, `-1,234.00`: what came, and what went.
pub(super) fn signed(amount: Fen) -> String {
    if amount > Fen::ZERO { format!("+{amount}") } else { amount.to_string() }
}

/// The days of a line: one day, a whole month, or from when to when.
pub(super) fn days(line: &StatementLine) -> String {
    let (first, last) = (line.period.first(), line.period.last());
    if first == last {
        return first.to_string();
    }
    if first == first.first_of_month() && last == first.last_of_month() {
        return first.to_string().get(..7).unwrap_or_default().to_owned();
    }
    format!("{first} – {last}")
}
