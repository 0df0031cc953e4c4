//! Cards: what lies on the reader, of which class it is, and what may still be charged to it.
//!
//! A card is known by what it says of itself (file 15 and its balance); nothing of that is proven until the card
//! answers INITIALIZE FOR LOAD with a MAC1 under the issuer's keys. So the rules here decide what a clerk is shown
//! and offered, and the load decides again from what the MAC covers.

mod class;
mod query;
mod rules;
mod script;

pub use class::{Class, Classes};
pub use query::{block, is_blocked, load_classes, seed_classes, unblock};
pub use rules::{Allowance, AmountProblem, Doubtful, Problem, allowance, amount_allowed};
pub use script::{Application, SeeError, Seen};
pub(crate) use script::{limit_ms, parse_seen, see_script, step};

pub use epurse::file15::CardNumber;

use ledger::{Fen, GroupId};

/// The card on the reader, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Card {
    /// Its number.
    #[serde(with = "as_text")]
    pub number: CardNumber,
    /// Its class in Chinese and in English, if the class is known.
    pub class: Option<ClassName>,
    /// What is on it.
    pub balance: Fen,
    /// The last day it may be used, `YYYY-MM-DD`.
    pub expires: String,
    /// What may be charged to it, or why nothing may.
    pub allowed: Result<Allowance, Problem>,
}

/// What people call a class.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClassName {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The card as a page of `group` shows it: what it says of itself, what our books say of it, and the rules.
pub(crate) async fn describe(house: &crate::House, group: GroupId, seen: &Seen) -> Result<Card, store::Error> {
    let mut tx = house.db.read().await?;
    let blocked = is_blocked(&mut tx, &seen.number).await?;
    let doubt = crate::loads::doubt_of_card(&mut tx, group, seen.number).await?;
    let class = house.classes.of(seen.class);
    Ok(Card {
        number: seen.number,
        class: class.map(|class| class.name.clone()),
        balance: seen.balance,
        expires: seen.expires.clone(),
        allowed: rules::judge(seen, class, blocked, doubt, &house.today()),
    })
}

/// A card number as JSON text.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::CardNumber;

    pub(super) fn serialize<S: Serializer>(number: &CardNumber, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CardNumber, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
