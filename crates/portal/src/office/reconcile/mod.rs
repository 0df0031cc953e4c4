//! The bank's daily files and statements against our books: the days, one day, the statements and how they are read.

pub(crate) mod account;
pub(crate) mod day;
mod groups;
pub(crate) mod list;
pub(crate) mod statements;
mod words;

use jiff::civil::Date;
use topup::people::staff::StaffPermission;

use crate::look::Frame;
use crate::people::access::OfficeNeeds;
use crate::web::problem::Problem;

/// See files, statements and differences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct See;

impl OfficeNeeds for See {
    const PERMISSION: StaffPermission = StaffPermission::SeeReconcile;
}

/// Bring in files and statements, close differences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Do;

impl OfficeNeeds for Do {
    const PERMISSION: StaffPermission = StaffPermission::Reconcile;
}

/// Where the list is.
pub(crate) const LIST: &str = "/office/reconcile";
/// Where the statements are.
pub(crate) const STATEMENTS: &str = "/office/reconcile/statements";

/// Where the page of a day is.
pub(crate) fn path(day: Date) -> String {
    format!("{LIST}/{day}")
}

/// The day in an address; what is none names no page.
fn day_in(path: &str) -> Result<Date, Problem> {
    path.parse().map_err(|_| Problem::NotFound)
}

/// Whether who looks may bring in files and close differences.
fn may_do(frame: &Frame) -> bool {
    frame.staff().is_some_and(|staff| staff.role.may(StaffPermission::Reconcile))
}
