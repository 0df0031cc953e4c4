//! The card: APDUs, files, load and purchase cryptograms, and a software card.
//!
//! Bytes in, bytes out: nothing here does I/O, waits, reads a clock or draws a random number of its own. A reader is
//! anything that can [`Transmit`](apdu::Transmit) one APDU; [`SoftCard`](card::SoftCard) is a whole card in memory.
//!
//! The way of a load through this crate:
//!
//! 1. [`Aid::select`](applications::Aid::select), [`file15::read_command`], [`balance::read_command`]: who is the card
//!    and what is on it ([`File15`](file15::File15), [`balance::parse`]).
//! 2. [`load::Initialize`] is sent, [`load::Initialized`] comes back, the two make a [`load::Session`], and its MAC1
//!    tells whether the card is genuine.
//! 3. [`load::Credit`] carries MAC2; the card's TAC is the proof that the money arrived.
//! 4. When an answer was lost, [`proof`] asks the card for that TAC again and [`log`] for a hint.
//!
//! Conventions: integers are big-endian on the wire; amounts are `u32` fen (1/100 yuan), as wide as the card's own
//! field; "EP" is the electronic purse (电子钱包) and "ED" the electronic passbook (电子存折). The standards meant are
//! JR/T 0025.2 (PBOC e-purse), CJ/T 304 (MOHURD) and JT/T 978 (T-Union). Where cards in the field differ, the item says
//! so.

pub mod apdu;
pub mod applications;
pub mod balance;
pub mod card;
pub mod file15;
pub mod keys;
pub mod load;
pub mod log;
pub mod mac;
pub mod pin;
pub mod proof;
pub mod purchase;
mod status;
pub mod terminal;
mod text;
pub mod time;
mod wire;

pub use text::NotHex;
