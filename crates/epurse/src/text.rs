//! Hexadecimal text to fixed-width values and back.

/// The text is not the hexadecimal number it should be. It does not repeat the text, which may be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {digits} hexadecimal digits")]
pub struct NotHex {
    /// What was being read, with its article: "a key", "a terminal number".
    pub what: &'static str,
    /// How many digits it has.
    pub digits: usize,
}

pub(crate) fn from_hex<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], NotHex> {
    let mut bytes = [0; N];
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(NotHex { what, digits: N.saturating_mul(2) }),
    }
}

/// `Display`, `Debug` and `FromStr` of a public newtype over a byte array, as upper-case hexadecimal digits.
macro_rules! hex_text {
    ($type:ident, $what:literal) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode_upper(self.0))
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::text::NotHex;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::text::from_hex($what, text).map(Self)
            }
        }
    };
}
pub(crate) use hex_text;
