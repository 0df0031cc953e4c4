//! The books: proof that no fen was lost or made.

pub use crate::deposits::{DepositsFault, DepositsProof, Unbooked};
pub use crate::loads::book::{Books, BooksFault, CorrectionKind, prove_books};
