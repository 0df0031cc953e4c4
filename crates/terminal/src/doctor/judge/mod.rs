//! What is to be thought of what was seen, and what to say of it: pure, a function a subject.

mod folder;
mod readers;
mod server;

use serde::Serialize;

use super::seen::Seen;

/// What is examined, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// PC/SC.
    Service,
    /// Which readers are attached.
    Readers,
    /// The card on one of them.
    Card,
    /// This computer's clock beside the server's.
    Clock,
    /// The way to the server.
    Network,
    /// The server's certificate.
    Certificate,
    /// This program beside the server's.
    Version,
    /// Who this terminal is, here and at the server.
    Enrolment,
    /// What it still owes the server, and the disk that this lies on.
    Journal,
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing to do.
    Good,
    /// It works, but somebody should look at it.
    Look,
    /// It does not work.
    Broken,
    /// It could not be examined; the text says why.
    Unchecked,
}

/// The same in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Both {
    pub(super) zh: String,
    pub(super) en: String,
}

/// One subject as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) subject: Subject,
    pub(super) verdict: Verdict,
    /// What was seen.
    pub(super) seen: Both,
    /// What to do.
    pub(super) todo: Option<Both>,
    /// What to type to do it.
    pub(super) command: Option<String>,
}

/// Judges everything.
pub(super) fn judge(seen: &Seen) -> Vec<Finding> {
    vec![
        readers::service(seen),
        readers::readers(seen),
        readers::card(seen),
        server::clock(seen),
        server::network(seen),
        server::certificate(seen),
        server::version(seen),
        folder::enrolment(seen),
        folder::journal(seen),
    ]
}

fn both(zh: impl Into<String>, en: impl Into<String>) -> Both {
    Both { zh: zh.into(), en: en.into() }
}

impl Subject {
    fn found(self, verdict: Verdict, seen: Both) -> Finding {
        Finding { subject: self, verdict, seen, todo: None, command: None }
    }

    fn good(self, zh: impl Into<String>, en: impl Into<String>) -> Finding {
        self.found(Verdict::Good, both(zh, en))
    }

    fn look(self, zh: impl Into<String>, en: impl Into<String>) -> Finding {
        self.found(Verdict::Look, both(zh, en))
    }

    fn broken(self, zh: impl Into<String>, en: impl Into<String>) -> Finding {
        self.found(Verdict::Broken, both(zh, en))
    }

    fn unchecked(self, zh: impl Into<String>, en: impl Into<String>) -> Finding {
        self.found(Verdict::Unchecked, both(zh, en))
    }
}

impl Finding {
    fn todo(self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { todo: Some(both(zh, en)), ..self }
    }

    fn command(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }
}

#[cfg(test)]
mod tests;
