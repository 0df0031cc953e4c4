use serde::{Deserialize, Serialize};

use crate::{HexBytes, MAX_APDU, MAX_STEPS, Malformed};

/// APDUs to run on the card that lies on a reader, in order, without letting go of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Names the script; the answer carries it. For CREDIT FOR LOAD it is the order number of the load. A terminal runs no
    /// script that commits twice, so each has an id of its own.
    pub id: String,
    /// The tap it is meant for: if another card (or none) lies there now, nothing is sent.
    pub tap: u64,
    /// Whether its result cannot be had again: the card's money may change, or what the card can still prove of it. Such a
    /// result is journalled and re-sent until acknowledged.
    pub commits: bool,
    /// How long the whole script may take, in milliseconds; the terminal's own limit per exchange comes on top.
    pub limit_ms: u32,
    /// What to send.
    pub steps: Vec<Step>,
}

/// One command and the answers that let the script go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The command APDU.
    pub apdu: HexBytes,
    /// The script stops after this step unless the status word is the expected one.
    pub expect: Expected,
}

/// Which status words let a script go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// Only 9000.
    Success,
    /// Whatever the card answers: the server looks at it.
    Anything,
}

impl Expected {
    /// Whether `answer` (data and status word) lets the script go on.
    pub fn allows(self, answer: &[u8]) -> bool {
        match self {
            Self::Success => answer.ends_with(&[0x90, 0x00]),
            Self::Anything => answer.len() >= 2,
        }
    }
}

/// What became of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// The script's id.
    pub script: String,
    /// How it ended.
    pub end: End,
    /// The card's answers, data and status word, one for each step that was answered.
    pub answers: Vec<HexBytes>,
}

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Every step was answered as expected.
    Completed,
    /// The last answer was not the expected one; later steps were not sent.
    Unexpected,
    /// The card left, or its reader did; the last command sent may or may not have reached it.
    Removed,
    /// The time was up; the last command sent may or may not have been carried out.
    TimedOut,
    /// Nothing was sent: another script is running.
    Busy,
    /// Nothing was sent: the tap is over.
    NoSuchTap,
    /// The program stopped in the middle and found this script in its journal; whether the card was changed is open.
    Interrupted,
}

impl Script {
    /// Refuses what no server of ours would send.
    pub fn check(&self) -> Result<(), Malformed> {
        if self.steps.is_empty() || self.steps.len() > MAX_STEPS {
            return Err(Malformed(format!("steps: 1 to {MAX_STEPS} are allowed, {} came", self.steps.len())));
        }
        match self.steps.iter().map(|step| step.apdu.0.len()).find(|length| !(4..=MAX_APDU).contains(length)) {
            Some(length) => Err(Malformed(format!("apdu: 4 to {MAX_APDU} bytes are allowed, {length} came"))),
            None => Ok(()),
        }
    }
}

impl Done {
    /// Refuses what no terminal of ours would send.
    pub fn check(&self) -> Result<(), Malformed> {
        if self.answers.len() > MAX_STEPS {
            return Err(Malformed(format!("answers: up to {MAX_STEPS} are allowed, {} came", self.answers.len())));
        }
        match self.answers.iter().map(|answer| answer.0.len()).find(|length| *length > MAX_APDU) {
            Some(length) => Err(Malformed(format!("answers: up to {MAX_APDU} bytes are allowed, {length} came"))),
            None => Ok(()),
        }
    }
}
