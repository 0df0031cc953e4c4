//! A clerk's counter: a real terminal, a reader, and software cards that take their time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::sleep;
use std::time::Duration;

use epurse::card::{CardKeys, Profile, State};
use epurse::file15::{CardNumber, File15, Layout};
use epurse::keys::{Algorithm, Key};
use epurse::time::Date;
use link::Reader;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use terminal::{
    Card, CardLost, Config, EXCHANGE_LIMIT, Handle, Readers, SoftCardDefinition, SoftCardView, SoftReader, Title,
};
use tokio::sync::watch;

use super::server::{CLASS, MASTERS, Place};

/// Cards beside each reader: enough that some may end in doubt.
const CARDS: u64 = 6;
/// How long a card takes to begin a CREDIT FOR LOAD, and then to answer: real ones need a few tenths of a second.
const HALF: Duration = Duration::from_millis(60);
/// CREDIT FOR LOAD, and where its MAC2 stands: after the header, date and time.
const CREDIT: [u8; 2] = [0x80, 0x52];
const MAC2: std::ops::Range<usize> = 12..16;

/// One terminal with its reader and cards.
pub(crate) struct Counter {
    pub(crate) terminal: String,
    reader: SlowReader,
    journal: PathBuf,
    _handle: Handle,
}

impl Counter {
    /// Enrols terminal `index` at the running server and starts it.
    pub(crate) async fn open(place: &Place, index: u8, seed: u64) -> Self {
        let terminal = format!("0000010000{:02x}", 0x50 + index);
        let code = place.add_terminal(&terminal);
        let state_dir = place.folder().join(&terminal);
        let server = place.url.parse().expect("an address");
        let mut dice = StdRng::seed_from_u64(seed ^ u64::from(index) << 48);
        terminal::enrol(&server, None, &code, &state_dir, &mut dice).await.expect("enrolled");
        let first = u64::from(index) * 1_000;
        let cards = (first..first + CARDS).map(|serial| card(serial, seed)).collect();
        let soft = SoftReader::open("reader", None, cards).expect("a reader");
        let reader = SlowReader { soft, seen: Arc::default() };
        let journal = state_dir.join("journal.jsonl");
        let config = Config { server, state_dir, ca_file: None, exchange_limit: EXCHANGE_LIMIT };
        let handle = terminal::start(config, Arc::new(reader.clone()), Box::new(dice)).expect("a terminal");
        Self { terminal, reader, journal, _handle: handle }
    }

    /// Puts a card down in place of the one that may lie there.
    pub(crate) fn tap(&self, card: &str) {
        let mut seen = self.reader.seen();
        let tap = self.reader.soft.tap(card).expect("a card of this reader");
        seen.taps.insert(tap, card.to_owned());
    }

    /// The cards as they are now.
    pub(crate) fn cards(&self) -> Vec<SoftCardView> {
        self.reader.soft.desk().borrow().cards.clone()
    }

    /// What is on a card now, in fen.
    pub(crate) fn balance(&self, card: &str) -> i64 {
        self.reader.balance(card)
    }

    /// What the cards took, in order.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.reader.seen().taken.clone()
    }

    /// Whether the server has taken every result that the terminal's journal keeps.
    pub(crate) fn has_nothing_to_say(&self) -> bool {
        let mut open = BTreeSet::new();
        for line in super::lines(&self.journal) {
            // A line that is not whole is being written.
            let Ok(entry) = serde_json::from_str::<BTreeMap<String, serde_json::Value>>(&line) else { return false };
            for (kind, entry) in entry {
                let script = entry["script"].as_str().expect("each entry names its script").to_owned();
                if kind == "acknowledged" {
                    open.remove(&script)
                } else {
                    open.insert(script)
                };
            }
        }
        open.is_empty()
    }
}

/// Money that a card took.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) card: String,
    /// The order that made it, as the database writes it.
    pub(crate) mac2: String,
    pub(crate) amount_fen: i64,
}

/// A software reader whose cards are as slow as plastic, so that the server dies before, during and after their work.
#[derive(Clone)]
struct SlowReader {
    soft: SoftReader,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// Which card each tap was.
    taps: BTreeMap<u64, String>,
    taken: Vec<Taken>,
}

impl SlowReader {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panicked with it")
    }

    fn balance(&self, card: &str) -> i64 {
        i64::from(self.soft.card(card).expect("a card of this reader").balance_fen)
    }
}

impl Readers for SlowReader {
    fn watch(&self) -> watch::Receiver<Vec<Reader>> {
        self.soft.watch()
    }

    fn connect(&self, tap: u64) -> Result<Box<dyn Card>, CardLost> {
        let number = self.seen().taps.get(&tap).cloned().ok_or(CardLost)?;
        Ok(Box::new(SlowCard { card: self.soft.connect(tap)?, number, reader: self.clone() }))
    }
}

struct SlowCard {
    card: Box<dyn Card>,
    number: String,
    reader: SlowReader,
}

impl Card for SlowCard {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
        if !apdu.starts_with(&CREDIT) {
            return self.card.transmit(apdu);
        }
        sleep(HALF);
        let before = self.reader.balance(&self.number);
        let answer = self.card.transmit(apdu);
        let amount_fen = self.reader.balance(&self.number) - before;
        if amount_fen != 0 {
            let taken = Taken { card: self.number.clone(), mac2: hex::encode_upper(&apdu[MAC2]), amount_fen };
            self.reader.seen().taken.push(taken);
        }
        sleep(HALF);
        answer
    }
}

/// An ordinary, empty card.
fn card(serial: u64, seed: u64) -> SoftCardDefinition {
    let number: CardNumber = format!("41000000{serial:08}").parse().expect("16 digits");
    let day = |year| Date::new(year, 5, 20).expect("a day");
    let file15 = File15::new(Layout::Mohurd, [0x41; 8], number, day(2015), day(2099))
        .expect("a file 15")
        .with_kind(1)
        .with_card_type([CLASS, 0]);
    let [load, tac] = MASTERS.map(Key::new);
    let purchase = Key::new([0x22; 16]);
    let keys = CardKeys::of_masters(Algorithm::TripleDes, &load, &purchase, &tac, number.diversifier());
    SoftCardDefinition {
        title: Title::new("普通卡", "Standard card"),
        profile: Profile::new(file15, keys),
        state: State::new(0, seed.wrapping_add(serial)),
    }
}
