//! Slows down who guesses passwords: by account, by address, and by how many hashes may be computed at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use store::Micros;
use tokio::sync::Semaphore;

use super::passwords;
use crate::Entropy;

/// Wrong passwords that cost nothing but the hash: people mistype.
const FREE: u32 = 5;
/// The wait after the first wrong one beyond that; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait: a guesser gets about a hundred tries a day, and the real owner waits minutes, not days.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// After this long without a wrong password the count starts anew.
const FORGET: Duration = Duration::from_hours(24);
/// Names remembered at most; beyond it the stalest half is dropped. 100,000 × about 100 bytes.
const MOST_NAMES: usize = 100_000;
/// Hashes computed at once: each takes a core and 19 MiB for tens of milliseconds.
const HASHES_AT_ONCE: usize = 4;

/// Counts wrong passwords by account and by address, in this process.
#[derive(Debug)]
pub struct Doorkeeper {
    wrong: Mutex<HashMap<String, Wrong>>,
    hashes: Semaphore,
    /// A hash that an unknown user's password is checked against, so that it takes as long as a known one's.
    pub(super) decoy: String,
}

#[derive(Clone, Copy, Debug)]
struct Wrong {
    times: u32,
    last: Micros,
}

impl Doorkeeper {
    /// With nothing counted yet.
    pub(crate) fn new(entropy: &dyn Entropy, password_kib: u32) -> Self {
        Self {
            wrong: Mutex::default(),
            hashes: Semaphore::new(HASHES_AT_ONCE),
            decoy: passwords::hash(entropy, "nobody knows this one", password_kib),
        }
    }

    /// Runs a hash where it does not hold up anything else.
    pub(super) async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _permit = self.hashes.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }

    /// How long `name` (an account or an address) still has to wait at `now`.
    pub(super) fn wait(&self, name: &str, now: Micros) -> Option<Duration> {
        let wrong = *self.wrong.lock().unwrap_or_else(PoisonError::into_inner).get(name)?;
        let since = since(wrong.last, now);
        wait_after(wrong.times).checked_sub(since).filter(|left| !left.is_zero())
    }

    /// A wrong password for `name`.
    pub(super) fn wrong(&self, name: &str, now: Micros) {
        let mut all = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_NAMES {
            let mut times: Vec<Micros> = all.values().map(|wrong| wrong.last).collect();
            let middle = times.len() / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            let median = *median;
            all.retain(|_, wrong| wrong.last > median);
        }
        let entry = all.entry(name.to_owned()).or_insert(Wrong { times: 0, last: now });
        if since(entry.last, now) > FORGET {
            entry.times = 0;
        }
        entry.times = entry.times.saturating_add(1);
        entry.last = now;
    }

    /// The right password for `name`: its count starts anew.
    pub(super) fn right(&self, name: &str) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

fn since(then: Micros, now: Micros) -> Duration {
    Duration::from_micros(u64::try_from(now.0.saturating_sub(then.0)).unwrap_or(0))
}

fn wait_after(times: u32) -> Duration {
    match times.checked_sub(FREE) {
        None | Some(0) => Duration::ZERO,
        Some(beyond) => FIRST_WAIT.saturating_mul(2_u32.saturating_pow(beyond.saturating_sub(1))).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    #[test]
    fn waits_begin_after_some_mistakes_double_and_end() {
        let waits: Vec<u64> = [0, 5, 6, 7, 8, 14, 15, 1_000].map(|times| wait_after(times).as_secs()).into();
        assert_eq!(waits, [0, 0, 2, 4, 8, 512, 900, 900]);
    }

    #[test]
    fn the_right_password_clears_the_count_and_names_do_not_pile_up() {
        let keeper = Doorkeeper::new(&SystemEntropy, 64);
        let at = |s: i64| Micros(s * 1_000_000);
        for second in 0..7 {
            keeper.wrong("a", at(second));
        }
        assert_eq!(keeper.wait("a", at(6)), Some(Duration::from_secs(4)));
        assert_eq!(keeper.wait("a", at(11)), None);
        assert_eq!(keeper.wait("b", at(6)), None);
        keeper.right("a");
        assert_eq!(keeper.wait("a", at(6)), None);
        for name in 0..(MOST_NAMES + 10) {
            keeper.wrong(&name.to_string(), at(i64::try_from(name).expect("small")));
        }
        assert!(keeper.wrong.lock().expect("not poisoned").len() < MOST_NAMES);
    }
}
