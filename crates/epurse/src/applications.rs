//! The applications on a card, and SELECT.
//!
//! Which of them a city uses, and in which layout its file 15 is, is configuration: the same AID serves both the PBOC
//! and the MOHURD layout.

use std::fmt;
use std::str::FromStr;

use crate::apdu::Command;
use crate::file15;

/// An application identifier, 5 to 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aid {
    /// Zeros beyond `length`.
    bytes: [u8; 16],
    length: u8,
}

impl Aid {
    /// The city e-purse of PBOC and MOHURD cards.
    pub const CITY: Self = Self::of(*b"\xA0\x00\x00\x00\x03\x86\x98\x07\x01");
    /// The directory above [`CITY`](Self::CITY), which Changsha cards want selected first.
    pub const CITY_DIRECTORY: Self = Self::of(*b"\xA0\x00\x00\x00\x03\x86\x98\x07\x00");
    /// The transport ministry's e-purse, T-Union (交通联合).
    pub const T_UNION: Self = Self::of(*b"\xA0\x00\x00\x06\x32\x01\x01\x05");
    /// The payment system environment of contact cards.
    pub const PSE: Self = Self::of(*b"1PAY.SYS.DDF01");
    /// The payment system environment of contactless cards.
    pub const PPSE: Self = Self::of(*b"2PAY.SYS.DDF01");
    /// Shenzhen.
    pub const SHENZHEN: Self = Self::of(*b"PAY.SZT");
    /// A city-local application seen in the field.
    pub const PAY_APPY: Self = Self::of(*b"PAY.APPY");
    /// Lingnan.
    pub const LINGNAN: Self = Self::of(*b"PAY.TICL");

    const fn of<const N: usize>(aid: [u8; N]) -> Self {
        const { assert!(N >= 5 && N <= 16) }
        let mut bytes = [0; 16];
        let (head, _) = bytes.split_at_mut(N);
        head.copy_from_slice(&aid);
        #[expect(clippy::cast_possible_truncation, reason = "at most 16, asserted above")]
        let length = N as u8;
        Self { bytes, length }
    }

    /// The identifier with these bytes, 5 to 16 of them.
    pub fn new(aid: &[u8]) -> Result<Self, InvalidAid> {
        let mut bytes = [0; 16];
        match (u8::try_from(aid.len()), bytes.get_mut(..aid.len())) {
            (Ok(length @ 5..=16), Some(head)) => {
                head.copy_from_slice(aid);
                Ok(Self { bytes, length })
            }
            _ => Err(InvalidAid),
        }
    }

    /// The identifier's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&[])
    }

    /// `00 A4 04 00 Lc | AID | 00`. The answer is an FCI: [`Fci::parse`].
    pub fn select(&self) -> Command {
        Command::new(0x00, 0xA4, 0x04, 0x00).with_own(self.as_bytes()).with_le(0x00)
    }
}

impl FromStr for Aid {
    type Err = InvalidAid;

    /// Reads 10 to 32 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, InvalidAid> {
        hex::decode(text).map_err(|_| InvalidAid).and_then(|bytes| Self::new(&bytes))
    }
}

impl fmt::Display for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.as_bytes()))
    }
}

impl fmt::Debug for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aid({self})")
    }
}

/// An AID is 5 to 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an application identifier is 5 to 16 bytes, two hexadecimal digits each")]
pub struct InvalidAid;

/// File control information, the answer to SELECT: `6F { 84 name, A5 { 9F08 version, 9F0C copy of file 15, … } }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fci {
    /// The name of what was selected (tag 84), usually the AID.
    pub name: Vec<u8>,
    /// The copy of file 15 (tag 9F0C), where the card sends one. Do not rely on it: read the file.
    pub file15: Option<[u8; file15::LENGTH]>,
}

impl Fci {
    /// Reads an FCI; unknown tags are passed over.
    pub fn parse(data: &[u8]) -> Result<Self, MalformedFci> {
        let template = find(data, 0x6F)?.ok_or(MalformedFci)?;
        let name = find(template, 0x84)?.unwrap_or_default().to_vec();
        let proprietary = find(template, 0xA5)?.unwrap_or_default();
        let file15 = find(proprietary, 0x9F0C)?.and_then(|copy| copy.try_into().ok());
        Ok(Self { name, file15 })
    }
}

/// The bytes are not an FCI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer to SELECT is not file control information")]
pub struct MalformedFci;

/// The value of the first `tag` in a series of BER-TLV objects with tags of one or two bytes and lengths below 256.
fn find(mut series: &[u8], tag: u16) -> Result<Option<&[u8]>, MalformedFci> {
    while !series.is_empty() {
        let (found, rest) = match series {
            [first, second, rest @ ..] if first & 0x1F == 0x1F => (u16::from_be_bytes([*first, *second]), rest),
            [first, rest @ ..] => (u16::from(*first), rest),
            [] => return Err(MalformedFci),
        };
        let (length, rest) = match rest {
            [0x81, length, rest @ ..] | [length @ 0..=0x7F, rest @ ..] => (usize::from(*length), rest),
            _ => return Err(MalformedFci),
        };
        let (value, rest) = rest.split_at_checked(length).ok_or(MalformedFci)?;
        if found == tag {
            return Ok(Some(value));
        }
        series = rest;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file15::{File15, Layout};

    #[test]
    fn the_fci_of_a_real_changsha_card() {
        let fci = "6F328409A00000000386980701A5259F0801019F0C1E\
                   073141000000000001010000410000008999998520150605203808080000";
        let fci = Fci::parse(&hex::decode(fci).unwrap()).unwrap();
        assert_eq!(fci.name, Aid::CITY.as_bytes());

        let file15 = File15::parse(Layout::Mohurd, &fci.file15.unwrap()).unwrap();
        assert_eq!(file15.issuer(), [0x07, 0x31, 0x41, 0, 0, 0, 0, 0]);
        assert_eq!(file15.city(), Some([0x41, 0x00]));
        assert_eq!(file15.enabled(), Some(true));
        assert_eq!(file15.number().to_string(), "4100000089999985");
        assert_eq!(file15.diversifier().to_string(), "4100000089999985");
        assert_eq!(file15.start().to_string(), "2015-06-05");
        assert_eq!(file15.expiry().to_string(), "2038-08-08");
    }

    #[test]
    fn an_aid_there_and_back() {
        assert_eq!("A00000000386980701".parse(), Ok(Aid::CITY));
        assert_eq!(Aid::T_UNION.to_string(), "A000000632010105");
        assert_eq!(Aid::PSE.to_string(), "315041592E5359532E4444463031");
        assert_eq!("A0000000".parse::<Aid>(), Err(InvalidAid));
        assert_eq!(hex::encode_upper(Aid::CITY.select().to_bytes()), "00A4040009A0000000038698070100");
    }
}
