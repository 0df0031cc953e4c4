//! Commands to the card, its answers, and the follow-ups a T=0 card asks for.
//!
//! Only short APDUs (ISO/IEC 7816-4 cases 1 to 4): nothing an e-purse does needs more. [`Exchange`] is the pure
//! machine that turns 61xx into GET RESPONSE and 6Cxx into a repeat; [`send`] drives it over a [`Transmit`].

use std::fmt;

pub use crate::status::Status;

/// A T=0 card may hand its answer over in pieces; an endless chain is a broken card. A whole short answer fits in two.
const MAX_FOLLOW_UPS: u8 = 8;

const INS_VERIFY: u8 = 0x20;

/// A command APDU.
///
/// `Debug` shows the bytes, except the data of VERIFY, which is a PIN.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    header: [u8; 4],
    /// At most 255 bytes; empty means that the command has no data field.
    data: Vec<u8>,
    /// As on the wire: 0 stands for 256.
    le: Option<u8>,
}

impl Command {
    /// A case 1 command: neither data nor an answer beyond the status.
    pub fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { header: [cla, ins, p1, p2], data: Vec::new(), le: None }
    }

    /// The same command with `data` (1 to 255 bytes), as in cases 3 and 4.
    pub fn with_data(mut self, data: &[u8]) -> Result<Self, DataLength> {
        if data.is_empty() || data.len() > 255 {
            return Err(DataLength(data.len()));
        }
        data.clone_into(&mut self.data);
        Ok(self)
    }

    /// As [`with_data`](Self::with_data), for this crate's own types, whose data is 1 to 255 bytes by construction.
    pub(crate) fn with_own(mut self, data: &[u8]) -> Self {
        data.clone_into(&mut self.data);
        self
    }

    /// The same command asking for `le` bytes of answer (0 stands for 256), as in cases 2 and 4.
    #[must_use]
    pub fn with_le(mut self, le: u8) -> Self {
        self.le = Some(le);
        self
    }

    /// Reads a command off the wire.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedCommand> {
        let (header, body) = bytes.split_first_chunk().ok_or(MalformedCommand)?;
        let (data, le): (&[u8], _) = match body {
            [] => (&[], None),
            [le] => (&[], Some(*le)),
            [lc, rest @ ..] if *lc > 0 => match rest.split_at_checked(usize::from(*lc)) {
                Some((data, [])) => (data, None),
                Some((data, [le])) => (data, Some(*le)),
                _ => return Err(MalformedCommand),
            },
            _ => return Err(MalformedCommand),
        };
        Ok(Self { header: *header, data: data.to_vec(), le })
    }

    /// The command as sent: header, then Lc and data if there are any, then Le if there is one.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.header.to_vec();
        if let Ok(lc @ 1..) = u8::try_from(self.data.len()) {
            bytes.push(lc);
            bytes.extend_from_slice(&self.data);
        }
        bytes.extend(self.le);
        bytes
    }

    /// CLA, INS, P1 and P2.
    pub fn header(&self) -> [u8; 4] {
        self.header
    }

    /// The data field, empty when there is none.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Le as on the wire (0 stands for 256), if the command has one.
    pub fn le(&self) -> Option<u8> {
        self.le
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [cla, ins, p1, p2] = self.header;
        write!(f, "Command({cla:02X}{ins:02X}{p1:02X}{p2:02X}")?;
        match (self.data.is_empty(), ins) {
            (true, _) => {}
            (false, INS_VERIFY) => write!(f, " [PIN]")?,
            (false, _) => write!(f, " [{}]", hex::encode_upper(&self.data))?,
        }
        self.le.map_or(Ok(()), |le| write!(f, " Le={le:02X}"))?;
        f.write_str(")")
    }
}

/// An answer of the card: data, then a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What came before the status; often empty.
    pub data: Vec<u8>,
    /// How the command ended.
    pub status: Status,
}

impl Answer {
    /// Reads an answer off the wire.
    ///
    /// Fewer than two bytes mean that the link was lost: PC/SC reports a card that vanished during a command as a
    /// success with an empty answer. The outcome of the command is then unknown.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoAnswer> {
        let (data, status) = bytes.split_last_chunk::<2>().ok_or(NoAnswer)?;
        Ok(Self { data: data.to_vec(), status: u16::from_be_bytes(*status).into() })
    }

    /// The answer as sent: data, then the two status bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.data.as_slice(), &self.status.raw().to_be_bytes()].concat()
    }

    /// The data if the status is 9000, the status otherwise.
    pub fn success(self) -> Result<Vec<u8>, Status> {
        if self.status.is_success() { Ok(self.data) } else { Err(self.status) }
    }
}

/// What carries one APDU to a card and its answer back: a reader, a connection, a software card.
pub trait Transmit {
    /// Why the answer did not come. The command may or may not have reached the card.
    type Error;

    /// Sends `apdu` as it is and returns the answer as it came, status bytes included.
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, Self::Error>;
}

/// Sends one command and follows the card through 61xx and 6Cxx to its answer.
pub fn send<T: Transmit + ?Sized>(card: &mut T, command: &Command) -> Result<Answer, SendError<T::Error>> {
    let mut exchange = Exchange::new(command.clone());
    let mut apdu = command.to_bytes();
    loop {
        let answer = card.transmit(&apdu).map_err(SendError::Transmit)?;
        match exchange.next(&answer)? {
            Step::Send(next) => apdu = next,
            Step::Done(answer) => return Ok(answer),
        }
    }
}

/// One command on its way, follow-ups included, as a machine without I/O.
///
/// Send the command's bytes, give every answer to [`next`](Self::next) and do what it says until it is done. A 6Cxx is
/// obeyed once: the card has not executed the command, so repeating it is safe even for one that moves money.
#[derive(Debug, Clone)]
pub struct Exchange {
    command: Command,
    collected: Vec<u8>,
    repeated: bool,
    follow_ups: u8,
}

/// What to do next in an [`Exchange`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send these bytes to the card.
    Send(Vec<u8>),
    /// This is the card's answer, gathered from all its parts.
    Done(Answer),
}

impl Exchange {
    /// An exchange about to begin with `command`.
    pub fn new(command: Command) -> Self {
        Self { command, collected: Vec::new(), repeated: false, follow_ups: 0 }
    }

    /// Takes the card's answer to what was sent last.
    pub fn next(&mut self, answer: &[u8]) -> Result<Step, ExchangeError> {
        let mut answer = Answer::parse(answer)?;
        if let Status::WrongLe(le) = answer.status
            && !self.repeated
        {
            self.repeated = true;
            self.command.le = Some(le);
            return Ok(Step::Send(self.command.to_bytes()));
        }
        self.collected.append(&mut answer.data);
        if let Status::MoreData(length) = answer.status {
            self.follow_ups = self.follow_ups.saturating_add(1);
            if self.follow_ups > MAX_FOLLOW_UPS {
                return Err(ExchangeError::Endless);
            }
            self.command = Command::new(0x00, 0xC0, 0x00, 0x00).with_le(length);
            self.repeated = false;
            return Ok(Step::Send(self.command.to_bytes()));
        }
        Ok(Step::Done(Answer { data: std::mem::take(&mut self.collected), status: answer.status }))
    }
}

/// The data of a command must be 1 to 255 bytes; it had this many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the data of a command is 1 to 255 bytes, not {0}")]
pub struct DataLength(pub usize);

/// The bytes are not a short command APDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a short command APDU")]
pub struct MalformedCommand;

/// Fewer than two bytes came back: the link was lost and the outcome of the command is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the card was lost before its answer came")]
pub struct NoAnswer;

/// Why an [`Exchange`] could not be brought to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The link was lost; see [`NoAnswer`].
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The card kept announcing more data.
    #[error("the card announces more data without end")]
    Endless,
}

/// Why [`send`] has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError<E> {
    /// What lies under it failed.
    #[error("the card could not be reached")]
    Transmit(#[source] E),
    /// The card answered, but not to the end.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

/// The data of an answer, or a file or record, does not have the length its format asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{expected} bytes were expected, {got} came")]
pub struct WrongLength {
    /// How many bytes the format has.
    pub expected: usize,
    /// How many there were.
    pub got: usize,
}
