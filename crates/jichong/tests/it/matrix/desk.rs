//! A reader and its one card. Every command passes the stage, and a fault strikes on either side of it or within it.

use std::sync::{Arc, Mutex, MutexGuard};

use epurse::apdu::Transmit;
use epurse::card::{Cut, Moment, SoftCard};
use link::{Reader, Tap};
use terminal::{Card, CardLost, Readers, exchange};
use tokio::sync::watch;

use super::site::Site;
use super::stage::{Fault, Place, Tear, When};

/// The reader's name.
const NAME: &str = "reader";
/// CREDIT FOR LOAD, and where its MAC2 stands: after the header, date and time.
const CREDIT: [u8; 2] = [0x80, 0x52];
const MAC2: std::ops::Range<usize> = 12..16;

/// An order to take money that was sent to the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// As the database writes it.
    pub(super) mac2: String,
    /// What the card then had more, in fen.
    pub(super) gained: i64,
}

/// What the card itself says when all is over.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    pub(super) balance: i64,
    /// Whether it has still got the proof of its last transaction.
    pub(super) has_proof: bool,
    pub(super) orders: Vec<Order>,
}

/// A reader and its one card.
pub(super) struct Desk {
    state: Mutex<State>,
    readers: watch::Sender<Vec<Reader>>,
}

#[derive(Default)]
struct State {
    card: Option<SoftCard>,
    /// The tap, while the card lies there.
    lying: Option<u64>,
    last_tap: u64,
    /// The card goes at this moment of its next CREDIT FOR LOAD.
    tear: Option<Moment>,
    orders: Vec<Order>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), readers: watch::Sender::new(readers(None)) }
    }

    /// Takes another card to hand; it does not lie there yet.
    pub(super) fn hand(&self, card: SoftCard) {
        let mut state = self.state();
        *state = State { card: Some(card), last_tap: state.last_tap, ..State::default() };
        self.publish(&state);
    }

    /// Puts the card down; lifts it first if it lies there.
    pub(super) fn tap(&self) {
        let mut state = self.state();
        state.take_away();
        state.last_tap += 1;
        state.lying = Some(state.last_tap);
        self.publish(&state);
    }

    /// Takes the card away.
    pub(super) fn remove(&self) {
        let mut state = self.state();
        state.take_away();
        self.publish(&state);
    }

    /// A terminal's program starts: it finds the card that lies there without power, and counts its taps from one.
    pub(super) fn program_starts(&self) {
        let mut state = self.state();
        let lies = state.lying.is_some();
        state.take_away();
        state.last_tap = u64::from(lies);
        state.lying = lies.then_some(1);
        self.publish(&state);
    }

    /// The card will be gone at this moment of its next CREDIT FOR LOAD.
    pub(super) fn tear_at_credit(&self, at: Moment) {
        self.state().tear = Some(at);
    }

    pub(super) fn truth(&self) -> Truth {
        let state = self.state();
        let card = state.card.as_ref().expect("a card");
        let has_proof = card.state().proof.is_some();
        Truth { balance: i64::from(card.balance()), has_proof, orders: state.orders.clone() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panicked with it")
    }

    fn publish(&self, state: &State) {
        let now = readers(state.lying);
        self.readers.send_if_modified(|told| {
            let changed = *told != now;
            told.clone_from(&now);
            changed
        });
    }

    fn transmit(&self, tap: u64, apdu: &[u8], cut: Option<Moment>) -> Result<Vec<u8>, CardLost> {
        let mut state = self.state();
        if state.lying != Some(tap) {
            return Err(CardLost);
        }
        let is_order = apdu.starts_with(&CREDIT);
        let cut = if is_order { cut.or(state.tear.take()) } else { cut };
        let card = state.card.as_mut().ok_or(CardLost)?;
        if let Some(at) = cut {
            card.remove_at(Cut { exchange: 0, at });
        }
        let before = i64::from(card.balance());
        let answer = card.transmit(apdu).map_err(|_| CardLost);
        let gained = i64::from(card.balance()) - before;
        assert!(is_order || gained == 0, "only CREDIT FOR LOAD moves money");
        if is_order {
            state.orders.push(Order { mac2: hex::encode_upper(&apdu[MAC2]), gained });
        }
        if cut.is_some() {
            state.take_away();
            self.publish(&state);
        }
        answer
    }
}

impl State {
    fn take_away(&mut self) {
        self.lying = None;
        if let Some(card) = &mut self.card {
            card.remove();
        }
    }
}

fn readers(tap: Option<u64>) -> Vec<Reader> {
    let there = |tap| Tap { tap, reader: NAME.to_owned(), atr: epurse::card::ATR.to_vec().into() };
    vec![Reader { name: NAME.to_owned(), tap: tap.map(there) }]
}

/// The desk as one run of the terminal's program has it.
pub(super) struct Attached(pub(super) Arc<Site>);

impl Readers for Attached {
    fn watch(&self) -> watch::Receiver<Vec<Reader>> {
        self.0.desk.readers.subscribe()
    }

    fn connect(&self, tap: u64) -> Result<Box<dyn Card>, CardLost> {
        let mut state = self.0.desk.state();
        let there = state.lying == Some(tap);
        state.card.as_mut().filter(|_| there).ok_or(CardLost)?.power_on();
        Ok(Box::new(Powered { site: Arc::clone(&self.0), tap }))
    }
}

struct Powered {
    site: Arc<Site>,
    tap: u64,
}

impl Card for Powered {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
        exchange(&mut Contacts { site: &self.site, tap: self.tap }, apdu)
    }
}

/// The bare transport: at T=0 every GET RESPONSE is an exchange of its own.
struct Contacts<'a> {
    site: &'a Site,
    tap: u64,
}

impl Transmit for Contacts<'_> {
    type Error = CardLost;

    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
        let fault = self.site.stage.comes(Place::Card, name(apdu));
        if let Some(fault) = fault {
            self.site.strike(fault, When::Before);
        }
        let answer = if fault == Some(Fault::TerminalKilled(When::Before)) {
            Err(CardLost) // its command never got here
        } else {
            self.site.desk.transmit(self.tap, apdu, fault.and_then(moment))
        };
        if let Some(fault) = fault {
            self.site.strike(fault, When::After);
            self.site.stage.has_struck();
        }
        answer
    }
}

fn moment(fault: Fault) -> Option<Moment> {
    let Fault::Removed(tear) = fault else { return None };
    Some(match tear {
        Tear::Before => Moment::Command(0),
        Tear::NotWritten => Moment::BeforeWrite,
        Tear::Written => Moment::AfterWrite,
        Tear::HalfAnswered => Moment::Answer(1),
        Tear::Answered => Moment::Answer(usize::MAX),
    })
}

/// A command's name.
fn name(apdu: &[u8]) -> String {
    let what = match apdu {
        [0x00, 0xA4, ..] => "SELECT",
        [0x00, 0xB0, ..] => "READ BINARY",
        [0x00, 0xB2, ..] => "READ RECORD",
        [0x00, 0x20, ..] => "VERIFY",
        [0x00, 0xC0, ..] => "GET RESPONSE",
        [0x80, 0x5C, ..] => "GET BALANCE",
        [0x80, 0x50, ..] => "INITIALIZE FOR LOAD",
        [0x80, 0x52, ..] => "CREDIT FOR LOAD",
        [0x80, 0x5A, ..] => "GET TRANSACTION PROVE",
        other => panic!("a command that no load needs: {}", hex::encode_upper(other)),
    };
    what.to_owned()
}
