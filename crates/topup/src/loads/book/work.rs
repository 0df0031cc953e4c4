//! A batch in the database.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};

use ledger::{Accounts, Fen, GroupId};
use store::{Batch, Cell, Error, Pace, Result, Tx};

use super::desk::{Answer, Change, Desk, Job, Known, Opened};
use super::totals::{Part, Place};
use super::{Authorised, Ended, State};

/// The work of the book's queue.
#[derive(Debug, Default)]
pub(super) struct Loads {
    /// Counts the workers, and each anew when it has forgotten everything.
    workers: AtomicU32,
}

/// What the last batches left behind.
#[derive(Debug, Default)]
pub(super) struct Memory {
    ledger: ledger::Memory,
    /// The loads authorised here that have not ended, with amount and place, by group. True as long as the group's last
    /// movement is the one that the ledger's memory has: whoever ends a load posts a movement.
    open: HashMap<GroupId, HashMap<i64, (Fen, Place)>>,
    /// The worker's own.
    part: Option<Part>,
}

/// Open loads remembered at most; with more, all are forgotten. Thousands are in flight on the busiest day.
const REMEMBERED: usize = 100_000;

impl Batch for Loads {
    type Job = Job;
    type Answer = Answer;
    type Memory = Memory;
    const NAME: &'static str = "loads";

    fn key(job: &Job) -> i64 {
        job.group().0
    }

    async fn work(&self, tx: &mut Tx, jobs: &[Job], pace: Pace, memory: &mut Memory) -> Result<Vec<Answer>> {
        let part = *memory.part.get_or_insert_with(|| Part::of_worker(self.workers.fetch_add(1, Ordering::Relaxed)));
        if pace == Pace::Daring
            && let Some(mut desk) = memory.recall(jobs)
        {
            let answers = decide(&mut desk, jobs)?;
            if answers.iter().all(Answer::is_sure) {
                write(tx, &desk, part).await?;
                memory.learn(desk);
                return Ok(answers);
            }
        }
        let accounts = Accounts::lock(tx, jobs.iter().map(Job::group)).await?;
        memory.forget_what_others_changed(&accounts, jobs);
        let known = look_at_loads(tx, jobs).await?;
        let intents = match pace {
            Pace::Daring | Pace::Swift => HashSet::new(),
            Pace::Careful => look_at_intents(tx, jobs.iter()).await?,
        };
        let mut desk = Desk::new(accounts, known, intents);
        let mut answers = decide(&mut desk, jobs)?;
        if pace != Pace::Careful {
            look_at_the_short(tx, jobs, &mut answers).await?;
        }
        write(tx, &desk, part).await?;
        memory.learn(desk);
        Ok(answers)
    }
}

fn decide<'j>(desk: &mut Desk<'j>, jobs: &'j [Job]) -> Result<Vec<Answer>> {
    jobs.iter().map(|job| desk.decide(job)).collect()
}

/// Writes what was decided, in one round trip; and commits, if nothing had to be read before.
async fn write(tx: &mut Tx, desk: &Desk<'_>, part: Part) -> Result<()> {
    if desk.opened.is_empty() && desk.changes.is_empty() {
        return Ok(());
    }
    let (of_new, of_old): (Vec<_>, Vec<_>) = desk.changes.iter().partition(|(_, change)| change.of_new);
    let mut query = if desk.totals.is_empty() {
        desk.accounts.write(tx)
    } else {
        desk.accounts.write_after(desk.totals.add(tx, part))
    };
    if !desk.opened.is_empty() {
        query = query.and(INSERT).rows(desk.opened.iter().map(opened_cells));
    }
    if !of_old.is_empty() {
        query = query.and(UPDATE).rows(of_old.into_iter().map(changed_cells));
    }
    if of_new.is_empty() {
        query.execute_last().await?;
    } else {
        query.execute().await?;
        tx.query(UPDATE).rows(of_new.into_iter().map(changed_cells)).execute_last().await?;
    }
    Ok(())
}

impl Memory {
    /// A desk for `jobs`, if all they need is remembered and each of them will be refused by the database should the
    /// memory be wrong. That is so for a hold and a settlement, since both post to the journal.
    fn recall<'j>(&self, jobs: &[Job]) -> Option<Desk<'j>> {
        let mut known = HashMap::new();
        for job in jobs {
            match job {
                Job::Authorise(_) => {}
                Job::Settle(settled) => {
                    let load = (settled.group, settled.id);
                    let (amount, place) = self.open.get(&settled.group)?.get(&settled.id)?.clone();
                    known.insert(load, Known { state: State::Authorised, amount, place, new: false });
                }
                Job::Refuse(..) | Job::Release(_) | Job::Disprove(_) | Job::Doubt(_) => return None,
            }
        }
        let accounts = self.ledger.recall(jobs.iter().map(Job::group))?;
        Some(Desk::new(accounts, known, HashSet::new()))
    }

    /// Forgets the open loads of groups whose money was moved by another process since: one of them may have ended.
    fn forget_what_others_changed(&mut self, accounts: &Accounts, jobs: &[Job]) {
        for group in jobs.iter().map(Job::group) {
            if accounts.movements(group) != self.ledger.movements(group) {
                self.open.remove(&group);
            }
        }
    }

    /// Remembers what a desk leaves.
    fn learn(&mut self, desk: Desk<'_>) {
        if self.open.values().map(HashMap::len).sum::<usize>() > REMEMBERED {
            self.open.clear();
        }
        for opened in desk.opened.iter().filter(|opened| opened.state == State::Authorised) {
            let load = &opened.opening.load;
            let open = self.open.entry(load.group).or_default();
            open.insert(load.id, (load.amount, opened.opening.place.clone()));
        }
        for (group, load) in desk.changes.keys() {
            if let Some(open) = self.open.get_mut(group) {
                open.remove(load);
            }
        }
        self.ledger.learn(desk.accounts);
    }
}

impl Answer {
    /// Whether the job wrote something that the database refuses if the desk was wrong.
    fn is_sure(&self) -> bool {
        match self {
            Self::Authorised(authorised) => matches!(authorised, Authorised::Held { .. }),
            Self::Ended(ended) => *ended == Ended::Now,
        }
    }
}

/// The loads that the jobs are to end.
async fn look_at_loads(tx: &mut Tx, jobs: &[Job]) -> Result<HashMap<(GroupId, i64), Known>> {
    let mut ids: Vec<_> = jobs.iter().filter_map(Job::ends).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<(GroupId, i64, String, Fen, i64, String)> = tx
        .query(
            "SELECT loads.group_id, loads.id, loads.state, loads.amount_fen, loads.operator_id, loads.terminal \
             FROM rows(group_id BIGINT, id BIGINT) JOIN loads ON loads.group_id = rows.group_id \
             AND loads.id = rows.id",
        )
        .rows(ids.into_iter().map(|(group, id)| [group.into(), id.into()]))
        .all()
        .await?;
    rows.into_iter()
        .map(|(group, id, state, amount, operator, terminal)| {
            let state = State::parse(&state).ok_or(Error::Missing)?;
            let place = Place { operator, terminal: terminal.into() };
            Ok(((group, id), Known { state, amount, place, new: false }))
        })
        .collect()
}

/// Those of the jobs' intents that have a load.
async fn look_at_intents<'j>(tx: &mut Tx, jobs: impl Iterator<Item = &'j Job>) -> Result<HashSet<(GroupId, &'j str)>> {
    let asked: Vec<_> = jobs.filter_map(Job::opens).collect();
    if asked.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<(GroupId, String)> = tx
        .query(
            "SELECT loads.group_id, loads.intent FROM rows(group_id BIGINT, intent TEXT) \
             JOIN loads ON loads.intent = rows.intent AND loads.group_id = rows.group_id",
        )
        .rows(asked.iter().map(|(group, intent)| [(*group).into(), (*intent).into()]))
        .all()
        .await?;
    let found: HashSet<(GroupId, String)> = found.into_iter().collect();
    Ok(asked.into_iter().filter(|(group, intent)| found.contains(&(*group, (*intent).to_owned()))).collect())
}

/// A load that the quota does not reach is never written, so the unique key cannot tell that it is an old intent.
async fn look_at_the_short(tx: &mut Tx, jobs: &[Job], answers: &mut [Answer]) -> Result<()> {
    let is_short = |answer: &Answer| matches!(answer, Answer::Authorised(Authorised::Short { .. }));
    let short = jobs.iter().zip(&*answers).filter(|(_, answer)| is_short(answer)).map(|(job, _)| job);
    let old = look_at_intents(tx, short).await?;
    for (job, answer) in jobs.iter().zip(answers) {
        if is_short(answer) && job.opens().is_some_and(|intent| old.contains(&intent)) {
            *answer = Answer::Authorised(Authorised::Duplicate);
        }
    }
    Ok(())
}

/// Records new loads.
const INSERT: &str = "INSERT INTO loads (group_id, id, intent, state, reason, operator_id, terminal, reader, card_number, \
     card_class, amount_fen, balance_before_fen, quota_before_fen, quota_after_fen, balance_field, counter, random, \
     key_version, algorithm, mac1, mac2, host_time, answers, created_at_us, authorised_at_us, decided_at_us) \
     SELECT group_id, id, intent, state, reason, operator_id, terminal, reader, card_number, card_class, amount, \
     balance_before, quota_before, quota_after, balance_field, counter, random, key_version, algorithm, mac1, mac2, \
     host_time, answers, at, CASE WHEN state = 'authorised' THEN at END, CASE WHEN state = 'failed' THEN at END \
     FROM rows(group_id BIGINT, id BIGINT, intent TEXT, state TEXT, reason TEXT, operator_id BIGINT, terminal TEXT, \
     reader TEXT, card_number TEXT, card_class TEXT, amount BIGINT, balance_before BIGINT, quota_before BIGINT, \
     quota_after BIGINT, balance_field BIGINT, counter BIGINT, random TEXT, key_version BIGINT, algorithm BIGINT, \
     mac1 TEXT, mac2 TEXT, host_time TEXT, answers TEXT, at BIGINT)";

/// Brings open loads to another state. Were one of them not open, it would get a state that the table's CHECK refuses, and
/// with it the whole batch: even a mistake in this process's memory cannot end a load twice.
pub(super) const UPDATE: &str = "UPDATE loads SET \
     state = CASE WHEN loads.state IN ('authorised', 'unknown') THEN rows.state ELSE 'ended before' END, \
     reason = rows.reason, tac = rows.tac, balance_after_fen = rows.balance_after, \
     answers = COALESCE(rows.answers, loads.answers), decided_at_us = rows.decided_at \
     FROM rows(group_id BIGINT, id BIGINT, state TEXT, reason TEXT, tac TEXT, balance_after BIGINT, answers TEXT, \
     decided_at BIGINT) WHERE loads.group_id = rows.group_id AND loads.id = rows.id";

/// A row for [`INSERT`].
fn opened_cells<'o>(opened: &'o Opened<'_>) -> [Cell<'o>; 24] {
    let load = &opened.opening.load;
    let evidence = load.evidence.as_ref();
    let texts = opened.opening.texts.as_ref();
    [
        load.group.into(),
        load.id.into(),
        (&load.intent).into(),
        opened.state.as_str().into(),
        opened.reason.into(),
        load.operator.into(),
        (&load.terminal).into(),
        (&load.reader).into(),
        (&load.card_number).into(),
        (&load.card_class).into(),
        load.amount.into(),
        load.balance_before.into(),
        opened.quota.map(|(before, _)| before).into(),
        opened.quota.map(|(_, after)| after).into(),
        evidence.map(|e| i64::from(e.balance_field)).into(),
        evidence.map(|e| i64::from(e.counter.0)).into(),
        texts.map(|t| &t.random).into(),
        evidence.map(|e| i64::from(e.key_version)).into(),
        evidence.map(|e| i64::from(e.algorithm)).into(),
        texts.map(|t| &t.mac1).into(),
        texts.map(|t| &t.mac2).into(),
        texts.map(|t| &t.host_time).into(),
        evidence.map(|e| &e.answers).into(),
        load.at.into(),
    ]
}

/// A row for [`UPDATE`].
fn changed_cells<'c>(((group, id), change): (&(GroupId, i64), &'c Change<'_>)) -> [Cell<'c>; 8] {
    [
        (*group).into(),
        (*id).into(),
        change.state.as_str().into(),
        change.reason.into(),
        change.tac.into(),
        change.balance_after.into(),
        change.answers.into(),
        change.decided_at.into(),
    ]
}
