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
//!    | Readers, Inserted, Removed ---------> |   whenever they change; all of it after each Welcome
//!    | <------------------------ Run(Script) |
//!    | Done { script, end, answers } ------> |
//!    | <--------------------- Ack { script } |   only for a script that commits: its result is durably taken
//! ```
//!
//! The terminal is a thin relay. It runs one script at a time, stops at the first answer that was not expected and
//! reports every answer. The result of a script marked `commits` is kept and sent again after each reconnect until
//! the server acknowledges it; the server takes each once. The terminal holds no card keys, only its own signing key.
//!
//! Both sides bound what they read: [`MAX_MESSAGE`], [`MAX_STEPS`], [`MAX_APDU`].

mod hex_bytes;
mod message;
mod script;

pub use hex_bytes::HexBytes;
pub use message::{Enrol, Enrolled, FromTerminal, Malformed, Reader, Refusal, Tap, ToTerminal};
pub use script::{Done, End, Expected, Script, Step};

/// The version of these messages; a server refuses a terminal of another one and says which program to install.
pub const VERSION: u16 = 1;

/// The longest message in bytes: ten times the longest script, far below what could hurt.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// The most steps in one script: the longest in use has six.
pub const MAX_STEPS: usize = 16;

/// The longest command or answer of a card in bytes: a short APDU with its header, or 256 bytes and a status word.
pub const MAX_APDU: usize = 261;

/// The path of the WebSocket on the server.
pub const PATH: &str = "/link";

/// The path where a terminal trades its one-time code for an enrolment (a POST of [`Enrol`], answered by [`Enrolled`]).
pub const ENROL_PATH: &str = "/link/enrol";

/// The bytes that a terminal signs to prove its key: they name the purpose, the terminal, this run of its program
/// and the server's fresh nonce, so a signature serves once and for nothing else.
pub fn proof_text(terminal: &str, boot: &str, nonce: &HexBytes) -> Vec<u8> {
    format!("jichong link v{VERSION}\n{terminal}\n{boot}\n{nonce}").into_bytes()
}
