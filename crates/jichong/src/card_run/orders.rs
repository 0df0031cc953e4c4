//! What can be typed while a software card runs.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use epurse::card::{Cut, Moment};
use terminal::Order;

/// The longest time that `slow` takes.
const SLOWEST_MS: u64 = 600_000;

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Something for the card.
    Order(Order),
    Balance,
    Quit,
    /// An empty line.
    Nothing,
}

impl FromStr for Line {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => Ok(Self::Nothing),
            ["insert"] => Ok(Self::Order(Order::Insert)),
            ["remove"] => Ok(Self::Order(Order::Remove)),
            ["balance"] => Ok(Self::Balance),
            ["quit" | "exit"] => Ok(Self::Quit),
            ["tear", when, which] => Ok(Self::Order(tear(moment(when)?, which)?)),
            ["slow", ms] => match ms.parse() {
                Ok(ms @ 0..=SLOWEST_MS) => Ok(Self::Order(Order::Slow(Duration::from_millis(ms)))),
                _ => Err(format!("slow: milliseconds up to {SLOWEST_MS} are expected")),
            },
            _ => Err(format!(
                "{line:?} is not known; insert, remove, tear WHEN N, tear WHEN credit, slow MS, balance and quit are"
            )),
        }
    }
}

fn tear(at: Moment, which: &str) -> Result<Order, String> {
    if which == "credit" {
        return Ok(Order::TearCredit(at));
    }
    let number: NonZeroU32 = which.parse().map_err(|_| "tear: 1, 2, 3 … or credit is expected")?;
    Ok(Order::Tear(Cut { exchange: u64::from(number.get()).saturating_sub(1), at }))
}

fn moment(when: &str) -> Result<Moment, String> {
    match when {
        "before" => Ok(Moment::Command(0)),
        "during" => Ok(Moment::BeforeWrite),
        "after" => Ok(Moment::AfterWrite),
        "then" => Ok(Moment::Answer(usize::MAX)),
        _ => Err("tear: before, during, after or then is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood_or_refused_with_what_is_expected() {
        let tear = |exchange, at| Ok(Line::Order(Order::Tear(Cut { exchange, at })));
        for (line, order) in [
            ("", Ok(Line::Nothing)),
            ("  insert ", Ok(Line::Order(Order::Insert))),
            ("remove", Ok(Line::Order(Order::Remove))),
            ("tear before 1", tear(0, Moment::Command(0))),
            ("tear  during  3", tear(2, Moment::BeforeWrite)),
            ("tear then 3", tear(2, Moment::Answer(usize::MAX))),
            ("tear after credit", Ok(Line::Order(Order::TearCredit(Moment::AfterWrite)))),
            ("slow 8000", Ok(Line::Order(Order::Slow(Duration::from_secs(8))))),
            ("balance", Ok(Line::Balance)),
            ("quit", Ok(Line::Quit)),
            ("tear after 0", Err("1, 2, 3")),
            ("tear later 1", Err("before, during, after or then")),
            ("tear after", Err("not known")),
            ("slow", Err("not known")),
            ("slow 600001", Err("up to 600000")),
            ("slow -1", Err("up to 600000")),
            ("Insert", Err("not known")),
        ] {
            match (line.parse::<Line>(), order) {
                (Ok(parsed), Ok(order)) => assert_eq!(parsed, order, "{line:?}"),
                (Err(why), Err(words)) => assert!(why.contains(words), "{line:?}: {why}"),
                (parsed, order) => panic!("{line:?}: {parsed:?}, expected {order:?}"),
            }
        }
    }
}
