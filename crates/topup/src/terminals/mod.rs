//! Terminals: places where cards are charged, their connection, and what a page sees of them live.
//!
//! The process that holds a terminal's connection does the terminal's work ([`attend`]); everyone else, on whatever
//! process, reads the terminal's row of `terminal_live` and follows the signal [`topic`].
//!
//! A terminal is enrolled with a one-time code ([`issue_code`], [`enrol`]) that binds its own key to its number; from
//! then on it proves that key on every connection. That one key is in one place is watched over by `boots`. What the
//! card company decides about terminals is in the [`Register`], what it sees of them in [`list`].
//!
//! Whoever changes a terminal locks its row first, then what hangs on it.

mod attend;
mod auth;
mod boots;
mod enrol;
mod health;
pub mod list;
mod live;
mod query;
mod register;
mod standing;
mod station;
mod wire;

pub use attend::{attend, attend_from};
pub use enrol::{CODE_LIFE, EnrolError, enrol, issue_code, outstanding};
pub use health::{Health, Vital, health};
pub use live::{Live, Phase, end_topic, live, topic, work_topic};
pub use query::{Terminal, add, by_number, exists, of_group};
pub use register::{MOST_NAME, MOST_REASON, NewTerminal, Register, RegisterError};
pub use standing::{NotFresh, standing};
pub(crate) use wire::{Lost, Wire};

pub use epurse::terminal::TerminalNumber;
