//! A bank's statement: a CSV file as the bank's site gives it, read by a layout that staff set up for the account.
//!
//! A file is read whole or refused whole; what is refused names line, column and value.

mod layout;
mod text;

pub use layout::{Columns, Layout, guess};
pub use text::{Charset, Record, Separator, decode, records};

use std::collections::HashMap;

use jiff::civil::Date;
use ledger::Fen;
use sha2::{Digest as _, Sha256};

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// How its text was written.
    pub charset: Charset,
    /// The line of its header.
    pub header: usize,
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// Lines of totals and remarks, which were passed over.
    pub passed: usize,
}

/// A line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its line in the file.
    pub line: usize,
    /// When the bank booked it.
    pub day: Date,
    /// How much, positive if it came in.
    pub amount: Fen,
    /// What was on the account then.
    pub balance: Option<Fen>,
    /// What tells it from every other: the bank's number, or a digest of all it says.
    pub serial: String,
    /// Who.
    pub counterparty: String,
    /// What for.
    pub remark: String,
}

/// What a cell should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A day, as `2026-11-22` or `20261122`.
    Day,
    /// An amount in yuan.
    Amount,
    /// An amount in one of two columns.
    OneAmount,
    /// The bank's number of the line.
    Serial,
    /// A number that no other line has, or the very same line.
    Once,
    /// Anything at all: the line ends before this column, so the file may be cut off.
    There,
    /// The last column: the line has more cells than the header, so a comma may stand where none should.
    Last,
}

/// Why a statement is not taken. Nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// An Excel workbook.
    #[error("this is an Excel workbook, not a CSV file")]
    Workbook,
    /// UTF-16.
    #[error("this text is UTF-16; UTF-8 or GBK is expected")]
    Utf16,
    /// Broken text.
    #[error("line {line}, cell {cell}: the bytes are text neither in UTF-8 nor in GBK")]
    NoText {
        /// The line, from one.
        line: usize,
        /// The cell in it, from one.
        cell: usize,
    },
    /// A quotation mark that is never closed: the file may be cut off.
    #[error("line {line}: a quotation mark is not closed")]
    Quote {
        /// Where it opens.
        line: usize,
    },
    /// Longer than a statement can be.
    #[error("the file has more than {most} lines")]
    Long {
        /// How many it may have.
        most: usize,
    },
    /// No line has all the columns.
    #[error("no line has the columns {}", missing.join(", "))]
    Header {
        /// What is not to be found.
        missing: Vec<String>,
    },
    /// A header and nothing under it.
    #[error("there is no line under the header")]
    Empty,
    /// A cell with another value than it can have.
    #[error("line {line}, column {column}: {rule:?} is expected, is {value:?}")]
    Cell {
        /// The line, from one.
        line: usize,
        /// The column's name.
        column: String,
        /// What it should be.
        rule: Rule,
        /// What it is.
        value: String,
    },
}

/// Words with which lines begin that only add up.
const TOTALS: [&str; 8] = ["合计", "总计", "小计", "本页", "期初", "期末", "总笔数", "累计"];

/// Reads a statement by its layout.
pub fn read(bytes: &[u8], layout: &Layout) -> Result<Statement, StatementError> {
    let (text, charset) = decode(bytes, layout.separator)?;
    let mut statement = read_text(&text, layout)?;
    statement.charset = charset;
    Ok(statement)
}

/// The same for text.
pub fn read_text(text: &str, layout: &Layout) -> Result<Statement, StatementError> {
    let records = records(text, layout.separator)?;
    let header = layout.header(&records).ok_or_else(|| StatementError::Header { missing: layout.missing(&records) })?;
    let columns: HashMap<&str, usize> =
        header.cells.iter().enumerate().rev().map(|(at, name)| (name.as_str(), at)).collect();
    let mut lines = Vec::new();
    let (mut passed, mut seen) = (0_usize, HashMap::new());
    for record in records.iter().filter(|record| record.line > header.line) {
        let row = Row { record, header, columns: &columns };
        match row.read(layout, &mut seen)? {
            Some(line) => lines.push(line),
            None => passed = passed.saturating_add(1),
        }
    }
    if lines.is_empty() {
        return Err(StatementError::Empty);
    }
    once(&lines, layout)?;
    Ok(Statement { charset: Charset::Utf8, header: header.line, lines, passed })
}

/// A number that names two different lines names neither.
fn once(lines: &[Line], layout: &Layout) -> Result<(), StatementError> {
    let mut seen: HashMap<&str, &Line> = HashMap::new();
    for line in lines {
        let before = seen.insert(&line.serial, line);
        if before
            .is_some_and(|before| (before.day, before.amount, before.balance) != (line.day, line.amount, line.balance))
        {
            let column = layout.serial.clone().unwrap_or_default();
            return Err(StatementError::Cell { line: line.line, column, rule: Rule::Once, value: line.serial.clone() });
        }
    }
    Ok(())
}

/// A line under the header.
struct Row<'r> {
    record: &'r Record,
    header: &'r Record,
    columns: &'r HashMap<&'r str, usize>,
}

impl Row<'_> {
    fn get(&self, column: &str) -> &str {
        self.columns.get(column).and_then(|at| self.record.cells.get(*at)).map_or("", String::as_str)
    }

    fn maybe(&self, column: Option<&String>) -> &str {
        column.map_or("", |column| self.get(column))
    }

    fn wrong(&self, column: &str, rule: Rule) -> StatementError {
        let value = self.get(column).to_owned();
        StatementError::Cell { line: self.record.line, column: column.to_owned(), rule, value }
    }

    /// None if it only adds up, or says nothing of money. `seen` counts lines that say the same.
    fn read(&self, layout: &Layout, seen: &mut HashMap<String, u32>) -> Result<Option<Line>, StatementError> {
        let day = day(self.get(&layout.date));
        let adds_up = self.record.cells.iter().any(|cell| TOTALS.iter().any(|word| cell.starts_with(word)));
        if day.is_none() && (adds_up || self.silent(layout)) {
            return Ok(None);
        }
        let day = day.ok_or_else(|| self.wrong(&layout.date, Rule::Day))?;
        let lacks = |column: &&str| self.columns.get(column).is_some_and(|at| *at >= self.record.cells.len());
        if let Some(column) = layout.needed().into_iter().find(lacks) {
            return Err(self.wrong(column, Rule::There));
        }
        let beyond = self.record.cells.get(self.header.cells.len()..).unwrap_or_default();
        if let Some(value) = beyond.iter().find(|cell| !cell.is_empty()) {
            let column = self.header.cells.last().cloned().unwrap_or_default();
            let (line, value) = (self.record.line, value.clone());
            return Err(StatementError::Cell { line, column, rule: Rule::Last, value });
        }
        let amount = self.amount(&layout.amount)?;
        let balance = match &layout.balance {
            Some(column) => self.money(column)?,
            None => None,
        };
        let serial = match &layout.serial {
            Some(column) if self.get(column).is_empty() => return Err(self.wrong(column, Rule::Serial)),
            Some(column) => self.get(column).to_owned(),
            None => self.digest(seen),
        };
        Ok(Some(Line {
            line: self.record.line,
            day,
            amount,
            balance,
            serial,
            counterparty: self.maybe(layout.counterparty.as_ref()).to_owned(),
            remark: self.maybe(layout.remark.as_ref()).to_owned(),
        }))
    }

    /// Whether no amount stands on it.
    fn silent(&self, layout: &Layout) -> bool {
        match &layout.amount {
            Columns::Two { income, expense } => self.get(income).is_empty() && self.get(expense).is_empty(),
            Columns::Signed { amount } | Columns::Marked { amount, .. } => self.get(amount).is_empty(),
        }
    }

    fn amount(&self, columns: &Columns) -> Result<Fen, StatementError> {
        let out = |fen: Fen| Fen::new(fen.as_i64().saturating_neg());
        match columns {
            Columns::Signed { amount } => self.money(amount)?.ok_or_else(|| self.wrong(amount, Rule::Amount)),
            Columns::Marked { amount, mark, income } => {
                let fen = self.money(amount)?.ok_or_else(|| self.wrong(amount, Rule::Amount))?;
                // Some write what goes out with a minus as well.
                let fen = if fen < Fen::ZERO { out(fen) } else { fen };
                Ok(if self.get(mark) == income { fen } else { out(fen) })
            }
            Columns::Two { income, expense } => {
                let moved = |fen: &Fen| *fen != Fen::ZERO;
                let (came, went) = (self.money(income)?.filter(moved), self.money(expense)?.filter(moved));
                match (came, went) {
                    (Some(came), None) => Ok(came),
                    // Some write what goes out with a minus; a minus among what comes in is a correction.
                    (None, Some(went)) => Ok(if went < Fen::ZERO { went } else { out(went) }),
                    (None, None) | (Some(_), Some(_)) => Err(self.wrong(income, Rule::OneAmount)),
                }
            }
        }
    }

    /// An amount in yuan; none if the cell is blank or a dash.
    fn money(&self, column: &str) -> Result<Option<Fen>, StatementError> {
        let text = self.get(column);
        if text.is_empty() || ["-", "--", "—"].contains(&text) {
            return Ok(None);
        }
        text.trim_start_matches('+').parse().map(Some).map_err(|_| self.wrong(column, Rule::Amount))
    }

    /// What tells a line without a number from others. Two that say the very same are told apart by their order.
    fn digest(&self, seen: &mut HashMap<String, u32>) -> String {
        let says = self.record.cells.join("\u{1f}");
        let count = seen.entry(says.clone()).and_modify(|count| *count = count.saturating_add(1)).or_insert(1);
        let digest = Sha256::digest(format!("{says}\u{1f}{count}"));
        format!("#{}", hex::encode(digest.get(..12).unwrap_or_default()))
    }
}

/// A day as banks write it, with or without a time after it.
fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    let plain = text.replace(['年', '月', '/', '.'], "-").replace('日', " ");
    let first = plain.split([' ', 'T']).next()?;
    let parts: Vec<&str> = first.split('-').collect();
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok())?;
    match parts.as_slice() {
        // A time may follow without a blank: 20261122143208.
        [digits] if [8, 14].contains(&digits.len()) => {
            let (year, rest) = digits.split_at_checked(4)?;
            let (month, rest) = rest.split_at_checked(2)?;
            let day = rest.get(..2)?;
            Date::new(number(year)?, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
        }
        [year, month, day] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => {
            Date::new(number(year)?, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
        }
        _ => None,
    }
}
