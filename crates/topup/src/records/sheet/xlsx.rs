//! A workbook whose rows go to the disk as they come. A sheet has an end; what is longer goes on in the next.

use std::fs::File;
use std::io::{BufWriter, Seek as _};

use rust_xlsxwriter::{Format as Style, Workbook, Worksheet, XlsxError};

use super::{Cell, Head, SheetError, plain};

/// Rows of one sheet; Excel's own end is at 1,048,576.
const MOST_ROWS: u32 = 1_000_000;

/// How hard the file is packed, of 9: in four fifths of the time of the usual 6, and not a hundredth larger.
const PACKED: u8 = 5;

/// How a cell is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Money,
    Count,
}

struct Styles {
    title: Style,
    bold: Style,
    text: Style,
    money: Style,
    count: Style,
}

/// A sheet under way.
struct Sheet<'b> {
    page: &'b mut Worksheet,
    styles: &'b Styles,
    /// The next row.
    at: u32,
    /// The shape of each column, by its first cell that has one. A cell of its column's shape needs no style of its own,
    /// which would be looked up for each; and what people write below the last row has that shape too.
    shapes: Vec<Option<Shape>>,
}

pub(super) fn write(head: &Head, rows: impl Iterator<Item = Vec<Cell>>) -> Result<File, SheetError> {
    let styles = Styles {
        title: Style::new().set_bold().set_font_size(14),
        bold: Style::new().set_bold(),
        text: Style::new().set_num_format("@"),
        money: Style::new().set_num_format("#,##0.00"),
        count: Style::new().set_num_format("0"),
    };
    let mut book = Workbook::new();
    book.set_zip_compression_level(PACKED);
    let mut number = 1_u32;
    let mut sheet = Sheet::begin(&mut book, number, head, &styles)?;
    for cells in rows {
        if sheet.at >= MOST_ROWS {
            number = number.saturating_add(1);
            sheet = Sheet::begin(&mut book, number, head, &styles)?;
        }
        sheet.row(&cells)?;
    }
    let mut out = BufWriter::new(tempfile::tempfile()?);
    book.save_to_writer(&mut out)?;
    let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

impl<'b> Sheet<'b> {
    /// With what stands above the rows.
    fn begin(book: &'b mut Workbook, number: u32, head: &Head, styles: &'b Styles) -> Result<Self, SheetError> {
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(number.to_string())?;
        for (at, column) in (0_u16..).zip(&head.columns) {
            sheet.set_column_width(at, u32::from(column.width))?;
        }
        let lines = u32::try_from(head.lines.len()).unwrap_or(MOST_ROWS);
        let titles = lines.saturating_add(2);
        // Titles stay in sight.
        sheet.set_freeze_panes(titles.saturating_add(1), 0)?;
        sheet.write_string_with_format(0, 0, &head.title, &styles.title)?;
        for (at, cells) in (1_u32..).zip(&head.lines) {
            for (column, cell) in (0_u16..).zip(cells) {
                put(sheet, (at, column), cell, cell.shape().map(|shape| styles.of(shape)))?;
            }
        }
        for (at, column) in (0_u16..).zip(&head.columns) {
            sheet.write_string_with_format(titles, at, &column.title, &styles.bold)?;
        }
        let shapes = vec![None; head.columns.len()];
        Ok(Self { page: sheet, styles, at: titles.saturating_add(1), shapes })
    }

    fn row(&mut self, cells: &[Cell]) -> Result<(), SheetError> {
        for (column, cell) in (0_u16..).zip(cells) {
            let own = match (cell.shape(), self.shapes.get_mut(usize::from(column))) {
                (Some(shape), Some(usual @ None)) => {
                    *usual = Some(shape);
                    self.page.set_column_format(column, self.styles.of(shape))?;
                    None
                }
                (shape, Some(usual)) if shape == *usual => None,
                (shape, _) => shape.map(|shape| self.styles.of(shape)),
            };
            put(self.page, (self.at, column), cell, own)?;
        }
        self.at = self.at.saturating_add(1);
        Ok(())
    }
}

fn put(sheet: &mut Worksheet, (at, column): (u32, u16), cell: &Cell, own: Option<&Style>) -> Result<(), XlsxError> {
    // A string cell: never a formula, whatever it begins with.
    let text = |sheet: &mut Worksheet, text: &str| match own {
        Some(style) => sheet.write_string_with_format(at, column, text, style).map(drop),
        None => sheet.write_string(at, column, text).map(drop),
    };
    // The nearest number to its decimals; a workbook has no other.
    let number = |sheet: &mut Worksheet, decimals: &str| {
        let number: f64 = decimals.parse().unwrap_or(f64::NAN);
        match own {
            Some(style) => sheet.write_number_with_format(at, column, number, style).map(drop),
            None => sheet.write_number(at, column, number).map(drop),
        }
    };
    match cell {
        Cell::Text(words) | Cell::Digits(words) => text(sheet, words),
        Cell::Money(amount) => number(sheet, &plain(*amount)),
        Cell::Count(count) => number(sheet, &count.to_string()),
        Cell::Empty => Ok(()),
    }
}

impl Styles {
    fn of(&self, shape: Shape) -> &Style {
        match shape {
            Shape::Text => &self.text,
            Shape::Money => &self.money,
            Shape::Count => &self.count,
        }
    }
}

impl Cell {
    /// Words are shown as they are.
    const fn shape(&self) -> Option<Shape> {
        match self {
            Self::Digits(_) => Some(Shape::Text),
            Self::Money(_) => Some(Shape::Money),
            Self::Count(_) => Some(Shape::Count),
            Self::Text(_) | Self::Empty => None,
        }
    }
}
