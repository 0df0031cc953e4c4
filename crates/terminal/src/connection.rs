//! One WebSocket to the server, from the handshake to its end, in whole messages.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use link::{FromTerminal, MAX_MESSAGE, Refusal, ToTerminal};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error as WebSocketError, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::ServerAddress;
use crate::identity::Identity;

/// How long one step of getting connected may take, and one message on its way out.
const STEP_LIMIT: Duration = Duration::from_secs(10);

/// How often a sign of life is asked for.
const PING_EVERY: Duration = Duration::from_secs(3);

/// A server not heard for this long is gone: three pings without an answer.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// The longest reason in a WebSocket close frame: 125 bytes less the code.
const MAX_REASON: usize = 123;

/// How a connection ends, other than by us.
#[derive(Debug)]
pub(crate) enum Over {
    /// It broke or went silent, or was never made.
    Lost(String),
    /// The server does not let us in, or no longer.
    Refused(Refusal, String),
    /// What the server said makes no sense.
    Malformed(String),
}

/// A connection that has been welcomed.
pub(crate) struct Connection {
    socket: Socket,
    /// The terminal's name, as the server says it.
    pub(crate) name: String,
}

struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard: Instant,
    ping: Interval,
}

impl Connection {
    /// Connects and proves who we are.
    pub(crate) async fn open(
        server: &ServerAddress,
        tls: &Arc<rustls::ClientConfig>,
        identity: &Identity,
        boot: &str,
    ) -> Result<Self, Over> {
        let mut socket = Socket::connect(server, tls).await?;
        let handshake = timeout(STEP_LIMIT, socket.handshake(identity, boot)).await;
        match handshake.unwrap_or_else(|_| Err(Over::Lost("the server did not finish the greeting".to_owned()))) {
            Ok(name) => Ok(Self { socket, name }),
            Err(over) => {
                socket.close_for(&over).await;
                Err(over)
            }
        }
    }

    /// Waits for the next message; keeps the connection alive meanwhile. Loses nothing when the wait is given up.
    pub(crate) async fn hear(&mut self) -> Result<ToTerminal, Over> {
        self.socket.hear().await
    }

    /// Says something.
    pub(crate) async fn say(&mut self, message: &FromTerminal) -> Result<(), Over> {
        self.socket.say(message).await
    }

    /// Closes with the reason why.
    pub(crate) async fn close_for(mut self, over: &Over) {
        self.socket.close_for(over).await;
    }

    /// Closes because this program stops.
    pub(crate) async fn close(mut self) {
        self.socket.close(CloseCode::Away, "the terminal stops").await;
    }
}

impl Socket {
    async fn connect(server: &ServerAddress, tls: &Arc<rustls::ClientConfig>) -> Result<Self, Over> {
        let limits = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let connector = Connector::Rustls(Arc::clone(tls));
        let connecting = connect_async_tls_with_config(server.link(), Some(limits), true, Some(connector));
        let (stream, _) = timeout(STEP_LIMIT, connecting)
            .await
            .map_err(|_| Over::Lost(format!("{server} does not answer")))?
            .map_err(|error| Over::Lost(format!("{server} cannot be reached: {error}")))?;
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { stream, heard: Instant::now(), ping })
    }

    async fn handshake(&mut self, identity: &Identity, boot: &str) -> Result<String, Over> {
        self.say(&FromTerminal::Hello {
            version: link::VERSION,
            program: concat!("jichong terminal ", env!("CARGO_PKG_VERSION")).to_owned(),
            terminal: identity.terminal.clone(),
            boot: boot.to_owned(),
        })
        .await?;
        let challenge = self.hear().await?;
        let ToTerminal::Challenge { nonce } = &challenge else { return Err(out_of_place(&challenge)) };
        if nonce.as_ref().len() != 32 {
            return Err(Over::Malformed(format!("nonce: 32 bytes are needed, {} came", nonce.as_ref().len())));
        }
        self.say(&FromTerminal::Proof { signature: identity.sign(boot, nonce) }).await?;
        match self.hear().await? {
            ToTerminal::Welcome { name } => Ok(name),
            other @ (ToTerminal::Challenge { .. }
            | ToTerminal::Refused { .. }
            | ToTerminal::Check { .. }
            | ToTerminal::Run(_)
            | ToTerminal::Ack { .. }) => Err(out_of_place(&other)),
        }
    }

    async fn hear(&mut self) -> Result<ToTerminal, Over> {
        loop {
            tokio::select! {
                frame = self.stream.next() => {
                    self.heard = Instant::now();
                    let frame = frame.unwrap_or(Err(WebSocketError::ConnectionClosed)).map_err(Over::from)?;
                    if let Some(message) = read(frame)? {
                        return Ok(message);
                    }
                }
                _ = self.ping.tick() => {
                    if self.heard.elapsed() > SILENCE_LIMIT {
                        return Err(Over::Lost("the server has fallen silent".to_owned()));
                    }
                    self.send(Message::Ping(Bytes::new())).await?;
                }
            }
        }
    }

    async fn say(&mut self, message: &FromTerminal) -> Result<(), Over> {
        self.send(Message::text(message.to_text())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        timeout(STEP_LIMIT, self.stream.send(message))
            .await
            .map_err(|_| Over::Lost("the server takes nothing more".to_owned()))?
            .map_err(Over::from)
    }

    async fn close_for(&mut self, over: &Over) {
        match over {
            Over::Malformed(what) => self.close(CloseCode::Protocol, what).await,
            Over::Refused(..) => self.close(CloseCode::Normal, "").await,
            Over::Lost(_) => {}
        }
    }

    /// Closing is a courtesy: if it cannot be said, the connection is gone anyway.
    async fn close(&mut self, code: CloseCode, reason: &str) {
        let frame = CloseFrame { code, reason: head(reason, MAX_REASON).into() };
        let closing = async {
            self.stream.close(Some(frame)).await?;
            while self.stream.next().await.transpose()?.is_some() {}
            Ok::<_, WebSocketError>(())
        };
        drop(timeout(Duration::from_secs(1), closing).await);
    }
}

/// A frame's message; nothing for those that only keep the connection alive.
fn read(frame: Message) -> Result<Option<ToTerminal>, Over> {
    match frame {
        Message::Text(text) => match ToTerminal::parse(&text) {
            Ok(ToTerminal::Refused { why, text }) => Err(Over::Refused(why, text)),
            Ok(message) => Ok(Some(message)),
            Err(error) => Err(Over::Malformed(error.0)),
        },
        Message::Binary(_) => Err(Over::Malformed("messages are text".to_owned())),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
        Message::Close(None) => Err(Over::Lost("the server closed the connection".to_owned())),
        Message::Close(Some(frame)) => Err(Over::Lost(format!("the server closed the connection: {frame}"))),
    }
}

impl From<WebSocketError> for Over {
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other error means the same: no connection")]
    fn from(error: WebSocketError) -> Self {
        match error {
            WebSocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost(error.to_string()),
            WebSocketError::Capacity(_) | WebSocketError::Utf8(_) | WebSocketError::Protocol(_) => {
                Self::Malformed(error.to_string())
            }
            _ => Self::Lost(error.to_string()),
        }
    }
}

/// A message that is well-formed but makes no sense now.
pub(crate) fn out_of_place(message: &ToTerminal) -> Over {
    let what = match message {
        ToTerminal::Challenge { .. } => "challenge",
        ToTerminal::Welcome { .. } => "welcome",
        ToTerminal::Refused { .. } => "refused",
        ToTerminal::Check { .. } => "check",
        ToTerminal::Run(_) => "run",
        ToTerminal::Ack { .. } => "ack",
    };
    Over::Malformed(format!("{what}: out of place here"))
}

/// The first `limit` bytes, or up to three less so as not to cut a character.
fn head(text: &str, limit: usize) -> &str {
    (0..=limit).rev().find_map(|end| text.get(..end.min(text.len()))).unwrap_or_default()
}
