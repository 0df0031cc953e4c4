//! The business on both engines, with software cards behind simulated terminals.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "a test that goes wrong here fails, as it should"
)]

mod cards;
mod clones;
mod deposits;
mod desk;
mod doors;
mod flow;
mod health;
mod invoices;
mod office;
mod processes;
mod proofs;
mod reconcile;
mod records;
mod register;
mod replay;
mod reviews;
mod runs;
mod sim;
mod statements;
mod storm;
mod world;
