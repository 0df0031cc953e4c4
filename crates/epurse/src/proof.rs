//! GET TRANSACTION PROVE: asking the card again for the TAC of its last transaction.
//!
//! The sources disagree on the counter to name: most field code sends the value *after* the transaction raised it, one
//! published applet answers only to the value *before*. Ask for both. Some cards answer once only, and lose the proof
//! on any INITIALIZE, so ask before one.

use crate::apdu::{Command, WrongLength};
use crate::load::Counter;
use crate::mac::Mac;
use crate::wire::Fields;

/// `80 5A 00 <type> 02 | counter 2 | 08`. The type of an EP load is 02; the others are in
/// [`log::TransactionType`](crate::log::TransactionType). 9406 means that the card has no such proof.
pub fn command(transaction_type: u8, counter: Counter) -> Command {
    Command::new(0x80, 0x5A, 0x00, transaction_type).with_own(&counter.0.to_be_bytes()).with_le(0x08)
}

/// The card's answer to [`command`], 8 bytes. The order is the reverse of DEBIT's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// Of no use for a load, where some cards send zeros.
    pub mac: Mac,
    /// The TAC of the transaction: for a load, the evidence that the money arrived.
    pub tac: Mac,
}

impl Proof {
    /// Reads `MAC 4 | TAC 4`.
    pub fn parse(data: &[u8]) -> Result<Self, WrongLength> {
        let mut fields = Fields::of(data, 8)?;
        Ok(Self { mac: Mac(fields.take()?), tac: Mac(fields.take()?) })
    }

    /// The 8 bytes that [`parse`](Self::parse) reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.mac.0, self.tac.0].concat()
    }
}
