//! The terminal's folder: its key, its journal, the disk under them. Read only, also while a terminal runs on it.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::seen::{DiskSeen, Folder, IdentitySeen, JournalSeen};
use crate::identity::Identity;
use crate::{Error, JOURNAL_FILE, ServerAddress, durable, journal};

/// What lies in the folder.
pub(super) struct Looked {
    pub(super) seen: Folder,
    pub(super) identity: Option<Identity>,
    pub(super) server: Option<ServerAddress>,
}

/// Looks at a terminal's folder.
pub(super) fn look(path: &Path) -> Looked {
    let (identity_seen, identity, server) = identity(path);
    let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let seen = Folder {
        path: shown.display().to_string(),
        running: durable::is_locked(path),
        identity: identity_seen,
        journal: match journal::owed(&path.join(JOURNAL_FILE)) {
            Ok(None) => JournalSeen::None,
            Ok(Some(owed)) => JournalSeen::Good { owed },
            Err(error) if forbidden(&error) => JournalSeen::Forbidden,
            Err(error) => JournalSeen::Damaged { why: error.to_string() },
        },
        disk: disk(path),
    };
    Looked { seen, identity, server }
}

fn identity(path: &Path) -> (IdentitySeen, Option<Identity>, Option<ServerAddress>) {
    match Identity::look(path) {
        Ok(look) => match look.enrolled {
            Some((enrolled, identity)) => {
                let open_to = open_to(&Identity::file(path));
                let seen = IdentitySeen::Enrolled { number: enrolled.terminal, name: enrolled.name, open_to };
                (seen, Some(identity), look.server)
            }
            None if look.pending => (IdentitySeen::Pending, None, None),
            None => (IdentitySeen::None, None, None),
        },
        Err(error) if forbidden(&error) => (IdentitySeen::Forbidden, None, None),
        Err(error) => (IdentitySeen::Damaged { why: error.to_string() }, None, None),
    }
}

fn forbidden(error: &Error) -> bool {
    matches!(error, Error::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied)
}

/// The permissions of a file that others than its user may read or write; on systems with other rules, nothing.
fn open_to(file: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().ok()?.permissions().mode();
        (mode & 0o077 != 0).then(|| format!("{:03o}", mode & 0o777))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        None
    }
}

/// Whether a file can be made there, and how much room is left.
fn disk(path: &Path) -> DiskSeen {
    if !path.is_dir() {
        return DiskSeen::None;
    }
    match NamedTempFile::new_in(path) {
        Ok(_) => DiskSeen::Writable { free_bytes: fs4::available_space(path).ok() },
        Err(error) => DiskSeen::Unwritable { why: error.to_string() },
    }
}
