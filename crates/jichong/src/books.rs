//! `jichong books`: proves the books and prints the figures.

use anyhow::Result;
use topup::books;

use crate::{open, say};

/// Proves the books; false if they are not exact.
pub(crate) async fn run(database: &str) -> Result<bool> {
    let db = open(database).await?;
    let mut tx = db.read().await?;
    let books = books::prove_books(&mut tx).await?;
    let verdict = if books.hold() { "exact: no fen lost, none made" } else { "NOT EXACT: see the faults above" };
    say(format!("{books}\n\nThe books are {verdict}."))?;
    Ok(books.hold())
}
