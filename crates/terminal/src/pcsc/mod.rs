//! The readers of this machine, through PC/SC: `pcscd` on Linux, `SCardSvr` on Windows.
//!
//! ```text
//!   watch thread ── own context ── SCardGetStatusChange ──► slots ──► Readers::watch, Readers::health
//!   a thread a powered card ── own context ── SCardConnect, SCardTransmit ◄── Card::transmit
//! ```
//!
//! - **State, not events.** The watch thread compares what the service says now with what it said before (`slots`). The
//!   service's notifications only wake it; it also looks every second, so a lost one costs a second.
//! - **The service comes and goes.** Windows stops it with the last reader; `pcscd` is restarted or killed. A context
//!   does not survive that, though it may claim to: any error that is not about a card or a reader drops it, ends all
//!   taps and makes a new one, again and again with a short pause.
//! - **One context a card.** Calls on one context wait for each other in the client library. A card that hangs must not
//!   stop the watch, nor the card on the next reader.
//! - **One power-up a tap.** What a card has in its memory between two scripts (an initialised load) lives as long as
//!   its connection. If another program or the reader resets it, or it leaves and comes back, the next call fails, and
//!   this never reconnects: the tap is over, and the card that lies there gets another tap number. So a CREDIT FOR LOAD
//!   cannot reach a card that has been powered up anew since its INITIALIZE.
//! - **Shared connection, exclusive transaction.** While a card lies on the reader its connection is *shared*, so that
//!   other programs of that machine can still start. From the first command of a script until `LINGER` after the last
//!   one it holds a *transaction*, and nobody comes between INITIALIZE and CREDIT. A transaction for as long as the card
//!   lies there would not do: Windows resets a card whose transaction idles for five seconds. Nor would an exclusive
//!   connection: it is refused while anything else has the card open, as Windows itself has after each insertion.
//! - **A hanging card.** PC/SC has no time limit for a command and no way to call one back. The runner gives it up after
//!   its own limit; the thread stays with it, keeps the reader to itself (no second connection is tried meanwhile) and
//!   lets go of it when the driver returns. Other readers go on.
//! - **Letting go** takes the card's power, so that no entered PIN and no initialised load is left behind.

mod hold;
mod slots;
mod trouble;
mod watch;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use link::Reader;

use crate::{Card, CardLost, Health, Readers};
use slots::Slots;

/// All PC/SC readers of this machine. The service need not be there: it is waited for.
#[derive(Debug)]
pub struct PcscReaders(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    slots: Mutex<Slots>,
    readers: tokio::sync::watch::Sender<Vec<Reader>>,
    health: tokio::sync::watch::Sender<Health>,
    stopped: AtomicBool,
}

impl PcscReaders {
    /// Begins to watch; fails only if the system gives no thread.
    pub fn open() -> io::Result<Self> {
        let inner = Arc::new(Inner {
            slots: Mutex::default(),
            readers: tokio::sync::watch::Sender::new(Vec::new()),
            health: tokio::sync::watch::Sender::new(Health::Unknown),
            stopped: AtomicBool::new(false),
        });
        let watched = Arc::clone(&inner);
        thread::Builder::new().name("pcsc watch".to_owned()).spawn(move || watch::watch(&watched))?;
        Ok(Self(inner))
    }
}

impl Drop for PcscReaders {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
}

impl Readers for PcscReaders {
    fn watch(&self) -> tokio::sync::watch::Receiver<Vec<Reader>> {
        self.0.readers.subscribe()
    }

    fn health(&self) -> tokio::sync::watch::Receiver<Health> {
        self.0.health.subscribe()
    }

    fn connect(&self, tap: u64) -> Result<Box<dyn Card>, CardLost> {
        let reader = self.0.slots().hold(tap).ok_or(CardLost)?;
        Ok(Box::new(hold::hold(&self.0, tap, reader)?))
    }
}

impl Inner {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the slots and publishes what that changed.
    fn change(&self, change: impl FnOnce(&mut Slots, Instant)) {
        let mut slots = self.slots();
        let now = Instant::now();
        change(&mut slots, now);
        slots.number(now);
        publish(&self.readers, slots.readers());
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

fn publish<T: PartialEq>(channel: &tokio::sync::watch::Sender<T>, value: T) {
    channel.send_if_modified(|current| {
        let changed = *current != value;
        *current = value;
        changed
    });
}
