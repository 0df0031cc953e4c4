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
    /// Whether readers can be found at all.
    pub service: Service,
    /// Results of loads that the server has not acknowledged, without those of a script that runs.
    pub unacknowledged: u32,
}

/// What finds the readers of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// PC/SC answers.
    Running,
    /// PC/SC does not answer: it is not installed, not started, or has no reader to start for.
    Stopped,
    /// No PC/SC is asked: the readers are software.
    Software,
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
