//! The office (后台): the card company's side of the counter.
//!
//! The frame around its pages is the portal's own ([`crate::look`]), with the office's sections in its header; sign-in,
//! session and password are the same handlers under their own addresses. A section is a line in [`SECTIONS`], its
//! routes in [`crate::routes`], and what waits in it a line on the [`home`] page.

pub(crate) mod deposits;
pub(crate) mod exceptions;
pub(crate) mod home;
pub(crate) mod invoices;
pub(crate) mod reconcile;
pub(crate) mod records;
pub(crate) mod reviews;
pub(crate) mod terminals;
pub(crate) mod trail;
pub(crate) mod two_people;

use topup::people::staff::{Staff, StaffPermission, StaffRole};

use crate::words::{Lang, say};

/// A part of the office that stands in its header: where it is, what it needs, and its name.
type Section = (&'static str, StaffPermission, fn(Lang) -> String);

/// In the order of the header.
const SECTIONS: &[Section] = &[
    ("/office/deposits", StaffPermission::SeeDeposits, |lang| say!(lang, "section-deposits")),
    ("/office/exceptions", StaffPermission::SeeDeposits, |lang| say!(lang, "section-exceptions")),
    ("/office/reviews", StaffPermission::SeeReviews, |lang| say!(lang, "section-reviews")),
    ("/office/reconcile", StaffPermission::SeeReconcile, |lang| say!(lang, "section-reconcile")),
    ("/office/invoices", StaffPermission::SeeInvoices, |lang| say!(lang, "section-invoices")),
    ("/office/records", StaffPermission::SeeRecords, |lang| say!(lang, "section-records")),
    ("/office/terminals", StaffPermission::SeeTerminals, |lang| say!(lang, "section-terminals")),
];

/// The sections that `staff` may see.
pub(crate) fn sections(lang: Lang, staff: &Staff) -> Vec<(&'static str, String)> {
    let theirs = SECTIONS.iter().filter(|(_, needs, _)| staff.role.may(*needs));
    theirs.map(|(path, _, name)| (*path, name(lang))).collect()
}

/// A role in words.
pub(crate) fn role(lang: Lang, role: StaffRole) -> String {
    match role {
        StaffRole::Teller => say!(lang, "role-teller"),
        StaffRole::Finance => say!(lang, "role-finance"),
        StaffRole::Admin => say!(lang, "role-admin"),
        StaffRole::Auditor => say!(lang, "role-auditor"),
    }
}
