//! Reconciliation (对账): our deposits and refunds against the bank's file of each day, and the net of the day against the
//! bank statement.
//!
//! ```text
//! file of a day   fetched from the gateway each morning, or uploaded; read whole or refused whole    [file]
//!   matching      its lines and what is ours, side by side                                           [matching]
//!   differences   what differs is a row, open until it is resolved or a person closes it
//! statement       of any bank, read by a layout that staff set up from a sample                      [statement]
//!   settling      the net of each day against one line                                               [settling]
//! ```
//!
//! A person closes a difference with a reason; above the issuer's limit two people do.
//!
//! Nothing in here moves money. A file may come again, and a day may be reconciled again, as often as one likes: the
//! outcome is the same. A deposit is missing at the bank only once the file of the day is here on which it settles; a day
//! at the bank goes from 23:00 to 23:00, so what is paid late in the evening belongs to the next.

mod accounts;
mod book;
mod close;
mod difference;
mod due;
mod fetch;
pub mod file;
pub mod matching;
mod ours;
mod query;
pub mod settling;
pub mod statement;
mod take;

pub use accounts::{
    Account, AccountError, Kept, MOST_NAME, TakeError as StatementRefused, Taken as StatementTaken, account, accounts,
    keep, statements, take_statement,
};
pub use close::{CloseError, Closing, Closure, close};
pub use difference::Difference;
pub use fetch::{Fetched, fetch, follow, is_due, sweep};
pub use query::{Bank, Day, DayState, Days, Listed, Waiting, bank, content, day, days, waiting};
pub use take::{TakeError, Taken, again, take};

/// Does aside what takes its time, so that others go on meanwhile.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The process ends.
            Err(_) => std::future::pending().await,
        },
    }
}

/// How a file came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// From the gateway, by itself or at somebody's click.
    Fetched,
    /// From somebody's computer.
    Uploaded,
}

impl Came {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::Uploaded => "uploaded",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Fetched, Self::Uploaded].into_iter().find(|came| came.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::aside;

    /// On one thread: what is done in its place would wait for what can only come after it.
    #[tokio::test]
    async fn what_is_done_aside_lets_others_go_on() {
        let (say, hear) = mpsc::channel();
        let work = aside(move || hear.recv_timeout(Duration::from_mins(1)));
        let (heard, ()) = tokio::join!(work, async move {
            // Whatever else is ready here has its turn first.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            say.send("go on").expect("somebody listens");
        });
        assert_eq!(heard, Ok("go on"));
    }

    #[tokio::test]
    #[should_panic(expected = "a line that nobody thought of")]
    async fn what_panics_aside_panics_here() {
        aside(|| -> () { panic!("a line that nobody thought of") }).await;
    }
}
