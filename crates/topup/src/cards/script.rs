//! Reading the card that was put down: SELECT, file 15, balance.

use std::time::Duration;

use epurse::apdu::{Answer, Command, Status};
use epurse::applications::Aid;
use epurse::file15::{CardNumber, File15, Layout};
use epurse::load::Purse;
use epurse::{balance, file15};
use ledger::Fen;
use link::{Done, End, Expected, Script, Step};

/// An application that cards of this issuer may have: how it is selected, and how its file 15 is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its name on the card.
    pub aid: Aid,
    /// A directory that some cards want to be selected first; whatever they answer to that.
    pub directory: Option<Aid>,
    /// Whose rules its file 15 follows.
    pub layout: Layout,
}

/// What a card said of itself. Nothing of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The application that was read.
    pub application: Application,
    /// Its number, from which its keys are derived.
    pub number: CardNumber,
    /// The class byte of file 15.
    pub class: u8,
    /// Whether the card's own flag lets it be used.
    pub enabled: bool,
    /// Its first day, `YYYY-MM-DD`.
    pub starts: String,
    /// Its last day, `YYYY-MM-DD`.
    pub expires: String,
    /// What is on it.
    pub balance: Fen,
    /// File 15 as read: evidence.
    pub file15: Vec<u8>,
}

/// Why a card could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeeError {
    /// The card has no such application.
    #[error("the card has no such application: {0}")]
    NoApplication(Status),
    /// The card left, or did not answer in time.
    #[error("the card was not read to the end: {0:?}")]
    Ended(End),
    /// An answer that makes no sense.
    #[error("{what} cannot be read: {why}")]
    Answer {
        /// Which.
        what: &'static str,
        /// Why.
        why: String,
    },
}

/// The script that reads a card through one application.
pub(crate) fn see_script(id: String, tap: u64, limit: Duration, application: &Application) -> Script {
    let directory = application.directory.map(|aid| Step { expect: Expected::Anything, ..step(&aid.select()) });
    let reading = [application.aid.select(), file15::read_command(), balance::read_command(Purse::Ep)];
    let steps = directory.into_iter().chain(reading.iter().map(step)).collect();
    Script { id, tap, commits: false, limit_ms: limit_ms(limit), steps }
}

/// A command that must be answered with success.
pub(crate) fn step(command: &Command) -> Step {
    Step { apdu: command.to_bytes().into(), expect: Expected::Success }
}

/// A script's limit as it travels.
pub(crate) fn limit_ms(limit: Duration) -> u32 {
    u32::try_from(limit.as_millis()).unwrap_or(u32::MAX)
}

/// What the answers to [`see_script`] say.
pub(crate) fn parse_seen(done: &Done, application: &Application) -> Result<Seen, SeeError> {
    let answers = done.answers.get(usize::from(application.directory.is_some())..).unwrap_or_default();
    let answer = |index: usize| answers.get(index).and_then(|bytes| Answer::parse(bytes.as_ref()).ok());
    match (done.end, answer(0)) {
        (End::Completed, _) => {}
        (End::Unexpected, Some(select)) if !select.status.is_success() => {
            return Err(SeeError::NoApplication(select.status));
        }
        (end, _) => return Err(SeeError::Ended(end)),
    }
    let data = |index: usize, what| {
        let none = || SeeError::Answer { what, why: "there was no answer".into() };
        answer(index).ok_or_else(none)?.success().map_err(|status| unreadable(what, &status))
    };
    let raw = data(1, "file 15")?;
    let file = File15::parse(application.layout, &raw).map_err(|why| unreadable("file 15", &why))?;
    let balance =
        balance::parse(application.layout, &data(2, "the balance")?).map_err(|why| unreadable("the balance", &why))?;
    Ok(Seen {
        application: *application,
        number: file.number(),
        class: u8::from_be_bytes([file.card_type()[0]]),
        enabled: file.enabled().unwrap_or(true),
        starts: file.start().to_string(),
        expires: file.expiry().to_string(),
        balance: Fen::new(i64::from(balance)),
        file15: raw,
    })
}

fn unreadable(what: &'static str, why: &dyn std::fmt::Display) -> SeeError {
    SeeError::Answer { what, why: why.to_string() }
}
