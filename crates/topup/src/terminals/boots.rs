//! One key, one program: a clone of a terminal's key is noticed.
//!
//! A terminal's program makes a random name for each of its starts, its *boot*, and signs it on every connection. Its
//! folder is locked while it runs, so of one key's boots only the newest can be alive: a restart replaces a boot for
//! good. A boot that comes back after another one replaced it is alive beside that one: two programs hold the key.
//!
//! What counts is when a boot *signed*, not when we got round to writing it down. So the newest boot is read before the
//! challenge is made; a boot is earlier only if it was replaced by then. And where another boot was written down while
//! a handshake ran, nobody can say which of the two came first: that handshake proves nothing and is forgotten. A
//! connection that is slow, is restored on another process or outlives its program by a moment therefore raises
//! nothing, and a clone is found when either of the two connects again, which being replaced makes them do within about
//! a minute.

use ledger::GroupId;
use serde_json::json;
use store::Tx;

use super::TerminalNumber;
use crate::House;
use crate::alarms::{self, Kind};
use crate::audit::Subject;

/// Starts remembered for a terminal, the newest; a program that crashes every few seconds must not fill the disk.
const MOST: i64 = 1_000;

/// What was known of a terminal's boots when it was challenged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The place of the newest; 0 if there is none.
    newest: i64,
    /// The place of the one that says hello; 0 if it is new.
    own: i64,
}

/// Reads what is known before the challenge is made.
pub(super) async fn look(house: &House, terminal: TerminalNumber, boot: &str) -> Result<Known, store::Error> {
    let mut tx = house.db.read().await?;
    known(&mut tx, terminal, boot).await
}

/// Writes down that a terminal proved its key in this boot, and raises the alarm if it is one that came back.
pub(super) async fn proven(
    house: &House,
    (group, terminal): (GroupId, TerminalNumber),
    boot: &str,
    address: &str,
    then: Known,
) -> Result<(), store::Error> {
    if then.own == then.newest && then.own > 0 {
        return Ok(());
    }
    let mut tx = house.db.begin().await?;
    // Two connections of a terminal are written down one after the other.
    let locked: Option<(String,)> = tx
        .query("SELECT number FROM terminals WHERE number = $1 FOR UPDATE")
        .bind(terminal.to_string())
        .optional()
        .await?;
    let now = known(&mut tx, terminal, boot).await?;
    if locked.is_none() || now.newest != then.newest {
        return Ok(());
    }
    let place = now.newest.saturating_add(1);
    if then.own > 0 {
        come_back(house, &mut tx, (group, terminal), boot, address).await?;
    }
    tx.query(
        "INSERT INTO terminal_boots (terminal, boot, place, first_at_us, address) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (terminal, boot) DO UPDATE SET place = excluded.place",
    )
    .bind(terminal.to_string())
    .bind(boot)
    .bind(place)
    .bind(house.now())
    .bind(address)
    .execute()
    .await?;
    tx.query("DELETE FROM terminal_boots WHERE terminal = $1 AND place <= $2")
        .bind(terminal.to_string())
        .bind(place.saturating_sub(MOST))
        .execute()
        .await?;
    tx.commit().await
}

/// The key is new: what was started under the old one counts no longer.
pub(super) async fn forget(tx: &mut Tx, terminal: TerminalNumber) -> Result<(), store::Error> {
    tx.query("DELETE FROM terminal_boots WHERE terminal = $1").bind(terminal.to_string()).execute().await?;
    Ok(())
}

async fn known(tx: &mut Tx, terminal: TerminalNumber, boot: &str) -> Result<Known, store::Error> {
    let (newest, own): (i64, i64) = tx
        .query(
            "SELECT CAST(COALESCE(MAX(place), 0) AS BIGINT), \
             CAST(COALESCE(MAX(CASE WHEN boot = $2 THEN place ELSE 0 END), 0) AS BIGINT) \
             FROM terminal_boots WHERE terminal = $1",
        )
        .bind(terminal.to_string())
        .bind(boot)
        .one()
        .await?;
    Ok(Known { newest, own })
}

/// Raises the alarm, with where each of the two was seen.
async fn come_back(
    house: &House,
    tx: &mut Tx,
    (group, terminal): (GroupId, TerminalNumber),
    boot: &str,
    address: &str,
) -> Result<(), store::Error> {
    let newest: Option<(String, String)> = tx
        .query("SELECT boot, address FROM terminal_boots WHERE terminal = $1 ORDER BY place DESC LIMIT 1")
        .bind(terminal.to_string())
        .optional()
        .await?;
    let (other, elsewhere) = newest.unwrap_or_default();
    let details = json!({ "boots": [boot, other], "addresses": [address, elsewhere] });
    alarms::raise(tx, &house.ids, group, Kind::KeyInTwoPlaces, Subject::Terminal(terminal), details).await?;
    Ok(())
}
