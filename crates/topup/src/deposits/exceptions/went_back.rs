//! What the gateway gave back otherwise than it was asked to: another amount, or without being asked. It stands in the
//! evidence of the exception about it, refund by refund, so that people see how much of the whole is missing or too much.

use std::collections::BTreeMap;

use ledger::{Fen, GroupId};
use serde::Deserialize as _;
use store::Tx;

use super::query::of_deposit;
use super::{CloseError, Exception, ExceptionKind, New, Outcome, open};
use crate::House;
use crate::deposits::book;

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

/// How much of what a deposit was paid with went back without us, as the gateway's files list it and nobody has denied.
pub(super) fn without_us(all: &[Exception]) -> Option<Fen> {
    let returned = |found: &&Exception| {
        let closed = found.closed.as_ref().is_none_or(|(_, made, ..)| *made == Outcome::ReturnedOtherwise);
        found.kind == ExceptionKind::GoneBack && closed
    };
    all.iter().filter(returned).filter_map(Exception::went_back).max()
}

/// How much the gateway's files list as given back without us that nobody has said anything of yet; none if nothing.
pub(in crate::deposits) fn unsaid(all: &[Exception]) -> Option<Fen> {
    let open = all.iter().filter(|found| found.kind == ExceptionKind::GoneBack && found.closed.is_none());
    open.filter_map(Exception::went_back).max()
}

/// What is still to go back of what a deposit was paid with. What went back without us counts as far as people have closed
/// it as given back: nobody can deny that later.
pub(super) fn rest(all: &[Exception], paid: Fen) -> Result<Fen, CloseError> {
    let said = said_back(all);
    // Without figures it was said of the whole.
    let whole = said.iter().any(|found| found.went_back().is_none());
    let back: Back = said.iter().flat_map(|found| found.back()).collect();
    let back = back.values().fold(0_i64, |sum, fen| sum.saturating_add(fen.as_i64()));
    let back = if whole { paid } else { Fen::new(back) };
    let rest = paid.checked_sub(back).filter(|rest| *rest > Fen::ZERO);
    rest.ok_or(CloseError::NothingLeft { back, due: paid })
}

/// Returns without us that people have closed as such.
fn said_back(all: &[Exception]) -> Vec<&Exception> {
    let otherwise = |found: &&Exception| {
        let closed = found.closed.as_ref().is_some_and(|(_, made, ..)| *made == Outcome::ReturnedOtherwise);
        found.kind == ExceptionKind::GoneBack && closed
    };
    all.iter().filter(otherwise).collect()
}

/// A refund of ours gave back so much. What people had said before went back without us is too much then, and in no account:
/// they look at it again.
pub(in crate::deposits) async fn back_besides(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    refunded: Fen,
) -> Result<(), store::Error> {
    let all = of_deposit(tx, locked.key()).await?;
    if rest(&all, locked.paid()).is_ok_and(|rest| refunded <= rest) {
        return Ok(());
    }
    let Some(last) = said_back(&all).pop() else { return Ok(()) };
    let mut evidence = last.evidence.clone();
    let back: Back = said_back(&all).iter().flat_map(|found| found.back()).collect();
    if let (Some(evidence), false) = (evidence.as_object_mut(), back.is_empty()) {
        evidence.insert(BACK.to_owned(), serde_json::json!(back));
    }
    let new = New {
        kind: ExceptionKind::GoneBack,
        deposit: Some(locked.key()),
        gateway: &locked.deposit.gateway,
        order: &locked.deposit.order.to_string(),
        serial: last.serial.as_deref().unwrap_or_default(),
        amount: locked.paid(),
        booked: false,
        evidence,
    };
    open(tx, house, &new).await.map(drop)
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
