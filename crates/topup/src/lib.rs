//! The business: groups, their people, terminals and cards, and the loads between them.
//!
//! One folder per concept, each with its types (`mod.rs`), its rules (`rules.rs`, pure) and its SQL (`store.rs`).
//! [`House`] is what every verb needs: the database, the card keys, the clock and the source of randomness.

pub mod alarms;
pub mod audit;
pub mod books;
pub mod cards;
pub mod deposits;
pub mod groups;
mod house;
pub mod invoices;
pub mod keys;
pub mod lines;
pub mod loads;
pub mod paging;
mod patience;
pub mod people;
pub mod reconcile;
pub mod records;
pub mod reviews;
pub mod runs;
pub mod terminals;
pub mod two_people;
mod world;

pub use house::{House, Settings};
pub use ledger::{Fen, GroupId, Kind};
pub(crate) use patience::patiently;
pub use store::Micros;
pub use world::{Clock, Entropy, Ids, SeededEntropy, SystemClock, SystemEntropy, TestClock};
