//! The real PC/SC service with virtual readers, and software cards in them: each test in a world of its own.

mod exclusive;
mod hanging;
mod power;
mod presence;
mod scripts;

use std::sync::Arc;

use link::{FromTerminal, Reader, Tap};
use terminal::testing::{Service, in_world};
use terminal::{Exchanged, LoneCard, Order, PcscReaders, Place, Readers as _, SoftCardDefinition, VirtualCard};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::purse::cards;
use crate::server::{Bench, Peer, soon};

/// The name that a driver's first reader has, after its entry's name.
pub(crate) const NAME: &str = "Reader 00 00";

/// Runs a test with a service that has a driver's pair of readers; the test starts it.
pub(crate) fn with_service(module: &str, test: &str, play: impl AsyncFnOnce(Service)) {
    with_bare_service(module, test, async |mut service| {
        service.plug_in("Reader");
        play(service).await;
    });
}

/// Runs a test with a service that has no readers; the test starts it.
pub(crate) fn with_bare_service(module: &str, test: &str, play: impl AsyncFnOnce(Service)) {
    in_world(module, test, |world| {
        // Never dropped: that would wait for a card that hangs.
        let runtime = Box::leak(Box::new(Runtime::new().unwrap()));
        runtime.block_on(play(Service::new(world)));
    });
}

/// Waits until what is watched is as it should be.
pub(crate) async fn until<T: Clone + std::fmt::Debug>(
    watch: &mut watch::Receiver<T>,
    is_so: impl FnMut(&T) -> bool,
) -> T {
    soon(watch.wait_for(is_so)).await.unwrap().clone()
}

/// The tap on a reader, if any.
pub(crate) fn tap_on(readers: &[Reader], name: &str) -> Option<u64> {
    readers.iter().find(|reader| reader.name == name)?.tap.as_ref().map(|tap| tap.tap)
}

/// A card, and every command that reached it.
pub(crate) struct Plastic {
    pub(crate) card: VirtualCard,
    exchanges: mpsc::UnboundedReceiver<Exchanged>,
}

impl Plastic {
    /// A card on its way into a driver's first reader.
    pub(crate) async fn into_reader(driver: u16, definition: SoftCardDefinition) -> Self {
        let (looker_on, exchanges) = mpsc::unbounded_channel();
        let lone = LoneCard::open(definition, None).unwrap();
        let card = VirtualCard::new(lone, &Service::vpcd(driver), Some(looker_on));
        card.order(Order::Insert).await;
        Self { card, exchanges }
    }

    /// Takes it off the reader and returns when it is off.
    pub(crate) async fn remove(&self) {
        self.card.order(Order::Remove).await;
        until(&mut self.card.watch(), |view| view.place == Place::Out).await;
    }

    /// Puts it back and returns when the driver has it.
    pub(crate) async fn insert(&self) {
        self.card.order(Order::Insert).await;
        until(&mut self.card.watch(), |view| view.place == Place::In).await;
    }

    /// Class and instruction of every command since the last time.
    pub(crate) fn commands(&mut self) -> Vec<[u8; 2]> {
        let came = std::iter::from_fn(|| self.exchanges.try_recv().ok());
        came.map(|exchange| [exchange.command.0[0], exchange.command.0[1]]).collect()
    }

    pub(crate) fn balance(&self) -> u32 {
        self.card.watch().borrow().balance_fen
    }
}

/// A terminal at work on PC/SC readers, with its server's end in the hands of the test.
pub(crate) struct Counter {
    pub(crate) peer: Peer,
    pub(crate) handle: terminal::Handle,
    _bench: Bench,
}

impl Counter {
    pub(crate) async fn open(exchange_limit: std::time::Duration) -> Self {
        let bench = Bench::new().await;
        let readers = PcscReaders::open().unwrap();
        until(&mut readers.watch(), |readers| !readers.is_empty()).await;
        let handle = bench.start_with(Arc::new(readers), exchange_limit, 1);
        let (peer, _) = bench.welcome().await;
        Self { peer, handle, _bench: bench }
    }

    /// Waits for a card to be put down.
    pub(crate) async fn inserted(&mut self) -> Tap {
        loop {
            match self.peer.hear().await {
                FromTerminal::Inserted(tap) => return tap,
                FromTerminal::Readers { readers } => {
                    if let Some(tap) = readers.into_iter().find_map(|reader| reader.tap) {
                        return tap;
                    }
                }
                FromTerminal::Removed { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

pub(crate) fn ordinary() -> SoftCardDefinition {
    cards().swap_remove(0)
}
