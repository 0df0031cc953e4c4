//! What a group charged: lists with filters and totals, and the whole story of one load. The office shows the same of all
//! groups ([`crate::office::records`]); what both draw is here.

pub(crate) mod ask;
pub(crate) mod exports;
mod filter;
pub(crate) mod list;
mod story;
mod table;
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

/// Where the list is.
pub(crate) const fn path(side: Side) -> &'static str {
    match side {
        Side::Portal => "/records",
        Side::Office => "/office/records",
    }
}

/// Where the story of a load is.
pub(crate) fn story_path(side: Side, order: OrderNumber) -> String {
    match side {
        Side::Portal => format!("/loads/{order}"),
        Side::Office => format!("/office/records/{order}"),
    }
}
