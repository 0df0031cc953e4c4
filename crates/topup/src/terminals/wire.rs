use std::collections::VecDeque;
use std::time::Duration;

use link::{Done, End, FromTerminal, Script, ToTerminal};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// Messages that wait while a script runs: far more than readers can produce in its seconds.
const MOST_WAITING: usize = 256;

/// The server's end of a terminal's connection: texts in, texts out.
#[derive(Debug)]
pub(crate) struct Wire {
    incoming: mpsc::Receiver<String>,
    outgoing: mpsc::Sender<String>,
    /// What came while a script's answer was awaited.
    waiting: VecDeque<FromTerminal>,
    /// Scripts sent so far.
    scripts: u64,
}

/// Why an answer did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The message certainly never left this process.
    NotSent,
    /// The connection is gone; the message may or may not have arrived.
    Link,
    /// The connection stands but nothing came in time.
    Silent,
    /// Something came that breaks the rules.
    Malformed(String),
}

impl Wire {
    pub(crate) fn new(incoming: mpsc::Receiver<String>, outgoing: mpsc::Sender<String>) -> Self {
        Self { incoming, outgoing, waiting: VecDeque::new(), scripts: 0 }
    }

    /// Hands a message to the connection.
    pub(crate) async fn send(&self, message: &ToTerminal) -> Result<(), Lost> {
        self.outgoing.send(message.to_text()).await.map_err(|_| Lost::NotSent)
    }

    /// The next message, in order of arrival. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> Result<FromTerminal, Lost> {
        match self.waiting.pop_front() {
            Some(message) => Ok(message),
            None => self.receive().await,
        }
    }

    pub(crate) async fn next_within(&mut self, limit: Duration) -> Result<FromTerminal, Lost> {
        timeout(limit, self.next()).await.unwrap_or(Err(Lost::Silent))
    }

    /// Runs a script and waits for its end; what else arrives meanwhile is kept for [`Self::next`].
    pub(crate) async fn run(&mut self, script: Script, limit: Duration) -> Result<Done, Lost> {
        let id = script.id.clone();
        self.scripts = self.scripts.saturating_add(1);
        let began = Instant::now();
        self.send(&ToTerminal::Run(script)).await?;
        let done = timeout(limit, self.end_of(&id)).await.unwrap_or(Err(Lost::Silent));
        metrics::histogram!("jichong_script_seconds", "end" => word(&done)).record(began.elapsed());
        done
    }

    /// How many scripts were sent so far: while one runs, nothing else is taken from the wire.
    pub(crate) const fn scripts(&self) -> u64 {
        self.scripts
    }

    async fn end_of(&mut self, id: &str) -> Result<Done, Lost> {
        loop {
            let message = self.receive().await?;
            if let FromTerminal::Done(done) = &message
                && done.script == id
            {
                return Ok(done.clone());
            }
            if self.waiting.len() >= MOST_WAITING {
                return Err(Lost::Malformed(format!("more than {MOST_WAITING} messages during one script")));
            }
            self.waiting.push_back(message);
        }
    }

    async fn receive(&mut self) -> Result<FromTerminal, Lost> {
        let text = self.incoming.recv().await.ok_or(Lost::Link)?;
        FromTerminal::parse(&text).map_err(|malformed| Lost::Malformed(malformed.0))
    }
}

/// How a script ended, for the metrics.
const fn word(done: &Result<Done, Lost>) -> &'static str {
    match done {
        Ok(Done { end: End::Completed, .. }) => "completed",
        Ok(Done { end: End::Unexpected, .. }) => "unexpected",
        Ok(Done { end: End::Removed, .. }) => "removed",
        Ok(Done { end: End::TimedOut, .. }) => "timed_out",
        Ok(Done { end: End::Busy, .. }) => "busy",
        Ok(Done { end: End::NoSuchTap, .. }) => "no_such_tap",
        Ok(Done { end: End::Interrupted, .. }) => "interrupted",
        Err(Lost::Silent) => "silent",
        Err(Lost::NotSent | Lost::Link | Lost::Malformed(_)) => "lost",
    }
}
