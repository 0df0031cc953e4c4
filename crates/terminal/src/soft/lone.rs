use std::fs::File;
use std::path::PathBuf;

use epurse::card::{ATR, Cut, Protocol, SoftCard, State};

use super::{SoftCardDefinition, memory};
use crate::{CardLost, Error, durable};

/// One software card on its own, for whoever brings a reader to it.
///
/// It answers as plastic does, at T=0 too: `61xx` and `6Cxx` are left to the other side. What it keeps without power is
/// in a file, as with [`SoftReader`](super::SoftReader).
#[derive(Debug)]
pub struct LoneCard {
    card: SoftCard,
    file: Option<PathBuf>,
    _lock: Option<File>,
}

impl LoneCard {
    /// A card that remembers what `file` says; what its definition says if there is no such file.
    pub fn open(definition: SoftCardDefinition, file: Option<PathBuf>) -> Result<Self, Error> {
        let lock = file.as_deref().map(durable::lock_beside).transpose()?;
        let number = definition.profile.file15.number().to_string();
        let mut memories = file.as_deref().map(memory::read).transpose()?.unwrap_or_default();
        let state = match memories.remove(&number).map(State::try_from) {
            None if memories.is_empty() => definition.state,
            None => return Err(Error::Card { number, what: "the file is another card's".to_owned() }),
            Some(Ok(state)) => state,
            Some(Err(error)) => return Err(Error::Card { number, what: error.to_string() }),
        };
        let lone = Self { card: SoftCard::new(definition.profile, state), file, _lock: lock };
        lone.store()?;
        Ok(lone)
    }

    /// Gives it power, or resets it: all volatile memory is lost.
    pub fn power_on(&mut self) {
        self.card.power_on();
    }

    /// Whether it has power; a [`Cut`] takes it away.
    pub fn is_powered(&self) -> bool {
        self.card.is_powered()
    }

    /// Its answer to reset, which offers the protocol it speaks.
    pub fn atr(&self) -> Vec<u8> {
        match self.card.profile().protocol {
            Protocol::T0 => ATR.to_vec(),
            Protocol::T1 => atr_at_t1(),
        }
    }

    /// Takes its power away.
    pub fn power_off(&mut self) {
        self.card.remove();
    }

    /// Carries out one command and stores what changed before it answers.
    pub fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
        let before = self.card.state().clone();
        let answer = self.card.transmit(apdu);
        if *self.card.state() != before
            && let Err(error) = self.store()
        {
            // The card has done what it did.
            tracing::error!(%error, "what the card remembers cannot be stored");
        }
        answer.map_err(|_| CardLost)
    }

    /// Takes it away at one moment of a later exchange.
    pub fn cut(&mut self, cut: Cut) {
        self.card.remove_at(cut);
    }

    /// Its number.
    pub fn number(&self) -> String {
        self.card.profile().file15.number().to_string()
    }

    /// Its balance, in fen.
    pub fn balance_fen(&self) -> u32 {
        self.card.balance()
    }

    /// How many loads it has taken.
    pub fn loads(&self) -> u16 {
        self.card.online_counter().0
    }

    fn store(&self) -> Result<(), Error> {
        let Some(path) = &self.file else { return Ok(()) };
        memory::write(path, &memory::Memories::from([(self.number(), self.card.state().into())]))
    }
}

/// As [`ATR`], with its 15 historical bytes, but offering T=1 the way contactless readers do (PC/SC part 3).
fn atr_at_t1() -> Vec<u8> {
    let historical = ATR.iter().skip(ATR.len().saturating_sub(15));
    let mut atr: Vec<u8> = [0x3B, 0x8F, 0x80, 0x01].iter().chain(historical).copied().collect();
    // The check byte makes everything after the first one sum to nothing.
    atr.push(atr.iter().skip(1).fold(0, |check, byte| check ^ byte));
    atr
}

#[cfg(test)]
mod tests {
    use epurse::card::Moment;
    use epurse::keys::Key;

    use super::*;
    use crate::{MasterKeys, ordinary_card};

    fn definition(number: &str) -> SoftCardDefinition {
        let keys = [1, 2, 3].map(|byte| Key::new([byte; 16]));
        let [mlk, mpk, mtk] = keys;
        ordinary_card(&MasterKeys { mlk, mpk, mtk }, number.parse().expect("a number"), 7).expect("a card")
    }

    #[test]
    fn a_card_remembers_and_belongs_to_one_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("card.json");
        let mut card = LoneCard::open(definition("4100000099000001"), Some(file.clone())).expect("a card");
        let second = LoneCard::open(definition("4100000099000001"), Some(file.clone()));
        assert!(matches!(second, Err(Error::InUse(_))), "{second:?}");
        let stored = std::fs::read(&file).expect("stored at once");
        card.power_on();
        card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]).expect("a random number");
        assert_ne!(std::fs::read(&file).expect("stored"), stored, "and stored before it answers");
        card.cut(Cut { exchange: 0, at: Moment::AfterWrite });
        assert_eq!(card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]), Err(CardLost));
        assert_eq!(card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]), Err(CardLost), "it is gone until it has power");
        drop(card);

        let mut same = definition("4100000099000001");
        same.state.balance = 7;
        let card = LoneCard::open(same, Some(file.clone())).expect("the same card");
        assert_eq!((card.balance_fen(), card.loads()), (1_260, 0), "a definition is for a new card");
        drop(card);
        let other = LoneCard::open(definition("4100000099000002"), Some(file));
        assert!(matches!(other, Err(Error::Card { .. })), "{other:?}");
    }

    #[test]
    fn the_answer_to_reset_offers_the_protocol_that_the_card_speaks() {
        let mut definition = definition("4100000099000001");
        for (protocol, first) in [(Protocol::T0, 0x80), (Protocol::T1, 0x01)] {
            definition.profile.protocol = protocol;
            let atr = LoneCard::open(definition.clone(), None).expect("a card").atr();
            // The first TD byte after TA1: 80 offers T=0; at T=1 TD1 only announces TD2, which is 01.
            assert_eq!(atr[3], first, "{atr:02X?}");
            assert_eq!(atr[1..].iter().fold(0, |check, byte| check ^ byte), 0, "the check byte");
        }
    }
}
