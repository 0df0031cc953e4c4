//! A city over two years: its groups, their people and terminals, and every load as it will have come to pass. Nothing
//! here knows a database; the same number of loads is the same city.

use ledger::{Fen, GroupId};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use store::Micros;
use topup::Ids;
use topup::records::Day;

/// The moment at which it is looked at: in the afternoon of 22 November 2026, in Beijing.
pub(crate) const NOW: Micros = Micros(1_795_329_128_000_000);

/// Days with loads, up to yesterday.
pub(crate) const DAYS: i64 = 730;

/// The group that a fifth of all loads are of, as in a city with one large employer.
pub(crate) const BUSY: GroupId = GroupId(1);

/// Cards are read between eight in the morning and eight in the evening.
const OPENS_US: i64 = 8 * 3_600_000_000;
const OPEN_US: i64 = 12 * 3_600_000_000;

/// One in so many loads of the busy group is by its rare operator, and one at its rare terminal.
const RARE: i64 = 20_000;

/// What clerks charge.
const AMOUNTS: [i64; 5] = [1_000, 2_000, 3_000, 5_000, 10_000];

/// So many loads are in doubt, and so many were corrected, whatever the size.
const DOUBTFUL: i64 = 200;
const CORRECTED: i64 = 100;

/// Loads in the order of time.
#[derive(Debug)]
pub(crate) struct City {
    pub(crate) loads: i64,
    pub(crate) groups: i64,
    next: i64,
    dice: StdRng,
}

/// A group, its people and its places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) operators: i64,
    pub(crate) terminals: i64,
    cards: i64,
}

/// A load as it will have come to pass.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) group: GroupId,
    pub(crate) id: i64,
    pub(crate) at: Micros,
    pub(crate) operator: i64,
    pub(crate) terminal: String,
    pub(crate) card: String,
    pub(crate) amount: Fen,
    pub(crate) balance: Fen,
    pub(crate) fate: Fate,
}

/// What becomes of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// On the card.
    Written,
    /// Refused before anything was held.
    Refused,
    /// Held, and given back.
    Released,
    /// Still held: nobody knows.
    Doubtful,
    /// Held to be not written, and proven to be written after all.
    WrittenAfterAll,
}

impl City {
    pub(crate) fn new(loads: i64, groups: i64) -> Self {
        Self { loads, groups, next: 0, dice: StdRng::seed_from_u64(20_261_122) }
    }

    pub(crate) fn all_groups(&self) -> impl Iterator<Item = Group> + use<> {
        (1..=self.groups).map(|id| Group::of(GroupId(id)))
    }

    /// Its first day.
    pub(crate) fn first_day() -> Day {
        Day::of(NOW).plus(-DAYS)
    }

    fn group(&mut self) -> Group {
        if self.groups == 1 || self.dice.random_range(0..5) == 0 {
            return Group::of(BUSY);
        }
        // Squared, so that some are much larger than others.
        let chance: i64 = self.dice.random_range(0..1_000_000);
        Group::of(GroupId(2 + (self.groups - 1) * (chance * chance / 1_000_000) / 1_000_000))
    }

    /// About what a group charges in all.
    pub(crate) fn expected(&self, group: GroupId) -> Fen {
        let loads = if group == BUSY { self.loads / 5 } else { self.loads / self.groups };
        Fen::new(loads.max(1) * 4_200)
    }
}

impl Group {
    fn of(id: GroupId) -> Self {
        if id == BUSY {
            Self { id, operators: 24, terminals: 12, cards: 20_000 }
        } else {
            Self { id, operators: 3, terminals: 2, cards: 400 }
        }
    }

    /// An operator's id. The last of a busy group is its rare one.
    pub(crate) fn operator(&self, number: i64) -> i64 {
        self.id.0 * 1_000 + number
    }

    /// A terminal's number. The last of a busy group is its rare one.
    pub(crate) fn terminal(&self, number: i64) -> String {
        format!("{:012x}", self.id.0 * 256 + number)
    }

    /// The number of a card: scattered, as cards are handed out.
    pub(crate) fn card(&self, number: i64) -> String {
        format!("4100{:04}{:08}", self.id.0 % 10_000, (self.id.0 * 6_700_417 + number * 7_368_787) % 100_000_000)
    }
}

impl Iterator for City {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        let n = self.next;
        if n >= self.loads {
            return None;
        }
        self.next += 1;
        let day = Self::first_day().plus(n * DAYS / self.loads);
        // To the millisecond, and no two of one moment.
        let within = n * DAYS % self.loads * (OPEN_US / 1_000) / self.loads * 1_000;
        let at = Micros(day.begins().0 + OPENS_US + within + n % 1_000);
        let group = self.group();
        let dice = &mut self.dice;
        let fate = match dice.random_range(0..100) {
            _ if n % (self.loads / DOUBTFUL).max(1) == 7 => Fate::Doubtful,
            _ if n % (self.loads / CORRECTED).max(1) == 11 => Fate::WrittenAfterAll,
            0..=2 => Fate::Refused,
            3 => Fate::Released,
            _ => Fate::Written,
        };
        let usual = dice.random_range(0..group.operators - i64::from(group.id == BUSY));
        let (mut operator, mut place) = (usual, usual % (group.terminals - i64::from(group.id == BUSY)));
        if group.id == BUSY {
            match dice.random_range(0..RARE) {
                0 => operator = group.operators - 1,
                1 => place = group.terminals - 1,
                _ => {}
            }
        }
        // What is in doubt needs a card of its own: a group holds money for one load of a card.
        let card = if fate == Fate::Doubtful { group.cards + n } else { dice.random_range(0..group.cards) };
        Some(Planned {
            group: group.id,
            // All of one process, so that the tag is always the same.
            id: Ids::first_of(at) + 7,
            at,
            operator: group.operator(operator),
            terminal: group.terminal(place),
            card: group.card(card),
            amount: Fen::new(AMOUNTS.get(dice.random_range(0..AMOUNTS.len())).copied().unwrap_or_default()),
            balance: Fen::new(dice.random_range(0..20_000)),
            fate,
        })
    }
}
