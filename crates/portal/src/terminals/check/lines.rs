//! What is so, and what to say of it: pure.

use std::time::Duration;

use link::Readiness;
use topup::cards::Card;
use topup::terminals::{Health, Phase, Vital};

use super::Checkup;
use crate::look::{Tone, show};
use crate::words::{Lang, say};

/// What says at the terminal's computer what only that can see.
pub(super) const DOCTOR: &str = "./jichong terminal doctor";

/// Two of these lie between a confirm and the end of a load.
const SLOW_TRIP: Duration = Duration::from_millis(500);

/// A certificate that ends sooner should have been renewed.
const FEW_DAYS: i64 = 14;

/// A day in microseconds.
const DAY_US: i64 = 86_400_000_000;

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// Good, to be looked at (doubt), bad, or not known (plain).
    pub(crate) tone: Tone,
    /// What is so.
    pub(crate) is: String,
    /// What to do next.
    pub(crate) next: Option<String>,
    /// What may be the cause, the likeliest first.
    pub(crate) causes: Vec<String>,
    /// What to type at the terminal's computer.
    pub(crate) command: Option<String>,
    /// Where to go: path and words.
    pub(crate) link: Option<(&'static str, String)>,
}

impl Line {
    fn new(name: String, tone: Tone, is: String) -> Self {
        Self { name, tone, is, next: None, causes: Vec::new(), command: None, link: None }
    }

    fn next(self, next: String) -> Self {
        Self { next: Some(next), ..self }
    }
}

/// Every line, in the order of the way from the page to the card and back.
pub(crate) fn lines(lang: Lang, checkup: &Checkup) -> Vec<Line> {
    let mut lines = vec![connection(lang, checkup)];
    let vital = vital(checkup);
    lines.push(service(lang, checkup, vital));
    lines.push(readers(lang, checkup, vital));
    lines.push(card(lang, checkup, vital));
    lines.push(clock(lang, checkup, vital));
    lines.push(network(lang, checkup));
    lines.push(certificate(lang, checkup));
    lines.push(version(lang, checkup));
    lines.push(owed(lang, checkup, vital));
    lines
}

/// What a connected terminal said of itself.
fn vital(checkup: &Checkup) -> Option<&Vital> {
    checkup.live.health.as_ref().filter(|_| checkup.live.connected)?.vital.as_ref()
}

/// What can only be said of a connected terminal, before it has said it.
fn unknown(lang: Lang, checkup: &Checkup, name: String) -> Line {
    let is = if checkup.live.connected { say!(lang, "check-soon") } else { say!(lang, "check-when-connected") };
    Line::new(name, Tone::Plain, is)
}

fn connection(lang: Lang, checkup: &Checkup) -> Line {
    let line = |tone, is| Line::new(say!(lang, "check-connection"), tone, is);
    match &checkup.live.health {
        _ if checkup.live.connected => {
            let platform = vital(checkup).map(|vital| format!(" · {}", vital.platform)).unwrap_or_default();
            line(Tone::Good, format!("{}{platform}", say!(lang, "check-connected")))
        }
        Some(Health { fits: false, .. }) => {
            line(Tone::Bad, say!(lang, "check-turned-away")).next(say!(lang, "check-turned-away-next"))
        }
        Some(health) => Line {
            causes: vec![
                say!(lang, "check-cause-off"),
                say!(lang, "check-cause-program"),
                say!(lang, "check-cause-way"),
            ],
            command: Some(DOCTOR.into()),
            ..line(Tone::Bad, say!(lang, "check-gone", at = show::date_time(health.told_at)))
                .next(say!(lang, "check-gone-next"))
        },
        None => Line {
            link: Some(("/guide#terminal", say!(lang, "terminals-none-next"))),
            ..line(Tone::Bad, say!(lang, "check-never")).next(say!(lang, "check-never-next"))
        },
    }
}

fn service(lang: Lang, checkup: &Checkup, vital: Option<&Vital>) -> Line {
    let name = say!(lang, "check-service");
    let Some(vital) = vital else { return unknown(lang, checkup, name) };
    let windows = vital.platform.starts_with("windows");
    match vital.readers {
        Readiness::Unknown => Line::new(name, Tone::Plain, say!(lang, "check-soon")),
        Readiness::NoService if windows => Line {
            command: Some("sc start SCardSvr".into()),
            ..Line::new(name, Tone::Bad, say!(lang, "check-no-service")).next(say!(lang, "check-no-service-windows"))
        },
        Readiness::NoService => Line {
            command: Some("sudo systemctl enable --now pcscd.socket".into()),
            ..Line::new(name, Tone::Bad, say!(lang, "check-no-service")).next(say!(lang, "check-no-service-linux"))
        },
        Readiness::Forbidden => {
            Line::new(name, Tone::Bad, say!(lang, "check-forbidden")).next(say!(lang, "check-forbidden-next"))
        }
        Readiness::NoReader | Readiness::MuteCard | Readiness::Ready => {
            Line::new(name, Tone::Good, say!(lang, "check-service-good"))
        }
    }
}

fn readers(lang: Lang, checkup: &Checkup, vital: Option<&Vital>) -> Line {
    let name = say!(lang, "check-readers");
    if !checkup.live.connected {
        return unknown(lang, checkup, name);
    }
    if vital.is_some_and(|vital| no_service(vital.readers)) {
        return Line::new(name, Tone::Plain, say!(lang, "check-after-above"));
    }
    if checkup.live.readers.is_empty() {
        return Line::new(name, Tone::Bad, say!(lang, "strip-no-reader")).next(say!(lang, "check-no-reader-next"));
    }
    Line::new(name, Tone::Good, checkup.live.readers.join(" · "))
}

const fn no_service(readers: Readiness) -> bool {
    matches!(readers, Readiness::NoService | Readiness::Forbidden)
}

fn card(lang: Lang, checkup: &Checkup, vital: Option<&Vital>) -> Line {
    let line = |tone, is| Line::new(say!(lang, "check-card"), tone, is);
    if !checkup.live.connected {
        return unknown(lang, checkup, say!(lang, "check-card"));
    }
    if checkup.live.readers.is_empty() {
        return line(Tone::Plain, say!(lang, "check-after-above"));
    }
    match &checkup.live.phase {
        Phase::NoCard if vital.is_some_and(|vital| vital.readers == Readiness::MuteCard) => {
            line(Tone::Bad, say!(lang, "strip-mute")).next(say!(lang, "check-mute-next"))
        }
        Phase::NoCard => line(Tone::Plain, say!(lang, "check-no-card")).next(say!(lang, "check-no-card-next")),
        Phase::Reading => line(Tone::Plain, say!(lang, "card-reading")),
        Phase::Unreadable => line(Tone::Bad, say!(lang, "strip-unreadable")).next(say!(lang, "card-unreadable-text")),
        Phase::Charging { card, .. } => line(Tone::Good, seen(lang, card)),
        Phase::Card { card, .. } if card.allowed.is_ok() => line(Tone::Good, seen(lang, card)),
        // The reader works; what the matter is with the card, its own page says.
        Phase::Card { card, .. } => line(Tone::Good, seen(lang, card)).next(say!(lang, "check-card-refused")),
    }
}

fn seen(lang: Lang, card: &Card) -> String {
    say!(lang, "check-card-seen", tail = show::tail(&card.number), balance = show::yuan(card.balance))
}

fn clock(lang: Lang, checkup: &Checkup, vital: Option<&Vital>) -> Line {
    let name = say!(lang, "check-clock");
    let Some(Vital { clock_ms, platform, .. }) = vital else { return unknown(lang, checkup, name) };
    let off = clock_ms.saturating_abs();
    let by = span(lang, off);
    let is = match *clock_ms {
        _ if off < 1_000 => say!(lang, "check-clock-same"),
        1.. => say!(lang, "check-clock-ahead", by = by),
        _ => say!(lang, "check-clock-behind", by = by),
    };
    let tone = match off {
        _ if off <= link::CLOCK_LOOK_MS => return Line::new(name, Tone::Good, is),
        _ if off <= link::CLOCK_WRONG_MS => Tone::Doubt,
        _ => Tone::Bad,
    };
    let command = if platform.starts_with("windows") { "w32tm /resync" } else { "sudo timedatectl set-ntp true" };
    Line { command: Some(command.into()), ..Line::new(name, tone, is).next(say!(lang, "check-clock-next")) }
}

/// A length of time in the unit that suits it.
fn span(lang: Lang, ms: i64) -> String {
    let seconds: i64 = ms / 1_000;
    let (minutes, hours, days): (i64, i64, i64) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        ..120 => say!(lang, "wait-seconds", n = seconds),
        120..7_200 => say!(lang, "wait-minutes", n = minutes),
        7_200..172_800 => say!(lang, "span-hours", n = hours),
        _ => say!(lang, "span-days", n = days),
    }
}

fn network(lang: Lang, checkup: &Checkup) -> Line {
    let name = say!(lang, "check-network");
    let trip = checkup.live.health.as_ref().filter(|_| checkup.live.connected).and_then(|health| health.trip);
    let Some(trip) = trip else { return unknown(lang, checkup, name) };
    let is = say!(lang, "check-trip", ms = tenths(trip));
    if trip <= SLOW_TRIP {
        return Line::new(name, Tone::Good, is);
    }
    Line::new(name, Tone::Doubt, is).next(say!(lang, "check-slow-next"))
}

/// Milliseconds with one digit after the point.
fn tenths(trip: Duration) -> String {
    let tenths = trip.as_micros().saturating_add(50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn certificate(lang: Lang, checkup: &Checkup) -> Line {
    let line = |tone, is| Line::new(say!(lang, "check-certificate"), tone, is);
    if !checkup.server.starts_with("https://") {
        return line(Tone::Plain, say!(lang, "check-no-tls"));
    }
    // The page itself came over TLS, or it would not be here.
    let Some(ends) = checkup.certificate_ends else { return line(Tone::Good, say!(lang, "check-proxy-tls")) };
    let days = ends.0.saturating_sub(checkup.now.0).div_euclid(DAY_US);
    if days < 0 {
        return line(Tone::Bad, say!(lang, "check-certificate-over")).next(say!(lang, "check-certificate-next"));
    }
    let is = say!(lang, "check-certificate-days", n = days);
    if days < FEW_DAYS {
        return line(Tone::Doubt, is).next(say!(lang, "check-certificate-next"));
    }
    line(Tone::Good, is)
}

fn version(lang: Lang, checkup: &Checkup) -> Line {
    let name = say!(lang, "check-version");
    let Some(health) = &checkup.live.health else { return unknown(lang, checkup, name) };
    let (theirs, ours) = (version_of(&health.program), env!("CARGO_PKG_VERSION"));
    if health.fits && theirs == ours {
        return Line::new(name, Tone::Good, say!(lang, "check-version-same", version = ours));
    }
    let is = say!(lang, "check-version-other", theirs = theirs, ours = ours);
    Line {
        link: Some(("/download/jichong", say!(lang, "check-download"))),
        ..Line::new(name, if health.fits { Tone::Doubt } else { Tone::Bad }, is).next(say!(lang, "check-version-next"))
    }
}

/// `jichong terminal 0.1.0`: the last word.
fn version_of(program: &str) -> &str {
    program.rsplit(' ').next().unwrap_or(program)
}

fn owed(lang: Lang, checkup: &Checkup, vital: Option<&Vital>) -> Line {
    let name = say!(lang, "check-owed");
    match vital {
        None => unknown(lang, checkup, name),
        Some(Vital { unacknowledged: 0, .. }) => Line::new(name, Tone::Good, say!(lang, "check-owed-none")),
        Some(Vital { unacknowledged, .. }) => {
            let n: u32 = *unacknowledged;
            Line::new(name, Tone::Doubt, say!(lang, "check-owed-some", n = n)).next(say!(lang, "check-owed-next"))
        }
    }
}
