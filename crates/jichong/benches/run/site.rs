//! A server on one database, a terminal with a reader and a stack of cards, and a clerk who has begun a run.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use epurse::keys::{Algorithm, Key};
use epurse::terminal::TerminalNumber;
use ledger::{Fen, GroupId, Kind, Movement};
use portal::Listening;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use store::Db;
use tempfile::TempDir;
use terminal::{Config, EXCHANGE_LIMIT, Handle, MasterKeys, SoftReader, ordinary_card};
use topup::people::{self, NewOperator, Role};
use topup::{Clock as _, House, Ids, Settings, SystemClock, SystemEntropy, books, groups, loads, runs, terminals};
use vault::{Master, SoftVault};

use crate::clerk::{Clerk, Plan};

const GROUP: GroupId = GroupId(7);
const TERMINAL: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x50]);
const LOGIN: &str = "0012";
const PASSWORD: &str = "a long password";
/// The issuer's master keys: for loads, purchases and TACs.
const MASTERS: [[u8; 16]; 3] = [[0x11; 16], [0x22; 16], [0x33; 16]];
/// What each card is charged, in yuan.
const YUAN: usize = 50;
/// As often as `jichong serve` sweeps.
const SWEEP: Duration = Duration::from_secs(5);

pub(crate) struct Site {
    house: House,
    portal: Listening,
    terminal: Handle,
    sweeping: tokio::task::JoinHandle<()>,
    reader: SoftReader,
    cards: Vec<String>,
    clerk: Clerk,
    _folder: TempDir,
}

impl Site {
    /// Opens a site on a fresh database; its clerk has begun a run of `cards` cards.
    pub(crate) async fn open(database: &str, cards: usize) -> Result<Self> {
        let db = Db::open(database).await?;
        let plan = Plan { yuan: YUAN, cards };
        let code = furnish(&db, Fen::from_yuan(i64::try_from(plan.money())?).context("a sum")?).await?;
        let vault = Arc::new(SoftVault::in_memory(masters()));
        let clock = Arc::new(SystemClock);
        let house = House::open(db, vault, clock, Arc::new(SystemEntropy), Settings::default()).await?;
        // The portal names its own address before it is served.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let url = format!("http://{address}");
        let settings = portal::Settings {
            tls: false,
            idle: Duration::from_mins(15),
            trusted_proxies: Vec::new(),
            certificate_ends: None,
            terminal_program: portal::TerminalProgram::Own { readers: true },
            public_url: url.clone(),
        };
        let portal = portal::listen(address, portal::router(house.clone(), settings)?, None)?;
        let sweeping = tokio::spawn(sweep(house.clone()));

        let folder = TempDir::new()?;
        let (server, state) = (url.parse()?, folder.path().join("terminal"));
        let mut dice = StdRng::seed_from_u64(1);
        terminal::enrol(&server, None, &code, &state, &mut dice).await?;
        let (reader, cards) = stack(cards)?;
        let config = Config { server, state_dir: state, ca_file: None, exchange_limit: EXCHANGE_LIMIT };
        let terminal = terminal::start(config, Arc::new(reader.clone()), Box::new(dice))?;
        while !terminals::live(&house, GROUP, TERMINAL).await?.connected {
            tokio::task::yield_now().await;
        }
        let clerk = Clerk::begin(&url, LOGIN, PASSWORD, &TERMINAL.to_string(), &plan).await?;
        Ok(Self { house, portal, terminal, sweeping, reader, cards, clerk, _folder: folder })
    }

    /// Puts a card on the reader and waits until the page is told that it is charged: from when to when.
    pub(crate) async fn charge(&mut self, card: usize) -> Result<(Instant, Instant)> {
        let number = self.cards.get(card).context("a card")?;
        let from = Instant::now();
        self.reader.tap(number)?;
        let told = format!("data-told=\"{}\" data-sound=\"done\"", card + 1);
        Ok((from, self.clerk.see(&told).await?))
    }

    /// Takes the card off, and waits until the page asks for the next or says that the run is over.
    pub(crate) async fn lift(&mut self, last: bool) -> Result<()> {
        self.reader.remove();
        self.clerk.see(if last { "event: over" } else { "panel ready" }).await.map(drop)
    }

    /// Proves that each card has its money, and the books; then ends everything.
    pub(crate) async fn close(self) -> Result<()> {
        for number in &self.cards {
            let card = self.reader.card(number).context("a card")?;
            ensure!(card.loads == 1, "card {number} was charged {} times", card.loads);
        }
        let books = books::prove_books(&mut self.house.db.read().await?).await?;
        ensure!(books.hold(), "{books}");
        drop(self.clerk);
        self.terminal.stop().await;
        self.house.stop().await;
        self.portal.stop().await;
        self.sweeping.abort();
        self.house.db.close().await;
        Ok(())
    }
}

/// A group with so much quota, a clerk and a terminal; its one-time code.
async fn furnish(db: &Db, quota: Fen) -> Result<String> {
    let (ids, now) = (Ids::new(Arc::new(SystemClock), &SystemEntropy), SystemClock.now());
    let mut tx = db.begin().await?;
    groups::add(&mut tx, GROUP, "示例集团", now).await?;
    let (from, to) = (Kind::Bank, Kind::Quota);
    let opening = Movement { group: GROUP, from, to, amount: quota, reason: "opening quota", subject: 0, at: now };
    for posted in ledger::post(&mut tx, &[opening]).await? {
        posted?;
    }
    let clerk = NewOperator { group: GROUP, login: LOGIN, name: "王倩", role: Role::Clerk, password: PASSWORD };
    people::add(&mut tx, &ids, &SystemEntropy, &clerk, now).await?;
    terminals::add(&mut tx, TERMINAL, GROUP, "前台一号", now).await?;
    let code = terminals::issue_code(&mut tx, &SystemEntropy, TERMINAL, now).await?;
    tx.commit().await?;
    Ok(code)
}

fn masters() -> Vec<Master> {
    let [mlk, _, mtk] = MASTERS;
    let algorithm = Algorithm::TripleDes;
    let master = |card_type| Master { card_type, version: 1, algorithm, mlk: Key::new(mlk), mtk: Key::new(mtk) };
    (0..=4).map(master).collect()
}

/// A reader and the cards beside it. They forget: what software cards cost is not asked.
fn stack(cards: usize) -> Result<(SoftReader, Vec<String>)> {
    let [mlk, mpk, mtk] = MASTERS.map(Key::new);
    let keys = MasterKeys { mlk, mpk, mtk };
    let mut definitions = Vec::new();
    for serial in 0..cards {
        let number = format!("41000000{serial:08}").parse()?;
        definitions.push(ordinary_card(&keys, number, u64::try_from(serial)?).context("an ordinary card")?);
    }
    let numbers = definitions.iter().map(|card| card.profile.file15.number().to_string()).collect();
    Ok((SoftReader::open("Software reader", None, definitions)?, numbers))
}

/// As `jichong serve` does it.
async fn sweep(house: House) {
    let mut tick = tokio::time::interval(SWEEP);
    loop {
        tick.tick().await;
        drop(loads::sweep(&house).await);
        drop(runs::sweep(&house).await);
        drop(people::sessions::sweep(&house).await);
    }
}
