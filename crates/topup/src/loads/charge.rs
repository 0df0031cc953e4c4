//! One load from its confirm to its end, with the card on the reader.
//!
//! Before the hold everything may fail and nothing is charged. The hold is one durable commit with all the evidence.
//! Only after it does MAC2 leave this process, once; from then on nothing but proof moves the money. The proof here is
//! the card's TAC; when it does not come the load is in doubt and its hold stays.

use std::time::Duration;

use epurse::apdu::Answer;
use epurse::load::{Credit, Initialize, Initialized, Purse, Session};
use epurse::mac::Mac;
use epurse::pin::Pin;
use epurse::time::HostTime;
use ledger::Fen;
use link::{Done, End, HexBytes, Script};
use vault::{KeyRef, VaultError, Verdict};

use super::book::{Authorised, Doubt, Ended, Evidence, NewLoad, Release, Settled};
use super::held::with_answer;
use super::{Intent, Load, NewRefusal, OrderNumber, Reason, by_order, end, refuse};
use crate::cards::{self, Problem, Seen};
use crate::terminals::{Lost, Terminal, Wire};
use crate::{House, keys};

/// How often a write that ends a load is tried again while the database is away; then the sweep or the terminal's own
/// journal carry on.
const END_TRIES: u32 = 5;
/// The wait before the first of these; it doubles.
const END_WAIT: Duration = Duration::from_millis(100);

/// A confirmed load and the card it is for.
#[derive(Debug)]
pub(crate) struct Charge {
    pub(crate) terminal: Terminal,
    pub(crate) reader: String,
    pub(crate) tap: u64,
    pub(crate) intent: Intent,
    pub(crate) seen: Seen,
    /// Why this card cannot be charged, if so.
    pub(crate) problem: Option<Problem>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Charged {
    /// The load as recorded; none when the database could not record it.
    pub(crate) load: Option<Load>,
    /// The script whose result is durably taken.
    pub(crate) acknowledge: Option<String>,
    /// Set when the connection is of no more use.
    pub(crate) lost: Option<Lost>,
}

/// Why a load stopped before anything was held.
struct Stop {
    reason: Reason,
    lost: Option<Lost>,
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self { reason, lost: None }
    }
}

/// A card that is ready to be credited.
struct Ready {
    order: OrderNumber,
    key: KeyRef,
    session: Session,
    answer: Initialized,
    time: HostTime,
}

/// Carries a confirmed load to its end.
pub(crate) async fn charge(house: &House, wire: &mut Wire, charge: &Charge) -> Charged {
    let order = OrderNumber::new(house.ids.next());
    let charged = match prepare(house, wire, charge, order).await {
        Ok(ready) => hold_and_write(house, wire, charge, ready).await,
        Err(stop) => stopped(house, charge, Some(order), stop).await,
    };
    if charged.load.is_some()
        && let Err(error) = end(house, charge.intent.group, &charge.intent.key).await
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "a confirm was not marked as ended; the sweep will");
    }
    charged
}

/// Rules, INITIALIZE FOR LOAD, MAC1: everything that can fail for free.
async fn prepare(house: &House, wire: &mut Wire, charge: &Charge, order: OrderNumber) -> Result<Ready, Stop> {
    let Charge { intent, seen, .. } = charge;
    if charge.problem.is_some() {
        return Err(Reason::CardProblem.into());
    }
    if intent.card != seen.number || intent.balance != seen.balance {
        return Err(Reason::CardChanged.into());
    }
    let class = house.classes.of(seen.class).ok_or(Reason::CardProblem)?;
    amount_fits(intent.amount, &cards::allowance(class, seen.balance))?;
    let amount = u32::try_from(intent.amount.as_i64()).map_err(|_| Reason::OverCeiling)?;
    let request = Initialize { purse: Purse::Ep, key_index: class.key_index, amount, terminal: charge.terminal.number };
    let pin = class.pin.as_deref().map(Pin::bcd).transpose().map_err(|_| Reason::NoKey)?;
    let answer = initialize(house, wire, charge, order, pin.as_ref(), &request).await?;

    // What follows rests on the answer alone, which MAC1 covers, and no longer on what was read before.
    let session = Session::new(&request, &answer);
    let balance = Fen::new(i64::from(epurse::balance::fen(seen.application.layout, answer.balance)));
    if balance != intent.balance {
        return Err(Reason::CardChanged.into());
    }
    let key = KeyRef::new(seen.class, &answer);
    let verdict = keys::verify_mac1(house, key, seen.number.diversifier(), session, answer.mac1).await;
    if !verdict.map_err(|error| no_key(&error))?.is_genuine() {
        return Err(Reason::NotGenuine.into());
    }
    let time = host_time(house).ok_or(Reason::Storage)?;
    Ok(Ready { order, key, session, answer, time })
}

fn amount_fits(amount: Fen, allowed: &cards::Allowance) -> Result<(), Stop> {
    cards::amount_allowed(amount, allowed).map_err(|problem| match problem {
        cards::AmountProblem::Step | cards::AmountProblem::TooSmall => Reason::AmountRule.into(),
        cards::AmountProblem::TooLarge => Reason::OverCeiling.into(),
    })
}

fn no_key(error: &VaultError) -> Stop {
    tracing::warn!(%error, "the vault cannot serve a card");
    Reason::NoKey.into()
}

/// The first of the two scripts of a load.
async fn initialize(
    house: &House,
    wire: &mut Wire,
    charge: &Charge,
    order: OrderNumber,
    pin: Option<&Pin>,
    request: &Initialize,
) -> Result<Initialized, Stop> {
    let steps = pin.map(Pin::command).iter().chain([&request.command()]).map(cards::step).collect();
    let script = Script {
        id: format!("{order}-init"),
        tap: charge.tap,
        commits: false,
        limit_ms: cards::limit_ms(house.settings.script),
        steps,
    };
    let done = wire.run(script, house.settings.answer).await.map_err(|lost| match lost {
        Lost::Silent => Stop { reason: Reason::TimedOut, lost: None },
        Lost::NotSent | Lost::Link | Lost::Malformed(_) => Stop { reason: Reason::TerminalGone, lost: Some(lost) },
    })?;
    match done.end {
        End::Completed => {}
        End::Unexpected => return Err(Reason::CardRefused.into()),
        End::Removed => return Err(Reason::CardRemoved.into()),
        End::TimedOut => return Err(Reason::TimedOut.into()),
        End::Busy | End::NoSuchTap | End::Interrupted => return Err(Reason::CardChanged.into()),
    }
    let data = done.answers.last().and_then(|answer| Answer::parse(answer.as_ref()).ok()).map(|answer| answer.data);
    data.and_then(|data| Initialized::parse(&data).ok()).ok_or_else(|| Reason::CardRefused.into())
}

/// Nothing was held: recorded as failed, with the reason.
async fn stopped(house: &House, charge: &Charge, order: Option<OrderNumber>, stop: Stop) -> Charged {
    let refusal = NewRefusal {
        order,
        reader: &charge.reader,
        class: Some(charge.seen.class),
        ..NewRefusal::before_card(&charge.intent, stop.reason)
    };
    let load = refuse(house, refusal).await.inspect_err(log_storage).ok().flatten();
    Charged { load, acknowledge: None, lost: stop.lost }
}

/// The hold, then CREDIT FOR LOAD, then what its answer proves.
async fn hold_and_write(house: &House, wire: &mut Wire, charge: &Charge, ready: Ready) -> Charged {
    let diversifier = charge.seen.number.diversifier();
    let mac2 = match keys::mac2(house, ready.key, diversifier, ready.session, ready.time).await {
        Ok(mac2) => mac2,
        Err(error) => return stopped(house, charge, Some(ready.order), no_key(&error)).await,
    };
    match house.book.authorise(new_load(house, charge, &ready, mac2)).await {
        Ok(Authorised::Held { .. }) => {}
        Ok(Authorised::Short { .. }) => {
            return stopped(house, charge, Some(ready.order), Reason::QuotaShort.into()).await;
        }
        Ok(Authorised::Duplicate) => {
            let load = super::by_intent(house, charge.intent.group, &charge.intent.key).await.ok().flatten();
            return Charged { load, acknowledge: None, lost: None };
        }
        // Another load of this card is open: it was confirmed at the same moment on another connection.
        Err(store::Error::Unique(_)) => return stopped(house, charge, None, Reason::CardProblem.into()).await,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, order = %ready.order, "the hold was not taken");
            return let_go(house, charge, &ready, None).await;
        }
    }
    let script = Script {
        id: ready.order.to_string(),
        tap: charge.tap,
        commits: true,
        limit_ms: cards::limit_ms(house.settings.script),
        steps: vec![cards::step(&Credit { time: ready.time, mac2 }.command())],
    };
    match wire.run(script, house.settings.answer).await {
        Ok(done) => conclude(house, charge, &ready, &done).await,
        // The message never left this process and never will: nobody can have used MAC2.
        Err(Lost::NotSent) => let_go(house, charge, &ready, Some(Lost::NotSent)).await,
        Err(Lost::Silent) => doubt(house, charge, &ready, Reason::SilentWhileWriting, None, None).await,
        Err(lost) => doubt(house, charge, &ready, Reason::LinkLostWhileWriting, None, Some(lost)).await,
    }
}

fn new_load(house: &House, charge: &Charge, ready: &Ready, mac2: Mac) -> NewLoad {
    let Charge { intent, seen, .. } = charge;
    NewLoad {
        group: intent.group,
        id: ready.order.id(),
        intent: intent.key.clone(),
        operator: intent.operator.0,
        terminal: charge.terminal.number.to_string(),
        reader: charge.reader.clone(),
        card_number: seen.number.to_string(),
        card_class: format!("{:02x}", seen.class),
        amount: intent.amount,
        balance_before: Some(intent.balance),
        evidence: Some(Evidence {
            balance_field: ready.answer.balance,
            counter: ready.answer.counter,
            random: ready.answer.random,
            key_version: ready.answer.key_version,
            algorithm: ready.answer.algorithm_id,
            mac1: ready.answer.mac1,
            mac2,
            host_time: ready.time,
            answers: answers_so_far(charge, ready),
        }),
        at: house.now(),
    }
}

/// What the answer to CREDIT FOR LOAD proves.
async fn conclude(house: &House, charge: &Charge, ready: &Ready, done: &Done) -> Charged {
    let diversifier = charge.seen.number.diversifier();
    let proven = proof(house, ready.key, diversifier, ready.session, ready.time, done).await;
    // What could not be looked at stays with the terminal, which says it again after the next connect.
    let looked_at = proven != Err(Reason::TacUnverified);
    let mut charged = match proven {
        Ok(tac) => settle(house, charge, ready, tac).await,
        Err(reason) => doubt(house, charge, ready, reason, Some(done), None).await,
    };
    if looked_at && charged.load.is_some() {
        charged.acknowledge = Some(done.script.clone());
    }
    charged
}

/// The TAC that proves the money is on the card, or why there is none.
pub(super) async fn proof(
    house: &House,
    key: KeyRef,
    diversifier: epurse::keys::Diversifier,
    session: Session,
    time: HostTime,
    done: &Done,
) -> Result<Mac, Reason> {
    let answer = done.answers.last().and_then(|answer| Answer::parse(answer.as_ref()).ok());
    match (done.end, answer) {
        (End::Completed, Some(answer)) => {
            let tac = Mac::parse(&answer.data).map_err(|_| Reason::TacWrong)?;
            match keys::verify_tac(house, key, diversifier, session, time, tac).await {
                Ok(Verdict::Genuine) => Ok(tac),
                Ok(Verdict::Forged) => Err(Reason::TacWrong),
                Err(error) => {
                    tracing::error!(%error, "a TAC could not be verified");
                    Err(Reason::TacUnverified)
                }
            }
        }
        (End::Unexpected, Some(_)) => Err(Reason::RefusedWhileWriting),
        (End::TimedOut, _) => Err(Reason::SilentWhileWriting),
        (End::Interrupted, _) => Err(Reason::InterruptedWhileWriting),
        (End::Completed | End::Unexpected | End::Removed | End::Busy | End::NoSuchTap, _) => {
            Err(Reason::RemovedWhileWriting)
        }
    }
}

async fn settle(house: &House, charge: &Charge, ready: &Ready, tac: Mac) -> Charged {
    let balance_after = charge.intent.balance.checked_add(charge.intent.amount).unwrap_or(charge.intent.balance);
    let settled = Settled {
        group: charge.intent.group,
        id: ready.order.id(),
        tac: tac.to_string(),
        balance_after,
        at: house.now(),
    };
    let ended = persist(|| house.book.settle(settled.clone())).await;
    if let Ok(Ended::Contrary(_)) = ended {
        // Given up and ended otherwise meanwhile. The terminal says the result again, and the load is corrected.
        return Charged { load: None, acknowledge: None, lost: None };
    }
    recorded(house, charge, ready, ended, None).await
}

async fn doubt(
    house: &House,
    charge: &Charge,
    ready: &Ready,
    reason: Reason,
    done: Option<&Done>,
    lost: Option<Lost>,
) -> Charged {
    tracing::warn!(order = %ready.order, reason = reason.as_str(), "a load is in doubt; its hold stays");
    let doubt = Doubt {
        group: charge.intent.group,
        id: ready.order.id(),
        reason: reason.as_str(),
        answers: done.map(|done| with_answer(&answers_so_far(charge, ready), "credit", done)),
        at: house.now(),
    };
    let load = persist(|| house.book.doubt(doubt.clone())).await;
    recorded(house, charge, ready, load, lost).await
}

/// Gives the hold back: MAC2 never left this process.
async fn let_go(house: &House, charge: &Charge, ready: &Ready, lost: Option<Lost>) -> Charged {
    let reason = if lost.is_some() { Reason::TerminalGone } else { Reason::Storage };
    let (group, order) = (charge.intent.group, ready.order);
    match persist(|| by_order(house, group, order)).await {
        Ok(Some(held)) if held.intent == charge.intent.key => {
            let release = Release { group, id: order.id(), reason: reason.as_str(), at: house.now() };
            let released = persist(|| house.book.release(release.clone())).await;
            recorded(house, charge, ready, released, lost).await
        }
        // The hold is not there. Should it still come, the refusal finds the intent taken and the sweep goes on.
        Ok(_) => stopped(house, charge, None, Stop { reason, lost }).await,
        Err(error) => {
            log_storage(&error);
            Charged { load: None, acknowledge: None, lost }
        }
    }
}

/// Tries a write again that must not be given up easily.
async fn persist<T, F, E>(write: impl Fn() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
    E: std::error::Error,
{
    let mut wait = END_WAIT;
    for _ in 1..END_TRIES {
        match write().await {
            Ok(done) => return Ok(done),
            Err(error) => tracing::warn!(%error, "a load's end was not written; trying again"),
        }
        tokio::time::sleep(wait).await;
        wait = wait.saturating_mul(2);
    }
    write().await
}

async fn recorded<T, E: std::error::Error + 'static>(
    house: &House,
    charge: &Charge,
    ready: &Ready,
    written: Result<T, E>,
    lost: Option<Lost>,
) -> Charged {
    let load = match written {
        Ok(_) => by_order(house, charge.intent.group, ready.order).await.inspect_err(log_storage).ok().flatten(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, order = %ready.order, "a load's end was not written");
            None
        }
    };
    if let Some(load) = &load {
        metrics::counter!("jichong_loads_total", "state" => load.state.as_str()).increment(1);
    }
    Charged { load, acknowledge: None, lost }
}

fn log_storage(error: &store::Error) {
    tracing::error!(error = error as &dyn std::error::Error, "a load could not be read or recorded");
}

/// The host's time as the card takes it: Beijing's wall clock.
fn host_time(house: &House) -> Option<HostTime> {
    let now = crate::house::beijing(house.now())?;
    let part = |value: i8| u8::try_from(value).ok();
    let date = epurse::time::Date::new(u16::try_from(now.year()).ok()?, part(now.month())?, part(now.day())?).ok()?;
    HostTime::new(date, part(now.hour())?, part(now.minute())?, part(now.second())?).ok()
}

/// What the card answered before CREDIT FOR LOAD, as JSON.
fn answers_so_far(charge: &Charge, ready: &Ready) -> String {
    let text = |bytes: &[u8]| HexBytes(bytes.to_vec()).to_string();
    let (file15, initialize) = (text(&charge.seen.file15), text(&ready.answer.to_bytes()));
    serde_json::json!({ "file15": file15, "initialize": initialize }).to_string()
}
