//! CSV as the programs of China's offices read it: UTF-8 with its mark, lines that end in CR LF.
//!
//! A field that such a program would take for a formula is led by an apostrophe. Digits that are no number are followed by
//! a tab, which keeps it from rounding them to fifteen places.

use std::fs::File;
use std::io::{BufWriter, Seek as _, Write as _};

use super::{Cell, Head, SheetError, plain};

pub(super) fn write(head: &Head, rows: impl Iterator<Item = Vec<Cell>>) -> Result<File, SheetError> {
    let mut out = BufWriter::new(tempfile::tempfile()?);
    out.write_all("\u{feff}".as_bytes())?;
    line(&mut out, &[Cell::Text(head.title.clone())])?;
    for cells in &head.lines {
        line(&mut out, cells)?;
    }
    line(&mut out, &[])?;
    let titles: Vec<Cell> = head.columns.iter().map(|column| Cell::Text(column.title.clone())).collect();
    line(&mut out, &titles)?;
    for cells in rows {
        line(&mut out, &cells)?;
    }
    let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

fn line(out: &mut BufWriter<File>, cells: &[Cell]) -> Result<(), SheetError> {
    let fields: Vec<String> = cells.iter().map(field).collect();
    out.write_all(fields.join(",").as_bytes())?;
    out.write_all(b"\r\n")?;
    Ok(())
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text_field(text),
        Cell::Digits(digits) => quoted(&format!("{}\t", harmless(digits))),
        Cell::Money(amount) => plain(*amount),
        Cell::Count(count) => count.to_string(),
        Cell::Empty => String::new(),
    }
}

fn text_field(text: &str) -> String {
    let text = harmless(text);
    if text.contains([',', '"', '\r', '\n', '\t']) { quoted(&text) } else { text }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The text, led by an apostrophe if it could begin a formula.
fn harmless(text: &str) -> String {
    let begins =
        text.trim_start_matches([' ', '\u{3000}', '\u{a0}']).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if begins || text.starts_with(['\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use ledger::Fen;

    use super::*;

    #[test]
    fn fields_are_what_they_say_and_never_formulas() {
        let text = |text: &str| field(&Cell::Text(text.to_owned()));
        for (given, expected) in [
            ("前台一号", "前台一号"),
            ("a,b", "\"a,b\""),
            ("他说\"好\"", "\"他说\"\"好\"\"\""),
            ("两\n行", "\"两\n行\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+86", "'+86"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1+1", "'  =1+1"),
            ("＝1+1", "'＝1+1"),
            ("\t=1", "\"'\t=1\""),
            ("1-1", "1-1"),
            ("", ""),
        ] {
            assert_eq!(text(given), expected, "{given:?}");
        }
        assert_eq!(field(&Cell::Digits("4100000099000417".into())), "\"4100000099000417\t\"");
        assert_eq!(field(&Cell::Money(Fen::new(123_456_789))), "1234567.89");
        assert_eq!(field(&Cell::Money(Fen::new(-5))), "-0.05");
        assert_eq!((field(&Cell::Count(7)), field(&Cell::Empty)), ("7".into(), String::new()));
    }
}
