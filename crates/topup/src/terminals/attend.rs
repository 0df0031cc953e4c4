//! One connection of a terminal, from its first message to its last.

use link::{Refusal, ToTerminal};
use tokio::sync::mpsc;

use super::auth::{Refused, admit, why_replaced};
use super::health::Hello;
use super::station::Station;
use super::{Terminal, Wire, live};
use crate::House;

/// [`attend_from`] for a connection that comes from nowhere in particular.
pub async fn attend(house: &House, incoming: mpsc::Receiver<String>, outgoing: mpsc::Sender<String>) {
    attend_from(house, "", incoming, outgoing).await;
}

/// Attends one connection of a terminal until it ends: lets it in, reads the cards it reports, carries out the loads
/// that were confirmed for it. `address` is where it comes from; `incoming` and `outgoing` carry the texts of [`link`]'s
/// messages; when this returns, what `outgoing` still holds should be sent and the connection closed.
///
/// A load in flight is always brought to a true state before this returns, even when the connection is gone.
pub async fn attend_from(
    house: &House,
    address: &str,
    incoming: mpsc::Receiver<String>,
    outgoing: mpsc::Sender<String>,
) {
    let _attended = house.attending();
    let mut wire = Wire::new(incoming, outgoing);
    let refused = match admit(house, &mut wire, address).await {
        Ok((terminal, hello)) => {
            let number = terminal.number;
            metrics::gauge!("jichong_terminals_connected").increment(1.0);
            let refused = stay(house, &mut wire, terminal, &hello).await;
            metrics::gauge!("jichong_terminals_connected").decrement(1.0);
            tracing::info!(terminal = %number, why = ?refused.why, text = refused.text, "terminal disconnected");
            refused
        }
        Err(refused) => {
            tracing::info!(why = ?refused.why, text = refused.text, "terminal not let in");
            refused
        }
    };
    // Nobody may be there to read it.
    if wire.send(&ToTerminal::Refused { why: refused.why, text: refused.text }).await.is_err() {
        tracing::debug!("the connection was gone already");
    }
}

async fn stay(house: &House, wire: &mut Wire, terminal: Terminal, hello: &Hello) -> Refused {
    let row = match live::Row::claim(house, &terminal, hello).await {
        Ok(Some(row)) => row,
        Ok(None) => return why_replaced(house, &terminal).await,
        Err(error) => return error.into(),
    };
    let refused = match Station::new(house, wire, terminal.clone(), &row).work().await {
        Ok(never) => match never {},
        Err(refused) => refused,
    };
    if refused.why == Refusal::Replaced {
        return why_replaced(house, &terminal).await;
    }
    if let Err(error) = row.leave(house).await {
        // Pages see it a few seconds later, by the silence.
        tracing::warn!(error = &error as &dyn std::error::Error, "a terminal's leave was not written");
    }
    refused
}
