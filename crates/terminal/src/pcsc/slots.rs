//! What lies where, and under which tap number: pure, from what the service says.
//!
//! A *stay* is one visit of a card on a reader, as the service counts them. A *tap* is one powered life of a card: it
//! is powered up at most once, and when that ends (the card was reset by somebody, the reader failed, the answer never
//! came) the tap is over even if the card still lies there. Then the stay gets another tap, after a pause that grows
//! while nothing comes of it. So whoever holds a tap number from before can never reach a card that has forgotten.

use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

use link::{Reader, Tap};

/// Until the card of a tap that is over is offered again: long enough for the service to see a card that was taken
/// away, short enough for a clerk. It doubles up to [`LONGEST_PAUSE`] while the card brings nothing but trouble.
const FIRST_PAUSE: Duration = Duration::from_millis(600);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long a card may take to say its answer to reset before it is offered without one. The service shows a card while
/// it is still being powered up; one that never says anything is told from others when it is asked.
const WAKES_UP: Duration = Duration::from_secs(2);

/// A tap that lasted this long was no trouble.
const SETTLED: Duration = Duration::from_secs(10);

/// The longest name of a reader that is shown, in characters; drivers say up to 128 bytes.
const MAX_NAME: usize = 128;

/// One reader as the service sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    /// Its name to the service, which may be any bytes.
    pub(super) name: CString,
    /// What lies there.
    pub(super) lies: Lies,
}

/// What lies on a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lies {
    /// Nothing.
    Nothing,
    /// A card that does not answer.
    Mute,
    /// A card.
    Card {
        /// The service's count of insertions and removals there.
        visit: u32,
        /// Its answer to reset; empty as long as it has not come.
        atr: Vec<u8>,
    },
}

/// All readers with what lies there.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// By reader, in the order of the service.
    all: Vec<Slot>,
    /// Readers whose card is in a connection's hands, until that has let go; they outlive the service.
    held: Vec<(CString, u64)>,
    last_tap: u64,
}

#[derive(Debug)]
struct Slot {
    name: CString,
    /// Unlike any other reader's.
    shown: String,
    mute: bool,
    stay: Option<Stay>,
}

#[derive(Debug)]
struct Stay {
    visit: u32,
    atr: Vec<u8>,
    tap: Option<u64>,
    /// When it had its tap, or may have the next.
    at: Instant,
    /// The pause before the tap after that.
    pause: Duration,
}

impl Slots {
    /// Takes in what the service sees now. A name that comes twice cannot be told apart: the first counts.
    pub(super) fn look(&mut self, sights: Vec<Sight>, now: Instant) {
        let mut before = std::mem::take(&mut self.all);
        for Sight { name, lies } in sights {
            if self.all.iter().any(|slot| slot.name == name) {
                continue;
            }
            let known = before.iter().position(|slot| slot.name == name).map(|index| before.swap_remove(index));
            let known = known.and_then(|slot| slot.stay);
            let mute = lies == Lies::Mute;
            let stay = match lies {
                Lies::Nothing | Lies::Mute => None,
                Lies::Card { visit, atr } => Some(match known.filter(|stay| stay.is_of(visit, &atr)) {
                    Some(stay) => stay.with_answer(atr, now),
                    None => Stay::new(visit, atr, now),
                }),
            };
            let shown = self.unlike_any_other(&name);
            self.all.push(Slot { name, shown, mute, stay });
        }
    }

    /// The service is gone, and every tap with it.
    pub(super) fn clear(&mut self) {
        self.all.clear();
    }

    /// What to publish.
    pub(super) fn readers(&self) -> Vec<Reader> {
        let reader = |slot: &Slot| {
            let tap = slot.stay.as_ref().and_then(|stay| {
                let tap = stay.tap?;
                Some(Tap { tap, reader: slot.shown.clone(), atr: stay.atr.clone().into() })
            });
            Reader { name: slot.shown.clone(), tap }
        };
        self.all.iter().map(reader).collect()
    }

    /// Whether some reader has a card that does not answer, and none has one that does.
    pub(super) fn only_mute(&self) -> bool {
        self.all.iter().any(|slot| slot.mute) && self.all.iter().all(|slot| slot.stay.is_none())
    }

    /// Whether a card is being powered up: that it is there was said, and its answer to reset is not there yet. Nobody
    /// says when it comes.
    pub(super) fn is_one_waking_up(&self) -> bool {
        self.all.iter().filter_map(|slot| slot.stay.as_ref()).any(Stay::is_waking_up)
    }

    /// How long until a card is to be offered again.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        let waiting = self.all.iter().filter(|slot| !self.is_held(&slot.name)).filter_map(|slot| slot.stay.as_ref());
        let due = waiting.filter(|stay| stay.tap.is_none()).map(|stay| stay.at.saturating_duration_since(now));
        due.min()
    }

    /// Takes the card of a tap into a connection's hands: its reader, the first time that it is asked for.
    pub(super) fn hold(&mut self, tap: u64) -> Option<CString> {
        let name = self.all.iter().find(|slot| slot.has(tap))?.name.clone();
        if self.is_held(&name) {
            return None;
        }
        self.held.push((name.clone(), tap));
        Some(name)
    }

    /// The powered life of a tap is over.
    pub(super) fn over(&mut self, tap: u64, now: Instant) {
        let mut stays = self.all.iter_mut().filter_map(|slot| slot.stay.as_mut());
        if let Some(stay) = stays.find(|stay| stay.tap == Some(tap)) {
            let settled = now.saturating_duration_since(stay.at) >= SETTLED;
            let pause = if settled { FIRST_PAUSE } else { stay.pause };
            stay.tap = None;
            stay.at = now.checked_add(pause).unwrap_or(now);
            stay.pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// The connection of a tap has let go of its reader.
    pub(super) fn let_go(&mut self, tap: u64) {
        self.held.retain(|(_, held)| *held != tap);
    }

    /// Gives every stay its tap whose time has come.
    pub(super) fn number(&mut self, now: Instant) {
        let Self { all, held, last_tap } = self;
        for slot in all.iter_mut().filter(|slot| held.iter().all(|(name, _)| *name != slot.name)) {
            if let Some(stay) = slot.stay.as_mut().filter(|stay| stay.tap.is_none() && stay.at <= now) {
                *last_tap = last_tap.saturating_add(1);
                stay.tap = Some(*last_tap);
                stay.at = now;
            }
        }
    }

    fn is_held(&self, name: &CStr) -> bool {
        self.held.iter().any(|(held, _)| held.as_c_str() == name)
    }

    /// The name as people see it, which also tells readers apart for them.
    fn unlike_any_other(&self, name: &CStr) -> String {
        let plain = shown(name);
        let taken = |name: &str| self.all.iter().any(|slot| slot.shown == name);
        let numbered = (2_u32..).map(|number| format!("{plain} ({number})"));
        std::iter::once(plain.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(plain)
    }
}

impl Stay {
    fn new(visit: u32, atr: Vec<u8>, now: Instant) -> Self {
        let at = if atr.is_empty() { now.checked_add(WAKES_UP).unwrap_or(now) } else { now };
        Self { visit, atr, tap: None, at, pause: FIRST_PAUSE }
    }

    /// Whether this is still the same stay of the same card. An answer to reset that comes late makes no other card.
    fn is_of(&self, visit: u32, atr: &[u8]) -> bool {
        self.visit == visit && (self.atr == atr || self.atr.is_empty())
    }

    /// Takes in the answer to reset when it comes. A tap that was made without it stays as it was told.
    fn with_answer(mut self, atr: Vec<u8>, now: Instant) -> Self {
        if self.atr.is_empty() && self.tap.is_none() && !atr.is_empty() {
            (self.atr, self.at) = (atr, now);
        }
        self
    }

    /// Whether its first answer to reset may still come.
    fn is_waking_up(&self) -> bool {
        self.atr.is_empty() && self.tap.is_none() && self.pause == FIRST_PAUSE
    }
}

impl Slot {
    fn has(&self, tap: u64) -> bool {
        self.stay.as_ref().is_some_and(|stay| stay.tap == Some(tap))
    }
}

/// A reader's name for people: what is no text, or would move or hide the text around it, becomes a mark.
pub(super) fn shown(name: &CStr) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    };
    let text = name.to_string_lossy();
    text.trim().chars().take(MAX_NAME).map(|c| if hides(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests;
