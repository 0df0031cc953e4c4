//! The server process is killed, again and again, while eight clerks charge cards.
//!
//! Everything is the real thing: `jichong serve` as a program of its own, terminals that enrol and connect over their
//! sockets, clerks who fill in the page's form over HTTP, and SIGKILL at moments that nobody chose. Only the cards are
//! software. What must hold in the end:
//!
//! - a load is `succeeded` exactly when its card took its money, and no card took anything that is not one load;
//! - what a clerk was told stays true: succeeded, failed, or never sent;
//! - a confirm that was taken on is never forgotten, and nobody has to sign in again;
//! - no confirm, load or terminal hangs: the terminals' journals run empty and the last loads go through;
//! - the books are exact, by `jichong books`.
//!
//! `KILL_SEED` replays the moments and the clerks' choices, as far as the machine's own timing allows.

pub(crate) mod clerk;
pub(crate) mod counter;
pub(crate) mod server;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::{StdRng, SysRng};
use rand::{RngExt as _, SeedableRng as _, TryRng as _};
use store::Db;
use store::testing::{Fsync, Postgres, Sqlite};
use topup::loads::{self, State};
use topup::{Clock as _, House, Micros, Settings, SystemClock, SystemEntropy};
use vault::SoftVault;

use clerk::{Clerk, Told};
use counter::{Counter, Taken};
use server::{Place, Server, program};

/// Clerks, each with a terminal.
const CLERKS: u8 = 8;
/// How often the server is killed.
const KILLS: u32 = 12;
/// Fewer would prove little.
const LEAST_SUCCEEDED: usize = 40;
/// In the end a load is given up after this long, so that the test need not wait half a minute.
const ABANDONED: Duration = Duration::from_secs(3);
/// How long the terminals may take in the end to say what they still have to say.
const LAST_WORDS: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn loads_stay_exact_while_the_server_is_killed_on_sqlite() {
    let sqlite = Sqlite::new();
    storm("SQLite", &sqlite.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_stay_exact_while_the_server_is_killed_on_postgresql() {
    let postgres = Postgres::start(Fsync::On);
    storm("PostgreSQL", &postgres.database().await).await;
}

async fn storm(engine: &str, database: &str) {
    let seed = match std::env::var("KILL_SEED") {
        Ok(seed) => seed.parse().expect("KILL_SEED is a number"),
        Err(_) => SysRng.try_next_u64().expect("the system gives randomness"),
    };
    println!("{engine}: KILL_SEED={seed}");
    let place = Place::new(database);
    let mut server = Server::start(&place);
    place.ready().await;
    let over = Arc::new(AtomicBool::new(false));
    let mut clerks = Vec::new();
    for index in 0..CLERKS {
        let counter = Counter::open(&place, index, seed).await;
        let mut clerk = Clerk::sign_in(&place, counter, index, seed).await;
        let over = Arc::clone(&over);
        clerks.push(tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                clerk.charge().await;
            }
            clerk.charge_until_it_works().await;
            clerk
        }));
    }
    let deaths = kill(&mut server, &mut StdRng::seed_from_u64(seed)).await;
    over.store(true, Ordering::SeqCst);
    let mut done = Vec::new();
    for clerk in clerks {
        done.push(clerk.await.expect("a clerk"));
    }
    let after = After::the_storm(&place, done).await;
    after.check(engine, &deaths);
    println!("{}", program(&["books", "--database", database], ""));
}

/// Kills the server at random moments, also while it is still starting; when each death was complete.
async fn kill(server: &mut Server, dice: &mut StdRng) -> Vec<Micros> {
    let mut deaths = Vec::new();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(dice.random_range(200..4_000))).await;
        server.kill();
        deaths.push(SystemClock.now());
        tokio::time::sleep(Duration::from_millis(dice.random_range(20..600))).await;
        server.start_again();
    }
    deaths
}

/// What is there when all is quiet.
struct After {
    loads: Vec<Row>,
    clerks: Vec<Clerk>,
}

/// A load as the database has it.
struct Row {
    intent: String,
    state: State,
    card: String,
    amount_fen: i64,
    /// Empty if the card was never ordered to take it.
    mac2: String,
    /// From the hold until it was decided.
    held: Range<Micros>,
}

type Columns = (String, String, String, i64, String, Micros, Micros);

impl After {
    /// Waits until the terminals have nothing more to say, and ends what the dead left behind.
    async fn the_storm(place: &Place, clerks: Vec<Clerk>) -> Self {
        let quiet = async {
            while !clerks.iter().all(|clerk| clerk.counter.has_nothing_to_say()) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(LAST_WORDS, quiet).await.expect("the server takes what the terminals have to say");
        tokio::time::sleep(ABANDONED + Duration::from_millis(100)).await;
        let db = Db::open(place.database()).await.expect("the database opens");
        let house = house(db.clone()).await;
        loads::sweep(&house).await.expect("a sweep");
        let loads = read_loads(&db).await;
        db.close().await;
        Self { loads, clerks }
    }

    fn check(&self, engine: &str, deaths: &[Micros]) {
        let mut taken = self.taken();
        let mut states = BTreeMap::new();
        for load in &self.loads {
            *states.entry(load.state.as_str()).or_insert(0_usize) += 1;
            let took = taken.remove(&(load.card.clone(), load.mac2.clone()));
            match load.state {
                State::Succeeded => assert_eq!(took, Some(load.amount_fen), "{load}: succeeded without its card"),
                // A terminal that lives knows what its card did: nothing that a card took stays in doubt.
                State::Failed | State::Unknown => assert_eq!(took, None, "{load}: but its card took it"),
                State::Authorised => panic!("{load}: nobody ended it"),
            }
        }
        assert!(taken.is_empty(), "cards took money that no load knows of: {taken:?}");
        self.clerks.iter().for_each(|clerk| self.check_told(clerk));
        self.clerks.iter().for_each(|clerk| self.check_cards(&clerk.counter));
        let held_at = |death: &Micros| self.loads.iter().filter(|load| load.held.contains(death)).count();
        let in_flight: Vec<usize> = deaths.iter().map(held_at).collect();
        let cut: u32 = self.clerks.iter().map(|clerk| clerk.cut).sum();
        println!(
            "{engine}: {} loads {states:?}; {} kills, with {in_flight:?} loads held at that moment; \
             {cut} times a clerk was left without an answer",
            self.loads.len(),
            deaths.len(),
        );
        assert!(states.get("succeeded").is_some_and(|count| *count >= LEAST_SUCCEEDED), "too few loads went through");
        assert!(in_flight.iter().sum::<usize>() > 0, "no kill came while a load was in flight");
    }

    /// What the cards took, by card and MAC2: one order to pay, obeyed once.
    fn taken(&self) -> BTreeMap<(String, String), i64> {
        let mut taken = BTreeMap::new();
        for Taken { card, mac2, amount_fen } in self.clerks.iter().flat_map(|clerk| clerk.counter.taken()) {
            let again = taken.insert((card.clone(), mac2), amount_fen);
            assert_eq!(again, None, "{card} was charged twice for one order");
        }
        taken
    }

    /// What a clerk was told is so.
    fn check_told(&self, clerk: &Clerk) {
        for (intent, told) in &clerk.told {
            let state = self.loads.iter().find(|load| load.intent == *intent).map(|load| load.state);
            let so = match told {
                Told::Succeeded => state == Some(State::Succeeded),
                Told::Failed => state == Some(State::Failed),
                Told::InDoubt => matches!(state, Some(State::Succeeded | State::Unknown)),
                Told::NotSent => matches!(state, None | Some(State::Failed)),
            };
            assert!(so, "{intent}: the clerk was told {told:?}, but it is {state:?}");
        }
    }

    /// Each card has what its loads put there, and counted them.
    fn check_cards(&self, counter: &Counter) {
        for card in counter.cards() {
            let loads = self.loads.iter().filter(|load| load.card == card.number && load.state == State::Succeeded);
            let (count, sum) = loads.fold((0, 0), |(count, sum), load| (count + 1, sum + load.amount_fen));
            let has = (usize::from(card.loads), i64::from(card.balance_fen));
            assert_eq!(has, (count, sum), "loads and fen on {}", card.number);
        }
    }
}

impl Row {
    fn of((intent, state, card, amount_fen, mac2, from, to): Columns) -> Self {
        let state = State::parse(&state).expect("a state");
        Self { intent, state, card, amount_fen, mac2, held: from..to }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} fen on {} is {}", self.intent, self.amount_fen, self.card, self.state.as_str())
    }
}

/// A house only to sweep: it needs no keys.
async fn house(db: Db) -> House {
    let settings = Settings { abandoned: ABANDONED, password_kib: 64, ..Settings::default() };
    let vault = Arc::new(SoftVault::in_memory(Vec::new()));
    House::open(db, vault, Arc::new(SystemClock), Arc::new(SystemEntropy), settings).await.expect("a house")
}

async fn read_loads(db: &Db) -> Vec<Row> {
    let mut tx = db.read().await.expect("a unit of work");
    let rows = tx.query(
        "SELECT intent, state, card_number, amount_fen, COALESCE(mac2, ''), \
         COALESCE(authorised_at_us, decided_at_us, 0), COALESCE(decided_at_us, 0) FROM loads ORDER BY id",
    );
    rows.all().await.expect("a look").into_iter().map(Row::of).collect()
}

/// The lines of a file that may not be there yet.
fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(ToOwned::to_owned).collect()
}
