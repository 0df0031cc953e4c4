//! A message of the protocol: fields by name, on the wire in one of two ways.

use std::collections::BTreeMap;
use std::fmt;

use encoding_rs::{Encoding, GBK, UTF_8};
use percent_encoding::percent_decode;

/// The most bytes of a message that are looked at: a daily file of a busy merchant is some megabytes.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The most fields; the protocol has about forty.
const MOST_FIELDS: usize = 200;

/// Fields by name, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(BTreeMap<String, String>);

/// Why bytes are not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// More than anybody sends.
    #[error("up to {MOST_BYTES} bytes are expected, {0} came")]
    Long(usize),
    /// Something that is no field.
    #[error("field {number}: name=value is expected, is {text:?}")]
    Field {
        /// Counted from one.
        number: usize,
        /// The beginning of what came.
        text: String,
    },
    /// A field twice: two readers could each see another message.
    #[error("{0}: comes twice")]
    Twice(String),
    /// A field that has to be there.
    #[error("{0}: is missing")]
    Missing(&'static str),
    /// A field with another value than the protocol allows.
    #[error("{name}: {rule} is expected, is {value:?}")]
    Value {
        /// Which.
        name: &'static str,
        /// What it should be.
        rule: &'static str,
        /// What it is.
        value: String,
    },
    /// Bytes that are no text in the message's own encoding.
    #[error("{name}: the bytes are no text in {encoding}")]
    NotText {
        /// Which field.
        name: String,
        /// The encoding.
        encoding: &'static str,
    },
    /// More than anybody sends.
    #[error("up to {MOST_FIELDS} fields are expected, {0} came")]
    Many(usize),
}

impl Message {
    /// Reads what a browser or a notification posts: `application/x-www-form-urlencoded`, in the encoding that its own
    /// field `encoding` names.
    pub fn parse_form(bytes: &[u8]) -> Result<Self, Malformed> {
        let fields = split(bytes, false)?;
        let spaced: Vec<(Vec<u8>, Vec<u8>)> =
            fields.into_iter().map(|(name, value)| (decoded(name), decoded(value))).collect();
        Self::of(&spaced)
    }

    /// Reads what the gateway answers to a call: `name=value&…` as it is, **not** URL-encoded, so that `+`, `=` and line
    /// ends stand in the values. An `&` within braces or brackets belongs to the value.
    pub fn parse_reply(bytes: &[u8]) -> Result<Self, Malformed> {
        let fields = split(bytes, true)?;
        Self::of(&fields)
    }

    fn of<B: AsRef<[u8]>>(fields: &[(B, B)]) -> Result<Self, Malformed> {
        if fields.len() > MOST_FIELDS {
            return Err(Malformed::Many(fields.len()));
        }
        let named = fields.iter().find(|(name, _)| name.as_ref() == b"encoding");
        let encoding = encoding_of(named.map(|(_, value)| String::from_utf8_lossy(value.as_ref())).as_deref())?;
        let mut message = BTreeMap::new();
        for (name, value) in fields {
            let name = String::from_utf8_lossy(name.as_ref()).into_owned();
            let value = encoding
                .decode_without_bom_handling_and_without_replacement(value.as_ref())
                // Not every database takes U+0000 for text, and no field of the protocol has it.
                .filter(|text| !text.contains('\0'))
                .ok_or_else(|| Malformed::NotText { name: name.clone(), encoding: encoding.name() })?;
            if message.insert(name.clone(), value.into_owned()).is_some() {
                return Err(Malformed::Twice(name));
            }
        }
        Ok(Self(message))
    }

    /// The same message with one more field, or another value of it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The same message without one field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// A field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A field that has to be there.
    pub fn need(&self, name: &'static str) -> Result<&str, Malformed> {
        self.get(name).ok_or(Malformed::Missing(name))
    }

    /// All fields, by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What a signature covers: every field but the signature, in the order of their names, `name=value` joined by `&`,
    /// as raw bytes in the message's encoding.
    pub fn signed_bytes(&self) -> Result<Vec<u8>, Malformed> {
        let covered = self.fields().filter(|(name, _)| *name != "signature");
        let text = covered.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let encoding = encoding_of(self.get("encoding"))?;
        Ok(encoding.encode(&text).0.into_owned())
    }

    /// As a form is posted: upper-case `%XX`, as the file server insists on.
    pub fn to_form(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields()).finish()
    }

    /// As the gateway answers a call.
    pub fn to_reply(&self) -> String {
        self.fields().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }
}

impl<'a> FromIterator<(&'a str, String)> for Message {
    /// Fields with blank values are left out and the others trimmed, as the protocol has it for requests.
    fn from_iter<T: IntoIterator<Item = (&'a str, String)>>(fields: T) -> Self {
        let said = fields.into_iter().filter_map(|(name, value)| {
            let value = value.trim();
            (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
        });
        Self(said.collect())
    }
}

impl fmt::Display for Message {
    /// For people and logs: without what is long and says nothing to them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let long = ["signature", "signPubKeyCert", "fileContent"];
        let told: Vec<String> = self
            .fields()
            .filter(|(name, _)| !long.contains(name))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        f.write_str(&told.join(" "))
    }
}

/// The encodings of the protocol.
fn encoding_of(name: Option<&str>) -> Result<&'static Encoding, Malformed> {
    match name.map(str::to_ascii_uppercase).as_deref() {
        None | Some("UTF-8" | "UTF8") => Ok(UTF_8),
        Some("GBK" | "GB18030" | "GB2312") => Ok(GBK),
        Some(other) => Err(Malformed::Value { name: "encoding", rule: "UTF-8 or GBK", value: other.to_owned() }),
    }
}

/// A name and its value, as they came.
type Field<'b> = (&'b [u8], &'b [u8]);

/// `name=value` parts. Where `nested`, an `&` within braces or brackets separates nothing.
fn split(bytes: &[u8], nested: bool) -> Result<Vec<Field<'_>>, Malformed> {
    if bytes.len() > MOST_BYTES {
        return Err(Malformed::Long(bytes.len()));
    }
    let mut depth = 0_u32;
    let parts = bytes.split(|byte| {
        match byte {
            b'{' | b'[' if nested => depth = depth.saturating_add(1),
            b'}' | b']' if nested => depth = depth.saturating_sub(1),
            _ => {}
        }
        *byte == b'&' && depth == 0
    });
    let parts = parts.enumerate().filter(|(_, part)| !part.is_empty());
    parts
        .map(|(index, part)| {
            let mut halves = part.splitn(2, |byte| *byte == b'=');
            match (halves.next(), halves.next()) {
                (Some(name), Some(value)) if !name.is_empty() => Ok((name, value)),
                _ => Err(Malformed::Field { number: index.saturating_add(1), text: beginning(part) }),
            }
        })
        .collect()
}

fn beginning(part: &[u8]) -> String {
    String::from_utf8_lossy(part).chars().take(40).collect()
}

fn decoded(part: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_ways_of_the_wire() {
        let message: Message =
            [("b", "x y+z=1&2".to_owned()), ("a", " 集团 ".to_owned()), ("c", " ".to_owned())].into_iter().collect();
        assert_eq!(message.to_form(), "a=%E9%9B%86%E5%9B%A2&b=x+y%2Bz%3D1%262");
        assert_eq!(Message::parse_form(message.to_form().as_bytes()), Ok(message));

        let reply = "cert=--\r\nMII+/=\r\n--&list=[{a=1&b=2}]&last=";
        let read = Message::parse_reply(reply.as_bytes()).expect("a reply");
        assert_eq!(read.get("cert"), Some("--\r\nMII+/=\r\n--"));
        assert_eq!(read.get("list"), Some("[{a=1&b=2}]"));
        assert_eq!(read.get("last"), Some(""));
    }

    #[test]
    fn gbk_is_read_and_signed_as_gbk() {
        let read = Message::parse_form(b"encoding=GBK&who=%D5%C5%C8%FD").expect("a form");
        assert_eq!(read.get("who"), Some("张三"));
        assert_eq!(read.signed_bytes(), Ok(b"encoding=GBK&who=\xD5\xC5\xC8\xFD".to_vec()));
    }

    #[test]
    fn what_is_no_message_is_refused_with_the_rule() {
        let check = |form: &[u8], expected: &str| {
            let error = Message::parse_form(form).expect_err("must be refused").to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(b"a=1&a=2", "a: comes twice");
        check(b"a=1&nonsense", r#"field 2: name=value is expected, is "nonsense""#);
        check(b"=1", "field 1");
        check(b"orderId=D2611\0", "orderId: the bytes are no text in UTF-8");
        check(b"encoding=EBCDIC", "encoding: UTF-8 or GBK is expected");
        check(b"a=%FF", "a: the bytes are no text in UTF-8");
        check("a=1&".repeat(201).as_bytes(), "up to 200 fields");
    }
}
