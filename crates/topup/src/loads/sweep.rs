//! Ends what a process that is gone left behind.

use super::collect::collect;
use super::{Reason, book, end_abandoned, withdraw};
use crate::House;

/// Brings everything abandoned to a true state. Every process runs it every few seconds; it does nothing twice.
///
/// - A confirm that nobody took up is withdrawn.
/// - A confirm that was taken up and has no load yet failed before anything was held.
/// - A load that is still authorised is in doubt: MAC2 may have left. Its hold stays.
/// - What a correction owes is taken from the quota, if it reaches now.
pub async fn sweep(house: &House) -> Result<(), store::Error> {
    let abandoned = house.ago(house.settings.abandoned);
    withdraw(house, None, abandoned).await?;
    end_abandoned(house, abandoned).await?;
    let mut tx = house.db.read().await?;
    let stuck: Vec<(ledger::GroupId, i64)> = tx
        .query("SELECT group_id, id FROM loads WHERE state = 'authorised' AND created_at_us <= $1")
        .bind(abandoned)
        .all()
        .await?;
    drop(tx);
    for (group, id) in stuck {
        tracing::warn!(order = %super::OrderNumber::new(id), "a load was abandoned while the card was written");
        let doubt =
            book::Doubt { group, id, reason: Reason::InterruptedWhileWriting.as_str(), answers: None, at: house.now() };
        if let Err(error) = house.book.doubt(doubt).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the doubt was not recorded; the next sweep will"
            );
        }
    }
    collect(house).await
}
