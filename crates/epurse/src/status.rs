//! The two status bytes that end every answer.

use std::fmt;

/// A status word (SW1 SW2), as e-purse cards use it.
///
/// `Display` gives the word and its meaning in English; [`raw`](Self::raw) gives back exactly what the card sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// 9000: done.
    Success,
    /// 61xx: done, and `xx` bytes (0 means 256) wait for GET RESPONSE. T=0 only.
    MoreData(u8),
    /// 6Cxx: not done, repeat with Le = `xx`.
    WrongLe(u8),
    /// 63Cx: the PIN is wrong, `x` tries are left.
    PinWrong {
        /// Tries left before the PIN is blocked, 0 to 15.
        tries_left: u8,
    },
    /// 6283: selected, but the application or file is invalidated.
    Invalidated,
    /// 6581: writing to memory failed.
    MemoryFailure,
    /// 6700: wrong Lc.
    WrongLength,
    /// 6901: the command does not fit the state, e.g. CREDIT without INITIALIZE.
    InvalidState,
    /// 6982: security status not satisfied, e.g. no PIN was presented.
    SecurityNotSatisfied,
    /// 6983: the PIN is blocked.
    PinBlocked,
    /// 6984: no random number to use.
    NoRandom,
    /// 6985: conditions of use not satisfied.
    ConditionsNotSatisfied,
    /// 6987: the secure-messaging MAC is missing.
    SecureMessagingMacMissing,
    /// 6988: the secure-messaging MAC is wrong.
    SecureMessagingMacWrong,
    /// 6A80: wrong data.
    WrongData,
    /// 6A81: no master file, or the card or application is locked.
    Locked,
    /// 6A82: file or application not found.
    FileNotFound,
    /// 6A83: record not found.
    RecordNotFound,
    /// 6A86: wrong P1 or P2.
    WrongParameters,
    /// 6A88: the key or data referred to is not there.
    DataNotFound,
    /// 6B00: the offset is beyond the file.
    WrongOffset,
    /// 6D00: unknown instruction.
    UnknownInstruction,
    /// 6E00: unknown class.
    UnknownClass,
    /// 9302: the MAC is wrong.
    MacInvalid,
    /// 9303: the application is locked for good.
    PermanentlyLocked,
    /// 9401: the balance is not enough.
    InsufficientBalance,
    /// 9402: the transaction counter is used up.
    CounterExhausted,
    /// 9403: the card has no such key index.
    KeyNotFound,
    /// 9406: the proof asked for is not available.
    ProofUnavailable,
    /// Anything else.
    Other(u16),
}

/// One row per status word that has a fixed value.
const FIXED: [(u16, Status, &str); 26] = [
    (0x9000, Status::Success, "done"),
    (0x6283, Status::Invalidated, "the application or file is invalidated"),
    (0x6581, Status::MemoryFailure, "writing to memory failed"),
    (0x6700, Status::WrongLength, "wrong length"),
    (0x6901, Status::InvalidState, "the command does not fit the card's state"),
    (0x6982, Status::SecurityNotSatisfied, "security status not satisfied"),
    (0x6983, Status::PinBlocked, "the PIN is blocked"),
    (0x6984, Status::NoRandom, "no random number to use"),
    (0x6985, Status::ConditionsNotSatisfied, "conditions of use not satisfied"),
    (0x6987, Status::SecureMessagingMacMissing, "the secure-messaging MAC is missing"),
    (0x6988, Status::SecureMessagingMacWrong, "the secure-messaging MAC is wrong"),
    (0x6A80, Status::WrongData, "wrong data"),
    (0x6A81, Status::Locked, "no master file, or the card is locked"),
    (0x6A82, Status::FileNotFound, "file or application not found"),
    (0x6A83, Status::RecordNotFound, "record not found"),
    (0x6A86, Status::WrongParameters, "wrong P1 or P2"),
    (0x6A88, Status::DataNotFound, "the key or data is not there"),
    (0x6B00, Status::WrongOffset, "the offset is beyond the file"),
    (0x6D00, Status::UnknownInstruction, "unknown instruction"),
    (0x6E00, Status::UnknownClass, "unknown class"),
    (0x9302, Status::MacInvalid, "the MAC is wrong"),
    (0x9303, Status::PermanentlyLocked, "the application is locked for good"),
    (0x9401, Status::InsufficientBalance, "the balance is not enough"),
    (0x9402, Status::CounterExhausted, "the transaction counter is used up"),
    (0x9403, Status::KeyNotFound, "the card has no such key"),
    (0x9406, Status::ProofUnavailable, "the proof is not available"),
];

impl Status {
    /// True for 9000 alone.
    pub fn is_success(self) -> bool {
        self == Self::Success
    }

    /// The two bytes as the card sends them.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the table holds every variant not named here; a test proves it"
    )]
    pub fn raw(self) -> u16 {
        match self {
            Self::MoreData(length) => u16::from_be_bytes([0x61, length]),
            Self::WrongLe(le) => u16::from_be_bytes([0x6C, le]),
            Self::PinWrong { tries_left } => u16::from_be_bytes([0x63, 0xC0 | (tries_left & 0x0F)]),
            Self::Other(raw) => raw,
            fixed => FIXED.iter().find(|row| row.1 == fixed).map_or(0, |row| row.0),
        }
    }
}

impl From<u16> for Status {
    fn from(raw: u16) -> Self {
        match raw.to_be_bytes() {
            [0x61, length] => Self::MoreData(length),
            [0x6C, le] => Self::WrongLe(le),
            [0x63, tries] if tries & 0xF0 == 0xC0 => Self::PinWrong { tries_left: tries & 0x0F },
            _ => FIXED.iter().find(|row| row.0 == raw).map_or(Self::Other(raw), |row| row.1),
        }
    }
}

impl fmt::Display for Status {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the table holds every variant not named here; a test proves it"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X} ", self.raw())?;
        match *self {
            Self::MoreData(length) => write!(f, "{length} bytes wait for GET RESPONSE"),
            Self::WrongLe(le) => write!(f, "repeat with Le {le}"),
            Self::PinWrong { tries_left } => write!(f, "the PIN is wrong, {tries_left} tries left"),
            Self::Other(_) => f.write_str("unknown status"),
            fixed => f.write_str(FIXED.iter().find(|row| row.1 == fixed).map_or("", |row| row.2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_word_survives_the_round_trip() {
        for raw in 0..=u16::MAX {
            assert_eq!(Status::from(raw).raw(), raw);
            assert!(Status::from(raw).to_string().len() > 6, "{raw:04X} has no text");
        }
    }

    #[test]
    fn the_table_is_without_repeats() {
        for (raw, status, _) in FIXED {
            assert_eq!(Status::from(raw), status);
            assert_eq!(status.raw(), raw);
        }
    }
}
