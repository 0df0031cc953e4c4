//! What a software card was issued with: everything about it that never changes.

use crate::apdu::Status;
use crate::applications::Aid;
use crate::file15::{File15, Layout};
use crate::keys::{Algorithm, Diversifier, Key};
use crate::log;
use crate::pin::Pin;

/// The answer to reset of the Changsha card of vector V1.
pub const ATR: [u8; 23] =
    *b"\x3B\x9F\x95\x80\x3F\xC6\xA0\x80\x31\xE0\x73\xFE\x21\x13\x57\xC2\x05\x1B\x86\x98\x60\x19\xD1";

/// What a card was issued with. Start from [`Profile::new`] and change what should differ.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The purse's application.
    pub aid: Aid,
    /// A directory that must be selected before the application, as on Changsha cards.
    pub directory: Option<Aid>,
    /// The public application data; its layout is the card's.
    pub file15: File15,
    /// The holder's data (SFI 16); a card may have none.
    pub file16: Option<Vec<u8>>,
    /// The card's keys. Several sets are told apart by their index.
    pub keys: Vec<CardKeys>,
    /// The PIN that loads need, if they need one.
    pub pin: Option<Pin>,
    /// The security code (80 CA) that MAC1 of a purchase then also covers, on MOHURD cards.
    pub security_code: Option<[u8; 9]>,
    /// Where records go.
    pub logs: Logs,
    /// How it talks.
    pub protocol: Protocol,
    /// What it does where cards differ.
    pub quirks: Quirks,
}

impl Profile {
    /// A T=1 card without PIN: all records in log 18, quirks as most [in the field](Quirks::FIELD).
    pub fn new(file15: File15, keys: CardKeys) -> Self {
        let aid = match file15.layout() {
            Layout::Pboc | Layout::Mohurd => Aid::CITY,
            Layout::TUnion => Aid::T_UNION,
        };
        Self {
            aid,
            directory: None,
            file15,
            file16: None,
            keys: vec![keys],
            pin: None,
            security_code: None,
            logs: Logs { loads: log::SFI, purchases: log::SFI },
            protocol: Protocol::T1,
            quirks: Quirks::FIELD,
        }
    }
}

/// One set of keys on a card, already diversified.
#[derive(Debug, Clone)]
pub struct CardKeys {
    /// The index an INITIALIZE names.
    pub index: u8,
    /// The version its answer carries.
    pub version: u8,
    /// The algorithm identifier its answer carries. FMCOS cards say 01 and compute 3DES.
    pub algorithm_id: u8,
    /// What the card really computes with.
    pub algorithm: Algorithm,
    /// The load key.
    pub dlk: Key,
    /// The purchase key.
    pub dpk: Key,
    /// The TAC key.
    pub dtk: Key,
}

impl CardKeys {
    /// Keys with the usual index and version: 01 for 3DES, 41 for SM4.
    pub fn new(algorithm: Algorithm, dlk: Key, dpk: Key, dtk: Key) -> Self {
        let index = match algorithm {
            Algorithm::TripleDes => 0x01,
            Algorithm::Sm4 => 0x41,
        };
        Self { index, version: index, algorithm_id: algorithm.id(), algorithm, dlk, dpk, dtk }
    }

    /// The keys of one card of an issuer with these master keys.
    pub fn of_masters(algorithm: Algorithm, mlk: &Key, mpk: &Key, mtk: &Key, card: Diversifier) -> Self {
        let [dlk, dpk, dtk] = [mlk, mpk, mtk].map(|master| master.diversify(algorithm, card));
        Self::new(algorithm, dlk, dpk, dtk)
    }
}

/// The short identifiers of the logs a card writes. Most cards have one for everything, Changsha's keep loads in 1A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logs {
    /// Where loads are recorded.
    pub loads: u8,
    /// Where purchases are recorded.
    pub purchases: u8,
}

/// How a card talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Byte by byte: answers to commands with data wait for GET RESPONSE (61xx), and Le must be right (6Cxx).
    T0,
    /// In blocks, as contactless cards do too: answers come at once, Le 00 means whatever there is.
    T1,
}

/// What real cards do differently, as far as the sources tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    /// The counter that records of the log carry.
    pub log_carries: CounterValue,
    /// How GET TRANSACTION PROVE behaves.
    pub proof: ProofQuirks,
    /// What CREDIT and DEBIT answer without an INITIALIZE before them.
    pub without_initialize: WithoutInitialize,
    /// Whether one wrong MAC ends the session, so that INITIALIZE must come again.
    pub wrong_mac_ends_session: bool,
    /// Whether SELECT shows a copy of file 15.
    pub fci_shows_file15: bool,
}

/// How GET TRANSACTION PROVE behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofQuirks {
    /// The counter the command must name; none if there is never a proof to give.
    pub takes: Option<CounterValue>,
    /// Whether any INITIALIZE throws the proof away.
    pub lost_on_initialize: bool,
    /// Whether the proof is given once and then gone.
    pub answers_once: bool,
    /// Whether the MAC beside the TAC is zeros for loads.
    pub blank_load_mac: bool,
}

/// Which of a transaction's two counter values is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterValue {
    /// The one in the INITIALIZE answer, which the cryptograms cover.
    Before,
    /// That plus one.
    After,
}

/// What CREDIT and DEBIT answer without an INITIALIZE before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutInitialize {
    /// 6901, as the FMCOS manual has it.
    InvalidState,
    /// 6985, as other cards do.
    ConditionsNotSatisfied,
}

impl WithoutInitialize {
    pub(super) fn status(self) -> Status {
        match self {
            Self::InvalidState => Status::InvalidState,
            Self::ConditionsNotSatisfied => Status::ConditionsNotSatisfied,
        }
    }
}

impl Quirks {
    /// As real-card traces and most field code have it: log and proof use the counter after the transaction, and the
    /// proof stays until the next transaction.
    pub const FIELD: Self = Self {
        log_carries: CounterValue::After,
        proof: ProofQuirks {
            takes: Some(CounterValue::After),
            lost_on_initialize: false,
            answers_once: false,
            blank_load_mac: false,
        },
        without_initialize: WithoutInitialize::InvalidState,
        wrong_mac_ends_session: true,
        fci_shows_file15: true,
    };

    /// As in the field, but no load can be proven afterwards: people have to decide.
    pub const WITHOUT_PROOF: Self = Self { proof: ProofQuirks { takes: None, ..Self::FIELD.proof }, ..Self::FIELD };

    /// As one published applet was seen to behave: log and proof use the counter before the transaction; the proof is
    /// given once, with a blank MAC, and any INITIALIZE loses it.
    pub const APPLET: Self = Self {
        log_carries: CounterValue::Before,
        proof: ProofQuirks {
            takes: Some(CounterValue::Before),
            lost_on_initialize: true,
            answers_once: true,
            blank_load_mac: true,
        },
        without_initialize: WithoutInitialize::ConditionsNotSatisfied,
        wrong_mac_ends_session: false,
        fci_shows_file15: false,
    };
}
