//! Loads that no proof settles: the queue, one load with all its evidence, and what two people decide.

pub(crate) mod card;
pub(crate) mod decide;
pub(crate) mod evidence;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod words;

use topup::loads::OrderNumber;
use topup::people::staff::StaffPermission;

use crate::people::access::OfficeNeeds;
use crate::web::problem::Problem;

/// See loads that no proof settles, and what was decided about them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct See;

impl OfficeNeeds for See {
    const PERMISSION: StaffPermission = StaffPermission::SeeReviews;
}

/// Propose and decide what becomes of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decide;

impl OfficeNeeds for Decide {
    const PERMISSION: StaffPermission = StaffPermission::ReviewLoads;
}

/// Where the queue is.
pub(crate) const LIST: &str = "/office/reviews";

/// Where the page of a load is.
pub(crate) fn path(order: OrderNumber) -> String {
    format!("{LIST}/{order}")
}

/// The order number in an address; what is none names no page.
fn order_in(path: &str) -> Result<OrderNumber, Problem> {
    OrderNumber::parse(path).ok_or(Problem::NotFound)
}
