//! VERIFY: presenting the holder's PIN.
//!
//! A load of a purse protected by a PIN answers 6982 without it. It holds until reset or the next SELECT. Never present
//! one again by machine: every wrong try brings the card nearer to 6983.

use zeroize::Zeroizing;

use crate::apdu::Command;

/// A PIN as one card expects it. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct Pin(Zeroizing<Vec<u8>>);

impl Pin {
    /// Two digits a byte, an odd count filled up with F: `123456` is `12 34 56`.
    pub fn bcd(digits: &str) -> Result<Self, InvalidPin> {
        let ascii = Self::ascii(digits)?;
        let nibble = |digit: Option<&u8>| digit.map_or(0x0F, |digit| digit & 0x0F);
        let bytes = ascii.0.chunks(2).map(|pair| (nibble(pair.first()) << 4) | nibble(pair.get(1)));
        Ok(Self(Zeroizing::new(bytes.collect())))
    }

    /// One digit a byte, as on toll-road cards: `123456` is `31 32 33 34 35 36`.
    pub fn ascii(digits: &str) -> Result<Self, InvalidPin> {
        let valid = (4..=12).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        if valid { Ok(Self(Zeroizing::new(digits.as_bytes().to_vec()))) } else { Err(InvalidPin) }
    }

    /// `00 20 00 00 Lc | PIN`.
    pub fn command(&self) -> Command {
        Command::new(0x00, 0x20, 0x00, 0x00).with_own(&self.0)
    }

    /// The bytes the card compares.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(hidden)")
    }
}

/// A PIN is 4 to 12 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN is 4 to 12 digits")]
pub struct InvalidPin;
