//! Keys in a real software token (`SoftHSM` 2), each test in a process of its own with a token of its own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "a test may panic")]

mod agree;
mod ceremony;
mod trouble;
mod vectors;

use epurse::keys::{Algorithm, Key};
use vault::testing::SoftToken;
use vault::{Component, KeySet, KeyStore as _, Master, TokenStore, TokenVault};

const MLK: &str = "0123456789ABCDEFFEDCBA9876543210";
const MTK: &str = "00112233445566778899AABBCCDDEEFF";
const SET: KeySet = KeySet { card_type: 1, version: 1, algorithm: Algorithm::TripleDes };

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

/// The master keys of vector V6 under this name.
fn masters(set: KeySet) -> Master {
    Master::new(set, key(MLK), key(MTK))
}

/// Two parts of the master keys of vector V6.
fn parts(set: KeySet) -> [Component; 2] {
    let [load, tac] = ["1F1E1D1C1B1A19181716151413121110", "A5A5A5A55A5A5A5A0FF00FF0F00FF00F"];
    let other = |whole: &str, part: &str| {
        let (whole, part) = (key(whole), key(part));
        let mut bytes = *whole.expose();
        bytes.iter_mut().zip(part.expose()).for_each(|(byte, part)| *byte ^= part);
        Key::new(bytes)
    };
    [Component::new(set, key(load), key(tac)), Component::new(set, other(MLK, load), other(MTK, tac))]
}

/// The vault on a token that has the master keys of vector V6.
fn vault_with_keys(token: &SoftToken) -> TokenVault {
    TokenStore::open(token.place()).unwrap().keep(&masters(SET)).unwrap();
    TokenVault::open(token.place()).unwrap()
}
