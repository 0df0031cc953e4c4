//! Slows down who guesses passwords: by account, by address, and by how many hashes may be computed at once.
//!
//! An attempt is counted before its password is looked at and taken back if the password is right, so a thousand
//! attempts at the same moment are a thousand in the count. Counts fade with time and live in this process only: a
//! guesser has the free ones at each process, and anew after a start.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::Micros;
use tokio::sync::Semaphore;

use super::passwords;
use crate::Entropy;

/// How many attempts under one name cost nothing but the hash, and how fast they are forgotten.
#[derive(Debug)]
pub(super) struct Limit {
    free: u32,
    /// One attempt is forgotten in this time.
    fades: Duration,
}

/// For one account: people mistype. A guesser gets about a hundred tries a day.
pub(super) const ACCOUNT: Limit = Limit { free: 5, fades: Duration::from_mins(15) };
/// For one address: a whole office may share it, and fifty of its people mistype on a bad morning; who tries one
/// password on many accounts gets about forty an hour.
pub(super) const ADDRESS: Limit = Limit { free: 50, fades: Duration::from_secs(90) };

/// The wait after the first attempt beyond the free ones; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait: an owner waits minutes, not days.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// How long the address an operator came from stays theirs: a month, so that holidays do not matter.
const AT_HOME: Duration = Duration::from_hours(30 * 24);
/// Names remembered at most; beyond it the stalest half is dropped. 100,000 × about 100 bytes.
const MOST_NAMES: usize = 100_000;
/// Hashes computed at once: each takes a core and 19 MiB for tens of milliseconds.
const HASHES_AT_ONCE: usize = 4;

/// Counts attempts by account and by address, in this process.
#[derive(Debug)]
pub struct Doorkeeper {
    counts: Mutex<HashMap<String, Count>>,
    /// Where each account was last let in from, and when. Only accounts that exist get here, so they do not pile up.
    homes: Mutex<HashMap<String, (String, Micros)>>,
    hashes: Semaphore,
    /// A hash that an unknown user's password is checked against, so that it takes as long as a known one's.
    pub(super) decoy: String,
}

/// Attempts that were wrong or are being looked at.
#[derive(Clone, Copy, Debug)]
struct Count {
    /// How long it took, at `last`, until all of them are forgotten.
    left: Duration,
    last: Micros,
}

impl Doorkeeper {
    /// With nothing counted yet.
    pub(crate) fn new(entropy: &dyn Entropy, password_kib: u32) -> Self {
        Self {
            counts: Mutex::default(),
            homes: Mutex::default(),
            hashes: Semaphore::new(HASHES_AT_ONCE),
            decoy: passwords::hash(entropy, "nobody knows this one", password_kib),
        }
    }

    /// Runs a hash where it does not hold up anything else.
    pub(super) async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _permit = self.hashes.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }

    /// Counts an attempt under all these names, or under none and says how long the longest of them has to wait.
    pub(super) fn count(&self, names: &[(&str, &Limit)], now: Micros) -> Result<(), Duration> {
        let mut counts = self.counts();
        let waits = names.iter().filter_map(|(name, limit)| counts.get(*name)?.wait(limit, now));
        if let Some(wait) = waits.max() {
            return Err(wait);
        }
        for (name, limit) in names {
            make_room(&mut counts);
            let count = counts.entry((*name).to_owned()).or_insert(Count { left: Duration::ZERO, last: now });
            *count = Count { left: count.left_at(now).saturating_add(limit.fades), last: now };
        }
        Ok(())
    }

    /// Takes back one attempt under `name`; the others stay.
    pub(super) fn take_back(&self, name: &str, limit: &Limit, now: Micros) {
        if let Some(count) = self.counts().get_mut(name) {
            *count = Count { left: count.left_at(now).saturating_sub(limit.fades), last: now };
        }
    }

    /// Forgets all attempts under `name`.
    pub(super) fn forget(&self, name: &str) {
        self.counts().remove(name);
    }

    /// Whether `address` is where `account` was last let in from.
    pub(super) fn is_home(&self, account: &str, address: &str, now: Micros) -> bool {
        let homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.get(account).is_some_and(|(home, at)| home == address && since(*at, now) <= AT_HOME)
    }

    /// `account` was let in from `address`.
    pub(super) fn at_home(&self, account: String, address: &str, now: Micros) {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.insert(account, (address.to_owned(), now));
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn left_at(self, now: Micros) -> Duration {
        self.left.saturating_sub(since(self.last, now))
    }

    /// How long the next attempt still has to wait at `now`.
    fn wait(self, limit: &Limit, now: Micros) -> Option<Duration> {
        let times = self.left.as_micros().div_ceil(limit.fades.as_micros());
        let wait = limit.wait_after(u32::try_from(times).unwrap_or(u32::MAX));
        wait.checked_sub(since(self.last, now)).filter(|left| !left.is_zero())
    }
}

impl Limit {
    fn wait_after(&self, times: u32) -> Duration {
        match times.checked_sub(self.free) {
            None | Some(0) => Duration::ZERO,
            Some(beyond) => FIRST_WAIT.saturating_mul(2_u32.saturating_pow(beyond.saturating_sub(1))).min(LONGEST_WAIT),
        }
    }
}

/// Drops the stalest half once there are too many.
fn make_room(counts: &mut HashMap<String, Count>) {
    if counts.len() < MOST_NAMES {
        return;
    }
    let mut times: Vec<Micros> = counts.values().map(|count| count.last).collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    counts.retain(|_, count| count.last > median);
}

fn since(then: Micros, now: Micros) -> Duration {
    Duration::from_micros(u64::try_from(now.0.saturating_sub(then.0)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    fn keeper() -> Doorkeeper {
        Doorkeeper::new(&SystemEntropy, 64)
    }

    const fn at(second: i64) -> Micros {
        Micros(second.saturating_mul(1_000_000))
    }

    #[test]
    fn waits_begin_after_some_attempts_double_and_end() {
        let waits = [0, 5, 6, 7, 8, 14, 15, 1_000].map(|times| ACCOUNT.wait_after(times).as_secs());
        assert_eq!(waits, [0, 0, 2, 4, 8, 512, 900, 900]);
        let waits = [50, 51, 52, 1_000].map(|times| ADDRESS.wait_after(times).as_secs());
        assert_eq!(waits, [0, 2, 4, 900]);
    }

    #[test]
    fn an_attempt_counts_under_all_its_names_or_none() {
        let keeper = keeper();
        let both = |account: &str, now| keeper.count(&[(account, &ACCOUNT), ("office", &ADDRESS)], now);
        for _ in 0..6 {
            both("a", at(0)).expect("free");
        }
        assert_eq!(both("a", at(0)), Err(Duration::from_secs(2)));
        for other in 0..45 {
            both(&other.to_string(), at(0)).expect("the refused one is not in the office's count");
        }
        assert_eq!(both("b", at(0)), Err(Duration::from_secs(2)));
        both("b", at(2)).expect("waited");
    }

    #[test]
    fn counts_fade_and_one_taken_back_leaves_the_others() {
        let keeper = keeper();
        let count = |now| keeper.count(&[("office", &ADDRESS)], now);
        for _ in 0..51 {
            count(at(0)).expect("free");
        }
        keeper.take_back("office", &ADDRESS, at(0));
        count(at(0)).expect("fifty are free");
        assert!(count(at(1)).is_err());
        for _ in 0..40 {
            count(at(3_600)).expect("forty are forgotten within the hour");
        }
        assert!(count(at(3_600)).is_err(), "the others are not");
        keeper.forget("office");
        count(at(3_600)).expect("nothing is left");
    }

    #[test]
    fn an_account_is_at_home_where_it_last_came_from_for_a_month() {
        let (keeper, month) = (keeper(), 30 * 24 * 3_600);
        assert!(!keeper.is_home("a", "here", at(0)));
        keeper.at_home("a".into(), "here", at(0));
        assert!(keeper.is_home("a", "here", at(month)));
        assert!(!keeper.is_home("a", "here", at(month + 1)));
        assert!(!keeper.is_home("a", "there", at(0)) && !keeper.is_home("b", "here", at(0)));
        keeper.at_home("a".into(), "there", at(1));
        assert!(!keeper.is_home("a", "here", at(1)));
    }

    #[test]
    fn names_do_not_pile_up() {
        let keeper = keeper();
        for name in 0..(MOST_NAMES + 10) {
            let now = at(i64::try_from(name).expect("small"));
            keeper.count(&[(&name.to_string(), &ACCOUNT)], now).expect("free");
        }
        assert!(keeper.counts().len() < MOST_NAMES);
    }
}
