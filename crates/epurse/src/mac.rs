//! The four-byte message authentication codes of the e-purse: MAC1, MAC2 and TAC.
//!
//! All are the same function: CBC-MAC with a zero IV, `80` and then `00` appended up to a whole block (an aligned
//! message gets a block more), the leftmost four bytes of the last block. Single DES with no retail step, or SM4.

use std::fmt;

use des::Des;
use des::cipher::{Array, BlockCipherEncrypt, KeyInit};
use sm4::Sm4 as Sm4Cipher;
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

use crate::apdu::WrongLength;
use crate::text::hex_text;
use crate::wire::Fields;

/// A MAC or TAC. `==` takes the same time wherever two of them differ.
#[derive(Clone, Copy)]
pub struct Mac(pub [u8; 4]);

hex_text!(Mac, "a MAC");

impl Mac {
    /// Reads an answer that is one MAC and nothing else, e.g. the TAC of CREDIT FOR LOAD.
    pub fn parse(data: &[u8]) -> Result<Self, WrongLength> {
        Fields::of(data, 4)?.take().map(Self)
    }
}

impl PartialEq for Mac {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Mac {}

/// A key to make MACs with: the session key of a transaction, or a card's TAC key. Wiped when dropped, never printed.
#[derive(Clone, ZeroizeOnDrop)]
pub enum MacKey {
    /// For single DES.
    Des([u8; 8]),
    /// For SM4.
    Sm4([u8; 16]),
}

impl MacKey {
    /// The MAC of `message`.
    pub fn mac(&self, message: &[u8]) -> Mac {
        match self {
            Self::Des(key) => cbc_mac(&Des::new(key.into()), message),
            Self::Sm4(key) => cbc_mac(&Sm4Cipher::new(key.into()), message),
        }
    }

    /// The key itself (8 bytes for DES, 16 for SM4), for comparing with published vectors.
    pub fn expose(&self) -> &[u8] {
        match self {
            Self::Des(key) => key,
            Self::Sm4(key) => key,
        }
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(hidden)")
    }
}

/// `message` as it goes through the cipher: `80` and then `00` appended up to whole blocks of `block` bytes.
pub fn padded(message: &[u8], block: usize) -> Vec<u8> {
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(block), 0x00);
    padded
}

fn cbc_mac<C: BlockCipherEncrypt>(cipher: &C, message: &[u8]) -> Mac {
    let mut block = Array::default();
    for chunk in padded(message, C::block_size()).chunks(C::block_size()) {
        for (state, byte) in block.iter_mut().zip(chunk) {
            *state ^= byte;
        }
        cipher.encrypt_block(&mut block);
    }
    let mut mac = [0; 4];
    for (byte, state) in mac.iter_mut().zip(block) {
        *byte = state;
    }
    Mac(mac)
}
