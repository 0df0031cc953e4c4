//! The doctor: looks at everything a terminal needs and says in plain words what to mend.
//!
//! ```text
//!   folder, cards, network  ──►  Seen  ──judge──►  Finding: good, look at it, broken, not checked  ──report──►  text
//!   (what is looked at)          (facts)           (pure)                                          (zh, en)
//! ```
//!
//! It changes nothing: no enrolment, no connection of the terminal's own, nothing written to a card. It works on a
//! computer that is not enrolled yet, and beside a terminal that runs: then it leaves the card to that.

mod cards;
mod certificate;
mod folder;
mod judge;
mod network;
mod report;
mod seen;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use judge::{Subject, Verdict};
pub use report::Language;

use crate::{Readers, ServerAddress};
use judge::{Finding, judge};
use seen::{Here, Seen, ServerSeen};

/// What the doctor is asked to look at.
pub struct Consultation {
    /// The server; the one that the terminal was enrolled with if absent.
    pub server: Option<ServerAddress>,
    /// Where the identity and the journal are.
    pub state_dir: PathBuf,
    /// The authorities that vouch for the server, PEM; those of the operating system if absent.
    pub ca_file: Option<PathBuf>,
    /// The readers; none if this program drives none.
    pub readers: Option<Arc<dyn Readers>>,
    /// How long to wait for a card to be put down.
    pub wait_card: Duration,
}

/// What the doctor found.
#[derive(Debug)]
pub struct Diagnosis {
    seen: Seen,
    findings: Vec<Finding>,
}

/// Looks at everything; takes seconds, more if the network or a card keeps silent.
pub async fn examine(asked: Consultation) -> Diagnosis {
    let folder = folder::look(&asked.state_dir);
    let server = asked.server.or_else(|| folder.server.clone());
    let identity = folder.identity.as_ref();
    let (at_server, at_readers) = tokio::join!(
        async {
            match &server {
                Some(server) => Some(network::look(server, asked.ca_file.as_deref(), identity).await),
                None => None,
            }
        },
        cards::look(asked.readers, folder.seen.running, asked.wait_card),
    );
    let (server, standing) = at_server.unzip();
    let (readers, card) = at_readers;
    let seen = Seen { here: Here::new(), folder: folder.seen, readers, card, server, standing };
    Diagnosis { findings: judge(&seen), seen }
}

impl Diagnosis {
    /// The verdict on one subject.
    pub fn verdict(&self, subject: Subject) -> Verdict {
        let found = self.findings.iter().find(|finding| finding.subject == subject);
        found.map_or(Verdict::Unchecked, |finding| finding.verdict)
    }

    /// Whether nothing is broken.
    pub fn sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.verdict != Verdict::Broken)
    }

    /// For a person at a terminal of 80 columns; `colour` if it shows colours.
    pub fn text(&self, language: Language, colour: bool) -> String {
        report::text(&self.seen, &self.findings, language, colour)
    }

    /// For those who help from afar: the findings in words, and all figures.
    pub fn json(&self, language: Language) -> String {
        report::json(&self.seen, &self.findings, language)
    }

    /// Where the server is thought to be, if anywhere.
    pub fn server(&self) -> Option<&str> {
        self.seen.server.as_ref().map(|server: &ServerSeen| server.address.as_str())
    }
}
