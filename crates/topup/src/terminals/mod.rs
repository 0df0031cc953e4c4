//! Terminals: places where cards are charged, their connection, and what a page sees of them live.
//!
//! The process that holds a terminal's connection does the terminal's work ([`attend`]); everyone else, on whatever
//! process, reads the terminal's row of `terminal_live` and follows the signal [`topic`].
//!
//! A terminal is enrolled with a one-time code ([`issue_code`], [`enrol`]) that binds its own key to its number; from
//! then on it proves that key on every connection.

mod attend;
mod auth;
mod enrol;
mod health;
mod live;
mod query;
mod standing;
mod station;
mod wire;

pub use attend::attend;
pub use enrol::{CODE_LIFE, EnrolError, enrol, issue_code};
pub use health::{Health, Vital, health};
pub use live::{Live, Phase, live, topic, work_topic};
pub use query::{Terminal, add, by_number, exists, in_use, of_group, revoke};
pub use standing::{NotFresh, standing};
pub(crate) use wire::{Lost, Wire};

pub use epurse::terminal::TerminalNumber;
