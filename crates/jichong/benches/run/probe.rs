//! What the disk costs by itself.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::report::{Figures, ms};

/// How often it is asked: as often as a run has cards.
const TRIES: usize = 200;
/// What is written each time: about an entry of the terminal's journal.
const BYTES: usize = 256;

/// How long a small write to the disk below the temporary folder takes to be durable.
pub(crate) struct Probe(Figures);

/// Appends and syncs, one after the other.
pub(crate) fn probe() -> Result<Probe> {
    let mut file = tempfile::tempfile()?;
    let mut times: Vec<Duration> = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        let began = Instant::now();
        file.write_all(&[0x5a; BYTES])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    Ok(Probe(Figures::of(&mut times)))
}

impl Probe {
    pub(crate) fn print(&self) {
        let Figures { median, p95 } = self.0;
        println!("fsync probe: {BYTES} bytes appended and durable in {} ms (p95 {} ms)", ms(median), ms(p95));
    }
}
