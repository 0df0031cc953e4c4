//! The transaction log: cyclic records of 23 bytes in file 18, number 1 the newest.
//!
//! The log is not authenticated: it is a hint where to look, never a proof. Cards also differ in the counter a record
//! carries: the one the transaction used (the FMCOS manual, one applet) or that plus one (two real-card traces, V1
//! among them). Take either: [`Record::is_of`].

use crate::apdu::{Command, WrongLength};
use crate::load::Counter;
use crate::terminal::TerminalNumber;
use crate::wire::Fields;

/// The length of a record in bytes.
pub const RECORD_LENGTH: u8 = 23;

/// The log's short file identifier on most cards. Changsha keeps local purchases here, remote ones in 10 and loads
/// in 1A (hexadecimal).
pub const SFI: u8 = 0x18;

/// `00 B2 <number> <sfi << 3 | 4> 17`: record `number` (1 is the newest) of the log with this short identifier.
pub fn read_command(sfi: u8, number: u8) -> Command {
    Command::new(0x00, 0xB2, number, ((sfi & 0x1F) << 3) | 0x04).with_le(RECORD_LENGTH)
}

/// What kind of transaction a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionType {
    /// 01: load of the passbook.
    EdLoad,
    /// 02: load of the purse.
    EpLoad,
    /// 03: unload.
    Unload,
    /// 04: cash withdrawal.
    Cash,
    /// 05: purchase from the passbook.
    EdPurchase,
    /// 06: purchase from the purse.
    EpPurchase,
    /// 07: change of the overdraft limit.
    OverdraftChange,
    /// 09: composite purchase.
    CompositePurchase,
    /// Any other byte.
    Other(u8),
}

impl TransactionType {
    /// The byte as the card writes it.
    pub fn byte(self) -> u8 {
        match self {
            Self::EdLoad => 0x01,
            Self::EpLoad => 0x02,
            Self::Unload => 0x03,
            Self::Cash => 0x04,
            Self::EdPurchase => 0x05,
            Self::EpPurchase => 0x06,
            Self::OverdraftChange => 0x07,
            Self::CompositePurchase => 0x09,
            Self::Other(byte) => byte,
        }
    }
}

impl From<u8> for TransactionType {
    fn from(byte: u8) -> Self {
        match byte {
            0x01 => Self::EdLoad,
            0x02 => Self::EpLoad,
            0x03 => Self::Unload,
            0x04 => Self::Cash,
            0x05 => Self::EdPurchase,
            0x06 => Self::EpPurchase,
            0x07 => Self::OverdraftChange,
            0x09 => Self::CompositePurchase,
            other => Self::Other(other),
        }
    }
}

/// One record of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The transaction's counter, or that plus one.
    pub counter: Counter,
    /// The overdraft limit in fen, 24 bits.
    pub overdraft: u32,
    /// Fen moved.
    pub amount: u32,
    /// What kind of transaction it was.
    pub transaction_type: TransactionType,
    /// The terminal it was made at.
    pub terminal: TerminalNumber,
    /// Date and time, packed BCD as it came: a record is read even where these are not a date.
    pub time: [u8; 7],
}

impl Record {
    /// Reads `counter 2 | overdraft 3 | amount 4 | type 1 | terminal 6 | date 4 | time 3`.
    pub fn parse(data: &[u8]) -> Result<Self, WrongLength> {
        let mut fields = Fields::of(data, usize::from(RECORD_LENGTH))?;
        Ok(Self {
            counter: Counter(fields.u16()?),
            overdraft: fields.u24()?,
            amount: fields.u32()?,
            transaction_type: fields.byte()?.into(),
            terminal: TerminalNumber(fields.take()?),
            time: fields.take()?,
        })
    }

    /// The 23 bytes that [`parse`](Self::parse) reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let [_, overdraft @ ..] = self.overdraft.to_be_bytes();
        let mut bytes = self.counter.0.to_be_bytes().to_vec();
        bytes.extend(overdraft);
        bytes.extend(self.amount.to_be_bytes());
        bytes.push(self.transaction_type.byte());
        bytes.extend(self.terminal.0);
        bytes.extend(self.time);
        bytes
    }

    /// Whether the record's counter fits a transaction whose INITIALIZE answer carried `counter`.
    pub fn is_of(&self, counter: Counter) -> bool {
        self.counter == counter || Some(self.counter) == counter.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives_the_round_trip() {
        for byte in 0..=u8::MAX {
            assert_eq!(TransactionType::from(byte).byte(), byte);
        }
    }

    #[test]
    fn the_record_of_a_real_load() {
        // V1: the counter is the one after the load, which used 0000.
        let bytes = hex::decode("000100000000001C370200000100005020140825103100").unwrap();
        let record = Record::parse(&bytes).unwrap();
        assert_eq!(record.counter, Counter(1));
        assert_eq!(record.amount, 0x1C37);
        assert_eq!(record.transaction_type, TransactionType::EpLoad);
        assert_eq!(record.terminal.to_string(), "000001000050");
        assert!(record.is_of(Counter(0)) && record.is_of(Counter(1)));
        assert!(!record.is_of(Counter(2)));
        assert_eq!(record.to_bytes(), bytes);
        assert_eq!(hex::encode_upper(read_command(SFI, 1).to_bytes()), "00B201C417");
    }
}
