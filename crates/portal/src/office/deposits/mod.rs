//! Deposits that wait for a decision: the trays, one deposit with the bank's evidence beside it, and what people decide.

pub(crate) mod compare;
pub(crate) mod decide;
pub(crate) mod deposit;
pub(crate) mod line;
pub(crate) mod list;
pub(crate) mod story;
pub(crate) mod view;
pub(crate) mod words;

use topup::deposits::DepositNumber;
use topup::people::staff::StaffPermission;

use crate::people::access::OfficeNeeds;
use crate::web::problem::Problem;

/// See deposits of all groups, and what does not fit about them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct See;

impl OfficeNeeds for See {
    const PERMISSION: StaffPermission = StaffPermission::SeeDeposits;
}

/// Decide about them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decide;

impl OfficeNeeds for Decide {
    const PERMISSION: StaffPermission = StaffPermission::ReviewDeposits;
}

/// Where the trays are.
pub(crate) const LIST: &str = "/office/deposits";

/// Where the page of a deposit is.
pub(crate) fn path(order: DepositNumber) -> String {
    format!("{LIST}/{order}")
}

/// The order number in an address; what is none names no page.
fn order_in(path: &str) -> Result<DepositNumber, Problem> {
    DepositNumber::parse(path).ok_or(Problem::NotFound)
}
