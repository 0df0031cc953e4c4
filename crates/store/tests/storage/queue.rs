//! The group-commit queue.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use store::testing::{on_both, postgres_url};
use store::{Batch, Db, Engine, Error, Pace, Queue, Result, Tx};

use super::{open, quota};

/// Adds to the quota of a group; some amounts make trouble.
struct Adding;

/// What an [`Adding`] does besides adding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    /// Takes more than there is: the CHECK refuses.
    TooMuch,
    /// Pretends that another unit of work was in the way, until looked at carefully.
    InTheWay,
    Panic,
}

impl Batch for Adding {
    type Job = (i64, i64, Trouble);
    type Answer = i64;
    type Memory = ();
    const NAME: &'static str = "adding";

    fn key(job: &Self::Job) -> i64 {
        job.0
    }

    async fn work(&self, tx: &mut Tx, jobs: &[Self::Job], pace: Pace, (): &mut ()) -> Result<Vec<i64>> {
        let mut answers = Vec::new();
        for (group, amount, trouble) in jobs {
            let amount = match trouble {
                Trouble::TooMuch => -1_000_000,
                Trouble::InTheWay if pace != Pace::Careful => {
                    open(tx, *group, 0).await?; // taken
                    0
                }
                Trouble::None | Trouble::InTheWay => *amount,
                Trouble::Panic => panic!("a mistake in the work"),
            };
            let added = tx
                .query(
                    "UPDATE accounts SET quota_fen = quota_fen + $1, bank_fen = bank_fen - $1 WHERE group_id = $2 \
                     RETURNING quota_fen",
                )
                .bind(amount)
                .bind(*group);
            answers.push(added.one::<(i64,)>().await?.0);
        }
        Ok(answers)
    }
}

async fn queue_on(db: &Db) -> Queue<Adding> {
    let mut tx = db.begin().await.unwrap();
    for group in 0..5 {
        open(&mut tx, group, 0).await.unwrap();
    }
    tx.commit().await.unwrap();
    Queue::start(db, Adding)
}

#[tokio::test]
async fn a_queue_works_every_job_once_and_in_order() {
    on_both(|db| async move {
        let queue = queue_on(&db).await;
        let answers = Mutex::new(BTreeSet::new());
        futures_util::future::join_all((0..500).map(|i| {
            let (queue, answers) = (&queue, &answers);
            async move {
                let group = i % 5;
                let answer = queue.submit((group, 1, Trouble::None)).await.unwrap();
                assert!(answers.lock().unwrap().insert((group, answer)), "an answer was given twice");
            }
        }))
        .await;
        let expected = (0..5).flat_map(|group| (1..=100).map(move |n| (group, n))).collect();
        assert_eq!(*answers.lock().unwrap(), expected);
        assert_eq!(quota(&db, 3).await, 100);
    })
    .await;
}

#[tokio::test]
async fn a_job_fails_alone() {
    on_both(|db| async move {
        let queue = queue_on(&db).await;
        let jobs = [
            (1, 10, Trouble::None),
            (1, 0, Trouble::TooMuch),
            (1, 10, Trouble::InTheWay),
            (1, 0, Trouble::Panic),
            (1, 10, Trouble::None),
        ];
        let answers = futures_util::future::join_all(jobs.map(|job| queue.submit(job))).await;
        let [first, check, careful, panic, last] = answers.try_into().unwrap();
        assert_eq!(first.unwrap(), 10);
        assert!(matches!(check, Err(Error::Check(_))), "{check:?}");
        assert_eq!(careful.unwrap(), 20);
        assert!(matches!(panic, Err(Error::Other(_))), "{panic:?}");
        assert_eq!(last.unwrap(), 30);
        assert_eq!(quota(&db, 1).await, 30);
        assert_eq!(queue.submit((1, 1, Trouble::None)).await.unwrap(), 31);
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_goes_hurts_nobody() {
    on_both(|db| async move {
        let queue = queue_on(&db).await;
        let submitted = futures_util::future::join_all((0..200).map(|i| {
            let queue = queue.clone();
            async move {
                let job = queue.submit((2, 1, Trouble::None));
                // Every other caller goes before there can be an answer, but after the job is handed in.
                if i % 2 == 0 { tokio::time::timeout(Duration::ZERO, job).await.ok() } else { Some(job.await) }
            }
        }))
        .await;
        assert!(submitted.iter().skip(1).step_by(2).all(|answer| matches!(answer, Some(Ok(_)))));
        // What was handed in is worked, the caller's presence or not; this comes after all of it.
        assert_eq!(queue.submit((2, 0, Trouble::None)).await.unwrap(), 200);
        drop(queue);
        assert_eq!(quota(&db, 2).await, 200);
    })
    .await;
}

#[tokio::test]
async fn a_queue_finds_a_server_that_was_away() {
    let db = Db::open(postgres_url().await).await.unwrap();
    let queue = queue_on(&db).await;
    assert_eq!(queue.submit((1, 1, Trouble::None)).await.unwrap(), 1);
    // All its idle connections are cut.
    let mut tx = db.begin().await.unwrap();
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND $1";
    assert!(tx.query(cut).bind(true).one::<(i64,)>().await.unwrap().0 >= 1);
    tx.commit().await.unwrap();
    assert_eq!(queue.submit((1, 1, Trouble::None)).await.unwrap(), 2);
    assert_eq!(db.engine(), Engine::Postgres);
}
