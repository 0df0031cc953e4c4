//! What a reader is to the rest of the terminal: the seam between software cards and PC/SC.

use epurse::apdu::{self, Command, Transmit};
use tokio::sync::watch;

/// A source of cards: all readers of one kind at this machine.
///
/// State, not events: a source publishes what is attached and what lies there, and whoever looks compares. Nothing is
/// queued, so nothing can be missed or grow; a card lifted and put back between two looks shows by its new tap number.
pub trait Readers: Send + Sync + 'static {
    /// The readers and the cards on them, now and whenever that changes.
    ///
    /// Tap numbers count up and are never used twice in one run of the program. An empty list is a valid state: a
    /// source whose service is not there yet waits for it by itself.
    fn watch(&self) -> watch::Receiver<Vec<link::Reader>>;

    /// Whether cards can come at all, and what a person has to mend if not.
    fn health(&self) -> watch::Receiver<Health> {
        watch::Sender::new(Health::Ready).subscribe()
    }

    /// Powers up the card of a tap and takes hold of it until the connection is dropped. May block.
    fn connect(&self, tap: u64) -> Result<Box<dyn Card>, CardLost>;
}

/// How a source of cards stands, worst news first to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It has not looked yet.
    Unknown,
    /// The service that drives readers (`pcscd`; on Windows `SCardSvr`, which runs only while a reader is attached)
    /// does not answer.
    NoService,
    /// The service runs but does not let this program in.
    Forbidden,
    /// The service runs, and no reader is attached.
    NoReader,
    /// A card lies on a reader and does not answer it: upside down, broken, or of another kind.
    MuteCard,
    /// A reader is attached.
    Ready,
}

impl From<Health> for link::Readiness {
    fn from(health: Health) -> Self {
        match health {
            Health::Unknown => Self::Unknown,
            Health::NoService => Self::NoService,
            Health::Forbidden => Self::Forbidden,
            Health::NoReader => Self::NoReader,
            Health::MuteCard => Self::MuteCard,
            Health::Ready => Self::Ready,
        }
    }
}

/// A powered card: what it has in its memory (a session key, an entered PIN) lasts as long as this value.
pub trait Card: Send {
    /// Sends one command and waits for the whole answer, data and status word. May block.
    ///
    /// `61xx` and `6Cxx` are the transport's business (T=0) and are followed up in here. Whether the card carried the
    /// command out is open when this fails, and also when the answer is shorter than a status word.
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardLost>;
}

/// The card left its reader, or the reader left the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the card left the reader")]
pub struct CardLost;

/// Sends one command over a bare transport and follows the card through `61xx` and `6Cxx`, for a [`Card`] to stand on.
pub fn exchange<T: Transmit>(transport: &mut T, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
    match Command::parse(apdu) {
        Ok(command) => apdu::send(transport, &command).map(|answer| answer.to_bytes()).map_err(|_| CardLost),
        // Not for us to judge: the card refuses what it does not understand.
        Err(_) => transport.transmit(apdu).map_err(|_| CardLost),
    }
}
