//! The cards: both behaviours that the field knows, in two makes.

use std::fmt;

use epurse::applications::Aid;
use epurse::card::{CardKeys, Profile, Protocol, Quirks, SoftCard, State};
use epurse::file15::{CardNumber, File15, Layout};
use epurse::keys::{Algorithm, Key};
use epurse::pin::Pin;
use epurse::time::Date;
use vault::Master;

/// The issuer's master keys: for loads, purchases and TACs.
const MASTERS: [[u8; 16]; 3] = [[0x11; 16], [0x22; 16], [0x33; 16]];
/// A class whose loads need a PIN, and the PIN.
pub(super) const CLASS_WITH_PIN: (u8, &str) = (0x05, "123456");
/// What is on a card at first, in fen.
pub(super) const AT_FIRST: u32 = 1_260;

/// How a card behaves where cards are known to differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Behaviour {
    Field,
    Applet,
}

/// A kind of card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Make {
    pub(super) behaviour: Behaviour,
    /// Speaks T=0, so that answers are fetched, and needs a PIN.
    pub(super) fetches: bool,
}

impl Make {
    pub(super) const ALL: [Self; 4] = [
        Self { behaviour: Behaviour::Field, fetches: false },
        Self { behaviour: Behaviour::Field, fetches: true },
        Self { behaviour: Behaviour::Applet, fetches: false },
        Self { behaviour: Behaviour::Applet, fetches: true },
    ];

    /// A new card with this serial number.
    pub(super) fn card(self, serial: u64) -> (CardNumber, SoftCard) {
        let number: CardNumber = format!("41000000{serial:08}").parse().expect("16 digits");
        let class = if self.fetches { CLASS_WITH_PIN.0 } else { 0x01 };
        let day = |year| Date::new(year, 5, 20).expect("a day");
        let file15 = File15::new(Layout::Mohurd, [0x41; 8], number, day(2015), day(2099))
            .expect("a file 15")
            .with_kind(1)
            .with_card_type([class, 0]);
        let [load, purchase, tac] = MASTERS.map(Key::new);
        let keys = CardKeys::of_masters(Algorithm::TripleDes, &load, &purchase, &tac, number.diversifier());
        let mut profile = Profile::new(file15, keys);
        if self.behaviour == Behaviour::Applet {
            profile.directory = Some(Aid::CITY_DIRECTORY);
            profile.quirks = Quirks::APPLET;
        }
        if self.fetches {
            profile.protocol = Protocol::T0;
            profile.pin = Some(Pin::bcd(CLASS_WITH_PIN.1).expect("digits"));
        }
        (number, SoftCard::new(profile, State::new(AT_FIRST, serial)))
    }
}

/// The masters that the server's vault has.
pub(super) fn masters() -> Vec<Master> {
    let [load, _, tac] = MASTERS;
    let master = |card_type| Master {
        card_type,
        version: 1,
        algorithm: Algorithm::TripleDes,
        mlk: Key::new(load),
        mtk: Key::new(tac),
    };
    [0x01, CLASS_WITH_PIN.0].map(master).into()
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field => "field",
            Self::Applet => "applet",
        })
    }
}

impl fmt::Display for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.behaviour, if self.fetches { " T=0 PIN" } else { "" })
    }
}
