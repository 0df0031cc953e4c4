//! The SQL that reads runs.

use std::collections::BTreeMap;

use ledger::{Fen, GroupId, Kind};
use store::{Micros, Tx};

use super::rules::full;
use super::{Ended, Full, Plan, Run, RunId, Tally, What};
use crate::House;
use crate::cards::CardNumber;
use crate::loads::{self, Load, State};
use crate::people::{Operator, OperatorId, sessions};
use crate::terminals::TerminalNumber;

/// The loads that the page of a run under way shows; its totals count all.
const NEWEST: i64 = 30;

/// The loads that a summary reads: more than a run of [`super::MOST_CARDS`] with all its attempts has.
const ALL: i64 = 10_000;

/// A run under way, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The run.
    pub run: Run,
    /// What it has done.
    pub tally: Tally,
    /// Why it takes no further card, if so.
    pub full: Option<Full>,
    /// Its loads, newest first; the last few.
    pub loads: Vec<Load>,
    /// Its loads in doubt, oldest first.
    pub doubts: Vec<Load>,
    /// The load that [`Run::told`] is about, if it is about one.
    pub told: Option<Load>,
}

/// A run as its summary shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The run.
    pub run: Run,
    /// What it has done.
    pub tally: Tally,
    /// The last load of each card that was not charged or is in doubt, oldest first.
    pub attention: Vec<Load>,
    /// What it charged, newest first.
    pub charged: Vec<Load>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    group_id: GroupId,
    id: RunId,
    terminal: String,
    operator_id: OperatorId,
    login: Option<String>,
    name: Option<String>,
    amount_fen: Fen,
    most_cards: i64,
    most_fen: Fen,
    told: Option<String>,
    told_count: i64,
    started_at_us: Micros,
    active_at_us: Micros,
    watched_at_us: Micros,
    paused_from_us: Option<Micros>,
    paused_until_us: Option<Micros>,
    ended_at_us: Option<Micros>,
    ended: Option<String>,
    entitled: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT r.group_id, r.id, r.terminal, r.operator_id, o.login, o.name, r.amount_fen, r.most_cards, ",
            "r.most_fen, r.told, r.told_count, r.started_at_us, r.active_at_us, r.watched_at_us, r.paused_from_us, ",
            "r.paused_until_us, r.ended_at_us, r.ended, CAST(CASE WHEN o.active = 1 AND EXISTS (SELECT 1 FROM ",
            "sessions s WHERE s.id = r.session AND s.operator_id = r.operator_id AND s.expires_at_us > $1) ",
            "THEN 1 ELSE 0 END AS BIGINT) AS entitled FROM runs r LEFT JOIN operators o ON o.id = r.operator_id ",
            $rest
        )
    };
}

/// The run under way at a terminal of `group`, if there is one.
pub async fn active(house: &House, group: GroupId, terminal: TerminalNumber) -> Result<Option<Run>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = tx
        .query(select!("WHERE r.terminal = $2 AND r.ended_at_us IS NULL AND r.group_id = $3"))
        .bind(house.now())
        .bind(terminal.to_string())
        .bind(group)
        .optional()
        .await?;
    Ok(row.and_then(Row::into_run))
}

/// The run with this id, if it is one of `group`.
pub async fn by_id(house: &House, group: GroupId, id: RunId) -> Result<Option<Run>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = tx
        .query(select!("WHERE r.group_id = $2 AND r.id = $3"))
        .bind(house.now())
        .bind(group)
        .bind(id)
        .optional()
        .await?;
    Ok(row.and_then(Row::into_run))
}

/// Whether a run is under way at a terminal.
pub(crate) async fn is_under_way(house: &House, terminal: TerminalNumber) -> Result<bool, store::Error> {
    let mut tx = house.db.read().await?;
    let found: Option<(i64,)> = tx
        .query("SELECT CAST(1 AS BIGINT) FROM runs WHERE terminal = $1 AND ended_at_us IS NULL")
        .bind(terminal.to_string())
        .optional()
        .await?;
    Ok(found.is_some())
}

/// Every run under way.
pub(super) async fn all_active(house: &House) -> Result<Vec<Run>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx.query(select!("WHERE r.ended_at_us IS NULL")).bind(house.now()).all().await?;
    Ok(rows.into_iter().filter_map(Row::into_run).collect())
}

/// The run that a check page began.
pub(super) async fn by_key(house: &House, group: GroupId, key: &str) -> Result<Option<Run>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = tx
        .query(select!("WHERE r.start_key = $2 AND r.group_id = $3"))
        .bind(house.now())
        .bind(key)
        .bind(group)
        .optional()
        .await?;
    Ok(row.and_then(Row::into_run))
}

/// What the page of a run shows now.
pub async fn look(house: &House, group: GroupId, id: RunId) -> Result<Option<Look>, store::Error> {
    let Some(run) = by_id(house, group, id).await? else { return Ok(None) };
    let mut tx = house.db.read().await?;
    let tally = tally(&mut tx, group, id).await?;
    let full = full(&run.plan, &tally, quota(&mut tx, group).await?);
    drop(tx);
    let loads = loads::of_run(house, group, id, None, NEWEST).await?;
    let mut doubts = match tally.doubt.count {
        0 => Vec::new(),
        _ => loads::of_run(house, group, id, Some(State::Unknown), NEWEST).await?,
    };
    doubts.reverse();
    let told = match run.told.as_ref().map(|told| told.what) {
        Some(What::Load(order) | What::Settled(order) | What::Already(order)) => {
            let known = loads.iter().find(|load| load.order == order).cloned();
            if known.is_some() { known } else { loads::by_order(house, group, order).await? }
        }
        Some(What::InDoubt | What::Unreadable | What::Full(_) | What::Paused) | None => None,
    };
    Ok(Some(Look { run, tally, full, loads, doubts, told }))
}

/// What the summary of a run shows.
pub async fn summary(house: &House, group: GroupId, id: RunId) -> Result<Option<Summary>, store::Error> {
    let Some(run) = by_id(house, group, id).await? else { return Ok(None) };
    let tally = tally(&mut house.db.read().await?, group, id).await?;
    let mut by_card: BTreeMap<CardNumber, Vec<Load>> = BTreeMap::new();
    let mut charged = Vec::new();
    for load in loads::of_run(house, group, id, None, ALL).await? {
        if load.state == State::Succeeded {
            charged.push(load.clone());
        }
        by_card.entry(load.card).or_default().push(load);
    }
    // A load that failed needs nobody if a later attempt went through.
    let mut attention: Vec<Load> = by_card.into_values().filter_map(needs_attention).collect();
    attention.sort_by_key(|load| load.order);
    Ok(Some(Summary { run, tally, attention, charged }))
}

/// Of one card's loads in a run, newest first: the one that someone has to look at, if any.
fn needs_attention(loads: Vec<Load>) -> Option<Load> {
    let charged = loads.iter().any(|load| load.state == State::Succeeded);
    let open = loads.iter().find(|load| matches!(load.state, State::Unknown | State::Authorised)).cloned();
    open.or_else(|| loads.into_iter().next().filter(|_| !charged))
}

/// What a run has done so far.
pub(super) async fn tally(tx: &mut Tx, group: GroupId, run: RunId) -> Result<Tally, store::Error> {
    let sums: Vec<(Option<String>, i64, Fen)> = tx
        .query(
            "SELECT l.state, COUNT(*), CAST(SUM(i.amount_fen) AS BIGINT) FROM intents i \
             LEFT JOIN loads l ON l.intent = i.intent AND l.group_id = i.group_id \
             WHERE i.group_id = $1 AND i.run_id = $2 GROUP BY l.state",
        )
        .bind(group)
        .bind(run)
        .all()
        .await?;
    let mut tally = Tally::default();
    let mut failed = false;
    for (state, count, sum) in sums {
        let totals = match state.as_deref().and_then(State::parse) {
            Some(State::Succeeded) => &mut tally.done,
            Some(State::Unknown) => &mut tally.doubt,
            // An intent without a load is on its way to one.
            Some(State::Authorised) | None => &mut tally.in_flight,
            Some(State::Failed) => {
                failed = true;
                continue;
            }
        };
        totals.count = totals.count.saturating_add(count);
        totals.sum = Fen::new(totals.sum.as_i64().saturating_add(sum.as_i64()));
    }
    if failed {
        (tally.problems,) = tx
            .query(
                "SELECT COUNT(*) FROM (SELECT i.card_number FROM intents i \
                 LEFT JOIN loads l ON l.intent = i.intent AND l.group_id = i.group_id \
                 WHERE i.group_id = $1 AND i.run_id = $2 GROUP BY i.card_number \
                 HAVING SUM(CASE WHEN l.state = 'failed' THEN 0 ELSE 1 END) = 0) AS not_charged",
            )
            .bind(group)
            .bind(run)
            .one()
            .await?;
    }
    Ok(tally)
}

/// What the group may still charge.
pub(super) async fn quota(tx: &mut Tx, group: GroupId) -> Result<Fen, store::Error> {
    Ok(ledger::balances(tx, group).await?.unwrap_or_default().get(Kind::Quota))
}

impl Run {
    /// Whether no page of its session was heard of in the last seconds.
    pub fn is_unwatched(&self, house: &House) -> bool {
        self.watched_at < house.ago(house.settings.watch)
    }

    /// Whether it may charge: under way, by someone who is still signed in.
    pub(crate) fn is_entitled(&self) -> bool {
        self.ended.is_none() && self.entitled
    }

    /// Whether it was `operator` who began it.
    pub fn is_of(&self, operator: &Operator) -> bool {
        self.operator == operator.id
    }
}

impl Row {
    fn into_run(self) -> Option<Run> {
        Some(Run {
            id: self.id,
            group: self.group_id,
            terminal: self.terminal.parse().ok()?,
            operator: self.operator_id,
            login: self.login.unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            plan: Plan { amount: self.amount_fen, most_cards: self.most_cards, most_money: self.most_fen },
            started_at: self.started_at_us,
            active_at: self.active_at_us,
            watched_at: self.watched_at_us,
            paused: self.paused_from_us.zip(self.paused_until_us),
            // What a later version may tell is left out by this one.
            told: self.told.and_then(|told| serde_json::from_str(&told).ok()),
            told_count: self.told_count,
            ended: self.ended_at_us.zip(self.ended.as_deref().and_then(Ended::parse)),
            entitled: self.entitled == 1,
        })
    }
}

/// The session as the table of sessions names it.
pub(super) fn session_of(id: &str) -> String {
    sessions::hashed(id)
}
