//! Loads that failed before anything was held: recorded too, with their reason.

use super::book::NewLoad;
use super::{Intent, Load, OrderNumber, Reason, by_order, end};
use crate::House;
use crate::terminals::Terminal;

/// A load that is refused.
pub(super) struct NewRefusal<'a> {
    pub(super) intent: &'a Intent,
    pub(super) reason: Reason,
    /// Its order number, if it has one already.
    pub(super) order: Option<OrderNumber>,
    pub(super) reader: &'a str,
    /// The card's class byte, once read.
    pub(super) class: Option<u8>,
}

impl<'a> NewRefusal<'a> {
    /// Refused before the card was asked anything.
    pub(super) fn before_card(intent: &'a Intent, reason: Reason) -> Self {
        Self { intent, reason, order: None, reader: "", class: None }
    }
}

/// Records a refusal. None if the intent has a load already: then that one counts.
pub(super) async fn refuse(house: &House, refusal: NewRefusal<'_>) -> Result<Option<Load>, store::Error> {
    let NewRefusal { intent, reason, order, reader, class } = refusal;
    let order = order.unwrap_or_else(|| OrderNumber::new(house.ids.next()));
    let load = NewLoad {
        group: intent.group,
        id: order.id(),
        intent: intent.key.clone(),
        operator: intent.operator.0,
        terminal: intent.terminal.to_string(),
        reader: reader.to_owned(),
        card_number: intent.card.to_string(),
        card_class: class.map_or_else(String::new, |class| format!("{class:02x}")),
        amount: intent.amount,
        balance_before: Some(intent.balance),
        evidence: None,
        at: house.now(),
    };
    tracing::info!(%order, %reason, "a load was refused before anything was held");
    metrics::counter!("jichong_loads_total", "state" => "failed").increment(1);
    house.book.refused(load, reason.as_str()).await?;
    by_order(house, intent.group, order).await
}

/// Refuses a confirm because the card on the reader is no longer the one that the clerk saw.
pub(crate) async fn refuse_changed(house: &House, terminal: &Terminal, intent: &Intent) -> Result<(), store::Error> {
    tracing::info!(terminal = %terminal.number, "the card changed before its confirm arrived");
    refuse(house, NewRefusal::before_card(intent, Reason::CardChanged)).await?;
    end(house, intent.group, &intent.key).await?;
    house.signal(&crate::terminals::topic(terminal.number)).await;
    Ok(())
}

/// Refuses an intent that was taken up by a process that is gone, before anything was held. Should that process be there
/// after all, it finds the intent taken and holds nothing.
pub(crate) async fn refuse_adrift(house: &House, intent: &Intent) -> Result<(), store::Error> {
    refuse(house, NewRefusal::before_card(intent, Reason::Interrupted)).await?;
    end(house, intent.group, &intent.key).await
}
