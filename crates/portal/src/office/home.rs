//! The office's first page: what waits for whoever is signed in.

use axum::extract::State;
use maud::{Markup, html};
use topup::alarms::{self, Kind};
use topup::deposits;
use topup::people::staff::{Staff, StaffPermission};
use topup::{invoices, reconcile, reviews};

use crate::App;
use crate::look::{Frame, Tone, empty, icon};
use crate::people::access::{Office, OwnAccount};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// How many of it.
    pub(crate) count: i64,
    /// What it is.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) next: String,
    /// Where.
    pub(crate) path: &'static str,
    pub(crate) tone: Tone,
}

/// `GET /office`
pub(crate) async fn get(State(app): State<App>, may: Office<OwnAccount>) -> Result<Html, Problem> {
    let waiting = waiting(&app, may.frame.lang, &may.staff).await?;
    Ok(Html(page(&may.frame, &waiting)))
}

/// What waits for `staff`: each section adds its own, and nothing that they may not see.
async fn waiting(app: &App, lang: Lang, staff: &Staff) -> Result<Vec<Waiting>, Problem> {
    let mut all = Vec::new();
    if staff.role.may(StaffPermission::SeeTerminals) {
        all.push(Waiting {
            count: alarms::count(&app.house, Kind::KeyInTwoPlaces).await?,
            what: say!(lang, "waiting-clones"),
            next: say!(lang, "waiting-clones-next"),
            path: "/office/terminals?state=alarm",
            tone: Tone::Bad,
        });
    }
    if staff.role.may(StaffPermission::SeeDeposits) {
        let (due, unfit) = deposits::counts(&app.house).await?;
        all.push(Waiting {
            count: unfit,
            what: say!(lang, "waiting-exceptions"),
            next: say!(lang, "waiting-exceptions-next"),
            path: "/office/exceptions",
            tone: Tone::Bad,
        });
        all.push(Waiting {
            count: due,
            what: say!(lang, "waiting-deposits"),
            next: say!(lang, "waiting-deposits-next"),
            path: "/office/deposits",
            tone: Tone::Doubt,
        });
    }
    if staff.role.may(StaffPermission::SeeReviews) {
        let (due, contradictions) = reviews::counts(&app.house).await?;
        all.push(Waiting {
            count: contradictions,
            what: say!(lang, "waiting-contradictions"),
            next: say!(lang, "waiting-contradictions-next"),
            path: "/office/reviews#contradictions",
            tone: Tone::Bad,
        });
        all.push(Waiting {
            count: due,
            what: say!(lang, "waiting-reviews"),
            next: say!(lang, "waiting-reviews-next"),
            path: "/office/reviews",
            tone: Tone::Doubt,
        });
    }
    if staff.role.may(StaffPermission::SeeReconcile) {
        all.extend(of_reconciliation(app, lang).await?);
    }
    if staff.role.may(StaffPermission::SeeInvoices) {
        all.extend(of_invoices(app, lang).await?);
    }
    all.retain(|waiting| waiting.count > 0);
    Ok(all)
}

async fn of_reconciliation(app: &App, lang: Lang) -> Result<[Waiting; 2], Problem> {
    let waiting = reconcile::waiting(&app.house).await?;
    Ok([
        Waiting {
            count: waiting.open,
            what: say!(lang, "waiting-differences"),
            next: say!(lang, "waiting-differences-next"),
            path: "/office/reconcile",
            tone: Tone::Bad,
        },
        Waiting {
            count: waiting.absent,
            what: say!(lang, "waiting-bills"),
            next: say!(lang, "waiting-bills-next"),
            path: "/office/reconcile",
            tone: Tone::Doubt,
        },
    ])
}

async fn of_invoices(app: &App, lang: Lang) -> Result<[Waiting; 2], Problem> {
    let counts = invoices::counts(&app.house).await?;
    Ok([
        Waiting {
            count: counts.due,
            what: say!(lang, "waiting-invoices-due"),
            next: say!(lang, "waiting-invoices-due-next"),
            path: "/office/invoices",
            tone: Tone::Plain,
        },
        Waiting {
            count: counts.requested,
            what: say!(lang, "waiting-invoices-requested"),
            next: say!(lang, "waiting-invoices-requested-next"),
            path: "/office/invoices?state=requested",
            tone: Tone::Plain,
        },
    ])
}

/// The page.
pub(crate) fn page(frame: &Frame, waiting: &[Waiting]) -> Markup {
    let lang = frame.lang;
    let name = frame.staff().map_or("", |staff| staff.name.as_str());
    let body = html! {
        div.hello { h1 { (say!(lang, "modules-title", name = name)) } }
        section.sheet {
            @if waiting.is_empty() {
                (empty(icon::DONE.draw(), &say!(lang, "office-nothing"), &say!(lang, "office-nothing-text"), html! {}))
            } @else {
                h2.unseen { (say!(lang, "office-waiting")) }
                ul.waiting { @for item in waiting {
                    li.(item.tone.class()) { a href=(item.path) {
                        b.count.num { (item.count) }
                        span { strong { (item.what) } small.soft { (item.next) } }
                        (icon::ARROW.draw())
                    } }
                } }
            }
        }
    };
    frame.page(say!(lang, "office-home"), body).draw()
}
