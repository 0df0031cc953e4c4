//! Terminals: choosing one, their self-test, the program they run, and their endpoint.

pub(crate) mod check;
pub(crate) mod choose;
pub(crate) mod connect;
pub(crate) mod download;

use topup::terminals::{Terminal, TerminalNumber};

/// A terminal as a clerk knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) number: TerminalNumber,
    pub(crate) name: String,
}

impl From<Terminal> for Place {
    fn from(terminal: Terminal) -> Self {
        Self { number: terminal.number, name: terminal.name }
    }
}
