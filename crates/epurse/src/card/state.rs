//! What a software card keeps without power.

use super::profile::CounterValue;
use crate::load::Counter;
use crate::log::{Record, TransactionType};
use crate::mac::Mac;
use crate::proof::Proof;

/// How many records the cyclic log holds, counting all kinds together; the standard asks for ten.
pub const LOG_RECORDS: usize = 10;
/// Wrong PINs in a row that block the PIN; what cards are commonly issued with.
pub const PIN_TRIES: u8 = 3;
/// Wrong MACs in a row that lock the application (CJ/T 304, by one weak source).
pub const MAC_TRIES: u8 = 3;

/// Everything a card keeps without power. Plain values, for whoever wants to store them between runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Fen.
    pub balance: u32,
    /// The number of the next load.
    pub online_counter: Counter,
    /// The number of the next purchase.
    pub offline_counter: Counter,
    /// Wrong PINs left until the PIN is blocked.
    pub pin_tries: u8,
    /// Wrong MACs left until the application is locked.
    pub mac_tries: u8,
    /// The log, newest first, at most [`LOG_RECORDS`].
    pub log: Vec<Record>,
    /// The last transaction's proof, while the card has it.
    pub proof: Option<LastProof>,
    /// Where the card's random generator stands. Two cards should not start from the same value.
    pub entropy: u64,
}

/// What GET TRANSACTION PROVE answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastProof {
    /// The kind of the last transaction.
    pub transaction_type: TransactionType,
    /// The counter in its INITIALIZE answer.
    pub counter: Counter,
    /// Its MAC2.
    pub mac: Mac,
    /// Its TAC.
    pub tac: Mac,
}

impl State {
    /// A new card with `balance` fen on it, its random numbers drawn from `seed`.
    pub fn new(balance: u32, seed: u64) -> Self {
        Self {
            balance,
            online_counter: Counter(0),
            offline_counter: Counter(0),
            pin_tries: PIN_TRIES,
            mac_tries: MAC_TRIES,
            log: Vec::new(),
            proof: None,
            entropy: seed,
        }
    }

    /// Adds a record as the newest; the oldest falls out.
    pub(super) fn record(&mut self, record: Record) {
        self.log.insert(0, record);
        self.log.truncate(LOG_RECORDS);
    }

    /// Eight random bytes by `SplitMix64`: good enough to differ every time, and the same again from the same seed.
    pub(super) fn random(&mut self) -> [u8; 8] {
        self.entropy = self.entropy.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.entropy;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)).to_be_bytes()
    }
}

impl LastProof {
    /// The proof, if `counter` is the one to name for it.
    pub(super) fn answer(&self, kind: u8, counter: Counter, takes: CounterValue) -> Option<Proof> {
        let asked = self.transaction_type.byte() == kind && takes.of(self.counter) == counter;
        asked.then_some(Proof { mac: self.mac, tac: self.tac })
    }
}

impl CounterValue {
    /// This value for a transaction whose INITIALIZE answer carried `counter`, which is never the last one.
    pub(super) fn of(self, counter: Counter) -> Counter {
        match self {
            Self::Before => counter,
            Self::After => counter.next().unwrap_or(counter),
        }
    }
}
