//! Cards that do what a test tells them, for what a software card cannot show: a hanging reader, an empty answer.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use link::{Expected, Reader, Script, Step, Tap};
use terminal::{Card, CardLost, Health, Readers};
use tokio::sync::watch;

type Answer = dyn Fn(&[u8]) -> Result<Vec<u8>, CardLost> + Send + Sync;

/// One reader with a card that answers as it is told.
#[derive(Clone)]
pub(crate) struct Stand(Arc<Inner>);

struct Inner {
    readers: watch::Sender<Vec<Reader>>,
    health: watch::Sender<Health>,
    answer: Box<Answer>,
    last_tap: AtomicU64,
    powered: AtomicUsize,
    sent: Mutex<Vec<Vec<u8>>>,
}

impl Stand {
    pub(crate) fn new(answer: impl Fn(&[u8]) -> Result<Vec<u8>, CardLost> + Send + Sync + 'static) -> Self {
        let readers = watch::Sender::new(vec![Reader { name: "stand".into(), tap: None }]);
        Self(Arc::new(Inner {
            readers,
            health: watch::Sender::new(Health::Ready),
            answer: Box::new(answer),
            last_tap: AtomicU64::new(0),
            powered: AtomicUsize::new(0),
            sent: Mutex::default(),
        }))
    }

    /// A card that says yes to everything.
    pub(crate) fn agreeable() -> Self {
        Self::new(|_| Ok(vec![0x90, 0x00]))
    }

    pub(crate) fn readers(&self) -> Arc<dyn Readers> {
        Arc::new(self.clone())
    }

    pub(crate) fn tap(&self) -> u64 {
        let tap = self.0.last_tap.fetch_add(1, Ordering::SeqCst) + 1;
        let there = Tap { tap, reader: "stand".into(), atr: vec![0x3B, 0x00].into() };
        self.0.readers.send_replace(vec![Reader { name: "stand".into(), tap: Some(there) }]);
        tap
    }

    pub(crate) fn remove(&self) {
        self.0.readers.send_replace(vec![Reader { name: "stand".into(), tap: None }]);
    }

    /// The reader itself is pulled out.
    pub(crate) fn unplug(&self) {
        self.0.readers.send_replace(Vec::new());
    }

    /// Something is the matter with the reader, or no longer.
    pub(crate) fn turn(&self, health: Health) {
        self.0.health.send_replace(health);
    }

    /// How often a card was powered up.
    pub(crate) fn powered(&self) -> usize {
        self.0.powered.load(Ordering::SeqCst)
    }

    /// The second byte of every command that reached a card.
    pub(crate) fn sent(&self) -> Vec<u8> {
        self.0.sent.lock().unwrap().iter().map(|apdu| apdu[1]).collect()
    }
}

impl Readers for Stand {
    fn watch(&self) -> watch::Receiver<Vec<Reader>> {
        self.0.readers.subscribe()
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.0.health.subscribe()
    }

    fn connect(&self, _tap: u64) -> Result<Box<dyn Card>, CardLost> {
        self.0.powered.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(self.clone()))
    }
}

impl Card for Stand {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardLost> {
        self.0.sent.lock().unwrap().push(apdu.to_vec());
        (self.0.answer)(apdu)
    }
}

/// Lets cards wait until a test says go on.
#[derive(Clone)]
pub(crate) struct Gate(Arc<(Mutex<bool>, std::sync::Condvar)>);

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub(crate) fn wait(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }
}

/// A script of commands that differ in their second byte, each to be answered by 9000.
pub(crate) fn script(id: &str, tap: u64, instructions: &[u8]) -> Script {
    let step = |ins: &u8| Step { apdu: vec![0x80, *ins, 0, 0].into(), expect: Expected::Success };
    Script { id: id.into(), tap, commits: false, limit_ms: 4_000, steps: instructions.iter().map(step).collect() }
}

/// The same, but it may change the card's money.
pub(crate) fn committing(id: &str, tap: u64, instructions: &[u8]) -> Script {
    Script { commits: true, ..script(id, tap, instructions) }
}
