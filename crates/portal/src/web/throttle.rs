//! How often one address may try what costs us work: signing in and enrolling. The business counts wrong passwords
//! beside this; here the bound is on attempts, right or wrong.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::address::Address;
use super::problem::Problem;

/// Attempts a minute, and at once. An office of a hundred clerks behind one address signs in within two minutes.
const A_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// Addresses remembered before the idle ones are dropped: about 64 bytes each.
const MOST_ADDRESSES: usize = 50_000;

/// The attempts of each address.
#[derive(Debug)]
pub(crate) struct Throttle(DefaultKeyedRateLimiter<Address>);

impl Throttle {
    pub(crate) fn new() -> Self {
        Self(DefaultKeyedRateLimiter::keyed(Quota::per_minute(A_MINUTE)))
    }

    /// Counts an attempt; refuses it when there were too many.
    pub(crate) fn attempt(&self, address: Address) -> Result<(), Problem> {
        if self.0.len() > MOST_ADDRESSES {
            self.0.retain_recent();
        }
        self.0.check_key(&address).map_err(|until| {
            metrics::counter!("jichong_throttled_total").increment(1);
            Problem::TooMany { wait: until.wait_time_from(DefaultClock::default().now()) }
        })
    }
}
