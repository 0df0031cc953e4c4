//! The way through the trays: which deposit is next, so that whoever reviews thirty of them needs no way back to a list.

use maud::{Markup, html};
use topup::Fen;
use topup::deposits::{self, DepositNumber, InTray, Ruling, Story, Tray};
use topup::paging::Place;
use topup::people::staff::{Staff, StaffId, StaffPermission};

use super::{LIST, path};
use crate::App;
use crate::look::{kbd, show};
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// The deposit that is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) order: DepositNumber,
    pub(crate) group: String,
    pub(crate) amount: Fen,
}

/// Where somebody is on their way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// They have decided about the deposit a moment ago.
    pub(crate) decided: bool,
    /// What they could look at now; none if nothing waits for them.
    pub(crate) next: Option<Next>,
}

/// What `staff` may decide next: in the tray that they are going through, from this deposit on and round to the oldest;
/// then in the other.
pub(super) async fn next(app: &App, staff: &Staff, story: &Story) -> Result<Option<Next>, Problem> {
    let here = story.deposit.order;
    let Some(paid) = story.deposit.paid.as_ref().filter(|_| staff.role.may(StaffPermission::ReviewDeposits)) else {
        return Ok(None);
    };
    let theirs = |row: &InTray| {
        row.deposit.order != here && row.proposed.as_ref().is_none_or(|(_, proposer, _)| *proposer != staff.id)
    };
    let place = Some(Place { at: paid.at, id: here.id() });
    let (first, other) = trays(story, staff.id);
    for (tray, after) in [(first, place), (first, None), (other, None)] {
        let page = deposits::tray(&app.house, tray, after).await?;
        if let Some(InTray { deposit, group, .. }) = page.rows.into_iter().find(theirs) {
            let amount = deposit.paid.as_ref().map_or(deposit.amount, |paid| paid.amount);
            return Ok(Some(Next { order: deposit.order, group, amount }));
        }
    }
    Ok(None)
}

/// The tray that somebody who looks at this deposit is going through, and the other.
fn trays(story: &Story, me: StaffId) -> (Tray, Tray) {
    let theirs = |ruling: &Ruling| !ruling.alone && (ruling.answered.is_some() || ruling.proposed.by != me);
    let second = story.rulings.last().is_some_and(theirs);
    if second { (Tray::Second, Tray::Waiting) } else { (Tray::Waiting, Tray::Second) }
}

/// After a decision: on with Enter.
pub(super) fn on(lang: Lang, line: &Line) -> Markup {
    html! {
        @if line.decided {
            div.either {
                @if let Some(next) = &line.next {
                    a.button.main autofocus href=(path(next.order)) {
                        (say!(lang, "line-next", amount = show::yuan(next.amount), group = next.group.as_str())) (kbd("Enter"))
                    }
                } @else {
                    a.button.main autofocus href=(LIST) { (say!(lang, "line-none")) (kbd("Enter")) }
                }
            }
        }
    }
}

/// Below the page: back to the list, or past this one.
pub(super) fn past(lang: Lang, line: &Line) -> Markup {
    html! {
        p.either {
            a href=(LIST) { (say!(lang, "office-deposit-back")) }
            @if let Some(next) = line.next.as_ref().filter(|_| !line.decided) {
                a rel="next" href=(path(next.order)) {
                    (say!(lang, "line-past", amount = show::yuan(next.amount), group = next.group.as_str()))
                }
            }
        }
    }
}
