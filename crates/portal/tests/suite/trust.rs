//! Who trusts whom, through the real endpoint and the real terminal program: codes, clones, certificates.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use portal::{Settings, Tls};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use terminal::{Error, ServerAddress, Status};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use topup::alarms;
use topup::people::staff::StaffRole;
use topup::terminals;

use crate::world::{self, TERMINAL, World};

/// What a refused enrolment says.
fn refusal(answer: Result<link::Enrolled, Error>) -> String {
    match answer {
        Err(Error::Refused(text)) => text,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_used_an_expired_and_a_guessed_code_are_refused_with_a_reason() {
    let world = World::open().await;
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let code = world.code().await;
    world.enrol(&code, first.path()).await.expect("enrolled");
    let used = refusal(world.enrol(&code, second.path()).await);
    let code = world.code().await;
    world.clock.advance(terminals::CODE_LIFE);
    let expired = refusal(world.enrol(&code, second.path()).await);
    let guessed = refusal(world.enrol("0000-0000-0000-0000", second.path()).await);
    assert!(used.contains("used already or older than 30 minutes"), "{used}");
    assert_eq!((&used, &used), (&expired, &guessed), "a guesser does not learn which");
    assert!(!second.path().join("terminal.json").exists());
}

#[tokio::test]
async fn who_guesses_codes_is_slowed_and_told_when_to_come_again() {
    let world = World::open().await;
    let state = TempDir::new().unwrap();
    let good = world.code().await;
    let mut slowed = None;
    for guess in 0..70 {
        let said = refusal(world.enrol(&format!("GUES-S000-0000-{guess:04}"), state.path()).await);
        if !said.contains("this code is not valid") {
            slowed = Some((guess, said));
            break;
        }
    }
    let (guess, said) = slowed.expect("slowed");
    assert!((60..=65).contains(&guess), "after {guess}");
    assert!(said.contains("后再试"), "{said}");
    let said = refusal(world.enrol(&good, state.path()).await);
    assert!(said.contains("后再试"), "while it lasts nothing is even looked at: {said}");
}

#[tokio::test]
async fn two_machines_that_race_for_one_code_leave_one_terminal() {
    let world = World::open().await;
    let states = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let code = world.code().await;
    let [one, other] = &states;
    let (one, other) = tokio::join!(world.enrol(&code, one.path()), world.enrol(&code, other.path()));
    assert_ne!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
    let loser = if one.is_ok() { other } else { one };
    assert!(refusal(loser).contains("this code is not valid"));
    let winner = states.iter().find(|state| state.path().join("terminal.json").exists()).expect("one");
    let running = world.run(winner.path());
    running.status().wait_for(connected).await.expect("let in");
}

/// The whole folder of a terminal, copied to another machine.
fn copy(from: &Path) -> TempDir {
    let to = TempDir::new().expect("a folder");
    std::fs::copy(from.join("terminal.json"), to.path().join("terminal.json")).expect("copied");
    to
}

#[tokio::test]
async fn a_copied_folder_is_noticed_and_a_new_code_ends_it() {
    let world = World::open().await;
    world.hire(&[StaffRole::Teller]).await;
    let staff = world.in_office(StaffRole::Teller).await;
    let state = TempDir::new().unwrap();
    world.enrol(&world.code().await, state.path()).await.expect("enrolled");
    let stolen = copy(state.path());
    // Started again and again, each for a moment: one program.
    for _ in 0..3 {
        let original = world.run(state.path());
        original.status().wait_for(connected).await.expect("let in");
        original.stop().await;
    }
    assert!(staff.read("/office").await.contains("没有等待处理的事"));

    // The original's line breaks for a while, the clone comes, the original comes back: two at once.
    let line = Line::to(world.listening.address).await;
    let original = world::run_at(&format!("http://{}", line.address), state.path());
    original.status().wait_for(connected).await.expect("let in");
    line.cut();
    let clone = world.run(stolen.path());
    clone.status().wait_for(connected).await.expect("let in");
    assert!(staff.read("/office").await.contains("没有等待处理的事"), "it may be a restart");
    line.mend();
    let mut status = clone.status();
    let status = status.wait_for(|status| matches!(status, Status::Refused { .. })).await.expect("a status").clone();
    assert!(matches!(&status, Status::Refused { text, .. } if text.contains("took over")), "{status:?}");
    let home = staff.read("/office").await;
    assert!(home.contains("终端密钥出现在两处") && home.contains("/office/terminals?state=alarm"), "{home}");
    let page = staff.read(&format!("/office/terminals/{TERMINAL}")).await;
    assert!(page.contains("此终端的密钥出现在两处") && page.contains("127.0.0.1 · 127.0.0.1"), "{page}");
    tokio::join!(original.stop(), clone.stop());

    world.enrol(&world.code().await, state.path()).await.expect("enrolled anew");
    let clone = world.run(stolen.path());
    let over = |status: &Status| matches!(status, Status::Refused { text, .. } if text.contains("enrol this terminal"));
    clone.status().wait_for(over).await.expect("the copied key counts no longer");
    let original = world.run(state.path());
    original.status().wait_for(connected).await.expect("let in");
    let open = alarms::count(&world.house, alarms::Kind::KeyInTwoPlaces).await.unwrap();
    assert_eq!(open, 1, "it stays until a person closes it");
}

fn connected(status: &Status) -> bool {
    matches!(status, Status::Connected { .. })
}

/// A network line that can be cut: what comes through it then breaks off, and nothing new gets through.
struct Line {
    address: SocketAddr,
    whole: watch::Sender<bool>,
}

impl Line {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (whole, seen) = watch::channel(true);
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut seen = seen.clone();
                if *seen.borrow_and_update() {
                    tokio::spawn(async move {
                        let mut far = TcpStream::connect(server).await.expect("the server listens");
                        tokio::select! {
                            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                            _ = seen.wait_for(|whole| !whole) => {}
                        }
                    });
                }
            }
        });
        Self { address, whole }
    }

    fn cut(&self) {
        self.whole.send_replace(false);
    }

    fn mend(&self) {
        self.whole.send_replace(true);
    }
}

/// An authority of the test's own.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("a certificate");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).expect("written");
        Self { issuer, folder }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for `host`.
    async fn certify(&self, host: &str) -> Tls {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec![host.into()])
            .expect("a certificate")
            .signed_by(&key, &self.issuer)
            .expect("a certificate");
        let (certificate_file, key_file) = (self.folder.path().join("cert.pem"), self.folder.path().join("key.pem"));
        std::fs::write(&certificate_file, certificate.pem()).expect("written");
        std::fs::write(&key_file, key.serialize_pem()).expect("written");
        // Another test may have installed it.
        drop(rustls::crypto::ring::default_provider().install_default());
        Tls::read(&certificate_file, &key_file).await.expect("a certificate and its key")
    }
}

#[tokio::test]
async fn a_server_with_a_wrong_certificate_gets_neither_code_nor_connection() {
    let world = World::open().await;
    let (ours, other) = (Authority::new(), Authority::new());
    let listen = |tls| {
        let settings = Settings {
            tls: true,
            idle: Duration::from_mins(15),
            trusted_proxies: vec![],
            public_url: "https://topup.example.cn".into(),
            certificate_ends: None,
            terminal_program: portal::TerminalProgram::Own { readers: true },
        };
        let router = portal::router(world.house.clone(), settings).expect("a router");
        portal::listen(SocketAddr::from(([127, 0, 0, 1], 0)), router, Some(tls)).expect("a free port")
    };
    let (good, wrong_name) = (listen(ours.certify("localhost").await), listen(ours.certify("elsewhere.example").await));
    let at = |port: u16| format!("https://localhost:{port}").parse::<ServerAddress>().unwrap();
    let (state, code) = (TempDir::new().unwrap(), world.code().await);
    let enrol = async |server: ServerAddress, ca: &Path| {
        terminal::enrol(&server, Some(ca), &code, state.path(), &mut StdRng::seed_from_u64(3)).await
    };
    for (server, authority) in [(at(good.address.port()), &other), (at(wrong_name.address.port()), &ours)] {
        let error = enrol(server, &authority.file()).await.expect_err("not trusted").to_string();
        assert!(error.contains("cannot reach the server") && error.contains("certificate"), "{error}");
    }
    enrol(at(good.address.port()), &ours.file()).await.expect("the code was never given away");

    let run = |server, ca_file| {
        let (state_dir, exchange_limit) = (state.path().to_owned(), terminal::EXCHANGE_LIMIT);
        let config = terminal::Config { server, state_dir, ca_file: Some(ca_file), exchange_limit };
        world::run(config)
    };
    let running = run(at(good.address.port()), other.file());
    let waiting = |status: &Status| matches!(status, Status::Waiting { why } if why.contains("certificate"));
    running.status().wait_for(waiting).await.expect("it says why");
    running.stop().await;
    let running = run(at(good.address.port()), ours.file());
    running.status().wait_for(connected).await.expect("let in");
    running.stop().await;
}
