//! Reading fixed fields off a byte string without an index that could be out of bounds.

use crate::apdu::WrongLength;

/// Takes fields from the front of a byte string whose whole length was checked first.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields of `bytes`, which must be exactly `expected` long.
    pub(crate) fn of(bytes: &'a [u8], expected: usize) -> Result<Self, WrongLength> {
        if bytes.len() == expected { Ok(Self(bytes)) } else { Err(WrongLength { expected, got: bytes.len() }) }
    }

    /// The next `N` bytes.
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], WrongLength> {
        let (head, rest) = self.0.split_first_chunk().ok_or(WrongLength { expected: N, got: self.0.len() })?;
        self.0 = rest;
        Ok(*head)
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, WrongLength> {
        self.take().map(|[byte]| byte)
    }

    /// The next two bytes, big-endian.
    pub(crate) fn u16(&mut self) -> Result<u16, WrongLength> {
        self.take().map(u16::from_be_bytes)
    }

    /// The next three bytes, big-endian.
    pub(crate) fn u24(&mut self) -> Result<u32, WrongLength> {
        self.take().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// The next four bytes, big-endian.
    pub(crate) fn u32(&mut self) -> Result<u32, WrongLength> {
        self.take().map(u32::from_be_bytes)
    }
}
