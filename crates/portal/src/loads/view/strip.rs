//! The strip under the header: the reader in one plain sentence, the terminal, the quota.

use link::Readiness;
use maud::{Markup, html};
use topup::loads::State;
use topup::terminals::{Live, Phase};

use super::Station;
use crate::look::{Tone, notice, show};
use crate::words::{Lang, say};

/// Green, amber or red, what is so, and what to do next.
struct Lamp {
    class: &'static str,
    is: String,
    next: String,
    /// Whether the self-test helps.
    fix: bool,
}

/// The fragment `#strip`.
pub(crate) fn strip(lang: Lang, station: &Station) -> Markup {
    let lamp = lamp(lang, station);
    let quota = station.quota;
    html! {
        div.strip.(lamp.class) id="strip" {
            p.reader role="status" {
                span.lamp {} b { (lamp.is) } span.asks[lamp.class == "good" && station.open()] { (lamp.next) }
                @if lamp.fix { a href="/terminal/check" { (say!(lang, "strip-fix")) } }
            }
            p.place {
                (say!(lang, "terminal")) b { (station.place.name) } (show::terminal(&station.place.number.to_string()))
                @if station.others { a href="/station/terminal" { (say!(lang, "terminal-change")) } }
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
pub(super) enum Ailment {
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
    pub(super) fn of(live: &Live) -> Option<Self> {
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
    pub(super) fn is(self, lang: Lang) -> String {
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
    pub(super) fn next(self, lang: Lang) -> String {
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
    let look = |is, next, fix| Lamp { class: "look", is, next, fix };
    if let Some(load) = station.sitting.loads.first().filter(|load| load.state == State::Unknown) {
        let next = say!(lang, "strip-put-back-next", tail = show::tail(&load.card));
        return look(say!(lang, "strip-put-back"), next, false);
    }
    let vital = station.live.health.as_ref().and_then(|health| health.vital.as_ref());
    if vital.is_some_and(|vital| vital.clock_ms.saturating_abs() > link::CLOCK_WRONG_MS) {
        return look(say!(lang, "strip-clock"), say!(lang, "strip-clock-next"), true);
    }
    Lamp { class: "good", is: say!(lang, "strip-ready"), next: say!(lang, "strip-ready-next"), fix: false }
}

fn lamp(lang: Lang, station: &Station) -> Lamp {
    let live = &station.live;
    if let Some(ailment) = Ailment::of(live) {
        return Lamp { class: "stop", is: ailment.is(lang), next: ailment.next(lang), fix: true };
    }
    let lamp = |class, is, next| Lamp { class, is, next, fix: false };
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
