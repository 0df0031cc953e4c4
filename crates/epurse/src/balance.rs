//! GET BALANCE, and what the balance field means.

use crate::apdu::{Command, WrongLength};
use crate::file15::Layout;
use crate::load::Purse;
use crate::wire::Fields;

/// `80 5C 00 <purse> 04`. The passbook (ED) needs the PIN first.
pub fn read_command(purse: Purse) -> Command {
    Command::new(0x80, 0x5C, 0x00, purse.byte()).with_le(0x04)
}

/// Reads the answer to [`read_command`], 4 bytes, in fen.
pub fn parse(layout: Layout, data: &[u8]) -> Result<u32, WrongLength> {
    Ok(fen(layout, Fields::of(data, 4)?.u32()?))
}

/// The fen in a balance field: all 32 bits of it, or the low 31 on a T-Union card, whose top bit is not money.
pub fn fen(layout: Layout, field: u32) -> u32 {
    match layout {
        Layout::TUnion => field & 0x7FFF_FFFF,
        Layout::Pboc | Layout::Mohurd => field,
    }
}
