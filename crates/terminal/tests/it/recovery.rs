//! Connections that are refused, break, fall silent or make no sense.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use link::{FromTerminal, HexBytes, MAX_MESSAGE, Readiness, Refusal, ToTerminal};
use terminal::{Config, EXCHANGE_LIMIT, Error, Handle, Health, Status};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::cards::{Stand, script};
use crate::server::{Bench, Server, soon};

async fn until(handle: &Handle, wanted: impl Fn(&Status) -> bool) -> Status {
    soon(handle.status().wait_for(wanted)).await.unwrap().clone()
}

#[tokio::test]
async fn a_terminal_that_is_refused_says_why_and_stays_away() {
    let bench = Bench::new().await;
    let handle = bench.start(Stand::agreeable().readers());
    assert_eq!(*handle.status().borrow(), Status::Connecting);
    let mut peer = bench.server.accept().await;
    let other = SigningKey::from_bytes(&[3; 32]).verifying_key();
    assert!(!peer.challenge(&other).await, "another key's proof must not verify");
    peer.refuse(Refusal::Signature, "the key does not fit").await;
    let status = until(&handle, |status| matches!(status, Status::Refused { .. })).await;
    assert_eq!(status, Status::Refused { why: Refusal::Signature, text: "the key does not fit".into() });
    let again = tokio::time::timeout(Duration::from_secs(2), bench.server.accept()).await;
    assert!(again.is_err(), "a refused terminal does not come back at once");
    handle.stop().await;
}

#[tokio::test]
async fn a_server_that_is_busy_stopping_is_tried_again_soon() {
    let bench = Bench::new().await;
    let handle = bench.start(Stand::agreeable().readers());
    let mut peer = bench.server.accept().await;
    assert!(peer.challenge(&bench.key).await);
    peer.refuse(Refusal::TryAgain, "the server is stopping").await;
    until(&handle, |status| matches!(status, Status::Waiting { why } if why == "the server is stopping")).await;
    let (_peer, _) = bench.welcome().await;
    assert_eq!(
        until(&handle, |status| matches!(status, Status::Connected { .. })).await,
        Status::Connected { name: "窗口一".into() }
    );
    handle.stop().await;
}

#[tokio::test]
async fn nonsense_closes_the_connection_with_the_reason_and_it_comes_back() {
    let stand = Stand::agreeable();
    let tap = stand.tap();
    let bench = Bench::new().await;
    let handle = bench.start(stand.readers());
    let mut too_many = script("a", tap, &[0; 17]);
    too_many.limit_ms = 1;
    for (nonsense, reason) in [
        (Message::text("hello"), "message: expected value"),
        (Message::text(r#"{"type":"fly"}"#), "unknown variant `fly`"),
        (Message::text(ToTerminal::Run(too_many).to_text()), "steps: 1 to 16 are allowed, 17 came"),
        (Message::text(ToTerminal::Challenge { nonce: HexBytes(vec![0; 32]) }.to_text()), "challenge: out of place"),
        (Message::text(format!(r#"{{"type":"{}"}}"#, "充".repeat(100))), "unknown variant"),
        (Message::binary(vec![0, 1, 2]), "messages are text"),
        (Message::text("x".repeat(MAX_MESSAGE + 1)), "too long"),
    ] {
        let (mut peer, _) = bench.welcome().await;
        peer.say_raw(nonsense).await;
        let frame = peer.hear_close().await.expect("a close frame with the reason");
        assert!(frame.code == CloseCode::Protocol && frame.reason.contains(reason), "{frame:?}");
        assert!(frame.reason.len() <= 123);
    }
    let (mut peer, _) = bench.welcome().await;
    peer.complete(&script("still works", tap, &[1])).await;
    handle.stop().await;
}

#[tokio::test]
async fn a_challenge_that_proves_nothing_is_not_signed() {
    let bench = Bench::new().await;
    let handle = bench.start(Stand::agreeable().readers());
    let mut peer = bench.server.accept().await;
    peer.hear().await;
    peer.say(&ToTerminal::Challenge { nonce: HexBytes(vec![0; 8]) }).await;
    assert_eq!(peer.hear_close().await.unwrap().reason.as_str(), "nonce: 32 bytes are needed, 8 came");
    handle.stop().await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_noticed() {
    let bench = Bench::new().await;
    let handle = bench.start(Stand::agreeable().readers());
    let (_silent, _) = bench.welcome().await;
    let began = Instant::now();
    // Not read from, so its pongs never come.
    let (_peer, _) = bench.welcome().await;
    assert!((9..16).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    handle.stop().await;
}

#[tokio::test]
async fn a_server_that_comes_later_is_found() {
    let bench = Bench::new().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let config = Config {
        server: format!("ws://{address}").parse().unwrap(),
        state_dir: bench.state.path().to_owned(),
        ca_file: None,
        exchange_limit: EXCHANGE_LIMIT,
    };
    let handle = terminal::start(config, Stand::agreeable().readers(), crate::server::entropy(4)).unwrap();
    let status = until(&handle, |status| matches!(status, Status::Waiting { .. })).await;
    assert!(matches!(&status, Status::Waiting { why } if why.contains("refused")), "{status:?}");
    let later = Bench { server: Server::at(address).await, ..bench };
    later.welcome().await;
    handle.stop().await;
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let bench = Bench::new().await;
    let readers = Stand::agreeable().readers();
    let config = |state_dir: &std::path::Path| Config {
        server: bench.server.address(),
        state_dir: state_dir.to_owned(),
        ca_file: None,
        exchange_limit: EXCHANGE_LIMIT,
    };
    let start = |config| terminal::start(config, readers.clone(), crate::server::entropy(1));

    let handle = start(config(bench.state.path())).unwrap();
    assert!(matches!(start(config(bench.state.path())), Err(Error::InUse(_))));
    handle.stop().await;

    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(start(config(empty.path())), Err(Error::NotEnrolled(_))));

    std::fs::write(bench.state.path().join("journal.jsonl"), "{}\n{}\n").unwrap();
    let error = start(config(bench.state.path())).unwrap_err().to_string();
    assert!(error.contains("journal.jsonl, line 1"), "{error}");
    std::fs::remove_file(bench.state.path().join("journal.jsonl")).unwrap();

    let ca_file = Some(bench.state.path().join("terminal.json"));
    let error = start(Config { ca_file, ..config(bench.state.path()) }).unwrap_err().to_string();
    assert!(error.starts_with("no trusted certificates"), "{error}");

    std::fs::write(bench.state.path().join("terminal.json"), "{\n  \"enrolled\": 7\n").unwrap();
    let error = start(config(bench.state.path())).unwrap_err().to_string();
    assert!(error.contains("terminal.json, line 2"), "{error}");
}

#[tokio::test]
async fn a_terminal_says_how_it_is_when_asked_and_when_its_readers_turn() {
    let (bench, stand) = (Bench::new().await, Stand::agreeable());
    let handle = bench.start(stand.readers());
    let (mut peer, _) = bench.welcome().await;
    for (at_us, ahead_ms) in [(1_795_329_128_500_000, None), (now_us(), Some(0)), (now_us() - 90_000_000, Some(90_000))]
    {
        peer.say(&ToTerminal::Check { at_us }).await;
        let FromTerminal::Health(health) = peer.hear().await else { panic!("how it is") };
        assert_eq!((health.answers, health.unacknowledged, health.readers), (Some(at_us), 0, Readiness::Ready));
        assert!(health.platform.starts_with(std::env::consts::OS), "{health:?}");
        assert!(ahead_ms.is_none_or(|ms: i64| (health.clock_ms - ms).abs() < 5_000), "{health:?}");
    }
    for (turned, told) in [(Health::NoService, Readiness::NoService), (Health::Ready, Readiness::Ready)] {
        stand.turn(turned);
        let FromTerminal::Health(health) = peer.hear().await else { panic!("how it is") };
        assert_eq!((health.answers, health.readers), (None, told));
        assert!((health.clock_ms - 90_000).abs() < 5_000, "{health:?}");
    }
    handle.stop().await;
}

#[expect(clippy::disallowed_methods, reason = "the server's clock of this test")]
fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_micros().try_into().unwrap()
}
