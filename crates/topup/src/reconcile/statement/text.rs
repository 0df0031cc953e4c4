//! From the bytes of a file to its cells: UTF-8 with or without a mark, or GBK; commas, tabs or semicolons.

use encoding_rs::GB18030;

use super::StatementError;

/// The most lines of a statement: a year of a busy account, so that a mistaken file ends soon.
const MOST_LINES: usize = 200_000;

/// How a file's text was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// GBK, read as its superset GB18030.
    Gbk,
}

/// What stands between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Separator {
    /// `,`
    #[default]
    Comma,
    /// A tab.
    Tab,
    /// `;`
    Semicolon,
}

/// A line of cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its line in the file, from one; of a cell that holds line breaks, the first.
    pub line: usize,
    /// Its cells, without what banks put around them.
    pub cells: Vec<String>,
}

impl Separator {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Comma, Self::Tab, Self::Semicolon];

    const fn as_char(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Tab => '\t',
            Self::Semicolon => ';',
        }
    }
}

/// The text of a file. The separator only tells in which cell it is broken.
pub fn decode(bytes: &[u8], separator: Separator) -> Result<(String, Charset), StatementError> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(StatementError::Workbook);
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(StatementError::Utf16);
    }
    let (bytes, marked) = match bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    // No byte of a character in these two is 0: a file that has one was written otherwise, and not every database keeps it.
    if bytes.contains(&0) {
        return Err(broken(bytes, separator, |cell| !cell.contains(&0)));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => return Ok((text.to_owned(), Charset::Utf8)),
        Err(_) if marked => return Err(broken(bytes, separator, |cell| std::str::from_utf8(cell).is_ok())),
        Err(_) => {}
    }
    let good = |cell: &[u8]| GB18030.decode_without_bom_handling_and_without_replacement(cell).is_some();
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok((text.into_owned(), Charset::Gbk)),
        None => Err(broken(bytes, separator, good)),
    }
}

/// The line and the cell in which the bytes are no text. Neither a separator nor a quotation mark nor a line's end is ever
/// a part of a character in these two.
fn broken(bytes: &[u8], separator: Separator, good: impl Fn(&[u8]) -> bool) -> StatementError {
    let mut last = 0;
    for (line, at) in bytes.split(|byte| *byte == b'\n').zip(1_usize..) {
        let mut quoted = false;
        let cells = line.split(|byte| {
            quoted ^= *byte == b'"';
            !quoted && char::from(*byte) == separator.as_char()
        });
        let cells: Vec<&[u8]> = cells.collect();
        if let Some(cell) = cells.into_iter().position(|cell| !good(cell)) {
            return StatementError::NoText { line: at, cell: cell.saturating_add(1) };
        }
        last = at;
    }
    StatementError::NoText { line: last, cell: 1 }
}

/// The lines of a text; blank ones are left out.
pub fn records(text: &str, separator: Separator) -> Result<Vec<Record>, StatementError> {
    let separator = separator.as_char();
    let mut records = Vec::new();
    let mut chars = text.chars().peekable();
    let (mut line, mut begun, mut cells, mut cell) = (1_usize, 1_usize, Vec::new(), String::new());
    let mut quoted_from = None;
    loop {
        let next = chars.next();
        if next == Some('\n') {
            line = line.saturating_add(1);
        }
        match (next, quoted_from) {
            (None, Some(from)) => return Err(StatementError::Quote { line: from }),
            (Some('"'), Some(_)) if chars.peek() == Some(&'"') => cell.extend(chars.next()),
            (Some('"'), Some(_)) => quoted_from = None,
            (Some(inside), Some(_)) => cell.push(inside),
            (Some('"'), None) if ["", "="].contains(&cell.trim()) => {
                cell.clear();
                quoted_from = Some(line);
            }
            (Some(other), None) if other == separator => cells.push(clean(&std::mem::take(&mut cell))),
            (Some('\n') | None, None) => {
                cells.push(clean(&std::mem::take(&mut cell)));
                let whole = std::mem::take(&mut cells);
                if whole.iter().any(|cell: &String| !cell.is_empty()) {
                    records.push(Record { line: begun, cells: whole });
                }
                begun = line;
                if next.is_none() {
                    return Ok(records);
                }
                if records.len() >= MOST_LINES {
                    return Err(StatementError::Long { most: MOST_LINES });
                }
            }
            (Some(other), None) => cell.push(other),
        }
    }
}

/// Without what banks and spreadsheets put around a cell so that it is taken for text.
fn clean(cell: &str) -> String {
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    cell.trim_matches(blank).trim_start_matches('\'').trim_matches(blank).to_owned()
}
