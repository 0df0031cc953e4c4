//! What the charging station shows, as functions of values: the page, and the same fragments for its live updates.
//!
//! A fragment is an element with an id that the server can send again at any time: [`strip`], [`card`], [`presets`],
//! [`limits`] and [`list`]. None of them holds anything the clerk types, so a live update never takes work or focus away. What the
//! script must know stands in `data-` attributes; every word is written here, so the script has none.

mod card;
mod desk;
mod list;
mod result;
mod strip;

pub(crate) use card::{card, problem_text};
pub(crate) use desk::{Desk, amount_problem, limits, presets};
pub(crate) use list::{list, short, table, totals};
use result::unsent;
pub(crate) use result::{At, corrected, outcome, outcome_path, reason, state_tag, state_word, under_way};
pub(crate) use strip::{Ailment, Lamp, draw as draw_strip, out_of_order, strip};

use maud::{Markup, html};
use topup::Fen;
use topup::cards::{Allowance, Card};
use topup::groups::Quota;
use topup::loads::{Load, Proven, Sitting, State};
use topup::terminals::{Live, Phase};

use super::keys_help;
use crate::terminals::Place;
use crate::words::{Lang, say};

/// One look at a station.
#[derive(Clone, Debug)]
pub(crate) struct Station {
    /// The terminal that this clerk works at.
    pub(crate) place: Place,
    /// Whether there are others to change to.
    pub(crate) others: bool,
    /// What goes on there.
    pub(crate) live: Live,
    /// What the group may still charge.
    pub(crate) quota: Quota,
    /// What this clerk charged since they signed in.
    pub(crate) sitting: Sitting,
}

/// What may be charged to the card now: the card's own allowance, cut by the quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cap<'a> {
    pub(crate) allowance: &'a Allowance,
    /// The largest amount now.
    pub(crate) most: Fen,
    /// Whether the quota is the tighter bound.
    pub(crate) by_quota: bool,
}

impl Station {
    /// The card on the reader.
    pub(crate) fn card(&self) -> Option<&Card> {
        match &self.live.phase {
            Phase::Card { card, .. } | Phase::Charging { card, .. } if self.live.connected => Some(card),
            Phase::Card { .. } | Phase::Charging { .. } | Phase::NoCard | Phase::Reading | Phase::Unreadable => None,
        }
    }

    /// Whether the reader waits for a card.
    pub(crate) fn waiting(&self) -> bool {
        self.live.connected && !self.live.readers.is_empty() && self.live.phase == Phase::NoCard
    }

    /// The doubt that the card on the reader has just settled.
    pub(crate) fn proven(&self) -> Option<&Proven> {
        match &self.live.phase {
            Phase::Card { proven, .. } if self.live.connected => proven.as_ref(),
            Phase::Card { .. } | Phase::Charging { .. } | Phase::NoCard | Phase::Reading | Phase::Unreadable => None,
        }
    }

    /// The load of this sitting that waits for its card to be put back on this terminal's reader, where another lies or
    /// none. Not one whose card has been asked and cannot tell.
    pub(crate) fn missing(&self) -> Option<&Load> {
        let terminal = self.place.number.to_string();
        let here = self.card().map(|card| card.number);
        let worth_it = |load: &&Load| {
            load.state == State::Unknown && !load.asked_in_vain && load.terminal == terminal && Some(load.card) != here
        };
        self.sitting.loads.iter().find(worth_it)
    }

    /// The key of the load that a confirm would start, or that is under way.
    pub(crate) fn intent(&self) -> Option<&str> {
        match &self.live.phase {
            Phase::Card { intent, .. } | Phase::Charging { intent, .. } => Some(intent),
            Phase::NoCard | Phase::Reading | Phase::Unreadable => None,
        }
    }

    /// Whether a load is under way, and of how much.
    pub(crate) fn charging(&self) -> Option<Fen> {
        match &self.live.phase {
            Phase::Charging { amount, .. } if self.live.connected => Some(*amount),
            Phase::Charging { .. } | Phase::Card { .. } | Phase::NoCard | Phase::Reading | Phase::Unreadable => None,
        }
    }

    /// What can be done now, in a word for the script.
    pub(crate) fn phase(&self) -> &'static str {
        match (self.charging(), self.card()) {
            (Some(_), _) => "charging",
            (None, None) => "no-card",
            (None, Some(_)) if self.open() => "open",
            (None, Some(_)) => "closed",
        }
    }

    /// Whether a load can be confirmed now.
    pub(crate) fn open(&self) -> bool {
        self.charging().is_none() && self.cap().is_some_and(|cap| cap.most >= cap.allowance.least)
    }

    /// What may be charged to the card now; none when nothing may.
    pub(crate) fn cap(&self) -> Option<Cap<'_>> {
        let allowance = self.card()?.allowed.as_ref().ok()?;
        let step = allowance.step.as_i64().max(1);
        let available = self.quota.available.as_i64();
        let affordable = Fen::new(available.saturating_sub(available.checked_rem(step).unwrap_or(0)));
        let by_quota = affordable < allowance.most;
        Some(Cap { allowance, most: affordable.min(allowance.most), by_quota })
    }
}

/// The whole body of the station's page.
pub(crate) fn station(lang: Lang, station: &Station, desk: &Desk) -> Markup {
    html! {
        div.station data-mode=(desk.mode()) {
            h1.unseen { (say!(lang, "station-title")) }
            (card(lang, station, desk.amount()))
            (desk.draw(lang, station))
            (list(lang, &station.sitting))
        }
        (keys_help(lang, station.cap().map(|cap| cap.allowance)))
    }
}
