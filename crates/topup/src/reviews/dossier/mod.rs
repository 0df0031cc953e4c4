//! Everything that is known of one load, on one page: what people decide by.

mod read;

use ledger::Fen;
use link::End;
use store::Micros;

use super::exchange::Exchange;
use super::query::group_of;
use super::rules::{Due, Hint, due, hint};
use super::since;
use crate::House;
use crate::alarms::{self, Alarm};
use crate::audit::Subject;
use crate::cards::ClassName;
use crate::loads::{self, Finding, Load, OrderNumber, Reason, State};
use crate::people::staff::StaffId;

/// Everything that is known of one load.
#[derive(Clone, Debug)]
pub struct Dossier {
    /// The load.
    pub load: Load,
    /// The name of the group.
    pub group: String,
    /// The name of who confirmed it.
    pub operator: Option<String>,
    /// What people call the terminal.
    pub terminal: Option<String>,
    /// The reader's name.
    pub reader: String,
    /// The card's class, if it is known.
    pub class: Option<ClassName>,
    /// When the money was held and MAC2 left; none if nothing was held.
    pub held_at: Option<Micros>,
    /// When it was settled or decided.
    pub ended_at: Option<Micros>,
    /// Whether it waits for people, if it is in doubt.
    pub due: Option<Due>,
    /// What the card and we said to each other.
    pub cryptograms: Option<Cryptograms>,
    /// What the scripts of the load ended with, in order.
    pub scripts: Vec<Script>,
    /// Every time its card was asked, oldest first.
    pub attempts: Vec<Attempt>,
    /// What else was tried with the card since, oldest first.
    pub later: Vec<Later>,
    /// What the balance says that was seen first after the load, and that balance and when.
    pub hint: Option<(Hint, Fen, Micros)>,
    /// What was proposed and answered, oldest first.
    pub reviews: Vec<Review>,
    /// The alarm that a proof contradicted how it had ended, if it is open.
    pub alarm: Option<Alarm>,
    /// What happened, oldest first.
    pub timeline: Vec<Event>,
}

/// The evidence of the load itself. Bytes in hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cryptograms {
    /// All 32 bits, as the card sent them.
    pub balance_field: u32,
    /// The card's online counter before the load.
    pub counter: u16,
    /// The card's random number.
    pub random: String,
    /// The version of the load key.
    pub key_version: i64,
    /// The algorithm's id.
    pub algorithm: i64,
    /// The card's proof that it holds the key.
    pub mac1: String,
    /// Our order to take the money.
    pub mac2: String,
    /// The time that MAC2 and TAC are made over, 14 digits.
    pub host_time: String,
    /// The card's proof that it took the money.
    pub tac: Option<String>,
    /// File 15, as read before.
    pub file15: Option<String>,
    /// The answer to INITIALIZE FOR LOAD.
    pub initialize: Option<String>,
}

/// How a script of the load ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// How it ended.
    pub end: End,
    /// What was said.
    pub exchanges: Vec<Exchange>,
}

/// One time that the card was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The terminal number.
    pub terminal: String,
    /// On the card just before, as it said itself.
    pub balance: Fen,
    /// When.
    pub asked_at: Micros,
    /// What came of it; none if no answer came.
    pub finding: Option<Finding>,
    /// The card's counter, under a genuine MAC1.
    pub counter: Option<i64>,
    /// The question for the TAC.
    pub prove: Option<Script>,
    /// The probe.
    pub probe: Option<Script>,
}

/// Another load of the same card, later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// Its order number.
    pub order: OrderNumber,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub reason: Option<Reason>,
    /// How much.
    pub amount: Fen,
    /// On the card before it, as the clerk saw it.
    pub balance_before: Option<Fen>,
    /// The card's counter before it.
    pub counter: Option<i64>,
}

/// A proposal and what was said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Counts the proposals of a load.
    pub number: i64,
    /// Whether the load was written to the card.
    pub written: bool,
    /// Who proposed it.
    pub by: StaffId,
    /// Their name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Micros,
    /// What another said to it.
    pub answer: Option<Reviewed>,
}

/// An answer to a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// Whether it was confirmed.
    pub confirmed: bool,
    /// Who answered.
    pub by: StaffId,
    /// Their name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Micros,
}

/// Something that happened to a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Micros,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A clerk confirmed it.
    Confirmed,
    /// The money was held, and the order to take it went to the card.
    Held,
    /// The card was asked.
    Asked(Option<Finding>),
    /// Somebody tried to charge the card again.
    Tried(OrderNumber),
    /// Somebody proposed what to decide.
    Proposed {
        /// That it was written.
        written: bool,
        /// Who.
        by: String,
    },
    /// Another answered.
    Answered {
        /// That it is to be done.
        confirmed: bool,
        /// Who.
        by: String,
    },
    /// It ended.
    Ended(State),
    /// A proof contradicted how it had ended.
    Contradicted {
        /// What is proven.
        written: bool,
    },
    /// What the correction owed was taken from the quota.
    Collected,
}

/// Everything that is known of the load with this order number, of whichever group.
pub async fn dossier(house: &House, order: OrderNumber) -> Result<Option<Dossier>, store::Error> {
    let mut tx = house.db.read().await?;
    let Some(group) = group_of(&mut tx, order).await? else { return Ok(None) };
    let row = read::load(&mut tx, group, order).await?;
    let reviews = read::reviews(&mut tx, group, order).await?;
    let corrections: Vec<(i64, Micros, Option<Micros>)> = tx
        .query("SELECT written, raised_at_us, posted_at_us FROM corrections WHERE group_id = $1 AND load_id = $2")
        .bind(group)
        .bind(order.id())
        .all()
        .await?;
    let attempts = read::attempts(&mut tx, group, order).await?;
    drop(tx);
    let Some(load) = loads::by_order(house, group, order).await? else { return Ok(None) };
    let later = read::later(&mut house.db.read().await?, load.card, order).await?;
    let alarm = alarms::open(house, Some(Subject::Load(order)), 1).await?.pop();
    let of = row.to_match(&load);
    let attempts: Vec<Attempt> = attempts.into_iter().map(|attempt| attempt.read(of.as_ref())).collect();
    let in_vain = load.asked_in_vain;
    let held_at = row.authorised_at_us;
    let mut dossier = Dossier {
        due: (load.state == State::Unknown)
            .then(|| due(since(order, held_at), in_vain, house.now(), house.settings.card_patience)),
        class: u8::from_str_radix(&row.card_class, 16)
            .ok()
            .and_then(|code| house.classes.of(code))
            .map(|class| class.name.clone()),
        cryptograms: row.cryptograms(),
        scripts: row.scripts(),
        hint: first_seen(&load, &attempts, &later),
        held_at,
        ended_at: row.decided_at_us,
        group: row.group_name,
        operator: row.operator,
        terminal: row.terminal_name,
        reader: row.reader,
        attempts,
        later,
        reviews,
        alarm,
        timeline: Vec::new(),
        load,
    };
    dossier.timeline = timeline(&dossier, &corrections);
    Ok(Some(dossier))
}

/// What the balance says that was seen first after the load: purchases have touched it least.
fn first_seen(load: &Load, attempts: &[Attempt], later: &[Later]) -> Option<(Hint, Fen, Micros)> {
    let asked = attempts.iter().map(|attempt| (attempt.asked_at, attempt.balance));
    let tried = later.iter().filter_map(|later| Some((later.order.moment(), later.balance_before?)));
    let (at, seen) = asked.chain(tried).min_by_key(|(at, _)| *at)?;
    Some((hint(load.balance_before?, load.amount, seen), seen, at))
}

fn timeline(dossier: &Dossier, corrections: &[(i64, Micros, Option<Micros>)]) -> Vec<Event> {
    let event = |at, what| Event { at, what };
    let mut events = vec![event(dossier.load.created_at, Happened::Confirmed)];
    events.extend(dossier.held_at.map(|at| event(at, Happened::Held)));
    events.extend(dossier.attempts.iter().map(|attempt| event(attempt.asked_at, Happened::Asked(attempt.finding))));
    events.extend(dossier.later.iter().map(|later| event(later.order.moment(), Happened::Tried(later.order))));
    for review in &dossier.reviews {
        let by = review.name.clone();
        events.push(event(review.at, Happened::Proposed { written: review.written, by }));
        events.extend(review.answer.as_ref().map(|answer| {
            let by = answer.name.clone();
            event(answer.at, Happened::Answered { confirmed: answer.confirmed, by })
        }));
    }
    events.extend(dossier.ended_at.map(|at| event(at, Happened::Ended(dossier.load.state))));
    for (written, raised_at, posted_at) in corrections {
        events.push(event(*raised_at, Happened::Contradicted { written: *written == 1 }));
        events.extend(posted_at.filter(|at| at != raised_at).map(|at| event(at, Happened::Collected)));
    }
    events.sort_by_key(|event| event.at);
    events
}
