//! The book of loads: the only writer of loads and of their money, and the hot path of the whole system.
//!
//! Every change of a load moves its money in the same commit:
//!
//! | verb | load | money |
//! |---|---|---|
//! | [`Book::authorise`] | → authorised | quota → held |
//! | [`Book::settle`] | authorised, unknown → succeeded | held → on cards |
//! | [`Book::release`] | authorised → failed | held → quota |
//! | [`Book::doubt`] | authorised → unknown | stays held |
//! | [`Book::disprove`] | unknown → failed | held → quota |
//! | [`Book::refused`] | → failed | none |
//!
//! What ends a load also adds it to the totals that the records show, in the same commit.
//!
//! All of them may be said again: the second time moves nothing and answers so. What people decide, and what is corrected
//! after a load has ended, is rare and has its own table in `amend`. Everything that is asked at the same
//! time goes into one batch of a [`store::Queue`], whatever the verb and whichever the group. A batch goes at one of
//! three paces, and at the next slower one when the database refuses it:
//!
//! ```text
//! daring    decide                        from what the last batches left; holds and settlements only
//!           write, and commit             accounts, movements, new loads, ended loads, totals: one round trip in all
//!
//! swift     BEGIN
//!           lock the accounts             nobody else can change these groups' loads from here on
//!           look at the loads to end
//!           decide, write, COMMIT
//!
//! careful   the same, and looks up the intents before it decides
//! ```
//!
//! Each job is decided in order, in memory, by a pure function. What makes daring safe is the number of a movement: a
//! batch numbers its movements after the last it knows of, and if anybody else has posted to the group since, that number
//! is taken, and the journal's primary key refuses the whole batch ([`ledger::Memory`]). A hold that would come out short
//! writes nothing that could be refused, so it is never answered from memory. That two confirmations with one intent are
//! one load is left to the unique key in the same way; the look-up of the careful pace is free of races under the lock.
//!
//! # Where the time goes
//!
//! Of a load on PostgreSQL, authorised and settled, in batches of about fifty jobs (`cargo bench --bench loads`): some
//! 40 µs of processor in the server and 8 µs here, so one hot group is bound by the one processor its batches run on, and
//! hardly by the disk. In the server a third goes into indexes (seven entries a load), a tenth into handing over the
//! rows, a tenth into waiting for the disk. An update of a load is not a HOT one, since its state is in the condition of
//! the index of open loads. With that index gone and pages filled by half, the server needed a quarter less time and
//! wrote a fifth less log; but the sweep and the card on the reader need the open loads, any other index by card costs
//! most of that again, and the table would take twice the disk for ever. So the index stays.

mod amend;
mod desk;
mod proof;
mod totals;
mod work;

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]
mod tests;

pub use amend::{Corrected, Correction, Decision, collect, correct, decide, lock};
pub use proof::{Books, BooksFault, CorrectionKind, prove_books};

use epurse::mac::Mac;
use epurse::time::HostTime;
use ledger::{Fen, GroupId};
use store::{Db, Micros, Queue, Result};

use desk::{Answer, Job, Opening};
use work::Loads;

use super::State;

/// The book of loads; a clone is another handle to the same one.
#[derive(Clone, Debug)]
pub struct Book {
    queue: Queue<Loads>,
}

/// A load that is about to be.
#[derive(Clone, Debug)]
pub struct NewLoad {
    /// Whose quota.
    pub group: GroupId,
    /// Its id, unique within the group.
    pub id: i64,
    /// The key of the confirmation it comes from: one load each.
    pub intent: String,
    /// Who confirmed it.
    pub operator: i64,
    /// The terminal number.
    pub terminal: String,
    /// The reader's name at the terminal.
    pub reader: String,
    /// The card's number.
    pub card_number: String,
    /// The card's class.
    pub card_class: String,
    /// How much.
    pub amount: Fen,
    /// On the card, as read before.
    pub balance_before: Option<Fen>,
    /// What the card and we said, once it said anything.
    pub evidence: Option<Evidence>,
    /// When.
    pub at: Micros,
}

/// What will prove, or disprove, the load later.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The balance, all 32 bits as the card sent them.
    pub balance_field: u32,
    /// The card's online counter before the load.
    pub counter: epurse::load::Counter,
    /// The card's random number.
    pub random: [u8; 4],
    /// The version of the load key.
    pub key_version: u8,
    /// The algorithm's id.
    pub algorithm: u8,
    /// The card's proof that it holds the key.
    pub mac1: Mac,
    /// Our proof that the card may take the money.
    pub mac2: Mac,
    /// The time that MAC2 and TAC are made over.
    pub host_time: HostTime,
    /// What the card answered so far, as JSON.
    pub answers: String,
}

/// What became of [`Book::authorise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorised {
    /// The money is held.
    Held {
        /// The group's quota before the hold.
        quota_before: Fen,
        /// And after it.
        quota_after: Fen,
    },
    /// The quota does not reach; nothing is recorded.
    Short {
        /// The group's quota.
        available: Fen,
    },
    /// The intent has a load already; nothing was done.
    Duplicate,
}

/// The card took the money: a good TAC says so.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Whose load.
    pub group: GroupId,
    /// The load.
    pub id: i64,
    /// The card's proof, in hex.
    pub tac: String,
    /// On the card now.
    pub balance_after: Fen,
    /// When it was proven.
    pub at: Micros,
}

/// MAC2 has not left and never will: the hold can go back.
#[derive(Clone, Debug)]
pub struct Release {
    /// Whose load.
    pub group: GroupId,
    /// The load.
    pub id: i64,
    /// Why.
    pub reason: &'static str,
    /// When.
    pub at: Micros,
}

/// The card itself has proven that it did not take the money: the hold can go back.
#[derive(Clone, Debug)]
pub struct Disproof {
    /// Whose load.
    pub group: GroupId,
    /// The load.
    pub id: i64,
    /// Why it failed.
    pub reason: &'static str,
    /// What the card answered, as JSON: the proof.
    pub answers: String,
    /// When it was proven.
    pub at: Micros,
}

/// MAC2 may have reached the card, and there is no proof of what came of it.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// Whose load.
    pub group: GroupId,
    /// The load.
    pub id: i64,
    /// Why.
    pub reason: &'static str,
    /// What the card answered, as JSON, if it did.
    pub answers: Option<String>,
    /// When.
    pub at: Micros,
}

/// What a call that ends a load, or its flight, did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// What was asked for is done now.
    Now,
    /// It was so already; nothing was done.
    Already,
    /// The load is in a state that does not go there; nothing was done.
    Contrary(State),
    /// There is no such load.
    NoLoad,
}

impl Book {
    /// Starts the book's queue on `db`. Several processes may each have a book on one database.
    pub fn start(db: &Db) -> Self {
        Self { queue: Queue::start(db, Loads::default()) }
    }

    /// Holds the money and records the load with its evidence. When this answers [`Authorised::Held`] it is durable, and
    /// MAC2 may leave.
    pub async fn authorise(&self, load: NewLoad) -> Result<Authorised> {
        match self.queue.submit(Job::Authorise(Opening::from(load).into())).await? {
            Answer::Authorised(authorised) => Ok(authorised),
            Answer::Ended(_) => Err(mixed_up()),
        }
    }

    /// Records a load that failed before any money was held. [`Ended::Already`] if the intent has a load.
    pub async fn refused(&self, load: NewLoad, reason: &'static str) -> Result<Ended> {
        self.end(Job::Refuse(Opening::from(load).into(), reason)).await
    }

    /// Moves the held money onto the card.
    pub async fn settle(&self, settled: Settled) -> Result<Ended> {
        self.end(Job::Settle(settled)).await
    }

    /// Gives the held money back.
    pub async fn release(&self, release: Release) -> Result<Ended> {
        self.end(Job::Release(release)).await
    }

    /// Gives the held money of an unknown load back: the card has proven that it did not take it.
    pub async fn disprove(&self, disproof: Disproof) -> Result<Ended> {
        self.end(Job::Disprove(disproof)).await
    }

    /// Marks the load as unknown; its money stays held until there is proof.
    pub async fn doubt(&self, doubt: Doubt) -> Result<Ended> {
        self.end(Job::Doubt(doubt)).await
    }

    async fn end(&self, job: Job) -> Result<Ended> {
        match self.queue.submit(job).await? {
            Answer::Ended(ended) => Ok(ended),
            Answer::Authorised(_) => Err(mixed_up()),
        }
    }
}

/// The queue answered another job's question.
fn mixed_up() -> store::Error {
    sqlx::Error::Protocol("an answer of another kind".into()).into()
}
