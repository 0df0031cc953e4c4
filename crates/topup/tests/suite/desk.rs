//! A clerk's desk: a world, a connected terminal, a card on its reader.

use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use epurse::terminal::TerminalNumber;
use ledger::Fen;
use store::Db;
use topup::cards::Card;
use topup::loads::{self, Confirm, ConfirmError, Load, Outcome};
use topup::terminals::{self, Phase};

use crate::cards::{Bench, Kind};
use crate::sim::SimTerminal;
use crate::world::{World, patient};

pub(crate) const NUMBER: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x50]);
pub(crate) const QUIET: Duration = Duration::from_millis(20);

/// A world and a connected terminal.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) terminal: SimTerminal,
}

impl Desk {
    /// The first card of these kinds lies on the reader.
    pub(crate) async fn with(db: Db, quota: Fen, kinds: &[Kind]) -> Self {
        let world = World::open(db, patient(), 7, quota).await;
        let key = SigningKey::from_bytes(&[9; 32]);
        world.enrol(NUMBER, &key).await;
        let mut terminal = SimTerminal::new(NUMBER, key, Arc::new(Bench::of(kinds)));
        terminal.connect(&world.house().await).await.expect("let in");
        let mut desk = Self { world, terminal };
        desk.tap(0).await;
        desk
    }

    /// Lifts what lies there, puts a card down and waits until it was read.
    pub(crate) async fn tap(&mut self, card: usize) {
        self.terminal.remove().await.expect("connected");
        while self.phase().await != Phase::NoCard {
            self.terminal.serve(QUIET).await.expect("connected");
        }
        self.terminal.tap(card).await.expect("connected");
        while !self.terminal.is_worked_on() {
            self.terminal.serve(QUIET).await.expect("connected");
        }
        let number = self.terminal.bench.number(card);
        for _ in 0..5_000 {
            self.terminal.serve(QUIET).await.expect("connected");
            match self.phase().await {
                Phase::Card { card, .. } if card.number == number => return,
                Phase::Unreadable => return,
                _ => {}
            }
        }
        panic!("the card was not read: {:?}", self.phase().await);
    }

    pub(crate) async fn phase(&self) -> Phase {
        let house = self.world.house().await;
        terminals::live(&house, self.world.group, NUMBER).await.expect("a look").phase
    }

    pub(crate) async fn card(&self) -> (Card, String) {
        match self.phase().await {
            Phase::Card { card, intent, .. } => (card, intent),
            other => panic!("no card is offered: {other:?}"),
        }
    }

    /// What the page would send now.
    pub(crate) async fn confirm_of(&self, amount: Fen) -> Confirm {
        let (card, intent) = self.card().await;
        Confirm { terminal: NUMBER, card: card.number, balance: card.balance, amount, intent }
    }

    pub(crate) async fn confirm(&self, confirm: &Confirm) -> Result<(), ConfirmError> {
        loads::confirm(&self.world.house().await, &self.world.operator, confirm).await
    }

    /// Confirms and waits for the outcome.
    pub(crate) async fn charge(&mut self, amount: Fen) -> Load {
        let confirm = self.confirm_of(amount).await;
        self.confirm(&confirm).await.expect("taken on");
        let load = self.outcome(&confirm.intent).await;
        self.until_offered_anew(&confirm.intent).await;
        load
    }

    /// Until the page has gone on after a load, if a card still lies there.
    pub(crate) async fn until_offered_anew(&mut self, intent: &str) {
        for _ in 0..5_000 {
            let busy = match self.phase().await {
                Phase::Card { intent: now, .. } => now == intent,
                Phase::Charging { .. } | Phase::Reading => true,
                Phase::NoCard | Phase::Unreadable => false,
            };
            if !busy || self.terminal.serve(QUIET).await.is_err() {
                return;
            }
        }
    }

    pub(crate) async fn outcome(&mut self, intent: &str) -> Load {
        for _ in 0..5_000 {
            if self.terminal.serve(QUIET).await.is_err() {
                // The link was cut on purpose.
                tokio::time::sleep(QUIET).await;
            }
            let house = self.world.house().await;
            match loads::outcome(&house, self.world.group, intent).await.expect("a look") {
                Outcome::Load(load) => return *load,
                Outcome::Waiting => {}
                Outcome::Unheard => panic!("never confirmed"),
            }
        }
        panic!("no outcome");
    }

    pub(crate) async fn by_order(&self, load: &Load) -> Load {
        let house = self.world.house().await;
        loads::by_order(&house, load.group, load.order).await.expect("a look").expect("the load")
    }
}

pub(crate) fn yuan(yuan: i64) -> Fen {
    Fen::from_yuan(yuan).expect("small")
}
