//! `jichong manual FOLDER`: man pages and shell completions, from the same words as `--help`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;

#[cfg(test)]
mod tests;

/// Where each shell looks for what others install, below a `share` folder.
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions"),
    (Shell::Zsh, "zsh/site-functions"),
    (Shell::Fish, "fish/vendor_completions.d"),
];

/// Writes a page for every command and the completions of every shell.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let pages = made(folder, "man/man1")?;
    clap_mangen::generate_to(Cli::command(), &pages)
        .with_context(|| format!("the man pages cannot be written into {}", pages.display()))?;
    for (shell, place) in COMPLETIONS {
        let place = made(folder, place)?;
        clap_complete::generate_to(shell, &mut Cli::command(), "jichong", &place)
            .with_context(|| format!("the completions for {shell} cannot be written into {}", place.display()))?;
    }
    Ok(())
}

fn made(folder: &Path, place: &str) -> Result<std::path::PathBuf> {
    let path = folder.join(place);
    fs::create_dir_all(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    Ok(path)
}
