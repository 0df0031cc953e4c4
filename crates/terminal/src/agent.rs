//! The terminal at work: keeps one connection to the server and serves it.

use std::sync::Arc;
use std::time::Duration;

use link::{FromTerminal, Reader, Refusal, ToTerminal};
use rand::CryptoRng;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::clock::ServerTime;
use crate::connection::{Connection, Over, out_of_place};
use crate::identity::Identity;
use crate::journal::SharedJournal;
use crate::runner::Runner;
use crate::{Health, ServerAddress, Status, backoff};

/// The wait after a refusal that a person has to mend first.
const REFUSED_WAIT: Duration = Duration::from_mins(1);

/// How long a stopping terminal waits for the script that is running.
const LAST_SCRIPT_LIMIT: Duration = Duration::from_secs(30);

/// Everything a running terminal has.
pub(crate) struct Agent {
    pub(crate) server: ServerAddress,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) identity: Identity,
    pub(crate) boot: String,
    pub(crate) readers: watch::Receiver<Vec<Reader>>,
    pub(crate) health: watch::Receiver<Health>,
    pub(crate) runner: Runner,
    pub(crate) journal: SharedJournal,
    pub(crate) entropy: Box<dyn CryptoRng + Send>,
    pub(crate) status: watch::Sender<Status>,
    /// The server's time as it was heard last on this connection.
    pub(crate) server_time: Option<ServerTime>,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Agent {
    /// Connects, serves and connects again until told to stop; then ends the script in flight.
    pub(crate) async fn work(mut self) {
        let mut failures = 0_u32;
        while !*self.stop.borrow() {
            let mut stop = self.stop.clone();
            let connecting = Connection::open(&self.server, &self.tls, &self.identity, &self.boot);
            let opened = tokio::select! {
                opened = connecting => opened,
                () = stopped(&mut stop) => break,
            };
            let over = match opened {
                Ok(connection) => {
                    failures = 0;
                    self.serve(connection).await
                }
                Err(over) => Some(over),
            };
            let Some(over) = over else { break };
            failures = failures.saturating_add(1);
            let wait = self.after(over, failures);
            tokio::select! {
                () = sleep(wait) => {}
                () = stopped(&mut stop) => break,
            }
        }
        // Only runs here if the connection was lost; its result is in the journal for the next start.
        self.last_script().await;
        self.status.send_replace(Status::Stopped);
    }

    /// Serves a welcomed connection to its end; nothing means that we stop.
    async fn serve(&mut self, mut connection: Connection) -> Option<Over> {
        tracing::info!(name = connection.name, server = %self.server, "connected");
        self.status.send_replace(Status::Connected { name: connection.name.clone() });
        self.server_time = None;
        match self.serve_until_stopped(&mut connection).await {
            Ok(()) => {
                connection.close().await;
                None
            }
            Err(over) => {
                connection.close_for(&over).await;
                Some(over)
            }
        }
    }

    async fn serve_until_stopped(&mut self, connection: &mut Connection) -> Result<(), Over> {
        let mut told = self.readers.borrow_and_update().clone();
        // What is owed comes before the cards: it may settle a doubt that a card would be asked about again.
        for done in self.journal.read(crate::journal::Journal::unacknowledged) {
            connection.say(&FromTerminal::Done(done)).await?;
        }
        connection.say(&FromTerminal::Readers { readers: told.clone() }).await?;
        let mut stop = self.stop.clone();
        loop {
            tokio::select! {
                () = stopped(&mut stop) => break,
                message = connection.hear() => self.obey(connection, message?).await?,
                () = turned(&mut self.health) => self.tell_health(connection, None).await?,
                done = self.runner.finished() => connection.say(&FromTerminal::Done(done)).await?,
                changed = self.readers.changed() => {
                    if changed.is_err() {
                        // The source of cards is gone for good: only a stop can follow.
                        stopped(&mut stop).await;
                        break;
                    }
                    let now = self.readers.borrow_and_update().clone();
                    self.runner.let_go(&now);
                    for news in changes(&told, &now) {
                        connection.say(&news).await?;
                    }
                    told = now;
                }
            }
        }
        if let Some(done) = self.last_script().await {
            connection.say(&FromTerminal::Done(done)).await?;
        }
        Ok(())
    }

    async fn obey(&mut self, connection: &mut Connection, message: ToTerminal) -> Result<(), Over> {
        match message {
            ToTerminal::Run(script) => match self.runner.run(script).await {
                Some(done) => connection.say(&FromTerminal::Done(done)).await,
                None => Ok(()),
            },
            ToTerminal::Ack { script } => {
                // A failure is logged; the result will be sent, and acknowledged, once more.
                self.journal.write(move |journal| journal.acknowledge(&script)).await.ok();
                Ok(())
            }
            ToTerminal::Check { at_us } => {
                self.server_time = Some(ServerTime::heard(at_us));
                self.tell_health(connection, Some(at_us)).await
            }
            other @ (ToTerminal::Challenge { .. } | ToTerminal::Welcome { .. } | ToTerminal::Refused { .. }) => {
                Err(out_of_place(&other))
            }
        }
    }

    /// Says how this terminal is, once the server's time is known.
    async fn tell_health(&mut self, connection: &mut Connection, answers: Option<i64>) -> Result<(), Over> {
        let Some(server_time) = self.server_time else { return Ok(()) };
        // The result of a script that runs is not in the journal yet.
        let unacknowledged = self.journal.read(|journal| journal.unacknowledged().len());
        let health = link::Health {
            answers,
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            clock_ms: server_time.ahead_ms(),
            readers: (*self.health.borrow_and_update()).into(),
            unacknowledged: u32::try_from(unacknowledged).unwrap_or(u32::MAX),
        };
        connection.say(&FromTerminal::Health(health)).await
    }

    async fn last_script(&mut self) -> Option<link::Done> {
        if !self.runner.is_running() {
            return None;
        }
        tokio::time::timeout(LAST_SCRIPT_LIMIT, self.runner.finished()).await.ok()
    }

    /// Says why there is no connection, and how long to wait before the next attempt.
    fn after(&mut self, over: Over, failures: u32) -> Duration {
        let jitter = self.entropy.next_u32();
        let (status, ceiling) = match over {
            Over::Refused(
                why @ (Refusal::Unknown | Refusal::Version | Refusal::Signature | Refusal::Replaced),
                text,
            ) => {
                tracing::error!(?why, text, "the server does not let this terminal in");
                (Status::Refused { why, text }, Some(REFUSED_WAIT))
            }
            Over::Refused(Refusal::TryAgain | Refusal::Malformed, text) => (Status::Waiting { why: text }, None),
            Over::Malformed(what) => (Status::Waiting { why: format!("the server makes no sense: {what}") }, None),
            Over::Lost(why) => (Status::Waiting { why }, None),
        };
        let wait = ceiling.map_or_else(|| backoff::after(failures, jitter), |ceiling| backoff::spread(ceiling, jitter));
        if let Status::Waiting { why } = &status {
            tracing::warn!(why, ?wait, "not connected; trying again");
        }
        self.status.send_replace(status);
        wait
    }
}

/// What to tell of a change on the readers.
fn changes(before: &[Reader], now: &[Reader]) -> Vec<FromTerminal> {
    let names = |readers: &[Reader]| readers.iter().map(|reader| reader.name.clone()).collect::<Vec<_>>();
    if names(before) != names(now) {
        return vec![FromTerminal::Readers { readers: now.to_vec() }];
    }
    let changed = before.iter().zip(now).filter(|(before, now)| before.tap != now.tap);
    changed
        .flat_map(|(before, now)| {
            let removed = before.tap.as_ref().map(|tap| FromTerminal::Removed { tap: tap.tap });
            removed.into_iter().chain(now.tap.clone().map(FromTerminal::Inserted))
        })
        .collect()
}

/// Waits until the health of the readers changes; for ever if it cannot.
async fn turned(health: &mut watch::Receiver<Health>) {
    if health.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits until told to stop, or until nobody is left who could tell.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the handle was dropped.
    stop.wait_for(|stop| *stop).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use link::Tap;

    fn reader(name: &str, tap: Option<u64>) -> Reader {
        let tap = tap.map(|tap| Tap { tap, reader: name.to_owned(), atr: vec![0x3B].into() });
        Reader { name: name.to_owned(), tap }
    }

    #[test]
    fn changes_are_told_as_they_are() {
        let check = |before: &[Reader], now: &[Reader], told: &[&str]| {
            let news: Vec<String> = changes(before, now).iter().map(FromTerminal::to_text).collect();
            assert_eq!(news.len(), told.len(), "{news:?}");
            assert!(news.iter().zip(told).all(|(news, told)| news.contains(told)), "{news:?}");
        };
        check(&[reader("a", None)], &[reader("a", None)], &[]);
        check(&[reader("a", None)], &[reader("a", Some(1))], &["inserted"]);
        check(&[reader("a", Some(1))], &[reader("a", None)], &[r#"removed","tap":1"#]);
        check(&[reader("a", Some(1))], &[reader("a", Some(2))], &[r#"removed","tap":1"#, "inserted"]);
        check(&[reader("a", Some(1))], &[], &[r#""readers":[]"#]);
        check(&[reader("a", Some(1)), reader("b", None)], &[reader("a", Some(1)), reader("b", Some(2))], &["inserted"]);
    }
}
