//! The terminal and the cards as people run them.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::kill::server::{Place, program};

/// How long a program may take to say something.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that runs until this is dropped.
struct Program {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Program {
    fn start(arguments: &[&str], log: &Path) -> Self {
        let log = File::options().append(true).create(true).open(log).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_jichong"));
        command.env_clear().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("the program starts");
        let (input, output) = (child.stdin.take().expect("an input"), child.stdout.take().expect("an output"));
        let (said, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody may listen any more.
                said.send(line).ok();
            }
        });
        Self { child, input, lines }
    }

    /// Waits until it says these words.
    fn hears(&self, words: &str) {
        let until = Instant::now() + PATIENCE;
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(words) => return,
                Ok(line) => said.push(line),
                Err(error) => panic!("{words:?} was not said ({error}), only {said:?}"),
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// `jichong terminal run`, enrolled.
pub(super) struct Terminal(Program);

impl Terminal {
    pub(super) fn start(place: &Place, number: &str) -> Self {
        let code = place.add_terminal(number);
        let state = place.folder().join("terminal");
        let state = state.to_str().expect("a path");
        program(&["terminal", "enrol", "--server", &place.url, "--code", &code, "--state", state], "");
        let arguments = ["terminal", "run", "--server", &place.url, "--state", state];
        Self(Program::start(&arguments, &place.folder().join("terminal.log")))
    }

    pub(super) fn hears(&mut self, words: &str) {
        self.0.hears(words);
    }
}

/// `jichong card run`.
pub(super) struct Card(Program);

impl Card {
    /// A card that remembers in `folder`.
    pub(super) fn put_down(folder: &Path, number: &str, vpcd: &str) -> Self {
        let memory = folder.join(format!("{number}.json"));
        let memory = memory.to_str().expect("a path");
        let arguments = ["card", "run", "--card", number, "--vpcd", vpcd, "--memory", memory, "--class", "01"];
        Self(Program::start(&arguments, &folder.join("card.log")))
    }

    pub(super) fn hears(&mut self, words: &str) {
        self.0.hears(words);
    }

    /// Types a line.
    pub(super) fn types(&mut self, line: &str) {
        writeln!(self.0.input, "{line}").expect("typed");
    }
}
