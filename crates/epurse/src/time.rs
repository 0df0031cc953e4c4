//! Dates and times as cards write them: packed BCD, the host's local calendar, no zone.

use std::fmt;
use std::str::FromStr;

/// A calendar date, e.g. the last day a card is valid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A date of the Gregorian calendar, years 0 to 9999.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, InvalidTime> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return Err(InvalidTime),
        };
        if year > 9999 || day == 0 || day > days {
            return Err(InvalidTime);
        }
        Ok(Self { year, month, day })
    }

    /// Reads `YYYYMMDD` in packed BCD, 4 bytes.
    pub fn from_bcd([century, year, month, day]: [u8; 4]) -> Result<Self, InvalidTime> {
        let year = u16::from(from_bcd(century)?).saturating_mul(100).saturating_add(u16::from(from_bcd(year)?));
        Self::new(year, from_bcd(month)?, from_bcd(day)?)
    }

    /// `YYYYMMDD` in packed BCD, 4 bytes.
    pub fn to_bcd(self) -> [u8; 4] {
        let [century, year] = [self.year / 100, self.year % 100].map(|part| u8::try_from(part).map_or(0, to_bcd));
        [century, year, to_bcd(self.month), to_bcd(self.day)]
    }

    /// Year, 0 to 9999.
    pub fn year(self) -> u16 {
        self.year
    }

    /// Month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for Date {
    /// `YYYY-MM-DD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

/// The host's date and time of a transaction, as it enters MAC2 and TAC: `YYYYMMDDhhmmss`, 7 bytes of packed BCD.
///
/// The card neither reads nor checks it; what matters is that the same bytes are used for every cryptogram of a load.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostTime([u8; 7]);

impl HostTime {
    /// A date and a time of day: hour 0 to 23, minute and second 0 to 59.
    pub fn new(date: Date, hour: u8, minute: u8, second: u8) -> Result<Self, InvalidTime> {
        if hour > 23 || minute > 59 || second > 59 {
            return Err(InvalidTime);
        }
        let [a, b, c, d] = date.to_bcd();
        Ok(Self([a, b, c, d, to_bcd(hour), to_bcd(minute), to_bcd(second)]))
    }

    /// Reads `YYYYMMDDhhmmss` in packed BCD.
    pub fn from_bcd(bytes: [u8; 7]) -> Result<Self, InvalidTime> {
        let [a, b, c, d, hour, minute, second] = bytes;
        Self::new(Date::from_bcd([a, b, c, d])?, from_bcd(hour)?, from_bcd(minute)?, from_bcd(second)?)
    }

    /// `YYYYMMDDhhmmss` in packed BCD.
    pub fn to_bcd(self) -> [u8; 7] {
        self.0
    }
}

impl FromStr for HostTime {
    type Err = InvalidTime;

    /// Reads 14 digits, `YYYYMMDDhhmmss`.
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        crate::text::from_hex("a host time", text).map_err(|_| InvalidTime).and_then(Self::from_bcd)
    }
}

impl fmt::Display for HostTime {
    /// 14 digits, `YYYYMMDDhhmmss`, which [`FromStr`] reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for HostTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostTime({self})")
    }
}

/// Not a date or time that exists, or not packed BCD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time that exists")]
pub struct InvalidTime;

fn from_bcd(byte: u8) -> Result<u8, InvalidTime> {
    match (byte >> 4, byte & 0x0F) {
        (tens @ 0..=9, ones @ 0..=9) => Ok(tens.saturating_mul(10).saturating_add(ones)),
        _ => Err(InvalidTime),
    }
}

/// `value` is below 100.
fn to_bcd(value: u8) -> u8 {
    ((value / 10) << 4) | (value % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_exist() {
        for (year, month, day, exists) in [
            (2026, 11, 22, true),
            (2024, 2, 29, true),
            (2000, 2, 29, true),
            (1900, 2, 29, false),
            (2026, 2, 29, false),
            (2026, 4, 31, false),
            (2026, 13, 1, false),
            (2026, 0, 1, false),
            (2026, 1, 0, false),
            (10000, 1, 1, false),
        ] {
            assert_eq!(Date::new(year, month, day).is_ok(), exists, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn bcd_there_and_back() {
        let time: HostTime = "20261122010203".parse().unwrap();
        assert_eq!(time.to_bcd(), [0x20, 0x26, 0x11, 0x22, 0x01, 0x02, 0x03]);
        assert_eq!(time.to_string(), "20261122010203");
        assert_eq!(time, HostTime::new(Date::new(2026, 11, 22).unwrap(), 1, 2, 3).unwrap());
        for wrong in ["20261122240000", "20261122006000", "2026112200000A", "2026112200000", ""] {
            assert_eq!(wrong.parse::<HostTime>(), Err(InvalidTime), "{wrong}");
        }
    }
}
