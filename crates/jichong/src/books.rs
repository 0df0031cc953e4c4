//! `jichong books`: proves the books and prints the figures.

use anyhow::Result;
use topup::books;

use crate::{open, say};

/// Proves the books; false if they are not exact.
pub async fn run(database: &str) -> Result<bool> {
    let db = open(database).await?;
    let mut tx = db.read().await?;
    let books = books::prove_books(&mut tx).await?;
    say(books.to_string())?;
    Ok(books.hold())
}
