//! One key in two places is noticed; one program, however it comes and goes, is not taken for two.

use ed25519_dalek::{Signer as _, SigningKey};
use epurse::terminal::TerminalNumber;
use ledger::Fen;
use link::{FromTerminal, HexBytes, Refusal, ToTerminal};
use store::testing::on_both;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use topup::alarms::{self, Alarm, Kind};
use topup::audit::{Actor, Subject};
use topup::terminals::{self, Register};
use topup::{House, Settings};

use crate::world::{World, patient};

const NUMBER: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x50]);

/// A program that was challenged and has not answered yet.
struct Challenged {
    to_server: mpsc::Sender<String>,
    from_server: mpsc::Receiver<String>,
    attending: JoinHandle<()>,
    boot: &'static str,
    nonce: HexBytes,
}

/// A program that was let in.
pub(crate) struct Connected {
    _to_server: mpsc::Sender<String>,
    from_server: mpsc::Receiver<String>,
    attending: JoinHandle<()>,
}

async fn challenge(house: &House, boot: &'static str, address: &'static str) -> Challenged {
    let (to_server, incoming) = mpsc::channel(64);
    let (outgoing, mut from_server) = mpsc::channel(64);
    let house = house.clone();
    let attending = tokio::spawn(async move { terminals::attend_from(&house, address, incoming, outgoing).await });
    let (version, terminal) = (link::VERSION, NUMBER.to_string());
    let hello = FromTerminal::Hello { version, program: "p".into(), terminal, boot: boot.into() };
    to_server.send(hello.to_text()).await.expect("sent");
    let said = from_server.recv().await.expect("an answer");
    let Ok(ToTerminal::Challenge { nonce }) = ToTerminal::parse(&said) else { panic!("no challenge: {said}") };
    Challenged { to_server, from_server, attending, boot, nonce }
}

impl Challenged {
    async fn prove(mut self, key: &SigningKey) -> Result<Connected, (Refusal, String)> {
        let text = link::proof_text(&NUMBER.to_string(), self.boot, &self.nonce);
        let signature = key.sign(&text).to_bytes().to_vec().into();
        self.to_server.send(FromTerminal::Proof { signature }.to_text()).await.expect("sent");
        match ToTerminal::parse(&self.from_server.recv().await.expect("an answer")).expect("a message") {
            ToTerminal::Welcome { .. } => {
                Ok(Connected { _to_server: self.to_server, from_server: self.from_server, attending: self.attending })
            }
            ToTerminal::Refused { why, text } => Err((why, text)),
            other => panic!("out of turn: {other:?}"),
        }
    }
}

impl Connected {
    /// Waits until the server has put this connection in the place of any before it: of two that are only welcome, either
    /// may come to be the newer.
    async fn stands(mut self) -> Self {
        let said = self.from_server.recv().await.expect("it is asked how it is");
        assert!(matches!(ToTerminal::parse(&said), Ok(ToTerminal::Check { .. })), "{said}");
        self
    }

    /// Until the server ends the connection: why.
    pub(crate) async fn refused(mut self) -> (Refusal, String) {
        while let Some(said) = self.from_server.recv().await {
            if let Ok(ToTerminal::Refused { why, text }) = ToTerminal::parse(&said) {
                self.attending.await.expect("it ends in order");
                return (why, text);
            }
        }
        panic!("the connection ended without a word");
    }
}

/// Connects in one go.
pub(crate) async fn connect(
    house: &House,
    key: &SigningKey,
    boot: &'static str,
    address: &'static str,
) -> Result<Connected, (Refusal, String)> {
    challenge(house, boot, address).await.prove(key).await
}

async fn alarms(house: &House) -> Vec<Alarm> {
    alarms::open(house, Some(Subject::Terminal(NUMBER)), 10).await.expect("a look")
}

#[tokio::test]
async fn one_program_that_comes_and_goes_raises_nothing() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let (house, key) = (world.house().await, SigningKey::from_bytes(&[9; 32]));
        world.enrol(NUMBER, &key).await;
        // Reconnects, on whatever process; restarts; reconnects.
        for boot in ["a", "a", "b", "b", "b", "c", "c"] {
            connect(&house, &key, boot, "192.0.2.1").await.expect("let in");
            world.restart().await;
            connect(&world.house().await, &key, boot, "192.0.2.2").await.expect("let in");
        }
        assert_eq!(alarms(&house).await, []);
    })
    .await;
}

#[tokio::test]
async fn a_key_in_two_places_raises_one_alarm_and_counts() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let (house, key) = (world.house().await, SigningKey::from_bytes(&[9; 32]));
        world.enrol(NUMBER, &key).await;
        let original = connect(&house, &key, "original", "192.0.2.1").await.expect("let in").stands().await;
        let clone = connect(&house, &key, "clone", "203.0.113.9").await.expect("let in").stands().await;
        let (why, text) = original.refused().await;
        assert_eq!((why, text.contains("took over")), (Refusal::Replaced, true), "{text}");
        assert_eq!(alarms(&house).await, [], "until now it may be a restart");

        let original = connect(&house, &key, "original", "192.0.2.1").await.expect("let in").stands().await;
        assert_eq!(clone.refused().await.0, Refusal::Replaced);
        let raised = alarms(&house).await;
        assert_eq!((raised.len(), raised[0].kind, raised[0].times), (1, Kind::KeyInTwoPlaces, 1));
        assert_eq!(raised[0].group, world.group);
        let addresses = raised[0].details["addresses"].as_array().expect("two").clone();
        assert_eq!(addresses, ["192.0.2.1", "203.0.113.9"]);

        // The one that is in use reconnects: nothing new. The other comes back: once more.
        drop(original);
        connect(&house, &key, "original", "192.0.2.1").await.expect("let in");
        assert_eq!(alarms(&house).await[0].times, 1);
        connect(&house, &key, "clone", "203.0.113.9").await.expect("let in");
        let counted = alarms(&house).await;
        assert_eq!((counted.len(), counted[0].times), (1, 2));

        // A new key ends it for both: neither signs with it.
        let (actor, fresh) = (Actor::command_line(), SigningKey::from_bytes(&[7; 32]));
        let register = Register::of(&house, &actor);
        let code = register.code(NUMBER).await.expect("a code");
        let asked = link::Enrol { code, public_key: fresh.verifying_key().to_bytes().to_vec().into() };
        terminals::enrol(&house, &asked, "192.0.2.1").await.expect("enrolled anew");
        register.close_alarm(NUMBER, counted[0].id, "enrolled anew").await.expect("closed");
        let refused = connect(&house, &key, "clone", "203.0.113.9").await.err().expect("refused");
        assert_eq!(refused.0, Refusal::Signature);
        for boot in ["original", "next"] {
            connect(&house, &fresh, boot, "192.0.2.1").await.expect("let in");
        }
        assert_eq!(alarms(&house).await, [], "boots under the old key count no longer");
    })
    .await;
}

#[tokio::test]
async fn what_signed_before_another_was_written_down_is_not_taken_for_alive_after_it() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let (house, key) = (world.house().await, SigningKey::from_bytes(&[9; 32]));
        world.enrol(NUMBER, &key).await;
        connect(&house, &key, "a", "192.0.2.1").await.expect("let in");
        // The program signs, dies and is started anew, and the server is slow with the first.
        let late = challenge(&house, "a", "192.0.2.1").await;
        connect(&house, &key, "b", "192.0.2.1").await.expect("let in");
        late.prove(&key).await.expect("let in");
        connect(&house, &key, "b", "192.0.2.1").await.expect("let in");
        assert_eq!(alarms(&house).await, []);
        // The same with a start that was never seen before.
        let late = challenge(&house, "c", "192.0.2.1").await;
        connect(&house, &key, "d", "192.0.2.1").await.expect("let in");
        late.prove(&key).await.expect("let in");
        connect(&house, &key, "d", "192.0.2.1").await.expect("let in");
        assert_eq!(alarms(&house).await, []);
        // Who does not know the key is not written down.
        let thief = SigningKey::from_bytes(&[4; 32]);
        assert!(connect(&house, &thief, "a", "203.0.113.9").await.is_err());
        assert!(connect(&house, &thief, "thief", "203.0.113.9").await.is_err());
        connect(&house, &key, "d", "192.0.2.1").await.expect("let in");
        assert_eq!(alarms(&house).await, []);
        // And a clone that was overlooked so is found when it comes again.
        connect(&house, &key, "c", "203.0.113.9").await.expect("let in");
        connect(&house, &key, "d", "192.0.2.1").await.expect("let in");
        assert_eq!(alarms(&house).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn connections_at_the_same_moment_are_written_down_one_after_the_other() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let (house, key) = (world.house().await, SigningKey::from_bytes(&[9; 32]));
        world.enrol(NUMBER, &key).await;
        let same = (0..8).map(|_| connect(&house, &key, "a", "192.0.2.1"));
        for answer in futures_util::future::join_all(same).await {
            answer.expect("let in, if only to be replaced");
        }
        connect(&house, &key, "b", "192.0.2.1").await.expect("let in");
        assert_eq!(alarms(&house).await, []);
    })
    .await;
}

/// No heartbeat comes to help: what ends a connection must be told.
pub(crate) fn without_heartbeat() -> Settings {
    Settings { poll: std::time::Duration::from_hours(1), ..patient() }
}

#[tokio::test]
async fn a_connection_under_a_key_that_is_no_longer_the_terminals_ends_at_once() {
    on_both(|db| async move {
        let world = World::open(db, without_heartbeat(), 1, Fen::ZERO).await;
        let (house, actor) = (world.house().await, Actor::command_line());
        let (old, new) = (SigningKey::from_bytes(&[9; 32]), SigningKey::from_bytes(&[7; 32]));
        world.enrol(NUMBER, &old).await;
        let register = Register::of(&house, &actor);
        let connection = connect(&house, &old, "a", "192.0.2.1").await.expect("let in");
        let between = challenge(&house, "a", "192.0.2.1").await;
        let code = register.code(NUMBER).await.expect("a code");
        let asked = link::Enrol { code, public_key: new.verifying_key().to_bytes().to_vec().into() };
        terminals::enrol(&house, &asked, "192.0.2.1").await.expect("enrolled anew");
        assert_eq!(connection.refused().await.0, Refusal::Signature);
        // One that was challenged before and answers only now.
        let (why, _) = match between.prove(&old).await {
            Ok(connected) => connected.refused().await,
            Err(refused) => refused,
        };
        assert_eq!(why, Refusal::Signature);

        let connection = connect(&house, &new, "b", "192.0.2.1").await.expect("let in");
        let between = challenge(&house, "b", "192.0.2.1").await;
        register.revoke(NUMBER, "lost").await.expect("revoked");
        let (why, text) = connection.refused().await;
        assert!(why == Refusal::Unknown && text.contains("was revoked by the card company"), "{text}");
        let (why, text) = match between.prove(&new).await {
            Ok(connected) => connected.refused().await,
            Err(refused) => refused,
        };
        assert!(why == Refusal::Unknown && text.contains("was revoked by the card company"), "{text}");
        let (why, text) = connect(&house, &new, "b", "192.0.2.1").await.err().expect("refused");
        assert!(why == Refusal::Unknown && text.contains("was revoked by the card company"), "{text}");
        let (_, text) = connect(&house, &old, "b", "192.0.2.1").await.err().expect("refused");
        assert!(!text.contains("was revoked"), "who does not prove the key is not told: {text}");
    })
    .await;
}
