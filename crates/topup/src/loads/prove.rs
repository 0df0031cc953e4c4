//! The card settles a doubt on its next tap.
//!
//! In this order, which is safe for both known kinds of card:
//!
//! 1. GET TRANSACTION PROVE for the counter after the load and for the one before, both before any INITIALIZE: a TAC
//!    that verifies proves that the load was written. Some cards answer once and then never again, so the terminal keeps
//!    this script's answers until they are taken here, as it keeps those of a load ([`super::late`]).
//! 2. Otherwise a probe: INITIALIZE FOR LOAD, never credited. If its MAC1 is genuine and the counter is still the old
//!    one, the load was not written, and never will be: the session of its MAC2 ended with the card's power. MAC1 covers
//!    a terminal value that is random for this probe, so no answer recorded before can be played back.
//! 3. Anything else proves nothing: the hold stays.
//!
//! Before all that: if another load of this card is proven to have used the counter, this one was not written.
//!
//! A load that people decided without a proof is asked about too, on every tap on which its card could still tell
//! ([`Held::worth_asking`]); what contradicts the decision is corrected ([`super::verdict`]).

use epurse::apdu::{Answer, Command};
use epurse::load::{Counter, Initialize, Initialized, Purse, Session};
use epurse::log::{self, TransactionType};
use epurse::mac::Mac;
use epurse::pin::Pin;
use epurse::proof::{self, Proof};
use epurse::terminal::TerminalNumber;
use ledger::{Fen, GroupId};
use link::{Done, End, Expected, Script, Step, ToTerminal};
use serde::{Deserialize, Serialize};
use vault::{KeyRef, VaultError, Verdict};

use super::held::Held;
use super::proofs::{self, Finding, Question};
use super::{OrderNumber, verdict};
use crate::cards::{self, Seen};
use crate::terminals::{Lost, Wire};
use crate::{House, keys};

/// Where cards keep their records of loads: most in file 18, some in 1A.
const LOGS: [u8; 2] = [log::SFI, 0x1A];

/// What a card has just proven of a load.
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
    /// Whether the load had ended otherwise, and its money was corrected.
    #[serde(default)]
    pub corrects: bool,
}

/// A card that was just read.
pub(crate) struct Tapped<'a> {
    pub(crate) terminal: TerminalNumber,
    pub(crate) tap: u64,
    pub(crate) seen: &'a Seen,
}

/// What came of asking a card about its loads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// What it proved, of whichever group.
    pub(crate) proven: Vec<Proven>,
    /// A doubt stays, and asking again on this tap would not help.
    pub(crate) open: bool,
}

/// Why a card was not asked to the end.
#[derive(Debug)]
pub(crate) enum AskError {
    /// The terminal did not answer.
    Lost(Lost),
    /// The database did not.
    Storage(store::Error),
}

impl From<Lost> for AskError {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl From<store::Error> for AskError {
    fn from(error: store::Error) -> Self {
        Self::Storage(error)
    }
}

/// Lets a card settle its loads in doubt, if it has any, and tell of those that people decided.
pub(crate) async fn settle_doubts(house: &House, wire: &mut Wire, tapped: &Tapped<'_>) -> Result<Settlement, AskError> {
    let mut tx = house.db.read().await?;
    let loads = Held::worth_asking(&mut tx, tapped.seen.number).await?;
    drop(tx);
    let mut settlement = Settlement::default();
    let mut about = Vec::new();
    for held in loads {
        match by_rival(house, &held).await? {
            Some(proven) => settlement.proven.extend(proven),
            None => about.push(held),
        }
    }
    if !about.is_empty() {
        ask(house, wire, tapped, about, &mut settlement).await?;
    }
    Ok(settlement)
}

/// If another load of the card used the counter, this one was not written: what that settles. None if there is no such.
pub(super) async fn by_rival(house: &House, held: &Held) -> Result<Option<Option<Proven>>, store::Error> {
    let mut tx = house.db.read().await?;
    let rival = held.rival(&mut tx).await?;
    drop(tx);
    let Some(rival) = rival else { return Ok(None) };
    let evidence = held.answers_with("the counter was used by", &rival.to_string());
    verdict::not_written(house, held, evidence).await.map(Some)
}

async fn ask(
    house: &House,
    wire: &mut Wire,
    tapped: &Tapped<'_>,
    about: Vec<Held>,
    settlement: &mut Settlement,
) -> Result<(), AskError> {
    let Some(first) = about.first() else { return Ok(()) };
    let script = proofs::script_id(house, first.order);
    let steps = questions(house, tapped, &about);
    let (terminal, balance) = (tapped.terminal, tapped.seen.balance);
    proofs::asking(house, &Question { script: &script, terminal, balance, about: &about, steps: &steps }).await?;
    let done = run(house, wire, (script.clone(), tapped.tap), true, steps).await?;
    let Taken { proven, rest, looked_at } = take_answers(house, about, &done).await?;
    settlement.proven.extend(proven);
    if looked_at {
        wire.send(&ToTerminal::Ack { script: script.clone() }).await?;
    }
    // An INITIALIZE now would destroy on some cards what was not asked for yet.
    let rest = if done.end == End::Completed && looked_at {
        probe(house, wire, tapped, &script, rest, settlement).await?
    } else {
        rest
    };
    settlement.open = !looked_at || rest.iter().any(Held::is_open);
    if settlement.open {
        tracing::warn!(script, "the card came back and proves nothing of a doubt; the hold stays");
        metrics::counter!("jichong_doubts_total", "proof" => "none").increment(1);
    }
    Ok(())
}

/// For each counter that the field knows, then the newest records of its logs, which are a hint for people.
fn questions(house: &House, tapped: &Tapped<'_>, about: &[Held]) -> Vec<Step> {
    let counters = about.iter().flat_map(|held| [held.session.counter.next(), Some(held.session.counter)]);
    let mut counters: Vec<Counter> = counters.flatten().collect();
    counters.sort_unstable_by(|one, other| other.cmp(one));
    counters.dedup();
    let proves = counters.into_iter().map(|counter| proof::command(TransactionType::EpLoad.byte(), counter));
    let records = LOGS.map(|log| log::read_command(log, 1));
    let pin = pin(house, tapped.seen).map(|pin| pin.command());
    pin.into_iter().chain(proves).chain(records).map(|command| anything(&command)).collect()
}

/// What the answers to [`ask`] came to.
pub(super) struct Taken {
    pub(super) proven: Vec<Proven>,
    /// The loads of which no TAC was found.
    pub(super) rest: Vec<Held>,
    /// False if the keys could not be used: the terminal keeps the answers and says them again.
    pub(super) looked_at: bool,
}

/// Looks for the TAC of each load in a card's answers, however many came; settles what they prove. Everything is durable
/// when this returns.
pub(super) async fn take_answers(house: &House, about: Vec<Held>, done: &Done) -> Result<Taken, store::Error> {
    let mut taken = Taken { proven: Vec::new(), rest: Vec::new(), looked_at: true };
    for held in about {
        if held.proven {
            proofs::answered(house, &held, Finding::Written, done).await?;
            continue;
        }
        if let Some(proven) = by_rival(house, &held).await? {
            taken.proven.extend(proven);
            proofs::answered(house, &held, Finding::NotWritten, done).await?;
            continue;
        }
        let finding = match genuine_tac(house, &held, done).await {
            Ok(Some(tac)) => {
                let evidence = held.answers_with("prove", done);
                taken.proven.extend(verdict::written(house, &held, tac, evidence).await?);
                Finding::Written
            }
            Ok(None) => Finding::NoTac,
            Err(error) => {
                tracing::error!(%error, order = %held.order, "the vault cannot serve a proof");
                taken.looked_at = false;
                Finding::Unexamined
            }
        };
        proofs::answered(house, &held, finding, done).await?;
        if finding != Finding::Written {
            taken.rest.push(held);
        }
    }
    Ok(taken)
}

/// A TAC among the answers that proves this very load.
async fn genuine_tac(house: &House, held: &Held, done: &Done) -> Result<Option<Mac>, VaultError> {
    let proofs = done.answers.iter().filter_map(|answer| Answer::parse(answer.as_ref()).ok()?.success().ok());
    for tac in proofs.filter_map(|data| Proof::parse(&data).ok()).map(|proof| proof.tac) {
        let verdict = keys::verify_tac(house, held.key, held.card.diversifier(), held.session, held.time, tac).await;
        if verdict?.is_genuine() {
            return Ok(Some(tac));
        }
    }
    Ok(None)
}

/// Asks for the counter, and settles what it proves. Returns what it does not.
async fn probe(
    house: &House,
    wire: &mut Wire,
    tapped: &Tapped<'_>,
    script: &str,
    about: Vec<Held>,
    settlement: &mut Settlement,
) -> Result<Vec<Held>, AskError> {
    let Tapped { tap, seen, .. } = *tapped;
    let (Some(first), Some(class)) = (about.first(), house.classes.of(seen.class)) else { return Ok(about) };
    let request = Initialize {
        purse: Purse::Ep,
        key_index: class.key_index,
        amount: first.session.amount,
        terminal: TerminalNumber(house.random()),
    };
    let pin = pin(house, seen).map(|pin| pin.command());
    let steps = pin.iter().chain([&request.command()]).map(anything).collect();
    let done = run(house, wire, (format!("{}-probe", first.order), tap), false, steps).await?;
    let probed = counter_of(house, seen, &request, &done).await;
    let mut rest = Vec::new();
    for held in about {
        let found = probed.map(|counter| (what_proves(&held, counter), Some(counter.0)));
        let found = found.unwrap_or_else(|finding| (finding, None));
        if found.0 == Finding::NotWritten {
            let evidence = held.answers_with("probe", &done);
            settlement.proven.extend(verdict::not_written(house, &held, evidence).await?);
        }
        proofs::probed(house, script, &held, found, &done).await?;
        if found.0 != Finding::NotWritten {
            rest.push(held);
        }
    }
    Ok(rest)
}

fn what_proves(held: &Held, counter: Counter) -> Finding {
    if counter == held.session.counter { Finding::NotWritten } else { Finding::MovedOn }
}

/// The card's counter, if its MAC1 is genuine.
async fn counter_of(house: &House, seen: &Seen, request: &Initialize, done: &Done) -> Result<Counter, Finding> {
    if done.end != End::Completed {
        return Err(Finding::NoTac);
    }
    let answer = done.answers.last().and_then(|answer| Answer::parse(answer.as_ref()).ok()?.success().ok());
    let answer = answer.and_then(|data| Initialized::parse(&data).ok()).ok_or(Finding::Refused)?;
    let session = Session::new(request, &answer);
    let key = KeyRef::new(seen.class, &answer);
    match keys::verify_mac1(house, key, seen.number.diversifier(), session, answer.mac1).await {
        Ok(Verdict::Genuine) => Ok(answer.counter),
        Ok(Verdict::Forged) => Err(Finding::Forged),
        Err(error) => {
            tracing::error!(%error, "the vault cannot serve a probe");
            Err(Finding::Unexamined)
        }
    }
}

fn pin(house: &House, seen: &Seen) -> Option<Pin> {
    house.classes.of(seen.class).and_then(|class| class.pin.as_deref()).and_then(|pin| Pin::bcd(pin).ok())
}

async fn run(
    house: &House,
    wire: &mut Wire,
    (id, tap): (String, u64),
    commits: bool,
    steps: Vec<Step>,
) -> Result<Done, Lost> {
    let limit_ms = cards::limit_ms(house.settings.script);
    wire.run(Script { id, tap, commits, limit_ms, steps }, house.settings.answer).await
}

/// A command whose every answer is of interest.
fn anything(command: &Command) -> Step {
    Step { expect: Expected::Anything, ..cards::step(command) }
}
