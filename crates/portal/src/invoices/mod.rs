//! A group's invoices: who gets them, which its manager says, and what became of them. The card company requests them and
//! writes down what the tax system issued ([`crate::office::invoices`]).

pub(crate) mod buyer;
pub(crate) mod list;

use topup::people::Permission;

use crate::people::access::Needs;

/// Say who gets the invoices, and see them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Invoices;

impl Needs for Invoices {
    const PERMISSION: Permission = Permission::Invoices;
}

/// Where the list is.
pub(crate) const LIST: &str = "/invoices";
/// Where it is said who gets them.
pub(crate) const BUYER: &str = "/invoices/buyer";
