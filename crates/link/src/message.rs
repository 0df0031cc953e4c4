use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Done, Health, HexBytes, MAX_MESSAGE, Script};

/// What a terminal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FromTerminal {
    /// The first message of a connection.
    Hello {
        /// The version of these messages.
        version: u16,
        /// The program and its version, for people.
        program: String,
        /// The terminal number, 12 hexadecimal digits.
        terminal: String,
        /// A random text made when the program started: the same key in two places shows here.
        boot: String,
    },
    /// The answer to the challenge.
    Proof {
        /// Ed25519 over [`crate::proof_text`], 64 bytes.
        signature: HexBytes,
    },
    /// How the terminal is.
    Health(Health),
    /// The readers and what lies on them now.
    Readers {
        /// All of them; an empty list means that none is attached.
        readers: Vec<Reader>,
    },
    /// A card was put on a reader.
    Inserted(Tap),
    /// The card of this tap has left.
    Removed {
        /// Which.
        tap: u64,
    },
    /// A script ended.
    Done(Done),
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ToTerminal {
    /// Sign this.
    Challenge {
        /// 32 random bytes, used once.
        nonce: HexBytes,
    },
    /// The terminal is connected.
    Welcome {
        /// Its name, for people.
        name: String,
    },
    /// The terminal is not let in; the connection closes.
    Refused {
        /// For the program: whether to try again.
        why: Refusal,
        /// For people, in plain words.
        text: String,
    },
    /// How are you? Answered by [`Health`] at once.
    Check {
        /// The server's time, microseconds since 1970: the answer repeats it and measures the terminal's clock by it.
        at_us: i64,
    },
    /// Run this on the card.
    Run(Script),
    /// The result of this script is durably taken: forget it.
    Ack {
        /// The script's id.
        script: String,
    },
}

/// Why a terminal is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The versions do not fit: install the program that the server offers.
    Version,
    /// No such terminal, or it was revoked.
    Unknown,
    /// The signature does not verify.
    Signature,
    /// Another program connected with this terminal's key meanwhile.
    Replaced,
    /// What was said makes no sense at this point.
    Malformed,
    /// The server is stopping or cannot reach its database: try again.
    TryAgain,
}

/// A reader at a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// Its name, for people.
    pub name: String,
    /// The card on it, if one is there.
    pub tap: Option<Tap>,
}

/// One stay of a card on a reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tap {
    /// Counts up over all taps since the program started; never used twice in one run of it.
    pub tap: u64,
    /// The reader's name.
    pub reader: String,
    /// The card's answer to reset.
    pub atr: HexBytes,
}

/// A message that breaks the rules: which field, which rule, which value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

impl FromTerminal {
    /// Reads and bounds one message.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let message = parse(text)?;
        match &message {
            Self::Done(done) => done.check()?,
            Self::Health(health) => health.check()?,
            Self::Hello { .. }
            | Self::Proof { .. }
            | Self::Readers { .. }
            | Self::Inserted(_)
            | Self::Removed { .. } => {}
        }
        Ok(message)
    }

    /// As it travels.
    pub fn to_text(&self) -> String {
        to_text(self)
    }
}

impl ToTerminal {
    /// Reads and bounds one message.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let message = parse(text)?;
        if let Self::Run(script) = &message {
            script.check()?;
        }
        Ok(message)
    }

    /// As it travels.
    pub fn to_text(&self) -> String {
        to_text(self)
    }
}

/// U+0000 as it stands in JSON.
const NUL: &str = "\\u0000";

fn parse<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Malformed> {
    if text.len() > MAX_MESSAGE {
        return Err(Malformed(format!("message: up to {MAX_MESSAGE} bytes are allowed, {} came", text.len())));
    }
    // JSON has raw control characters nowhere. The one that not every database takes for text must not come escaped either:
    // readers and programs name themselves, and what they say is kept.
    if text.contains(NUL) {
        return Err(Malformed("message: U+0000 is no text".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| Malformed(format!("message: {error}")))
}

fn to_text<T: Serialize>(message: &T) -> String {
    // Plain structs of texts and numbers cannot fail to serialise.
    serde_json::to_string(message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{End, Expected, Step};

    fn script(steps: Vec<Step>) -> ToTerminal {
        ToTerminal::Run(Script { id: "L1".into(), tap: 7, commits: true, limit_ms: 4_000, steps })
    }

    #[test]
    fn messages_travel_as_readable_json() {
        let run = script(vec![Step { apdu: vec![0x80, 0x5C, 0, 2, 4].into(), expect: Expected::Success }]);
        insta::assert_snapshot!(run.to_text(), @r#"{"type":"run","id":"L1","tap":7,"commits":true,"limit_ms":4000,"steps":[{"apdu":"805C000204","expect":"success"}]}"#);
        assert_eq!(ToTerminal::parse(&run.to_text()), Ok(run));

        let answers = vec![vec![0, 0, 0x13, 0x88, 0x90, 0].into()];
        let done = FromTerminal::Done(Done { script: "L1".into(), end: End::Completed, answers });
        insta::assert_snapshot!(done.to_text(), @r#"{"type":"done","script":"L1","end":"completed","answers":["000013889000"]}"#);
        assert_eq!(FromTerminal::parse(&done.to_text()), Ok(done));
    }

    #[test]
    fn what_breaks_the_rules_is_refused_with_the_rule() {
        let check = |text: &str, expected: &str| {
            let error = FromTerminal::parse(text).expect_err("must be refused").to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("", "EOF");
        check("{}", "missing field `type`");
        check(r#"{"type":"readers","readers":[{"name":"ACR122U\u0000","tap":null}]}"#, "U+0000 is no text");
        check(r#"{"type":"fly"}"#, "unknown variant `fly`");
        check(r#"{"type":"proof","signature":"0G"}"#, "not hexadecimal");
        check(r#"{"type":"removed","tap":-1}"#, "invalid value");
        check(r#"{"type":"done","script":"L1","end":"completed","answers":[],"more":1}"#, "unknown field `more`");
        check(&format!(r#"{{"type":"done","script":"{}"}}"#, "x".repeat(MAX_MESSAGE)), "bytes are allowed");
        let long =
            FromTerminal::Done(Done { script: "L1".into(), end: End::Completed, answers: vec![vec![0; 300].into()] });
        check(&long.to_text(), "answers: up to 261 bytes");
    }

    #[test]
    fn a_terminal_refuses_scripts_that_no_server_sends() {
        let refused = |message: &ToTerminal| ToTerminal::parse(&message.to_text()).expect_err("must be refused").0;
        assert!(refused(&script(vec![])).starts_with("steps"));
        let step = Step { apdu: vec![0x00].into(), expect: Expected::Anything };
        assert!(refused(&script(vec![step])).starts_with("apdu"));
    }
}
