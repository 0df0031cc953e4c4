//! The lines of a daily file: fixed widths in bytes, GBK, one space between columns, no header.
//!
//! A line of `ZM` has 607 bytes, one of `ZME` 339. The widths come from three published lists, which agree only if the
//! spaces are there.

use encoding_rs::GBK;
use serde::Serialize;

use crate::gateway::{Amount, OrderId};

/// A column: its name and its width in bytes.
pub type Column = (&'static str, usize);

/// The columns of `ZM`.
pub const ZM: [Column; 47] = [
    ("code", 3),
    ("acqInsCode", 11),
    ("sendInsCode", 11),
    ("traceNo", 6),
    ("txnTime", 10),
    ("accNo", 19),
    ("txnAmt", 12),
    ("merCatCode", 4),
    ("termType", 2),
    ("queryId", 21),
    ("oldPayType", 2),
    ("orderId", 32),
    ("payCardType", 2),
    ("origTraceNo", 6),
    ("origTxnTime", 10),
    ("merFee", 13),
    ("settleAmt", 13),
    ("payType", 4),
    ("groupMerId", 15),
    ("txnType", 2),
    ("txnSubType", 2),
    ("bizType", 6),
    ("accType", 2),
    ("billType", 4),
    ("billNo", 32),
    ("interactMode", 1),
    ("origQryId", 21),
    ("merId", 15),
    ("splitMode", 1),
    ("subMerId", 15),
    ("subMerAbbr", 32),
    ("subMerAmt", 13),
    ("netAmt", 13),
    ("termId", 8),
    ("merReserved", 32),
    ("discountAmt", 13),
    ("invoiceAmt", 13),
    ("instFee", 12),
    ("instNum", 2),
    ("medium", 1),
    ("origOrderId", 32),
    ("clearingAmt", 13),
    ("posEntryMode", 2),
    ("mobileProduct", 1),
    ("reference", 12),
    ("campaign", 20),
    ("reserved", 45),
];

/// The columns of `ZME`. Only the widths are published; the names are those of the columns of `ZM` with the same width
/// and place, and the rest is numbered.
pub const ZME: [Column; 22] = [
    ("code", 3),
    ("acqInsCode", 11),
    ("sendInsCode", 11),
    ("traceNo", 6),
    ("txnTime", 10),
    ("accNo", 19),
    ("txnAmt", 12),
    ("merCatCode", 4),
    ("termType", 2),
    ("column10", 2),
    ("origTraceNo", 6),
    ("origTxnTime", 10),
    ("column13", 4),
    ("column14", 12),
    ("column15", 13),
    ("column16", 13),
    ("column17", 15),
    ("column18", 15),
    ("column19", 1),
    ("column20", 12),
    ("column21", 2),
    ("column22", 135),
];

/// A line as its columns, without the spaces that fill them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its number in the file, from one.
    pub number: usize,
    /// Names and values, in order; blank ones too.
    pub columns: Vec<(&'static str, String)>,
}

/// What a line of `ZM` says of a payment or refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the file, from one.
    pub line: usize,
    /// What was done.
    pub kind: EntryKind,
    /// Our number.
    pub order: OrderId,
    /// The gateway's serial number (查询流水号).
    pub serial: String,
    /// For a refund, the serial number of the payment, if said.
    pub original: Option<String>,
    /// Our merchant number.
    pub merchant: String,
    /// When, month, day and time in Beijing: `MMDDhhmmss`. The year is that of the settlement date, or the one before.
    pub at: String,
    /// How much was paid or refunded.
    pub amount: Amount,
    /// The fee, in fen: positive if we owe it, negative if we get it back.
    pub fee_fen: i64,
    /// What settles, in fen: positive if we get it.
    pub settled_fen: i64,
    /// What reaches the bank account for this line, in fen: positive if we get it.
    pub net_fen: i64,
    /// What the merchant wrote into the order.
    pub reserved: String,
}

/// What a line of `ZM` is about, by its column `txnType`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// 01.
    Payment,
    /// 04.
    Refund,
    /// Anything else: someone has to look.
    Other(String),
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Cut off, or with something inserted.
    #[error("line {line}: {expected} bytes are expected, are {found}")]
    Length {
        /// The line, from one.
        line: usize,
        /// What it should have.
        expected: usize,
        /// What it has.
        found: usize,
    },
    /// Columns out of place.
    #[error("line {line}: a space is expected after column {column} (byte {byte}), is {found:?}")]
    Separator {
        /// The line, from one.
        line: usize,
        /// The column before.
        column: &'static str,
        /// Which byte of the line, from one.
        byte: usize,
        /// What is there.
        found: char,
    },
    /// Broken text.
    #[error("line {line}, column {column}: the bytes are no text in GBK")]
    NotGbk {
        /// The line, from one.
        line: usize,
        /// The column.
        column: &'static str,
    },
    /// A column with another value than it can have.
    #[error("line {line}, column {column}: {rule} is expected, is {value:?}")]
    Value {
        /// The line, from one.
        line: usize,
        /// The column.
        column: &'static str,
        /// What it should be.
        rule: &'static str,
        /// What it is.
        value: String,
    },
}

/// The lines of a file with these columns.
pub fn lines(bytes: &[u8], columns: &'static [Column]) -> Result<Vec<Line>, LineError> {
    let rows = bytes.split(|byte| *byte == b'\n').map(|row| row.strip_suffix(b"\r").unwrap_or(row)).enumerate();
    rows.filter(|(_, row)| !row.is_empty()).map(|(index, row)| line(index.saturating_add(1), row, columns)).collect()
}

/// The payments and refunds of a `ZM` file.
pub fn entries(bytes: &[u8]) -> Result<Vec<Entry>, LineError> {
    lines(bytes, &ZM)?.iter().map(Entry::of).collect()
}

fn line(number: usize, row: &[u8], columns: &'static [Column]) -> Result<Line, LineError> {
    let widths: usize = columns.iter().map(|(_, width)| width).sum();
    let expected = widths.saturating_add(columns.len().saturating_sub(1));
    if row.len() != expected {
        return Err(LineError::Length { line: number, expected, found: row.len() });
    }
    let mut rest = row;
    let mut read = Vec::with_capacity(columns.len());
    for (column, width) in columns {
        let (value, after) = rest.split_at_checked(*width).unwrap_or((rest, &[]));
        let text = GBK.decode_without_bom_handling_and_without_replacement(value).filter(|text| !text.contains('\0'));
        let text = text.ok_or(LineError::NotGbk { line: number, column })?;
        read.push((*column, text.trim_matches(' ').to_owned()));
        rest = match after.split_first() {
            None => after,
            Some((b' ', after)) => after,
            Some((other, _)) => {
                let byte = row.len().saturating_sub(after.len()).saturating_add(1);
                return Err(LineError::Separator { line: number, column, byte, found: char::from(*other) });
            }
        };
    }
    Ok(Line { number, columns: read })
}

impl Line {
    /// The value of a column; blank if there is none of that name.
    pub fn get(&self, column: &str) -> &str {
        self.columns.iter().find(|(name, _)| *name == column).map_or("", |(_, value)| value)
    }

    fn value<T>(
        &self,
        column: &'static str,
        rule: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, LineError> {
        let value = self.get(column);
        read(value).ok_or_else(|| LineError::Value { line: self.number, column, rule, value: value.to_owned() })
    }

    /// `C` (to us) or `D` (from us) and 12 digits.
    fn signed(&self, column: &'static str) -> Result<i64, LineError> {
        self.value(column, "C or D and 12 digits", |text| {
            let (sign, digits) = text.split_at_checked(1)?;
            let fen = digits_of(digits, 12)?;
            match sign {
                "C" => Some(fen),
                "D" => fen.checked_neg(),
                _ => None,
            }
        })
    }
}

impl Entry {
    fn of(line: &Line) -> Result<Self, LineError> {
        let owed = line.signed("merFee")?;
        Ok(Self {
            line: line.number,
            kind: match line.get("txnType") {
                "01" => EntryKind::Payment,
                "04" => EntryKind::Refund,
                other => EntryKind::Other(other.to_owned()),
            },
            order: line.value("orderId", "8 to 32 letters and digits", |text| text.parse().ok())?,
            serial: line.value("queryId", "21 digits", |text| is_digits(text, 21).then(|| text.to_owned()))?,
            original: Some(line.get("origQryId")).filter(|text| !text.is_empty()).map(str::to_owned),
            merchant: line.value("merId", "15 letters and digits", |text| {
                (text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| text.to_owned())
            })?,
            at: line.value("txnTime", "MMDDhhmmss", |text| is_digits(text, 10).then(|| text.to_owned()))?,
            amount: line
                .value("txnAmt", "12 digits above zero", |text| digits_of(text, 12).and_then(Amount::from_fen))?,
            // Written from our side: D is what we pay.
            fee_fen: owed.saturating_neg(),
            settled_fen: line.signed("settleAmt")?,
            net_fen: line.signed("netAmt")?,
            reserved: line.get("merReserved").to_owned(),
        })
    }
}

fn digits_of(text: &str, length: usize) -> Option<i64> {
    if is_digits(text, length) { text.parse().ok() } else { None }
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}
