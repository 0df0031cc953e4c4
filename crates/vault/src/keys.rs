//! The names of keys, what may be shown of them, and how two people bring one in.

use std::fmt;

use epurse::keys::{Algorithm, AlgorithmRefused, Key, Sm4Policy};
use epurse::load::Initialized;
use zeroize::Zeroizing;

/// Which master keys a card's keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyRef {
    /// The kind of card as the issuer numbers its key sets; the card does not send it.
    pub card_type: u8,
    /// The key version of the card's INITIALIZE answer.
    pub version: u8,
    /// The algorithm identifier of the same answer. The vault decides whether it may be used.
    pub algorithm_id: u8,
}

impl KeyRef {
    /// The keys that a card of `card_type` means by its INITIALIZE answer.
    pub fn new(card_type: u8, answer: &Initialized) -> Self {
        Self { card_type, version: answer.key_version, algorithm_id: answer.algorithm_id }
    }

    /// The set of keys that is meant.
    pub(crate) fn set(self, sm4: Sm4Policy) -> Result<KeySet, AlgorithmRefused> {
        let Self { card_type, version, algorithm_id } = self;
        Ok(KeySet { card_type, version, algorithm: Algorithm::from_id(algorithm_id, sm4)? })
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { card_type, version, algorithm_id } = self;
        write!(f, "card type {card_type:02X}, version {version:02X}, algorithm {algorithm_id:02X}")
    }
}

/// The name of a set of master keys, one for loads and one for TACs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeySet {
    /// The kind of card as the issuer numbers its key sets.
    pub card_type: u8,
    /// The key version as cards report it.
    pub version: u8,
    /// What the keys are for.
    pub algorithm: Algorithm,
}

impl KeySet {
    /// An order for people to read: by card type, then version.
    pub(crate) fn place(self) -> (u8, u8, u8) {
        (self.card_type, self.version, self.algorithm.id())
    }
}

impl fmt::Display for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "card type {:02X}, version {:02X}, {}", self.card_type, self.version, self.algorithm)
    }
}

/// The master keys of one card type, version and algorithm.
///
/// There is no purchase key among them: the server sells nothing, and a key it does not hold it cannot lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Master {
    /// The kind of card as the issuer numbers its key sets.
    pub card_type: u8,
    /// The key version as cards report it.
    pub version: u8,
    /// What the keys are for.
    pub algorithm: Algorithm,
    /// The load master key.
    pub mlk: Key,
    /// The TAC master key.
    pub mtk: Key,
}

impl Master {
    /// The keys of `set`.
    pub fn new(set: KeySet, mlk: Key, mtk: Key) -> Self {
        Self { card_type: set.card_type, version: set.version, algorithm: set.algorithm, mlk, mtk }
    }

    /// What they are called.
    pub fn set(&self) -> KeySet {
        KeySet { card_type: self.card_type, version: self.version, algorithm: self.algorithm }
    }

    /// What may be shown of them.
    pub fn check_value(&self) -> CheckValue {
        let check = |key: &Key| key.check_value(self.algorithm);
        CheckValue { set: self.set(), load: check(&self.mlk), tac: check(&self.mtk) }
    }
}

/// What tells two sets of keys apart without telling what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckValue {
    /// Which keys.
    pub set: KeySet,
    /// The load master key's check value: the first three bytes of a block of zeros, enciphered.
    pub load: [u8; 3],
    /// The TAC master key's.
    pub tac: [u8; 3],
}

impl fmt::Display for CheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: load {}, TAC {}", self.set, hex::encode_upper(self.load), hex::encode_upper(self.tac))
    }
}

/// One custodian's part of both keys of a set. By itself it says nothing about them: a key is the XOR of two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component(Master);

/// Why two parts make no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// They are for different sets of keys.
    #[error("the two components are for different keys: {0} and {1}")]
    Sets(KeySet, KeySet),
    /// One part came twice, at least for one of the two keys, which would be all zeros.
    #[error("the two components are the same, in the load key or in the TAC key: was one typed twice?")]
    Same,
    /// A part that leaves the key as it is in the other: its custodian would know it.
    #[error("a component of zeros leaves the key to the other custodian alone")]
    Zeros,
    /// A key has two equal halves, which makes 3DES single DES.
    #[error("the two components make a 3DES key with two equal halves, which is no stronger than single DES")]
    Halves,
}

impl Component {
    /// The part `load` of the load key and `tac` of the TAC key.
    pub fn new(set: KeySet, load: Key, tac: Key) -> Self {
        Self(Master::new(set, load, tac))
    }

    /// What it is a part of.
    pub fn set(&self) -> KeySet {
        self.0.set()
    }

    /// For its custodian to compare with their record.
    pub fn check_value(&self) -> CheckValue {
        self.0.check_value()
    }

    /// Fails if it leaves a key to the other custodian alone.
    pub fn sound(&self) -> Result<(), Unfit> {
        let zeros = Key::new([0; 16]);
        let (load, tac) = self.parts();
        if *load == zeros || *tac == zeros { Err(Unfit::Zeros) } else { Ok(()) }
    }

    /// The two parts' bytes, for the one place that seals them.
    pub(crate) fn parts(&self) -> (&Key, &Key) {
        (&self.0.mlk, &self.0.mtk)
    }

    /// The keys.
    pub fn join(&self, other: &Self) -> Result<Master, Unfit> {
        if self.set() != other.set() {
            return Err(Unfit::Sets(self.set(), other.set()));
        }
        self.sound()?;
        other.sound()?;
        let ((load, tac), (other_load, other_tac)) = (self.parts(), other.parts());
        if load == other_load || tac == other_tac {
            return Err(Unfit::Same);
        }
        let whole = Master::new(self.set(), xor(load, other_load), xor(tac, other_tac));
        if whole.algorithm == Algorithm::TripleDes && [&whole.mlk, &whole.mtk].into_iter().any(equal_halves) {
            return Err(Unfit::Halves);
        }
        Ok(whole)
    }
}

fn xor(one: &Key, other: &Key) -> Key {
    let mut bytes = Zeroizing::new([0; 16]);
    for ((byte, one), other) in bytes.iter_mut().zip(one.expose()).zip(other.expose()) {
        *byte = one ^ other;
    }
    Key::new(*bytes)
}

/// Whether the halves are the same to DES, which leaves the lowest bit of each byte aside.
fn equal_halves(key: &Key) -> bool {
    let (left, right) = key.expose().split_at(8);
    left.iter().zip(right).fold(0, |differ, (left, right)| differ | ((left ^ right) & 0xFE)) == 0
}
