//! The strip under the header: the reader in one plain sentence, the terminal, the quota.

use link::Readiness;
use maud::{Markup, html};
use topup::groups::Quota;
use topup::terminals::{Live, Phase};

use super::Station;
use crate::look::{Tone, notice, show};
use crate::terminals::Place;
use crate::words::{Lang, say};

/// Green, amber or red, what is so, and what to do next.
pub(crate) struct Lamp {
    pub(crate) class: &'static str,
    pub(crate) is: String,
    pub(crate) next: String,
    /// Whether the next thing asks for the clerk's hands.
    pub(crate) asks: bool,
    /// Whether the self-test helps.
    fix: bool,
}

impl Lamp {
    pub(crate) fn new(class: &'static str, is: String, next: String) -> Self {
        Self { class, is, next, asks: false, fix: false }
    }
}

/// The fragment `#strip` of a station.
pub(crate) fn strip(lang: Lang, station: &Station) -> Markup {
    let lamp = lamp(lang, station);
    let asks = lamp.class == "good" && station.open();
    draw(lang, &Lamp { asks, ..lamp }, &station.place, station.others, station.quota)
}

/// The lamp of what is wrong between the server and the card, if anything is.
pub(crate) fn out_of_order(lang: Lang, live: &Live) -> Option<Lamp> {
    let lamp = |ailment: Ailment| Lamp::new("stop", ailment.is(lang), ailment.next(lang));
    Ailment::of(live).map(|ailment| Lamp { fix: true, ..lamp(ailment) })
}

/// The fragment `#strip`.
pub(crate) fn draw(lang: Lang, lamp: &Lamp, place: &Place, others: bool, quota: Quota) -> Markup {
    html! {
        div.strip.(lamp.class) id="strip" {
            p.reader role="status" {
                span.lamp {} b { (lamp.is) } span.asks[lamp.asks] { (lamp.next) }
                @if lamp.fix { a href="/terminal/check" { (say!(lang, "strip-fix")) } }
            }
            p.place {
                (say!(lang, "terminal")) b { (place.name) } (show::terminal(&place.number.to_string()))
                @if others { a href="/station/terminal" { (say!(lang, "terminal-change")) } }
            }
            p.quota.out[quota.available.as_i64() <= 0] {
                @if quota.held.as_i64() > 0 { span.held { (say!(lang, "quota-held", amount = show::yuan(quota.held))) } }
                span { (say!(lang, "quota-available")) }
                b { (show::money(quota.available)) }
            }
        }
        div.lost id="lost" hidden { (notice(Tone::Doubt, "", say!(lang, "strip-lost"))) }
    }
}

/// What is wrong between the server and the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ailment {
    /// The terminal's program is of another version and was not let in.
    Old,
    Offline,
    NoService,
    Forbidden,
    NoReader,
    MuteCard,
}

impl Ailment {
    /// The first that is so on the way to the card.
    pub(crate) fn of(live: &Live) -> Option<Self> {
        let told = live.health.as_ref();
        if !live.connected {
            let old = told.is_some_and(|health| !health.fits);
            return Some(if old { Self::Old } else { Self::Offline });
        }
        match told.and_then(|health| health.vital.as_ref()).map(|vital| vital.readers) {
            Some(Readiness::NoService) => Some(Self::NoService),
            Some(Readiness::Forbidden) => Some(Self::Forbidden),
            _ if live.readers.is_empty() => Some(Self::NoReader),
            Some(Readiness::MuteCard) if live.phase == Phase::NoCard => Some(Self::MuteCard),
            Some(Readiness::MuteCard | Readiness::Unknown | Readiness::NoReader | Readiness::Ready) | None => None,
        }
    }

    /// What is so.
    pub(crate) fn is(self, lang: Lang) -> String {
        match self {
            Self::Old => say!(lang, "strip-old"),
            Self::Offline => say!(lang, "strip-offline"),
            Self::NoService => say!(lang, "strip-service"),
            Self::Forbidden => say!(lang, "strip-forbidden"),
            Self::NoReader => say!(lang, "strip-no-reader"),
            Self::MuteCard => say!(lang, "strip-mute"),
        }
    }

    /// What to do.
    pub(crate) fn next(self, lang: Lang) -> String {
        match self {
            Self::Old => say!(lang, "strip-old-next"),
            Self::Offline => say!(lang, "strip-offline-next"),
            Self::NoService => say!(lang, "strip-service-next"),
            Self::Forbidden => say!(lang, "strip-forbidden-next"),
            Self::NoReader => say!(lang, "strip-no-reader-next"),
            Self::MuteCard => say!(lang, "strip-mute-next"),
        }
    }
}

/// An empty reader that works: what it waits for, and what should be seen to while it does.
fn vacant(lang: Lang, station: &Station) -> Lamp {
    let look = |is, next, fix| Lamp { fix, ..Lamp::new("look", is, next) };
    if let Some(load) = station.missing() {
        let next = say!(lang, "strip-put-back-next", tail = show::tail(&load.card));
        return look(say!(lang, "strip-put-back"), next, false);
    }
    let vital = station.live.health.as_ref().and_then(|health| health.vital.as_ref());
    if vital.is_some_and(|vital| vital.clock_ms.saturating_abs() > link::CLOCK_WRONG_MS) {
        return look(say!(lang, "strip-clock"), say!(lang, "strip-clock-next"), true);
    }
    Lamp::new("good", say!(lang, "strip-ready"), say!(lang, "strip-ready-next"))
}

fn lamp(lang: Lang, station: &Station) -> Lamp {
    let live = &station.live;
    if let Some(lamp) = out_of_order(lang, live) {
        return lamp;
    }
    let lamp = Lamp::new;
    match &live.phase {
        Phase::NoCard => vacant(lang, station),
        Phase::Reading => lamp("wait", say!(lang, "strip-reading"), say!(lang, "strip-reading-next")),
        Phase::Charging { .. } => lamp("wait", say!(lang, "strip-charging"), say!(lang, "strip-charging-next")),
        Phase::Unreadable => lamp("stop", say!(lang, "strip-unreadable"), say!(lang, "strip-unreadable-next")),
        Phase::Card { .. } if station.open() => lamp("good", say!(lang, "strip-card"), say!(lang, "strip-card-next")),
        Phase::Card { .. } if station.cap().is_some_and(|cap| cap.by_quota) => {
            lamp("stop", say!(lang, "strip-quota"), say!(lang, "strip-quota-next"))
        }
        Phase::Card { .. } => lamp("stop", say!(lang, "strip-refused"), say!(lang, "strip-refused-next")),
    }
}
