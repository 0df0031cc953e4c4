//! What moves money, and what tells of it: INITIALIZE, CREDIT, DEBIT, GET BALANCE, GET TRANSACTION PROVE.

use super::profile::CardKeys;
use super::state::{LastProof, MAC_TRIES};
use super::{Fault, Work, expect_parameters};
use crate::apdu::{Command, Status};
use crate::file15::Layout;
use crate::load::{self, Counter, Purse};
use crate::log::{Record, TransactionType};
use crate::mac::Mac;
use crate::terminal::TerminalNumber;
use crate::time::HostTime;
use crate::wire::Fields;
use crate::{proof, purchase};

/// A transaction between INITIALIZE and its end.
#[derive(Debug, Clone)]
pub(super) enum Pending {
    Load { keys: CardKeys, session: load::Session },
    Purchase { keys: CardKeys, opened: Opened },
}

/// A purchase before its DEBIT.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened {
    amount: u32,
    terminal: TerminalNumber,
    counter: Counter,
    random: [u8; 4],
}

impl Work<'_> {
    pub(super) fn get_balance(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        expect_parameters(command, 0x00, Purse::Ep.byte())?;
        self.expect_application()?;
        self.expect_lengths(command, 0, 0x04)?;
        Ok(self.state.balance.to_be_bytes().to_vec())
    }

    pub(super) fn initialize(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        let [_, _, p1, p2] = command.header();
        let load = match (p1, p2) {
            (0x00, 0x02) => true,
            (0x01, 0x02) => false,
            _ => return Err(Status::WrongParameters.into()),
        };
        self.expect_lengths(command, 11, if load { 0x10 } else { 0x0F })?;
        self.expect_unlocked()?;
        if load && self.profile.pin.is_some() && !self.powered.pin_verified {
            return Err(Status::SecurityNotSatisfied.into());
        }
        let mut fields = Fields::of(command.data(), 11)?;
        let (index, amount, terminal) = (fields.byte()?, fields.u32()?, TerminalNumber(fields.take()?));
        let keys = self.profile.keys.iter().find(|keys| keys.index == index).ok_or(Status::KeyNotFound)?.clone();
        if load {
            self.initialize_load(keys, amount, terminal)
        } else {
            self.initialize_purchase(keys, amount, terminal)
        }
    }

    fn initialize_load(&mut self, keys: CardKeys, amount: u32, terminal: TerminalNumber) -> Result<Vec<u8>, Fault> {
        let (balance, counter) = (self.state.balance, self.state.online_counter);
        counter.next().ok_or(Status::CounterExhausted)?;
        let limit = match self.profile.file15.layout() {
            Layout::TUnion => 0x7FFF_FFFF,
            Layout::Pboc | Layout::Mohurd => u32::MAX,
        };
        if balance.checked_add(amount).is_none_or(|new| new > limit) {
            return Err(Status::ConditionsNotSatisfied.into());
        }
        let random = self.open()?;
        let session = load::Session { purse: Purse::Ep, amount, terminal, balance, counter, random };
        let mac1 = session.mac1(&session.key(keys.algorithm, &keys.dlk));
        let (key_version, algorithm_id) = (keys.version, keys.algorithm_id);
        self.powered.pending = Some(Pending::Load { keys, session });
        Ok(load::Initialized { balance, counter, key_version, algorithm_id, random, mac1 }.to_bytes())
    }

    fn initialize_purchase(&mut self, keys: CardKeys, amount: u32, terminal: TerminalNumber) -> Result<Vec<u8>, Fault> {
        let (balance, counter) = (self.state.balance, self.state.offline_counter);
        counter.next().ok_or(Status::CounterExhausted)?;
        if amount > balance {
            return Err(Status::InsufficientBalance.into());
        }
        let random = self.open()?;
        let (key_version, algorithm_id) = (keys.version, keys.algorithm_id);
        let opened = Opened { amount, terminal, counter, random };
        self.powered.pending = Some(Pending::Purchase { keys, opened });
        let overdraft = 0;
        Ok(purchase::Initialized { balance, counter, overdraft, key_version, algorithm_id, random }.to_bytes())
    }

    /// What every INITIALIZE does once it is accepted: a new random number, and on some cards the proof is lost.
    fn open(&mut self) -> Result<[u8; 4], Fault> {
        let [a, b, c, d, ..] = self.state.random();
        let random = self.forced_randoms.pop_front().unwrap_or([a, b, c, d]);
        if self.profile.quirks.proof.lost_on_initialize && self.state.proof.is_some() {
            let mut next = self.state.clone();
            next.proof = None;
            self.write(next)?;
        }
        Ok(random)
    }

    pub(super) fn credit(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        expect_parameters(command, 0x00, 0x00)?;
        self.expect_lengths(command, 11, 0x04)?;
        self.expect_unlocked()?;
        let Some(Pending::Load { keys, session }) = self.powered.pending.take() else {
            return Err(self.profile.quirks.without_initialize.status().into());
        };
        let mut fields = Fields::of(command.data(), 11)?;
        let time = fields.take()?;
        let mac2 = Mac(fields.take()?);
        let time = HostTime::from_bcd(time).map_err(|_| Status::WrongData)?;
        if session.mac2(&session.key(keys.algorithm, &keys.dlk), time) != mac2 {
            return self.wrong_mac(Pending::Load { keys, session });
        }
        let tac = session.tac(&keys.dtk.tac(keys.algorithm), time).ok_or(Status::ConditionsNotSatisfied)?;

        let mut next = self.state.clone();
        next.balance = session.balance.saturating_add(session.amount);
        next.online_counter = session.counter.next().ok_or(Status::CounterExhausted)?;
        next.mac_tries = MAC_TRIES;
        let mac = if self.profile.quirks.proof.blank_load_mac { Mac([0; 4]) } else { mac2 };
        next.proof = Some(LastProof { transaction_type: TransactionType::EpLoad, counter: session.counter, mac, tac });
        next.record(Record {
            counter: self.profile.quirks.log_carries.of(session.counter),
            overdraft: 0,
            amount: session.amount,
            transaction_type: TransactionType::EpLoad,
            terminal: session.terminal,
            time: time.to_bcd(),
        });
        self.write(next)?;
        Ok(tac.0.to_vec())
    }

    pub(super) fn debit(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        expect_parameters(command, 0x01, 0x00)?;
        self.expect_lengths(command, 15, 0x08)?;
        self.expect_unlocked()?;
        let Some(Pending::Purchase { keys, opened }) = self.powered.pending.take() else {
            return Err(self.profile.quirks.without_initialize.status().into());
        };
        let mut fields = Fields::of(command.data(), 15)?;
        let terminal_sequence = fields.u32()?;
        let time = fields.take()?;
        let mac1 = Mac(fields.take()?);
        let time = HostTime::from_bcd(time).map_err(|_| Status::WrongData)?;
        let Opened { amount, terminal, counter, random } = opened;
        let (transaction_type, auth) = (purchase::EP_PURCHASE, self.profile.security_code);
        let session =
            purchase::Session { transaction_type, amount, terminal, terminal_sequence, counter, random, time, auth };
        let key = session.key(keys.algorithm, &keys.dpk);
        if session.mac1(&key) != mac1 {
            return self.wrong_mac(Pending::Purchase { keys, opened });
        }
        let (tac, mac) = (session.tac(&keys.dtk.tac(keys.algorithm)), session.mac2(&key));

        let mut next = self.state.clone();
        next.balance = next.balance.checked_sub(amount).ok_or(Status::InsufficientBalance)?;
        next.offline_counter = counter.next().ok_or(Status::CounterExhausted)?;
        next.mac_tries = MAC_TRIES;
        let transaction_type = TransactionType::EpPurchase;
        next.proof = Some(LastProof { transaction_type, counter, mac, tac });
        next.record(Record {
            counter: self.profile.quirks.log_carries.of(counter),
            overdraft: 0,
            amount,
            transaction_type,
            terminal,
            time: time.to_bcd(),
        });
        self.write(next)?;
        Ok(purchase::Debited { tac, mac2: mac }.to_bytes())
    }

    /// One try less; the session may live on.
    fn wrong_mac(&mut self, pending: Pending) -> Result<Vec<u8>, Fault> {
        let mut next = self.state.clone();
        next.mac_tries = next.mac_tries.saturating_sub(1);
        self.write(next)?;
        if !self.profile.quirks.wrong_mac_ends_session {
            self.powered.pending = Some(pending);
        }
        Err(Status::MacInvalid.into())
    }

    pub(super) fn prove(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        let [_, _, p1, kind] = command.header();
        if p1 != 0x00 {
            return Err(Status::WrongParameters.into());
        }
        self.expect_lengths(command, 2, 0x08)?;
        self.expect_application()?;
        let quirks = self.profile.quirks.proof;
        let mut fields = Fields::of(command.data(), 2)?;
        let counter = Counter(fields.u16()?);
        let last = self.state.proof.zip(quirks.takes);
        let found = last.and_then(|(last, takes)| last.answer(kind, counter, takes));
        let proof: proof::Proof = found.ok_or(Status::ProofUnavailable)?;
        if quirks.answers_once {
            let mut next = self.state.clone();
            next.proof = None;
            self.write(next)?;
        }
        Ok(proof.to_bytes())
    }

    fn expect_unlocked(&self) -> Result<(), Status> {
        self.expect_application()?;
        if self.state.mac_tries == 0 { Err(Status::Locked) } else { Ok(()) }
    }
}
