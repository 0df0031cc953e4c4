//! A load's answer that comes after nobody waits for it: the terminal kept it and says it again.

use link::Done;

use super::book::{Doubt, Settled};
use super::charge::proof;
use super::held::Held;
use super::{OrderNumber, Reason, State};
use crate::House;
use crate::terminals::{self, Terminal};

/// Takes the result of a load at its terminal, once. True when it is durably taken and the terminal may forget it.
pub(crate) async fn late(
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
    let rival = held.rival(&mut house.db.read().await?).await?;
    let taken = match held.state {
        State::Succeeded => true,
        // Its card used the counter for another load: this result is of that one, and the card will settle this one.
        State::Authorised | State::Unknown if rival.is_some() => true,
        State::Authorised | State::Unknown => conclude(house, &held, done).await,
        State::Failed => contradicted(house, &held, done).await,
    };
    house.signal(&terminals::topic(terminal.number)).await;
    Ok(taken)
}

async fn conclude(house: &House, held: &Held, done: &Done) -> bool {
    let proven = proof(house, held.key, held.card.diversifier(), held.session, held.time, done).await;
    let (group, id, order, at) = (held.group, held.order.id(), held.order, house.now());
    let written = match proven {
        Ok(tac) => {
            tracing::info!(%order, "a result that came late proves the load");
            let settled = Settled { group, id, tac: tac.to_string(), balance_after: held.balance_after, at };
            house.book.settle(settled).await.map(drop)
        }
        // Not looked at: the terminal keeps it and says it again.
        Err(Reason::TacUnverified) => return false,
        Err(reason) => {
            let answers = Some(held.answers_with("credit", done));
            house.book.doubt(Doubt { group, id, reason: reason.as_str(), answers, at }).await.map(drop)
        }
    };
    written
        .inspect_err(
            |error| tracing::error!(error = error as &dyn std::error::Error, %order, "a late result was not taken"),
        )
        .is_ok()
}

/// The money went back, by proof or because MAC2 never left. A result without a TAC says nothing against that; one with
/// a good TAC must never be, and someone has to look: it is not forgotten.
async fn contradicted(house: &House, held: &Held, done: &Done) -> bool {
    let proven = proof(house, held.key, held.card.diversifier(), held.session, held.time, done).await;
    if proven.is_ok() {
        tracing::error!(order = %held.order, "a good TAC came for a load whose money was given back");
        metrics::counter!("jichong_contradictions_total").increment(1);
    }
    proven.is_err()
}
