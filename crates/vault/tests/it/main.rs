//! The soft vault against cards, and its file against everything that happens to files.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic")]

mod cards;
mod ceremony;
mod file;
mod secrecy;

use epurse::keys::{Algorithm, Key};
use vault::Master;

const MLK: &str = "0123456789ABCDEFFEDCBA9876543210";
const MTK: &str = "00112233445566778899AABBCCDDEEFF";

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

/// The master keys of vector V6, for card type 1.
fn masters() -> Vec<Master> {
    let master = |algorithm, version| Master { card_type: 1, version, algorithm, mlk: key(MLK), mtk: key(MTK) };
    vec![master(Algorithm::TripleDes, 0x01), master(Algorithm::Sm4, 0x41)]
}
