use std::time::Duration;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_millis(500);

/// The longest wait: a server that comes back finds its terminals within half a minute.
const LONGEST: Duration = Duration::from_secs(30);

/// How long to wait after `failures` failures in a row.
///
/// It doubles up to [`LONGEST`]; `jitter` spreads it over the upper half, so that terminals cut off together do not
/// come back together.
pub(crate) fn after(failures: u32, jitter: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    let ceiling = FIRST.saturating_mul(doubled).min(LONGEST);
    spread(ceiling, jitter)
}

/// Somewhere in the upper half of `ceiling`.
pub(crate) fn spread(ceiling: Duration, jitter: u32) -> Duration {
    let half_ms = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX) / 2;
    let more_ms = half_ms.saturating_mul(u64::from(jitter)) >> u32::BITS;
    Duration::from_millis(half_ms.saturating_add(more_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_and_stay_in_the_upper_half() {
        for (failures, longest_ms) in [(1, 500), (2, 1_000), (3, 2_000), (6, 16_000), (7, 30_000), (u32::MAX, 30_000)] {
            assert_eq!(after(failures, 0).as_millis(), longest_ms / 2);
            let most = after(failures, u32::MAX).as_millis();
            assert!((longest_ms - 1..=longest_ms).contains(&most), "{failures}: {most}");
        }
    }
}
