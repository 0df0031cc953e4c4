//! The daily file: whole, damaged, and not what it says.

use std::path::Path;

use jiff::civil::date;
use ledger::Fen;
use pay::unionpay::zm::LineError;
use topup::reconcile::file::{FileError, What, read};

pub(super) const MEMBER: &str = "INN26030188ZM_777290058110048";
const ZIP: &str = "777290058110048_20260301.zip";

pub(super) fn vector(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pay/tests/vectors/unionpay/zm");
    std::fs::read(folder.join(name)).expect("a vector")
}

#[test]
fn the_zip_and_its_member_say_the_same() {
    let zip = read(ZIP, &vector(ZIP)).expect("the ZIP");
    assert_eq!(zip, read(MEMBER, &vector(MEMBER)).expect("the member"));
    assert_eq!(zip, read(&format!("C:\\Downloads\\{MEMBER}.txt"), &vector(MEMBER)).expect("the member"));
    assert_eq!((zip.day, zip.merchant.as_str(), zip.rows.len()), (date(2026, 3, 1), "777290058110048", 3));
    assert_eq!(zip.net(), Fen::new(zip.rows.iter().map(|row| row.net.as_i64()).sum()));
    let (first, last) = (&zip.rows[0], &zip.rows[2]);
    assert_eq!((first.what, first.amount, first.fee), (What::Payment, Fen::new(50_000_000), Fen::new(1_000)));
    assert_eq!(first.order.as_deref(), Some("TOPUP20260301000001"));
    assert_eq!((last.what, last.net), (What::Refund, Fen::new(-100_000)));
}

#[test]
fn a_day_without_a_line_is_a_file_too() {
    assert!(read(MEMBER, b"").expect("an empty file").rows.is_empty());
}

#[test]
fn what_is_damaged_is_refused_with_line_and_column() {
    let whole = vector(MEMBER);
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let said = read(name, bytes).expect_err("must be refused").to_string();
        assert!(said.contains(expected), "{said}\n{expected}");
    };
    check(MEMBER, &whole[..whole.len() - 3], &format!("{MEMBER}, line 3: 607 bytes are expected"));
    let mut gbk = whole.clone();
    let at = gbk.windows(2).position(|two| two == [0xBC, 0xAF]).expect("the text 集");
    gbk[at + 1] = 0xFF;
    check(MEMBER, &gbk, "line 2, column merReserved: the bytes are no text in GBK");
    let zip = vector(ZIP);
    check(ZIP, &zip[..zip.len() / 2], "damaged");
    check("a.zip", b"no ZIP at all", "damaged");
    // Twice the same lines: somebody put two files together.
    check(MEMBER, &[whole.clone(), whole.clone()].concat(), "line 4, column queryId");
    check("INN26030188ZM_777290058110049", &whole, "line 1, column merId: the merchant in the file's name");
    for name in ["day.txt", "INN26023088ZM_777290058110048", "INN260301ZM_777290058110048", "INN26030188ZM_1"] {
        assert_eq!(read(name, &whole), Err(FileError::Name(name.into())), "{name}");
    }
}

#[test]
fn errors_that_the_gateway_lists_are_rows_of_their_own() {
    let mut line = vec![b' '; 339];
    for (at, text) in [(0, "E80"), (28, "000123"), (35, "0301101500"), (66, "000000005000")] {
        line[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    let name = "INN26030188ZME_777290058110048";
    let file = read(name, &line).expect("an error file");
    let row = &file.rows[0];
    assert_eq!((row.what, row.code.as_str(), row.order.as_deref()), (What::Error, "E80", None));
    assert_eq!((row.serial.as_str(), row.at.as_str(), row.amount), ("000123", "0301101500", Fen::new(5_000)));
    assert_eq!((row.net, file.net()), (Fen::ZERO, Fen::ZERO));
    line[66] = b'x';
    let Err(FileError::Line { error: LineError::Value { line: 1, column: "txnAmt", .. }, .. }) = read(name, &line)
    else {
        panic!("the amount must be refused");
    };
}
