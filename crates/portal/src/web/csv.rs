//! Tables for spreadsheets, as CSV that Excel opens right by a double click: UTF-8 with its mark, CR LF.
//!
//! A cell that a spreadsheet would take for a formula is made text; a long number too, with a tab after it, as it would
//! lose its last digits otherwise.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

/// A table under way.
#[derive(Debug)]
pub(crate) struct Csv(String);

/// Numbers with more digits than this are names, not amounts: a spreadsheet keeps 15.
const DIGITS: usize = 11;

impl Csv {
    /// With this header.
    pub(crate) fn new<'c>(header: impl IntoIterator<Item = &'c str>) -> Self {
        let mut csv = Self("\u{feff}".to_owned());
        csv.row(header);
        csv
    }

    /// One more line.
    pub(crate) fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        for (cell, at) in cells.into_iter().zip(0_usize..) {
            if at > 0 {
                self.0.push(',');
            }
            let text = safe(cell);
            if text.contains([',', '"', '\n', '\r', '\t']) || text != text.trim() {
                self.0.push('"');
                self.0.push_str(&text.replace('"', "\"\""));
                self.0.push('"');
            } else {
                self.0.push_str(&text);
            }
        }
        self.0.push_str("\r\n");
    }

    /// As a download of this name, which has neither quotation marks nor anything beyond ASCII.
    pub(crate) fn download(self, name: &str) -> Response {
        let headers = [
            (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        ];
        (headers, self.0).into_response()
    }
}

fn safe(cell: &str) -> String {
    let is_amount = cell.strip_prefix('-').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) && !is_amount {
        format!("'{cell}")
    } else if cell.len() > DIGITS && cell.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{cell}\t")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_what_they_say_and_nothing_else() {
        let check = |cell: &str, expected: &str| {
            let mut csv = Csv(String::new());
            csv.row([cell, "x"]);
            assert_eq!(csv.0, format!("{expected},x\r\n"), "{cell}");
        };
        check("示例公司", "示例公司");
        check("5000.00", "5000.00");
        check("-5000.00", "-5000.00");
        check("a,b", "\"a,b\"");
        check("say \"hi\"", "\"say \"\"hi\"\"\"");
        check("two\nlines", "\"two\nlines\"");
        check("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"");
        check("+1", "'+1");
        check("-1+1", "'-1+1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "\"'\t=1\"");
        check("＝1", "'＝1");
        check("26412000000012345678", "\"26412000000012345678\t\"");
        check("6010000000000000000", "\"6010000000000000000\t\"");
        check("9144030071526726XG", "9144030071526726XG");
    }
}
