//! Published and computed vectors, byte for byte, through the token.

use epurse::keys::{AlgorithmRefused, Diversifier, Key};
use epurse::load::{Counter, Purse, Session};
use epurse::mac::Mac;
use serde::Deserialize;
use vault::testing::with_token;
use vault::{KeyRef, Vault as _, VaultError, Verdict};

use crate::{key, vault_with_keys};

/// One row of `load.json`. Everything is hexadecimal.
#[derive(Deserialize)]
struct Vector {
    name: String,
    op: String,
    dlk: Option<String>,
    dpk: Option<String>,
    bal: Option<String>,
    ctr: Option<String>,
    offctr: Option<String>,
    rnd: String,
    amt: String,
    #[serde(rename = "type")]
    transaction_type: String,
    term: String,
    termseq: Option<String>,
    dt: String,
    auth: Option<String>,
    mac1: Option<String>,
    mac2: Option<String>,
}

/// What a vector says of one transaction, as it goes into the token: a card's own key, what its session key is made from,
/// and what MAC1 and MAC2 cover.
struct Inputs {
    own: Key,
    session: [u8; 8],
    mac1: Vec<u8>,
    mac2: Vec<u8>,
}

impl Vector {
    fn inputs(&self) -> Inputs {
        let Self { rnd, amt, transaction_type, term, dt, .. } = self;
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let transaction = format!("{amt}{transaction_type}{term}");
        let (own, session, mac1, mac2) = match self.op.as_str() {
            "load" => (
                text(&self.dlk),
                format!("{rnd}{}8000", text(&self.ctr)),
                format!("{}{transaction}", text(&self.bal)),
                format!("{transaction}{dt}"),
            ),
            "purchase" => (
                text(&self.dpk),
                format!("{rnd}{}{}", text(&self.offctr), &text(&self.termseq)[4..]),
                format!("{transaction}{dt}{}", text(&self.auth)),
                amt.clone(),
            ),
            other => panic!("{}: unknown op {other}", self.name),
        };
        let bytes = |text: String| hex::decode(text).unwrap();
        Inputs { own: key(&own), session: bytes(session).try_into().unwrap(), mac1: bytes(mac1), mac2: bytes(mac2) }
    }
}

#[test]
fn every_mac_of_the_vector_file() {
    with_token(|token| {
        let vault = vault_with_keys(token);
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../../epurse/tests/vectors/load.json")).unwrap();
        assert_eq!(vectors.len(), 7);
        let mut compared = 0;
        for vector in vectors {
            let Inputs { own, session, mac1, mac2 } = vector.inputs();
            for (message, expected) in [(mac1, vector.mac1), (mac2, vector.mac2)] {
                let Some(expected) = expected else { continue };
                assert_eq!(vault.mac_of(&own, session, &message).unwrap().to_string(), expected, "{}", vector.name);
                compared += 1;
            }
        }
        assert!(compared >= 12, "{compared} MACs compared");
    });
}

const V6: Session = Session {
    purse: Purse::Ep,
    amount: 0x2710,
    terminal: epurse::terminal::TerminalNumber([0x11, 0x22, 0x33, 0x44, 0x55, 0x66]),
    balance: 0x1388,
    counter: Counter(7),
    random: [0xAA, 0xBB, 0xCC, 0xDD],
};
const V6_CARD: Diversifier = Diversifier([0x41, 0, 0, 0, 0x99, 0, 0, 0x01]);
const V6_KEY: KeyRef = KeyRef { card_type: 1, version: 1, algorithm_id: 0 };

#[test]
fn v6_from_master_keys_to_tac() {
    with_token(|token| {
        let vault = vault_with_keys(token);
        let time = "20261122010203".parse().unwrap();
        let mac = |text: &str| text.parse::<Mac>().unwrap();
        // FMCOS cards say algorithm 01 and compute 3DES.
        for key in [V6_KEY, KeyRef { algorithm_id: 1, ..V6_KEY }] {
            assert_eq!(vault.verify_mac1(key, V6_CARD, &V6, mac("54534929")), Ok(Verdict::Genuine));
            assert_eq!(vault.verify_mac1(key, V6_CARD, &V6, mac("54534928")), Ok(Verdict::Forged));
            assert_eq!(vault.mac2(key, V6_CARD, &V6, time), Ok(mac("0AC857CA")));
            assert_eq!(vault.verify_tac(key, V6_CARD, &V6, time, mac("6F954DCF")), Ok(Verdict::Genuine));
            assert_eq!(vault.verify_tac(key, V6_CARD, &V6, time, mac("6F954DCE")), Ok(Verdict::Forged));
        }
        let full = Session { balance: u32::MAX, ..V6 };
        assert_eq!(vault.verify_tac(V6_KEY, V6_CARD, &full, time, Mac([0; 4])), Ok(Verdict::Forged));
    });
}

#[test]
fn keys_it_does_not_have_and_algorithms_it_cannot_use() {
    with_token(|token| {
        let vault = vault_with_keys(token);
        let time = "20261122010203".parse().unwrap();
        for unknown in [KeyRef { version: 2, ..V6_KEY }, KeyRef { card_type: 2, ..V6_KEY }] {
            let refused = VaultError::UnknownKey(unknown);
            assert_eq!(vault.mac2(unknown, V6_CARD, &V6, time), Err(refused.clone()));
            assert_eq!(vault.verify_tac(unknown, V6_CARD, &V6, time, Mac([0; 4])), Err(refused));
        }
        let sm4 = KeyRef { algorithm_id: 4, ..V6_KEY };
        assert_eq!(vault.mac2(sm4, V6_CARD, &V6, time), Err(AlgorithmRefused::Sm4NotAllowed.into()));
        let odd = KeyRef { algorithm_id: 2, ..V6_KEY };
        assert_eq!(vault.mac2(odd, V6_CARD, &V6, time), Err(AlgorithmRefused::Unknown(2).into()));
    });
}
