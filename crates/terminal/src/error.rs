use std::io;
use std::path::{Path, PathBuf};

/// Why a terminal cannot start or be enrolled; every text is for the person who runs it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server's address is not one.
    #[error("server address {address:?}: {rule}")]
    Address {
        /// As given.
        address: String,
        /// What it should be.
        rule: &'static str,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file of ours does not read as one.
    #[error("{}, line {line}: {what}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        what: String,
    },
    /// What a software card remembers cannot be its memory.
    #[error("the memory of software card {number}: {what}")]
    Card {
        /// The card's number.
        number: String,
        /// What is wrong.
        what: String,
    },
    /// Two programs would write the same journal, or the memory of the same card.
    #[error("{} is in use by another program", .0.display())]
    InUse(PathBuf),
    /// Others than their owner could read the terminal's key, or put another in its place.
    #[error(
        "{} is open to others (mode {mode:03o}), who could copy this terminal's key: chmod go= on it, and if anyone may \
         have copied it, enrol this terminal again with a new code",
        path.display()
    )]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// There is no identity in the state folder.
    #[error("{} holds no enrolled terminal: enrol it with a code from the office first", .0.display())]
    NotEnrolled(PathBuf),
    /// The server said no to an enrolment, in its own words.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The server could not be asked, or did not answer as one of ours.
    #[error("cannot reach the server: {0}")]
    Unreachable(String),
    /// The local page cannot be served.
    #[error("the page at {address}: {source}")]
    Page {
        /// Where it was to be.
        address: std::net::SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// No certificates to trust.
    #[error("no trusted certificates: {0}")]
    Tls(String),
}

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::File { path: path.to_owned(), source }
    }

    /// What is wrong with a text that is not the JSON it should be; where is said beside it.
    pub(crate) fn of_json(error: &serde_json::Error) -> String {
        let text = error.to_string();
        text.split(" at line ").next().unwrap_or_default().to_owned()
    }
}
