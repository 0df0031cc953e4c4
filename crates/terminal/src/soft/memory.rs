//! What software cards keep without power, as it lies on disk: one JSON object, by card number.

use std::collections::BTreeMap;
use std::path::Path;

use epurse::card::{LastProof, State};
use epurse::load::Counter;
use epurse::log::Record;
use epurse::mac::Mac;
use link::HexBytes;
use serde::{Deserialize, Serialize};

use crate::{Error, durable};

/// The memories of cards, by their numbers.
pub(super) type Memories = BTreeMap<String, Memory>;

/// [`State`] with its log and proof as cards send them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    balance: u32,
    online_counter: u16,
    offline_counter: u16,
    pin_tries: u8,
    mac_tries: u8,
    /// Records of file 18, newest first.
    log: Vec<HexBytes>,
    proof: Option<Proof>,
    entropy: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    transaction_type: u8,
    counter: u16,
    mac: HexBytes,
    tac: HexBytes,
}

/// Reads the file, if there is one.
pub(super) fn read(path: &Path) -> Result<Memories, Error> {
    let Some(bytes) = durable::read(path)? else { return Ok(Memories::new()) };
    serde_json::from_slice(&bytes).map_err(|error| Error::Damaged {
        path: path.to_owned(),
        line: error.line(),
        what: Error::of_json(&error),
    })
}

/// Replaces the file.
pub(super) fn write(path: &Path, memories: &Memories) -> Result<(), Error> {
    // Plain texts and numbers cannot fail to serialise.
    durable::replace(path, &serde_json::to_vec_pretty(memories).unwrap_or_default())
}

impl From<&State> for Memory {
    fn from(state: &State) -> Self {
        Self {
            balance: state.balance,
            online_counter: state.online_counter.0,
            offline_counter: state.offline_counter.0,
            pin_tries: state.pin_tries,
            mac_tries: state.mac_tries,
            log: state.log.iter().map(|record| record.to_bytes().into()).collect(),
            proof: state.proof.map(|proof| Proof {
                transaction_type: proof.transaction_type.byte(),
                counter: proof.counter.0,
                mac: proof.mac.0.to_vec().into(),
                tac: proof.tac.0.to_vec().into(),
            }),
            entropy: state.entropy,
        }
    }
}

impl TryFrom<Memory> for State {
    type Error = epurse::apdu::WrongLength;

    fn try_from(memory: Memory) -> Result<Self, Self::Error> {
        let proof = |proof: Proof| {
            Ok(LastProof {
                transaction_type: proof.transaction_type.into(),
                counter: Counter(proof.counter),
                mac: Mac::parse(proof.mac.as_ref())?,
                tac: Mac::parse(proof.tac.as_ref())?,
            })
        };
        Ok(Self {
            balance: memory.balance,
            online_counter: Counter(memory.online_counter),
            offline_counter: Counter(memory.offline_counter),
            pin_tries: memory.pin_tries,
            mac_tries: memory.mac_tries,
            log: memory.log.iter().map(|record| Record::parse(record.as_ref())).collect::<Result<_, _>>()?,
            proof: memory.proof.map(proof).transpose()?,
            entropy: memory.entropy,
        })
    }
}
