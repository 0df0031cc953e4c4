//! Lines and books put side by side, by hand and by chance.

use jiff::civil::{Date, date};
use ledger::{Fen, GroupId};
use proptest::prelude::*;
use store::Micros;
use topup::reconcile::file::{Row, What};
use topup::reconcile::matching::{Finding, Ours, Pair, Why, pair, settles_on, total};

const DAY: Date = date(2026, 11, 22);

pub(super) fn row(line: i64, order: &str, serial: &str, fen: i64) -> Row {
    Row {
        line,
        what: What::Payment,
        code: "01".into(),
        order: Some(order.into()),
        serial: serial.into(),
        original: None,
        at: "1122101500".into(),
        amount: Fen::new(fen),
        fee: Fen::new(10),
        net: Fen::new(fen - 10),
    }
}

fn ours(order: &str, serial: &str, fen: i64) -> Ours {
    Ours {
        what: What::Payment,
        order: order.into(),
        deposit: order.into(),
        group: GroupId(7),
        serial: Some(serial.into()),
        amount: Fen::new(fen),
        moved: true,
        state: "paid".into(),
        of_file: true,
        day: Some(DAY),
        elsewhere: None,
    }
}

fn findings(rows: &[Row], ours: &[Ours]) -> Vec<Finding> {
    pair(DAY, rows, ours).into_iter().map(|pair| pair.finding).collect()
}

#[test]
fn each_way_in_which_they_can_differ_has_its_name() {
    use Finding as F;
    let check = |rows: &[Row], ours: &[Ours], expected: &[Finding]| assert_eq!(findings(rows, ours), expected);
    let (line, own) = (row(1, "A1", "S1", 5_000), ours("A1", "S1", 5_000));
    check(&[], &[], &[]);
    check(std::slice::from_ref(&line), std::slice::from_ref(&own), &[F::Matched]);
    check(std::slice::from_ref(&line), &[], &[F::MissingHere(Why::Unknown)]);
    check(&[], std::slice::from_ref(&own), &[F::MissingThere]);
    check(&[row(1, "A1", "S1", 5_001)], std::slice::from_ref(&own), &[F::Amount]);
    check(&[row(1, "A1", "S2", 5_000)], std::slice::from_ref(&own), &[F::Serial]);
    check(std::slice::from_ref(&line), &[Ours { serial: None, ..own.clone() }], &[F::Matched]);
    let unpaid = Ours { moved: false, state: "expired".into(), day: None, ..own.clone() };
    check(std::slice::from_ref(&line), std::slice::from_ref(&unpaid), &[F::MissingHere(Why::NotMoved)]);
    check(&[], &[unpaid], &[]);
    // A refund has an order number of its own, and is not a payment with the same number.
    let refund = Row { what: What::Refund, code: "04".into(), ..line.clone() };
    check(std::slice::from_ref(&refund), std::slice::from_ref(&own), &[F::MissingHere(Why::Unknown), F::MissingThere]);
    let given_back = Ours { what: What::Refund, ..own.clone() };
    check(&[line.clone(), refund], &[own.clone(), given_back], &[F::Matched, F::Matched]);
    check(&[Row { what: What::Other, code: "31".into(), ..line.clone() }], &[], &[F::MissingHere(Why::Kind)]);
    check(
        &[Row { what: What::Error, order: None, ..line.clone() }],
        std::slice::from_ref(&own),
        &[F::Listed, F::MissingThere],
    );
    // One order twice in the file: ours is the one with our serial number, wherever it stands.
    let other = row(2, "A1", "S2", 5_000);
    check(&[line.clone(), other.clone()], std::slice::from_ref(&own), &[F::Matched, F::MissingHere(Why::Twice)]);
    check(&[other, line.clone()], std::slice::from_ref(&own), &[F::MissingHere(Why::Twice), F::Matched]);
    // In the file of another day: not missing in this one; and if in an earlier one too, it is twice.
    let (before, after) = (Some(date(2026, 11, 21)), Some(date(2026, 11, 23)));
    check(&[], &[Ours { elsewhere: after, ..own.clone() }], &[]);
    check(&[], &[Ours { elsewhere: before, ..own.clone() }], &[]);
    check(std::slice::from_ref(&line), &[Ours { elsewhere: after, ..own.clone() }], &[F::Matched]);
    check(std::slice::from_ref(&line), &[Ours { elsewhere: before, ..own.clone() }], &[F::MissingHere(Why::Twice)]);
    // What settles on another day is not missing here, and matches if the file has it: the file has the last word.
    let tomorrow = Ours { day: after, ..own };
    check(&[], std::slice::from_ref(&tomorrow), &[]);
    check(&[line], &[tomorrow], &[F::Matched]);
}

#[test]
fn the_day_is_the_one_the_gateway_named_and_else_its_window() {
    // 2026-12-31 22:30 and 23:30 in Beijing.
    let (early, late) = (Micros(1_798_727_400_000_000), Micros(1_798_731_000_000_000));
    let check = |named: Option<&str>, at, expected| assert_eq!(settles_on(named, at), expected, "{named:?}");
    check(None, early, Some(date(2026, 12, 31)));
    check(None, late, Some(date(2027, 1, 1)));
    check(Some("1231"), late, Some(date(2026, 12, 31)));
    check(Some("0101"), early, Some(date(2027, 1, 1)));
    check(Some("0102"), late, Some(date(2027, 1, 2)));
    check(Some("1130"), early, Some(date(2026, 11, 30)));
    check(Some("0230"), early, None);
    check(Some("x1"), early, None);
}

#[test]
fn totals_add_up_what_came_and_take_off_what_went() {
    let refund = Row { what: What::Refund, ..row(2, "R1", "S2", 300) };
    let mine = [ours("A1", "S1", 5_000), Ours { what: What::Refund, ..ours("R1", "S2", 300) }, ours("A3", "S3", 70)];
    let pairs = pair(DAY, &[row(1, "A1", "S1", 5_000), refund], &mine);
    let matched = total(&pairs, |finding| finding == Finding::Matched);
    assert_eq!((matched.count, matched.sum), (2, Fen::new(4_700)));
    let missing = total(&pairs, |finding| finding == Finding::MissingThere);
    assert_eq!((missing.count, missing.sum), (1, Fen::new(70)));
}

/// Few orders, few serial numbers and few amounts, so that they meet.
fn some_rows() -> impl Strategy<Value = Vec<Row>> {
    let one = (0..4_u8, 0..6_u8, 1..4_i64, 0..8_u8);
    prop::collection::vec(one, 0..12).prop_map(|all| {
        let row_of = |(line, (order, serial, fen, what)): (i64, (u8, u8, i64, u8))| {
            let what = if what == 0 {
                What::Refund
            } else if what == 1 {
                What::Other
            } else {
                What::Payment
            };
            Row { what, ..row(line, &format!("A{order}"), &format!("S{serial}-{line}"), fen) }
        };
        (1..).zip(all).map(row_of).collect()
    })
}

fn some_ours() -> impl Strategy<Value = Vec<Ours>> {
    let one = (1..4_i64, any::<bool>(), 0..3_i8, any::<bool>());
    prop::collection::btree_map(0..6_u8, one, 0..6).prop_map(|all| {
        let own = |(order, (fen, moved, day, refund)): (u8, (i64, bool, i8, bool))| Ours {
            what: if refund { What::Refund } else { What::Payment },
            serial: None,
            moved,
            day: moved.then(|| date(2026, 11, 21 + day)),
            ..ours(&format!("A{order}"), "", fen)
        };
        all.into_iter().map(own).collect()
    })
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_counted_twice(rows in some_rows(), ours in some_ours()) {
        let pairs = pair(DAY, &rows, &ours);
        let lines: Vec<&Row> = pairs.iter().filter_map(|pair| pair.theirs.as_ref()).collect();
        prop_assert_eq!(lines, rows.iter().collect::<Vec<_>>(), "each line once, in its place");
        for own in &ours {
            let of_own = |pair: &&Pair| pair.ours.as_ref() == Some(own);
            let good = pairs.iter().filter(of_own).filter(|pair| pair.finding == Finding::Matched).count();
            prop_assert!(good <= 1, "money of ours stands against one line at most");
            if own.moved && own.day == Some(DAY) {
                prop_assert!(pairs.iter().any(|pair| pair.ours.as_ref() == Some(own)), "{:?} is said", own);
            }
        }
        for pair in pairs.iter().filter(|pair| pair.finding == Finding::Matched) {
            let (row, own) = (pair.theirs.as_ref().unwrap(), pair.ours.as_ref().unwrap());
            prop_assert!(own.moved && row.amount == own.amount && row.what == own.what);
        }
        let subjects: std::collections::BTreeSet<String> = pairs.iter().map(Pair::subject).collect();
        prop_assert_eq!(subjects.len(), pairs.len(), "each pair has a name of its own");
    }

    #[test]
    fn what_was_ours_all_along_matches_and_one_change_is_one_finding(n in 1..20_i64, at in 0..20_i64, change in 0..4_u8) {
        let order = |n: i64| (format!("A{n}"), format!("S{n}"));
        let mut rows: Vec<Row> = (0..n).map(|n| row(n + 1, &order(n).0, &order(n).1, 100 + n)).collect();
        let mine: Vec<Ours> = (0..n).map(|n| ours(&order(n).0, &order(n).1, 100 + n)).collect();
        prop_assert!(findings(&rows, &mine).iter().all(|finding| *finding == Finding::Matched));
        let at = usize::try_from(at % n).unwrap();
        let expected = match change {
            0 => { rows.remove(at); vec![Finding::MissingThere] }
            1 => { rows[at].amount = Fen::new(1); vec![Finding::Amount] }
            2 => { rows[at].serial = "S?".into(); vec![Finding::Serial] }
            _ => { rows[at].order = Some("B1".into()); vec![Finding::MissingHere(Why::Unknown), Finding::MissingThere] }
        };
        let found: Vec<Finding> = findings(&rows, &mine).into_iter().filter(|f| *f != Finding::Matched).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_order_of_the_lines_decides_nothing(rows in some_rows(), ours in some_ours(), seed in any::<u64>()) {
        let mut shuffled = rows.clone();
        shuffled.sort_by_key(|row| (row.line.unsigned_abs().wrapping_mul(seed | 1)).rotate_left(17));
        let tally = |rows: &[Row]| {
            let mut all = findings(rows, &ours);
            // Which of two lines of one order is the first may change; how many of each finding there are may not,
            // but where the two have different amounts.
            all.retain(|finding| !matches!(finding, Finding::Amount | Finding::Matched));
            all.sort_unstable();
            all
        };
        prop_assert_eq!(tally(&rows), tally(&shuffled));
    }
}
