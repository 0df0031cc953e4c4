use maud::Markup;
use topup::loads::Totals as Sum;
use topup::records::exports::Wanted;
use topup::records::{Cell, Column, Deposits, Loads, Record};

use crate::look::{Side, Tone};
use crate::people::access::{Needs, OfficeNeeds};
use crate::words::Lang;

/// A kind of record as it is shown: what its list, its form and its files say that others do not.
pub(crate) trait Shelf: Record {
    /// What an operator needs to see it.
    type Needs: Needs;
    /// What a member of staff needs.
    type OfficeNeeds: OfficeNeeds;

    /// Where the list is.
    fn path(side: Side) -> &'static str;

    /// What the list is called.
    fn title(lang: Lang) -> String;

    /// What a file is called.
    fn file(lang: Lang) -> String;

    /// All that can hold of one, as in an address and in words.
    fn states(lang: Lang) -> Vec<(String, String)>;

    /// What can hold of one, in words.
    fn state(lang: Lang, holds: Self::Holds) -> String;

    /// What stands in the field of an order number that is none.
    fn wrong_order(lang: Lang) -> String;

    /// What the whole filter comes to, sum by sum.
    fn sums(lang: Lang, totals: &Self::Totals) -> Vec<(Tone, String, Sum)>;

    /// What can be done beside looking.
    fn beside(lang: Lang, side: Side) -> Markup;

    /// That there is nothing in this time, and where to go.
    fn none(lang: Lang, side: Side) -> Nothing;

    /// Those of a page.
    fn table(lang: Lang, side: Side, lines: &[Self::Line]) -> Markup;

    /// The columns of a file; `all` if it is of more groups than one.
    fn columns(lang: Lang, all: bool) -> Vec<Column>;

    /// A row of a file.
    fn row(lang: Lang, all: bool, line: &Self::Line) -> Vec<Cell>;
}

/// A list with nothing in it.
pub(crate) struct Nothing {
    pub(crate) title: String,
    /// Why there may be nothing, where the filter asks for no more than a time.
    pub(crate) text: String,
    /// The same, where it asks for more.
    pub(crate) narrowed: String,
    /// Address and words of what to do next.
    pub(crate) next: Option<(&'static str, String)>,
}

/// What the file of an export is called, without its ending.
pub(crate) fn file_of(lang: Lang, wanted: &Wanted) -> String {
    match wanted {
        Wanted::Loads(_) => Loads::file(lang),
        Wanted::Deposits(_) => Deposits::file(lang),
    }
}
