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
mod trail;

use topup::people::staff::{Staff, StaffPermission, StaffRole};

use crate::words::{Lang, say};

/// A part of the office that stands in its header.
struct Section {
    path: &'static str,
    needs: StaffPermission,
    name: fn(Lang) -> String,
}

/// In the order of the header.
const SECTIONS: &[Section] = &[
    Section {
        path: "/office/deposits",
        needs: StaffPermission::SeeDeposits,
        name: |lang| say!(lang, "section-deposits"),
    },
    Section {
        path: "/office/exceptions",
        needs: StaffPermission::SeeDeposits,
        name: |lang| say!(lang, "section-exceptions"),
    },
    Section { path: "/office/reviews", needs: StaffPermission::SeeReviews, name: |lang| say!(lang, "section-reviews") },
    Section {
        path: "/office/reconcile",
        needs: StaffPermission::SeeReconcile,
        name: |lang| say!(lang, "section-reconcile"),
    },
    Section {
        path: "/office/invoices",
        needs: StaffPermission::SeeInvoices,
        name: |lang| say!(lang, "section-invoices"),
    },
    Section { path: "/office/records", needs: StaffPermission::SeeRecords, name: |lang| say!(lang, "section-records") },
    Section {
        path: "/office/terminals",
        needs: StaffPermission::SeeTerminals,
        name: |lang| say!(lang, "section-terminals"),
    },
];

/// The sections that `staff` may see.
pub(crate) fn sections(lang: Lang, staff: &Staff) -> Vec<(&'static str, String)> {
    let theirs = SECTIONS.iter().filter(|section| staff.role.may(section.needs));
    theirs.map(|section| (section.path, (section.name)(lang))).collect()
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
