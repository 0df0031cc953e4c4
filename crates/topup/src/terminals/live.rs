//! What a page sees of a terminal right now: one row, written by the process that holds the connection.

use ledger::{Fen, GroupId};
use serde::{Deserialize, Serialize};
use store::{Micros, Tx};

use super::health::{self, Health, Hello, Stored};
use super::query::key_of;
use super::{Terminal, TerminalNumber};
use crate::House;
use crate::cards::Card;
use crate::loads::{OrderNumber, Proven};

/// What a page sees of a terminal right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Whether the terminal is connected to any of our processes and was heard of in the last seconds.
    pub connected: bool,
    /// The readers attached; a connected terminal may have none.
    pub readers: Vec<String>,
    /// What is going on; [`Phase::NoCard`] when not connected.
    pub phase: Phase,
    /// How it is, as it said last; it may have been said on an earlier connection when it is not connected.
    pub health: Option<Health>,
}

/// What is going on at a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// No card lies on a reader.
    NoCard,
    /// A card was put down and is being read.
    Reading,
    /// A card lies there.
    Card {
        /// What is known of it, and what may be charged to it.
        card: Card,
        /// The intent key of the next load of this card on this tap: one confirm, one load.
        intent: String,
        /// The load that ended last on this tap, if any.
        last: Option<OrderNumber>,
        /// The doubt that the card settled on this tap, if it was about a load of this group.
        proven: Option<Proven>,
    },
    /// A card lies there but cannot be read: foreign, or badly placed.
    Unreadable,
    /// A load is under way: the card must not move.
    Charging {
        /// The card.
        card: Card,
        /// The intent that is being carried out.
        intent: String,
        /// The amount.
        amount: Fen,
    },
}

/// The signal that says: what pages see of this terminal has changed.
pub fn topic(terminal: TerminalNumber) -> String {
    format!("terminal/{terminal}")
}

/// The signal that says: someone confirmed a load at this terminal.
pub fn work_topic(terminal: TerminalNumber) -> String {
    format!("work/{terminal}")
}

/// The signal that says: a terminal's connection may no longer be its own, look at once.
pub fn end_topic(terminal: TerminalNumber) -> String {
    format!("end/{terminal}")
}

/// What is going on at a terminal of `group`; a terminal of another group is never connected.
pub async fn live(house: &House, group: GroupId, terminal: TerminalNumber) -> Result<Live, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Shown> = tx
        .query(
            "SELECT l.readers, l.phase, l.seen_at_us, h.program, h.version, h.platform, h.readers AS readiness, h.clock_ms, \
             h.unacknowledged, h.trip_us, h.told_at_us FROM terminals t \
             LEFT JOIN terminal_live l ON l.terminal = t.number LEFT JOIN terminal_health h ON h.terminal = t.number \
             WHERE t.number = $1 AND t.group_id = $2 AND t.revoked = 0",
        )
        .bind(terminal.to_string())
        .bind(group)
        .optional()
        .await?;
    let gone = Live { connected: false, readers: Vec::new(), phase: Phase::NoCard, health: None };
    let Some(row) = row else { return Ok(gone) };
    let silence = i64::try_from(house.settings.silence.as_micros()).unwrap_or(i64::MAX);
    // In both directions: a clock that was set back must not make a dead terminal look alive.
    let fresh = |seen_at: &Micros| house.now().0.saturating_sub(seen_at.0).saturating_abs() <= silence;
    Ok(match row.seen_at_us.filter(fresh) {
        Some(_) => Live {
            connected: true,
            readers: row.readers.and_then(|readers| serde_json::from_str(&readers).ok()).unwrap_or_default(),
            phase: row.phase.and_then(|phase| serde_json::from_str(&phase).ok()).unwrap_or(Phase::NoCard),
            health: row.health.into(),
        },
        None => Live { health: row.health.into(), ..gone },
    })
}

/// The rows that say what goes on at a terminal: none of them when it was never connected.
#[derive(sqlx::FromRow)]
struct Shown {
    readers: Option<String>,
    phase: Option<String>,
    seen_at_us: Option<Micros>,
    #[sqlx(flatten)]
    health: Stored,
}

/// The row of one connection of a terminal. The newest connection owns the row; an older one finds that out at its
/// next write.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) terminal: TerminalNumber,
    pub(super) connection: String,
}

impl Row {
    /// Takes over the row for a new connection. None: the key that the terminal proved is its key no longer.
    pub(super) async fn claim(house: &House, proven: &Terminal, hello: &Hello) -> Result<Option<Self>, store::Error> {
        let (terminal, connection) = (proven.number, hex::encode(house.random::<8>()));
        let mut tx = house.db.begin().await?;
        if key_of(&mut tx, terminal).await? != proven.public_key.map(hex::encode) {
            return Ok(None);
        }
        tx.query(
            "INSERT INTO terminal_live (terminal, connection, readers, phase, seen_at_us) \
             VALUES ($1, $2, '[]', '{\"phase\":\"no_card\"}', $3) \
             ON CONFLICT (terminal) DO UPDATE SET connection = excluded.connection, readers = excluded.readers, \
             phase = excluded.phase, seen_at_us = excluded.seen_at_us, left_at_us = NULL",
        )
        .bind(terminal.to_string())
        .bind(connection.as_str())
        .bind(house.now())
        .execute()
        .await?;
        health::begin(&mut tx, terminal, &connection, hello, house.now()).await?;
        tx.commit().await?;
        house.signal(&topic(terminal)).await;
        Ok(Some(Self { terminal, connection }))
    }

    /// Writes what pages see. False: another connection has taken over, or the terminal was revoked.
    pub(super) async fn write(&self, house: &House, readers: &[String], phase: &Phase) -> Result<bool, store::Error> {
        let mut tx = house.db.begin().await?;
        let written = self.write_in(house, &mut tx, readers, phase).await?;
        tx.commit().await?;
        house.signal(&topic(self.terminal)).await;
        Ok(written)
    }

    /// The same in the caller's unit of work; the signal is the caller's, too.
    pub(super) async fn write_in(
        &self,
        house: &House,
        tx: &mut Tx,
        readers: &[String],
        phase: &Phase,
    ) -> Result<bool, store::Error> {
        let written = tx
            .query(
                "UPDATE terminal_live SET readers = $3, phase = $4, seen_at_us = $5 WHERE terminal = $1 AND connection = $2",
            )
            .bind(self.terminal.to_string())
            .bind(self.connection.as_str())
            .bind(json(readers))
            .bind(json(phase))
            .bind(house.now())
            .execute()
            .await?;
        Ok(written == 1)
    }

    /// Says that the connection still stands. False as in [`Self::write`].
    pub(super) async fn beat(&self, house: &House) -> Result<bool, store::Error> {
        let mut tx = house.db.begin().await?;
        let written = tx
            .query(
                "UPDATE terminal_live SET seen_at_us = $3 WHERE terminal = $1 AND connection = $2 \
                 AND EXISTS (SELECT 1 FROM terminals WHERE number = $1 AND revoked = 0)",
            )
            .bind(self.terminal.to_string())
            .bind(self.connection.as_str())
            .bind(house.now())
            .execute()
            .await?;
        tx.commit().await?;
        Ok(written == 1)
    }

    /// The connection ended: pages see it at once. What a newer connection wrote stays.
    pub(super) async fn leave(&self, house: &House) -> Result<(), store::Error> {
        let mut tx = house.db.begin().await?;
        tx.query("UPDATE terminal_live SET seen_at_us = 0, left_at_us = $3 WHERE terminal = $1 AND connection = $2")
            .bind(self.terminal.to_string())
            .bind(self.connection.as_str())
            .bind(house.now())
            .execute()
            .await?;
        tx.commit().await?;
        house.signal(&topic(self.terminal)).await;
        Ok(())
    }
}

/// Plain structs of texts and numbers cannot fail to serialise.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
