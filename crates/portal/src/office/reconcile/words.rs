//! What is wrong with a file, in words.

use topup::reconcile::TakeError;
use topup::reconcile::file::{BillError, FileError, LineError};
use topup::reconcile::matching::{Finding, Why};
use topup::reconcile::statement::{Rule, StatementError};

use crate::words::{Lang, say};

/// Why a daily file was not taken; none if the database failed.
pub(super) fn not_taken(lang: Lang, error: &TakeError) -> Option<String> {
    Some(match error {
        TakeError::Storage(_) => return None,
        TakeError::Future(day) => say!(lang, "bill-future", day = day.to_string()),
        TakeError::OtherDay { asked, found } => {
            say!(lang, "bill-other-day", asked = asked.to_string(), found = found.to_string())
        }
        TakeError::OtherMerchant { ours, found } => {
            say!(lang, "bill-other-merchant", ours = ours.as_str(), found = found.as_str())
        }
        TakeError::Fetched(day) => say!(lang, "bill-is-fetched", day = day.to_string()),
        TakeError::File(error) => file(lang, error),
    })
}

fn file(lang: Lang, error: &FileError) -> String {
    match error {
        FileError::Name(name) => say!(lang, "bill-name", name = name.as_str()),
        FileError::Mixed(a, b) => say!(lang, "bill-mixed", a = a.as_str(), b = b.as_str()),
        FileError::Packed(BillError::Empty(names)) => say!(lang, "bill-empty", names = names.as_str()),
        FileError::Packed(BillError::Large(_)) => say!(lang, "bill-large"),
        &FileError::Packed(BillError::Members(n)) => say!(lang, "bill-members", n = n),
        FileError::Packed(BillError::Damaged(why) | BillError::Base64(why)) => {
            say!(lang, "bill-damaged", why = why.as_str())
        }
        FileError::Line { member, error } => {
            say!(lang, "bill-line", member = member.as_str(), what = line(lang, error))
        }
    }
}

fn line(lang: Lang, error: &LineError) -> String {
    match error {
        &LineError::Length { line, expected, found } => {
            say!(lang, "bill-length", line = line, expected = expected, found = found)
        }
        LineError::Separator { line, column, byte, found } => {
            let column = column_word(lang, column);
            say!(
                lang,
                "bill-separator",
                line = line.to_string(),
                column = column,
                byte = byte.to_string(),
                found = found.to_string()
            )
        }
        LineError::NotGbk { line, column } => {
            say!(lang, "bill-not-gbk", line = line.to_string(), column = column_word(lang, column))
        }
        LineError::Value { line, column, rule, value } => {
            let (column, rule) = (column_word(lang, column), rule_word(lang, rule));
            say!(lang, "bill-value", line = line.to_string(), column = column, rule = rule, value = value.as_str())
        }
    }
}

/// A column as the gateway's manual calls it, with its field.
fn column_word(lang: Lang, column: &str) -> String {
    let word = match column {
        "orderId" => say!(lang, "column-order"),
        "queryId" => say!(lang, "column-serial"),
        "txnAmt" => say!(lang, "column-amount"),
        "txnTime" => say!(lang, "column-time"),
        "merFee" => say!(lang, "column-fee"),
        "settleAmt" => say!(lang, "column-settle"),
        "netAmt" => say!(lang, "column-net"),
        "merId" => say!(lang, "column-merchant"),
        "merReserved" => say!(lang, "column-reserved"),
        _ => return column.to_owned(),
    };
    format!("{word} {column}")
}

fn rule_word(lang: Lang, rule: &str) -> String {
    match rule {
        "8 to 32 letters and digits" => say!(lang, "rule-order"),
        "21 digits" => say!(lang, "rule-serial"),
        "15 letters and digits" => say!(lang, "rule-merchant"),
        "12 digits above zero" => say!(lang, "rule-amount"),
        "12 digits" => say!(lang, "rule-digits"),
        "C or D and 12 digits" => say!(lang, "rule-signed"),
        "the merchant in the file's name" => say!(lang, "rule-own-merchant"),
        "a serial number that no line before has" => say!(lang, "rule-once"),
        other => other.to_owned(),
    }
}

/// Why a statement was not taken.
pub(super) fn statement(lang: Lang, error: &StatementError) -> String {
    match error {
        StatementError::Workbook => say!(lang, "statement-workbook"),
        StatementError::Utf16 => say!(lang, "statement-utf16"),
        &StatementError::NoText { line, cell } => say!(lang, "statement-no-text", line = line, cell = cell),
        StatementError::Quote { line } => say!(lang, "statement-quote", line = line.to_string()),
        StatementError::Long { most } => say!(lang, "statement-long", most = most.to_string()),
        StatementError::Header { missing } => {
            let missing: Vec<&str> = missing.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
            if missing.is_empty() {
                say!(lang, "statement-columns")
            } else {
                say!(lang, "statement-header", missing = missing.join("、"))
            }
        }
        StatementError::Empty => say!(lang, "statement-empty"),
        StatementError::Cell { line, column, rule, value } => {
            let rule = match rule {
                Rule::Day => say!(lang, "rule-day"),
                Rule::Amount => say!(lang, "rule-yuan"),
                Rule::OneAmount => say!(lang, "rule-one-amount"),
                Rule::Serial => say!(lang, "rule-number"),
                Rule::Once => say!(lang, "rule-line-once"),
                Rule::There => say!(lang, "rule-there"),
                Rule::Last => say!(lang, "rule-last"),
            };
            let (column, value) = (column.as_str(), value.as_str());
            say!(lang, "statement-cell", line = line.to_string(), column = column, rule = rule, value = value)
        }
    }
}

/// What differs, and what to do about it.
pub(super) fn finding(lang: Lang, kind: &str) -> (String, String) {
    let is = |finding: Finding| finding.as_str() == Some(kind);
    if is(Finding::MissingHere(Why::Unknown)) {
        (say!(lang, "differs-unknown"), say!(lang, "differs-unknown-next"))
    } else if is(Finding::MissingHere(Why::NotMoved)) {
        (say!(lang, "differs-not-moved"), say!(lang, "differs-not-moved-next"))
    } else if is(Finding::MissingHere(Why::Twice)) {
        (say!(lang, "differs-twice"), say!(lang, "differs-twice-next"))
    } else if is(Finding::MissingHere(Why::Kind)) {
        (say!(lang, "differs-kind"), say!(lang, "differs-kind-next"))
    } else if is(Finding::MissingThere) {
        (say!(lang, "differs-there"), say!(lang, "differs-there-next"))
    } else if is(Finding::Amount) {
        (say!(lang, "differs-amount"), say!(lang, "differs-amount-next"))
    } else if is(Finding::Serial) {
        (say!(lang, "differs-serial"), say!(lang, "differs-serial-next"))
    } else if is(Finding::Listed) {
        (say!(lang, "differs-listed"), say!(lang, "differs-listed-next"))
    } else if is(Finding::GivenBack) {
        (say!(lang, "differs-given-back"), say!(lang, "differs-given-back-next"))
    } else if kind == "not-settled" {
        (say!(lang, "differs-not-settled"), say!(lang, "differs-not-settled-next"))
    } else {
        (say!(lang, "differs-no-day"), say!(lang, "differs-no-day-next"))
    }
}
