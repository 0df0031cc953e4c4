//! A load whose money was held, with everything that can prove what became of it.

use epurse::load::{Counter, Purse, Session};
use epurse::time::HostTime;
use ledger::{Fen, GroupId};
use serde::Serialize;
use store::{Micros, Tx};
use vault::KeyRef;

use super::{OrderNumber, State};
use crate::Ids;
use crate::cards::CardNumber;

/// How far apart, in ids, two loads can be that were confirmed before either was held: five minutes.
const MOMENTS: i64 = Ids::first_of(Micros(300_000_000));

/// A load and its evidence.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) group: GroupId,
    pub(super) order: OrderNumber,
    pub(super) state: State,
    /// Whether its TAC is known.
    pub(super) proven: bool,
    pub(super) amount: Fen,
    pub(super) card: CardNumber,
    pub(super) key: KeyRef,
    pub(super) session: Session,
    pub(super) time: HostTime,
    /// On the card, if the load was written.
    pub(super) balance_after: Fen,
    /// What the card answered so far, as JSON.
    answers: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    group_id: GroupId,
    id: i64,
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
    tac: Option<String>,
    answers: Option<String>,
}

/// The most loads that one card is asked about in one script, which has room for their counters.
const MOST_ASKED: i64 = 5;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT loads.group_id, loads.id, loads.state, loads.card_number, loads.card_class, loads.terminal, ",
            "loads.amount_fen, loads.balance_before_fen, loads.balance_field, loads.counter, loads.random, ",
            "loads.key_version, loads.algorithm, loads.host_time, loads.tac, loads.answers ",
            $rest
        )
    };
}

macro_rules! worth_asking {
    () => {
        concat!(
            // Said as the index of open loads says it: SQLite would not use it otherwise.
            select!(
                "FROM loads WHERE card_number = $1 AND state IN ('authorised', 'unknown') AND state = 'unknown' \
                 UNION ALL "
            ),
            select!(
                "FROM review_answers JOIN loads ON loads.group_id = review_answers.group_id \
                 AND loads.id = review_answers.load_id \
                 WHERE review_answers.card_number = $1 AND review_answers.confirmed = 1 \
                 AND NOT EXISTS (SELECT 1 FROM proofs WHERE proofs.group_id = loads.group_id \
                 AND proofs.load_id = loads.id AND (proofs.finding IN ('written', 'not_written') \
                 OR proofs.finding = 'moved_on' AND proofs.counter > loads.counter + 1)) \
                 ORDER BY id LIMIT $2"
            )
        )
    };
}

impl Held {
    /// The load with this order number at this terminal. None if there is none, or if nothing was ever held for it.
    pub(super) async fn at_terminal(
        tx: &mut Tx,
        group: GroupId,
        order: OrderNumber,
        terminal: &str,
    ) -> Result<Option<Self>, store::Error> {
        let row: Option<Row> = tx
            .query(select!("FROM loads WHERE group_id = $1 AND id = $2 AND terminal = $3"))
            .bind(group)
            .bind(order.id())
            .bind(terminal)
            .optional()
            .await?;
        Ok(row.and_then(Row::into_held))
    }

    /// The load with this order number. None if there is none, or if nothing was ever held for it.
    pub(super) async fn of(tx: &mut Tx, group: GroupId, order: OrderNumber) -> Result<Option<Self>, store::Error> {
        let row: Option<Row> = tx
            .query(select!("FROM loads WHERE group_id = $1 AND id = $2"))
            .bind(group)
            .bind(order.id())
            .optional()
            .await?;
        Ok(row.and_then(Row::into_held))
    }

    /// The loads that this card is to be asked about, at whichever terminal of whichever group they were made: those in
    /// doubt, and those that people decided, as long as the card can still tell. It cannot any more once it has proven
    /// the load either way, or has been loaded at least twice since: its proof is of its last load.
    pub(super) async fn worth_asking(tx: &mut Tx, card: CardNumber) -> Result<Vec<Self>, store::Error> {
        let rows: Vec<Row> = tx.query(worth_asking!()).bind(card.to_string()).bind(MOST_ASKED).all().await?;
        Ok(rows.into_iter().filter_map(Row::into_held).collect())
    }

    /// Another load of the same card that is proven to have used the same counter: then this one was not written, since a
    /// card uses each value once. Without the look its TAC might be taken for this load's, because a TAC covers neither
    /// the random number nor more of the time than the second.
    ///
    /// Two such loads can only have been confirmed within moments of each other, and only at one terminal could their
    /// TACs agree.
    pub(super) async fn rival(&self, tx: &mut Tx) -> Result<Option<OrderNumber>, store::Error> {
        let id = self.order.id();
        let row: Option<(i64,)> = tx
            .query(
                "SELECT id FROM loads WHERE group_id = $1 AND id BETWEEN $2 AND $3 AND id <> $4 AND card_number = $5 \
                 AND counter = $6 AND state = 'succeeded' AND tac IS NOT NULL LIMIT 1",
            )
            .bind(self.group)
            .bind(id.saturating_sub(MOMENTS))
            .bind(id.saturating_add(MOMENTS))
            .bind(id)
            .bind(self.card.to_string())
            .bind(i64::from(self.session.counter.0))
            .optional()
            .await?;
        Ok(row.map(|(id,)| OrderNumber::new(id)))
    }

    /// What the card answered so far, and `done` under `name`, as JSON.
    pub(super) fn answers_with(&self, name: &str, done: &impl Serialize) -> String {
        with_answer(&self.answers, name, done)
    }
}

/// The JSON object `answers` with the end of one more script under `name`. An end that came before is kept.
pub(super) fn with_answer(answers: &str, name: &str, done: &impl Serialize) -> String {
    let mut all: serde_json::Map<String, serde_json::Value> = serde_json::from_str(answers).unwrap_or_default();
    let taken = (1_u32..).map(|n| if n == 1 { name.to_owned() } else { format!("{name} {n}") });
    if let Some(free) = taken.into_iter().find(|name| !all.contains_key(name)) {
        all.insert(free, serde_json::to_value(done).unwrap_or_default());
    }
    serde_json::Value::from(all).to_string()
}

impl Row {
    fn into_held(self) -> Option<Held> {
        let mut random = [0; 4];
        hex::decode_to_slice(self.random?, &mut random).ok()?;
        Some(Held {
            group: self.group_id,
            order: OrderNumber::new(self.id),
            state: State::parse(&self.state)?,
            proven: self.tac.is_some(),
            amount: self.amount_fen,
            card: self.card_number.parse().ok()?,
            key: KeyRef {
                card_type: u8::from_str_radix(&self.card_class, 16).ok()?,
                version: u8::try_from(self.key_version?).ok()?,
                algorithm_id: u8::try_from(self.algorithm?).ok()?,
            },
            session: Session {
                purse: Purse::Ep,
                amount: u32::try_from(self.amount_fen.as_i64()).ok()?,
                terminal: self.terminal.parse().ok()?,
                balance: u32::try_from(self.balance_field?).ok()?,
                counter: Counter(u16::try_from(self.counter?).ok()?),
                random,
            },
            time: self.host_time?.parse().ok()?,
            balance_after: self.balance_before_fen?.checked_add(self.amount_fen)?,
            answers: self.answers.unwrap_or_default(),
        })
    }
}
