//! How one process tells another that something happened.
//!
//! A signal is a topic and nothing else: "look at the database, there is news about this". On PostgreSQL it travels by
//! NOTIFY on the server, on SQLite inside the process. It is sent after the commit that made the news, never inside it:
//! a NOTIFY in a transaction takes a lock that lets only one of them commit at a time in the whole database.
//!
//! A signal can be lost: with a connection, or with a listener that is too slow. So whoever listens also looks by
//! itself every second; a lost signal costs a second, never a load.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::OnceCell;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{Db, Result};

/// The channel of PostgreSQL that carries all topics.
const CHANNEL: &str = "jichong";

/// Signals a listener may fall behind before it is told [`Signal::Lost`]; a second's worth on a busy server.
const BACKLOG: usize = 4_096;

/// How long to wait before asking a server again that is away.
const AWAY: Duration = Duration::from_secs(1);

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// There is news about this topic.
    Topic(Arc<str>),
    /// Some signals may have been lost: look at everything.
    Lost,
}

impl Signal {
    /// Whether whoever watches `topic` should look now.
    pub fn concerns(&self, topic: &str) -> bool {
        match self {
            Self::Topic(news) => &**news == topic,
            Self::Lost => true,
        }
    }
}

/// Hears every topic signalled by any process on the same database.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<Signal>);

#[derive(Clone, Debug)]
pub(crate) struct Signals {
    heard: broadcast::Sender<Signal>,
    notify: Option<PgPool>,
    /// Set once the one task that hears the server's notifications runs.
    hearing: Arc<OnceCell<()>>,
}

impl Db {
    /// Tells every listener, in every process, that there is news about `topic`. Best effort; see the module.
    pub async fn signal(&self, topic: &str) -> Result<()> {
        if let Some(pool) = &self.signals.notify {
            sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(topic).execute(pool).await?;
        } else {
            self.signals.hear(Signal::Topic(topic.into()));
        }
        Ok(())
    }

    /// Starts to listen: every signal sent after this returns is heard.
    pub async fn listen(&self) -> Result<Listener> {
        let listener = Listener(self.signals.heard.subscribe());
        if let Some(pool) = &self.signals.notify {
            self.signals.hearing.get_or_try_init(|| hear_notifications(pool, self.signals.heard.clone())).await?;
        }
        Ok(listener)
    }
}

impl Listener {
    /// The next signal.
    pub async fn next(&mut self) -> Signal {
        match self.0.recv().await {
            Ok(signal) => signal,
            Err(RecvError::Lagged(_)) => Signal::Lost,
            // The database is closed: there will be no news.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Signals {
    pub(crate) fn in_process() -> Self {
        Self { heard: broadcast::channel(BACKLOG).0, notify: None, hearing: Arc::default() }
    }

    pub(crate) fn by_notify(pool: PgPool) -> Self {
        Self { notify: Some(pool), ..Self::in_process() }
    }

    fn hear(&self, signal: Signal) {
        // Nobody listening is not an error.
        self.heard.send(signal).ok();
    }
}

/// Starts the one task of this process that hears the server; it lives until the pool is closed.
async fn hear_notifications(pool: &PgPool, heard: broadcast::Sender<Signal>) -> Result<()> {
    // A connection of its own: the pool's may all be busy.
    let options = pool.options().clone().max_connections(1).min_connections(0).idle_timeout(None).max_lifetime(None);
    let own = options.connect_lazy_with((*pool.connect_options()).clone());
    let mut server = PgListener::connect_with(&own).await?;
    server.ignore_pool_close_event(true);
    server.listen(CHANNEL).await?;
    let closed = pool.close_event();
    tokio::spawn(async move {
        let hear = async {
            loop {
                // It reconnects by itself, and says `None` when it had to.
                let signal = match server.try_recv().await {
                    Ok(Some(notification)) => Signal::Topic(notification.payload().into()),
                    Ok(None) => Signal::Lost,
                    Err(error) => {
                        tracing::warn!(%error, "no signals from the database");
                        tokio::time::sleep(AWAY).await;
                        Signal::Lost
                    }
                };
                heard.send(signal).ok();
            }
        };
        tokio::select! { () = hear => (), () = closed => () }
    });
    Ok(())
}
