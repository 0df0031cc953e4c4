//! The bank's daily files and statements against our books: the days, one day, the statements and how they are read.

pub(crate) mod account;
pub(crate) mod day;
mod groups;
pub(crate) mod list;
pub(crate) mod statements;
mod words;

use std::time::Duration;

use jiff::civil::Date;
use topup::people::staff::StaffPermission;

use crate::look::Frame;
use crate::people::access::OfficeNeeds;
use crate::web::problem::Problem;

/// How long a click waits for a day to be reconciled. The bank is asked about each line that we do not have, and when it is
/// away that takes seconds a line.
const PATIENCE: Duration = Duration::from_secs(8);

/// Does something that goes on by itself when it takes longer than a click can wait: what came of it, or none.
async fn meanwhile<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    tokio::time::timeout(PATIENCE, tokio::spawn(work)).await.ok().and_then(Result::ok)
}

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
