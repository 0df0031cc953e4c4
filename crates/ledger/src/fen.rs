//! Amounts of money.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount in fen, a hundredth of a yuan; may be negative. Yuan appear only where people read and write:
///
/// ```
/// let amount: ledger::Fen = "1,234.5".parse()?;
/// assert_eq!(amount, ledger::Fen::new(123_450));
/// assert_eq!(amount.to_string(), "1,234.50");
/// # Ok::<(), ledger::NotAnAmount>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Fen(i64);

/// The text is not an amount in yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an amount in yuan")]
pub struct NotAnAmount;

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount in fen.
    pub const fn new(fen: i64) -> Self {
        Self(fen)
    }

    /// In fen.
    pub const fn as_i64(self) -> i64 {
        self.0
    }

    /// Whole yuan.
    pub const fn from_yuan(yuan: i64) -> Option<Self> {
        match yuan.checked_mul(100) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// The sum, unless it is more than can be written.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// The difference, unless it is more than can be written.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }
}

impl fmt::Display for Fen {
    /// In yuan, thousands apart: `1,234.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:03}", self.0.unsigned_abs());
        let (yuan, fen) = digits.split_at(digits.len().saturating_sub(2));
        let mut text = String::with_capacity(digits.len().saturating_mul(2));
        for (at, digit) in yuan.chars().enumerate() {
            if at > 0 && yuan.len().saturating_sub(at).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad_integral(self.0 >= 0, "", &format!("{text}.{fen}"))
    }
}

impl FromStr for Fen {
    type Err = NotAnAmount;

    /// Yuan as people write them: `50`, `1234.5`, `1,234.50`, `¥50`, `-3.00`; blanks around it are nothing. Commas, where
    /// there are any, stand before every third digit, or nowhere: `1,50` is no amount.
    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let text = text.trim();
        let (sign, text) = text.strip_prefix('-').map_or((1_i64, text), |rest| (-1, rest));
        let text = text.trim_start_matches(['¥', '￥']);
        let (yuan, fen) = text.split_once('.').map_or((text, None), |(yuan, fen)| (yuan, Some(fen)));
        let yuan = number(&without_commas(yuan)?)?;
        let fen = match fen.map(|fen| (fen.len(), fen)) {
            None => 0,
            Some((1, tenths)) => number(tenths)?.checked_mul(10).ok_or(NotAnAmount)?,
            Some((2, hundredths)) => number(hundredths)?,
            Some(_) => return Err(NotAnAmount),
        };
        // Signed from the start: the lowest i64 has no positive.
        let fen = yuan.checked_mul(100).and_then(|whole| whole.checked_add(fen)).ok_or(NotAnAmount)?;
        let fen = i128::from(fen).checked_mul(i128::from(sign)).ok_or(NotAnAmount)?;
        i64::try_from(fen).map(Self).map_err(|_| NotAnAmount)
    }
}

/// The digits of whole yuan, their commas checked and gone.
fn without_commas(yuan: &str) -> Result<String, NotAnAmount> {
    let mut parts = yuan.split(',');
    let first = parts.next().unwrap_or_default();
    let grouped = yuan.contains(',');
    if (grouped && !(1..=3).contains(&first.len())) || parts.any(|part| part.len() != 3) {
        return Err(NotAnAmount);
    }
    Ok(yuan.replace(',', ""))
}

/// Digits and nothing else: `str::parse` would also take a sign.
fn number(digits: &str) -> Result<u64, NotAnAmount> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotAnAmount);
    }
    digits.parse().map_err(|_| NotAnAmount)
}

impl From<Fen> for store::Cell<'_> {
    fn from(amount: Fen) -> Self {
        amount.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn yuan_as_people_write_them() {
        for (text, fen) in [
            ("50", 5_000),
            ("0", 0),
            ("0.01", 1),
            ("0.1", 10),
            (" ¥1,234.50 ", 123_450),
            ("-1,234,567.89", -123_456_789),
            ("1234567", 123_456_700),
            ("92,233,720,368,547,758.07", i64::MAX),
            ("-92233720368547758.08", i64::MIN),
        ] {
            assert_eq!(text.parse(), Ok(Fen(fen)), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "1.234",
            "1,50",
            "12,34.00",
            "1,2345",
            ",123",
            "+5",
            "--5",
            "5-",
            "1e3",
            "５",
            "五十",
            "92233720368547758.08",
            "1 000",
            "¥",
            "1.-5",
            "NaN",
        ] {
            assert_eq!(text.parse::<Fen>(), Err(NotAnAmount), "{text}");
        }
    }

    #[test]
    fn a_table_can_align_them() {
        assert_eq!(format!("{:>12}|{:<8}|", Fen(-123_456), Fen(5)), "   -1,234.56|0.05    |");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(fen: i64) {
            prop_assert_eq!(Fen(fen).to_string().parse(), Ok(Fen(fen)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-¥0-9.,]{0,24}") {
            if let Ok(amount) = text.parse::<Fen>() {
                prop_assert_eq!(amount.to_string().replace(',', "").parse(), Ok(amount));
            }
        }
    }
}
