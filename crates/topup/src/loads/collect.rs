//! What corrections owe is taken from the quota as soon as it reaches.

use ledger::GroupId;
use serde_json::json;

use super::{OrderNumber, book};
use crate::House;
use crate::audit::{self, Action, Actor, Entry, Subject};

/// Corrections that are owed are tried so many at a time.
const COLLECTED_AT_ONCE: i64 = 100;

/// Takes from the quota what corrections owe, as far as it reaches now. Every process does so every few seconds.
pub(super) async fn collect(house: &House) -> Result<(), store::Error> {
    let mut tx = house.db.read().await?;
    let owed: Vec<(GroupId, i64)> = tx
        .query(
            "SELECT group_id, load_id FROM corrections WHERE movement IS NULL AND EXISTS (\
             SELECT 1 FROM accounts WHERE accounts.group_id = corrections.group_id AND quota_fen >= amount_fen) \
             ORDER BY raised_at_us LIMIT $1",
        )
        .bind(COLLECTED_AT_ONCE)
        .all()
        .await?;
    drop(tx);
    for (group, id) in owed {
        let mut tx = house.db.begin().await?;
        if !book::collect(&mut tx, group, id, house.now()).await? {
            continue;
        }
        let (order, actor) = (OrderNumber::new(id), Actor::system("sweep"));
        let (action, subject) = (Action::CorrectionCollected, Subject::Load(order));
        let entry = Entry { actor: &actor, action, group, subject, details: json!({}) };
        audit::record(&mut tx, &house.ids, &entry).await?;
        tx.commit().await?;
        tracing::warn!(%order, "a correction that was owed was taken from the quota");
    }
    Ok(())
}
