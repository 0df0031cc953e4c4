//! What the gateway gave back otherwise than it was asked to: another amount, or without being asked. It stands in the
//! evidence of the exception about it, refund by refund, so that people see how much of the whole is missing or too much.

use std::collections::BTreeMap;

use ledger::{Fen, GroupId};
use serde::Deserialize as _;
use store::Tx;

use super::query::of_deposit;
use super::{CloseError, Exception, ExceptionKind, Outcome};

/// Refunds, by their number at the gateway, or by its serial number where it is none of ours, and how much each gave back.
pub(in crate::deposits) type Back = BTreeMap<String, Fen>;

/// Where it stands in the evidence, and where the name of the file stands that lists it.
const BACK: &str = "back";
const FILE: &str = "file";

impl Exception {
    /// How much the gateway gave back otherwise than it was asked to; none if it is not about that.
    pub fn went_back(&self) -> Option<Fen> {
        let back = self.back();
        let sums = back.values().map(|fen| fen.as_i64()).fold(0_i64, i64::saturating_add);
        Some(Fen::new(sums)).filter(|_| !back.is_empty())
    }

    /// The refunds of that, one by one.
    pub(in crate::deposits) fn back(&self) -> Back {
        self.evidence.get(BACK).and_then(|back| Back::deserialize(back).ok()).unwrap_or_default()
    }
}

/// How much of what a deposit was paid with went back without us, if that is less than all of it.
pub(super) async fn in_part(tx: &mut Tx, key: (GroupId, i64), paid: Fen) -> Result<Option<Fen>, store::Error> {
    let returned = |found: &&Exception| {
        let closed = found.closed.as_ref().is_none_or(|(_, made, ..)| *made == Outcome::ReturnedOtherwise);
        found.kind == ExceptionKind::GoneBack && closed
    };
    let back = of_deposit(tx, key).await?.iter().filter(returned).filter_map(Exception::went_back).max();
    Ok(back.filter(|back| *back < paid))
}

/// How much the gateway's files list as given back without us that nobody has said anything of yet; none if nothing.
pub(super) fn unsaid(all: &[Exception]) -> Option<Fen> {
    let open = all.iter().filter(|found| found.kind == ExceptionKind::GoneBack && found.closed.is_none());
    open.filter_map(Exception::went_back).max()
}

/// What is still to go back of what a deposit was paid with. What went back without us counts as far as people have closed
/// it as given back: nobody can deny that later.
pub(super) fn rest(all: &[Exception], paid: Fen) -> Result<Fen, CloseError> {
    let otherwise = |found: &&Exception| {
        let closed = found.closed.as_ref().is_some_and(|(_, made, ..)| *made == Outcome::ReturnedOtherwise);
        found.kind == ExceptionKind::GoneBack && closed
    };
    let said: Vec<&Exception> = all.iter().filter(otherwise).collect();
    // Without figures it was said of the whole.
    let whole = said.iter().any(|found| found.went_back().is_none());
    let back: Back = said.iter().flat_map(|found| found.back()).collect();
    let back = back.values().fold(0_i64, |sum, fen| sum.saturating_add(fen.as_i64()));
    let back = if whole { paid } else { Fen::new(back) };
    let rest = paid.checked_sub(back).filter(|rest| *rest > Fen::ZERO);
    rest.ok_or(CloseError::NothingLeft { back, due: paid })
}

/// Whether an exception of the deposit, open or closed, says that its money went back by this refund.
pub(in crate::deposits) async fn told_back(
    tx: &mut Tx,
    key: (GroupId, i64),
    refund: &str,
) -> Result<bool, store::Error> {
    let tells = |found: &Exception| found.kind == ExceptionKind::GoneBack && found.back().contains_key(refund);
    Ok(of_deposit(tx, key).await?.iter().any(tells))
}

/// Notes beside the open exception of this kind what went back; false if none is open. What somebody proposed was said of
/// what was known before, and counts no longer. Under the lock on the group's accounts.
pub(in crate::deposits) async fn note_back(
    tx: &mut Tx,
    key: (GroupId, i64),
    kind: ExceptionKind,
    (back, file): (&Back, Option<&str>),
) -> Result<bool, store::Error> {
    let open = |found: &Exception| found.kind == kind && found.closed.is_none();
    let Some(mut found) = of_deposit(tx, key).await?.into_iter().find(open) else { return Ok(false) };
    let known = found.back();
    let Some(evidence) = found.evidence.as_object_mut() else { return Ok(true) };
    let mut all = known.clone();
    all.extend(back.iter().map(|(refund, amount)| (refund.clone(), *amount)));
    if known == all {
        return Ok(true);
    }
    evidence.insert(BACK.to_owned(), serde_json::json!(all));
    if let Some(file) = file {
        evidence.insert(FILE.to_owned(), file.into());
    }
    tx.query(
        "UPDATE deposit_exceptions SET evidence = $2, proposed_by = NULL, proposed_name = NULL, proposed_outcome = NULL, \
         proposed_reason = NULL, proposed_at_us = NULL, reference = NULL WHERE id = $1 AND closed_at_us IS NULL",
    )
    .bind(found.id)
    .bind(found.evidence.to_string())
    .execute()
    .await?;
    Ok(true)
}
