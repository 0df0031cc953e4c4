//! The ways to look at records, side by side at the top of each of their pages.

use axum::http::header::REFERER;
use axum::http::{HeaderMap, Uri};
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

/// The list of loads from which somebody came to one, with its filter and at its page; else where that begins.
pub(crate) fn back(side: Side, headers: &HeaderMap) -> String {
    let from = headers.get(REFERER).and_then(|from| from.to_str().ok()).and_then(|from| from.parse::<Uri>().ok());
    let list = from.as_ref().and_then(Uri::path_and_query).filter(|from| from.path() == root(side));
    list.map_or_else(|| root(side).to_owned(), ToString::to_string)
}

/// Where records begin.
pub(crate) const fn root(side: Side) -> &'static str {
    match side {
        Side::Portal => "/records",
        Side::Office => "/office/records",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_way_back_is_the_list_as_it_was() {
        assert_eq!(back(Side::Office, &HeaderMap::new()), "/office/records");
        let back =
            |side, from: &'static str| back(side, &HeaderMap::from_iter([(REFERER, HeaderValue::from_static(from))]));
        let filtered = "/records?range=week&card=0417&older=L261122143208-1X142NW.7";
        for (side, from, to) in [
            (
                Side::Portal,
                "https://topup.example.cn/records?range=week&card=0417&older=L261122143208-1X142NW.7",
                filtered,
            ),
            (Side::Portal, "https://topup.example.cn/records", "/records"),
            (Side::Portal, "https://topup.example.cn/station", "/records"),
            (Side::Portal, "https://topup.example.cn/records/deposits?range=week", "/records"),
            (Side::Portal, "not an address", "/records"),
            (Side::Office, "https://topup.example.cn/records?range=week", "/office/records"),
            (Side::Office, "http://127.0.0.1:8080/office/records?group=7", "/office/records?group=7"),
        ] {
            assert_eq!(back(side, from), to, "{from}");
        }
    }
}
