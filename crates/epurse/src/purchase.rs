//! Purchases: INITIALIZE FOR PURCHASE, DEBIT FOR PURCHASE and their cryptograms.
//!
//! Jichong sells nothing; this is here so that the software card is a whole one and published purchase vectors can be
//! checked. Composite purchases (type 09) are computed but not built as commands.

use crate::apdu::{Command, WrongLength};
use crate::keys::{Algorithm, Key};
use crate::load::Counter;
use crate::mac::{Mac, MacKey};
use crate::terminal::TerminalNumber;
use crate::time::HostTime;
use crate::wire::Fields;

/// The transaction type of a purchase from the electronic purse.
pub const EP_PURCHASE: u8 = 0x06;

/// INITIALIZE FOR PURCHASE on the electronic purse: what is asked of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Initialize {
    /// Which of the card's purchase keys; commonly 01 (41 for SM4).
    pub key_index: u8,
    /// Fen to take.
    pub amount: u32,
    /// The number of the terminal that sells.
    pub terminal: TerminalNumber,
}

impl Initialize {
    /// `80 50 01 02 0B | key index 1 | amount 4 | terminal 6 | 0F`.
    pub fn command(&self) -> Command {
        let data = [&[self.key_index][..], &self.amount.to_be_bytes(), &self.terminal.0].concat();
        Command::new(0x80, 0x50, 0x01, 0x02).with_own(&data).with_le(0x0F)
    }
}

/// The card's answer to [`Initialize`], 15 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Initialized {
    /// The balance before the purchase, as the card sent it.
    pub balance: u32,
    /// The offline counter, not yet raised.
    pub counter: Counter,
    /// The overdraft limit in fen, 24 bits.
    pub overdraft: u32,
    /// The version of the key.
    pub key_version: u8,
    /// See [`Algorithm::from_id`].
    pub algorithm_id: u8,
    /// The card's random number, new every time.
    pub random: [u8; 4],
}

impl Initialized {
    /// Reads `balance 4 | counter 2 | overdraft 3 | key version 1 | algorithm 1 | random 4`.
    pub fn parse(data: &[u8]) -> Result<Self, WrongLength> {
        let mut fields = Fields::of(data, 15)?;
        Ok(Self {
            balance: fields.u32()?,
            counter: Counter(fields.u16()?),
            overdraft: fields.u24()?,
            key_version: fields.byte()?,
            algorithm_id: fields.byte()?,
            random: fields.take()?,
        })
    }

    /// The 15 bytes that [`parse`](Self::parse) reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let [_, overdraft @ ..] = self.overdraft.to_be_bytes();
        let mut bytes = self.balance.to_be_bytes().to_vec();
        bytes.extend(self.counter.0.to_be_bytes());
        bytes.extend(overdraft);
        bytes.extend([self.key_version, self.algorithm_id]);
        bytes.extend(self.random);
        bytes
    }
}

/// DEBIT FOR PURCHASE: the order to take the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debit {
    /// The terminal's own number of this transaction.
    pub terminal_sequence: u32,
    /// The terminal's time.
    pub time: HostTime,
    /// The terminal's proof that it holds the purchase key.
    pub mac1: Mac,
}

impl Debit {
    /// `80 54 01 00 0F | terminal sequence 4 | date 4 | time 3 | MAC1 4 | 08`.
    pub fn command(&self) -> Command {
        let data = [&self.terminal_sequence.to_be_bytes()[..], &self.time.to_bcd(), &self.mac1.0].concat();
        Command::new(0x80, 0x54, 0x01, 0x00).with_own(&data).with_le(0x08)
    }
}

/// The card's answer to [`Debit`], 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debited {
    /// The proof for the issuer.
    pub tac: Mac,
    /// The proof for the terminal.
    pub mac2: Mac,
}

impl Debited {
    /// Reads `TAC 4 | MAC2 4`.
    pub fn parse(data: &[u8]) -> Result<Self, WrongLength> {
        let mut fields = Fields::of(data, 8)?;
        Ok(Self { tac: Mac(fields.take()?), mac2: Mac(fields.take()?) })
    }

    /// The 8 bytes that [`parse`](Self::parse) reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.tac.0, self.mac2.0].concat()
    }
}

/// The command that reads a MOHURD card's security code (安全认证码), the 9 bytes its purchase MAC1 also covers.
pub fn security_code_command() -> Command {
    Command::new(0x80, 0xCA, 0x00, 0x00).with_le(0x09)
}

/// A purchase: everything its cryptograms are computed from, except keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The transaction type: 05 ED purchase, 06 EP purchase, 09 composite purchase.
    pub transaction_type: u8,
    /// Fen to take.
    pub amount: u32,
    /// The terminal's number.
    pub terminal: TerminalNumber,
    /// The terminal's own number of this transaction; its low two bytes are in the session key.
    pub terminal_sequence: u32,
    /// The offline counter of the INITIALIZE answer.
    pub counter: Counter,
    /// The random number of the INITIALIZE answer.
    pub random: [u8; 4],
    /// The terminal's time.
    pub time: HostTime,
    /// The security code of a MOHURD card, which MAC1 then covers too. Loads never have it.
    pub auth: Option<[u8; 9]>,
}

impl Session {
    /// The session key SESPK, from the card's purchase key. For SM4 the formula of loads is used; no source gives one.
    pub fn key(&self, algorithm: Algorithm, dpk: &Key) -> MacKey {
        let [r0, r1, r2, r3] = self.random;
        let [c0, c1] = self.counter.0.to_be_bytes();
        let [_, _, t2, t3] = self.terminal_sequence.to_be_bytes();
        dpk.session(algorithm, [r0, r1, r2, r3, c0, c1, t2, t3])
    }

    /// The MAC1 the terminal sends: over `amount 4 | type 1 | terminal 6 | date 4 | time 3`, then the security code of
    /// a card that has one.
    pub fn mac1(&self, session_key: &MacKey) -> Mac {
        let auth = self.auth.as_ref().map_or(&[][..], |code| code);
        session_key.mac(&[&self.transaction()[..], &self.time.to_bcd(), auth].concat())
    }

    /// The MAC2 the card answers with: over `amount 4`.
    pub fn mac2(&self, session_key: &MacKey) -> Mac {
        session_key.mac(&self.amount.to_be_bytes())
    }

    /// The TAC the card answers with: over `amount 4 | type 1 | terminal 6 | terminal sequence 4 | date 4 | time 3`,
    /// with the TAC key of [`Key::tac`].
    pub fn tac(&self, tac_key: &MacKey) -> Mac {
        let sequence = self.terminal_sequence.to_be_bytes();
        tac_key.mac(&[&self.transaction()[..], &sequence, &self.time.to_bcd()].concat())
    }

    fn transaction(&self) -> Vec<u8> {
        [&self.amount.to_be_bytes()[..], &[self.transaction_type], &self.terminal.0].concat()
    }
}
