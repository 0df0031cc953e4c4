//! The ways to look at records, side by side at the top of each of their pages.

use maud::{Markup, html};
use topup::people::Permission;
use topup::people::staff::StaffPermission;

use crate::look::{Frame, Side};
use crate::words::{Lang, say};

/// A way to look, and who may.
struct View {
    path: &'static str,
    operator: Permission,
    staff: StaffPermission,
    name: fn(Lang) -> String,
}

/// Charts are of the loads of the same filter.
const CHARTS: &str = "/charts";

/// Behind `/records`, or behind `/office/records`.
const VIEWS: &[View] = &[
    View {
        path: "",
        operator: Permission::Records,
        staff: StaffPermission::SeeRecords,
        name: |lang| say!(lang, "view-loads"),
    },
    View {
        path: CHARTS,
        operator: Permission::Records,
        staff: StaffPermission::SeeRecords,
        name: |lang| say!(lang, "charts-title"),
    },
    View {
        path: "/deposits",
        operator: Permission::Deposits,
        staff: StaffPermission::SeeDeposits,
        name: |lang| say!(lang, "view-deposits"),
    },
    View {
        path: "/statement",
        operator: Permission::Deposits,
        staff: StaffPermission::SeeDeposits,
        name: |lang| say!(lang, "statement-title"),
    },
    View {
        path: "/exports",
        operator: Permission::Records,
        staff: StaffPermission::SeeRecords,
        name: |lang| say!(lang, "exports-title"),
    },
];

/// Those that whoever is signed in may see; the one that they look at is marked.
pub(crate) fn draw(frame: &Frame) -> Markup {
    let root = root(frame.side());
    let here = frame.here.split('?').next().unwrap_or_default();
    let may = |view: &&View| {
        frame.operator().is_some_and(|operator| operator.role.may(view.operator))
            || frame.staff().is_some_and(|staff| staff.role.may(view.staff))
    };
    let current = |view: &View| match here.strip_prefix(root) {
        Some("") => view.path.is_empty(),
        Some(rest) => !view.path.is_empty() && rest.starts_with(view.path),
        None => false,
    };
    // A filter goes along from the loads to their charts, and back.
    let filtered = |path: &str| path.is_empty() || path == CHARTS;
    let query = frame.here.find('?').and_then(|at| frame.here.get(at..));
    let query = query.filter(|_| here.strip_prefix(root).is_some_and(filtered));
    let along = |view: &View| query.filter(|_| filtered(view.path)).unwrap_or_default();
    html! {
        nav.views.no-print aria-label=(say!(frame.lang, "views")) {
            ul { @for view in VIEWS.iter().filter(may) {
                li { a href={ (root) (view.path) (along(view)) } aria-current=[current(view).then_some("page")] { ((view.name)(frame.lang)) } }
            } }
        }
    }
}

/// Where records begin.
pub(crate) const fn root(side: Side) -> &'static str {
    match side {
        Side::Portal => "/records",
        Side::Office => "/office/records",
    }
}
