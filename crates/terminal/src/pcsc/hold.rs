//! The thread that holds one powered card.

use std::ffi::CString;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use epurse::apdu::{Command, Transmit};
use pcsc::{Context, Disposition, MAX_BUFFER_SIZE, Protocol, Protocols, Scope, ShareMode, Transaction};

use super::Inner;
use super::slots::shown;
use super::trouble::Trouble;
use crate::{Card, CardLost, exchange};

/// How long a transaction is kept for the next command: INITIALIZE and CREDIT are one to two seconds apart, and Windows
/// resets the card after five.
pub(super) const LINGER: Duration = Duration::from_secs(3);

/// How long another program may keep the card from us, at the start and before each command. Less than the limit of an
/// exchange, so that a command that got no turn is known not to have been sent.
const TURN_LIMIT: Duration = Duration::from_secs(3);

/// How long a lost card is left alone before it is let go of. `pcscd` looks after cards 2.5 times a second. If it is told
/// to power down a card that has slipped away and back between two looks, it takes the card for gone and does not see it
/// again until it is lifted.
const SETTLE: Duration = Duration::from_millis(500);

/// Between two tries to get the card from another program.
const TRY_EVERY: Duration = Duration::from_millis(100);

/// A powered card in the hands of its thread.
pub(super) struct Held {
    commands: Sender<Vec<u8>>,
    answers: Receiver<Result<Vec<u8>, CardLost>>,
}

impl Card for Held {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
        self.commands.send(apdu.to_vec()).map_err(|_| CardLost)?;
        self.answers.recv().unwrap_or(Err(CardLost))
    }
}

/// Powers up the card of a tap and returns when it is ready, or when that takes too long.
pub(super) fn hold(inner: &Arc<Inner>, tap: u64, reader: CString) -> Result<Held, CardLost> {
    let life = Life { inner: Arc::clone(inner), tap, reader };
    let (commands, to_do) = channel();
    let (done, answers) = channel();
    let (ready, is_ready) = channel();
    let name = format!("pcsc tap {tap}");
    let thread = thread::Builder::new().name(name).spawn(move || live(&life, &to_do, &done, &ready));
    // Without a thread its closure is dropped, and with that the life.
    thread.map_err(|error| tracing::error!(%error, "no thread for a card")).map_err(|()| CardLost)?;
    // A little longer than the thread tries, so that it is there to be heard.
    match is_ready.recv_timeout(TURN_LIMIT.saturating_add(TRY_EVERY)) {
        Ok(()) => Ok(Held { commands, answers }),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(CardLost),
    }
}

/// One powered life of a card. However it ends, its tap is over and its reader free.
struct Life {
    inner: Arc<Inner>,
    tap: u64,
    reader: CString,
}

impl Life {
    fn over(&self) {
        self.inner.change(|slots, now| slots.over(self.tap, now));
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.over();
        self.inner.change(|slots, _| slots.let_go(self.tap));
    }
}

/// What the thread does from the first to the last moment.
fn live(life: &Life, to_do: &Receiver<Vec<u8>>, done: &Sender<Result<Vec<u8>, CardLost>>, ready: &Sender<()>) {
    let (mut card, protocol) = match power_up(&life.reader) {
        Ok(powered) => powered,
        Err(error) => {
            tracing::warn!(reader = shown(&life.reader), tap = life.tap, %error, "a card cannot be powered up");
            return;
        }
    };
    if ready.send(()).is_err() {
        // Nobody waits for it any more; it is let go again below.
        life.over();
    } else if serve(life, &mut card, protocol, to_do, done).is_err() {
        // Said at once.
        life.over();
        sleep(SETTLE);
    }
    if let Err((card, error)) = card.disconnect(Disposition::UnpowerCard) {
        // Gone already, most likely.
        tracing::debug!(reader = shown(&life.reader), %error, "a card was not let go of in order");
        drop(card);
    }
}

/// Connects and learns the protocol. Waits for its turn if another program has the card for itself.
fn power_up(reader: &CString) -> Result<(pcsc::Card, Protocol), pcsc::Error> {
    let context = Context::establish(Scope::User)?;
    let began = Instant::now();
    let card = loop {
        match context.connect(reader, ShareMode::Shared, Protocols::T0 | Protocols::T1) {
            Err(error) if Trouble::from(error) == Trouble::InUse && began.elapsed() < TURN_LIMIT => sleep(TRY_EVERY),
            other => break other?,
        }
    };
    match card.status2_owned()?.protocol2() {
        Some(protocol @ (Protocol::T0 | Protocol::T1)) => Ok((card, protocol)),
        Some(Protocol::RAW) | None => Err(pcsc::Error::ProtoMismatch),
    }
}

/// Carries out commands until nobody has any more; an error means that the card is lost.
fn serve(
    life: &Life,
    card: &mut pcsc::Card,
    protocol: Protocol,
    to_do: &Receiver<Vec<u8>>,
    done: &Sender<Result<Vec<u8>, CardLost>>,
) -> Result<(), CardLost> {
    while let Ok(first) = to_do.recv() {
        let transaction = begin(life, card)?;
        let mut bare = Bare { life, card: &transaction, protocol };
        let mut next = Ok(first);
        while let Ok(apdu) = next {
            let answer = exchange(&mut bare, &apdu)?;
            // If nobody waits for it, the card will be let go of next.
            done.send(Ok(answer)).ok();
            next = to_do.recv_timeout(LINGER);
        }
        if let Err((transaction, error)) = transaction.end(Disposition::LeaveCard) {
            tracing::debug!(reader = shown(&life.reader), %error, "a transaction had ended already");
            drop(transaction);
        }
        if next == Err(RecvTimeoutError::Disconnected) {
            return Ok(());
        }
    }
    Ok(())
}

/// Waits for the card to be ours alone.
fn begin<'card>(life: &Life, card: &'card mut pcsc::Card) -> Result<Transaction<'card>, CardLost> {
    let began = Instant::now();
    let lost = |why: &dyn std::fmt::Display| {
        tracing::warn!(reader = shown(&life.reader), tap = life.tap, %why, "the card is lost; nothing was sent");
        CardLost
    };
    let transaction = card.transaction().map_err(|error| lost(&error))?;
    if began.elapsed() > TURN_LIMIT {
        // Whoever asked has given up, and what they wanted may be wrong by now.
        return Err(lost(&"another program kept it for too long"));
    }
    Ok(transaction)
}

/// The bare card, one transmission at a time.
struct Bare<'a> {
    life: &'a Life,
    card: &'a pcsc::Card,
    protocol: Protocol,
}

impl Transmit for Bare<'_> {
    type Error = CardLost;

    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
        let mut buffer = [0; MAX_BUFFER_SIZE];
        let why = match self.card.transmit(&as_sent(self.protocol, apdu), &mut buffer) {
            // A card that leaves in the middle of a command is a success without an answer.
            Ok(answer) if answer.len() >= 2 => return Ok(answer.to_vec()),
            Ok(_) => "an empty answer".to_owned(),
            Err(error) => error.to_string(),
        };
        let Life { tap, reader, .. } = &self.life;
        tracing::warn!(
            reader = shown(reader),
            tap,
            why,
            "the card is lost; its last command may have been carried out"
        );
        Err(CardLost)
    }
}

/// A command as it goes to the reader. At T=0 there is one length byte: a command with data leaves its Le for GET
/// RESPONSE, one with neither has a zero (ISO/IEC 7816-3, the mapping of APDUs to T=0).
fn as_sent(protocol: Protocol, apdu: &[u8]) -> Vec<u8> {
    let mut sent = apdu.to_vec();
    match (protocol, Command::parse(apdu)) {
        (Protocol::T0, Ok(command)) => match (command.data().is_empty(), command.le()) {
            (false, Some(_)) => {
                sent.pop();
            }
            (true, None) => sent.push(0),
            (false, None) | (true, Some(_)) => {}
        },
        (Protocol::T0 | Protocol::T1 | Protocol::RAW, _) => {}
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_one_length_byte_at_t0_and_is_untouched_at_t1() {
        for (apdu, at_t0) in [
            ("00A40400", "00A4040000"),
            ("00B095001E", "00B095001E"),
            ("002000000312345600", "0020000003123456"),
            ("0020000003123456", "0020000003123456"),
            ("805000020B0100002000112233445566 10", "805000020B0100002000112233445566"),
            // Not for us to judge.
            ("0020000009123456", "0020000009123456"),
        ] {
            let [apdu, at_t0] = [apdu, at_t0].map(|text| hex::decode(text.replace(' ', "")).expect("hexadecimal"));
            assert_eq!(as_sent(Protocol::T0, &apdu), at_t0);
            assert_eq!(as_sent(Protocol::T1, &apdu), apdu);
        }
    }
}
