//! The two status bytes that end every answer.

use std::fmt;

/// [`Status`] and everything said of each word, from one table.
macro_rules! status {
    ($($word:literal $name:ident $text:literal)*) => {
        /// A status word (SW1 SW2), as e-purse cards use it.
        ///
        /// `Display` gives the word and its meaning; [`raw`](Self::raw) gives back exactly what the card sent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Status {
            /// 61xx: done, and `xx` bytes (0 means 256) wait for GET RESPONSE. T=0 only.
            MoreData(u8),
            /// 6Cxx: not done, repeat with Le = `xx`.
            WrongLe(u8),
            /// 63Cx: the PIN is wrong, `x` tries are left.
            PinWrong {
                /// Tries left before the PIN is blocked, 0 to 15.
                tries_left: u8,
            },
            $(#[doc = concat!($text, " (", stringify!($word), ").")] $name,)*
            /// Anything else.
            Other(u16),
        }

        impl Status {
            /// The two bytes as the card sends them.
            pub fn raw(self) -> u16 {
                match self {
                    Self::MoreData(length) => u16::from_be_bytes([0x61, length]),
                    Self::WrongLe(le) => u16::from_be_bytes([0x6C, le]),
                    Self::PinWrong { tries_left } => u16::from_be_bytes([0x63, 0xC0 | (tries_left & 0x0F)]),
                    $(Self::$name => $word,)*
                    Self::Other(raw) => raw,
                }
            }
        }

        impl From<u16> for Status {
            fn from(raw: u16) -> Self {
                match (raw, raw.to_be_bytes()) {
                    (_, [0x61, length]) => Self::MoreData(length),
                    (_, [0x6C, le]) => Self::WrongLe(le),
                    (_, [0x63, tries @ 0xC0..=0xCF]) => Self::PinWrong { tries_left: tries & 0x0F },
                    $(($word, _) => Self::$name,)*
                    _ => Self::Other(raw),
                }
            }
        }

        impl fmt::Display for Status {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:04X} ", self.raw())?;
                match *self {
                    Self::MoreData(length) => write!(f, "{length} bytes wait for GET RESPONSE"),
                    Self::WrongLe(le) => write!(f, "repeat with Le {le}"),
                    Self::PinWrong { tries_left } => write!(f, "the PIN is wrong, {tries_left} tries left"),
                    $(Self::$name => f.write_str($text),)*
                    Self::Other(_) => f.write_str("unknown status"),
                }
            }
        }
    };
}

status! {
    0x9000 Success "done"
    0x6283 Invalidated "selected, but the application or file is invalidated"
    0x6581 MemoryFailure "writing to memory failed"
    0x6700 WrongLength "wrong length"
    0x6901 InvalidState "the command does not fit the card's state"
    0x6982 SecurityNotSatisfied "security status not satisfied"
    0x6983 PinBlocked "the PIN is blocked"
    0x6984 NoRandom "no random number to use"
    0x6985 ConditionsNotSatisfied "conditions of use not satisfied"
    0x6987 SecureMessagingMacMissing "the secure-messaging MAC is missing"
    0x6988 SecureMessagingMacWrong "the secure-messaging MAC is wrong"
    0x6A80 WrongData "wrong data"
    0x6A81 Locked "no master file, or the card or application is locked"
    0x6A82 FileNotFound "file or application not found"
    0x6A83 RecordNotFound "record not found"
    0x6A86 WrongParameters "wrong P1 or P2"
    0x6A88 DataNotFound "the key or data referred to is not there"
    0x6B00 WrongOffset "the offset is beyond the file"
    0x6D00 UnknownInstruction "unknown instruction"
    0x6E00 UnknownClass "unknown class"
    0x9302 MacInvalid "the MAC is wrong"
    0x9303 PermanentlyLocked "the application is locked for good"
    0x9401 InsufficientBalance "the balance is not enough"
    0x9402 CounterExhausted "the transaction counter is used up"
    0x9403 KeyNotFound "the card has no such key index"
    0x9406 ProofUnavailable "the proof asked for is not available"
}

impl Status {
    /// True for 9000 alone.
    pub fn is_success(self) -> bool {
        self == Self::Success
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_word_survives_the_round_trip() {
        let mut known = 0;
        for raw in 0..=u16::MAX {
            assert_eq!(Status::from(raw).raw(), raw);
            known += usize::from(!matches!(Status::from(raw), Status::Other(_)));
        }
        assert_eq!(known, 26 + 256 + 256 + 16);
    }

    #[test]
    fn a_status_word_says_what_it_means() {
        for (raw, text) in [
            (0x9302, "9302 the MAC is wrong"),
            (0x63C2, "63C2 the PIN is wrong, 2 tries left"),
            (0x6110, "6110 16 bytes wait for GET RESPONSE"),
            (0x6C04, "6C04 repeat with Le 4"),
            (0x1234, "1234 unknown status"),
        ] {
            assert_eq!(Status::from(raw).to_string(), text);
        }
    }
}
