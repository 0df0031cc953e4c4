use serde::{Deserialize, Serialize};

use crate::HexBytes;

/// A new terminal's request to be enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrol {
    /// The one-time code, as typed.
    pub code: String,
    /// The terminal's Ed25519 public key, 32 bytes.
    pub public_key: HexBytes,
}

/// The answer to [`Enrol`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// The terminal number that the key is now bound to.
    pub terminal: String,
    /// Its name, for people.
    pub name: String,
}

/// Who the server is. Public: there is nothing secret in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Which program answers: always `jichong`.
    pub name: String,
    /// The version of the program that the server runs and offers for download.
    pub program: String,
    /// The version of these messages that it speaks.
    pub version: u16,
    /// Its time, microseconds since 1970.
    pub now_us: i64,
}

/// A terminal asks how it stands with the server, beside the connection that it may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskStanding {
    /// The terminal number.
    pub terminal: String,
    /// The server's own time, as it said a moment ago in [`About`]: the question is fresh.
    pub now_us: i64,
    /// Ed25519 over [`standing_text`], 64 bytes.
    pub signature: HexBytes,
}

/// How a terminal stands with the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// It may connect.
    Good {
        /// Its name, for people.
        name: String,
        /// Whether it is connected now.
        connected: bool,
    },
    /// The card company has taken it out of use.
    Revoked,
    /// No such terminal, or it was enrolled with another key meanwhile; nobody is told which.
    Unknown,
}

/// The bytes that a terminal signs to ask how it stands.
pub fn standing_text(terminal: &str, now_us: i64) -> Vec<u8> {
    format!("jichong standing\n{terminal}\n{now_us}").into_bytes()
}
