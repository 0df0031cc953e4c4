//! The vectors and how to read them.

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use pay::unionpay::trust::{GATEWAY_NAME, TEST_GATEWAY_NAME, Trust};
use serde_json::Value;

/// A file among the vectors.
pub(crate) fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/unionpay").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn json(name: &str) -> Value {
    serde_json::from_slice(&file(name)).expect("JSON")
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name}: a text is expected"))
}

pub(crate) fn fields(value: &Value) -> impl Iterator<Item = (&str, String)> {
    value
        .as_object()
        .expect("fields")
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().expect("a text").to_owned()))
}

/// The authorities of the made-up gateway.
pub(crate) fn sandbox() -> Trust {
    Trust::new(&[&file("root.cer"), &file("middle.cer")], &[GATEWAY_NAME], false).expect("authorities")
}

/// The authorities of the real test gateway: their chain is signed with SHA-1.
pub(crate) fn recorded(sha1: bool) -> Trust {
    let (root, middle) = (file("recorded/cfca_test_root.cer"), file("recorded/cfca_test_middle.cer"));
    Trust::new(&[&root, &middle], &[GATEWAY_NAME, TEST_GATEWAY_NAME], sha1).expect("authorities")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}
