//! A whole card in software, as strict as a real one.
//!
//! What it refuses, it refuses with the status words of the sources: 6E00 and 6D00 for class and instruction, 6A86 for
//! P1 and P2, 6700 for lengths, then the state (6985 before SELECT, 6901 or 6985 without INITIALIZE, 6982 without PIN,
//! 6A81 when locked), then the content (9403, 9402, 9401, 9302, 9406).
//!
//! - **Memory.** [`State`] is what stays without power. CREDIT and DEBIT change balance, counter, log and proof in one
//!   write. A PIN try is spent before the PIN is compared, so that cutting the power saves none.
//! - **Sessions.** INITIALIZE opens one, and it ends with CREDIT or DEBIT, with loss of power, and with any command in
//!   between other than GET RESPONSE. Cards differ there; a host that passes here asks nothing of them.
//! - **Wrong MACs.** Three in a row lock the application: INITIALIZE, CREDIT and DEBIT answer 6A81, SELECT 6283. It can
//!   still be read and asked for its proof. The sources agree on neither the count nor the status.
//! - **Removal.** [`SoftCard::remove_at`] takes the card away at any byte of a later exchange, or between its bytes on
//!   either side of the write. It is then without power until [`SoftCard::power_on`].
//! - **Not there.** The passbook (ED), overdrafts, unloads, composite purchases and issuance: 6A86 or 6D00.
//!
//! Where real cards are known to differ, [`Quirks`] has both.

mod files;
mod money;
mod profile;
mod state;

use std::collections::VecDeque;

use crate::apdu::{Answer, Command, Status, Transmit, WrongLength};
use crate::load::Counter;

pub use self::profile::{ATR, CardKeys, CounterValue, Logs, Profile, ProofQuirks, Protocol, Quirks, WithoutInitialize};
pub use self::state::{LOG_RECORDS, LastProof, MAC_TRIES, PIN_TRIES, State};

/// A card in memory. It is out of the reader until [`power_on`](Self::power_on).
#[derive(Debug, Clone)]
pub struct SoftCard {
    profile: Profile,
    state: State,
    /// `None` while it has no power.
    powered: Option<Powered>,
    cut: Option<Cut>,
    forced_randoms: VecDeque<[u8; 4]>,
}

/// When to take the card away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// How many more exchanges go well before it; 0 is the next one. At T=0 a GET RESPONSE is an exchange of its own.
    pub exchange: u64,
    /// At which moment of that exchange.
    pub at: Moment,
}

/// A moment of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After this many bytes of the command, at most all of them: the card has not begun, nothing happened.
    Command(usize),
    /// Within the card, before it writes anything: nothing happened.
    BeforeWrite,
    /// Within the card, after its first write: what the command does is done, and no byte of the answer has left.
    AfterWrite,
    /// After this many bytes of the answer. With all of them the answer arrives, and the card goes then.
    Answer(usize),
}

/// The card is not there, or went away before its answer was whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the card was removed")]
pub struct Removed;

/// What is forgotten with the power.
#[derive(Debug, Clone, Default)]
struct Powered {
    selected: Selected,
    pin_verified: bool,
    pending: Option<money::Pending>,
    /// An answer waiting for GET RESPONSE, at T=0.
    waiting: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Selected {
    #[default]
    Master,
    Directory,
    Application,
}

/// How a command can end other than well.
enum Fault {
    Status(Status),
    Removed,
}

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<WrongLength> for Fault {
    fn from(_: WrongLength) -> Self {
        Self::Status(Status::WrongLength)
    }
}

/// A command at work: the card, its volatile memory, and what may strike it.
struct Work<'a> {
    profile: &'a Profile,
    state: &'a mut State,
    powered: &'a mut Powered,
    forced_randoms: &'a mut VecDeque<[u8; 4]>,
    strike: Option<Moment>,
}

impl SoftCard {
    /// A card issued as `profile` that remembers `state`.
    pub fn new(profile: Profile, state: State) -> Self {
        Self { profile, state, powered: None, cut: None, forced_randoms: VecDeque::new() }
    }

    /// Puts the card on the reader, or resets it there: all volatile memory is lost. Returns the ATR.
    pub fn power_on(&mut self) -> Vec<u8> {
        self.powered = Some(Powered::default());
        ATR.to_vec()
    }

    /// Takes the card away between two exchanges.
    pub fn remove(&mut self) {
        self.powered = None;
    }

    /// Whether it has power: it lies on the reader.
    pub fn is_powered(&self) -> bool {
        self.powered.is_some()
    }

    /// Takes the card away at one moment of a later exchange. Replaces an earlier call that has not come to pass.
    pub fn remove_at(&mut self, cut: Cut) {
        self.cut = Some(cut);
    }

    /// The next INITIALIZE answers with this random number instead of one of its own; further calls queue up.
    pub fn force_random(&mut self, random: [u8; 4]) {
        self.forced_randoms.push_back(random);
    }

    /// What the card was issued with.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the card keeps without power.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The balance in fen.
    pub fn balance(&self) -> u32 {
        self.state.balance
    }

    /// The number of the next load.
    pub fn online_counter(&self) -> Counter {
        self.state.online_counter
    }

    /// Sends one APDU to the card, any bytes at all.
    pub fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, Removed> {
        let powered = self.powered.as_mut().ok_or(Removed)?;
        let strike = due(&mut self.cut);
        if let Some(Moment::Command(_)) = strike {
            self.remove();
            return Err(Removed);
        }
        let (profile, state, forced_randoms) = (&self.profile, &mut self.state, &mut self.forced_randoms);
        let answer = Work { profile, state, powered, forced_randoms, strike }.run(apdu).map(|answer| answer.to_bytes());
        match (answer, strike) {
            (Ok(answer), None) => Ok(answer),
            (Ok(answer), Some(Moment::Answer(sent))) if sent >= answer.len() => {
                self.remove();
                Ok(answer)
            }
            (Ok(_) | Err(Removed), _) => {
                self.remove();
                Err(Removed)
            }
        }
    }
}

impl Transmit for SoftCard {
    type Error = Removed;

    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, Removed> {
        SoftCard::transmit(self, apdu)
    }
}

/// The moment at which this exchange is cut, if it is this one's turn.
fn due(cut: &mut Option<Cut>) -> Option<Moment> {
    let Cut { exchange, at } = cut.take()?;
    let Some(left) = exchange.checked_sub(1) else { return Some(at) };
    *cut = Some(Cut { exchange: left, at });
    None
}

impl Work<'_> {
    fn run(&mut self, apdu: &[u8]) -> Result<Answer, Removed> {
        let refusal = |status| Ok(Answer { data: Vec::new(), status });
        let Ok(command) = Command::parse(apdu) else {
            return refusal(Status::WrongLength);
        };
        match self.dispatch(&command) {
            Ok(answer) => Ok(self.hand_over(&command, answer)),
            Err(Fault::Status(status)) => refusal(status),
            Err(Fault::Removed) => Err(Removed),
        }
    }

    fn dispatch(&mut self, command: &Command) -> Result<Answer, Fault> {
        let [cla, ins, ..] = command.header();
        if (cla, ins) != (0x00, 0xC0) {
            self.powered.waiting.clear();
        }
        if !matches!((cla, ins), (0x80, 0x52 | 0x54) | (0x00, 0xC0)) {
            self.powered.pending = None;
        }
        let data = match (cla, ins) {
            (0x00, 0xA4) => return self.select(command),
            (0x00, 0xC0) if self.profile.protocol == Protocol::T0 => return self.get_response(command),
            (0x00, 0xB0) => self.read_binary(command),
            (0x00, 0xB2) => self.read_record(command),
            (0x00, 0x20) => self.verify(command),
            (0x00, 0x84) => self.get_challenge(command),
            (0x80, 0x5C) => self.get_balance(command),
            (0x80, 0x50) => self.initialize(command),
            (0x80, 0x52) => self.credit(command),
            (0x80, 0x54) => self.debit(command),
            (0x80, 0x5A) => self.prove(command),
            (0x80, 0xCA) => self.security_code(command),
            (0x00 | 0x80, _) => Err(Status::UnknownInstruction.into()),
            _ => Err(Status::UnknownClass.into()),
        };
        data.map(|data| Answer { data, status: Status::Success })
    }

    /// At T=0 a command with data cannot be answered with data: what there is waits for GET RESPONSE.
    fn hand_over(&mut self, command: &Command, answer: Answer) -> Answer {
        let Answer { data, status } = answer;
        if self.profile.protocol == Protocol::T1 || command.data().is_empty() {
            return Answer { data, status };
        }
        let status = match u8::try_from(data.len()) {
            Ok(length @ 1..) if status.is_success() => {
                self.powered.waiting = data;
                Status::MoreData(length)
            }
            _ => status,
        };
        Answer { data: Vec::new(), status }
    }

    fn get_response(&mut self, command: &Command) -> Result<Answer, Fault> {
        expect_parameters(command, 0x00, 0x00)?;
        let (true, Some(le)) = (command.data().is_empty(), command.le()) else {
            return Err(Status::WrongLength.into());
        };
        let waiting = &mut self.powered.waiting;
        let length = u8::try_from(waiting.len()).unwrap_or(0);
        if length == 0 {
            return Err(Status::ConditionsNotSatisfied.into());
        }
        if le == 0 || le > length {
            return Err(Status::WrongLe(length).into());
        }
        let data = waiting.drain(..usize::from(le)).collect();
        let status = match u8::try_from(waiting.len()) {
            Ok(0) | Err(_) => Status::Success,
            Ok(left) => Status::MoreData(left),
        };
        Ok(Answer { data, status })
    }

    /// Refuses a command whose data or Le does not fit: `lc` bytes of data, an answer of `length` bytes.
    fn expect_lengths(&self, command: &Command, lc: usize, length: u8) -> Result<(), Status> {
        if command.data().len() != lc {
            return Err(Status::WrongLength);
        }
        let whatever = self.profile.protocol == Protocol::T1 && command.le() == Some(0);
        match command.le() {
            Some(le) if le == length || whatever => Ok(()),
            // A command with data has no Le at T=0, so one that came is the reader's business.
            _ if lc > 0 && self.profile.protocol == Protocol::T0 => Ok(()),
            None if lc > 0 => Ok(()),
            Some(_) if lc == 0 => Err(Status::WrongLe(length)),
            Some(_) | None => Err(Status::WrongLength),
        }
    }

    fn expect_application(&self) -> Result<(), Status> {
        let selected = self.powered.selected == Selected::Application;
        if selected { Ok(()) } else { Err(Status::ConditionsNotSatisfied) }
    }

    /// Replaces the card's memory in one step. Whatever strikes the card strikes before or after it, never within.
    fn write(&mut self, next: State) -> Result<(), Fault> {
        match self.strike {
            Some(Moment::BeforeWrite) => Err(Fault::Removed),
            Some(Moment::AfterWrite) => {
                *self.state = next;
                Err(Fault::Removed)
            }
            Some(Moment::Command(_) | Moment::Answer(_)) | None => {
                *self.state = next;
                Ok(())
            }
        }
    }
}

fn expect_parameters(command: &Command, p1: u8, p2: u8) -> Result<(), Status> {
    let [_, _, got1, got2] = command.header();
    if (got1, got2) == (p1, p2) { Ok(()) } else { Err(Status::WrongParameters) }
}
