//! A table as a file: XLSX and CSV, row by row, so that a file of any length needs the same memory.

mod csv;
mod xlsx;

use std::fs::File;

use ledger::Fen;
use tokio::sync::mpsc;

/// A file that people open with a program for tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A workbook.
    Xlsx,
    /// Text with commas, in UTF-8 with its mark.
    Csv,
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words. Never taken for a formula, whatever they begin with.
    Text(String),
    /// Digits that are no number: of a card, an order, a terminal. No program may round them.
    Digits(String),
    /// An amount, a number with two decimals.
    Money(Fen),
    /// How many.
    Count(i64),
    /// Nothing.
    Empty,
}

impl Cell {
    /// Words, if there are any.
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    /// An amount, if there is one.
    pub fn money(amount: Option<Fen>) -> Self {
        amount.map_or(Self::Empty, Self::Money)
    }
}

/// A column's title and how many characters wide it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its title.
    pub title: String,
    /// Its width, in characters.
    pub width: u8,
}

/// What stands above the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The name of the table; the first line of the file.
    pub title: String,
    /// Lines above the columns.
    pub lines: Vec<Vec<Cell>>,
    /// The columns.
    pub columns: Vec<Column>,
}

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The disk did not take it.
    #[error("a file could not be written")]
    Io(#[from] std::io::Error),
    /// The workbook could not be made.
    #[error("a workbook could not be made")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
}

/// Writes rows into a file: a nameless one that goes with its handle. Blocks.
pub(crate) fn write(format: Format, head: &Head, rows: impl Iterator<Item = Vec<Cell>>) -> Result<File, SheetError> {
    match format {
        Format::Xlsx => xlsx::write(head, rows),
        Format::Csv => csv::write(head, rows),
    }
}

/// What comes, one by one, until nothing more does. Blocks.
pub(crate) fn received<T>(mut receive: mpsc::Receiver<Vec<T>>) -> impl Iterator<Item = T> {
    std::iter::from_fn(move || receive.blocking_recv()).flatten()
}

/// `1234.50`: for programs, without commas.
fn plain(amount: Fen) -> String {
    amount.to_string().replace(',', "")
}

impl Format {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Xlsx, Self::Csv];

    /// As stored, and the ending of the file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }

    /// From what is stored or asked.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// For a browser.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}
