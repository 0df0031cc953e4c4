//! The card settles a doubt on its next tap.
//!
//! In this order, which is safe for both known kinds of card:
//!
//! 1. GET TRANSACTION PROVE for the counter after the load and for the one before, both before any INITIALIZE: a TAC
//!    that verifies proves that the load was written.
//! 2. Otherwise a probe: INITIALIZE FOR LOAD, never credited. If its MAC1 is genuine and the counter is still the old
//!    one, the load was not written, and never will be: the session of its MAC2 ended with the card's power. MAC1 covers
//!    a terminal value that is random for this probe, so no answer recorded before can be played back.
//! 3. Anything else proves nothing: the hold stays.
//!
//! Before all that: if another load of this card is proven to have used the counter, this one was not written.

use std::fmt::Debug;

use epurse::apdu::{Answer, Command};
use epurse::load::{Initialize, Initialized, Purse, Session};
use epurse::log::TransactionType;
use epurse::pin::Pin;
use epurse::proof::{self, Proof};
use epurse::terminal::TerminalNumber;
use ledger::{Fen, GroupId};
use link::{Done, End, Expected, Script, Step};
use serde::{Deserialize, Serialize};
use vault::{KeyRef, Verdict};

use super::book::{Disproof, Settled};
use super::held::Held;
use super::{OrderNumber, Reason};
use crate::cards::{self, Seen};
use crate::terminals::{Lost, Wire};
use crate::{House, keys};

/// A doubt that the card has just settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proven {
    /// The group whose load it was.
    pub group: GroupId,
    /// The load.
    pub order: OrderNumber,
    /// How much.
    pub amount: Fen,
    /// Whether the money is on the card; if not, it is back in the quota.
    pub written: bool,
}

/// What came of asking a card about its load in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// It has none.
    NoDoubt,
    /// It was settled.
    Proven(Proven),
    /// The card proves nothing: the doubt stays, and asking again on this tap would not help.
    Open,
}

/// What a card proves of a load.
#[derive(Debug)]
enum Evidence {
    /// The load was written.
    Written(epurse::mac::Mac),
    /// It was not, and never will be; all answers, with the one that proves it.
    NotWritten(String),
    /// Nothing is proven.
    Nothing,
}

/// Lets the card on this tap, which was just read, settle its load in doubt, if it has one.
pub(crate) async fn settle_doubt(
    house: &House,
    wire: &mut Wire,
    tap: u64,
    seen: &Seen,
) -> Result<Result<Settlement, Lost>, store::Error> {
    let mut tx = house.db.read().await?;
    let held = Held::in_doubt(&mut tx, seen.number).await?;
    drop(tx);
    let Some(held) = held else { return Ok(Ok(Settlement::NoDoubt)) };
    let rival = held.rival(&mut house.db.read().await?).await?;
    let evidence = match rival {
        Some(rival) => Evidence::NotWritten(held.answers_with("the counter was used by", &rival.to_string())),
        None => match ask(house, wire, tap, seen, &held).await {
            Ok(evidence) => evidence,
            Err(lost) => return Ok(Err(lost)),
        },
    };
    let (group, id, at) = (held.group, held.order.id(), house.now());
    let written = match evidence {
        Evidence::Written(tac) => {
            house
                .book
                .settle(Settled { group, id, tac: tac.to_string(), balance_after: held.balance_after, at })
                .await?;
            true
        }
        Evidence::NotWritten(answers) => {
            let reason = Reason::NotWritten.as_str();
            house.book.disprove(Disproof { group, id, reason, answers, at }).await?;
            false
        }
        Evidence::Nothing => {
            tracing::warn!(order = %held.order, "the card came back and proves nothing; the hold stays");
            metrics::counter!("jichong_doubts_total", "proof" => "none").increment(1);
            return Ok(Ok(Settlement::Open));
        }
    };
    tracing::info!(order = %held.order, written, "the card itself settled a doubt");
    metrics::counter!("jichong_doubts_total", "proof" => if written { "written" } else { "not_written" }).increment(1);
    Ok(Ok(Settlement::Proven(Proven { group, order: held.order, amount: held.amount, written })))
}

async fn ask(house: &House, wire: &mut Wire, tap: u64, seen: &Seen, held: &Held) -> Result<Evidence, Lost> {
    let pin = house.classes.of(seen.class).and_then(|class| class.pin.as_deref()).and_then(|pin| Pin::bcd(pin).ok());
    let counters = [held.session.counter.next(), Some(held.session.counter)];
    let proves = counters.into_iter().flatten().map(|counter| proof::command(TransactionType::EpLoad.byte(), counter));
    let steps = pin.as_ref().map(Pin::command).into_iter().chain(proves).map(|command| anything(&command)).collect();
    let done = run(house, wire, format!("{}-prove", held.order), tap, steps).await?;
    if done.end != End::Completed {
        // An INITIALIZE now would destroy on some cards what was not asked for yet.
        return Ok(Evidence::Nothing);
    }
    for answer in &done.answers {
        if let Some(tac) = genuine_tac(house, held, answer.as_ref()).await {
            return Ok(Evidence::Written(tac));
        }
    }
    probe(house, wire, tap, seen, held, pin.as_ref()).await
}

/// A TAC in an answer to GET TRANSACTION PROVE, if it proves this very load.
async fn genuine_tac(house: &House, held: &Held, answer: &[u8]) -> Option<epurse::mac::Mac> {
    let tac = Proof::parse(&Answer::parse(answer).ok()?.success().ok()?).ok()?.tac;
    let verdict = keys::verify_tac(house, held.key, held.card.diversifier(), held.session, held.time, tac).await;
    log_vault(verdict)?.is_genuine().then_some(tac)
}

async fn probe(
    house: &House,
    wire: &mut Wire,
    tap: u64,
    seen: &Seen,
    held: &Held,
    pin: Option<&Pin>,
) -> Result<Evidence, Lost> {
    let Some(class) = house.classes.of(seen.class) else { return Ok(Evidence::Nothing) };
    let request = Initialize {
        purse: Purse::Ep,
        key_index: class.key_index,
        amount: held.session.amount,
        terminal: TerminalNumber(house.random()),
    };
    let steps = pin.map(Pin::command).iter().chain([&request.command()]).map(anything).collect();
    let done = run(house, wire, format!("{}-probe", held.order), tap, steps).await?;
    let answer = done.answers.last().filter(|_| done.end == End::Completed);
    let answer = answer.and_then(|answer| Answer::parse(answer.as_ref()).ok()?.success().ok());
    let Some(answer) = answer.and_then(|data| Initialized::parse(&data).ok()) else { return Ok(Evidence::Nothing) };
    let session = Session::new(&request, &answer);
    let key = KeyRef::new(seen.class, &answer);
    let verdict = keys::verify_mac1(house, key, seen.number.diversifier(), session, answer.mac1).await;
    let genuine = log_vault(verdict).is_some_and(Verdict::is_genuine);
    let unmoved = answer.counter == held.session.counter;
    Ok(if genuine && unmoved { Evidence::NotWritten(held.answers_with("probe", &done)) } else { Evidence::Nothing })
}

async fn run(house: &House, wire: &mut Wire, id: String, tap: u64, steps: Vec<Step>) -> Result<Done, Lost> {
    let limit_ms = cards::limit_ms(house.settings.script);
    wire.run(Script { id, tap, commits: false, limit_ms, steps }, house.settings.answer).await
}

/// A command whose every answer is of interest.
fn anything(command: &Command) -> Step {
    Step { expect: Expected::Anything, ..cards::step(command) }
}

fn log_vault<T: Debug>(verdict: Result<T, vault::VaultError>) -> Option<T> {
    verdict.inspect_err(|error| tracing::error!(%error, "the vault cannot serve a proof")).ok()
}
