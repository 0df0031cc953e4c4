//! What a group charged and paid in: lists with filters, totals and files, and the whole story of one load. The office
//! shows the same of all groups ([`crate::office::records`]); what both draw is here. What a kind of record says that
//! others do not is its [`shelf::Shelf`].

pub(crate) mod ask;
pub(crate) mod charts;
mod deposits;
pub(crate) mod exports;
mod filter;
pub(crate) mod list;
mod loads;
pub(crate) mod paper;
pub(crate) mod receipt;
pub(crate) mod shelf;
pub(crate) mod statement;
mod story;
mod table;
pub(crate) mod views;
pub(crate) mod words;

pub(crate) use ask::{Asked, Shown};
pub(crate) use story::{ledger, timeline};

use topup::loads::OrderNumber;
use topup::people::Permission;

use crate::look::Side;
use crate::people::access::Needs;

/// See what the group charged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Records;

impl Needs for Records {
    const PERMISSION: Permission = Permission::Records;
}

/// Where the receipt of the sitting of a load is.
pub(crate) fn sitting_path(side: Side, order: OrderNumber) -> String {
    format!("{}/sitting", story_path(side, order))
}

/// Where the story of a load is.
pub(crate) fn story_path(side: Side, order: OrderNumber) -> String {
    match side {
        Side::Portal => format!("/loads/{order}"),
        Side::Office => format!("/office/records/{order}"),
    }
}
