//! The daily file: base64 of zlib of a ZIP, in which `…ZM_merchant` lists what was done and `…ZME_merchant` what went
//! wrong.

use std::io::{Cursor, Read as _};

use data_encoding::BASE64;
use flate2::read::ZlibDecoder;
use zip::ZipArchive;

/// The most bytes that a file may grow to: some 400,000 payments.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The members of a daily file that we read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// The lines of payments and refunds: name and bytes.
    pub zm: Vec<(String, Vec<u8>)>,
    /// The lines of errors (差错): name and bytes.
    pub zme: Vec<(String, Vec<u8>)>,
    /// Names of members that we do not read.
    pub others: Vec<String>,
}

/// Why a daily file cannot be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillError {
    /// Not base64.
    #[error("fileContent: base64 is expected: {0}")]
    Base64(String),
    /// Damaged, or cut off.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// Larger than a day can be.
    #[error("the file grows beyond {MOST_BYTES} bytes")]
    Large,
    /// A ZIP without what it is for.
    #[error("the file has no member whose name contains \"ZM_\" or \"ZME_\"; it has: {0}")]
    Empty(String),
}

/// The ZIP in a field `fileContent`.
pub fn inflate(content: &str) -> Result<Vec<u8>, BillError> {
    let packed = BASE64.decode(content.trim().as_bytes()).map_err(|error| BillError::Base64(error.to_string()))?;
    let mut unpacked = Vec::new();
    let mut limited = ZlibDecoder::new(packed.as_slice()).take(MOST_BYTES.saturating_add(1));
    limited.read_to_end(&mut unpacked).map_err(|error| BillError::Damaged(error.to_string()))?;
    within(unpacked)
}

/// What the ZIP holds.
pub fn unpack(zip: &[u8]) -> Result<Members, BillError> {
    let damaged = |error: zip::result::ZipError| BillError::Damaged(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(damaged)?;
    let mut members = Members::default();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(damaged)?;
        let name = member.name().map_err(damaged)?.into_owned();
        if !name.contains("ZM_") && !name.contains("ZME_") {
            members.others.push(name);
            continue;
        }
        let mut bytes = Vec::new();
        let mut limited = (&mut member).take(MOST_BYTES.saturating_add(1));
        limited.read_to_end(&mut bytes).map_err(|error| BillError::Damaged(format!("{name}: {error}")))?;
        let bytes = within(bytes)?;
        if name.contains("ZME_") { members.zme.push((name, bytes)) } else { members.zm.push((name, bytes)) }
    }
    if members.zm.is_empty() && members.zme.is_empty() {
        return Err(BillError::Empty(members.others.join(", ")));
    }
    Ok(members)
}

fn within(bytes: Vec<u8>) -> Result<Vec<u8>, BillError> {
    let long = u64::try_from(bytes.len()).map_or(true, |length| length > MOST_BYTES);
    if long { Err(BillError::Large) } else { Ok(bytes) }
}
