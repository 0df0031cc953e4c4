//! The group-commit queue: one durable commit for all who wait.
//!
//! While one batch is at work, requests wait; the next batch takes all that wait (bounded), does its work in one unit
//! of work, commits durably, then answers every caller. Nobody waits on purpose for company: a fixed wait of 1 ms
//! halved the throughput. A queue has a few workers, and all jobs of one key (a group) go to the same worker, so that a
//! busy group meets itself in one batch and not in a row lock. Several processes may each run such queues on one
//! PostgreSQL: what keeps them right is the locks that the batch takes in the database, not the queue.
//!
//! What a caller can rely on:
//!
//! - An answer means the work is durable.
//! - [`Error::CommitUnknown`] means that the connection broke during the commit: the job is done or it is not, and the
//!   caller looks it up by a key of its own. Any other error means that nothing was done.
//! - A job once taken is worked even if its caller has gone; a caller that goes hurts nobody else in the batch.
//! - A job that fails by its own fault fails alone: a batch that fails is run again job by job.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use metrics::{Histogram, histogram};
use sqlx::PgConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::{Db, Engine, Error, Result, Tx};

/// The most jobs in a batch. It bounds how long the first of them waits for the last, and the size of a statement;
/// larger ones gain little, since by then the commit is a small part of the work.
const BATCH: usize = 1_024;

/// Jobs that may wait for one worker before their callers wait to hand them in: a few batches, so that memory is bounded.
const WAITING: usize = 4 * BATCH;

/// Workers on PostgreSQL. While one waits for its fsync the other works; more of them only share the same processors.
const WORKERS: usize = 2;

/// How often a batch is tried while other units of work are in the way or the database is away.
const ATTEMPTS: u32 = 5;

/// The first pause before a database that was away is tried again; it doubles each time, 1.5 s in all.
const AWAY: Duration = Duration::from_millis(100);

/// What a queue does with the jobs it gathered.
pub trait Batch: Send + Sync + 'static {
    /// What a caller asks for.
    type Job: Send + Sync + 'static;
    /// What the caller is told.
    type Answer: Send + 'static;

    /// What a worker remembers from one batch to the next. It is forgotten whenever a batch fails, so it may be changed
    /// before the commit, and whenever there may be another server behind the connection.
    type Memory: Default + Send;

    /// The queue's name in the metrics.
    const NAME: &'static str;

    /// Jobs with the same key are worked one batch after another.
    fn key(job: &Self::Job) -> i64;

    /// Works all the jobs in `tx`, in order, and answers each. The queue commits; the work may save it the round trip with
    /// [`Query::execute_last`](crate::Query::execute_last), and then does nothing more.
    fn work(
        &self,
        tx: &mut Tx,
        jobs: &[Self::Job],
        pace: Pace,
        memory: &mut Self::Memory,
    ) -> impl Future<Output = Result<Vec<Self::Answer>>> + Send;
}

/// How a batch is to work. When the database refuses it ([`Error::Unique`], [`Error::Check`]) or another unit of work was
/// in the way ([`Error::Conflict`]), it is run again at the next pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    /// What is remembered may be taken for granted, as long as the database refuses the work when it is not so.
    Daring,
    /// The usual case may be taken for granted, in the same way.
    Swift,
    /// Nothing may be taken for granted.
    Careful,
}

/// A group-commit queue; a clone is another handle to the same one. When the last handle goes, the queue works off what
/// it holds and ends.
#[derive(Debug)]
pub struct Queue<B: Batch> {
    inboxes: Arc<[mpsc::Sender<Request<B>>]>,
}

#[derive(Debug)]
struct Request<B: Batch> {
    job: B::Job,
    reply: oneshot::Sender<Result<B::Answer>>,
}

struct Worker<B: Batch> {
    db: Db,
    batch: Arc<B>,
    inbox: mpsc::Receiver<Request<B>>,
    /// Its own connection to PostgreSQL, while that is in order, and when it was last used.
    own: Option<(Box<PgConnection>, Instant)>,
    memory: B::Memory,
    nerve: Nerve,
    jobs_a_batch: Histogram,
    batch_seconds: Histogram,
}

impl<B: Batch> Queue<B> {
    /// Starts the workers of a queue on `db`.
    pub fn start(db: &Db, batch: B) -> Self {
        let batch = Arc::new(batch);
        let workers = match db.engine() {
            Engine::Sqlite => 1,
            Engine::Postgres => WORKERS,
        };
        let inboxes = (0..workers).map(|_| {
            let (sender, inbox) = mpsc::channel(WAITING);
            tokio::spawn(Worker::new(db.clone(), Arc::clone(&batch), inbox).run());
            sender
        });
        Self { inboxes: inboxes.collect() }
    }

    /// Hands in a job and waits for its durable answer.
    pub async fn submit(&self, job: B::Job) -> Result<B::Answer> {
        let (reply, answer) = oneshot::channel();
        let worker = usize::try_from(B::key(&job).unsigned_abs()).unwrap_or(0).checked_rem(self.inboxes.len());
        let inbox = worker.and_then(|worker| self.inboxes.get(worker)).ok_or_else(stopped)?;
        inbox.send(Request { job, reply }).await.map_err(|_| stopped())?;
        // A worker answers every job it takes, unless the runtime is shutting down around it.
        answer.await.unwrap_or_else(|_| Err(Error::of_commit(sqlx::Error::WorkerCrashed)))
    }
}

impl<B: Batch> Clone for Queue<B> {
    fn clone(&self) -> Self {
        Self { inboxes: Arc::clone(&self.inboxes) }
    }
}

impl<B: Batch> Worker<B> {
    fn new(db: Db, batch: Arc<B>, inbox: mpsc::Receiver<Request<B>>) -> Self {
        Self {
            db,
            batch,
            inbox,
            own: None,
            memory: B::Memory::default(),
            nerve: Nerve::default(),
            jobs_a_batch: histogram!("store_batch_jobs", "queue" => B::NAME),
            batch_seconds: histogram!("store_batch_seconds", "queue" => B::NAME),
        }
    }

    async fn run(mut self) {
        let mut waiting = Vec::with_capacity(BATCH);
        while self.inbox.recv_many(&mut waiting, BATCH).await > 0 {
            // Those who were just answered come back at once with their next job; let them reach this batch.
            tokio::task::yield_now().await;
            while waiting.len() < BATCH
                && let Ok(request) = self.inbox.try_recv()
            {
                waiting.push(request);
            }
            let (jobs, replies): (Vec<_>, Vec<_>) = waiting.drain(..).map(|r| (r.job, r.reply)).unzip();
            #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
            self.jobs_a_batch.record(jobs.len() as f64);
            match self.settle(&jobs).await {
                Ok(answers) => {
                    for (reply, answer) in replies.into_iter().zip(answers) {
                        reply.send(Ok(answer)).ok(); // its caller may have gone
                    }
                }
                Err(error) if jobs.len() > 1 && is_of_the_work(&error) => {
                    tracing::warn!(queue = B::NAME, jobs = jobs.len(), %error, "a batch failed; one job at a time");
                    for (job, reply) in jobs.iter().zip(replies) {
                        let alone = self.settle(std::slice::from_ref(job)).await;
                        let answer = alone.and_then(|answers| answers.into_iter().next().ok_or_else(unanswered));
                        reply.send(answer).ok();
                    }
                }
                Err(error) => {
                    for reply in replies {
                        reply.send(Err(error.clone())).ok();
                    }
                }
            }
        }
    }

    /// Works `jobs` until they are durable, or until trying again makes no sense.
    async fn settle(&mut self, jobs: &[B::Job]) -> Result<Vec<B::Answer>> {
        let mut pace = self.nerve.pace();
        let mut pause = AWAY;
        for _ in 1..ATTEMPTS {
            let done = self.attempt(jobs, pace).await;
            if pace == Pace::Daring {
                self.nerve.learn(done.is_ok());
            }
            match done {
                Err(Error::Unique(_) | Error::Check(_)) if pace < Pace::Careful => pace = pace.next(),
                Err(Error::Conflict(_)) => pace = pace.next(),
                Err(Error::Unavailable(error)) => {
                    tracing::warn!(queue = B::NAME, %error, "the database is away");
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
                done => return done,
            }
        }
        self.attempt(jobs, pace).await
    }

    async fn attempt(&mut self, jobs: &[B::Job], pace: Pace) -> Result<Vec<B::Answer>> {
        let began = Instant::now();
        let (mut tx, is_new) = self.db.begin_queued(self.own.take()).await?;
        let mut memory = std::mem::take(&mut self.memory);
        if is_new {
            memory = B::Memory::default();
        }
        let work = AssertUnwindSafe(self.batch.work(&mut tx, jobs, pace, &mut memory)).catch_unwind().await;
        let worked = work.unwrap_or_else(|_| Err(sqlx::Error::Protocol("a batch panicked".into()).into()));
        let answers = match worked {
            Ok(answers) if answers.len() == jobs.len() => answers,
            failed => {
                self.keep(tx.roll_back_and_keep().await);
                return Err(failed.err().unwrap_or_else(unanswered));
            }
        };
        let own = tx.commit_and_keep().await?;
        self.keep(own);
        self.memory = memory;
        self.batch_seconds.record(began.elapsed());
        Ok(answers)
    }

    fn keep(&mut self, own: Option<Box<PgConnection>>) {
        self.own = own.map(|conn| (conn, Instant::now()));
    }
}

impl Pace {
    fn next(self) -> Self {
        match self {
            Self::Daring => Self::Swift,
            Self::Swift | Self::Careful => Self::Careful,
        }
    }
}

/// How often to be daring: where another process works on the same rows all the time, it fails all the time.
#[derive(Debug, Default)]
struct Nerve {
    /// Batches to go before the next try.
    rest: u32,
    /// The rest after the next failure.
    penalty: u32,
}

impl Nerve {
    /// The longest rest: the memory of a contest is lost in a moment, and it may be over.
    const LONGEST: u32 = 64;

    fn pace(&mut self) -> Pace {
        if self.rest == 0 {
            return Pace::Daring;
        }
        self.rest = self.rest.saturating_sub(1);
        Pace::Swift
    }

    fn learn(&mut self, success: bool) {
        if success {
            self.penalty = 0;
        } else {
            self.rest = self.penalty;
            self.penalty = self.penalty.saturating_mul(2).clamp(1, Self::LONGEST);
        }
    }
}

/// Whether a batch failed by what is in it, so that one of its jobs alone may be at fault.
fn is_of_the_work(error: &Error) -> bool {
    !matches!(error, Error::Unavailable(_) | Error::CommitUnknown(_))
}

fn stopped() -> Error {
    sqlx::Error::WorkerCrashed.into()
}

fn unanswered() -> Error {
    sqlx::Error::Protocol("a batch left jobs without an answer".into()).into()
}
