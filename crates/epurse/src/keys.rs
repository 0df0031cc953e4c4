//! Card keys: how one is held, diversified and turned into the key of a session or of a TAC.
//!
//! A master key (MLK for loads, MPK for purchases, MTK for TACs) gives every card its own key (DLK, DPK, DTK) by the
//! card's [`Diversifier`]. Parity bits of DES keys do not matter and are left as they are.

use std::fmt;
use std::str::FromStr;

use des::TdesEde2;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use sm4::Sm4 as Sm4Cipher;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::mac::MacKey;
use crate::text::{NotHex, hex_text};

/// What a card computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Double-length 3DES for keys, single-DES CBC for MACs: every card of JR/T 0025.2.
    TripleDes,
    /// SM4. No standard at hand defines it for the e-purse; the formulas are those of two independent field codebases.
    Sm4,
}

/// Whether SM4 is allowed. Off unless someone who knows their cards has switched it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sm4Policy {
    /// A card that asks for SM4 is refused.
    #[default]
    Refused,
    /// A card may ask for SM4.
    Allowed,
}

impl Algorithm {
    /// The algorithm a card means by the `algId` of its INITIALIZE answer.
    ///
    /// 00 is 3DES, and so is 01 (FMCOS cards send it and compute 3DES); 04 is SM4; nothing else is known.
    pub fn from_id(id: u8, sm4: Sm4Policy) -> Result<Self, AlgorithmRefused> {
        match (id, sm4) {
            (0x00 | 0x01, _) => Ok(Self::TripleDes),
            (0x04, Sm4Policy::Allowed) => Ok(Self::Sm4),
            (0x04, Sm4Policy::Refused) => Err(AlgorithmRefused::Sm4NotAllowed),
            _ => Err(AlgorithmRefused::Unknown(id)),
        }
    }

    /// The `algId` by which a card of the standards names this algorithm.
    pub fn id(self) -> u8 {
        match self {
            Self::TripleDes => 0x00,
            Self::Sm4 => 0x04,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TripleDes => "3des",
            Self::Sm4 => "sm4",
        })
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithmName;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithmName> {
        match text {
            "3des" => Ok(Self::TripleDes),
            "sm4" => Ok(Self::Sm4),
            _ => Err(UnknownAlgorithmName),
        }
    }
}

/// The name is neither `3des` nor `sm4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an algorithm is 3des or sm4")]
pub struct UnknownAlgorithmName;

/// The card asks for an algorithm that is not used with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AlgorithmRefused {
    /// algId 04 while SM4 is not allowed.
    #[error("the card asks for SM4, which is not allowed")]
    Sm4NotAllowed,
    /// An algId that means nothing known.
    #[error("the card asks for the unknown algorithm {0:02X}")]
    Unknown(u8),
}

/// What makes a card's keys its own: bytes 12 to 19 of file 15, in every layout.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Diversifier(pub [u8; 8]);

hex_text!(Diversifier, "a diversification factor");

/// A 16-byte key. Wiped when dropped, compared in constant time, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 16]);

impl Key {
    /// The key with these bytes. The caller's copy is the caller's to wipe.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The key itself, for the one place that seals it. Copies are the caller's to wipe.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// The key of one card: `E(F) ‖ E(~F)` with 3DES, `E(F ‖ ~F)` with SM4, where F is the diversifier.
    #[must_use]
    pub fn diversify(&self, algorithm: Algorithm, card: Diversifier) -> Self {
        let mut key = Self(with_complement(card.0));
        match algorithm {
            Algorithm::TripleDes => {
                let (halves, _) = key.0.as_chunks_mut();
                for half in halves {
                    self.triple_des(half);
                }
            }
            Algorithm::Sm4 => self.sm4(&mut key.0),
        }
        key
    }

    /// The key of one transaction, from X = random 4, counter 2 and two bytes more (8000 in a load): `E(X)` with 3DES,
    /// `E(X ‖ ~X)` with SM4.
    pub fn session(&self, algorithm: Algorithm, input: [u8; 8]) -> MacKey {
        match algorithm {
            Algorithm::TripleDes => {
                let mut key = input;
                self.triple_des(&mut key);
                MacKey::Des(key)
            }
            Algorithm::Sm4 => {
                let mut key = with_complement(input);
                self.sm4(&mut key);
                MacKey::Sm4(key)
            }
        }
    }

    /// The key a TAC is made with: the left half XOR the right half with 3DES, the key itself with SM4.
    ///
    /// That SM4 uses the whole key is an assumption of the field code, and other issuers may differ.
    pub fn tac(&self, algorithm: Algorithm) -> MacKey {
        match algorithm {
            Algorithm::TripleDes => {
                let mut key = [0; 8];
                let (left, right) = self.0.split_at(8);
                for ((byte, left), right) in key.iter_mut().zip(left).zip(right) {
                    *byte = left ^ right;
                }
                MacKey::Des(key)
            }
            Algorithm::Sm4 => MacKey::Sm4(self.0),
        }
    }

    /// The key check value: the first three bytes of a block of zeros, enciphered. Tells keys apart without telling
    /// what they are.
    pub fn check_value(&self, algorithm: Algorithm) -> [u8; 3] {
        match algorithm {
            Algorithm::TripleDes => {
                let mut block = [0; 8];
                self.triple_des(&mut block);
                let [a, b, c, ..] = block;
                [a, b, c]
            }
            Algorithm::Sm4 => {
                let mut block = [0; 16];
                self.sm4(&mut block);
                let [a, b, c, ..] = block;
                [a, b, c]
            }
        }
    }

    /// Enciphers a block in place.
    fn triple_des(&self, block: &mut [u8; 8]) {
        TdesEde2::new((&self.0).into()).encrypt_block(block.into());
    }

    /// Enciphers a block in place.
    fn sm4(&self, block: &mut [u8; 16]) {
        Sm4Cipher::new((&self.0).into()).encrypt_block(block.into());
    }
}

/// `F ‖ ~F`.
fn with_complement(factor: [u8; 8]) -> [u8; 16] {
    let mut out = [0; 16];
    for (byte, value) in out.iter_mut().zip(factor.into_iter().chain(factor.map(|byte| !byte))) {
        *byte = value;
    }
    out
}

impl FromStr for Key {
    type Err = NotHex;

    /// Reads 32 hexadecimal digits. The error does not repeat them.
    fn from_str(text: &str) -> Result<Self, NotHex> {
        let mut key = Self([0; 16]);
        match hex::decode_to_slice(text, &mut key.0) {
            Ok(()) => Ok(key),
            Err(_) => Err(NotHex { what: "a key", digits: 32 }),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}
