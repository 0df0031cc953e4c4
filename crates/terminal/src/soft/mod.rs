//! A reader with software cards: several lie ready, one at a time is tapped.
//!
//! The cards are [`epurse::card::SoftCard`]s and as strict as real ones. What a real card keeps without power is kept
//! in a file, written whenever it changed and before the answer goes out, so that balances survive a restart just as
//! plastic does.

mod desk;
mod lone;
mod memory;
mod samples;
mod virtual_card;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use epurse::card::{Cut, Profile, SoftCard, State};
use link::{Reader, Tap};
use tokio::sync::watch;

use crate::{Card, CardLost, Error, Readers, exchange};

pub use desk::{Desk, SoftCardView, Tear, Title};
pub use lone::LoneCard;
pub use samples::{MasterKeys, ordinary_card, sample_cards};
pub use virtual_card::{Exchanged, Order, Place, VirtualCard, VirtualCardView};

/// CREDIT FOR LOAD, the one command that a [`Tear`] is about.
const CREDIT_FOR_LOAD: [u8; 2] = [0x80, 0x52];

/// A reader with software cards on the desk beside it; clones are the same reader.
#[derive(Clone)]
pub struct SoftReader(Arc<Inner>);

struct Inner {
    name: String,
    /// Where the cards' memories are kept, if they are.
    file: Option<PathBuf>,
    cards: Mutex<Cards>,
    readers: watch::Sender<Vec<Reader>>,
    desk: watch::Sender<Desk>,
}

struct Cards {
    all: Vec<Labelled>,
    lying: Option<Lying>,
    last_tap: u64,
    tear: Option<Tear>,
}

/// A software card to lay on the desk.
#[derive(Clone, Debug)]
pub struct SoftCardDefinition {
    /// What it is an example of.
    pub title: Title,
    /// What it was issued with.
    pub profile: Profile,
    /// What it remembers when it is new; later it remembers by itself.
    pub state: State,
}

struct Labelled {
    title: Title,
    card: SoftCard,
}

/// The card on the reader.
#[derive(Clone)]
struct Lying {
    number: String,
    tap: Tap,
}

/// There is no such card on the desk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no card {0} here")]
pub struct NoSuchCard(pub String);

impl SoftReader {
    /// A reader called `name` with these cards. What they remember comes from `file`, if it is there; without a file
    /// they forget.
    pub fn open(name: &str, file: Option<PathBuf>, cards: Vec<SoftCardDefinition>) -> Result<Self, Error> {
        let mut memories = match &file {
            Some(path) => memory::read(path)?,
            None => memory::Memories::new(),
        };
        let remembering = |new: SoftCardDefinition| {
            let number = new.profile.file15.number();
            let state = match memories.remove(&number.to_string()).map(State::try_from) {
                None => new.state,
                Some(Ok(state)) => state,
                Some(Err(error)) => return Err(Error::Card { number: number.to_string(), what: error.to_string() }),
            };
            Ok(Labelled { title: new.title, card: SoftCard::new(new.profile, state) })
        };
        let all = cards.into_iter().map(remembering).collect::<Result<_, _>>()?;
        let cards = Cards { all, lying: None, last_tap: 0, tear: None };
        let desk = cards.desk(name);
        let readers = watch::Sender::new(vec![Reader { name: name.to_owned(), tap: None }]);
        let inner =
            Inner { name: name.to_owned(), file, cards: Mutex::new(cards), readers, desk: watch::Sender::new(desk) };
        Ok(Self(Arc::new(inner)))
    }

    /// Puts a card on the reader, in place of the one that may lie there, and returns the number of this tap.
    pub fn tap(&self, card: &str) -> Result<u64, NoSuchCard> {
        let mut cards = self.cards();
        let atr = cards.card(card).ok_or_else(|| NoSuchCard(card.to_owned()))?.power_on();
        let tap = cards.last_tap.saturating_add(1);
        let there = Tap { tap, reader: self.0.name.clone(), atr: atr.into() };
        cards.last_tap = tap;
        cards.lying = Some(Lying { number: card.to_owned(), tap: there });
        self.publish(&cards);
        Ok(tap)
    }

    /// Takes the card off the reader, if one lies there. A command on its way is answered first: that is what a
    /// [`Tear`] is for.
    pub fn remove(&self) {
        self.take_off(&mut self.cards());
    }

    /// Arms the reader to lose the card during its next load; disarms it with `None`.
    pub fn tear(&self, tear: Option<Tear>) {
        let mut cards = self.cards();
        cards.tear = tear;
        self.publish(&cards);
    }

    /// Takes the card on the reader away at one moment of a later exchange, and says whether one lies there.
    pub fn cut(&self, cut: Cut) -> bool {
        let mut cards = self.cards();
        let lying = cards.lying.as_ref().map(|lying| lying.number.clone());
        let card = lying.and_then(|number| cards.card(&number));
        card.map(|card| card.remove_at(cut)).is_some()
    }

    /// What lies where, now and whenever it changes.
    pub fn desk(&self) -> watch::Receiver<Desk> {
        self.0.desk.subscribe()
    }

    /// One card as it is now.
    pub fn card(&self, number: &str) -> Option<SoftCardView> {
        self.0.desk.borrow().cards.iter().find(|card| card.number == number).cloned()
    }

    fn cards(&self) -> MutexGuard<'_, Cards> {
        self.0.cards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_off(&self, cards: &mut Cards) {
        if let Some(card) = cards.lying.take().and_then(|lying| cards.card(&lying.number)) {
            card.remove();
        }
        self.publish(cards);
    }

    fn publish(&self, cards: &Cards) {
        let tap = cards.lying.as_ref().map(|lying| lying.tap.clone());
        let readers = vec![Reader { name: self.0.name.clone(), tap }];
        replace_if_changed(&self.0.readers, readers);
        replace_if_changed(&self.0.desk, cards.desk(&self.0.name));
    }

    /// Stores what the cards remember. The card has done what it did; if it cannot be stored, that is only said.
    fn store(&self, cards: &Cards) {
        let Some(path) = &self.0.file else { return };
        let memories = cards.all.iter().map(|labelled| (labelled.number(), labelled.card.state().into())).collect();
        if let Err(error) = memory::write(path, &memories) {
            tracing::error!(%error, "what the software cards remember cannot be stored");
        }
    }

    fn transmit(&self, tap: u64, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
        let mut cards = self.cards();
        let tear = if apdu.starts_with(&CREDIT_FOR_LOAD) { cards.tear.take() } else { None };
        let card = cards.card_of(tap).ok_or(CardLost)?;
        if let Some(tear) = tear {
            card.remove_at(Cut { exchange: 0, at: tear.moment() });
        }
        let before = card.state().clone();
        let answer = exchange(card, apdu);
        if *card.state() != before {
            self.store(&cards);
        }
        match &answer {
            Ok(_) => self.publish(&cards),
            Err(CardLost) => self.take_off(&mut cards),
        }
        answer
    }
}

impl Readers for SoftReader {
    fn watch(&self) -> watch::Receiver<Vec<Reader>> {
        self.0.readers.subscribe()
    }

    fn connect(&self, tap: u64) -> Result<Box<dyn Card>, CardLost> {
        self.cards().card_of(tap).ok_or(CardLost)?.power_on();
        Ok(Box::new(Powered { reader: self.clone(), tap }))
    }
}

/// The software card of one tap, powered.
struct Powered {
    reader: SoftReader,
    tap: u64,
}

impl Card for Powered {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
        self.reader.transmit(self.tap, apdu)
    }
}

impl Cards {
    fn card(&mut self, number: &str) -> Option<&mut SoftCard> {
        self.all.iter_mut().find(|labelled| labelled.number() == number).map(|labelled| &mut labelled.card)
    }

    /// The card on the reader, if it still is the one of this tap.
    fn card_of(&mut self, tap: u64) -> Option<&mut SoftCard> {
        let number = self.lying.as_ref().filter(|lying| lying.tap.tap == tap)?.number.clone();
        self.card(&number)
    }

    fn desk(&self, reader: &str) -> Desk {
        let lying = self.lying.as_ref().map(|lying| lying.number.as_str());
        let cards = self.all.iter().map(|labelled| labelled.view(lying)).collect();
        Desk { reader: reader.to_owned(), cards, tear: self.tear }
    }
}

impl Labelled {
    fn number(&self) -> String {
        self.card.profile().file15.number().to_string()
    }

    fn view(&self, lying: Option<&str>) -> SoftCardView {
        let file15 = &self.card.profile().file15;
        let number = self.number();
        SoftCardView {
            title: self.title.clone(),
            balance_fen: self.card.balance(),
            loads: self.card.online_counter().0,
            expiry: file15.expiry().to_string(),
            enabled: file15.enabled() != Some(false),
            lies_there: lying == Some(&number),
            number,
        }
    }
}

fn replace_if_changed<T: PartialEq>(channel: &watch::Sender<T>, value: T) {
    channel.send_if_modified(|current| {
        let changed = *current != value;
        *current = value;
        changed
    });
}
