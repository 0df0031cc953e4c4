//! The invoices in a state as a file.

use std::fs::File;

use ledger::Fen;
use tokio::sync::mpsc;

use super::query::page;
use super::{Invoice, State};
use crate::House;
use crate::records::exports::ExportError;
use crate::records::{Cell, Format, Head, sheet};

/// Pages that wait for the writer.
const WAITING: usize = 2;

/// All invoices in a state, newest first, below what `head` says of how many there are and what they come to: all of it in
/// the one moment of its beginning.
pub async fn export(
    house: &House,
    state: State,
    format: Format,
    head: impl FnOnce(i64, Fen) -> Head,
    row: impl Fn(&Invoice) -> Vec<Cell>,
) -> Result<File, ExportError> {
    let mut tx = house.db.read().await?;
    let (count, sum): (i64, Fen) = tx
        .query("SELECT COUNT(*), CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM invoices WHERE state = $1")
        .bind(state.as_str())
        .one()
        .await?;
    let head = head(count, sum);
    let (send, receive) = mpsc::channel(WAITING);
    let writer = tokio::task::spawn_blocking(move || sheet::write(format, &head, sheet::received(receive)));
    let mut after = None;
    loop {
        let page = page(&mut tx, state, after).await?;
        if send.send(page.rows.iter().map(&row).collect()).await.is_err() {
            break; // the writer says why
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    drop(send);
    Ok(writer.await.map_err(|_| ExportError::Gone)??)
}
