//! A desk whose terminal is in the hands of a crook: everything that passes to the card and back is taken down, and
//! anything may be answered in the card's place.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use epurse::terminal::TerminalNumber;
use ledger::Fen;
use store::Db;
use topup::groups;
use topup::loads::{self, Confirm, Load, Outcome, State};
use topup::terminals::{self, Phase};

use crate::cards::{Bench, Kind};
use crate::sim::SimTerminal;
use crate::world::{World, patient};

pub(super) const NUMBER: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x52]);
pub(super) const QUOTA: Fen = Fen::new(100_000);
pub(super) const AMOUNT: Fen = Fen::new(5_000);
const QUIET: Duration = Duration::from_millis(20);

/// What passed between terminal and card.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) script: String,
    pub(super) apdu: Vec<u8>,
    pub(super) answer: Vec<u8>,
}

/// What a crook has seen.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Vec<Exchange>>>);

impl Notes {
    pub(super) fn all(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.0.lock().expect("no test panicked with it")
    }

    /// Asks the card and takes it down.
    pub(super) fn ask(&self, bench: &Bench, card: usize, script: &str, apdu: &[u8]) -> Option<Vec<u8>> {
        let answer = bench.transmit(card, script, apdu, None)?;
        let (script, apdu) = (script.to_owned(), apdu.to_vec());
        self.all().push(Exchange { script, apdu, answer: answer.clone() });
        Some(answer)
    }

    /// The last answer of the card to such a command, in such a script.
    pub(super) fn last(&self, command: [u8; 2], script: &str) -> Vec<u8> {
        let all = self.all();
        let mut such = all.iter().filter(|seen| seen.apdu.starts_with(&command) && seen.script.contains(script));
        such.next_back().unwrap_or_else(|| panic!("{script} was never seen: {all:#?}")).answer.clone()
    }
}

/// A desk with a dishonest terminal.
pub(super) struct Desk {
    pub(super) world: World,
    pub(super) terminal: SimTerminal,
    pub(super) notes: Notes,
}

impl Desk {
    /// Two cards of this kind; none lies there.
    pub(super) async fn with(db: Db, kind: Kind) -> Self {
        let world = World::open(db, patient(), 11, QUOTA).await;
        let key = SigningKey::from_bytes(&[11; 32]);
        world.enrol(NUMBER, &key).await;
        let mut terminal = SimTerminal::new(NUMBER, key, Arc::new(Bench::of(&[kind, kind])));
        terminal.connect(&world.house().await).await.expect("let in");
        Self { world, terminal, notes: Notes::default() }
    }

    /// From now on everything is taken down, and `answer` may answer instead of the card.
    pub(super) fn corrupt(
        &mut self,
        mut answer: impl FnMut(&Notes, &Bench, usize, &str, &[u8]) -> Option<Option<Vec<u8>>> + Send + 'static,
    ) {
        let notes = self.notes.clone();
        self.terminal.crook = Some(Box::new(move |bench, card, script, apdu| {
            answer(&notes, bench, card, script, apdu).unwrap_or_else(|| notes.ask(bench, card, script, apdu))
        }));
    }

    /// From now on everything is as the card says.
    pub(super) fn reform(&mut self) {
        self.corrupt(|_, _, _, _, _| None);
    }

    /// Puts a card down and waits until the page shows a card, or that none can be read.
    pub(super) async fn tap(&mut self, card: usize) -> Phase {
        self.terminal.remove().await.expect("connected");
        self.until(|phase| *phase == Phase::NoCard).await;
        self.terminal.tap(card).await.expect("connected");
        while !self.terminal.is_worked_on() {
            self.terminal.serve(QUIET).await.expect("connected");
        }
        self.until(|phase| matches!(phase, Phase::Card { .. } | Phase::Unreadable)).await
    }

    pub(super) async fn until(&mut self, wanted: impl Fn(&Phase) -> bool) -> Phase {
        for _ in 0..5_000 {
            self.terminal.serve(QUIET).await.expect("connected");
            let house = self.world.house().await;
            let phase = terminals::live(&house, self.world.group, NUMBER).await.expect("a look").phase;
            if wanted(&phase) {
                return phase;
            }
        }
        panic!("it does not come to that");
    }

    /// Charges what the page offers.
    pub(super) async fn charge(&mut self, offered: Phase) -> Load {
        let Phase::Card { card, intent, .. } = offered else { panic!("no card is offered: {offered:?}") };
        let (card, balance) = (card.number, card.balance);
        let confirm = Confirm { terminal: NUMBER, card, balance, amount: AMOUNT, intent };
        let house = self.world.house().await;
        loads::confirm(&house, &self.world.operator, &confirm).await.expect("taken on");
        for _ in 0..5_000 {
            self.terminal.serve(QUIET).await.expect("connected");
            let outcome = loads::outcome(&house, self.world.group, &confirm.intent).await.expect("a look");
            if let Outcome::Load(load) = outcome {
                return *load;
            }
        }
        panic!("no outcome");
    }

    pub(super) async fn state(&self, load: &Load) -> State {
        let house = self.world.house().await;
        loads::by_order(&house, load.group, load.order).await.expect("a look").expect("the load").state
    }

    /// What the group may still charge, and what is held.
    pub(super) async fn quota(&self) -> (Fen, Fen) {
        let quota = groups::quota(&self.world.house().await, self.world.group).await.expect("a look");
        (quota.available, quota.held)
    }

    pub(super) fn balance(&self) -> i64 {
        i64::from(self.terminal.bench.balance(0))
    }
}
