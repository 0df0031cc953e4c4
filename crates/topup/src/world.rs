use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use rand::rngs::{StdRng, SysRng};
use rand::{Rng as _, SeedableRng as _, TryRng as _};
use store::Micros;

/// What time it is.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now, UTC.
    fn now(&self) -> Micros;
}

/// Where randomness comes from.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Micros {
        Micros(jiff::Timestamp::now().as_microsecond())
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // There is no safe way to go on without randomness: keys, nonces and order numbers would repeat.
        #[expect(clippy::expect_used, reason = "an operating system without randomness cannot run this program")]
        SysRng.try_fill_bytes(bytes).expect("the operating system gives randomness");
    }
}

/// A clock that tests move by hand.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// Stands at `now` until moved.
    pub fn at(now: Micros) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves on.
    pub fn advance(&self, by: std::time::Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }
}

/// Randomness that a seed replays.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// The same seed gives the same bytes in the same order.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(bytes);
    }
}

/// Makes ids that grow with time: microseconds since the epoch, then 12 bits that tell processes apart.
///
/// One process never makes the same id twice, whatever the clock does. Two processes could only if both their tags and
/// the microsecond agree; the primary key then refuses the second, and its load is recorded as failed under a new id.
#[derive(Debug, Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    last_us: Arc<AtomicI64>,
    tag: i64,
}

impl Ids {
    /// Bits of the tag: few enough that microseconds fit a positive i64 until the year 2041.
    const TAG_BITS: u32 = 12;

    /// Takes a random tag.
    pub fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 2];
        entropy.fill(&mut bytes);
        let tag = i64::from(u16::from_be_bytes(bytes) >> (16 - Self::TAG_BITS));
        Self { clock, last_us: Arc::new(AtomicI64::new(0)), tag }
    }

    /// The next id.
    pub fn next(&self) -> i64 {
        let now = self.clock.now().0;
        let after = |last: i64| now.max(last.saturating_add(1));
        let last = self
            .last_us
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(after(last)))
            .unwrap_or_else(|last| last);
        (after(last) << Self::TAG_BITS) | self.tag
    }

    /// The moment in an id.
    pub const fn moment(id: i64) -> Micros {
        Micros(id >> Self::TAG_BITS)
    }

    /// The smallest id of a moment.
    pub const fn first_of(moment: Micros) -> i64 {
        moment.0 << Self::TAG_BITS
    }
}
