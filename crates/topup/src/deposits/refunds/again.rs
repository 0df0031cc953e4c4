//! A refund that failed may have been done after all: the gateway is asked about every one of them before people do
//! something else with the money.

use futures_util::future::join_all;
use ledger::{Fen, GroupId};
use pay::RefundStatus;
use store::{Micros, Tx};

use super::note::{accept, contradict, done_in_part, finish};
use super::pursue::{NOW, ask_of};
use super::query::{Row, one};
use super::{Key, OTHER_AMOUNT, RefundState};
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
    /// The gateway does not know any more of at least one that it had taken on, and says of each other that it is over.
    Forgotten,
    /// This one was done, or taken on, after all.
    GoneAfterAll(Key, RefundStatus),
    /// At least one was done with another amount; the others have failed for sure.
    OtherAmount,
}

/// Asks the gateway about every refund of a deposit that failed. What it says otherwise now opens an exception.
pub(in crate::deposits) async fn inquire(
    house: &House,
    (group, deposit): (GroupId, i64),
) -> Result<Inquiry, store::Error> {
    let mut tx = house.db.read().await?;
    let failed = failed(&mut tx, (group, deposit)).await?;
    drop(tx);
    let asked =
        failed.into_iter().map(|failed| failed.number).map(|number| inquire_of(house, Key { group, deposit, number }));
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

/// A refund that failed as far as we know.
#[derive(sqlx::FromRow)]
struct Failed {
    number: i64,
    amount_fen: Fen,
    code: Option<String>,
    accepted_at_us: Option<Micros>,
}

impl Failed {
    /// Whether the gateway has said that it did it with another amount.
    fn in_part(&self) -> bool {
        self.code.as_deref() == Some(OTHER_AMOUNT)
    }
}

async fn failed(tx: &mut Tx, (group, deposit): (GroupId, i64)) -> Result<Vec<Failed>, store::Error> {
    tx.query(
        "SELECT number, amount_fen, code, accepted_at_us FROM deposit_refunds \
         WHERE group_id = $1 AND deposit_id = $2 AND state = 'failed' ORDER BY number",
    )
    .bind(group)
    .bind(deposit)
    .all()
    .await
}

async fn gone_after_all(house: &House, key: Key, told: &Told) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(locked) = book::lock(&mut tx, key.group, key.deposit).await? else { return Ok(()) };
    let Some(refund) = one(&mut tx, key).await?.and_then(Row::into_refund) else { return Ok(()) };
    if refund.state == RefundState::Failed {
        match told {
            Told::Done { serial, amount } if *amount != refund.amount => {
                done_in_part(&mut tx, house, &locked, (key, &refund, serial, *amount)).await?;
            }
            Told::Done { .. }
            | Told::Pending { .. }
            | Told::NotFound
            | Told::Failed { .. }
            | Told::NoAnswer { .. }
            | Told::NotSetUp => {
                contradict(&mut tx, house, &locked, (&refund, told)).await?;
            }
        }
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
        let (mut unknown, mut forgotten, mut other_amount) = (false, false, false);
        for failed in failed(tx, (group, deposit)).await? {
            let key = Key { group, deposit, number: failed.number };
            match self.0.iter().find(|(of, _)| *of == failed.number).and_then(|(_, word)| word.as_ref()) {
                Some(RefundStatus::Refunded(settled)) if Fen::new(settled.amount.fen()) != failed.amount_fen => {
                    other_amount = true;
                }
                Some(word @ (RefundStatus::Accepted { .. } | RefundStatus::Refunded(_))) => {
                    return Ok(Standing::GoneAfterAll(key, word.clone()));
                }
                // It went back in part, whatever the gateway remembers of it; people say that the whole has.
                Some(RefundStatus::NotFound | RefundStatus::Failed { .. }) if failed.in_part() => other_amount = true,
                // A gateway that forgets what it had taken on may not be the one that took it on: of another merchant, say.
                Some(RefundStatus::NotFound) if failed.accepted_at_us.is_some() => forgotten = true,
                Some(RefundStatus::NotFound | RefundStatus::Failed { .. }) => {}
                None => unknown = true,
            }
        }
        Ok(match (unknown, forgotten, other_amount) {
            (true, _, _) => Standing::Unknown,
            (false, true, _) => Standing::Forgotten,
            (false, false, true) => Standing::OtherAmount,
            (false, false, false) => Standing::Failed,
        })
    }
}

/// A refund that failed was done, or taken on, after all: the deposit goes back by it, and by no other. False if it is not
/// so, or of another amount, which people have to see to.
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
