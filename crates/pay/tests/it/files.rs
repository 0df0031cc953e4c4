//! The daily file: unpacked and read, whole and damaged.

use std::io::{Cursor, Write as _};

use pay::unionpay::bill::{BillError, inflate, unpack};
use pay::unionpay::message::Message;
use pay::unionpay::zm::{EntryKind, LineError, ZM, ZME, entries, lines};

use super::vectors::{file, json, text};

const MEMBER: &str = "zm/INN26030188ZM_777290058110048";

#[test]
fn the_sample_parses_to_the_expected_columns() {
    let expected = json("zm/expected.json");
    let widths: Vec<usize> =
        expected["widths"].as_array().unwrap().iter().map(|w| usize::try_from(w.as_u64().unwrap()).unwrap()).collect();
    assert_eq!(ZM.iter().map(|(_, width)| *width).collect::<Vec<_>>(), widths);
    let names: Vec<&str> = expected["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(ZM.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);

    let read = lines(&file(MEMBER), &ZM).expect("lines");
    let rows = expected["rows"].as_array().unwrap();
    assert_eq!(read.len(), rows.len());
    for (line, row) in read.iter().zip(rows) {
        for name in &names {
            assert_eq!(line.get(name), row[*name].as_str().unwrap_or_default(), "line {}, {name}", line.number);
        }
    }
}

#[test]
fn the_sample_says_what_was_paid_and_refunded() {
    let read = entries(&file(MEMBER)).expect("entries");
    let first = &read[0];
    assert_eq!(
        (first.order.as_str(), first.amount.fen(), &first.kind),
        ("TOPUP20260301000001", 50_000_000, &EntryKind::Payment)
    );
    assert_eq!((first.fee_fen, first.net_fen), (1000, 49_999_000));
    assert_eq!((&read[2].kind, read[2].net_fen), (&EntryKind::Refund, -100_000));
}

#[test]
fn the_zip_and_the_gateways_answer_hold_the_sample() {
    let members = unpack(&file("zm/777290058110048_20260301.zip")).expect("members");
    assert_eq!(members.zm, [("INN26030188ZM_777290058110048".to_owned(), file(MEMBER))]);
    let vectors = json("gateway_messages_signed.json");
    let reply = text(&vectors["messages"]["file_transfer_ok"], "sync_body_raw");
    let reply = Message::parse_reply(reply.as_bytes()).expect("a reply");
    let zip = inflate(reply.get("fileContent").expect("a file")).expect("a ZIP");
    assert!(!unpack(&zip).expect("members").zm.is_empty());
}

#[test]
fn a_damaged_file_is_refused_with_line_and_column() {
    let whole = file(MEMBER);
    let check = |bytes: &[u8], expected: &str| {
        let error = entries(bytes).expect_err("must be refused").to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&whole[..whole.len() - 3], "line 3: 607 bytes are expected");
    let mut gbk = whole.clone();
    let at = gbk.windows(2).position(|two| two == [0xBC, 0xAF]).expect("the text 集");
    gbk[at + 1] = 0xFF;
    check(&gbk, "line 2, column merReserved: the bytes are no text in GBK");
    let with = |line: usize, byte: usize, to: u8| {
        let mut bytes = whole.clone();
        let start = whole.split_inclusive(|byte| *byte == b'\n').take(line - 1).map(<[u8]>::len).sum::<usize>();
        bytes[start + byte] = to;
        bytes
    };
    check(&with(1, 3, b'x'), "line 1: a space is expected after column code (byte 4), is 'x'");
    // The amount begins at byte 3+11+11+6+10+19 and six spaces.
    check(&with(2, 66, b'x'), "line 2, column txnAmt: 12 digits above zero is expected, is \"x00000000001\"");
    assert!(matches!(lines(b"short\n", &ZME), Err(LineError::Length { expected: 339, found: 5, .. })));

    let zip = file("zm/777290058110048_20260301.zip");
    assert!(matches!(unpack(&zip[..zip.len() / 2]), Err(BillError::Damaged(_))));
    let mut bad = zip.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 0xFF;
    assert!(unpack(&bad).is_err());
    assert!(matches!(inflate("not base64!"), Err(BillError::Base64(_))));
    assert!(matches!(inflate("AAAA"), Err(BillError::Damaged(_))));
}

#[test]
fn a_zip_that_grows_without_end_is_refused() {
    let zip = |members: usize, bytes: usize| {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for number in 0..members {
            let name = format!("INN260301{number:02}ZM_777290058110048");
            writer.start_file(name, zip::write::SimpleFileOptions::default()).expect("a member");
            writer.write_all(&vec![b' '; bytes]).expect("written");
        }
        writer.finish().expect("a ZIP").into_inner()
    };
    assert_eq!(unpack(&zip(8, 100)).expect("members").zm.len(), 8);
    assert_eq!(unpack(&zip(9, 100)), Err(BillError::Members(9)));
    // Each member would do; together they are too many.
    assert_eq!(unpack(&zip(2, 400 * 1024)).expect("members").zm.len(), 2);
    assert!(matches!(unpack(&zip(4, 400 * 1024)), Err(BillError::Large(_))));
    assert!(matches!(unpack(&zip(1, 2 * 1024 * 1024)), Err(BillError::Large(_))));
}
