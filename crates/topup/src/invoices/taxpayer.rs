//! 统一社会信用代码: who a company is to the tax office (GB 32100-2015).

use std::fmt;
use std::str::FromStr;

/// A unified social credit code, its check character verified: 18 digits and capital letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaxpayerNumber(String);

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxpayerError {
    /// It has another length.
    #[error("18 characters are expected, are {0}")]
    Length(usize),
    /// It has a character that none has: I, O, S, V and Z are left out because they look like others.
    #[error("character {at} is {found:?}; digits and capital letters without I, O, S, V and Z are expected")]
    Character {
        /// Which, from one.
        at: usize,
        /// What it is.
        found: char,
    },
    /// The check character is another one: something is mistyped.
    #[error("the check character does not fit: something is mistyped")]
    Check,
}

/// The characters and, by their places, their values.
const CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The weights of the first 17: powers of 3, modulo 31.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

impl TaxpayerNumber {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TaxpayerNumber {
    type Err = TaxpayerError;

    /// Small letters and blanks are as people type them.
    fn from_str(text: &str) -> Result<Self, TaxpayerError> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
        let length = text.chars().count();
        if length != 18 {
            return Err(TaxpayerError::Length(length));
        }
        let mut values = Vec::with_capacity(18);
        for (found, at) in text.chars().zip(1_usize..) {
            values.push(CHARACTERS.find(found).ok_or(TaxpayerError::Character { at, found })?);
        }
        let weighed = values
            .iter()
            .zip(WEIGHTS)
            .fold(0_usize, |sum, (value, weight)| sum.saturating_add(value.saturating_mul(weight)));
        let rest = weighed.checked_rem(31).unwrap_or(0);
        let check = 31_usize.saturating_sub(rest).checked_rem(31);
        if values.last().copied() == check { Ok(Self(text)) } else { Err(TaxpayerError::Check) }
    }
}

impl fmt::Display for TaxpayerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_well_known_companies_are_good_and_their_typing_errors_are_not() {
        for good in ["9144030071526726XG", "914403001922038216", "91330100799655058B", " 91440300 71526726xg "] {
            let number: TaxpayerNumber = good.parse().expect(good);
            assert_eq!(number.as_str().len(), 18);
        }
        for (bad, why) in [
            ("", TaxpayerError::Length(0)),
            ("91440300192203821", TaxpayerError::Length(17)),
            ("914403001922038217", TaxpayerError::Check),
            ("914403001922038261", TaxpayerError::Check),
            ("9144O3001922038216", TaxpayerError::Character { at: 5, found: 'O' }),
            ("91440300１922038216", TaxpayerError::Character { at: 9, found: '１' }),
        ] {
            assert_eq!(bad.parse::<TaxpayerNumber>(), Err(why), "{bad}");
        }
    }

    #[test]
    fn one_wrong_or_two_swapped_characters_are_noticed() {
        let good = "914403001922038216";
        for at in 0..18 {
            for other in CHARACTERS.chars() {
                let mut changed: Vec<char> = good.chars().collect();
                changed[at] = other;
                let changed: String = changed.into_iter().collect();
                assert_eq!(changed.parse::<TaxpayerNumber>().is_ok(), changed == good, "{changed}");
            }
        }
        for at in 0..17 {
            let mut swapped: Vec<char> = good.chars().collect();
            swapped.swap(at, at + 1);
            let swapped: String = swapped.into_iter().collect();
            assert_eq!(swapped.parse::<TaxpayerNumber>().is_ok(), swapped == good, "{swapped}");
        }
    }
}
