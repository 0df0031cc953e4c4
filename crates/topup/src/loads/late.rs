//! A load's answer that comes after nobody waits for it: the terminal kept it and says it again.

use epurse::load::{Counter, Purse, Session};
use epurse::time::HostTime;
use ledger::{Fen, GroupId};
use link::Done;
use vault::KeyRef;

use super::book::{Doubt, Settled};
use super::charge::{done_json, proof};
use super::{OrderNumber, State};
use crate::House;
use crate::cards::CardNumber;
use crate::terminals::{self, Terminal};

#[derive(sqlx::FromRow)]
struct Row {
    state: String,
    card_number: String,
    card_class: String,
    terminal: String,
    amount_fen: Fen,
    balance_before_fen: Option<Fen>,
    balance_field: Option<i64>,
    counter: Option<i64>,
    random: Option<String>,
    key_version: Option<i64>,
    algorithm: Option<i64>,
    host_time: Option<String>,
}

/// What a held load is proven with.
struct Held {
    card: CardNumber,
    key: KeyRef,
    session: Session,
    time: HostTime,
    balance_after: Fen,
}

/// Takes the result of a load at its terminal, once. True when it is durably taken and the terminal may forget it.
pub(crate) async fn late(
    house: &House,
    terminal: &Terminal,
    order: OrderNumber,
    done: &Done,
) -> Result<bool, store::Error> {
    let Some(row) = find(house, terminal, order).await? else {
        tracing::error!(terminal = %terminal.number, script = done.script, "a result came for a load that is not known");
        return Ok(false);
    };
    let taken = match State::parse(&row.state) {
        Some(State::Succeeded) => true,
        Some(State::Authorised | State::Unknown) => conclude(house, terminal.group, order, &row, done).await,
        Some(State::Failed) | None => {
            // Released because MAC2 never left: no honest terminal can have a result.
            tracing::error!(%order, "a result came for a load whose money was given back: someone must look");
            metrics::counter!("jichong_contradictions_total").increment(1);
            false
        }
    };
    house.signal(&terminals::topic(terminal.number)).await;
    Ok(taken)
}

async fn find(house: &House, terminal: &Terminal, order: OrderNumber) -> Result<Option<Row>, store::Error> {
    let mut tx = house.db.read().await?;
    tx.query(
        "SELECT state, card_number, card_class, terminal, amount_fen, balance_before_fen, balance_field, counter, \
             random, key_version, algorithm, host_time FROM loads WHERE group_id = $1 AND id = $2 AND terminal = $3",
    )
    .bind(terminal.group)
    .bind(order.id())
    .bind(terminal.number.to_string())
    .optional()
    .await
}

async fn conclude(house: &House, group: GroupId, order: OrderNumber, row: &Row, done: &Done) -> bool {
    let Some(held) = Held::read(row) else {
        tracing::error!(%order, "the evidence of a load cannot be read");
        return false;
    };
    let proven = proof(house, held.key, held.card.diversifier(), &held.session, held.time, done);
    let (group, id, at) = (group, order.id(), house.now());
    let written = match proven {
        Ok(tac) => {
            tracing::info!(%order, "a result that came late proves the load");
            let settled = Settled { group, id, tac: tac.to_string(), balance_after: held.balance_after, at };
            house.book.settle(settled).await.map(drop)
        }
        Err(reason) => {
            let doubt = Doubt { group, id, reason: reason.as_str(), answers: Some(done_json(done)), at };
            house.book.doubt(doubt).await.map(drop)
        }
    };
    written
        .inspect_err(
            |error| tracing::error!(error = error as &dyn std::error::Error, %order, "a late result was not taken"),
        )
        .is_ok()
}

impl Held {
    fn read(row: &Row) -> Option<Self> {
        let mut random = [0; 4];
        hex::decode_to_slice(row.random.as_deref()?, &mut random).ok()?;
        let session = Session {
            purse: Purse::Ep,
            amount: u32::try_from(row.amount_fen.as_i64()).ok()?,
            terminal: row.terminal.parse().ok()?,
            balance: u32::try_from(row.balance_field?).ok()?,
            counter: Counter(u16::try_from(row.counter?).ok()?),
            random,
        };
        let key = KeyRef {
            card_type: u8::from_str_radix(&row.card_class, 16).ok()?,
            version: u8::try_from(row.key_version?).ok()?,
            algorithm_id: u8::try_from(row.algorithm?).ok()?,
        };
        Some(Self {
            card: row.card_number.parse().ok()?,
            key,
            session,
            time: row.host_time.as_deref()?.parse().ok()?,
            balance_after: row.balance_before_fen?.checked_add(row.amount_fen)?,
        })
    }
}
