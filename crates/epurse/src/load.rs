//! Loading: INITIALIZE FOR LOAD, CREDIT FOR LOAD and their cryptograms.
//!
//! INITIALIZE draws a random number and changes nothing. CREDIT checks MAC2 and then, in one step, adds to the balance,
//! raises the online counter by one and writes the log. Both must happen in one powered session of the card. The
//! commands and MAC inputs are the same for PBOC, MOHURD (seen on a real card, vector V1) and T-Union cards.

use crate::apdu::{Command, WrongLength};
use crate::keys::{Algorithm, Key};
use crate::mac::{Mac, MacKey};
use crate::terminal::TerminalNumber;
use crate::time::HostTime;
use crate::wire::Fields;

/// Which of a card's two accounts a transaction is for. Transit cards have the purse alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purse {
    /// The electronic passbook (电子存折).
    Ed,
    /// The electronic purse (电子钱包).
    Ep,
}

impl Purse {
    /// The byte that stands for it: P2 of its commands, and the transaction type of a load.
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed => 0x01,
            Self::Ep => 0x02,
        }
    }

    /// The purse a byte stands for.
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Self::Ed, Self::Ep].into_iter().find(|purse| purse.byte() == byte)
    }
}

/// The number of a transaction on one card. Loads (online) and purchases (offline) are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Counter(pub u16);

impl Counter {
    /// The counter after one more transaction; `None` at FFFF, where the card stops for good.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

/// INITIALIZE FOR LOAD: what is asked of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Initialize {
    /// The account to load.
    pub purse: Purse,
    /// Which of the card's load keys; commonly 01 (41 for SM4).
    pub key_index: u8,
    /// Fen to add.
    pub amount: u32,
    /// The terminal's number, or a random one in a probe.
    pub terminal: TerminalNumber,
}

impl Initialize {
    /// `80 50 00 <purse> 0B | key index 1 | amount 4 | terminal 6 | 10`.
    pub fn command(&self) -> Command {
        let data = [&[self.key_index][..], &self.amount.to_be_bytes(), &self.terminal.0].concat();
        Command::new(0x80, 0x50, 0x00, self.purse.byte()).with_own(&data).with_le(0x10)
    }
}

/// The card's answer to [`Initialize`], 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Initialized {
    /// The balance before the load, all 32 bits as the card sent them, since MAC1 covers them all. What it is in fen
    /// tells [`balance::fen`](crate::balance::fen).
    pub balance: u32,
    /// The online counter, not yet raised.
    pub counter: Counter,
    /// The version of the key; with card type and algorithm it names the master key.
    pub key_version: u8,
    /// See [`Algorithm::from_id`].
    pub algorithm_id: u8,
    /// The card's random number, new every time.
    pub random: [u8; 4],
    /// The card's proof that it holds the load key.
    pub mac1: Mac,
}

impl Initialized {
    /// Reads `balance 4 | counter 2 | key version 1 | algorithm 1 | random 4 | MAC1 4`.
    pub fn parse(data: &[u8]) -> Result<Self, WrongLength> {
        let mut fields = Fields::of(data, 16)?;
        Ok(Self {
            balance: fields.u32()?,
            counter: Counter(fields.u16()?),
            key_version: fields.byte()?,
            algorithm_id: fields.byte()?,
            random: fields.take()?,
            mac1: Mac(fields.take()?),
        })
    }

    /// The 16 bytes that [`parse`](Self::parse) reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.balance.to_be_bytes().to_vec();
        bytes.extend(self.counter.0.to_be_bytes());
        bytes.extend([self.key_version, self.algorithm_id]);
        bytes.extend(self.random);
        bytes.extend(self.mac1.0);
        bytes
    }
}

/// CREDIT FOR LOAD: the order to add the money. Sent twice it must never be; the first may have worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// The host's time, the one in MAC2.
    pub time: HostTime,
    /// The host's proof that it wants this load.
    pub mac2: Mac,
}

impl Credit {
    /// `80 52 00 00 0B | date 4 | time 3 | MAC2 4 | 04`. The answer is the TAC; read it with [`Mac::parse`].
    pub fn command(&self) -> Command {
        let data = [&self.time.to_bcd()[..], &self.mac2.0].concat();
        Command::new(0x80, 0x52, 0x00, 0x00).with_own(&data).with_le(0x04)
    }
}

/// A load between its INITIALIZE and its end: everything its cryptograms are computed from, except keys and time.
///
/// Keep it whole for as long as the load may have to be proved: a TAC that comes late is verified with these values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The account being loaded; its byte is the transaction type.
    pub purse: Purse,
    /// Fen to add.
    pub amount: u32,
    /// The terminal value of the INITIALIZE.
    pub terminal: TerminalNumber,
    /// The balance of the INITIALIZE answer, all 32 bits.
    pub balance: u32,
    /// The online counter of the INITIALIZE answer.
    pub counter: Counter,
    /// The random number of the INITIALIZE answer.
    pub random: [u8; 4],
}

impl Session {
    /// The session that a request and its answer opened.
    pub fn new(request: &Initialize, answer: &Initialized) -> Self {
        Self {
            purse: request.purse,
            amount: request.amount,
            terminal: request.terminal,
            balance: answer.balance,
            counter: answer.counter,
            random: answer.random,
        }
    }

    /// The session key SESLK, from the card's load key.
    pub fn key(&self, algorithm: Algorithm, dlk: &Key) -> MacKey {
        dlk.session(algorithm, self.key_input())
    }

    /// The MAC1 a genuine card has sent.
    pub fn mac1(&self, session_key: &MacKey) -> Mac {
        session_key.mac(&self.mac1_input())
    }

    /// The MAC2 that orders the card to add the money.
    pub fn mac2(&self, session_key: &MacKey, time: HostTime) -> Mac {
        session_key.mac(&self.mac2_input(time))
    }

    /// The TAC of the card once it has added the money, with the TAC key of [`Key::tac`]. `None` when the new balance
    /// does not fit the card's field: no card makes such a load.
    pub fn tac(&self, tac_key: &MacKey, time: HostTime) -> Option<Mac> {
        self.tac_input(time).map(|input| tac_key.mac(&input))
    }

    /// What the session key is made from: `random 4 | counter 2 | 8000`.
    pub fn key_input(&self) -> [u8; 8] {
        let [r0, r1, r2, r3] = self.random;
        let [c0, c1] = self.counter.0.to_be_bytes();
        [r0, r1, r2, r3, c0, c1, 0x80, 0x00]
    }

    /// What MAC1 covers: `balance 4 | amount 4 | type 1 | terminal 6`.
    pub fn mac1_input(&self) -> Vec<u8> {
        [&self.balance.to_be_bytes()[..], &self.transaction()].concat()
    }

    /// What MAC2 covers: `amount 4 | type 1 | terminal 6 | date 4 | time 3`.
    pub fn mac2_input(&self, time: HostTime) -> Vec<u8> {
        [&self.transaction()[..], &time.to_bcd()].concat()
    }

    /// What the TAC covers: `new balance 4 | counter 2 (as in the INITIALIZE answer) | amount 4 | type 1 | terminal 6 |
    /// date 4 | time 3`. `None` as for [`tac`](Self::tac).
    pub fn tac_input(&self, time: HostTime) -> Option<Vec<u8>> {
        let new_balance = self.balance.checked_add(self.amount)?;
        Some([&new_balance.to_be_bytes()[..], &self.counter.0.to_be_bytes(), &self.mac2_input(time)].concat())
    }

    /// `amount 4 | type 1 | terminal 6`, which is in every input.
    fn transaction(&self) -> Vec<u8> {
        [&self.amount.to_be_bytes()[..], &[self.purse.byte()], &self.terminal.0].concat()
    }
}
