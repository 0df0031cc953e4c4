//! The cards of a test: what lies on a bench, with the masters that the vault has, and what each card took.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard};

use epurse::card::{CardKeys, Cut, Moment, Profile, SoftCard, State};
use epurse::file15::{CardNumber, File15, Layout};
use epurse::keys::{Algorithm, Key};
use epurse::time::Date;
use rand::RngExt as _;
use rand::rngs::StdRng;
use topup::loads::OrderNumber;
use vault::Master;

/// What a card is an example of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// ¥12.60 on it.
    Ordinary,
    Student,
    /// ¥1,000 on it.
    Full,
    Expired,
    Disabled,
    UnknownClass,
    /// Another issuer's keys.
    Foreign,
    /// A key version that the vault does not have.
    UnknownKey,
    /// A card with another application.
    NoApplication,
    /// Wants its directory selected first, and differs wherever cards differ.
    Changsha,
}

/// When a card is torn away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tear {
    BeforeCommand,
    AfterCommand,
    At(Moment),
}

impl Tear {
    /// Any byte of the command, either side of the write, any byte of the answer.
    pub(crate) fn random(dice: &mut StdRng) -> Self {
        Self::At(match dice.random_range(0..4) {
            0 => Moment::Command(dice.random_range(0..17)),
            1 => Moment::BeforeWrite,
            2 => Moment::AfterWrite,
            _ => Moment::Answer(dice.random_range(0..6)),
        })
    }

    fn moment(self) -> Moment {
        match self {
            Self::BeforeCommand => Moment::Command(3),
            Self::AfterCommand => Moment::Answer(0),
            Self::At(moment) => moment,
        }
    }
}

const MASTERS: [[u8; 16]; 3] = [[0x11; 16], [0x22; 16], [0x33; 16]];

/// The issuer's master keys for every class.
pub(crate) fn masters() -> Vec<Master> {
    let [load, _, tac] = MASTERS;
    let master = |card_type| Master {
        card_type,
        version: 1,
        algorithm: Algorithm::TripleDes,
        mlk: Key::new(load),
        mtk: Key::new(tac),
    };
    (0..=4).chain([0x77]).map(master).collect()
}

/// Cards beside a reader.
pub(crate) struct Bench {
    cards: Mutex<Vec<SoftCard>>,
    start: i64,
    /// Loads that moved a card's balance, by order number.
    taken: Mutex<BTreeSet<String>>,
}

impl Bench {
    /// One card of each kind, numbered from 1.
    pub(crate) fn of(kinds: &[Kind]) -> Self {
        Self::holding(kinds.iter().zip(1..).map(|(kind, serial)| card(*kind, serial, serial)).collect())
    }

    /// Cards of both behaviours with these serials.
    pub(crate) fn ordinary(serials: Range<u64>, seed: u64) -> Self {
        let kind = |serial: u64| if serial.is_multiple_of(2) { Kind::Ordinary } else { Kind::Changsha };
        Self::holding(serials.map(|serial| card(kind(serial), serial, seed.wrapping_add(serial))).collect())
    }

    fn holding(cards: Vec<SoftCard>) -> Self {
        let start = cards.iter().map(|card| i64::from(card.balance())).sum();
        Self { cards: Mutex::new(cards), start, taken: Mutex::default() }
    }

    fn cards(&self) -> MutexGuard<'_, Vec<SoftCard>> {
        self.cards.lock().expect("no test panicked with it")
    }

    pub(crate) fn power_on(&self, card: usize) {
        self.cards()[card].power_on();
    }

    pub(crate) fn power_off(&self, card: usize) {
        self.cards()[card].remove();
    }

    pub(crate) fn number(&self, card: usize) -> CardNumber {
        self.cards()[card].profile().file15.number()
    }

    pub(crate) fn balance(&self, card: usize) -> u32 {
        self.cards()[card].balance()
    }

    /// Sends one APDU of a script; none if the card is gone. If its balance moves, this load was taken.
    pub(crate) fn transmit(&self, card: usize, script: &str, apdu: &[u8], tear: Option<Tear>) -> Option<Vec<u8>> {
        let mut cards = self.cards();
        let card = &mut cards[card];
        let before = card.balance();
        if let Some(tear) = tear {
            card.remove_at(Cut { exchange: 0, at: tear.moment() });
        }
        let answer = card.transmit(apdu).ok();
        if card.balance() != before {
            let first = self.taken.lock().expect("no test panicked with it").insert(script.to_owned());
            assert!(first, "{script} was charged twice");
        }
        answer
    }

    /// Whether any card here took the money of a load.
    pub(crate) fn took(&self, order: OrderNumber) -> bool {
        self.taken.lock().expect("no test panicked with it").contains(&order.to_string())
    }

    /// What all cards gained since the start, in fen.
    pub(crate) fn gained(&self) -> i64 {
        self.cards().iter().map(|card| i64::from(card.balance())).sum::<i64>() - self.start
    }
}

fn card(kind: Kind, serial: u64, seed: u64) -> SoftCard {
    let number: CardNumber = format!("41000000{serial:08}").parse().expect("16 digits");
    let day = |year| Date::new(year, 5, 20).expect("a day");
    let expiry = if kind == Kind::Expired { day(2020) } else { day(2099) };
    let class = match kind {
        Kind::Student => 2,
        Kind::UnknownClass => 0x77,
        _ => 1,
    };
    let file15 = File15::new(Layout::Mohurd, [0x41; 8], number, day(2015), expiry)
        .expect("a file 15")
        .with_kind(u8::from(kind != Kind::Disabled))
        .with_card_type([class, 0]);
    let [load, purchase, tac] =
        MASTERS.map(|master| if kind == Kind::Foreign { master.map(|byte| !byte) } else { master });
    let [load, purchase, tac] = [load, purchase, tac].map(Key::new);
    let mut keys = CardKeys::of_masters(Algorithm::TripleDes, &load, &purchase, &tac, number.diversifier());
    if kind == Kind::UnknownKey {
        keys.version = 9;
    }
    let mut profile = Profile::new(file15, keys);
    if kind == Kind::NoApplication {
        profile.aid = epurse::applications::Aid::SHENZHEN;
    }
    if kind == Kind::Changsha {
        profile.directory = Some(epurse::applications::Aid::CITY_DIRECTORY);
        profile.quirks = epurse::card::Quirks::APPLET;
    }
    SoftCard::new(profile, State::new(if kind == Kind::Full { 100_000 } else { 1_260 }, seed))
}
