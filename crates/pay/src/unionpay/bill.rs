//! The daily file: base64 of zlib of a ZIP, in which `…ZM_merchant` lists what was done and `…ZME_merchant` what went
//! wrong.

use std::io::{Cursor, Read};

use data_encoding::BASE64;
use flate2::read::ZlibDecoder;
use zip::ZipArchive;

/// The most bytes that a file may grow to, all members together: some 400,000 payments.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// The most bytes that come out for one that goes in. Lines are mostly spaces; what packs better than this is no file.
const MOST_RATIO: u64 = 200;
/// A small file may grow to this in any case.
const SMALL_BYTES: u64 = 1024 * 1024;
/// The most members of a ZIP: a day has one or two that we read, and a few beside them.
const MOST_MEMBERS: usize = 8;

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
    #[error("the file grows beyond {0} bytes")]
    Large(u64),
    /// More members than a day has.
    #[error("the file has {0} members; {MOST_MEMBERS} at most are expected")]
    Members(usize),
    /// A ZIP without what it is for.
    #[error("the file has no member whose name contains \"ZM_\" or \"ZME_\"; it has: {0}")]
    Empty(String),
}

/// The ZIP in a field `fileContent`.
pub fn inflate(content: &str) -> Result<Vec<u8>, BillError> {
    let packed = BASE64.decode(content.trim().as_bytes()).map_err(|error| BillError::Base64(error.to_string()))?;
    Budget::of(&packed).read(ZlibDecoder::new(packed.as_slice()), "fileContent")
}

/// What the ZIP holds.
pub fn unpack(zip: &[u8]) -> Result<Members, BillError> {
    let damaged = |error: zip::result::ZipError| BillError::Damaged(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(damaged)?;
    if archive.len() > MOST_MEMBERS {
        return Err(BillError::Members(archive.len()));
    }
    let (mut members, mut budget) = (Members::default(), Budget::of(zip));
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(damaged)?;
        let name = member.name().map_err(damaged)?.into_owned();
        if !name.contains("ZM_") && !name.contains("ZME_") {
            members.others.push(name);
            continue;
        }
        let bytes = budget.read(member, &name)?;
        if name.contains("ZME_") { members.zme.push((name, bytes)) } else { members.zm.push((name, bytes)) }
    }
    if members.zm.is_empty() && members.zme.is_empty() {
        return Err(BillError::Empty(members.others.join(", ")));
    }
    Ok(members)
}

/// How many bytes may still come out.
struct Budget {
    most: u64,
    left: u64,
}

impl Budget {
    fn of(packed: &[u8]) -> Self {
        let packed = u64::try_from(packed.len()).unwrap_or(u64::MAX);
        let most = packed.saturating_mul(MOST_RATIO).clamp(SMALL_BYTES, MOST_BYTES);
        Self { most, left: most }
    }

    fn read(&mut self, from: impl Read, name: &str) -> Result<Vec<u8>, BillError> {
        let mut bytes = Vec::new();
        let mut limited = from.take(self.left.saturating_add(1));
        limited.read_to_end(&mut bytes).map_err(|error| BillError::Damaged(format!("{name}: {error}")))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or(BillError::Large(self.most))?;
        Ok(bytes)
    }
}
