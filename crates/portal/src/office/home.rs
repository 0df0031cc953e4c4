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
    let (house, may) = (&app.house, |needs| staff.role.may(needs));
    let mut all = Vec::new();
    let mut add = |count, tone, path, what, next| {
        if count > 0 {
            all.push(Waiting { count, what, next, path, tone });
        }
    };
    if may(StaffPermission::SeeTerminals) {
        let clones = alarms::count(house, Kind::KeyInTwoPlaces).await?;
        let (what, next) = (say!(lang, "waiting-clones"), say!(lang, "waiting-clones-next"));
        add(clones, Tone::Bad, "/office/terminals?state=alarm", what, next);
    }
    if may(StaffPermission::SeeDeposits) {
        let (due, unfit) = deposits::counts(house).await?;
        let (what, next) = (say!(lang, "waiting-exceptions"), say!(lang, "waiting-exceptions-next"));
        add(unfit, Tone::Bad, "/office/exceptions", what, next);
        let (what, next) = (say!(lang, "waiting-deposits"), say!(lang, "waiting-deposits-next"));
        add(due, Tone::Doubt, "/office/deposits", what, next);
    }
    if may(StaffPermission::SeeReviews) {
        let (due, contradictions) = reviews::counts(house).await?;
        let (what, next) = (say!(lang, "waiting-contradictions"), say!(lang, "waiting-contradictions-next"));
        add(contradictions, Tone::Bad, "/office/reviews#contradictions", what, next);
        let (what, next) = (say!(lang, "waiting-reviews"), say!(lang, "waiting-reviews-next"));
        add(due, Tone::Doubt, "/office/reviews", what, next);
    }
    if may(StaffPermission::SeeReconcile) {
        let waiting = reconcile::waiting(house).await?;
        let (what, next) = (say!(lang, "waiting-differences"), say!(lang, "waiting-differences-next"));
        add(waiting.open, Tone::Bad, "/office/reconcile", what, next);
        let (what, next) = (say!(lang, "waiting-bills"), say!(lang, "waiting-bills-next"));
        add(waiting.absent, Tone::Doubt, "/office/reconcile", what, next);
    }
    if may(StaffPermission::SeeInvoices) {
        let counts = invoices::counts(house).await?;
        let (what, next) = (say!(lang, "waiting-invoices-due"), say!(lang, "waiting-invoices-due-next"));
        add(counts.due, Tone::Plain, "/office/invoices", what, next);
        let (what, next) = (say!(lang, "waiting-invoices-requested"), say!(lang, "waiting-invoices-requested-next"));
        add(counts.requested, Tone::Plain, "/office/invoices?state=requested", what, next);
    }
    Ok(all)
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
