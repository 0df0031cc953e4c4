//! An answer that comes after nobody waits for it: the terminal kept it and says it again.

use link::Done;

use super::book::Doubt;
use super::charge::proof;
use super::held::Held;
use super::{OrderNumber, Reason, proofs, prove, verdict};
use crate::House;
use crate::terminals::{self, Terminal};

/// Takes the kept result of a script at its terminal, once. None if it is of a script whose results are not kept;
/// otherwise whether it is durably taken and the terminal may forget it.
pub(crate) async fn late(house: &House, terminal: &Terminal, done: &Done) -> Result<Option<bool>, store::Error> {
    let taken = if let Some(order) = OrderNumber::parse(&done.script) {
        late_credit(house, terminal, order, done).await?
    } else if proofs::is_question(&done.script) {
        late_proof(house, terminal, done).await?
    } else {
        return Ok(None);
    };
    house.signal(&terminals::topic(terminal.number)).await;
    Ok(Some(taken))
}

/// What a card answered when it was asked for the proof of a load, of whichever group.
async fn late_proof(house: &House, terminal: &Terminal, done: &Done) -> Result<bool, store::Error> {
    let about = proofs::asked_about(house, &done.script, terminal.number).await?;
    if about.is_empty() {
        tracing::error!(terminal = %terminal.number, script = done.script, "an answer came that nobody asked for");
        return Ok(false);
    }
    let taken = prove::take_answers(house, about, done).await?;
    tracing::info!(script = done.script, proven = taken.proven.len(), "a proof that was asked for came late");
    Ok(taken.looked_at)
}

async fn late_credit(
    house: &House,
    terminal: &Terminal,
    order: OrderNumber,
    done: &Done,
) -> Result<bool, store::Error> {
    let mut tx = house.db.read().await?;
    let held = Held::at_terminal(&mut tx, terminal.group, order, &terminal.number.to_string()).await?;
    drop(tx);
    let Some(held) = held else {
        tracing::error!(terminal = %terminal.number, %order, "a result came for a load that never had a hold");
        return Ok(false);
    };
    if held.proven {
        return Ok(true);
    }
    // If its card used the counter for another load, this result is of that one.
    if prove::by_rival(house, &held).await?.is_some() {
        return Ok(true);
    }
    let proven = proof(house, held.key, held.card.diversifier(), held.session, held.time, done).await;
    match proven {
        Ok(tac) => {
            tracing::info!(%order, "a result that came late proves the load");
            verdict::written(house, &held, tac, held.answers_with("credit", done)).await?;
            if !held.is_open() {
                proofs::credited(house, terminal.number, &held, done).await?;
            }
            Ok(true)
        }
        // Not looked at: the terminal keeps it and says it again.
        Err(Reason::TacUnverified) => Ok(false),
        Err(reason) if held.is_open() => {
            let (group, id, at) = (held.group, order.id(), house.now());
            let answers = Some(held.answers_with("credit", done));
            house.book.doubt(Doubt { group, id, reason: reason.as_str(), answers, at }).await?;
            Ok(true)
        }
        // A result without a TAC says nothing against what was settled or decided without it.
        Err(_) => Ok(true),
    }
}
