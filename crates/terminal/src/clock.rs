//! This computer's clock: it decides nothing here, it is only compared with the server's, because a wrong one breaks TLS
//! and puts wrong times into people's logs.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the computer's clock says, microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "this clock itself is what is examined")]
pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    micros(since)
}

/// The server's time as it was heard, which goes on with the time that passes whatever the clock is set to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerTime {
    at_us: i64,
    heard: Instant,
}

impl ServerTime {
    /// The server says that it is `at_us` now.
    pub(crate) fn heard(at_us: i64) -> Self {
        Self { at_us, heard: Instant::now() }
    }

    /// By how much this computer's clock is ahead of the server's, in milliseconds; below zero when it is behind.
    pub(crate) fn ahead_ms(&self) -> i64 {
        let server = self.at_us.saturating_add(micros(self.heard.elapsed()));
        now_us().saturating_sub(server) / 1_000
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_measured_by_the_servers() {
        let check = |server_us: i64, ahead_ms: i64| {
            let measured = ServerTime::heard(server_us).ahead_ms();
            assert!((measured - ahead_ms).abs() < 1_000, "{measured} is not about {ahead_ms}");
        };
        check(now_us(), 0);
        check(now_us() - 90_000_000, 90_000);
        check(now_us() + 3_600_000_000, -3_600_000);
    }
}
