//! A refund that failed may have been done after all: the gateway is asked about every one of them before people do
//! something else with the money.

use futures_util::future::join_all;
use ledger::{Fen, GroupId};
use pay::RefundStatus;
use store::{Micros, Tx};

use super::note::{accept, contradict, finish};
use super::pursue::{NOW, ask_of};
use super::query::{Row, one};
use super::{Key, RefundState};
use crate::deposits::event::Told;
use crate::deposits::{ask, book, confirm};
use crate::{House, patiently};

/// What the gateway said, asked just now, of each refund of a deposit that had failed: by its number among them. None
/// where it did not say.
#[derive(Clone, Debug, Default)]
pub(in crate::deposits) struct Inquiry(Vec<(i64, Option<RefundStatus>)>);

/// How the refunds of a deposit that failed stand together.
#[derive(Clone, Debug)]
pub(in crate::deposits) enum Standing {
    /// All of them have failed for sure.
    Failed,
    /// The gateway does not say of each.
    Unknown,
    /// This one was done, or taken on, after all.
    GoneAfterAll(Key, RefundStatus),
}

/// Asks the gateway about every refund of a deposit that failed. What it says otherwise now opens an exception.
pub(in crate::deposits) async fn inquire(
    house: &House,
    (group, deposit): (GroupId, i64),
) -> Result<Inquiry, store::Error> {
    let mut tx = house.db.read().await?;
    let failed = failed(&mut tx, (group, deposit)).await?;
    drop(tx);
    let asked = failed.into_iter().map(|(number, _)| inquire_of(house, Key { group, deposit, number }));
    let mut said = Vec::new();
    for answer in join_all(asked).await {
        said.push(answer?);
    }
    Ok(Inquiry(said))
}

async fn inquire_of(house: &House, key: Key) -> Result<(i64, Option<RefundStatus>), store::Error> {
    let unknown = Ok((key.number, None));
    let (Some(till), Some(now)) = (&house.till, confirm::pay_time(house.now())) else { return unknown };
    let mut tx = house.db.read().await?;
    let Some(row) = one(&mut tx, key).await? else { return unknown };
    drop(tx);
    let Some(asked) = ask_of(house, till, key, &row).await? else { return unknown };
    let Ok(word) = tokio::time::timeout(NOW, till.gateway.query_refund(&asked, now)).await else { return unknown };
    ask::answered("refund", &asked.order, &word);
    if let Ok(status @ (RefundStatus::Accepted { .. } | RefundStatus::Refunded(_))) = &word {
        patiently!(gone_after_all(house, key, &Told::from(status)))?;
    }
    Ok((key.number, word.ok()))
}

/// The refunds that failed as far as we know, and whether the gateway had taken them on before.
async fn failed(tx: &mut Tx, (group, deposit): (GroupId, i64)) -> Result<Vec<(i64, bool)>, store::Error> {
    let rows: Vec<(i64, Option<Micros>)> = tx
        .query(
            "SELECT number, accepted_at_us FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2 AND state = 'failed' \
             ORDER BY number",
        )
        .bind(group)
        .bind(deposit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(number, accepted_at)| (number, accepted_at.is_some())).collect())
}

async fn gone_after_all(house: &House, key: Key, told: &Told) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(locked) = book::lock(&mut tx, key.group, key.deposit).await? else { return Ok(()) };
    let Some(refund) = one(&mut tx, key).await?.and_then(Row::into_refund) else { return Ok(()) };
    if refund.state == RefundState::Failed {
        contradict(&mut tx, house, &locked, (&refund, told)).await?;
    }
    tx.commit().await
}

impl Inquiry {
    /// How the refunds stand that have failed as far as we know, under the lock on the group's accounts.
    pub(in crate::deposits) async fn standing(
        &self,
        tx: &mut Tx,
        (group, deposit): (GroupId, i64),
    ) -> Result<Standing, store::Error> {
        let mut unknown = false;
        for (number, taken_on) in failed(tx, (group, deposit)).await? {
            let key = Key { group, deposit, number };
            match self.0.iter().find(|(of, _)| *of == number).and_then(|(_, word)| word.as_ref()) {
                Some(word @ (RefundStatus::Accepted { .. } | RefundStatus::Refunded(_))) => {
                    return Ok(Standing::GoneAfterAll(key, word.clone()));
                }
                // A gateway that forgets what it had taken on may not be the one that took it on: of another merchant, say.
                Some(RefundStatus::NotFound) if taken_on => unknown = true,
                Some(RefundStatus::NotFound | RefundStatus::Failed { .. }) => {}
                None => unknown = true,
            }
        }
        Ok(if unknown { Standing::Unknown } else { Standing::Failed })
    }
}

/// A refund that failed was done, or taken on, after all: the deposit goes back by it, and by no other. False if it is of
/// another amount, which people have to see to.
pub(in crate::deposits) async fn adopt(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (key, word): (Key, &RefundStatus),
) -> Result<bool, store::Error> {
    tx.query(
        "UPDATE deposit_refunds SET state = 'due', code = NULL, words = NULL, ended_at_us = NULL, ask_at_us = $4, \
         asked = 0 WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(matches!(word, RefundStatus::Accepted { .. }).then(|| house.now()))
    .execute()
    .await?;
    let Some(refund) = one(tx, key).await?.and_then(Row::into_refund) else { return Ok(false) };
    match word {
        RefundStatus::Accepted { serial } => accept(tx, house, locked, (key, &refund, serial.as_deref())).await?,
        RefundStatus::Refunded(settled) if Fen::new(settled.amount.fen()) == refund.amount => {
            finish(tx, house, locked, (key, &refund, settled)).await?;
        }
        RefundStatus::Refunded(_) | RefundStatus::NotFound | RefundStatus::Failed { .. } => return Ok(false),
    }
    Ok(true)
}
