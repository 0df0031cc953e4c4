//! Lists by keyset: a page begins after the last row of the one before, so that no page costs more than another and none
//! misses or repeats a row while others are added.

use std::fmt;

use store::Micros;

/// Rows on one page.
pub const PAGE: usize = 50;

/// Where a page of a list begins: after the row of this time and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// By which the list is in order.
    pub at: Micros,
    /// Among those of the same time.
    pub id: i64,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// In the list's order.
    pub rows: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Place>,
}

impl Place {
    /// From an address.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        Some(Self { at: Micros(at.parse().ok()?), id: id.parse().ok()? })
    }

    /// Before every row, or after every one.
    pub(crate) const fn end(newest_first: bool) -> Self {
        let end = if newest_first { i64::MAX } else { 0 };
        Self { at: Micros(end), id: end }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.0, self.id)
    }
}

impl<T> Page<T> {
    /// Of one row more than a page has, if there are so many.
    pub(crate) fn of(mut rows: Vec<T>, place: impl Fn(&T) -> Place) -> Self {
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let next = rows.last().filter(|_| more).map(place);
        Self { rows, next }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: vec![], next: None }
    }
}

/// As many rows as tell whether there are more than a page.
pub(crate) fn one_more() -> i64 {
    i64::try_from(PAGE.saturating_add(1)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back() {
        let place = Place { at: Micros(1_795_329_128_500_000), id: 77 };
        assert_eq!(Place::parse(&place.to_string()), Some(place));
        for bad in ["", "5", "a-b", "5-", "-"] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_page_says_where_the_next_begins() {
        let place = |n: &i64| Place { at: Micros(*n), id: *n };
        let full: Vec<i64> = (1..=51).collect();
        let page = Page::of(full, place);
        assert_eq!((page.rows.len(), page.next), (50, Some(Place { at: Micros(50), id: 50 })));
        assert_eq!(Page::of(vec![1, 2], place).next, None);
    }
}
