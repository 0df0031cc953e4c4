//! What all groups charged and paid in, as staff see it: the same lists as a group's own ([`crate::records`]), of all of them.

pub(crate) mod charts;
pub(crate) mod exports;
pub(crate) mod list;
pub(crate) mod load;

use topup::people::staff::StaffPermission;

use crate::people::access::OfficeNeeds;

/// See what all groups charged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeeRecords;

impl OfficeNeeds for SeeRecords {
    const PERMISSION: StaffPermission = StaffPermission::SeeRecords;
}
