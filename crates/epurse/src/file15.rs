//! File 15, the public application data of a purse: who issued the card, its number, how long it is valid.
//!
//! | offset | PBOC and T-Union | MOHURD |
//! |---|---|---|
//! | 0-7 | issuer | issuer 2, city 2, industry 2, RFU 2 |
//! | 8 | application type | enabled: 00 no, 01 yes |
//! | 9 | version | version |
//! | 10-19 | number, 20 BCD digits | interoperability flag 2, number 8 (16 BCD digits) |
//! | 20-23, 24-27 | first and last day, YYYYMMDD BCD | the same |
//! | 28-29 | issuer's own data | main and sub card type |
//!
//! In every layout bytes 12 to 19 diversify the card's keys. They are the last 16 digits of its number.

use std::fmt;
use std::str::FromStr;

use crate::apdu::{Command, WrongLength};
use crate::keys::Diversifier;
use crate::time::Date;
use crate::wire::Fields;

/// The length of the file in bytes.
pub const LENGTH: usize = 30;

/// `00 B0 95 00 1E`: the whole file, by its short identifier.
pub fn read_command() -> Command {
    Command::new(0x00, 0xB0, 0x95, 0x00).with_le(0x1E)
}

/// Whose rules the file follows. The card does not say; it is configured for the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// JR/T 0025, the bank e-purse.
    Pboc,
    /// CJ/T 166 and 304, the housing ministry's city cards.
    Mohurd,
    /// JT/T 978, the transport ministry's T-Union.
    TUnion,
}

impl Layout {
    /// How many digits a card number has.
    pub fn digits(self) -> usize {
        match self {
            Self::Mohurd => 16,
            Self::Pboc | Self::TUnion => 20,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pboc => "pboc",
            Self::Mohurd => "mohurd",
            Self::TUnion => "t-union",
        })
    }
}

impl FromStr for Layout {
    type Err = UnknownLayout;

    fn from_str(text: &str) -> Result<Self, UnknownLayout> {
        let all = [Self::Pboc, Self::Mohurd, Self::TUnion];
        all.into_iter().find(|layout| layout.to_string() == text).ok_or(UnknownLayout)
    }
}

/// The name is none of `pboc`, `mohurd` and `t-union`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a layout is pboc, mohurd or t-union")]
pub struct UnknownLayout;

/// The number of a card as people read it: 16 decimal digits (MOHURD, bytes 12-19) or 20 (PBOC and T-Union, bytes
/// 10-19).
///
/// A card whose number bytes are not decimal digits is refused ([`File15Error::Number`]) rather than shown wrongly.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardNumber {
    /// True for 20 digits, false for 16.
    long: bool,
    /// Packed BCD; a number of 16 digits has two zero bytes in front.
    bcd: [u8; 10],
}

impl CardNumber {
    /// How many digits it has: 16 or 20.
    pub fn digits(self) -> usize {
        if self.long { 20 } else { 16 }
    }

    /// What makes this card's keys its own: the last 16 digits.
    pub fn diversifier(self) -> Diversifier {
        let [_, _, tail @ ..] = self.bcd;
        Diversifier(tail)
    }

    fn from_bcd(long: bool, bcd: [u8; 10]) -> Option<Self> {
        let decimal = bcd.iter().all(|byte| byte >> 4 < 10 && byte & 0x0F < 10);
        decimal.then_some(Self { long, bcd })
    }
}

impl FromStr for CardNumber {
    type Err = InvalidCardNumber;

    fn from_str(text: &str) -> Result<Self, InvalidCardNumber> {
        let mut bcd = [0; 10];
        let (_, tail) = bcd.split_at_mut(2);
        let (long, out) = match text.len() {
            16 => (false, tail),
            20 => (true, &mut bcd[..]),
            _ => return Err(InvalidCardNumber),
        };
        hex::decode_to_slice(text, out).map_err(|_| InvalidCardNumber)?;
        Self::from_bcd(long, bcd).ok_or(InvalidCardNumber)
    }
}

impl fmt::Display for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, _, tail @ ..] = &self.bcd;
        f.write_str(&hex::encode(if self.long { &self.bcd[..] } else { tail }))
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber({self})")
    }
}

/// A card number is 16 or 20 decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a card number is 16 or 20 digits")]
pub struct InvalidCardNumber;

/// File 15 of one card, read and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File15 {
    layout: Layout,
    issuer: [u8; 8],
    kind: u8,
    version: u8,
    interoperability: [u8; 2],
    number: CardNumber,
    start: Date,
    expiry: Date,
    card_type: [u8; 2],
}

impl File15 {
    /// The file of a new card: enabled, application type 01, version 01, card type 0000.
    pub fn new(
        layout: Layout,
        issuer: [u8; 8],
        number: CardNumber,
        start: Date,
        expiry: Date,
    ) -> Result<Self, File15Error> {
        if number.digits() != layout.digits() {
            return Err(File15Error::Number);
        }
        let (kind, version) = (0x01, 0x01);
        Ok(Self { layout, issuer, kind, version, interoperability: [0; 2], number, start, expiry, card_type: [0; 2] })
    }

    /// The same file with byte 8 set: the application type, or whether a MOHURD card is enabled (00 or 01).
    #[must_use]
    pub fn with_kind(self, kind: u8) -> Self {
        Self { kind, ..self }
    }

    /// The same file with bytes 28 and 29 set.
    #[must_use]
    pub fn with_card_type(self, card_type: [u8; 2]) -> Self {
        Self { card_type, ..self }
    }

    /// Reads the file's 30 bytes.
    pub fn parse(layout: Layout, bytes: &[u8]) -> Result<Self, File15Error> {
        let mut fields = Fields::of(bytes, LENGTH)?;
        let issuer = fields.take()?;
        let (kind, version) = (fields.byte()?, fields.byte()?);
        if layout == Layout::Mohurd && kind > 0x01 {
            return Err(File15Error::EnableFlag(kind));
        }
        let [a, b, serial @ ..] = fields.take::<10>()?;
        let ([s0, s1, s2, s3, s4, s5, s6, s7], mohurd) = (serial, layout == Layout::Mohurd);
        let head = if mohurd { [0, 0] } else { [a, b] };
        let number = CardNumber::from_bcd(!mohurd, [head[0], head[1], s0, s1, s2, s3, s4, s5, s6, s7]);
        Ok(Self {
            layout,
            issuer,
            kind,
            version,
            interoperability: if mohurd { [a, b] } else { [0, 0] },
            number: number.ok_or(File15Error::Number)?,
            start: Date::from_bcd(fields.take()?).map_err(|_| File15Error::Start)?,
            expiry: Date::from_bcd(fields.take()?).map_err(|_| File15Error::Expiry)?,
            card_type: fields.take()?,
        })
    }

    /// The file's 30 bytes.
    pub fn to_bytes(&self) -> [u8; LENGTH] {
        let mut number = self.number.bcd;
        if let (Layout::Mohurd, [head @ .., _, _, _, _, _, _, _, _]) = (self.layout, &mut number) {
            *head = self.interoperability;
        }
        let mut bytes = [0; LENGTH];
        let (start, expiry) = (self.start.to_bcd(), self.expiry.to_bcd());
        let fields: [&[u8]; 7] =
            [&self.issuer, &[self.kind], &[self.version], &number, &start, &expiry, &self.card_type];
        for (byte, value) in bytes.iter_mut().zip(fields.concat()) {
            *byte = value;
        }
        bytes
    }

    /// The layout the file was read in.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Bytes 0 to 7. In the MOHURD layout these are issuer, city, industry and RFU, two bytes each.
    pub fn issuer(&self) -> [u8; 8] {
        self.issuer
    }

    /// Bytes 2 and 3 of a MOHURD card, e.g. 4100 for Changsha.
    pub fn city(&self) -> Option<[u8; 2]> {
        let [_, _, a, b, ..] = self.issuer;
        (self.layout == Layout::Mohurd).then_some([a, b])
    }

    /// Whether a MOHURD card is enabled; the other layouts have no such flag.
    pub fn enabled(&self) -> Option<bool> {
        (self.layout == Layout::Mohurd).then_some(self.kind == 0x01)
    }

    /// Byte 8 of the layouts that keep an application type there.
    pub fn application_type(&self) -> Option<u8> {
        (self.layout != Layout::Mohurd).then_some(self.kind)
    }

    /// Byte 9.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Bytes 10 and 11 of a MOHURD card: where it may be used beyond its city.
    pub fn interoperability(&self) -> Option<[u8; 2]> {
        (self.layout == Layout::Mohurd).then_some(self.interoperability)
    }

    /// The card's number.
    pub fn number(&self) -> CardNumber {
        self.number
    }

    /// Bytes 12 to 19.
    pub fn diversifier(&self) -> Diversifier {
        self.number.diversifier()
    }

    /// The first day the card is valid.
    pub fn start(&self) -> Date {
        self.start
    }

    /// The last day the card is valid.
    pub fn expiry(&self) -> Date {
        self.expiry
    }

    /// Bytes 28 and 29: main and sub card type of a MOHURD card, the issuer's own data otherwise.
    pub fn card_type(&self) -> [u8; 2] {
        self.card_type
    }
}

/// Why a file 15 cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum File15Error {
    /// The file does not have 30 bytes.
    #[error("file 15: {0}")]
    Length(#[from] WrongLength),
    /// The enable flag of a MOHURD card is neither 00 nor 01.
    #[error("the card's enable flag is {0:02X}, neither 00 nor 01")]
    EnableFlag(u8),
    /// The card number is not made of decimal digits, or has the wrong number of them for the layout.
    #[error("the card number is not made of decimal digits, as many as its layout has")]
    Number,
    /// The first day of validity is not a date.
    #[error("the card's first day of validity is not a date")]
    Start,
    /// The last day of validity is not a date.
    #[error("the card's last day of validity is not a date")]
    Expiry,
}
