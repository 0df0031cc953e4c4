//! What a terminal and the server say to each other: messages and nothing else.
//!
//! The terminal connects out over a WebSocket and the two exchange JSON text messages:
//!
//! ```text
//! terminal                                server
//!    | Hello { terminal, boot, .. } -------> |
//!    | <--------------- Challenge { nonce }  |
//!    | Proof { signature } ----------------> |   Ed25519 over `proof_text`
//!    | <------------------ Welcome | Refused |
//!    | <------------------ Check { at_us }   |   how are you? after each Welcome and now and then
//!    | Health { answers, clock_ms, .. } ---> |   when asked, and when the service of the readers comes or goes
//!    | Done, of what was not acknowledged -> |   after each Welcome
//!    | Readers, Inserted, Removed ---------> |   whenever they change; all of it after that
//!    | <------------------------ Run(Script) |
//!    | Done { script, end, answers } ------> |
//!    | <--------------------- Ack { script } |   only for a script that commits: its result is durably taken
//! ```
//!
//! The terminal is a thin relay. It runs one script at a time, stops at the first answer that was not expected and
//! reports every answer. The result of a script marked `commits` is kept and sent again after each reconnect until
//! the server acknowledges it; the server takes each once. The terminal holds no card keys, only its own signing key.
//!
//! Hello, Challenge, Proof and Refused are the same in every version: so a server can tell a terminal of another one,
//! proven to be who it says, to be brought up to date, and tell its clerks.
//!
//! Who is not connected can ask three things over HTTP: to be enrolled ([`ENROL_PATH`]), who the server is
//! ([`ABOUT_PATH`]) and how a terminal stands with it ([`STANDING_PATH`]).
//!
//! Both sides bound what they read: [`MAX_MESSAGE`], [`MAX_STEPS`], [`MAX_APDU`], [`MAX_TEXT`].

mod health;
mod hex_bytes;
mod http;
mod message;
mod script;

pub use health::{Health, Readiness};
pub use hex_bytes::HexBytes;
pub use http::{About, AskStanding, Enrol, Enrolled, Standing, standing_text};
pub use message::{FromTerminal, Malformed, Reader, Refusal, Tap, ToTerminal};
pub use script::{Done, End, Expected, Script, Step};

/// The version of these messages; a server refuses a terminal of another one and says which program to install.
///
/// 1: the first. 2: Check and Health.
pub const VERSION: u16 = 2;

/// The longest message in bytes: ten times the longest script, far below what could hurt.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// The most steps in one script: the longest in use has six.
pub const MAX_STEPS: usize = 16;

/// The longest command or answer of a card in bytes: a short APDU with its header, or 256 bytes and a status word.
pub const MAX_APDU: usize = 261;

/// The longest text for people in a [`Health`], in bytes: a program or a platform with its version is far shorter.
pub const MAX_TEXT: usize = 100;

/// A terminal's clock that is off by more should be looked at: its logs and its people's watches differ from the books.
pub const CLOCK_LOOK_MS: i64 = 5_000;

/// A terminal's clock that is off by more is wrong: certificates are about to be refused.
pub const CLOCK_WRONG_MS: i64 = 5 * 60_000;

/// The path of the WebSocket on the server.
pub const PATH: &str = "/link";

/// The path where a terminal trades its one-time code for an enrolment (a POST of [`Enrol`], answered by [`Enrolled`]).
pub const ENROL_PATH: &str = "/link/enrol";

/// The path where anyone asks who the server is (a GET, answered by [`About`]).
pub const ABOUT_PATH: &str = "/link/about";

/// The path where a terminal asks how it stands with the server, beside its connection (a POST of [`AskStanding`],
/// answered by [`Standing`]).
pub const STANDING_PATH: &str = "/link/standing";

/// The bytes that a terminal signs to prove its key: they name the purpose, the version, the terminal, this run of its
/// program and the server's fresh nonce, so a signature serves once and for nothing else.
pub fn proof_text(terminal: &str, boot: &str, nonce: &HexBytes) -> Vec<u8> {
    proof_text_of(VERSION, terminal, boot, nonce)
}

/// [`proof_text`] as a terminal of another version signs it.
pub fn proof_text_of(version: u16, terminal: &str, boot: &str, nonce: &HexBytes) -> Vec<u8> {
    format!("jichong link v{version}\n{terminal}\n{boot}\n{nonce}").into_bytes()
}
