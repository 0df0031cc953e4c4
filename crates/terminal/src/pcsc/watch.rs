//! The watch thread: keeps a context, asks what lies where.

use std::ffi::CString;
use std::thread::sleep;
use std::time::{Duration, Instant};

use link::HexBytes;
use pcsc::{Context, PNP_NOTIFICATION, ReaderState, Scope, State};

use super::slots::{Lies, Sight};
use super::trouble::Trouble;
use super::{Inner, publish};
use crate::Health;

/// How often it looks even if nobody says that something changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often it looks at a card that is being powered up.
const LOOK_AT_A_WAKING_CARD: Duration = Duration::from_millis(50);

/// The pause before the service is asked for again; it doubles up to [`LONGEST_WAIT`]. To ask costs next to nothing,
/// and a person who has just plugged in the reader waits for it.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest such pause.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// More readers than any service has (`pcscd`: 16).
const MAX_READERS: usize = 64;

/// Watches until the readers are dropped.
pub(super) fn watch(inner: &Inner) {
    let mut wait = FIRST_WAIT;
    while !inner.stopped() {
        let mut looked = false;
        let trouble = match Context::establish(Scope::User) {
            Ok(context) => look_on(inner, &context, &mut looked),
            Err(error) => error,
        };
        if looked {
            wait = FIRST_WAIT;
        }
        lost(inner, trouble);
        sleep(wait);
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
    }
    inner.change(|slots, _| slots.clear());
}

/// The service is gone: so are its readers.
fn lost(inner: &Inner, error: pcsc::Error) {
    let health = if Trouble::from(error) == Trouble::Forbidden { Health::Forbidden } else { Health::NoService };
    inner.change(|slots, _| slots.clear());
    if *inner.health.borrow() != health && !inner.stopped() {
        tracing::warn!(%error, ?health, "no readers; trying again until there are");
    }
    publish(&inner.health, health);
}

/// Looks for as long as the context is good; `looked` tells whether it ever was. Returns what ended it.
fn look_on(inner: &Inner, context: &Context, looked: &mut bool) -> pcsc::Error {
    let mut states = vec![ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
    loop {
        match look(inner, context, &mut states) {
            Ok(()) => *looked = true,
            // A reader that left between the list and the look.
            Err(error) if *looked && Trouble::from(error) == Trouble::ReaderGone => sleep(FIRST_WAIT),
            Err(error) => return error,
        }
        if inner.stopped() {
            return pcsc::Error::Cancelled;
        }
    }
}

/// One look: which readers, and what lies there, as soon as something changes or the time is up.
fn look(inner: &Inner, context: &Context, states: &mut Vec<ReaderState>) -> Result<(), pcsc::Error> {
    let mut names: Vec<CString> = context.list_readers_owned()?;
    names.truncate(MAX_READERS);
    // The first is the notification of new readers.
    let is_first = |state: &ReaderState| state.name() == PNP_NOTIFICATION();
    states.retain(|state| is_first(state) || names.iter().any(|name| name.as_c_str() == state.name()));
    for name in names {
        if !states.iter().any(|state| state.name() == name.as_c_str()) {
            states.push(ReaderState::new(name, State::UNAWARE));
        }
    }
    if states.len() == 1 {
        // Said before the wait for the first reader, which may be long in coming.
        see(inner, Vec::new());
    }
    if inner.slots().is_one_waking_up() {
        // No event says that its answer has come: look at everything as if for the first time.
        sleep(LOOK_AT_A_WAKING_CARD);
        for state in states.iter_mut().filter(|state| !is_first(state)) {
            *state = ReaderState::new(state.name().to_owned(), State::UNAWARE);
        }
    }
    let until = inner.slots().pause(Instant::now()).map_or(LOOK_EVERY, |pause| pause.min(LOOK_EVERY));
    match context.get_status_change(until, states) {
        Ok(()) => {}
        Err(error) if Trouble::from(error) == Trouble::Quiet => {
            inner.change(|_, _| {});
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    for state in states.iter_mut() {
        state.sync_current_state();
    }
    let readers = states.iter().filter(|state| !is_first(state));
    see(inner, readers.filter_map(sight).collect());
    Ok(())
}

/// What one reader's state says; nothing if the reader is gone.
fn sight(state: &ReaderState) -> Option<Sight> {
    let said = state.event_state();
    tracing::trace!(reader = ?state.name(), ?said, visit = state.event_count(), atr = %HexBytes(state.atr().to_vec()), "a look");
    if said.intersects(State::UNKNOWN | State::IGNORE | State::UNAVAILABLE) {
        return None;
    }
    let lies = if !said.contains(State::PRESENT) {
        Lies::Nothing
    } else if said.contains(State::MUTE) {
        Lies::Mute
    } else {
        Lies::Card { visit: state.event_count(), atr: state.atr().to_vec() }
    };
    Some(Sight { name: state.name().to_owned(), lies })
}

/// Takes in and publishes what is there.
fn see(inner: &Inner, sights: Vec<Sight>) {
    let before = names(inner);
    inner.change(|slots, now| slots.look(sights, now));
    let after = names(inner);
    for reader in after.iter().filter(|name| !before.contains(name)) {
        tracing::info!(reader, "a reader is there");
    }
    for reader in before.iter().filter(|name| !after.contains(name)) {
        tracing::info!(reader, "a reader is gone");
    }
    let health = match (after.is_empty(), inner.slots().only_mute()) {
        (true, _) => Health::NoReader,
        (false, true) => Health::MuteCard,
        (false, false) => Health::Ready,
    };
    publish(&inner.health, health);
}

fn names(inner: &Inner) -> Vec<String> {
    inner.readers.borrow().iter().map(|reader| reader.name.clone()).collect()
}
