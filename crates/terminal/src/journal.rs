//! The terminal's own memory of scripts that may have changed a card's money.
//!
//! One JSON entry a line, appended and synced: *begun* before the first command is sent, *answered* after each answer
//! that is followed by another command, *ended* with the result before the server hears of it. A script found begun
//! but not ended was cut short by the end of the program: its result is [`End::Interrupted`] with the answers that
//! are known. Each id has one result for ever: what is in here is never executed a second time.
//!
//! The end of a file can be torn by a power cut, and such a line was never acted upon: it is cut off. Damage anywhere
//! else is refused, naming the line, because what it said may be about money.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use link::{Done, End, HexBytes};
use serde::{Deserialize, Serialize};

use crate::{Error, durable};

/// The file is written anew, without what is long acknowledged, when it has grown past this many entries.
const MAX_ENTRIES: usize = 1024;

/// How many acknowledged results are remembered when the file is written anew: a server repeats itself within
/// seconds, and a terminal runs about one load in three seconds.
const REMEMBERED: usize = 64;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Entry {
    /// About to send the first command.
    Begun { script: String },
    /// The card answered, and another command follows.
    Answered { script: String, answer: HexBytes },
    /// The script is over.
    Ended(Done),
    /// The server has taken the result.
    Acknowledged { script: String },
}

/// What is known of one script.
struct Record {
    id: String,
    answers: Vec<HexBytes>,
    done: Option<Done>,
    acknowledged: bool,
}

/// What the entries of a journal say together.
#[derive(Default)]
struct Memory {
    entries: usize,
    /// In the order in which they began.
    records: Vec<Record>,
}

/// What the journal at `path` owes the server, by the ids of its scripts, without touching it: another program may be
/// writing it. Nothing if there is no journal.
pub(crate) fn owed(path: &Path) -> Result<Option<Vec<String>>, Error> {
    let Some(bytes) = durable::read(path)? else { return Ok(None) };
    Ok(Some(Memory::read(path, whole(&bytes))?.owed()))
}

/// The lines that are whole: the last may have been torn by a power cut, or is being written.
fn whole(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1));
    bytes.get(..end).unwrap_or_default()
}

/// The journal, open for writing.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// How far the file is whole.
    length: u64,
    memory: Memory,
}

impl Journal {
    /// Opens the journal at `path`, ends what was interrupted and cuts off a torn end.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let bytes = durable::read(path)?.unwrap_or_default();
        let whole = whole(&bytes);
        if whole.len() < bytes.len() {
            tracing::warn!(path = %path.display(), "cut off the end of the journal, torn when the program stopped");
        }
        let memory = Memory::read(path, whole)?;
        let file = OpenOptions::new().create(true).write(true).truncate(false).open(path).map_err(Error::file(path))?;
        let length = u64::try_from(whole.len()).unwrap_or(u64::MAX);
        let mut journal = Self { path: path.to_owned(), file, length, memory };
        journal.end_interrupted()?;
        Ok(journal)
    }

    /// The result of a script that is not running, if it was ever begun.
    pub(crate) fn result(&self, script: &str) -> Option<Done> {
        let record = self.memory.records.iter().find(|record| record.id == script)?;
        Some(record.done.clone().unwrap_or_else(|| record.interrupted()))
    }

    /// Results that the server has not acknowledged, oldest first.
    pub(crate) fn unacknowledged(&self) -> Vec<Done> {
        self.memory
            .records
            .iter()
            .filter(|record| !record.acknowledged)
            .filter_map(|record| record.done.clone())
            .collect()
    }

    /// A script is about to be sent. When this fails nothing may be sent.
    pub(crate) fn begin(&mut self, script: &str) -> Result<(), Error> {
        self.append(Entry::Begun { script: script.to_owned() }, true)
    }

    /// The card answered, and another command follows.
    pub(crate) fn answer(&mut self, script: &str, answer: &HexBytes) -> Result<(), Error> {
        self.append(Entry::Answered { script: script.to_owned(), answer: answer.clone() }, true)
    }

    /// A script is over.
    pub(crate) fn end(&mut self, done: &Done) -> Result<(), Error> {
        self.append(Entry::Ended(done.clone()), true)
    }

    /// The server has taken a result. Losing this entry only means to send the result again.
    pub(crate) fn acknowledge(&mut self, script: &str) -> Result<(), Error> {
        if !self
            .memory
            .records
            .iter()
            .any(|record| record.id == script && record.done.is_some() && !record.acknowledged)
        {
            return Ok(());
        }
        self.append(Entry::Acknowledged { script: script.to_owned() }, false)?;
        if self.memory.entries > MAX_ENTRIES { self.compact() } else { Ok(()) }
    }

    /// Memory follows even when the disk fails: a result that could not be stored can still be sent.
    fn append(&mut self, entry: Entry, sync: bool) -> Result<(), Error> {
        let line = to_line(&entry);
        let known = self.memory.note(entry);
        debug_assert!(known.is_ok(), "{known:?}");
        self.write(&line, sync).map_err(Error::file(&self.path))
    }

    /// Writes at the whole file's end, so that a write that failed half-way is overwritten by the next.
    fn write(&mut self, line: &[u8], sync: bool) -> std::io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(line)?;
        if sync {
            self.file.sync_data()?;
        }
        self.length = self.length.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    fn end_interrupted(&mut self) -> Result<(), Error> {
        let open = self.memory.records.iter().filter(|record| record.done.is_none());
        let open: Vec<Done> = open.map(Record::interrupted).collect();
        open.iter().try_for_each(|done| {
            tracing::warn!(script = done.script, "was cut short when the program stopped; its outcome is open");
            self.end(done)
        })
    }

    fn compact(&mut self) -> Result<(), Error> {
        let acknowledged = self.memory.records.iter().filter(|record| record.acknowledged).count();
        let mut to_forget = acknowledged.saturating_sub(REMEMBERED);
        self.memory.records.retain(|record| {
            let forget = record.acknowledged && to_forget > 0;
            to_forget = to_forget.saturating_sub(usize::from(forget));
            !forget
        });
        let entries: Vec<Entry> = self.memory.records.iter().flat_map(Record::entries).collect();
        let bytes: Vec<u8> = entries.iter().flat_map(to_line).collect();
        durable::replace(&self.path, &bytes)?;
        self.file = OpenOptions::new().write(true).open(&self.path).map_err(Error::file(&self.path))?;
        self.length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.memory.entries = entries.len();
        Ok(())
    }
}

impl Memory {
    /// Reads whole lines.
    fn read(path: &Path, whole: &[u8]) -> Result<Self, Error> {
        let mut memory = Self::default();
        for (index, line) in whole.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let damaged = |what| Error::Damaged { path: path.to_owned(), line: index.saturating_add(1), what };
            let entry =
                serde_json::from_slice(line.trim_ascii_end()).map_err(|error| damaged(Error::of_json(&error)))?;
            memory.note(entry).map_err(damaged)?;
        }
        Ok(memory)
    }

    /// The scripts whose result the server has not acknowledged, oldest first; those that were not ended too.
    fn owed(&self) -> Vec<String> {
        self.records.iter().filter(|record| !record.acknowledged).map(|record| record.id.clone()).collect()
    }

    fn note(&mut self, entry: Entry) -> Result<(), String> {
        self.entries = self.entries.saturating_add(1);
        match entry {
            Entry::Begun { script } => drop(self.record(script)),
            Entry::Answered { script, answer } => self.known(&script)?.answers.push(answer),
            Entry::Ended(done) => {
                let record = self.record(done.script.clone());
                record.done = Some(done);
            }
            Entry::Acknowledged { script } => self.known(&script)?.acknowledged = true,
        }
        Ok(())
    }

    fn known(&mut self, script: &str) -> Result<&mut Record, String> {
        let found = self.records.iter_mut().find(|record| record.id == script);
        found.ok_or_else(|| format!("script {script} was never begun"))
    }

    /// The script's record, new if need be.
    fn record(&mut self, id: String) -> &mut Record {
        let index = self.records.iter().position(|record| record.id == id).unwrap_or_else(|| {
            self.records.push(Record { id, answers: Vec::new(), done: None, acknowledged: false });
            self.records.len().saturating_sub(1)
        });
        #[expect(clippy::indexing_slicing, reason = "the index was found or made one line above")]
        &mut self.records[index]
    }
}

impl Record {
    fn interrupted(&self) -> Done {
        Done { script: self.id.clone(), end: End::Interrupted, answers: self.answers.clone() }
    }

    /// The fewest entries that say the same.
    fn entries(&self) -> Vec<Entry> {
        let script = self.id.clone();
        match &self.done {
            Some(done) => std::iter::once(Entry::Ended(done.clone()))
                .chain(self.acknowledged.then_some(Entry::Acknowledged { script }))
                .collect(),
            None => std::iter::once(Entry::Begun { script: script.clone() })
                .chain(
                    self.answers
                        .iter()
                        .map(|answer| Entry::Answered { script: script.clone(), answer: answer.clone() }),
                )
                .collect(),
        }
    }
}

/// The journal as the tasks of a terminal share it; its file operations run where they may block.
#[derive(Clone)]
pub(crate) struct SharedJournal(Arc<Mutex<Journal>>);

impl SharedJournal {
    pub(crate) fn new(journal: Journal) -> Self {
        Self(Arc::new(Mutex::new(journal)))
    }

    /// Looks something up: no file operation.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Journal) -> T) -> T {
        look(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes; a failure is logged here, and the caller decides what it means.
    pub(crate) async fn write(
        &self,
        change: impl FnOnce(&mut Journal) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), NotWritten> {
        let journal = Arc::clone(&self.0);
        let written =
            tokio::task::spawn_blocking(move || change(&mut journal.lock().unwrap_or_else(PoisonError::into_inner)));
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(NotWritten::logged(&error)),
            Err(panic) => Err(NotWritten::logged(&panic)),
        }
    }
}

/// The journal could not be written; why is in the log.
#[derive(Debug)]
pub(crate) struct NotWritten;

impl NotWritten {
    fn logged(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "the journal cannot be written");
        Self
    }
}

fn to_line(entry: &Entry) -> Vec<u8> {
    // Plain texts and numbers cannot fail to serialise.
    let mut line = serde_json::to_vec(entry).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests;
