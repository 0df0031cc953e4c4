//! The self-test, well and ailing, and the same ailments as the strip tells them.

use std::time::Duration;

use link::Readiness;
use topup::Micros;
use topup::terminals::{Health, Live, Phase, Vital};

use super::{NOW_US, SERVER, card, lies, places};
use crate::terminals::check::Checkup;
use crate::words::Lang;

/// A day in microseconds.
const DAY_US: i64 = 86_400_000_000;

/// A terminal that is well, with nothing on its reader.
pub(super) fn well() -> Live {
    let vital = Vital { platform: "linux x86_64".into(), readers: Readiness::Ready, clock_ms: 140, unacknowledged: 0 };
    Live {
        connected: true,
        readers: vec!["ACS ACR1281U".into()],
        phase: Phase::NoCard,
        health: Some(Health {
            program: concat!("jichong terminal ", env!("CARGO_PKG_VERSION")).into(),
            fits: true,
            vital: Some(vital),
            trip: Some(Duration::from_micros(12_340)),
            told_at: Micros(NOW_US.saturating_sub(754_000_000)),
        }),
    }
}

/// The same, with something else to say of itself.
fn saying(change: impl FnOnce(&mut Vital)) -> Live {
    let mut live = well();
    if let Some(vital) = live.health.as_mut().and_then(|health| health.vital.as_mut()) {
        change(vital);
    }
    live
}

/// A terminal that is not connected, with what was known of it.
fn gone(change: impl FnOnce(&mut Health)) -> Live {
    let mut live = Live { connected: false, readers: Vec::new(), ..well() };
    if let Some(health) = live.health.as_mut() {
        change(health);
    }
    live
}

/// What ails a terminal, by name.
pub(super) fn ailments() -> Vec<(&'static str, Live)> {
    let bare = |readers| Live { readers: Vec::new(), ..saying(|vital| vital.readers = readers) };
    vec![
        ("gone", gone(|_| {})),
        ("old", gone(|health| (health.fits, health.program) = (false, "jichong terminal 0.0.9".into()))),
        ("never", Live { health: None, ..gone(|_| {}) }),
        ("no-service", bare(Readiness::NoService)),
        (
            "no-service-windows",
            Live {
                readers: Vec::new(),
                ..saying(|vital| (vital.readers, vital.platform) = (Readiness::NoService, "windows x86_64".into()))
            },
        ),
        ("forbidden", bare(Readiness::Forbidden)),
        ("no-reader", bare(Readiness::NoReader)),
        ("mute", saying(|vital| vital.readers = Readiness::MuteCard)),
        ("clock", saying(|vital| vital.clock_ms = -3_780_000)),
    ]
}

/// Checkups to be drawn, by name.
pub(super) fn checkups(lang: Lang) -> Vec<(String, Checkup)> {
    let of = |live: Live| Checkup {
        place: places(lang).swap_remove(0),
        others: true,
        live,
        server: SERVER.into(),
        certificate_ends: Some(Micros(NOW_US.saturating_add(DAY_US.saturating_mul(61)))),
        now: Micros(NOW_US),
    };
    let mut checkups: Vec<(String, Checkup)> =
        ailments().into_iter().map(|(name, live)| (name.to_owned(), of(live))).collect();
    checkups.push(("well".into(), of(well())));
    checkups.push(("card".into(), of(Live { phase: lies(card(1_260)), ..well() })));
    checkups.push(("unreadable".into(), of(Live { phase: Phase::Unreadable, ..well() })));
    let mut slow = well();
    if let Some(health) = slow.health.as_mut() {
        (health.trip, health.program) = (Some(Duration::from_millis(812)), "jichong terminal 0.0.9".into());
    }
    let owing = saying(|vital| (vital.unacknowledged, vital.clock_ms) = (2, 9_000));
    let soon = Some(Micros(NOW_US.saturating_add(DAY_US.saturating_mul(5))));
    checkups.push(("slow".into(), Checkup { certificate_ends: soon, ..of(slow) }));
    checkups.push(("owing".into(), Checkup { certificate_ends: None, ..of(owing) }));
    checkups.push(("over".into(), Checkup { certificate_ends: Some(Micros(NOW_US.saturating_sub(1))), ..of(well()) }));
    checkups
}

/// One of them.
pub(super) fn checkup(lang: Lang, name: &str) -> Option<Checkup> {
    checkups(lang).into_iter().find(|(known, _)| known == name).map(|(_, checkup)| checkup)
}
