//! Records: what was charged and what was paid in, found again, totalled and told in full.
//!
//! ```text
//! Record       a kind of record: Loads, Deposits; each has its own ways to its rows and totals
//! Typed        what stands in the address, as people typed it
//! Filter       what it means; or, field by field, what is wrong with it
//! Scope        whose records: one group's, from the session; all groups', for staff
//! page         a page of records, newest first, by keyset: no page costs more than another
//! totals       of the whole filter, by what holds now
//! exports      the same as a file, at once or in the background
//! charts       the same through time, by whom and where, with the quota meanwhile
//! statement    of a group's quota: opening, what came and went, closing, by day or month; entries: what a day is made of
//! story        all that became of one load, with the movements of its money
//! receipt      what one operator charged in one sitting, to be signed
//! ```
//!
//! **Totals of loads.** [`crate::loads::book`] adds every load that ends to `load_totals` in the same commit: by month and
//! by day for the whole group, and by day for each operator at each terminal; and to `all_totals`, of all groups together.
//! A filter that names no card, amount or order number is answered from there, in whole months and single days; the open
//! loads come from their own index; and the corrections since, of which there are few, move their loads from how they ended
//! to what holds. Any other filter sums up the rows that an index finds. `jichong books` proves the totals equal to the
//! rows.
//!
//! **Totals of deposits.** A deposit goes from state to state, and each step moves it from one total to the next in the
//! same commit ([`crate::deposits`]), so the totals are always by what holds now. Else as with loads.
//!
//! **Pages.** Ids grow with time, so a page is a range of the primary key; of all groups, of an index of ids; of one card
//! or its last digits, of an operator, of a terminal and of what failed, of indices of their own; of what is open, of the
//! index of open loads. What is left is looked at row by row within it. Where no index has all that is asked, a page is
//! merged from two.

mod day;
mod deposits;
pub mod exports;
mod filter;
mod keyset;
mod loads;
mod record;
mod scope;
pub(crate) mod sheet;
mod statement;

pub use day::{Day, Period};
pub use deposits::{DepositLine, DepositTotals, Deposits, Stands};
pub use filter::{Field, Filter, Holds, Range, Typed, Wrong, WrongField};
pub use keyset::{Bounds, Cursor, Page, Seek, page, totals};
pub use loads::{By, Charts, Point, Share, Step, charts};
pub use loads::{Line, Loads, Moved, Receipt, Story, Totals, receipt, receipt_of_run, story};
pub use record::{Number, Record};
pub use scope::{People, Scope, people};
pub use sheet::{Cell, Column, Format, Head, SheetError};
pub use statement::{
    About, Booked, Entries, Entry, Grain, Item, Statement, StatementLine, day as statement_day, entries, statement,
};
