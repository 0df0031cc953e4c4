use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use epurse::applications::Aid;
use epurse::file15::Layout;
use store::{Db, Micros};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use vault::Vault;

use crate::cards::{Application, Classes};
use crate::deposits::{Terms, Till};
use crate::loads::book::Book;
use crate::people::{Doorkeeper, WORK_KIB};
use crate::{Clock, Entropy, Ids, cards};

/// What every verb of the business needs. Cheap to clone.
#[derive(Clone)]
pub struct House {
    /// The database.
    pub db: Db,
    /// The hot path of loads.
    pub book: Arc<Book>,
    /// The card keys.
    pub vault: Arc<dyn Vault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// New ids.
    pub ids: Ids,
    /// What may be charged to which cards.
    pub classes: Arc<Classes>,
    /// Slows down who guesses passwords.
    pub doorkeeper: Arc<Doorkeeper>,
    /// The bounds of time.
    pub settings: Settings,
    /// The gateway that groups pay through; none where they cannot.
    pub till: Option<Till>,
    /// Asked to stop: no new work is taken up.
    stopping: CancellationToken,
    /// Connections of terminals that are being attended.
    attended: TaskTracker,
}

/// What an installation can set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The applications that cards of this issuer may have, tried in this order.
    pub applications: Vec<Application>,
    /// How long a script may take at the terminal: Windows resets a card that sat idle in a transaction for 5 s.
    pub script: Duration,
    /// How long the server waits for a script's answer before it gives up: the script's limit and a slow network.
    pub answer: Duration,
    /// How long a confirm waits to be taken up by the terminal before it is withdrawn.
    pub pick_up: Duration,
    /// How often everything that waits for a signal looks at the database anyway.
    pub poll: Duration,
    /// How long a terminal may be silent in the database before pages show it as gone: longer than the scripts that may
    /// run between two signs of life. A connection that ends is shown at once.
    pub silence: Duration,
    /// After this an authorised load is in doubt and a confirm that was taken up without a load has failed: the
    /// process that worked on it is gone. Longer than the whole of a load can take.
    pub abandoned: Duration,
    /// How long a page may be silent before its run charges no further card.
    pub watch: Duration,
    /// How long a run waits for a page, or for its terminal, before it ends.
    pub forsaken: Duration,
    /// How long a load in doubt waits for its card before it waits for people.
    pub card_patience: Duration,
    /// What the issuer sets about deposits.
    pub deposits: Terms,
    /// Work per password guess, in KiB of memory; lower only in tests.
    pub password_kib: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            applications: vec![
                Application { aid: Aid::CITY, directory: Some(Aid::CITY_DIRECTORY), layout: Layout::Mohurd },
                Application { aid: Aid::T_UNION, directory: None, layout: Layout::TUnion },
            ],
            script: Duration::from_secs(4),
            answer: Duration::from_secs(7),
            pick_up: Duration::from_secs(5),
            poll: Duration::from_secs(1),
            silence: Duration::from_secs(20),
            abandoned: Duration::from_secs(30),
            watch: Duration::from_secs(15),
            forsaken: Duration::from_mins(5),
            card_patience: Duration::from_hours(24),
            deposits: Terms::default(),
            password_kib: WORK_KIB,
        }
    }
}

impl House {
    /// Opens the house on a database whose schema is up to date.
    pub async fn open(
        db: Db,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        settings: Settings,
    ) -> Result<Self, store::Error> {
        let mut tx = db.begin().await?;
        cards::seed_classes(&mut tx).await?;
        let classes = Arc::new(cards::load_classes(&mut tx).await?);
        tx.commit().await?;
        Ok(Self {
            book: Arc::new(Book::start(&db)),
            ids: Ids::new(Arc::clone(&clock), &*entropy),
            doorkeeper: Arc::new(Doorkeeper::new(&*entropy, settings.password_kib)),
            till: None,
            stopping: CancellationToken::new(),
            attended: TaskTracker::new(),
            db,
            vault,
            clock,
            entropy,
            classes,
            settings,
        })
    }

    /// With the gateway that groups pay through.
    #[must_use]
    pub fn with_till(self, till: Till) -> Self {
        Self { till: Some(till), ..self }
    }

    /// Takes up no new work and waits until the loads in flight have ended and the terminals are let go.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.attended.close();
        self.attended.wait().await;
    }

    /// Resolves once [`Self::stop`] was called.
    pub async fn stopped(&self) {
        self.stopping.cancelled().await;
    }

    /// Does `work` every so often for as long as the house stands. What goes wrong is told, and the next time may go right.
    pub(crate) async fn every<F>(&self, pace: Duration, wrong: &'static str, work: impl Fn(Self) -> F)
    where
        F: Future<Output = Result<(), store::Error>>,
    {
        let mut tick = tokio::time::interval(pace);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stopped() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = work(self.clone()).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "{wrong}; the next look will");
            }
        }
    }

    /// Says that there is news about `topic`. Best effort: whoever waits for it also looks by itself.
    pub(crate) async fn signal(&self, topic: &str) {
        if let Err(error) = self.db.signal(topic).await {
            tracing::warn!(error = &error as &dyn std::error::Error, topic, "a signal was not sent");
        }
    }

    /// Counts a terminal's connection as attended for as long as the token lives.
    pub(crate) fn attending(&self) -> TaskTrackerToken {
        self.attended.token()
    }

    /// Now.
    pub fn now(&self) -> Micros {
        self.clock.now()
    }

    /// The moment `before` now.
    pub(crate) fn ago(&self, before: Duration) -> Micros {
        Micros(self.now().0.saturating_sub(i64::try_from(before.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The day in Beijing, `YYYY-MM-DD`.
    pub(crate) fn today(&self) -> String {
        beijing(self.now()).map_or_else(String::new, |now| now.date().to_string())
    }

    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("House").finish_non_exhaustive()
    }
}

/// A moment on the wall clocks of China: UTC+8, no summer time.
pub(crate) fn beijing(at: Micros) -> Option<jiff::civil::DateTime> {
    let utc = jiff::Timestamp::from_microsecond(at.0).ok()?;
    Some(jiff::tz::offset(8).to_datetime(utc))
}
