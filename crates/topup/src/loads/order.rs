use std::fmt;

use serde::{Deserialize, Serialize};
use store::Micros;

use crate::Ids;

/// An order number: a load's id as people read it.
///
/// `L` + the second in Beijing time (`yyMMddHHmmss`) + `-` + 7 characters of Crockford's base 32 for the rest of the
/// id (microseconds within the second and the process's tag), for example `L261122143208-0QK2M7X`. It names exactly
/// one id and back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderNumber(i64);

/// Digits and capitals without I, L, O and U, which people misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters after the dash: 7 × 5 bits hold 20 bits of microseconds and 12 of the tag.
const REST: usize = 7;

const BEIJING_S: i64 = 8 * 3600;

impl OrderNumber {
    /// Of a load's id.
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The load's id.
    pub const fn id(self) -> i64 {
        self.0
    }

    /// Reads what people type: case, spaces and the dash do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        read(text, 'L').map(Self)
    }

    /// When the load was confirmed, to the microsecond.
    pub fn moment(self) -> Micros {
        Ids::moment(self.0)
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (second, rest) = halves(self.0).ok_or(fmt::Error)?;
        write!(f, "L{second}-{rest}")
    }
}

/// An id as people read it: its second in Beijing time, and the rest.
pub(crate) fn halves(id: i64) -> Option<(String, String)> {
    let second = second(id);
    let time = jiff::Timestamp::from_second(second.saturating_add(BEIJING_S)).ok()?;
    let start = Ids::first_of(Micros(second.saturating_mul(1_000_000)));
    let mut rest = id.saturating_sub(start);
    let mut code = [b'0'; REST];
    for place in code.iter_mut().rev() {
        *place = usize::try_from(rest & 31).ok().and_then(|i| ALPHABET.get(i)).copied().unwrap_or(b'0');
        rest >>= 5;
    }
    Some((time.strftime("%y%m%d%H%M%S").to_string(), String::from_utf8_lossy(&code).into_owned()))
}

/// The id whose halves, behind this capital, people wrote: case, spaces and dashes do not matter.
pub(crate) fn read(text: &str, capital: char) -> Option<i64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let text = text.strip_prefix([capital, capital.to_ascii_lowercase()])?;
    let (written, rest) = text.split_at_checked(12)?;
    let written = jiff::fmt::strtime::parse("%y%m%d%H%M%S", written).ok()?.to_datetime().ok()?;
    let written = written.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).ok()?.timestamp().as_second();
    if rest.len() != REST {
        return None;
    }
    let rest = rest.bytes().try_fold(0_i64, |sum, byte| {
        let value = ALPHABET.iter().position(|c| *c == byte.to_ascii_uppercase())?;
        sum.checked_mul(32)?.checked_add(i64::try_from(value).ok()?)
    })?;
    let id = Ids::first_of(Micros(written.checked_mul(1_000_000)?)).checked_add(rest)?;
    (second(id) == written).then_some(id)
}

fn second(id: i64) -> i64 {
    Ids::moment(id).0.div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_order_number_tells_its_second_in_beijing() {
        // 2026-11-22 06:32:08.5 UTC.
        let id = Ids::first_of(Micros(1_795_329_128_500_000)) | 0xABC;
        assert_eq!(OrderNumber::new(id).to_string(), "L261122143208-1X142NW");
    }

    #[test]
    fn what_is_no_order_number_is_refused() {
        for text in [
            "",
            "L",
            "L261122143208",
            "L261122143208-00000",
            "X261122143208-0000000",
            "L269922143208-0000000",
            "L261122143208-ZZZZZZZ",
            "L2611221432中-000000",
        ] {
            assert_eq!(OrderNumber::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_id_comes_back(us in 1_700_000_000_000_000_i64..2_200_000_000_000_000, tag in 0_i64..4096) {
            let order = OrderNumber::new(Ids::first_of(Micros(us)) | tag);
            let text = order.to_string();
            prop_assert_eq!(OrderNumber::parse(&text), Some(order));
            prop_assert_eq!(OrderNumber::parse(&text.replace('-', " ").to_lowercase()), Some(order));
        }
    }
}
