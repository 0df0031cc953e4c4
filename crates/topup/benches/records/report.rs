//! How figures are told.

use std::time::Duration;

/// The one in the middle.
pub(crate) fn median<T: Ord + Copy + Default>(mut takes: Vec<T>) -> T {
    takes.sort_unstable();
    takes.get(takes.len() / 2).copied().unwrap_or_default()
}

/// In milliseconds.
pub(crate) fn ms(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1_000.0;
    if ms < 10.0 { format!("{ms:.3} ms") } else { format!("{ms:.0} ms") }
}

/// How many times `one` goes into `took`.
pub(crate) fn times(took: Duration, one: Duration) -> f64 {
    took.as_secs_f64() / one.as_secs_f64().max(1e-9)
}

/// What is said of a goal.
pub(crate) fn verdict(is_reached: bool, goal: &str) -> String {
    format!(" ({goal}: {})", if is_reached { "reached" } else { "MISSED" })
}
