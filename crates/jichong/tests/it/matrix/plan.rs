//! The cases: every point of a load, and of the tap that settles it, with everything that can go wrong there.

use std::fmt;

use super::cards::{Behaviour, Make};
use super::stage::{Cut, Fault, Passed, Place, Point, Tear, When};

/// During what something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plot {
    /// A load, from the tap on.
    Load,
    /// The tap after a load during which the card was torn away.
    Settling {
        /// Whether it had taken the money.
        written: bool,
    },
}

/// One case.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) make: Make,
    pub(super) plot: Plot,
    pub(super) point: Point,
    pub(super) fault: Fault,
    /// What passes at that point when nothing goes wrong.
    pub(super) what: String,
}

impl Plot {
    pub(super) const ALL: [Self; 3] = [Self::Load, Self::Settling { written: true }, Self::Settling { written: false }];

    /// What must pass in it, so that a case for it exists.
    pub(super) fn needs(self, make: Make) -> Vec<&'static str> {
        let reading = ["SELECT", "READ BINARY", "GET BALANCE"];
        let pin = make.fetches.then_some("VERIFY");
        let proving = ["GET TRANSACTION PROVE", "GET TRANSACTION PROVE"];
        let own: &[&str] = match self {
            Self::Load => &["INITIALIZE FOR LOAD", "CREDIT FOR LOAD"],
            Self::Settling { written: true } => &proving,
            Self::Settling { written: false } => {
                &["GET TRANSACTION PROVE", "GET TRANSACTION PROVE", "INITIALIZE FOR LOAD"]
            }
        };
        reading.into_iter().chain(pin).chain(own.iter().copied()).collect()
    }
}

/// What can go wrong around an APDU.
const AT_CARD: [Fault; 13] = [
    Fault::Removed(Tear::Before),
    Fault::Removed(Tear::NotWritten),
    Fault::Removed(Tear::Written),
    Fault::Removed(Tear::HalfAnswered),
    Fault::Removed(Tear::Answered),
    Fault::TerminalKilled(When::Before),
    Fault::TerminalKilled(When::After),
    Fault::ServerKilled(When::Before),
    Fault::ServerKilled(When::After),
    Fault::Cut(Cut::Both, When::Before),
    Fault::Cut(Cut::Both, When::After),
    Fault::Cut(Cut::TerminalEnd, When::Before),
    Fault::Cut(Cut::ServerEnd, When::Before),
];

/// What can go wrong with a message.
const AT_MESSAGE: [Fault; 9] = [
    Fault::Removed(Tear::Before),
    Fault::TerminalKilled(When::Before),
    Fault::ServerKilled(When::Before),
    Fault::Cut(Cut::Both, When::Before),
    Fault::Cut(Cut::Both, When::After),
    Fault::Cut(Cut::TerminalEnd, When::Before),
    Fault::Cut(Cut::ServerEnd, When::Before),
    Fault::Deaf,
    Fault::Late,
];

/// All cases of a plot in which, when nothing goes wrong, this passes. How a card is spoken to makes a difference only
/// between it and the terminal.
pub(super) fn cases(make: Make, plot: Plot, passed: &Passed) -> Vec<Case> {
    let places: &[Place] =
        if make.fetches { &[Place::Card] } else { &[Place::Card, Place::Up, Place::Down, Place::Vault] };
    let mut cases = Vec::new();
    for &place in places {
        let faults: &[Fault] = match place {
            Place::Card => &AT_CARD,
            Place::Up | Place::Down => &AT_MESSAGE,
            Place::Vault => &[Fault::ServerKilled(When::Before)],
        };
        for (index, what) in passed.at(place).iter().enumerate() {
            let point = Point { place, index };
            cases.extend(faults.iter().map(|fault| Case { make, plot, point, fault: *fault, what: what.clone() }));
        }
    }
    cases
}

impl Case {
    /// Whether this may destroy the only proof that the money was written, so that no card and no program can settle it:
    /// the card gives its proof once, and the answer that carried it is lost. Such a load stays in doubt, its money held,
    /// for two members of staff to decide.
    pub(super) fn may_destroy_the_proof(&self, passed: &Passed) -> bool {
        let gives_once = self.make.behaviour == Behaviour::Applet;
        let settling_written = self.plot == Plot::Settling { written: true };
        let asked = passed.card.iter().position(|what| ["VERIFY", "GET TRANSACTION PROVE"].contains(&what.as_str()));
        let after = match self.point.place {
            Place::Card => asked.is_some_and(|asked| self.point.index >= asked),
            Place::Up | Place::Down | Place::Vault => true,
        };
        gives_once && settling_written && after
    }
}

impl fmt::Display for Plot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "load",
            Self::Settling { written: true } => "settling written",
            Self::Settling { written: false } => "settling unwritten",
        })
    }
}

impl fmt::Display for Case {
    /// Its name, by which it can be played alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { make, plot, point, fault, what } = self;
        write!(f, "{make}/{plot}/{} {}: {what}/{fault}", point.place, point.index)
    }
}
