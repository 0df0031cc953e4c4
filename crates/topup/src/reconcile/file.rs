//! The gateway's file of a day: read whole, or refused whole.

use jiff::civil::Date;
use ledger::Fen;
use pay::unionpay::bill::{Members, unpack};
use pay::unionpay::zm::{self, EntryKind, Line, ZME};

pub use pay::unionpay::bill::BillError;
pub use pay::unionpay::zm::LineError;

/// The file of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayFile {
    /// The day on which all of it settles.
    pub day: Date,
    /// The merchant's number.
    pub merchant: String,
    /// Its lines, in order.
    pub rows: Vec<Row>,
}

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands, from one.
    pub line: i64,
    /// What it is about.
    pub what: What,
    /// The gateway's own code of that.
    pub code: String,
    /// Our number. Lines of errors have none.
    pub order: Option<String>,
    /// The gateway's serial number; of an error its trace number.
    pub serial: String,
    /// For a refund, the gateway's serial number of the payment that it gives back, if said.
    pub original: Option<String>,
    /// When, month, day and time in Beijing: `MMDDhhmmss`.
    pub at: String,
    /// How much.
    pub amount: Fen,
    /// The gateway's fee, positive if we owe it.
    pub fee: Fen,
    /// What reaches our bank account for this line, positive if we get it.
    pub net: Fen,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Money paid to us.
    Payment,
    /// Money given back.
    Refund,
    /// Something else that moves money: someone has to look.
    Other,
    /// The gateway lists it among errors (差错).
    Error,
}

/// Why a file is not taken. Nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The name does not say of which day and merchant it is.
    #[error("the name {0:?} does not say of which day and merchant the file is; INN…ZM_… is expected")]
    Name(String),
    /// Its members are of several days or merchants.
    #[error("the members {0:?} and {1:?} are not of the same day and merchant")]
    Mixed(String, String),
    /// It cannot be unpacked.
    #[error(transparent)]
    Packed(#[from] BillError),
    /// A line of it is wrong.
    #[error("{member}, {error}")]
    Line {
        /// In which member.
        member: String,
        /// What is wrong, with line and column.
        error: LineError,
    },
}

impl What {
    /// Everything it can be.
    pub const ALL: [Self; 4] = [Self::Payment, Self::Refund, Self::Other, Self::Error];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Other => "other",
            Self::Error => "error",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.as_str() == text)
    }
}

impl DayFile {
    /// What reaches our bank account for the whole day.
    pub fn net(&self) -> Fen {
        sum(self.rows.iter().map(|row| row.net))
    }

    /// The gateway's fees of the day.
    pub fn fee(&self) -> Fen {
        sum(self.rows.iter().map(|row| row.fee))
    }
}

/// The sum of what cannot be more than an i64 holds: 12 digits a line.
pub(super) fn sum(amounts: impl Iterator<Item = Fen>) -> Fen {
    Fen::new(amounts.fold(0_i64, |sum, amount| sum.saturating_add(amount.as_i64())))
}

/// Reads the ZIP that the gateway gives, or one of its members, under its own name.
pub fn read(name: &str, bytes: &[u8]) -> Result<DayFile, FileError> {
    let members = if bytes.starts_with(b"PK") || name.to_ascii_lowercase().ends_with(".zip") {
        unpack(bytes)?
    } else {
        let base = base_name(name);
        let one = vec![(base.to_owned(), bytes.to_vec())];
        if base.contains("ZME_") {
            Members { zme: one, ..Members::default() }
        } else {
            Members { zm: one, ..Members::default() }
        }
    };
    let mut file: Option<(DayFile, String)> = None;
    let errors = members.zme.iter().map(|member| (member, true));
    for ((member, bytes), errors) in members.zm.iter().map(|member| (member, false)).chain(errors) {
        let (day, merchant) = told_by(member).ok_or_else(|| FileError::Name(member.clone()))?;
        let (file, first) =
            file.get_or_insert_with(|| (DayFile { day, merchant: merchant.to_owned(), rows: vec![] }, member.clone()));
        if file.day != day || file.merchant != merchant {
            return Err(FileError::Mixed(first.clone(), member.clone()));
        }
        let of_line = |error| FileError::Line { member: member.clone(), error };
        if errors {
            let lines = zm::lines(bytes, &ZME).map_err(of_line)?;
            file.rows.extend(lines.iter().map(error_row).collect::<Result<Vec<_>, _>>().map_err(of_line)?);
        } else {
            let rows = rows(bytes, merchant, &file.rows).map_err(of_line)?;
            file.rows.extend(rows);
        }
    }
    file.map(|(file, _)| file).ok_or_else(|| FileError::Name(name.to_owned()))
}

/// Without the folders that a browser or a ZIP may put before it.
fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// The day and the merchant in a name `INN{yyMMdd}{2 characters}ZM_{merchant}`.
fn told_by(name: &str) -> Option<(Date, &str)> {
    let rest = base_name(name).strip_prefix("INN")?;
    let (day, rest) = rest.split_at_checked(6)?;
    let day =
        day.bytes().all(|byte| byte.is_ascii_digit()).then(|| Date::strptime("%Y%m%d", format!("20{day}")))?.ok()?;
    let (_, rest) = rest.split_at_checked(2)?;
    let merchant = rest.strip_prefix("ZME_").or_else(|| rest.strip_prefix("ZM_"))?;
    let merchant = merchant.split('.').next().unwrap_or(merchant);
    Some((day, merchant)).filter(|_| merchant.len() == 15 && merchant.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Payments and refunds; `before` are those of members before.
fn rows(bytes: &[u8], merchant: &str, before: &[Row]) -> Result<Vec<Row>, LineError> {
    let mut rows: Vec<Row> = Vec::new();
    let mut serials: std::collections::HashSet<String> = before.iter().map(|row| row.serial.clone()).collect();
    for entry in zm::entries(bytes)? {
        let wrong =
            |column, rule, value: &str| LineError::Value { line: entry.line, column, rule, value: value.to_owned() };
        if entry.merchant != merchant {
            return Err(wrong("merId", "the merchant in the file's name", &entry.merchant));
        }
        if !serials.insert(entry.serial.clone()) {
            return Err(wrong("queryId", "a serial number that no line before has", &entry.serial));
        }
        let (what, code) = match entry.kind {
            EntryKind::Payment => (What::Payment, "01".to_owned()),
            EntryKind::Refund => (What::Refund, "04".to_owned()),
            EntryKind::Other(code) => (What::Other, code),
        };
        rows.push(Row {
            line: number(entry.line),
            what,
            code,
            order: Some(entry.order.to_string()),
            serial: entry.serial,
            original: entry.original,
            at: entry.at,
            amount: Fen::new(entry.amount.fen()),
            fee: Fen::new(entry.fee_fen),
            net: Fen::new(entry.net_fen),
        });
    }
    Ok(rows)
}

/// A line of `ZME`. Only widths are published, so no more is read than what stands as in `ZM`.
fn error_row(line: &Line) -> Result<Row, LineError> {
    let amount = line.get("txnAmt");
    let digits = amount.len() == 12 && amount.bytes().all(|byte| byte.is_ascii_digit());
    let fen = amount.parse().ok().filter(|_| digits).ok_or_else(|| LineError::Value {
        line: line.number,
        column: "txnAmt",
        rule: "12 digits",
        value: amount.to_owned(),
    })?;
    Ok(Row {
        line: number(line.number),
        what: What::Error,
        code: line.get("code").to_owned(),
        order: None,
        serial: line.get("traceNo").to_owned(),
        original: None,
        at: line.get("txnTime").to_owned(),
        amount: Fen::new(fen),
        fee: Fen::ZERO,
        net: Fen::ZERO,
    })
}

fn number(line: usize) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}
