//! What is decided about single loads: by people, where no proof settles it, and by a proof that comes later and says
//! otherwise. Rare, so it does not go through the queue but is part of its caller's unit of work; the lock on the
//! accounts and the number of its movement keep it apart from the batches.
//!
//! | verb | load | money |
//! |---|---|---|
//! | [`decide`], written | unknown → succeeded | held → on cards |
//! | [`decide`], not written | unknown → failed | held → quota |
//! | [`correct`], written | stays as it is | quota → on cards, as soon as the quota reaches |
//! | [`correct`], not written | stays as it is | on cards → quota |
//! | [`collect`] | stays as it is | quota → on cards, of a correction that was owed |

use ledger::{Accounts, Fen, GroupId, Kind, Movement, Rejected};
use store::{Micros, Result, Tx};

use super::desk::{impossible, passage_by_proof};
use super::totals::{Part, Place, Totals};
use super::work::UPDATE;
use super::{Ended, State};
use crate::loads::Reason;

/// What people decided of a load in doubt.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    /// Whose load.
    pub group: GroupId,
    /// The load.
    pub id: i64,
    /// Whether it was written to the card.
    pub written: bool,
    /// When.
    pub at: Micros,
}

/// What a proof says of a load that had ended otherwise.
#[derive(Clone, Debug)]
pub struct Correction {
    /// Whose load.
    pub group: GroupId,
    /// The load.
    pub id: i64,
    /// Whether it was written to the card.
    pub written: bool,
    /// The proof, as JSON.
    pub evidence: String,
    /// When it came.
    pub at: Micros,
}

/// What became of [`correct`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrected {
    /// The alarm is raised and the money is where it belongs.
    Posted,
    /// The alarm is raised; the quota does not reach, so the money is owed.
    Owed,
    /// It holds already; nothing was done.
    Already,
    /// The load has not ended; nothing was done.
    Open,
    /// A TAC has proven the contrary, and nothing outweighs that; nothing was done.
    Outweighed,
}

/// Locks the accounts of a group until the unit of work ends: nobody else changes its loads or their money meanwhile.
pub async fn lock(tx: &mut Tx, group: GroupId) -> Result<()> {
    Accounts::lock(tx, [group]).await.map(drop)
}

/// Ends a load in doubt as people decided. [`Ended::Contrary`] or [`Ended::Already`] if it has ended meanwhile.
pub async fn decide(tx: &mut Tx, decision: &Decision) -> Result<Ended> {
    let Decision { group, id, written, at } = *decision;
    let mut accounts = Accounts::lock(tx, [group]).await?;
    let Some(load) = look(tx, group, id).await? else { return Ok(Ended::NoLoad) };
    let (to, kind, reason) = if written {
        (State::Succeeded, Kind::OnCards, Reason::DecidedWritten)
    } else {
        (State::Failed, Kind::Quota, Reason::DecidedNotWritten)
    };
    let ended = passage_by_proof(load.state, to);
    if ended != Ended::Now {
        return Ok(ended);
    }
    let movement =
        Movement { group, from: Kind::Held, to: kind, amount: load.amount, reason: "review", subject: id, at };
    accounts.post(movement).map_err(impossible)?;
    let null = store::Cell::Null;
    let row = [group.into(), id.into(), to.as_str().into(), reason.as_str().into(), null, null, null, at.into()];
    let mut totals = Totals::default();
    totals.ended((group, id), &load.place, to, load.amount);
    accounts.write_after(totals.add(tx, Part::default())).and(UPDATE).rows([row]).execute().await?;
    Ok(Ended::Now)
}

/// Takes note that a proof contradicts how a load had ended, and puts its money right.
pub async fn correct(tx: &mut Tx, correction: &Correction) -> Result<Corrected> {
    let Correction { group, id, written, evidence, at } = correction;
    let (group, id, written, at) = (*group, *id, *written, *at);
    let mut accounts = Accounts::lock(tx, [group]).await?;
    let load = look(tx, group, id).await?.ok_or(store::Error::Missing)?;
    match load.what_holds() {
        None => return Ok(Corrected::Open),
        Some((holds, _)) if holds == written => return Ok(Corrected::Already),
        Some((_, by_tac)) if by_tac => return Ok(Corrected::Outweighed),
        Some(_) => {}
    }
    let movement = match accounts.post(movement_of(group, id, written, load.amount, at)) {
        Ok(posted) => {
            accounts.write(tx).execute().await?;
            Some(posted.id)
        }
        Err(Rejected::Short { .. }) if written => None,
        Err(rejected) => return Err(impossible(rejected)),
    };
    tx.query(
        "INSERT INTO corrections (group_id, load_id, written, contradicts, amount_fen, evidence, raised_at_us, \
         movement, posted_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(group)
    .bind(id)
    .bind(i64::from(written))
    .bind(load.reason.as_deref().unwrap_or(load.state.as_str()))
    .bind(load.amount)
    .bind(evidence.as_str())
    .bind(at)
    .bind(movement)
    .bind(movement.map(|_| at))
    .execute()
    .await?;
    Ok(if movement.is_some() { Corrected::Posted } else { Corrected::Owed })
}

/// Posts a correction that was owed, if the quota reaches now. True if it did.
pub async fn collect(tx: &mut Tx, group: GroupId, id: i64, at: Micros) -> Result<bool> {
    let mut accounts = Accounts::lock(tx, [group]).await?;
    let owed: Option<(Fen,)> = tx
        .query(
            "SELECT amount_fen FROM corrections WHERE group_id = $1 AND load_id = $2 AND written = 1 \
             AND movement IS NULL",
        )
        .bind(group)
        .bind(id)
        .optional()
        .await?;
    let Some((amount,)) = owed else { return Ok(false) };
    let posted = match accounts.post(movement_of(group, id, true, amount, at)) {
        Ok(posted) => posted,
        Err(Rejected::Short { .. }) => return Ok(false),
        Err(rejected) => return Err(impossible(rejected)),
    };
    accounts.write(tx).execute().await?;
    tx.query(
        "UPDATE corrections SET movement = $3, posted_at_us = $4 \
         WHERE group_id = $1 AND load_id = $2 AND written = 1 AND movement IS NULL",
    )
    .bind(group)
    .bind(id)
    .bind(posted.id)
    .bind(at)
    .execute()
    .await?;
    Ok(true)
}

fn movement_of(group: GroupId, id: i64, written: bool, amount: Fen, at: Micros) -> Movement {
    let (from, to) = if written { (Kind::Quota, Kind::OnCards) } else { (Kind::OnCards, Kind::Quota) };
    Movement { group, from, to, amount, reason: "correction", subject: id, at }
}

/// A load as it ended, and what was found of it since.
struct Look {
    state: State,
    reason: Option<String>,
    amount: Fen,
    place: Place,
    tac: bool,
    /// Proven after it had ended otherwise.
    written_after_all: bool,
    not_written_after_all: bool,
}

impl Look {
    /// Whether the load counts as written, and whether a TAC says so; none while it is open.
    fn what_holds(&self) -> Option<(bool, bool)> {
        match self.state {
            State::Authorised | State::Unknown => None,
            State::Succeeded | State::Failed if self.written_after_all => Some((true, true)),
            State::Succeeded | State::Failed if self.not_written_after_all => Some((false, false)),
            State::Succeeded => Some((true, self.tac)),
            State::Failed => Some((false, false)),
        }
    }
}

type LookColumns = (String, Option<String>, Fen, Option<String>, i64, String);

async fn look(tx: &mut Tx, group: GroupId, id: i64) -> Result<Option<Look>> {
    let row: Option<LookColumns> = tx
        .query(
            "SELECT state, reason, amount_fen, tac, operator_id, terminal FROM loads WHERE group_id = $1 AND id = $2",
        )
        .bind(group)
        .bind(id)
        .optional()
        .await?;
    let Some((state, reason, amount, tac, operator, terminal)) = row else { return Ok(None) };
    let corrections: Vec<(i64,)> = tx
        .query("SELECT written FROM corrections WHERE group_id = $1 AND load_id = $2")
        .bind(group)
        .bind(id)
        .all()
        .await?;
    Ok(Some(Look {
        state: State::parse(&state).ok_or(store::Error::Missing)?,
        reason,
        amount,
        place: Place { operator, terminal: terminal.into() },
        tac: tac.is_some(),
        written_after_all: corrections.contains(&(1,)),
        not_written_after_all: corrections.contains(&(0,)),
    }))
}
