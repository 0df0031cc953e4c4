//! Published and computed vectors, byte for byte.

use epurse::file15::CardNumber;
use epurse::keys::{Algorithm, Key};
use epurse::load::{self, Counter, Purse};
use epurse::mac::{Mac, MacKey};
use epurse::purchase;
use serde::Deserialize;

use crate::support::array;

/// One row of `vectors/load.json`. Everything is hexadecimal.
#[derive(Deserialize)]
struct Vector {
    name: String,
    op: String,
    dlk: Option<String>,
    dpk: Option<String>,
    dtk: Option<String>,
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
    session: Option<String>,
    mac1: Option<String>,
    mac2: Option<String>,
    tac: Option<String>,
}

/// What was computed from a vector.
struct Computed {
    session: MacKey,
    mac1: Mac,
    mac2: Mac,
    tac: Option<Mac>,
}

fn load(vector: &Vector, algorithm: Algorithm) -> Computed {
    let session = load::Session {
        purse: Purse::from_byte(array::<1>(&vector.transaction_type)[0]).unwrap(),
        amount: u32::from_be_bytes(array(&vector.amt)),
        terminal: vector.term.parse().unwrap(),
        balance: u32::from_be_bytes(array(vector.bal.as_ref().unwrap())),
        counter: Counter(u16::from_be_bytes(array(vector.ctr.as_ref().unwrap()))),
        random: array(&vector.rnd),
    };
    let time = vector.dt.parse().unwrap();
    let key = session.key(algorithm, &vector.dlk.as_ref().unwrap().parse().unwrap());
    let dtk: Option<Key> = vector.dtk.as_ref().map(|dtk| dtk.parse().unwrap());
    Computed {
        mac1: session.mac1(&key),
        mac2: session.mac2(&key, time),
        tac: dtk.map(|dtk| session.tac(&dtk.tac(algorithm), time).unwrap()),
        session: key,
    }
}

fn purchase(vector: &Vector) -> Computed {
    let session = purchase::Session {
        transaction_type: array::<1>(&vector.transaction_type)[0],
        amount: u32::from_be_bytes(array(&vector.amt)),
        terminal: vector.term.parse().unwrap(),
        terminal_sequence: u32::from_be_bytes(array(vector.termseq.as_ref().unwrap())),
        counter: Counter(u16::from_be_bytes(array(vector.offctr.as_ref().unwrap()))),
        random: array(&vector.rnd),
        time: vector.dt.parse().unwrap(),
        auth: vector.auth.as_deref().map(array),
    };
    let key = session.key(Algorithm::TripleDes, &vector.dpk.as_ref().unwrap().parse().unwrap());
    let dtk: Option<Key> = vector.dtk.as_ref().map(|dtk| dtk.parse().unwrap());
    Computed {
        mac1: session.mac1(&key),
        mac2: session.mac2(&key),
        tac: dtk.map(|dtk| session.tac(&dtk.tac(Algorithm::TripleDes))),
        session: key,
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../vectors/load.json")).unwrap()
}

#[test]
fn every_vector_of_the_file() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 7);
    for vector in vectors {
        let name = &vector.name;
        let computed = match vector.op.as_str() {
            "load" => load(&vector, Algorithm::TripleDes),
            "purchase" => purchase(&vector),
            other => panic!("{name}: unknown op {other}"),
        };
        let check = |what, expected: &Option<String>, got: String| {
            if let Some(expected) = expected {
                assert_eq!(*expected, got, "{name}: {what}");
            }
        };
        check("session", &vector.session, hex::encode_upper(computed.session.expose()));
        check("mac1", &vector.mac1, computed.mac1.to_string());
        check("mac2", &vector.mac2, computed.mac2.to_string());
        check("tac", &vector.tac, computed.tac.map(|tac| tac.to_string()).unwrap_or_default());
    }
}

const MLK: &str = "0123456789ABCDEFFEDCBA9876543210";
const MTK: &str = "00112233445566778899AABBCCDDEEFF";
const MPK: &str = "A0A1A2A3A4A5A6A7B0B1B2B3B4B5B6B7";

fn diversified(master: &str, algorithm: Algorithm) -> String {
    let number: CardNumber = "4100000099000001".parse().unwrap();
    let key = master.parse::<Key>().unwrap().diversify(algorithm, number.diversifier());
    hex::encode_upper(key.expose())
}

#[test]
fn v6_diversification() {
    assert_eq!(diversified(MLK, Algorithm::TripleDes), "EFB3A1224F3EFADAC6A647E2EE8F3123");
    assert_eq!(diversified(MTK, Algorithm::TripleDes), "17774EC5B66931EAA85249C0266760F8");
    assert_eq!(diversified(MPK, Algorithm::TripleDes), "DE7C694C8C87C91D6B46EF9D1B0CD9CC");

    let dtk: Key = diversified(MTK, Algorithm::TripleDes).parse().unwrap();
    assert_eq!(hex::encode_upper(dtk.tac(Algorithm::TripleDes).expose()), "BF250705900E5112");
}

#[test]
fn v6_with_sm4() {
    assert_eq!(diversified(MLK, Algorithm::Sm4), "DE53B3FC8BF7BE12ADEB21A78FA99504");
    assert_eq!(diversified(MTK, Algorithm::Sm4), "AC377BE0C54D2047439DA021073020F9");

    let mut v6 = vectors().into_iter().find(|vector| vector.name.starts_with("V6 ")).unwrap();
    v6.dlk = Some(diversified(MLK, Algorithm::Sm4));
    v6.dtk = Some(diversified(MTK, Algorithm::Sm4));
    let computed = load(&v6, Algorithm::Sm4);
    assert_eq!(hex::encode_upper(computed.session.expose()), "528DDBB3C8539DE4F201A70F349F9E24");
    assert_eq!(computed.mac1.to_string(), "645147AA");
    assert_eq!(computed.mac2.to_string(), "AFDA8B4C");
    assert_eq!(computed.tac.unwrap().to_string(), "F53D7FC5");
}
