//! The number of a terminal.

use crate::text::hex_text;

/// A terminal number (终端编号), 6 bytes, written as 12 hexadecimal digits.
///
/// It is part of MAC1, MAC2 and TAC. No card is known to check it, so a probe may use a random one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TerminalNumber(pub [u8; 6]);

hex_text!(TerminalNumber, "a terminal number");
