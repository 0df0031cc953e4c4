//! A portal that listens, with two groups, their people and a terminal, and a browser without script.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use epurse::keys::{Algorithm, Key};
use ledger::{Fen, GroupId, Kind, Movement};
use portal::{Listening, Settings};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use reqwest::{Client, Response, StatusCode};
use store::Db;
use store::testing::Sqlite;
use tempfile::TempDir;
use terminal::{MasterKeys, Readers, SoftReader, Status, sample_cards};
use topup::deposits::Till;
use topup::people::staff::{self, NewStaff, StaffRole};
use topup::people::{NewOperator, Role};
use topup::terminals::TerminalNumber;
use topup::{Clock as _, House, SeededEntropy, SystemClock, TestClock, groups, people, terminals};
use vault::{Master, SoftVault};

use crate::bank::SandboxBank;

pub(crate) const PASSWORD: &str = "correct horse";
/// Where the bank may send a payer on to.
pub(crate) const CASHIER: &str = "https://cashier.test.example";
pub(crate) const TERMINAL: &str = "000001000050";

/// The portal and what stands around it.
pub(crate) struct World {
    pub(crate) house: House,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) listening: Listening,
    pub(crate) bank: Option<SandboxBank>,
    _place: Option<Sqlite>,
}

impl World {
    /// A clerk `0012` and a manager `0013` of one group with a terminal, a clerk `0099` of another without.
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::build(change, false).await
    }

    /// The same, with a sandbox bank to pay in through, on an address of its own.
    pub(crate) async fn with_bank() -> Self {
        Self::build(|_| {}, true).await
    }

    async fn build(change: impl FnOnce(&mut Settings), with_bank: bool) -> Self {
        let place = Sqlite::new();
        let db = Db::open(place.url()).await.expect("a database");
        Self { _place: Some(place), ..Self::over(db, change, with_bank).await }
    }

    /// The same over this database.
    pub(crate) async fn over(db: Db, change: impl FnOnce(&mut Settings), with_bank: bool) -> Self {
        let clock = Arc::new(TestClock::at(SystemClock.now()));
        let masters = (0..=4).map(|card_type| Master {
            card_type,
            version: 1,
            algorithm: Algorithm::TripleDes,
            mlk: key(1),
            mtk: key(3),
        });
        let vault = Arc::new(SoftVault::in_memory(masters.collect()));
        let settings =
            topup::Settings { password_kib: 64, poll: Duration::from_millis(50), ..topup::Settings::default() };
        let entropy = Arc::new(SeededEntropy::new(7));
        let mut house = House::open(db, vault, clock.clone(), entropy, settings).await.expect("a house");
        settle(&house).await;
        let address = free_address();
        let bank = with_bank.then(|| SandboxBank::open(&clock));
        if let Some(bank) = &bank {
            let till = Till::new(Arc::new(bank.gateway()), &format!("http://{address}"));
            house = house.with_till(till.with_cashiers(vec![CASHIER.to_owned()]));
        }
        let mut settings = Settings {
            tls: false,
            idle: Duration::from_mins(15),
            trusted_proxies: vec![],
            certificate_ends: None,
            terminal_program: portal::TerminalProgram::Own { readers: true },
            public_url: "http://topup.example.cn".into(),
        };
        change(&mut settings);
        let router = portal::router(house.clone(), settings).expect("a router");
        let listening = portal::listen(address, router, None).expect("a free port");
        Self { house, clock, listening, bank, _place: None }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listening.address)
    }

    /// A browser that nobody has signed in with.
    pub(crate) fn browser(&self) -> Browser<'_> {
        let client = Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none());
        Browser { world: self, client: client.build().expect("a client") }
    }

    /// A browser that `login` has signed in with.
    pub(crate) async fn signed_in(&self, login: &str) -> Browser<'_> {
        let browser = self.browser();
        let answer = browser.post("/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/"), "{login}");
        browser
    }

    /// Members of the card company's staff, one a role; each signs in by the name of the role.
    pub(crate) async fn hire(&self, roles: &[StaffRole]) {
        let mut tx = self.house.db.begin().await.expect("a unit of work");
        for role in roles {
            let new = NewStaff { login: role.as_str(), name: "刘敏", role: *role, password: PASSWORD };
            staff::add(&mut tx, &self.house.ids, &*self.house.entropy, &new, self.house.now()).await.expect("staff");
        }
        tx.commit().await.expect("a commit");
    }

    /// A browser in the office that someone of this role has signed in with.
    pub(crate) async fn in_office(&self, role: StaffRole) -> Browser<'_> {
        let browser = self.browser();
        browser.enter_office(role).await;
        browser
    }

    /// A new one-time code for the terminal.
    pub(crate) async fn code(&self) -> String {
        let number: TerminalNumber = TERMINAL.parse().expect("a terminal number");
        let mut tx = self.house.db.begin().await.expect("a unit of work");
        let code =
            terminals::issue_code(&mut tx, &*self.house.entropy, number, self.house.now()).await.expect("a code");
        tx.commit().await.expect("a commit");
        code
    }

    /// Enrols with `code` over HTTP, into this folder.
    pub(crate) async fn enrol(&self, code: &str, state: &Path) -> Result<link::Enrolled, terminal::Error> {
        let mut dice = dice();
        terminal::enrol(&self.url("").parse().expect("an address"), None, code, state, &mut dice).await
    }

    /// Starts the terminal that is enrolled in this folder, with nothing on its desk.
    pub(crate) fn run(&self, state: &Path) -> terminal::Handle {
        run_at(&self.url(""), state)
    }

    /// How many loads there are, in whatever state.
    pub(crate) async fn loads(&self) -> i64 {
        let mut tx = self.house.db.read().await.expect("a look");
        let (count,): (i64,) = tx.query("SELECT COUNT(*) FROM loads").one().await.expect("a count");
        count
    }

    /// Enrols the terminal over HTTP and starts it with the sample cards on its desk.
    pub(crate) async fn start_terminal(&self) -> Desk {
        let keys = |load, tac| MasterKeys { mlk: key(load), mpk: key(2), mtk: key(tac) };
        let cards = sample_cards(&keys(1, 3), &keys(8, 9), 5);
        let reader = SoftReader::open("Software reader", None, cards).expect("a reader");
        let (handle, state) = self.start_terminal_with(Arc::new(reader.clone())).await;
        Desk { reader, handle, _state: state }
    }

    /// The same with other readers; the terminal runs in a folder of its own.
    pub(crate) async fn start_terminal_with(&self, readers: Arc<dyn Readers>) -> (terminal::Handle, TempDir) {
        let state = TempDir::new().expect("a folder");
        self.enrol(&self.code().await, state.path()).await.expect("the code is good");
        let config = terminal::Config {
            server: self.url("").parse().expect("an address"),
            state_dir: state.path().to_owned(),
            ca_file: None,
            exchange_limit: terminal::EXCHANGE_LIMIT,
        };
        let handle = terminal::start(config, readers, Box::new(dice())).expect("a terminal");
        let mut status = handle.status();
        status.wait_for(|status| matches!(status, Status::Connected { .. })).await.expect("it connects");
        (handle, state)
    }

    /// Sets the server's clock, which stands still, to this machine's.
    pub(crate) fn set_clock(&self) {
        let behind = SystemClock.now().0.saturating_sub(self.house.now().0);
        self.clock.advance(Duration::from_micros(u64::try_from(behind).unwrap_or_default()));
    }
}

/// An address that was free a moment ago: the gateway is told of it before the portal listens there.
fn free_address() -> SocketAddr {
    let probe = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    probe.local_addr().expect("an address")
}

/// Starts the terminal that is enrolled in this folder, by way of this address.
pub(crate) fn run_at(server: &str, state: &Path) -> terminal::Handle {
    run(terminal::Config {
        server: server.parse().expect("an address"),
        state_dir: state.to_owned(),
        ca_file: None,
        exchange_limit: terminal::EXCHANGE_LIMIT,
    })
}

/// Starts a terminal with nothing on its desk.
pub(crate) fn run(config: terminal::Config) -> terminal::Handle {
    let reader = SoftReader::open("Software reader", None, vec![]).expect("a reader");
    terminal::start(config, Arc::new(reader), Box::new(dice())).expect("a terminal")
}

/// Each terminal's own randomness, another one each time.
fn dice() -> StdRng {
    static THROWS: AtomicU64 = AtomicU64::new(11);
    StdRng::seed_from_u64(THROWS.fetch_add(1, Ordering::SeqCst))
}

/// A running terminal.
pub(crate) struct Desk {
    pub(crate) reader: SoftReader,
    pub(crate) handle: terminal::Handle,
    _state: TempDir,
}

fn key(byte: u8) -> Key {
    Key::new([byte; 16])
}

async fn settle(house: &House) {
    let now = house.now();
    let mut tx = house.db.begin().await.expect("a unit of work");
    for (id, name, quota, people) in [
        (GroupId(7), "示例科技有限公司", 1_000_000, &[("0012", Role::Clerk), ("0013", Role::Manager)][..]),
        (GroupId(8), "另一家公司", 0, &[("0099", Role::Clerk), ("0098", Role::Manager)][..]),
    ] {
        groups::add(&mut tx, id, name, now).await.expect("a group");
        if quota > 0 {
            let opening = Movement {
                group: id,
                from: Kind::Bank,
                to: Kind::Quota,
                amount: Fen::new(quota),
                reason: "opening quota",
                subject: 0,
                at: now,
            };
            let posted = ledger::post(&mut tx, &[opening]).await.expect("a posting");
            assert!(posted.iter().all(Result::is_ok), "the opening quota is accepted");
        }
        for (login, role) in people {
            let new = NewOperator { group: id, login, name: "王芳", role: *role, password: PASSWORD };
            people::add(&mut tx, &house.ids, &*house.entropy, &new, now).await.expect("an operator");
        }
    }
    let number: TerminalNumber = TERMINAL.parse().expect("a terminal number");
    terminals::add(&mut tx, number, GroupId(7), "前台一号", now).await.expect("a terminal");
    tx.commit().await.expect("a commit");
}

/// A browser without script: it keeps cookies and follows nothing by itself.
pub(crate) struct Browser<'w> {
    world: &'w World,
    pub(crate) client: Client,
}

impl Browser<'_> {
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.world.url(path)).send().await.expect("an answer")
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.client.post(self.world.url(path)).form(form).send().await.expect("an answer")
    }

    /// Signs in to the office as well.
    pub(crate) async fn enter_office(&self, role: StaffRole) {
        let answer = self.post("/office/sign-in", &[("login", role.as_str()), ("password", PASSWORD)]).await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/office"), "{role:?}");
    }

    /// What the page says.
    pub(crate) async fn read(&self, path: &str) -> String {
        text(self.get(path).await).await
    }

    /// Reads the page until it says `words`.
    pub(crate) async fn read_until(&self, path: &str, words: &str) -> String {
        for _ in 0..2_000 {
            let page = self.read(path).await;
            if page.contains(words) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        panic!("{path} never says {words}: {}", self.read(path).await);
    }
}

pub(crate) async fn text(answer: Response) -> String {
    answer.text().await.expect("a text")
}

pub(crate) fn location(answer: &Response) -> &str {
    header(answer, "location")
}

pub(crate) fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().expect("plain text"))
}

/// The value of a hidden field of a page.
pub(crate) fn field(page: &str, form: &str, name: &str) -> String {
    let after = page.split_once(&format!("id=\"{form}\"")).expect("the form is there").1;
    let after = after.split_once(&format!("name=\"{name}\" value=\"")).expect("the field is there").1;
    after.split_once('"').expect("the value ends").0.to_owned()
}
