//! The server's side of the link, as a test plays it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::routing::post;
use axum::{Json, Router};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use futures_util::{SinkExt as _, StreamExt as _};
use link::{Done, End, Enrol, Enrolled, FromTerminal, HexBytes, Reader, Refusal, Script, ToTerminal};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use terminal::{Config, EXCHANGE_LIMIT, Error, Handle, Readers, ServerAddress, enrol};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const TERMINAL: &str = "000001000050";

pub(crate) fn entropy(seed: u64) -> Box<StdRng> {
    Box::new(StdRng::seed_from_u64(seed))
}

/// Waits, but not for ever.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

/// A place for terminals to connect to.
pub(crate) struct Server {
    listener: TcpListener,
}

/// One connection of a terminal.
pub(crate) struct Peer {
    socket: WebSocketStream<TcpStream>,
    pub(crate) boot: String,
    /// What the terminal still owed when it was let in.
    owed: VecDeque<Done>,
}

/// What a test terminal stands on.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) state: tempfile::TempDir,
    pub(crate) key: VerifyingKey,
}

impl Bench {
    /// A server, and an enrolled terminal's state folder.
    pub(crate) async fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        let key = enrolled(state.path()).await;
        Self { server: Server::new().await, state, key }
    }

    /// Starts the terminal.
    pub(crate) fn start(&self, readers: Arc<dyn Readers>) -> Handle {
        self.start_with(readers, EXCHANGE_LIMIT, 1)
    }

    #[expect(clippy::needless_pass_by_value, reason = "taken as `terminal::start` takes them")]
    pub(crate) fn start_with(&self, readers: Arc<dyn Readers>, exchange_limit: Duration, seed: u64) -> Handle {
        let config = Config {
            server: self.server.address(),
            state_dir: self.state.path().to_owned(),
            ca_file: None,
            exchange_limit,
        };
        let begun = Instant::now();
        loop {
            match terminal::start(config.clone(), Arc::clone(&readers), entropy(seed)) {
                // The one before has not let go of the folder yet.
                Err(Error::InUse(_)) if begun.elapsed() < PATIENCE => std::thread::yield_now(),
                started => return started.unwrap(),
            }
        }
    }

    /// Waits for the terminal to connect, lets it in and takes its first report.
    pub(crate) async fn welcome(&self) -> (Peer, Vec<Reader>) {
        let mut peer = self.server.accept().await;
        peer.prove(&self.key).await;
        peer.say(&ToTerminal::Welcome { name: "窗口一".into() }).await;
        loop {
            match peer.hear().await {
                FromTerminal::Done(done) => peer.owed.push_back(done),
                FromTerminal::Readers { readers } => return (peer, readers),
                other => panic!("what is owed and the readers come first, not {other:?}"),
            }
        }
    }
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn address(&self) -> ServerAddress {
        format!("http://{}", self.listener.local_addr().unwrap()).parse().unwrap()
    }

    pub(crate) async fn at(address: SocketAddr) -> Self {
        Self { listener: TcpListener::bind(address).await.unwrap() }
    }

    /// The next connection, before its handshake.
    pub(crate) async fn accept(&self) -> Peer {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        Peer { socket: soon(accept_async(stream)).await.unwrap(), boot: String::new(), owed: VecDeque::new() }
    }
}

impl Peer {
    /// Takes the hello and challenges; true if the proof fits the key.
    pub(crate) async fn challenge(&mut self, key: &VerifyingKey) -> bool {
        let hello = self.hear().await;
        let FromTerminal::Hello { version, terminal, boot, program } = hello else { panic!("{hello:?}") };
        assert_eq!((version, terminal.as_str()), (link::VERSION, TERMINAL));
        assert!(program.contains("terminal"));
        let nonce = HexBytes(vec![7; 32]);
        self.say(&ToTerminal::Challenge { nonce: nonce.clone() }).await;
        let proof = self.hear().await;
        let FromTerminal::Proof { signature } = proof else { panic!("{proof:?}") };
        let signature = Signature::from_slice(signature.as_ref()).unwrap();
        let proven = key.verify(&link::proof_text(&terminal, &boot, &nonce), &signature).is_ok();
        self.boot = boot;
        proven
    }

    async fn prove(&mut self, key: &VerifyingKey) {
        assert!(self.challenge(key).await, "the signature must verify");
    }

    pub(crate) async fn say(&mut self, message: &ToTerminal) {
        self.say_raw(Message::text(message.to_text())).await;
    }

    pub(crate) async fn say_raw(&mut self, message: Message) {
        soon(self.socket.send(message)).await.unwrap();
    }

    pub(crate) async fn refuse(mut self, why: Refusal, text: &str) {
        self.say(&ToTerminal::Refused { why, text: text.into() }).await;
        drop(self.socket.close(None).await);
    }

    pub(crate) async fn hear(&mut self) -> FromTerminal {
        loop {
            match soon(self.socket.next()).await.expect("the terminal is there").unwrap() {
                Message::Text(text) => return FromTerminal::parse(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// What the terminal says when it hangs up.
    pub(crate) async fn hear_close(&mut self) -> Option<CloseFrame> {
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Close(frame))) => return frame,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn hear_done(&mut self) -> Done {
        if let Some(owed) = self.owed.pop_front() {
            return owed;
        }
        match self.hear().await {
            FromTerminal::Done(done) => done,
            other => panic!("a result, not {other:?}"),
        }
    }

    pub(crate) async fn ack(&mut self, script: &str) {
        self.say(&ToTerminal::Ack { script: script.into() }).await;
    }

    pub(crate) async fn send(&mut self, script: &Script) {
        self.say(&ToTerminal::Run(script.clone())).await;
    }

    /// Runs a script; messages about cards that come first are passed over.
    pub(crate) async fn run(&mut self, script: &Script) -> Done {
        self.send(script).await;
        loop {
            match self.hear().await {
                FromTerminal::Done(done) => return done,
                FromTerminal::Inserted(_) | FromTerminal::Removed { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Runs a script that must complete.
    pub(crate) async fn complete(&mut self, script: &Script) -> Vec<HexBytes> {
        let done = self.run(script).await;
        assert_eq!((done.script.as_str(), done.end), (script.id.as_str(), End::Completed), "{done:?}");
        done.answers
    }

    pub(crate) async fn inserted(&mut self) -> u64 {
        match self.hear().await {
            FromTerminal::Inserted(tap) => tap.tap,
            other => panic!("{other:?}"),
        }
    }
}

/// Enrols the terminal of these tests in `state` and returns its public key.
pub(crate) async fn enrolled(state: &Path) -> VerifyingKey {
    let (keys, mut key) = tokio::sync::mpsc::channel(1);
    let answer = move |Json(request): Json<Enrol>| async move {
        keys.send(request.public_key).await.unwrap();
        Json(Enrolled { terminal: TERMINAL.into(), name: "窗口一".into() })
    };
    let address = serve(Router::new().route(link::ENROL_PATH, post(answer))).await;
    let enrolled = enrol(&address, None, "CODE", state, &mut StdRng::seed_from_u64(9)).await.unwrap();
    assert_eq!(enrolled.terminal, TERMINAL);
    let key: [u8; 32] = key.recv().await.unwrap().0.try_into().unwrap();
    VerifyingKey::from_bytes(&key).unwrap()
}

/// Serves a router for the rest of the test.
pub(crate) async fn serve(router: Router) -> ServerAddress {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address.parse().unwrap()
}
