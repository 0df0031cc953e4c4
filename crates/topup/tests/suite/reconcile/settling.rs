//! The net of days against lines of a bank statement.

use jiff::civil::{Date, date};
use ledger::Fen;
use proptest::prelude::*;
use topup::reconcile::settling::Settling::{self, Awaited, Line, Missing, Nothing};
use topup::reconcile::settling::{Arrived, Owed, settle};

fn day(n: i8) -> Date {
    date(2026, 11, n)
}

fn owed(n: i8, fen: i64) -> Owed {
    Owed { day: day(n), net: Fen::new(fen) }
}

fn arrived(id: i64, n: i8, fen: i64, text: &str) -> Arrived {
    Arrived { id, day: day(n), amount: Fen::new(fen), text: text.into() }
}

#[test]
fn a_day_finds_its_line() {
    let check = |days: &[Owed], lines: &[Arrived], until: Option<i8>, expected: &[Settling]| {
        let found: Vec<Settling> = settle(days, lines, until.map(day)).into_iter().map(|(_, found)| found).collect();
        assert_eq!(found, expected);
    };
    check(&[owed(2, 500)], &[arrived(9, 3, 500, "")], Some(3), &[Line(9)]);
    check(&[owed(2, 500)], &[arrived(9, 3, 501, "")], Some(12), &[Awaited]);
    check(&[owed(2, 500)], &[arrived(9, 3, 501, "")], Some(13), &[Missing]);
    check(&[owed(2, 500)], &[], None, &[Awaited]);
    // Neither before its day nor long after it.
    check(&[owed(5, 500)], &[arrived(9, 4, 500, ""), arrived(8, 16, 500, "")], Some(16), &[Missing]);
    check(&[owed(2, 0)], &[arrived(9, 3, 0, "")], Some(20), &[Nothing]);
    // More was refunded than paid: money goes out.
    check(&[owed(2, -500)], &[arrived(9, 3, 500, ""), arrived(8, 3, -500, "")], Some(3), &[Line(8)]);
    // Two alike: the oldest day takes the earliest, unless one is named.
    let alike = [owed(2, 500), owed(3, 500)];
    check(&alike, &[arrived(8, 4, 500, ""), arrived(9, 3, 500, "")], Some(4), &[Line(9), Line(8)]);
    check(&alike, &[arrived(8, 4, 500, "银联 20261103"), arrived(9, 5, 500, "")], Some(5), &[Line(9), Line(8)]);
    check(&alike, &[arrived(8, 4, 500, "清算1103"), arrived(9, 5, 500, "")], Some(5), &[Line(9), Line(8)]);
    check(&alike, &[arrived(8, 4, 500, "票据911031"), arrived(9, 5, 500, "")], Some(5), &[Line(8), Line(9)]);
    check(&alike, &[arrived(8, 4, 500, "")], Some(20), &[Line(8), Missing]);
}

proptest! {
    #[test]
    fn a_line_stands_against_one_day_and_has_its_sum(
        days in prop::collection::btree_map(1..28_i8, -2..4_i64, 0..10),
        lines in prop::collection::vec((1..28_i8, -2..4_i64), 0..14),
    ) {
        let days: Vec<Owed> = days.into_iter().map(|(n, fen)| owed(n, fen)).collect();
        let lines: Vec<Arrived> = (1..).zip(lines).map(|(id, (n, fen))| arrived(id, n, fen, "")).collect();
        let found = settle(&days, &lines, Some(day(28)));
        prop_assert_eq!(found.len(), days.len());
        let mut used = std::collections::BTreeSet::new();
        for (day, settling) in &found {
            let owed = days.iter().find(|owed| owed.day == *day).unwrap();
            match settling {
                Line(id) => {
                    prop_assert!(used.insert(*id), "line {} is used twice", id);
                    let line = lines.iter().find(|line| line.id == *id).unwrap();
                    prop_assert_eq!(line.amount, owed.net);
                    prop_assert!(line.day >= *day);
                }
                Nothing => prop_assert_eq!(owed.net, Fen::ZERO),
                Awaited | Missing => {
                    let free = lines.iter().any(|line| {
                        !found.iter().any(|(_, other)| *other == Line(line.id))
                            && line.amount == owed.net && line.day >= *day && line.day.since(*day).unwrap().get_days() <= 10
                    });
                    prop_assert!(!free, "a line that fits was left: {:?}", day);
                }
            }
        }
    }
}
