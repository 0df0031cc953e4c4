//! `jichong card check FILE`: recomputes load and purchase vectors and compares.
//!
//! The file is a JSON array of objects. Keys are those on the card (`dlk`, `dpk`, `dtk`, already diversified); every
//! value is hexadecimal text except `name` and `op` (`load` or `purchase`). What is expected (`session`, `mac1`,
//! `mac2`, `tac`) is compared where it is given. `auth` is the security code that a MOHURD purchase appends to MAC1.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use epurse::keys::{Algorithm, Key};
use epurse::load::{Counter, Purse};
use epurse::mac::{Mac, MacKey};
use epurse::terminal::TerminalNumber;
use epurse::time::HostTime;
use epurse::{load, purchase};
use serde_json::{Map, Value};

/// Fields that are read.
const FIELDS: [&str; 19] = [
    "name", "op", "dlk", "dpk", "dtk", "bal", "ctr", "rnd", "amt", "type", "term", "dt", "offctr", "termseq", "auth",
    "session", "mac1", "mac2", "tac",
];

/// What came of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// A line for each vector.
    pub(crate) text: String,
    /// Vectors whose every expectation is met.
    pub(crate) passed: usize,
    /// The others.
    pub(crate) failed: usize,
}

/// Checks a file.
pub(crate) fn check_file(file: &Path) -> Result<Report> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    check(&text).with_context(|| format!("{} is not a file of vectors", file.display()))
}

/// Checks the text of a file.
pub(crate) fn check(text: &str) -> Result<Report> {
    let vectors: Vec<Map<String, Value>> = serde_json::from_str(text).context("a JSON array of objects is expected")?;
    let mut report = Report::default();
    for (index, vector) in vectors.into_iter().enumerate() {
        let vector = Vector(vector);
        let name = vector.text("name").unwrap_or_default();
        let name = if name.is_empty() { format!("vector {}", index.saturating_add(1)) } else { name };
        match vector.check() {
            Ok(wrong) if wrong.is_empty() => {
                report.passed = report.passed.saturating_add(1);
                writeln!(report.text, "ok      {name}")?;
            }
            Ok(wrong) => {
                report.failed = report.failed.saturating_add(1);
                writeln!(report.text, "FAILED  {name}: {}", wrong.join("; "))?;
            }
            Err(error) => {
                report.failed = report.failed.saturating_add(1);
                writeln!(report.text, "FAILED  {name}: {error:#}")?;
            }
        }
        for field in vector.unread() {
            writeln!(report.text, "        {name}: the field {field:?} is not known and was not looked at")?;
        }
    }
    writeln!(report.text, "{} passed, {} failed", report.passed, report.failed)?;
    Ok(report)
}

struct Vector(Map<String, Value>);

/// What a vector's cryptograms come to; none where the key for it is not given.
struct Computed {
    session: MacKey,
    mac1: Mac,
    mac2: Mac,
    tac: Option<Mac>,
}

impl Vector {
    /// Computes and compares; the answers are what differs.
    fn check(&self) -> Result<Vec<String>> {
        let computed = match self.text("op")?.as_str() {
            "load" => self.load()?,
            "purchase" => self.purchase()?,
            other => bail!("op: must be load or purchase, is {other:?}"),
        };
        let expected = ["session", "mac1", "mac2", "tac"].map(|field| (field, self.0.contains_key(field)));
        if expected.iter().all(|(_, given)| !given) {
            bail!("nothing is expected: give at least one of session, mac1, mac2, tac");
        }
        let mut wrong = Vec::new();
        for (field, _) in expected.into_iter().filter(|(_, given)| *given) {
            let value = match field {
                "session" => hex::encode_upper(computed.session.expose()),
                "mac1" => computed.mac1.to_string(),
                "mac2" => computed.mac2.to_string(),
                _ => computed.tac.ok_or_else(|| anyhow!("tac: needs dtk"))?.to_string(),
            };
            let given = self.text(field)?.to_uppercase();
            if given != value {
                wrong.push(format!("{field}: computed {value}, the file says {given}"));
            }
        }
        Ok(wrong)
    }

    fn load(&self) -> Result<Computed> {
        let kind = u8::from_be_bytes(self.bytes("type")?);
        let session = load::Session {
            purse: Purse::from_byte(kind).ok_or_else(|| anyhow!("type: a load is 01 or 02, is {kind:02X}"))?,
            amount: u32::from_be_bytes(self.bytes("amt")?),
            terminal: TerminalNumber(self.bytes("term")?),
            balance: u32::from_be_bytes(self.bytes("bal")?),
            counter: Counter(u16::from_be_bytes(self.bytes("ctr")?)),
            random: self.bytes("rnd")?,
        };
        let time = self.time()?;
        let key = session.key(Algorithm::TripleDes, &Key::new(self.bytes("dlk")?));
        let tac = match self.tac_key()? {
            Some(key) => Some(session.tac(&key, time).ok_or_else(|| anyhow!("bal + amt: does not fit 4 bytes"))?),
            None => None,
        };
        Ok(Computed { mac1: session.mac1(&key), mac2: session.mac2(&key, time), tac, session: key })
    }

    fn purchase(&self) -> Result<Computed> {
        let session = purchase::Session {
            transaction_type: u8::from_be_bytes(self.bytes("type")?),
            amount: u32::from_be_bytes(self.bytes("amt")?),
            terminal: TerminalNumber(self.bytes("term")?),
            terminal_sequence: u32::from_be_bytes(self.bytes("termseq")?),
            counter: Counter(u16::from_be_bytes(self.bytes("offctr")?)),
            random: self.bytes("rnd")?,
            time: self.time()?,
            auth: if self.0.contains_key("auth") { Some(self.bytes("auth")?) } else { None },
        };
        let key = session.key(Algorithm::TripleDes, &Key::new(self.bytes("dpk")?));
        let tac = self.tac_key()?.map(|key| session.tac(&key));
        Ok(Computed { mac1: session.mac1(&key), mac2: session.mac2(&key), tac, session: key })
    }

    fn tac_key(&self) -> Result<Option<MacKey>> {
        if !self.0.contains_key("dtk") {
            return Ok(None);
        }
        Ok(Some(Key::new(self.bytes("dtk")?).tac(Algorithm::TripleDes)))
    }

    fn time(&self) -> Result<HostTime> {
        HostTime::from_bcd(self.bytes("dt")?).map_err(|error| anyhow!("dt: {error}"))
    }

    fn text(&self, field: &str) -> Result<String> {
        match self.0.get(field) {
            Some(Value::String(text)) => Ok(text.trim().to_owned()),
            Some(other) => bail!("{field}: text is expected, is {other}"),
            None => bail!("{field}: is missing"),
        }
    }

    fn bytes<const N: usize>(&self, field: &str) -> Result<[u8; N]> {
        let text = self.text(field)?;
        let mut bytes = [0; N];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|_| anyhow!("{field}: {} hexadecimal digits are expected", N.saturating_mul(2)))?;
        Ok(bytes)
    }

    fn unread(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|key| !FIELDS.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V6: &str = r#"[{"name":"V6","op":"load","dlk":"EFB3A1224F3EFADAC6A647E2EE8F3123",
        "dtk":"17774EC5B66931EAA85249C0266760F8","bal":"00001388","ctr":"0007","rnd":"AABBCCDD","amt":"00002710",
        "type":"02","term":"112233445566","dt":"20261122010203","session":"E9CF0CCD0480C5F8","mac1":"54534929",
        "mac2":"0AC857CA","tac":"6F954DCF"}]"#;

    #[test]
    fn a_right_vector_passes_and_a_changed_one_fails() {
        assert_eq!(check(V6).expect("a file").text, "ok      V6\n1 passed, 0 failed\n");
        for (from, to) in [("54534929", "54534928"), ("00002710", "00002711"), ("112233445566", "112233445567")] {
            let report = check(&V6.replace(from, to)).expect("a file");
            assert_eq!((report.passed, report.failed), (0, 1), "{}", report.text);
        }
    }

    #[test]
    fn a_broken_vector_says_which_field_and_why() {
        let says = |from: &str, to: &str, expected: &str| {
            let report = check(&V6.replace(from, to)).expect("a file");
            assert!(report.text.contains(expected) && report.failed == 1, "{}", report.text);
        };
        says("\"load\"", "\"lod\"", "op: must be load or purchase, is \"lod\"");
        says("AABBCCDD", "AABBCC", "rnd: 8 hexadecimal digits are expected");
        says("\"ctr\"", "\"cntr\"", "ctr: is missing");
        says("20261122010203", "20261322010203", "dt: ");
        says("\"dtk\"", "\"dtx\"", "tac: needs dtk");
        assert!(check("{}").is_err());
    }
}
