//! Who did what to something, when and from where.

use maud::{Markup, html};
use serde::Deserialize;
use topup::audit::{self, Action, Recorded, Subject};
use topup::paging::{Page, Place};

use crate::App;
use crate::look::{pages, show};
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// Which page of it the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Before {
    #[serde(default)]
    trail: String,
}

/// A page of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    page: Page<Recorded>,
    /// Not the newest.
    older: bool,
}

impl Trail {
    pub(crate) async fn of(app: &App, subject: Subject, asked: &Before) -> Result<Self, Problem> {
        let before = Place::parse(&asked.trail);
        Ok(Self { page: audit::of(&app.house, subject, before).await?, older: before.is_some() })
    }

    /// All there is.
    pub(crate) fn whole(rows: Vec<Recorded>) -> Self {
        Self { page: Page { rows, next: None }, older: false }
    }
}

/// The section of a page that shows it; `here` is the page's address.
pub(crate) fn trail(lang: Lang, here: &str, trail: &Trail) -> Markup {
    let Trail { page, older } = trail;
    html! {
        section.sheet.trail {
            h2 id="trail" { (say!(lang, "trail")) }
            @if page.rows.is_empty() { p.soft.none { (say!(lang, "trail-none")) } } @else {
                div.scroll tabindex="0" { table.table {
                    thead { tr {
                        th scope="col" { (say!(lang, "load-time")) }
                        th scope="col" { (say!(lang, "trail-what")) }
                        th.wide-only scope="col" { (say!(lang, "trail-who")) }
                        th.wide-only scope="col" { (say!(lang, "trail-from")) }
                    } }
                    tbody { @for entry in &page.rows { tr {
                        td.num { (show::date_time(entry.at)) }
                        td.what { (action(lang, entry)) @if let Some(why) = reason(entry) { div.sub { (why) } }
                            div.sub.narrow-only { (actor(lang, entry)) " · " (origin(lang, entry)) } }
                        td.wide-only { (actor(lang, entry)) }
                        td.wide-only.num.sub { (origin(lang, entry)) }
                    } } }
                } }
            }
            (pages(lang, older.then(|| format!("{here}#trail")), page.next.map(|next| format!("{here}?trail={next}#trail"))))
        }
    }
}

fn actor(lang: Lang, entry: &Recorded) -> String {
    if entry.actor == audit::SYSTEM { say!(lang, "actor-system") } else { entry.actor.clone() }
}

fn origin(lang: Lang, entry: &Recorded) -> String {
    match entry.origin.as_str() {
        "" => "—".to_owned(),
        audit::COMMAND_LINE => say!(lang, "origin-command-line"),
        address => address.to_owned(),
    }
}

fn reason(entry: &Recorded) -> Option<&str> {
    entry.details.get("reason").and_then(|reason| reason.as_str())
}

/// What was done, in words.
fn action(lang: Lang, entry: &Recorded) -> String {
    match entry.action {
        Some(Action::StaffAdded) => say!(lang, "action-staff-added"),
        Some(Action::PasswordReset) => say!(lang, "action-password-reset"),
        Some(Action::PersonDeactivated) => say!(lang, "action-person-deactivated"),
        Some(Action::PersonActivated) => say!(lang, "action-person-activated"),
        Some(Action::TerminalAdded) => say!(lang, "action-terminal-added"),
        Some(Action::CodeIssued) => say!(lang, "action-code-issued"),
        Some(Action::TerminalEnrolled) => say!(lang, "action-terminal-enrolled"),
        Some(Action::TerminalRevoked) => say!(lang, "action-terminal-revoked"),
        Some(Action::AlarmRaised) => say!(lang, "action-alarm-raised"),
        Some(Action::AlarmClosed) => say!(lang, "action-alarm-closed"),
        Some(Action::ReviewProposed) => say!(lang, "action-review-proposed"),
        Some(Action::ReviewConfirmed) => say!(lang, "action-review-confirmed"),
        Some(Action::ReviewDeclined) => say!(lang, "action-review-declined"),
        Some(Action::CorrectionCollected) => say!(lang, "action-correction-collected"),
        Some(Action::DepositProposed) => say!(lang, "action-deposit-proposed"),
        Some(Action::DepositDeclined) => say!(lang, "action-deposit-declined"),
        Some(Action::DepositApproved) => say!(lang, "action-deposit-approved"),
        Some(Action::DepositRejected) => say!(lang, "action-deposit-rejected"),
        Some(Action::ExceptionProposed) => say!(lang, "action-exception-proposed"),
        Some(Action::ExceptionClosed) => say!(lang, "action-exception-closed"),
        Some(Action::DayFileTaken) => say!(lang, "action-day-file-taken"),
        Some(Action::DifferenceClosed) => say!(lang, "action-difference-closed"),
        Some(Action::DifferenceProposed) => say!(lang, "action-difference-proposed"),
        Some(Action::StatementReaderKept) => say!(lang, "action-statement-reader-kept"),
        Some(Action::StatementTaken) => say!(lang, "action-statement-taken"),
        Some(Action::BuyerChanged) => say!(lang, "action-buyer-changed"),
        Some(Action::InvoiceRequested) => say!(lang, "action-invoice-requested"),
        Some(Action::InvoiceWithdrawn) => say!(lang, "action-invoice-withdrawn"),
        Some(Action::InvoiceIssued) => say!(lang, "action-invoice-issued"),
        Some(Action::InvoiceReversed) => say!(lang, "action-invoice-reversed"),
        None => say!(lang, "action-unknown"),
    }
}
