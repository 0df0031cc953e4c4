use std::fmt;
use std::str::FromStr;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::Micros;

use crate::Ids;

/// A day in Beijing, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Day(i64);

/// Days from the first to the last, both of them included; there is always one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    first: Day,
    last: Day,
}

const DAY_US: i64 = 24 * 3_600 * 1_000_000;
const BEIJING_US: i64 = 8 * 3_600 * 1_000_000;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

impl Day {
    /// The earliest that a filter may name; no load is older.
    pub const EARLIEST: Self = Self(10_957); // 2000-01-01
    /// The latest: ids have no room for more.
    pub const LATEST: Self = Self(25_566); // 2039-12-31

    /// The day of a moment.
    pub const fn of(at: Micros) -> Self {
        Self(at.0.saturating_add(BEIJING_US).div_euclid(DAY_US))
    }

    /// The day on which what has this id was confirmed.
    pub const fn of_id(id: i64) -> Self {
        Self::of(Ids::moment(id))
    }

    /// As stored.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Its first moment.
    pub const fn begins(self) -> Micros {
        Micros(self.0.saturating_mul(DAY_US).saturating_sub(BEIJING_US))
    }

    /// The smallest id of the day.
    pub(super) const fn first_id(self) -> i64 {
        Ids::first_of(self.begins())
    }

    /// So many days later, or earlier.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        self.date().map_or(self, |date| Self::from(date.first_of_month()))
    }

    /// The last day of its month.
    #[must_use]
    pub fn last_of_month(self) -> Self {
        self.date().map_or(self, |date| Self::from(date.last_of_month()))
    }

    /// The Sunday of its week: weeks begin on Monday.
    #[must_use]
    pub const fn last_of_week(self) -> Self {
        // 1970-01-01 was a Thursday.
        self.plus(6_i64.saturating_sub(self.0.saturating_add(3).rem_euclid(7)))
    }

    /// The last day of its year.
    #[must_use]
    pub fn last_of_year(self) -> Self {
        self.date().map_or(self, |date| Self::from(date.last_of_year()))
    }

    /// The same day so many months before, or the last of a shorter month.
    #[must_use]
    pub fn months_before(self, months: i32) -> Self {
        let before = self.date().and_then(|date| date.checked_sub(months.months()).ok());
        before.map_or(self, Self::from)
    }

    fn date(self) -> Option<Date> {
        EPOCH.checked_add(self.0.days()).ok()
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(date.since(EPOCH).map_or(0, |span| i64::from(span.get_days())))
    }
}

impl fmt::Display for Day {
    /// `2026-11-22`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().map_or(Err(fmt::Error), |date| f.pad(&date.to_string()))
    }
}

/// It is no day, or none that records can be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADay;

impl FromStr for Day {
    type Err = NotADay;

    /// `2026-11-22`, as date fields send it and people type it; also `2026/11/22`, `2026.11.22`, `20261122`.
    fn from_str(text: &str) -> Result<Self, NotADay> {
        let text: String = text.trim().chars().map(|c| if matches!(c, '/' | '.') { '-' } else { c }).collect();
        let format = if text.contains('-') { "%Y-%m-%d" } else { "%Y%m%d" };
        let day = Date::strptime(format, &text).map_err(|_| NotADay).map(Self::from)?;
        if (Self::EARLIEST..=Self::LATEST).contains(&day) { Ok(day) } else { Err(NotADay) }
    }
}

impl Period {
    /// None if it would end before it begins.
    pub fn new(first: Day, last: Day) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// One day.
    pub const fn of(day: Day) -> Self {
        Self { first: day, last: day }
    }

    /// Its first day.
    pub const fn first(self) -> Day {
        self.first
    }

    /// Its last day.
    pub const fn last(self) -> Day {
        self.last
    }

    /// How many days it has.
    pub const fn days(self) -> i64 {
        self.last.0.saturating_sub(self.first.0).saturating_add(1)
    }

    /// The whole months and the single days that it is made of: the grain, and its first and last first day.
    pub(super) fn spans(self) -> Vec<(&'static str, Day, Day)> {
        let days = |first: Day, last: Day| (first <= last).then_some(("day", first, last));
        let first_whole =
            if self.first == self.first.first_of_month() { self.first } else { self.first.last_of_month().plus(1) };
        let last_whole =
            if self.last == self.last.last_of_month() { self.last } else { self.last.first_of_month().plus(-1) };
        if first_whole > last_whole {
            return vec![("day", self.first, self.last)];
        }
        let months = Some(("month", first_whole, last_whole.first_of_month()));
        let (before, after) = (days(self.first, first_whole.plus(-1)), days(last_whole.plus(1), self.last));
        [before, months, after].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_midnight_in_beijing() {
        // 2026-11-22 06:32:08.5 UTC.
        let at = Micros(1_795_329_128_500_000);
        assert_eq!((Day::of(at), Day::of(at).to_string()), (day("2026-11-22"), "2026-11-22".to_owned()));
        assert_eq!(Day::of(day("2026-11-22").begins()), day("2026-11-22"));
        assert_eq!(Day::of(Micros(day("2026-11-22").begins().0 - 1)), day("2026-11-21"));
        assert_eq!(Day::of_id(day("2026-11-22").first_id()), day("2026-11-22"));
        assert_eq!(Day::of_id(day("2026-11-22").first_id() - 1), day("2026-11-21"));
        assert_eq!((Day::EARLIEST.to_string(), Day::LATEST.to_string()), ("2000-01-01".into(), "2039-12-31".into()));
    }

    #[test]
    fn days_as_people_type_them() {
        for text in ["2026-11-22", " 2026/11/22 ", "2026.11.22", "20261122", "2026-11-22"] {
            assert_eq!(text.parse(), Ok(day("2026-11-22")), "{text}");
        }
        for text in ["", "2026-11", "2026-02-29", "2026-13-01", "22-11-2026", "1999-12-31", "2040-01-01", "今天", "9"]
        {
            assert_eq!(text.parse::<Day>(), Err(NotADay), "{text}");
        }
    }

    #[test]
    fn months_have_their_ends() {
        assert_eq!(day("2028-02-17").last_of_month(), day("2028-02-29"));
        assert_eq!(day("2026-08-31").months_before(6), day("2026-02-28"));
        assert_eq!(day("2028-02-17").last_of_year(), day("2028-12-31"));
        for (one, sunday) in [("2026-11-22", "2026-11-22"), ("2026-11-23", "2026-11-29"), ("2026-11-29", "2026-11-29")]
        {
            assert_eq!(day(one).last_of_week(), day(sunday));
        }
    }

    proptest! {
        /// Every day of a period is in exactly one span, and a month is only taken whole.
        #[test]
        fn a_period_is_its_spans(first in 20_000_i64..20_800, length in 0_i64..800) {
            let period = Period::new(Day(first), Day(first).plus(length)).unwrap();
            let mut days = Vec::new();
            for (grain, from, to) in period.spans() {
                let to = if grain == "month" { prop_assert_eq!(from, from.first_of_month()); to.last_of_month() } else { to };
                days.extend(from.0..=to.0);
            }
            prop_assert_eq!(days, (first..=period.last().0).collect::<Vec<_>>());
            prop_assert!(period.spans().len() <= 3);
        }
    }
}
