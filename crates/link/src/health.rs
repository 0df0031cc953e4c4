use serde::{Deserialize, Serialize};

use crate::{MAX_TEXT, Malformed};

/// How a terminal is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The server's time in the Check that this answers; none when nobody asked.
    pub answers: Option<i64>,
    /// The operating system and the machine, for people: `linux x86_64`.
    pub platform: String,
    /// By how much the terminal's clock is ahead of the server's, in milliseconds; below zero when it is behind.
    pub clock_ms: i64,
    /// Whether cards can come at all.
    pub readers: Readiness,
    /// Results of loads that the server has not acknowledged, without those of a script that runs.
    pub unacknowledged: u32,
}

/// How a terminal stands with its readers, and what a person has to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// It has not looked yet.
    Unknown,
    /// The service that drives readers (`pcscd`; on Windows `SCardSvr`) does not answer.
    NoService,
    /// The service runs but does not let the terminal in.
    Forbidden,
    /// The service runs, and no reader is attached.
    NoReader,
    /// A card lies on a reader and does not answer it.
    MuteCard,
    /// A reader is attached.
    Ready,
}

impl Health {
    /// Bounds what a terminal says.
    pub(crate) fn check(&self) -> Result<(), Malformed> {
        let length = self.platform.len();
        if length > MAX_TEXT {
            return Err(Malformed(format!("platform: up to {MAX_TEXT} bytes are allowed, {length} came")));
        }
        Ok(())
    }
}
