//! The books: proof that no fen was lost or made.

pub use crate::loads::book::{Books, prove_books};
