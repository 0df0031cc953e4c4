use std::fmt;

use pay::OrderId;
use serde::{Deserialize, Serialize};
use store::Micros;

use crate::Ids;
use crate::loads::order::{halves, read};

/// The number of a deposit, as people read it and as the gateway is given it: `D`, the second in Beijing time and 7
/// characters for the rest of its id, for example `D2611221432081X142NW`. No dash: gateways take letters and digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DepositNumber(i64);

impl DepositNumber {
    /// Of a deposit's id.
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The deposit's id.
    pub const fn id(self) -> i64 {
        self.0
    }

    /// Reads what people type: case, spaces and dashes do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        read(text, 'D').map(Self)
    }

    /// The number at the gateway.
    pub fn order_id(self) -> Option<OrderId> {
        self.to_string().parse().ok()
    }

    /// When the deposit was confirmed, to the microsecond.
    pub fn moment(self) -> Micros {
        Ids::moment(self.0)
    }
}

impl fmt::Display for DepositNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (second, rest) = halves(self.0).ok_or(fmt::Error)?;
        write!(f, "D{second}{rest}")
    }
}

/// The number of a refund at the gateway, made from an id of its own: `R` and as [`DepositNumber`].
pub(super) fn refund_order(id: i64) -> Option<OrderId> {
    let (second, rest) = halves(id)?;
    format!("R{second}{rest}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_back_and_fits_the_gateways() {
        // 2026-11-22 06:32:08.5 UTC.
        let id = Ids::first_of(Micros(1_795_329_128_500_000)) | 0xABC;
        let number = DepositNumber::new(id);
        assert_eq!(number.to_string(), "D2611221432081X142NW");
        assert_eq!(DepositNumber::parse("d261122143208-1x142nw"), Some(number));
        assert_eq!(number.order_id().map(|order| order.to_string()), Some(number.to_string()));
        assert_eq!(refund_order(id).map(String::from).as_deref(), Some("R2611221432081X142NW"));
        assert_eq!(DepositNumber::parse("L261122143208-1X142NW"), None);
    }
}
