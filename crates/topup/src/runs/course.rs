//! The course of a run: begun, watched, stopped, gone on with, swept up.

use std::time::Duration;

use ledger::GroupId;
use store::{Micros, Tx};

use super::card::{end, end_if_full};
use super::query::{all_active, by_key, session_of};
use super::{Ended, Plan, PlanProblem, Run, RunId, active, by_id, check};
use crate::people::Operator;
use crate::terminals::{self, Terminal, TerminalNumber, topic};
use crate::{House, groups};

/// How long after its end a run can be gone on with: a working day. It still knows which cards it has charged.
const RESUMABLE: Duration = Duration::from_hours(12);

/// What the check page sends.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Where.
    pub terminal: TerminalNumber,
    /// What may be charged.
    pub plan: Plan,
    /// Made for the check page: the same page confirmed twice begins one run.
    pub key: &'a str,
    /// The session that confirms it, which watches over it and whose end is the run's.
    pub session: &'a str,
}

/// Why a run was not begun. Nothing is charged.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The group has no such terminal.
    #[error("no such terminal")]
    NoTerminal,
    /// The terminal is not connected.
    #[error("the terminal is not connected")]
    NotConnected,
    /// Another run is under way there.
    #[error("another run is under way at this terminal")]
    UnderWay(Box<Run>),
    /// What it may charge breaks a rule.
    #[error("the plan breaks a rule")]
    Plan(Vec<PlanProblem>),
    /// It is over for good: by another operator, too long ago, at another terminal, or it has no room left.
    #[error("this run cannot be gone on with")]
    Over,
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Begins a run, at most one at a terminal.
pub async fn start(house: &House, operator: &Operator, start: &Start<'_>) -> Result<RunId, StartError> {
    if let Some(begun) = by_key(house, operator.group, start.key).await? {
        return Ok(begun.id);
    }
    ready(house, operator.group, start.terminal).await?;
    let quota = groups::quota(house, operator.group).await?.available;
    let problems = check(house, &start.plan, quota);
    if !problems.is_empty() {
        return Err(StartError::Plan(problems));
    }
    let id = RunId(house.ids.next());
    let mut tx = house.db.begin().await?;
    let written = insert(&mut tx, house.now(), operator, start, id).await?;
    tx.commit().await?;
    if written {
        tracing::info!(run = id.0, terminal = %start.terminal, "a run begins");
        metrics::counter!("jichong_runs_total").increment(1);
        house.signal(&topic(start.terminal)).await;
        return Ok(id);
    }
    match by_key(house, operator.group, start.key).await? {
        Some(begun) => Ok(begun.id),
        None => Err(under_way(house, operator.group, start.terminal).await?),
    }
}

/// Goes on with a run that ended before its limits were reached: it still knows the cards it has charged.
pub async fn resume(house: &House, operator: &Operator, run: RunId, session: &str) -> Result<(), StartError> {
    let run = by_id(house, operator.group, run).await?.ok_or(StartError::Over)?;
    if !run.can_go_on(house, operator) {
        return Err(if run.ended.is_none() { StartError::UnderWay(Box::new(run)) } else { StartError::Over });
    }
    ready(house, operator.group, run.terminal).await?;
    let quota = groups::quota(house, operator.group).await?.available;
    if quota < run.plan.amount {
        return Err(StartError::Plan(vec![PlanProblem::Quota(quota)]));
    }
    let mut tx = house.db.begin().await?;
    // The index lets only one run be under way at a terminal: the second writer finds its row refused.
    let written = tx
        .query(
            "UPDATE runs SET ended_at_us = NULL, ended = NULL, session = $3, active_at_us = $4, watched_at_us = $4, \
             attended_at_us = $4, told = NULL, paused_from_us = NULL, paused_until_us = NULL \
             WHERE group_id = $1 AND id = $2 AND ended_at_us IS NOT NULL",
        )
        .bind(run.group)
        .bind(run.id)
        .bind(session_of(session))
        .bind(house.now())
        .execute()
        .await;
    match written {
        Ok(_) => end_if_full(house, &mut tx, run.group, run.id, &run.plan).await?,
        Err(store::Error::Unique(_)) => {
            drop(tx);
            return Err(under_way(house, operator.group, run.terminal).await?);
        }
        Err(error) => return Err(error.into()),
    }
    tx.commit().await?;
    tracing::info!(run = run.id.0, terminal = %run.terminal, "a run goes on");
    house.signal(&topic(run.terminal)).await;
    Ok(())
}

/// Stops a run of `group`, whoever began it: no further card is charged once this returns. False if it had ended.
pub async fn stop(house: &House, group: GroupId, run: RunId) -> Result<bool, store::Error> {
    let Some(run) = by_id(house, group, run).await? else { return Ok(false) };
    let mut tx = house.db.begin().await?;
    let ended = end(house, &mut tx, run.group, run.id, Ended::Stopped).await?;
    tx.commit().await?;
    house.signal(&topic(run.terminal)).await;
    Ok(ended)
}

/// A page of `session` is open and sees the run. It is told apart from pages of others, who may look but not watch.
pub async fn watch(house: &House, group: GroupId, run: RunId, session: &str) -> Result<bool, store::Error> {
    let mut tx = house.db.begin().await?;
    let written = tx
        .query(
            "UPDATE runs SET watched_at_us = $4, \
             paused_from_us = CASE WHEN watched_at_us < $5 THEN watched_at_us ELSE paused_from_us END, \
             paused_until_us = CASE WHEN watched_at_us < $5 THEN $4 ELSE paused_until_us END \
             WHERE group_id = $1 AND id = $2 AND session = $3 AND ended_at_us IS NULL",
        )
        .bind(group)
        .bind(run)
        .bind(session_of(session))
        .bind(house.now())
        .bind(house.ago(house.settings.watch))
        .execute()
        .await?;
    tx.commit().await?;
    Ok(written == 1)
}

/// Ends every run that nobody will end: unwatched for long, without its terminal or its session, or full since a doubt
/// was settled elsewhere. Every process does this every few seconds.
pub async fn sweep(house: &House) -> Result<(), store::Error> {
    let runs = all_active(house).await?;
    if runs.is_empty() {
        return Ok(());
    }
    for run in runs {
        let mut tx = house.db.begin().await?;
        let attended_at = attended(house, &mut tx, &run).await?;
        let forsaken = house.ago(house.settings.forsaken);
        let why = if !run.is_entitled() {
            Some(Ended::Session)
        } else if run.watched_at < forsaken {
            Some(Ended::Unwatched)
        } else if attended_at < forsaken {
            Some(Ended::Terminal)
        } else {
            None
        };
        match why {
            Some(why) => drop(end(house, &mut tx, run.group, run.id, why).await?),
            None => end_if_full(house, &mut tx, run.group, run.id, &run.plan).await?,
        }
        tx.commit().await?;
        if by_id(house, run.group, run.id).await?.is_some_and(|now| now.ended.is_some()) {
            house.signal(&topic(run.terminal)).await;
        }
    }
    Ok(())
}

/// Notes that the terminal of a run is connected, if it is; when it last was.
async fn attended(house: &House, tx: &mut Tx, run: &Run) -> Result<Micros, store::Error> {
    let (at,): (Micros,) = tx
        .query(
            "UPDATE runs SET attended_at_us = CASE WHEN EXISTS (SELECT 1 FROM terminal_live \
             WHERE terminal_live.terminal = runs.terminal AND seen_at_us >= $3 AND left_at_us IS NULL) THEN $4 ELSE attended_at_us END \
             WHERE group_id = $1 AND id = $2 RETURNING attended_at_us",
        )
        .bind(run.group)
        .bind(run.id)
        .bind(house.ago(house.settings.silence))
        .bind(house.now())
        .one()
        .await?;
    Ok(at)
}

impl Run {
    /// Whether `operator` may go on with it.
    pub fn can_go_on(&self, house: &House, operator: &Operator) -> bool {
        let Some((at, why)) = self.ended else { return false };
        let by_chance = match why {
            Ended::Stopped | Ended::Quota | Ended::Unwatched | Ended::Session | Ended::Terminal => true,
            Ended::Cards | Ended::Money => false,
        };
        by_chance && self.is_of(operator) && at >= house.ago(RESUMABLE)
    }
}

/// The terminal, if it is one of the group and connected.
async fn ready(house: &House, group: GroupId, terminal: TerminalNumber) -> Result<Terminal, StartError> {
    let found = terminals::by_number(house, terminal).await?.filter(|terminal| terminal.group == group);
    let found = found.ok_or(StartError::NoTerminal)?;
    let live = terminals::live(house, group, terminal).await?;
    if live.connected { Ok(found) } else { Err(StartError::NotConnected) }
}

async fn under_way(house: &House, group: GroupId, terminal: TerminalNumber) -> Result<StartError, store::Error> {
    // Ended in this moment: the clerk tries again.
    Ok(active(house, group, terminal).await?.map_or(StartError::Over, |run| StartError::UnderWay(Box::new(run))))
}

async fn insert(
    tx: &mut Tx,
    now: Micros,
    operator: &Operator,
    start: &Start<'_>,
    id: RunId,
) -> Result<bool, store::Error> {
    let written = tx
        .query(
            "INSERT INTO runs (group_id, id, start_key, terminal, operator_id, session, amount_fen, most_cards, most_fen, \
             told_count, started_at_us, active_at_us, watched_at_us, attended_at_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10, $10, $10) ON CONFLICT DO NOTHING",
        )
        .bind(operator.group)
        .bind(id)
        .bind(start.key)
        .bind(start.terminal.to_string())
        .bind(operator.id)
        .bind(session_of(start.session))
        .bind(start.plan.amount)
        .bind(start.plan.most_cards)
        .bind(start.plan.most_money)
        .bind(now)
        .execute()
        .await?;
    Ok(written == 1)
}
