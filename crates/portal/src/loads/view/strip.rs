//! The strip under the header: the reader in one plain sentence, the terminal, the quota.

use maud::{Markup, html};
use topup::terminals::Phase;

use super::Station;
use crate::look::{Tone, notice, show};
use crate::words::{Lang, say};

/// Green, amber or red, what is so, and what to do next.
struct Lamp {
    class: &'static str,
    is: String,
    next: String,
    help: bool,
}

/// The fragment `#strip`.
pub(crate) fn strip(lang: Lang, station: &Station) -> Markup {
    let lamp = lamp(lang, station);
    let quota = station.quota;
    html! {
        div.strip.(lamp.class) id="strip" {
            p.reader role="status" {
                span.lamp {} b { (lamp.is) } span.asks[lamp.class == "good" && station.open()] { (lamp.next) }
                @if lamp.help { a href="/guide#terminal" { (say!(lang, "strip-offline-help")) } }
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

fn lamp(lang: Lang, station: &Station) -> Lamp {
    let live = &station.live;
    let lamp = |class, is, next| Lamp { class, is, next, help: false };
    if !live.connected {
        let next = say!(lang, "strip-offline-next");
        return Lamp { class: "stop", is: say!(lang, "strip-offline"), next, help: true };
    }
    if live.readers.is_empty() {
        return lamp("stop", say!(lang, "strip-no-reader"), say!(lang, "strip-no-reader-next"));
    }
    match &live.phase {
        Phase::NoCard => lamp("good", say!(lang, "strip-ready"), say!(lang, "strip-ready-next")),
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
