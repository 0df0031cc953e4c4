//! The server as a program that can be killed: house, portal and sweep on one database, and a page that follows them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use epurse::keys::Diversifier;
use epurse::load::Session;
use epurse::mac::Mac;
use epurse::time::HostTime;
use store::{Db, Options};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};
use topup::{House, Settings, SystemClock, SystemEntropy, loads, terminals};
use vault::{KeyRef, SoftVault, Vault, VaultError, Verdict};

use super::cards;
use super::page::{self, Page};
use super::process::Process;
use super::site::{Site, TERMINAL};
use super::stage::Place;

/// How often the page looks without a signal: only a doubt that the sweep finds comes without one.
const LOOK: Duration = Duration::from_secs(1);
/// How often what was left behind is looked for.
const SWEEP: Duration = Duration::from_millis(500);

/// The server of one database, whichever run of it is the present one.
pub(super) struct Server {
    database: String,
    running: Mutex<Option<Running>>,
    /// One that killed itself in the midst of its work, and is being buried.
    dying: Mutex<Option<std::thread::JoinHandle<()>>>,
}

struct Running {
    process: Process,
    house: House,
    address: SocketAddr,
}

/// Waits as short as a load allows that nothing delays.
pub(super) fn settings() -> Settings {
    Settings {
        script: Duration::from_millis(900),
        answer: Duration::from_secs(1),
        abandoned: Duration::from_secs(2),
        password_kib: 64,
        ..Settings::default()
    }
}

impl Server {
    pub(super) fn of(database: String) -> Self {
        Self { database, running: Mutex::default(), dying: Mutex::default() }
    }

    /// Where it listens, if it lives.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.running().as_ref().map(|running| running.address)
    }

    /// Asks its house something, in its own process. None if it dies before it answers, or is dead.
    pub(super) async fn ask<F, T>(&self, question: impl FnOnce(House) -> F) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let (handle, house) = {
            let running = self.running();
            let running = running.as_ref()?;
            (running.process.handle().clone(), running.house.clone())
        };
        handle.spawn(question(house)).await.ok()
    }

    /// Kills it. When this returns nothing is left of it.
    pub(super) fn kill(&self, site: &Site) {
        let Some(Running { process, house, .. }) = self.running().take() else { return };
        process.kill();
        drop(house);
        site.page.send_replace(Page::default());
    }

    /// Kills it from within. Its own thread cannot wait for its own end; the next start does.
    fn die(&self, site: &Arc<Site>) {
        let site = Arc::clone(site);
        let burial = std::thread::spawn(move || site.server.kill(&site));
        *self.dying.lock().expect("nobody panicked with it") = Some(burial);
    }

    /// Starts it, if it does not run, and waits until it listens.
    pub(super) async fn start(&self, site: &Arc<Site>) {
        let dying = self.dying.lock().expect("nobody panicked with it").take();
        if let Some(burial) = dying {
            tokio::task::spawn_blocking(move || burial.join()).await.expect("a thread").expect("buried");
        }
        if self.running().is_some() {
            return;
        }
        let (up, listening) = oneshot::channel();
        let (database, of) = (self.database.clone(), Arc::clone(site));
        let process = Process::start("server", move || serve(database, of, up));
        let (house, address) = listening.await.expect("a server starts");
        *self.running() = Some(Running { process, house, address });
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().expect("nobody panicked with it")
    }
}

async fn serve(database: String, site: Arc<Site>, up: oneshot::Sender<(House, SocketAddr)>) {
    // Few connections: PostgreSQL has to do for many servers here.
    let db = Db::open(Options::at(database).connections(2)).await.expect("the database opens");
    let vault = Arc::new(Watched { site: Arc::clone(&site), vault: SoftVault::in_memory(cards::masters()) });
    let house = House::open(db, vault, Arc::new(SystemClock), Arc::new(SystemEntropy), settings());
    let house = house.await.expect("a house");
    let portal = portal::Settings {
        tls: false,
        idle: Duration::from_mins(15),
        trusted_proxies: Vec::new(),
        certificate_ends: None,
        terminal_program: portal::TerminalProgram::Own { readers: true },
        public_url: site.line.url(),
    };
    let router = portal::router(house.clone(), portal).expect("a portal");
    let listening = portal::listen(([127, 0, 0, 1], 0).into(), router, None).expect("a free port");
    tokio::spawn(sweep(house.clone()));
    tokio::spawn(show(house.clone(), site));
    up.send((house, listening.address)).ok();
}

/// As `jichong serve` does it, only more often.
async fn sweep(house: House) {
    let mut tick = interval(SWEEP);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        loads::sweep(&house).await.expect("a sweep");
    }
}

/// Keeps the page up to date, as the portal's live page does it.
async fn show(house: House, site: Arc<Site>) {
    let mut signals = house.db.listen().await.expect("signals");
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            signal = signals.next() => if !signal.concerns(&terminals::topic(TERMINAL)) { continue },
            _ = tick.tick() => {}
        }
        let page = page::look(&house, &site).await.expect("a look");
        site.page.send_if_modified(|shown| {
            let changed = *shown != page;
            *shown = page;
            changed
        });
    }
}

/// The vault, asked in the midst of a server's work: a place to die.
struct Watched {
    site: Arc<Site>,
    vault: SoftVault,
}

impl Watched {
    fn asked(&self, question: &str) {
        if self.site.stage.comes(Place::Vault, question.to_owned()).is_some() {
            self.site.server.die(&self.site);
            self.site.stage.has_struck();
            // The rest of this work is never done. No panic: that would be told on the screen.
            std::panic::resume_unwind(Box::new("killed"));
        }
    }
}

impl Vault for Watched {
    /// Asked in the midst of the work itself, which then ends there.
    fn blocks(&self) -> bool {
        false
    }

    fn verify_mac1(&self, key: KeyRef, card: Diversifier, session: &Session, mac1: Mac) -> Result<Verdict, VaultError> {
        self.asked("MAC1?");
        self.vault.verify_mac1(key, card, session, mac1)
    }

    fn mac2(&self, key: KeyRef, card: Diversifier, session: &Session, time: HostTime) -> Result<Mac, VaultError> {
        self.asked("MAC2!");
        self.vault.mac2(key, card, session, time)
    }

    fn verify_tac(
        &self,
        key: KeyRef,
        card: Diversifier,
        session: &Session,
        time: HostTime,
        tac: Mac,
    ) -> Result<Verdict, VaultError> {
        self.asked("TAC?");
        self.vault.verify_tac(key, card, session, time, tac)
    }
}
