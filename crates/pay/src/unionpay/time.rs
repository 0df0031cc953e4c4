//! Times as the protocol writes them: Beijing, no zone.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{self, TimeZone};

/// China: UTC+8, no summer time.
fn china() -> TimeZone {
    TimeZone::fixed(tz::offset(8))
}

/// `YYYYMMDDhhmmss`.
pub fn to_text(at: Timestamp) -> String {
    in_china(at).strftime("%Y%m%d%H%M%S").to_string()
}

/// The wall clock in China.
pub fn in_china(at: Timestamp) -> DateTime {
    at.to_zoned(china()).datetime()
}

/// From `YYYYMMDDhhmmss`.
pub fn parse(text: &str) -> Option<Timestamp> {
    if text.len() != 14 {
        return None;
    }
    let at = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    Some(at.to_zoned(china()).ok()?.timestamp())
}
