//! Python's xlsxwriter, in a folder of its own that goes with the benchmark.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Deserialize;
use tempfile::TempDir;

use crate::exports::Made;

/// The release that is measured against.
const RELEASE: &str = "xlsxwriter==3.3.1";

const SCRIPT: &str = include_str!("xlsx.py");

/// An interpreter that has it.
#[derive(Debug)]
pub(crate) struct Python {
    folder: TempDir,
}

#[derive(Deserialize)]
struct Told {
    rows: i64,
    bytes: u64,
    seconds: f64,
    peak_kib: u64,
}

impl Python {
    /// Installs it from `PyPI`.
    pub(crate) fn install() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let python = Self { folder };
        run(Command::new("python3").args(["-m", "venv"]).arg(python.folder.path()))?;
        run(Command::new(python.program()).args(["-m", "pip", "install", "--quiet", RELEASE]))?;
        Ok(python)
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("bin").join("python")
    }

    /// Writes the rows of a CSV that we made into a workbook.
    pub(crate) fn write(&self, csv: &Path, target: &Path) -> Result<Made> {
        let told = run(Command::new(self.program()).args(["-c", SCRIPT]).arg(csv).arg(target))?;
        let Told { rows, bytes, seconds, peak_kib } = serde_json::from_slice(&told)?;
        Ok(Made::new(rows, bytes, Duration::from_secs_f64(seconds), peak_kib))
    }
}

fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output()?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}
