//! A hall with a terminal, a stack of cards, and a clerk who has signed in.

use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use epurse::terminal::TerminalNumber;
use ledger::Fen;
use store::{Db, Micros};
use topup::loads::{self, Confirm, Load, OrderNumber};
use topup::people::sessions;
use topup::runs::{self, Look, Plan, RunId, Start, StartError, Summary, What};
use topup::terminals::{self, Phase};

use crate::cards::{Bench, Kind};
use crate::sim::SimTerminal;
use crate::world::{World, patient};

pub(super) const SESSION: &str = "the clerk's session";
const NUMBER: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x52]);
/// How long the server says nothing before it is done with what it does.
const QUIET: Duration = Duration::from_millis(2);
/// Times [`QUIET`] after which nothing more is told of a card that was in flight when the link broke.
const LONG: u32 = 200;
/// Times [`QUIET`] that anything may take.
const PATIENCE: u32 = 20_000;

pub(super) struct Hall {
    pub(super) world: World,
    pub(super) terminal: SimTerminal,
    db: Db,
    run: Option<RunId>,
    keys: u32,
    /// How often something had been told after the last card.
    heard: i64,
}

pub(super) fn yuan(yuan: i64) -> Fen {
    Fen::from_yuan(yuan).expect("small")
}

/// Yuan for each card, cards at most, yuan at most.
pub(super) fn plan(amount: i64, most_cards: i64, most_money: i64) -> Plan {
    Plan { amount: yuan(amount), most_cards, most_money: yuan(most_money) }
}

impl Hall {
    /// A stack of ordinary cards of both behaviours, each with ¥12.60 on it.
    pub(super) async fn of_cards(db: Db, quota: Fen, cards: u64) -> Self {
        Self::of(db, quota, Bench::ordinary(1..cards + 1, 7)).await
    }

    pub(super) async fn of_kinds(db: Db, quota: Fen, kinds: &[Kind]) -> Self {
        Self::of(db, quota, Bench::of(kinds)).await
    }

    async fn of(db: Db, quota: Fen, bench: Bench) -> Self {
        let world = World::open(db.clone(), patient(), 11, quota).await;
        let key = SigningKey::from_bytes(&[8; 32]);
        world.enrol(NUMBER, &key).await;
        let house = world.house().await;
        let hour = Micros(house.now().0 + 3_600_000_000);
        let session = sessions::Session {
            id: SESSION,
            person: Some(topup::people::PersonId::Operator(world.operator.id)),
            data: "{}",
            expires_at: hour,
        };
        sessions::create(&house, &session).await.expect("a session");
        let mut terminal = SimTerminal::new(NUMBER, key, Arc::new(bench));
        terminal.connect(&house).await.expect("let in");
        let mut hall = Self { world, terminal, db, run: None, keys: 0, heard: 0 };
        hall.quiet().await;
        hall
    }

    pub(super) async fn start(&mut self, plan: Plan) -> RunId {
        self.try_start(plan).await.expect("begun")
    }

    pub(super) async fn try_start(&mut self, plan: Plan) -> Result<RunId, StartError> {
        self.keys += 1;
        let key = format!("check page {}", self.keys);
        let start = Start { terminal: NUMBER, plan, key: &key, session: SESSION };
        let house = self.world.house().await;
        let run = runs::start(&house, &self.world.operator, &start).await?;
        assert_eq!(
            runs::start(&house, &self.world.operator, &start).await.expect("the same"),
            run,
            "one page, one run"
        );
        self.run = Some(run);
        Ok(run)
    }

    /// Puts a card down and waits until the run has told what became of it.
    pub(super) async fn put_down(&mut self, card: usize) -> What {
        // Every page that is open is heard of now and then.
        let house = self.world.house().await;
        runs::watch(&house, self.world.group, self.run.expect("a run"), SESSION).await.expect("a write");
        self.put_down_unwatched(card).await
    }

    pub(super) async fn put_down_unwatched(&mut self, card: usize) -> What {
        let house = self.world.house().await;
        let run = self.run.expect("a run");
        self.heard = self.told(run).await.0 + 1;
        if self.terminal.tap(card).await.is_err() {
            self.terminal.connect(&house).await.expect("let in");
            self.terminal.tap(card).await.expect("connected");
        }
        self.until_told_or_lost(card).await;
        self.told(run).await.1.expect("something")
    }

    /// Waits until the card is told of. One that lay there when the link came back has to be put down anew, as the panel
    /// says; who does that waits first whether its load is still told.
    async fn until_told_or_lost(&mut self, card: usize) {
        let run = self.run.expect("a run");
        let mut since_connected = None;
        for _ in 0..PATIENCE {
            if self.told(run).await.0 >= self.heard {
                return;
            }
            if self.serve().await {
                since_connected = Some(0);
            }
            since_connected = since_connected.map(|quiet| quiet + 1);
            if since_connected.is_some_and(|quiet| quiet > LONG) {
                since_connected = None;
                drop(self.terminal.tap(card).await);
            }
        }
        panic!("nothing is told of card {card}: {:?}", self.phase().await);
    }

    /// Puts a card down for so long, whatever comes of it.
    pub(super) async fn touch(&mut self, card: usize, time: Duration) {
        if self.terminal.tap(card).await.is_ok() {
            self.terminal.serve_for(time, QUIET).await.ok();
        }
        if !self.terminal.connected() || self.terminal.remove().await.is_err() {
            let house = self.world.house().await;
            self.terminal.connect(&house).await.expect("let in");
        }
    }

    /// Puts a card down that no run will tell anything of, and waits until it is offered.
    pub(super) async fn lay(&mut self, card: usize) {
        self.terminal.tap(card).await.expect("connected");
        let number = self.terminal.bench.number(card);
        self.until(move |phase| matches!(phase, Phase::Card { card, .. } if card.number == number)).await;
    }

    pub(super) async fn until_told(&mut self, times: i64) {
        let run = self.run.expect("a run");
        for _ in 0..PATIENCE {
            if self.told(run).await.0 >= times {
                return;
            }
            self.serve().await;
        }
        panic!("nothing is told: {:?}", self.phase().await);
    }

    pub(super) async fn until(&mut self, there: impl Fn(&Phase) -> bool) {
        for _ in 0..PATIENCE {
            if there(&self.phase().await) {
                return;
            }
            self.serve().await;
        }
        panic!("not so: {:?}", self.phase().await);
    }

    /// Waits until the end of the last card's load was told once more, since its result came late.
    pub(super) async fn until_told_late(&mut self) {
        self.until_told(self.heard + 1).await;
    }

    pub(super) async fn until_acknowledged(&mut self) {
        for _ in 0..PATIENCE {
            if self.terminal.owes() == 0 && self.terminal.connected() {
                return;
            }
            self.serve().await;
        }
        panic!("not acknowledged");
    }

    pub(super) async fn until_gone(&mut self) {
        let house = self.world.house().await;
        while terminals::live(&house, self.world.group, NUMBER).await.expect("a look").connected {
            tokio::time::sleep(QUIET).await;
        }
    }

    /// Does the terminal's work until the server has looked again at all that it watches, and more.
    pub(super) async fn quiet(&mut self) {
        self.terminal.serve(patient().poll * 3).await.expect("connected");
    }

    /// Another server in place of the one that is, which dies; the terminal connects to it.
    pub(super) async fn replace_server(&mut self) {
        self.terminal.server_died();
        self.world.restart().await;
        self.terminal.connect(&self.world.house().await).await.expect("let in");
    }

    /// Does the terminal's work until nothing more comes; true if it had to connect anew.
    async fn serve(&mut self) -> bool {
        let lost = self.terminal.serve(QUIET).await.is_err();
        if lost {
            let house = self.world.house().await;
            self.terminal.connect(&house).await.expect("let in");
        }
        lost
    }

    async fn told(&self, run: RunId) -> (i64, Option<What>) {
        let house = self.world.house().await;
        let run = runs::by_id(&house, self.world.group, run).await.expect("a look").expect("the run");
        (run.told_count, run.told.map(|told| told.what))
    }

    async fn phase(&self) -> Phase {
        let house = self.world.house().await;
        terminals::live(&house, self.world.group, NUMBER).await.expect("a look").phase
    }

    /// What a page would send for the card that lies there.
    pub(super) async fn confirm(&self, amount: Fen) -> Confirm {
        let Phase::Card { card, intent, .. } = self.phase().await else { panic!("a card lies there") };
        Confirm { terminal: NUMBER, card: card.number, balance: card.balance, amount, intent }
    }

    pub(super) async fn load(&self, order: OrderNumber) -> Load {
        let house = self.world.house().await;
        loads::by_order(&house, self.world.group, order).await.expect("a look").expect("the load")
    }

    pub(super) async fn look(&self, run: RunId) -> Look {
        let house = self.world.house().await;
        runs::look(&house, self.world.group, run).await.expect("a look").expect("the run")
    }

    pub(super) async fn summary(&self, run: RunId) -> Summary {
        let house = self.world.house().await;
        runs::summary(&house, self.world.group, run).await.expect("a look").expect("the run")
    }

    /// Moves a moment of a run into the past.
    pub(super) async fn set_back(&self, what: &'static str, run: RunId, by: Duration) {
        let by = i64::try_from(by.as_micros()).expect("short");
        let mut tx = self.db.begin().await.expect("a unit of work");
        let query = match what {
            "watched_at_us" => tx.query("UPDATE runs SET watched_at_us = watched_at_us - $1 WHERE id = $2"),
            _ => tx.query("UPDATE runs SET attended_at_us = attended_at_us - $1 WHERE id = $2"),
        };
        query.bind(by).bind(run).execute().await.expect("a write");
        tx.commit().await.expect("a commit");
    }
}
