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
    /// The card is taken away with the damage, and comes back only when all is settled: the terminal has the proof.
    pub(super) alone: bool,
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

/// What can go wrong around an APDU, between the card and the terminal.
const AT_CARD: [Fault; 7] = [
    Fault::Removed(Tear::Before),
    Fault::Removed(Tear::NotWritten),
    Fault::Removed(Tear::Written),
    Fault::Removed(Tear::HalfAnswered),
    Fault::Removed(Tear::Answered),
    Fault::TerminalKilled(When::Before),
    Fault::TerminalKilled(When::After),
];

/// And beyond it meanwhile.
const BEYOND_TERMINAL: [Fault; 6] = [
    Fault::ServerKilled(When::Before),
    Fault::ServerKilled(When::After),
    Fault::Cut(Cut::Both, When::Before),
    Fault::Cut(Cut::Both, When::After),
    Fault::Cut(Cut::TerminalEnd, When::Before),
    Fault::Cut(Cut::ServerEnd, When::Before),
];

/// Commands that change nothing on the card: there is one during, and not one on either side of a write.
const ONLY_READ: [&str; 4] = ["SELECT", "READ BINARY", "READ RECORD", "GET BALANCE"];

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

/// All cases of a plot in which, when nothing goes wrong, this passes.
pub(super) fn cases(make: Make, plot: Plot, passed: &Passed) -> Vec<Case> {
    let mut cases = Vec::new();
    for place in [Place::Card, Place::Up, Place::Down, Place::Vault] {
        for (index, what) in passed.at(place).iter().enumerate() {
            let point = Point { place, index };
            for fault in faults(make, place, what) {
                let case = Case { make, plot, point, fault, what: what.clone(), alone: false };
                if case.finds_the_proof_with_the_terminal(passed) {
                    cases.push(Case { alone: true, ..case.clone() });
                }
                cases.push(case);
            }
        }
    }
    cases
}

/// What can go wrong where this passes. How a card is spoken to makes no difference beyond the terminal, so there it is
/// only the PIN that is tried once more.
fn faults(make: Make, place: Place, what: &str) -> Vec<Fault> {
    let is_same_beyond = make.fetches && what != "VERIFY";
    let beyond: &[Fault] = match place {
        _ if is_same_beyond => &[],
        Place::Card => &BEYOND_TERMINAL,
        Place::Up | Place::Down => &AT_MESSAGE,
        Place::Vault => &[Fault::ServerKilled(When::Before)],
    };
    let on_either_side = |fault: &Fault| matches!(fault, Fault::Removed(Tear::Written | Tear::HalfAnswered));
    let only_reads = ONLY_READ.contains(&what);
    let at_card = AT_CARD.into_iter().filter(|fault| place == Place::Card && !(only_reads && on_either_side(fault)));
    at_card.chain(beyond.iter().copied()).collect()
}

impl Case {
    /// Whether at that moment the terminal has, or keeps, an answer that proves the load, so that its card is not needed.
    fn finds_the_proof_with_the_terminal(&self, passed: &Passed) -> bool {
        let proof = match self.plot {
            Plot::Load => "CREDIT FOR LOAD",
            Plot::Settling { written: true } => "GET TRANSACTION PROVE",
            Plot::Settling { written: false } => return false,
        };
        let proven = passed.card.iter().rposition(|what| what == proof);
        let after = matches!(self.fault, Fault::ServerKilled(When::After) | Fault::Cut(_, When::After));
        match self.point.place {
            _ if matches!(self.fault, Fault::Removed(_)) => false,
            Place::Card => proven == Some(self.point.index) && after,
            Place::Up | Place::Down => {
                ["done credit", "done prove", "ack credit", "ack prove"].contains(&self.what.as_str())
            }
            Place::Vault => self.what == "TAC?",
        }
    }

    /// Whether this destroys the only proof that the money was written, so that no card and no program can settle it: the
    /// card gives its proof once, and the answer that carries it is lost with the card, or with the program that has it in
    /// its hands and not yet in its journal. Such a load stays in doubt, its money held, for two members of staff to decide.
    pub(super) fn destroys_the_proof(&self, passed: &Passed) -> bool {
        let gives_once = self.make.behaviour == Behaviour::Applet;
        if !gives_once || self.plot != (Plot::Settling { written: true }) || self.point.place != Place::Card {
            return false;
        }
        // Of the two questions this card answers the second; at T=0 its answer is then fetched.
        let mut questions = passed.card.iter().enumerate().filter(|(_, what)| *what == "GET TRANSACTION PROVE");
        let Some((question, _)) = questions.nth(1) else { return false };
        let answer = question + usize::from(self.make.fetches);
        let (asked, answered) = (self.point.index == question, self.point.index == answer);
        match self.fault {
            Fault::Removed(Tear::Written | Tear::HalfAnswered) | Fault::TerminalKilled(When::After) => {
                asked || answered
            }
            Fault::Removed(Tear::Answered) => asked && !answered,
            Fault::Removed(Tear::Before | Tear::NotWritten) | Fault::TerminalKilled(When::Before) => answered && !asked,
            Fault::ServerKilled(_) | Fault::Cut(..) | Fault::Deaf | Fault::Late => false,
        }
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
        let Self { make, plot, point, fault, what, alone } = self;
        let card = if *alone { ", card gone" } else { "" };
        write!(f, "{make}/{plot}/{} {}: {what}/{fault}{card}", point.place, point.index)
    }
}
