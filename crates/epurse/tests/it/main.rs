//! The crate as its users see it: published vectors, and the software card against a host that plays by the rules, by
//! none, and with the card gone at any moment.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic")]

mod card;
mod follow_ups;
mod garbage;
mod removal;
mod support;
mod vectors;
