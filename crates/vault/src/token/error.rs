//! What can be wrong with a token, in words for the people who run it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use cryptoki::context::Function;
use cryptoki::error::{Error, RvError};

/// Why a token could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The module, a library of the token's maker, could not be loaded.
    #[error("the PKCS#11 module {module} cannot be loaded: {why}")]
    Module {
        /// Its file.
        module: PathBuf,
        /// What the system says.
        why: String,
    },
    /// No token of this label is there.
    #[error("no token has the label {label:?}; {}", Present(there))]
    Absent {
        /// The label looked for.
        label: String,
        /// The labels of the tokens that are there.
        there: Vec<String>,
    },
    /// More than one is.
    #[error("{count} tokens have the label {label:?}, which must name one")]
    Several {
        /// The label looked for.
        label: String,
        /// How many there are.
        count: usize,
    },
    /// The token did not accept the PIN.
    #[error("{0}; this process does not try it again, for tokens lock themselves after a few wrong ones")]
    Pin(PinProblem),
    /// Every session has been in use for so long that the token must be stuck.
    #[error("the token has not answered for {} seconds", .0.as_secs())]
    Busy(Duration),
    /// The token is out of reach, was restarted, or lost its sessions.
    #[error("the token is gone or was restarted ({0})")]
    Gone(Refusal),
    /// A key that others than the token can have.
    #[error("the key {0:?} can be read out of the token, so it was not made here; it is not used")]
    Readable(String),
    /// More than one key has a label that must name one.
    #[error("{count} keys have the label {label:?}, which must name one")]
    Ambiguous {
        /// The label.
        label: String,
        /// How many there are.
        count: usize,
    },
    /// The token refused, and asking again would not help.
    #[error("the token refused: {0}")]
    Refused(Refusal),
}

/// What is wrong with a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinProblem {
    /// It is another one.
    #[error("the token's PIN is wrong")]
    Wrong,
    /// Too many wrong ones were tried.
    #[error("the token has locked its PIN; its security officer can unlock it")]
    Locked,
    /// It must be changed first.
    #[error("the token's PIN has expired and must be changed")]
    Expired,
}

/// A call and the token's answer, by their names in PKCS#11.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl TokenError {
    /// Whether a new session may help.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Gone(_) | Self::Absent { .. })
    }

    /// The user is not signed in, though nothing was refused: someone else in this process has signed out.
    pub(super) fn signed_out() -> Self {
        Self::Gone(Refusal("nobody is signed in".to_owned()))
    }

    /// Its slot has no such token any more.
    pub(super) fn left() -> Self {
        Self::Gone(Refusal("it is not in its slot".to_owned()))
    }
}

impl From<Error> for TokenError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "most of the standard's hundred codes mean: refused")]
    fn from(error: Error) -> Self {
        let Error::Pkcs11(code, function) = error else { return Self::Refused(Refusal(error.to_string())) };
        let refusal = Refusal::new(code, function);
        match code {
            RvError::PinIncorrect | RvError::PinLenRange | RvError::PinInvalid => Self::Pin(PinProblem::Wrong),
            RvError::PinLocked => Self::Pin(PinProblem::Locked),
            RvError::PinExpired => Self::Pin(PinProblem::Expired),
            RvError::CryptokiNotInitialized
            | RvError::DeviceError
            | RvError::DeviceRemoved
            | RvError::FunctionFailed
            | RvError::GeneralError
            | RvError::KeyHandleInvalid
            | RvError::ObjectHandleInvalid
            | RvError::SessionClosed
            | RvError::SessionHandleInvalid
            | RvError::SlotIdInvalid
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::UserNotLoggedIn => Self::Gone(refusal),
            _ => Self::Refused(refusal),
        }
    }
}

impl Refusal {
    /// The library's own texts are the standard's paragraphs; the names are what a maker's support asks for.
    fn new(code: RvError, function: Function) -> Self {
        Self(format!("C_{function:?}: {code:?}"))
    }

    /// It said that all was well, and it was not.
    pub(super) fn odd(function: &str) -> Self {
        Self(format!("{function}: an answer of a length that it cannot have"))
    }
}

impl From<Refusal> for TokenError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The tokens that are there, as half a sentence.
struct Present<'a>(&'a [String]);

impl fmt::Display for Present<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("none is present") } else { write!(f, "present: {}", self.0.join(", ")) }
    }
}
