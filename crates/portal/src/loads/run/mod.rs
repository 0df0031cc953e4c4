//! Hands-free runs (连续充值): set up, checked, under way, and what came of them.
//!
//! `GET /station/run` is the run under way at this computer's terminal, else the form to set one up. The form comes to a
//! check page, the check page begins the run. While it is under way the page only looks, stops and, for a card charged
//! before, charges once more: what is charged is decided at the terminal, by the business.

pub(crate) mod course;
pub(crate) mod form;
pub(crate) mod page;
pub(crate) mod panel;
pub(crate) mod summary;
pub(crate) mod verbs;

use topup::groups::Quota;
use topup::people::Operator;
use topup::runs::{self, Look, RunId};
use topup::terminals::Live;
use topup::{House, groups, terminals};

use crate::terminals::Place;
use crate::web::problem::Problem;

/// One look at a run under way.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// Where.
    pub(crate) place: Place,
    /// What goes on there.
    pub(crate) live: Live,
    /// What the group may still charge.
    pub(crate) quota: Quota,
    /// The run.
    pub(crate) look: Look,
    /// Whether the operator who looks began it.
    pub(crate) mine: bool,
    /// Whether no page of its session was heard of.
    pub(crate) unwatched: bool,
}

impl Scene {
    /// Whether all is over: it ended, and nothing is in flight.
    pub(crate) fn is_over(&self) -> bool {
        self.look.run.ended.is_some() && self.look.tally.in_flight.count == 0
    }
}

/// Reads what the page of a run shows now; none if the group has no such run.
pub(crate) async fn scene(
    house: &House,
    operator: &Operator,
    place: Place,
    run: RunId,
) -> Result<Option<Scene>, Problem> {
    let Some(look) = runs::look(house, operator.group, run).await? else { return Ok(None) };
    let live = terminals::live(house, operator.group, place.number).await?;
    let quota = groups::quota(house, operator.group).await?;
    let (mine, unwatched) = (look.run.is_of(operator), look.run.is_unwatched(house));
    Ok(Some(Scene { place, live, quota, look, mine, unwatched }))
}

/// Where a run's summary is.
pub(crate) fn summary_path(run: RunId) -> String {
    format!("/station/run/{}", run.0)
}
