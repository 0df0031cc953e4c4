//! Windows.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};
use tokio::signal::windows;

/// Resolves when this process is asked to stop: by the keyboard, the window, the end of the session or of Windows.
pub(crate) async fn told_to_stop() -> Result<()> {
    let waited = "the console's events cannot be waited for";
    let (mut key, mut pause) = (windows::ctrl_c().context(waited)?, windows::ctrl_break().context(waited)?);
    let (mut window, mut shutdown) =
        (windows::ctrl_close().context(waited)?, windows::ctrl_shutdown().context(waited)?);
    let mut session = windows::ctrl_logoff().context(waited)?;
    tokio::select! {
        _ = key.recv() => {}
        _ = pause.recv() => {}
        _ = window.recv() => {}
        _ = session.recv() => {}
        _ = shutdown.recv() => {}
    }
    Ok(())
}

/// On Windows a file takes its rights from its folder and has no bits that could be looked at: the guide tells how to
/// close the folder (`icacls`), and nothing is checked here.
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on unix, where it can refuse")]
pub(crate) fn closed_to_others(_file: &File, _path: &Path, _what: &str) -> Result<()> {
    Ok(())
}
