//! A workbook whose rows go to the disk as they come. A sheet has an end; what is longer goes on in the next.

use std::fs::File;
use std::io::{BufWriter, Seek as _};

use rust_xlsxwriter::{Format as Style, Workbook, Worksheet};
use tokio::sync::mpsc;

use super::{Cell, Head, SheetError, plain};

/// Rows of one sheet; Excel's own end is at 1,048,576.
const MOST_ROWS: u32 = 1_000_000;

struct Styles {
    title: Style,
    bold: Style,
    text: Style,
    money: Style,
}

pub(super) fn write(head: &Head, mut rows: mpsc::Receiver<Vec<Vec<Cell>>>) -> Result<File, SheetError> {
    let styles = Styles {
        title: Style::new().set_bold().set_font_size(14),
        bold: Style::new().set_bold(),
        text: Style::new().set_num_format("@"),
        money: Style::new().set_num_format("#,##0.00"),
    };
    let mut book = Workbook::new();
    let mut sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("1")?;
    let mut at = begin(sheet, head, &styles)?;
    let mut number = 1_u32;
    while let Some(rows) = rows.blocking_recv() {
        for cells in rows {
            if at >= MOST_ROWS {
                number = number.saturating_add(1);
                sheet = book.add_worksheet_with_constant_memory()?;
                sheet.set_name(number.to_string())?;
                at = begin(sheet, head, &styles)?;
            }
            row(sheet, at, &cells, &styles)?;
            at = at.saturating_add(1);
        }
    }
    let mut out = BufWriter::new(tempfile::tempfile()?);
    book.save_to_writer(&mut out)?;
    let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

/// What stands above the rows; returns where these begin.
fn begin(sheet: &mut Worksheet, head: &Head, styles: &Styles) -> Result<u32, SheetError> {
    for (at, column) in (0_u16..).zip(&head.columns) {
        sheet.set_column_width(at, u32::from(column.width))?;
    }
    let lines = u32::try_from(head.lines.len()).unwrap_or(MOST_ROWS);
    let titles = lines.saturating_add(2);
    // Titles stay in sight.
    sheet.set_freeze_panes(titles.saturating_add(1), 0)?;
    sheet.write_string_with_format(0, 0, &head.title, &styles.title)?;
    for (at, cells) in (1_u32..).zip(&head.lines) {
        row(sheet, at, cells, styles)?;
    }
    for (at, column) in (0_u16..).zip(&head.columns) {
        sheet.write_string_with_format(titles, at, &column.title, &styles.bold)?;
    }
    Ok(titles.saturating_add(1))
}

fn row(sheet: &mut Worksheet, at: u32, cells: &[Cell], styles: &Styles) -> Result<(), SheetError> {
    for (column, cell) in (0_u16..).zip(cells) {
        match cell {
            // A string cell: never a formula, whatever it begins with.
            Cell::Text(text) => sheet.write_string(at, column, text)?,
            Cell::Digits(digits) => sheet.write_string_with_format(at, column, digits, &styles.text)?,
            Cell::Money(amount) => {
                // The nearest number to its decimals; a workbook has no other.
                let yuan: f64 = plain(*amount).parse().unwrap_or(f64::NAN);
                sheet.write_number_with_format(at, column, yuan, &styles.money)?
            }
            Cell::Count(count) => {
                let count: f64 = count.to_string().parse().unwrap_or(f64::NAN);
                sheet.write_number(at, column, count)?
            }
            Cell::Empty => continue,
        };
    }
    Ok(())
}
