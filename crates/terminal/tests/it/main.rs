//! The terminal against a real WebSocket server of the tests, with software cards: everything on loopback addresses.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]
#![expect(clippy::wildcard_enum_match_arm, reason = "whatever a test does not expect fails it")]

mod cards;
mod doctor;
mod enrolment;
mod loads;
mod page;
#[cfg(feature = "pcsc")]
mod pcsc;
mod purse;
mod recovery;
mod scripts;
mod server;
mod tls;
