//! What was said to a card and what it answered, read for people. Pure.

use epurse::apdu::Answer;
use epurse::load::{Counter, Initialized};
use epurse::log::{self, TransactionType};
use epurse::mac::Mac;
use epurse::proof::Proof;
use ledger::Fen;
use link::HexBytes;

/// One command and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What was asked.
    pub asked: Asked,
    /// The answer as it came, in hex; none if none came.
    pub raw: Option<String>,
    /// The status word at its end, in hex.
    pub status: String,
    /// What the rest of it says.
    pub said: Said,
}

/// What a command asks of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To check its PIN.
    Pin,
    /// For the TAC of the load that this counter names.
    Proof {
        /// Before the load or after it: cards differ.
        counter: u16,
    },
    /// For the newest record of this log.
    Record {
        /// Its short file identifier.
        log: u8,
    },
    /// To open a load: for its balance and counter under MAC1.
    Initialize,
    /// To take the money.
    Credit,
    /// Something else.
    Other,
}

/// What a card's answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// No more than its status word does.
    Nothing,
    /// A TAC, in hex.
    Tac(String),
    /// A record of the log.
    Record(Record),
    /// Its balance and counter.
    Opened {
        /// All 32 bits, as sent.
        balance: u32,
        /// The online counter.
        counter: u16,
        /// MAC1, in hex.
        mac1: String,
    },
}

/// A record of a card's log. Nothing proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The transaction's counter, or that plus one.
    pub counter: u16,
    /// How much.
    pub amount: Fen,
    /// Whether it is of a load.
    pub load: bool,
    /// The terminal number.
    pub terminal: String,
    /// Date and time as the card has them, 14 digits.
    pub time: String,
    /// Whether it is of the very load that is in doubt.
    pub ours: bool,
}

/// What a record must say to be of a load.
#[derive(Clone, Debug)]
pub(super) struct Load<'a> {
    pub(super) amount: Fen,
    pub(super) counter: u16,
    pub(super) terminal: &'a str,
    /// 14 digits.
    pub(super) time: &'a str,
}

/// Reads a script's commands and the answers to them; commands without an answer are left out.
pub(super) fn read(commands: &[HexBytes], answers: &[HexBytes], load: Option<&Load<'_>>) -> Vec<Exchange> {
    let asked = commands.iter().map(|command| asked(command.as_ref()));
    asked.zip(answers).map(|(asked, answer)| exchange(asked, answer, load)).collect()
}

/// Reads one answer.
pub(super) fn exchange(asked: Asked, answer: &HexBytes, load: Option<&Load<'_>>) -> Exchange {
    let raw = Some(answer.to_string());
    let Ok(parsed) = Answer::parse(answer.as_ref()) else {
        return Exchange { asked, raw, status: String::new(), said: Said::Nothing };
    };
    let said = said(asked, &parsed.data, load).unwrap_or(Said::Nothing);
    Exchange { asked, raw, status: format!("{:04X}", parsed.status.raw()), said }
}

fn asked(command: &[u8]) -> Asked {
    match command {
        [_, 0x20, ..] => Asked::Pin,
        [_, 0x5A, _, _, _, high, low, ..] => Asked::Proof { counter: u16::from_be_bytes([*high, *low]) },
        [_, 0xB2, _, p2, ..] => Asked::Record { log: p2 >> 3 },
        [_, 0x50, ..] => Asked::Initialize,
        [_, 0x52, ..] => Asked::Credit,
        _ => Asked::Other,
    }
}

fn said(asked: Asked, data: &[u8], load: Option<&Load<'_>>) -> Option<Said> {
    match asked {
        Asked::Pin | Asked::Other => None,
        Asked::Proof { .. } => Some(Said::Tac(Proof::parse(data).ok()?.tac.to_string())),
        Asked::Credit => Some(Said::Tac(Mac::parse(data).ok()?.to_string())),
        Asked::Record { .. } => Some(Said::Record(record(&log::Record::parse(data).ok()?, load))),
        Asked::Initialize => {
            let Initialized { balance, counter, mac1, .. } = Initialized::parse(data).ok()?;
            Some(Said::Opened { balance, counter: counter.0, mac1: mac1.to_string() })
        }
    }
}

fn record(record: &log::Record, load: Option<&Load<'_>>) -> Record {
    let (amount, terminal) = (Fen::new(i64::from(record.amount)), record.terminal.to_string());
    let time = hex::encode(record.time);
    let is_load = record.transaction_type == TransactionType::EpLoad;
    let ours = load.is_some_and(|load| {
        is_load
            && record.is_of(Counter(load.counter))
            && (amount, terminal.as_str(), time.as_str()) == (load.amount, load.terminal, load.time)
    });
    Record { counter: record.counter.0, amount, load: is_load, terminal, time, ours }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> HexBytes {
        HexBytes(hex::decode(hex).unwrap())
    }

    #[test]
    fn the_answers_of_a_card_are_read_for_people() {
        let load = Load { amount: Fen::new(0x1C37), counter: 0, terminal: "000001000050", time: "20140825103100" };
        let check = |command: &str, answer: &str, asked: Asked, status: &str, said: Said| {
            let raw = Some(answer.to_owned());
            let expected = Exchange { asked, raw, status: status.into(), said };
            assert_eq!(read(&[bytes(command)], &[bytes(answer)], Some(&load)), [expected], "{command}");
        };
        check("00200000", "63C2", Asked::Pin, "63C2", Said::Nothing);
        let proof = Asked::Proof { counter: 8 };
        check("805A000202000808", "9406", proof, "9406", Said::Nothing);
        check("805A000202000808", "00000000ED0F87559000", proof, "9000", Said::Tac("ED0F8755".into()));
        let record = Record {
            counter: 1,
            amount: Fen::new(0x1C37),
            load: true,
            terminal: "000001000050".into(),
            time: "20140825103100".into(),
            ours: true,
        };
        let log = Asked::Record { log: 0x18 };
        let of_v1 = "000100000000001C3702000001000050201408251031009000";
        check("00B201C417", of_v1, log, "9000", Said::Record(record.clone()));
        let later = of_v1.replace("103100", "103101");
        let time = "20140825103101".to_owned();
        check("00B201C417", &later, log, "9000", Said::Record(Record { time, ours: false, ..record }));
        check("00B201C417", "6A82", log, "6A82", Said::Nothing);
        let opened = Said::Opened { balance: 0x1388, counter: 7, mac1: "54534929".into() };
        check(
            "805000020B",
            "000013880007 0100 AABBCCDD 54534929 9000".replace(' ', "").as_str(),
            Asked::Initialize,
            "9000",
            opened,
        );
        check("805200000B", "9302", Asked::Credit, "9302", Said::Nothing);
        check("805200000B", "6F954DCF9000", Asked::Credit, "9000", Said::Tac("6F954DCF".into()));
        assert!(read(&[bytes("00B201C417")], &[], None).is_empty());
    }
}
