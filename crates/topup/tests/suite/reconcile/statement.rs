//! Bank statements as banks write them, and as they break.

use encoding_rs::GBK;
use jiff::civil::date;
use ledger::Fen;
use proptest::prelude::*;
use topup::reconcile::statement::{Charset, Columns, Layout, Rule, StatementError, guess, read};

/// Debit and credit columns, titles above, totals below, text cells that spreadsheets made.
const TWO: &str = "某银行账户交易明细查询,,,,,,\r\n账号:,\t'41050100000000001,,,,,\r\n\r\n\
    交易日期,交易时间,借方发生额,贷方发生额,余额,对方户名,摘要,流水号\r\n\
    2026-11-23,10:02:11,,\"499,990.00\",\"1,499,990.00\",中国银联股份有限公司,\"银联清算,20261122\",=\"90000000000000000001\"\r\n\
    2026/11/23 11:00,11:00:00,\"1,000.50\",0.00,\"1,498,989.50\",某供应商,货款,90000000000000000002\t\r\n\
    合计,,\"1,000.50\",\"499,990.00\",,,,\r\n";
/// Income and expense, without a number of the line.
const NAMED: &str = "日期\t收入\t支出\t账户余额\t对方单位\t用途\n20261123\t12.00\t-\t112.00\t银联商务\t结算\n\
    20261123\t12.00\t-\t124.00\t银联商务\t结算\n2026年11月24日\t\t-4.00\t120.00\t银行\t手续费\n";
/// One amount with its sign.
const SIGNED: &str =
    "记账日期;金额;余额;对方户名;备注;交易流水号\n20261123101500;+5.00;5.00;银联;x;1\n20261124;-5.00;0.00;银联;y;2\n";
/// One amount, and a word for the way it goes.
const MARKED: &str = "交易日期,借贷标志,交易金额,余额,对方户名,摘要,交易流水号\n2026.11.23,贷,7.00,7.00,银联,a,1\n2026-11-24,借,7.00,0.00,银联,b,2\n";

fn gbk(text: &str) -> Vec<u8> {
    GBK.encode(text).0.into_owned()
}

#[test]
fn the_ways_in_which_banks_write_are_guessed_and_read() {
    let check = |text: &str, expected: &[(i8, i64)], passed: usize| {
        let layout = guess(text);
        let marked = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
        for (bytes, charset) in [(gbk(text), Charset::Gbk), (marked, Charset::Utf8)] {
            let read = read(&bytes, &layout).unwrap_or_else(|error| panic!("{error}\n{layout:?}\n{text}"));
            let found: Vec<(i8, i64)> = read.lines.iter().map(|line| (line.day.day(), line.amount.as_i64())).collect();
            assert_eq!((read.charset, found.as_slice(), read.passed), (charset, expected, passed), "{text}");
        }
    };
    check(TWO, &[(23, 49_999_000), (23, -100_050)], 1);
    check(NAMED, &[(23, 1_200), (23, 1_200), (24, -400)], 0);
    check(SIGNED, &[(23, 500), (24, -500)], 0);
    check(MARKED, &[(23, 700), (24, -700)], 0);
    let read = read(TWO.as_bytes(), &guess(TWO)).expect("a statement");
    let first = &read.lines[0];
    assert_eq!((read.header, first.line, first.day), (4, 5, date(2026, 11, 23)));
    assert_eq!((first.serial.as_str(), first.balance), ("90000000000000000001", Some(Fen::new(149_999_000))));
    assert_eq!((first.counterparty.as_str(), first.remark.as_str()), ("中国银联股份有限公司", "银联清算,20261122"));
}

#[test]
fn lines_without_a_number_are_told_apart_and_recognised() {
    let layout = guess(NAMED);
    assert_eq!(layout.serial, None);
    let lines = read(NAMED.as_bytes(), &layout).expect("a statement").lines;
    let serials: Vec<&str> = lines.iter().map(|line| line.serial.as_str()).collect();
    assert!(serials.iter().all(|serial| serial.starts_with('#')), "{serials:?}");
    let again = read(&gbk(NAMED), &layout).expect("the same, in GBK").lines;
    assert_eq!(serials, again.iter().map(|line| line.serial.as_str()).collect::<Vec<_>>());
    let distinct: std::collections::BTreeSet<&str> = serials.iter().copied().collect();
    assert_eq!(distinct.len(), 3);
}

#[test]
fn what_cannot_be_read_is_named_by_line_column_and_value() {
    let layout = guess(TWO);
    let check = |from: &str, to: &str, line: usize, column: &str, rule: Rule, value: &str| {
        assert!(TWO.contains(from), "{from}");
        let expected = StatementError::Cell { line, column: column.into(), rule, value: value.into() };
        assert_eq!(read(TWO.replace(from, to).as_bytes(), &layout), Err(expected), "{to}");
    };
    check("2026-11-23,", "2026-13-23,", 5, "交易日期", Rule::Day, "2026-13-23");
    check("2026-11-23,", ",", 5, "交易日期", Rule::Day, "");
    check("499,990.00\",\"1,4", "499,99.00\",\"1,4", 5, "贷方发生额", Rule::Amount, "499,99.00");
    check("0.00,\"1,498", "3.00,\"1,498", 6, "贷方发生额", Rule::OneAmount, "3.00");
    check("\"1,000.50\",0.00,\"1,498", "0.00,0.00,\"1,498", 6, "贷方发生额", Rule::OneAmount, "0.00");
    check("1,498,989.50", "l,498,989.50", 6, "余额", Rule::Amount, "l,498,989.50");
    check("=\"90000000000000000001\"", "", 5, "流水号", Rule::Serial, "");
    check("90000000000000000002", "90000000000000000001", 6, "流水号", Rule::Once, "90000000000000000001");
    check("\"1,000.50\",0.00,\"1,498", "1,000.50,0.00,\"1,498", 6, "流水号", Rule::Last, "90000000000000000002");
    // Cut off: within a line, within a quotation, within a character.
    let cut = |text: &str| read(text.as_bytes(), &layout);
    let end = TWO.find("某供应商").unwrap();
    assert!(
        matches!(cut(&TWO[..end]), Err(StatementError::Cell { line: 6, rule: Rule::There, ref column, .. }) if column == "流水号")
    );
    assert_eq!(cut(&TWO[..TWO.find("1,498").unwrap() + 3]), Err(StatementError::Quote { line: 6 }));
    let mut bytes = gbk(TWO);
    let at = bytes.windows(2).position(|two| two == gbk("货").as_slice()).unwrap();
    bytes[at] = 0xFF;
    assert_eq!(read(&bytes, &layout), Err(StatementError::NoText { line: 6, cell: 7 }));
    let mut marked = [&[0xEF, 0xBB, 0xBF], TWO.as_bytes()].concat();
    let at = marked.windows(3).position(|three| three == "货".as_bytes()).unwrap();
    marked[at] = 0xFF;
    assert_eq!(read(&marked, &layout), Err(StatementError::NoText { line: 6, cell: 7 }));
    assert_eq!(cut(&TWO.replace("货", "\0")), Err(StatementError::NoText { line: 6, cell: 7 }));
    assert_eq!(cut(&TWO.replace("流水号", "凭证")), Err(StatementError::Header { missing: vec!["流水号".into()] }));
    assert_eq!(cut(&TWO[..TWO.find("2026-11").unwrap()]), Err(StatementError::Empty));
    assert_eq!(read(b"PK\x03\x04...", &layout), Err(StatementError::Workbook));
    assert_eq!(read(&[0xFF, 0xFE, 0x41, 0], &layout), Err(StatementError::Utf16));
}

#[test]
fn a_layout_is_kept_as_text() {
    for text in [TWO, NAMED, SIGNED, MARKED] {
        let layout = guess(text);
        let kept = serde_json::to_string(&layout).expect("JSON");
        assert_eq!(serde_json::from_str::<Layout>(&kept).expect("a layout"), layout);
    }
    assert!(matches!(guess(TWO).amount, Columns::Two { .. }));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..400_usize) {
        for text in [TWO, NAMED] {
            let layout = guess(text);
            let whole = gbk(text);
            let cut = cut.min(whole.len());
            let mixed = [&whole[..cut], bytes.as_slice(), &whole[cut..]].concat();
            if let Ok(statement) = read(&mixed, &layout) {
                prop_assert!(!statement.lines.is_empty());
            }
            drop(read(&bytes, &layout));
        }
    }
}
