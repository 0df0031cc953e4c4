//! The terminal against a real WebSocket server of the tests, with software cards: everything on loopback addresses.

mod cards;
mod enrolment;
mod loads;
mod page;
mod purse;
mod recovery;
mod scripts;
mod server;
