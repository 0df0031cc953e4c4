//! Linux and its kin.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

/// What group and others may do.
const NOT_THE_OWNER: u32 = 0o077;
/// The same of a file that systemd hands to a service: its group bits are the mask of an access list that names the
/// service's user alone, and nobody else gets into its folder.
const NOT_A_CREDENTIAL: u32 = 0o037;

/// Resolves when this process is asked to stop.
pub(crate) async fn told_to_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be waited for")?;
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked.context("SIGINT cannot be waited for"),
        _ = terminate.recv() => Ok(()),
    }
}

/// Refuses a secret that others than its owner can read or change; `what` names it to people.
pub(crate) fn closed_to_others(file: &File, path: &Path, what: &str) -> Result<()> {
    let mode = file.metadata().with_context(|| format!("{} cannot be read", path.display()))?.permissions().mode();
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.starts_with(folder));
    if mode & if credential { NOT_A_CREDENTIAL } else { NOT_THE_OWNER } != 0 {
        bail!(
            "{what} in {0} is open to others than its owner (mode {1:03o}); run: chmod 600 {0}",
            path.display(),
            mode & 0o777
        );
    }
    Ok(())
}
