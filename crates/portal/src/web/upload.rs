//! A file that somebody sends with a form.

use axum::extract::multipart::{Multipart, MultipartError};
use axum::http::StatusCode;
use topup::lines;

use super::problem::Problem;
use crate::words::{Lang, say};

/// The most that an upload may send, in bytes: a gateway's file of 50,000 payments.
pub(crate) const UPLOAD_LIMIT: usize = LIMIT_MIB * 1024 * 1024;
/// The same in MiB, as it is said.
const LIMIT_MIB: usize = 32;
/// The most fields of a form with a file.
const MOST_FIELDS: usize = 20;

/// What was sent.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    /// The file's name as the browser told it.
    pub(crate) name: String,
    /// The file; empty if none was chosen.
    pub(crate) bytes: Vec<u8>,
    fields: Vec<(String, String)>,
}

/// Why it was not read.
#[derive(Debug)]
pub(crate) enum NoUpload {
    /// More than [`UPLOAD_LIMIT`].
    Large,
    /// The request makes no sense.
    Malformed,
}

impl Upload {
    /// Reads all of it.
    pub(crate) async fn read(mut form: Multipart) -> Result<Self, NoUpload> {
        let mut upload = Self::default();
        let mut fields = 0_usize;
        while let Some(field) = form.next_field().await? {
            fields = fields.saturating_add(1);
            if fields > MOST_FIELDS {
                return Err(NoUpload::Malformed);
            }
            let name = field.name().unwrap_or_default().to_owned();
            if let Some(file) = field.file_name() {
                upload.name = file.chars().filter(|one| !one.is_control()).collect();
                upload.bytes = field.bytes().await?.to_vec();
            } else {
                let value = field.text().await?;
                if lines::control(&value).is_some() {
                    return Err(NoUpload::Malformed);
                }
                upload.fields.push((name, value));
            }
        }
        Ok(upload)
    }

    /// The value of a field beside the file.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }
}

impl From<MultipartError> for NoUpload {
    fn from(error: MultipartError) -> Self {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Self::Large } else { Self::Malformed }
    }
}

impl NoUpload {
    /// What is wrong, for the page that asked for the file.
    pub(crate) fn words(self, lang: Lang) -> Result<String, Problem> {
        match self {
            Self::Large => Ok(say!(lang, "upload-large", most = LIMIT_MIB)),
            Self::Malformed => Err(Problem::Malformed),
        }
    }
}
