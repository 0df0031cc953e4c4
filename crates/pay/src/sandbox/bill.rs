//! The bank's daily file, as the gateway makes it.

use std::io::{Cursor, Write as _};

use data_encoding::BASE64;
use encoding_rs::GBK;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use jiff::{SignedDuration, Timestamp};
use zip::write::SimpleFileOptions;

use super::accounts;
use super::books::Books;
use super::order::{Kind, Order};
use crate::unionpay::time;
use crate::unionpay::zm::ZM;

/// What the gateway takes of a payment: 2 of 1,000, at most ¥10.
fn fee(amount_fen: i64) -> i64 {
    amount_fen.checked_div(500).unwrap_or(0).min(1_000)
}

/// The file of the day `MMDD` as the field `fileContent`, and its name. None if there is none (yet).
pub(super) fn file(books: &Books, merchant: &str, day: &str, now: Timestamp) -> Option<(String, String)> {
    let (name, zipped) = archive(books, merchant, day, now)?;
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&zipped).ok()?;
    Some((name, BASE64.encode(&packed.finish().ok()?)))
}

/// The same as people carry it: the ZIP, and its name.
pub(super) fn archive(books: &Books, merchant: &str, day: &str, now: Timestamp) -> Option<(String, Vec<u8>)> {
    let ready = books.closed_days.iter().any(|closed| closed == day) || is_over(day, now);
    let orders: Vec<&Order> = books.settled_on(day).collect();
    if !ready || orders.is_empty() {
        return None;
    }
    let year = time::in_china(now).strftime("%Y").to_string();
    let member = format!("INN{}{day}88ZM_{merchant}", year.get(2..).unwrap_or_default());
    let mut lines = Vec::new();
    for order in orders {
        lines.extend(line(books, order, merchant));
        lines.extend(b"\r\n");
    }
    Some((format!("{merchant}_{year}{day}.zip"), zip(&member, &lines).ok()?))
}

/// A day goes until 23:00 and its file is ready at 09:00 the next day: ten hours later.
fn is_over(day: &str, now: Timestamp) -> bool {
    let before = |days: i64| {
        let earlier =
            now.checked_sub(SignedDuration::from_hours(9_i64.saturating_add(days.saturating_mul(24)))).ok()?;
        Some(time::in_china(earlier).strftime("%m%d").to_string())
    };
    // Today less nine hours is a day that is not over yet; those before are.
    (1..=31).any(|days| before(days).as_deref() == Some(day))
}

fn zip(member: &str, bytes: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(member, SimpleFileOptions::default())?;
    writer.write_all(bytes)?;
    Ok(writer.finish()?.into_inner())
}

/// A line of 607 bytes.
fn line(books: &Books, order: &Order, merchant: &str) -> Vec<u8> {
    let original = match &order.kind {
        Kind::Refund { original, .. } => {
            books.orders.iter().find(|payment| payment.serial.as_deref() == Some(original.as_str()))
        }
        Kind::Payment(_) => None,
    };
    let refund = matches!(order.kind, Kind::Refund { .. });
    let fee = if refund { 0 } else { fee(order.amount_fen) };
    let net = order.amount_fen.saturating_sub(fee);
    let done = |order: &Order| order.done_at.unwrap_or(order.created_at);
    let at = |order: &Order| time::in_china(done(order)).strftime("%m%d%H%M%S").to_string();
    let value = |column: &str| match column {
        "code" => if refund { "S30" } else { "S22" }.to_owned(),
        "acqInsCode" => "48020000".to_owned(),
        "sendInsCode" => "00012900".to_owned(),
        "traceNo" => order.trace_no.clone(),
        "txnTime" => at(order),
        "accNo" => order.account.as_deref().map(accounts::masked).unwrap_or_default(),
        "txnAmt" => format!("{:012}", order.amount_fen),
        "merCatCode" => "4111".to_owned(),
        "termType" => "07".to_owned(),
        "queryId" => order.serial.clone().unwrap_or_default(),
        "oldPayType" | "payCardType" => "00".to_owned(),
        "orderId" => order.number.clone(),
        "origTraceNo" => original.map(|original| original.trace_no.clone()).unwrap_or_default(),
        "origTxnTime" => original.map(at).unwrap_or_default(),
        "merFee" => format!("D{fee:012}"),
        "settleAmt" | "netAmt" => format!("{}{net:012}", if refund { 'D' } else { 'C' }),
        "payType" => "0201".to_owned(),
        "txnType" => if refund { "04" } else { "01" }.to_owned(),
        "txnSubType" => if refund { "00" } else { "01" }.to_owned(),
        "bizType" => order.biz_type.clone(),
        "accType" => "01".to_owned(),
        "interactMode" => "1".to_owned(),
        "origQryId" => original.and_then(|original| original.serial.clone()).unwrap_or_default(),
        "origOrderId" => original.map(|original| original.number.clone()).unwrap_or_default(),
        "merId" => merchant.to_owned(),
        "merReserved" => order.reserved.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let cells = ZM.iter().map(|(column, width)| {
        let mut bytes = GBK.encode(&value(column)).0.into_owned();
        bytes.resize(*width, b' ');
        bytes
    });
    cells.collect::<Vec<_>>().join(&b' ')
}
