//! What the store promises, on both engines.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

#[path = "storage/queue.rs"]
mod queue;

use std::task::Poll;
use std::time::Duration;

use store::testing::{Sqlite, on_both, postgres_url};
use store::{BackupError, Db, Engine, Error, Micros, Result, Signal, Tx};

/// Makes the group's row of accounts, with some quota.
async fn open(tx: &mut Tx, group: i64, quota: i64) -> Result<u64> {
    tx.query("INSERT INTO accounts (group_id, bank_fen, quota_fen) VALUES ($1, $2, $3)")
        .bind(group)
        .bind(-quota)
        .bind(quota)
        .execute()
        .await
}

async fn quota(db: &Db, group: i64) -> i64 {
    let mut tx = db.read().await.unwrap();
    let sql = "SELECT quota_fen FROM accounts WHERE group_id = $1";
    tx.query(sql).bind(group).one::<(i64,)>().await.unwrap().0
}

async fn write_movement(tx: &mut Tx, id: i64) -> Result<u64> {
    tx.query(
        "INSERT INTO movements (group_id, id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, reason, \
         subject, at_us) VALUES (1, $1, 'bank', 'quota', 5, -5, 5, 'test', 0, $2)",
    )
    .bind(id)
    .bind(Micros(1_700_000_000_000_000))
    .execute()
    .await
}

async fn write_load(tx: &mut Tx, id: i64, reason: Option<&str>) -> Result<u64> {
    tx.query(
        "INSERT INTO loads (group_id, id, intent, state, reason, operator_id, terminal, reader, card_number, card_class, \
         amount_fen, created_at_us) VALUES (7, $1, CAST($1 AS TEXT), 'failed', $2, 1, 'T', 'R', 'C', '01', 1, $1)",
    )
    .bind(id)
    .bind(reason)
    .execute()
    .await
}

#[tokio::test]
async fn only_a_database_of_ours_is_found() {
    let sqlite = Sqlite::new();
    for url in [sqlite.url(), postgres_url().await] {
        assert!(Db::find(url.as_str()).await.unwrap().is_none(), "{url}: nothing is there, and nothing is made");
        assert!(Db::find(url.as_str()).await.unwrap().is_none(), "{url}");
        Db::open(url.as_str()).await.unwrap().close().await;
        Db::find(url.as_str()).await.unwrap().expect("it is there").close().await;
    }
}

#[tokio::test]
async fn work_is_kept_when_committed_and_gone_when_dropped() {
    on_both(|db| async move {
        let mut tx = db.begin().await.unwrap();
        assert_eq!(open(&mut tx, 1, 500).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        open(&mut tx, 2, 500).await.unwrap();
        drop(tx);
        let mut tx = db.read().await.unwrap();
        let groups: Vec<(i64,)> = tx.query("SELECT group_id FROM accounts").all().await.unwrap();
        assert_eq!(groups, [(1,)]);
        let none: Option<(i64,)> =
            tx.query("SELECT quota_fen FROM accounts WHERE group_id = $1").bind(2_i64).optional().await.unwrap();
        assert_eq!(none, None);
        let missing = tx.query("SELECT quota_fen FROM accounts WHERE group_id = $1").bind(2_i64).one::<(i64,)>().await;
        assert!(matches!(missing, Err(Error::Missing)), "{missing:?}");
    })
    .await;
}

#[tokio::test]
async fn reading_sees_one_moment_and_cannot_write() {
    on_both(|db| async move {
        let mut tx = db.begin().await.unwrap();
        open(&mut tx, 1, 500).await.unwrap();
        tx.commit().await.unwrap();
        let mut reader = db.read().await.unwrap();
        let sql = "SELECT quota_fen FROM accounts";
        assert_eq!(reader.query(sql).one::<(i64,)>().await.unwrap().0, 500);
        let mut tx = db.begin().await.unwrap();
        tx.query("UPDATE accounts SET quota_fen = 400, bank_fen = -400").execute().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(reader.query(sql).one::<(i64,)>().await.unwrap().0, 500);
        assert!(open(&mut reader, 2, 1).await.is_err());
        drop(reader);
        assert_eq!(quota(&db, 1).await, 400);
    })
    .await;
}

#[tokio::test]
async fn work_that_is_dropped_at_any_point_leaves_nothing_behind() {
    let sqlite = Sqlite::new();
    for url in [sqlite.url(), postgres_url().await] {
        // One connection, so that what is left on it is found.
        let db = Db::open(store::Options::at(&url).connections(1)).await.unwrap();
        for waits in 0..12 {
            let read = async {
                let mut tx = db.read().await?;
                tx.query("SELECT group_id FROM accounts").all::<(i64,)>().await
            };
            dropped_after(waits, read).await;
            let write = async {
                let mut tx = db.begin().await?;
                open(&mut tx, 1_000 + waits, 1).await?;
                tx.commit().await
            };
            dropped_after(waits, write).await;
            let mut tx = db.begin().await.unwrap();
            open(&mut tx, waits, 500).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(quota(&db, waits).await, 500);
        }
        db.close().await;
    }
}

/// Runs something until it has had to wait so often, and drops it there.
async fn dropped_after(waits: i64, work: impl Future<Output = Result<impl Sized>>) {
    let mut work = std::pin::pin!(work);
    let mut left = waits;
    std::future::poll_fn(move |context| match work.as_mut().poll(context) {
        Poll::Ready(done) => {
            done.unwrap();
            Poll::Ready(())
        }
        Poll::Pending if left == 0 => Poll::Ready(()),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await;
}

#[tokio::test]
async fn a_set_of_rows_goes_in_one_statement() {
    on_both(|db| async move {
        let texts = [Some("一卡通"), None, Some("quote \" and \\ and 'tick', NUL-free \u{1f4b3}")];
        let mut tx = db.begin().await.unwrap();
        let written = tx
            .query(
                "INSERT INTO loads (group_id, id, intent, state, reason, operator_id, terminal, reader, card_number, \
                 card_class, amount_fen, created_at_us) \
                 SELECT $1, rows.id, rows.intent, 'failed', rows.reason, rows.id, 'T', 'R', 'C', \
                 CASE WHEN rows.yes THEN 'yes' ELSE 'no' END, rows.amount, $2 \
                 FROM rows(id BIGINT, intent TEXT, reason TEXT, amount BIGINT, yes BOOLEAN)",
            )
            .bind(7_i64)
            .bind(Micros(1))
            .rows(
                texts
                    .iter()
                    .zip(["a", "b", "c"])
                    .zip([i64::MIN, 0, i64::MAX])
                    .map(|((text, intent), n)| [n.into(), intent.into(), (*text).into(), n.into(), (n == 0).into()]),
            )
            .execute()
            .await
            .unwrap();
        assert_eq!(written, 3);
        let back: Vec<(i64, Option<String>, i64, String)> =
            tx.query("SELECT id, reason, amount_fen, card_class FROM loads ORDER BY intent").all().await.unwrap();
        let expected = [i64::MIN, 0, i64::MAX]
            .map(|n| (n, n, if n == 0 { "yes" } else { "no" }))
            .into_iter()
            .zip(texts)
            .map(|((id, n, yes), text)| (id, text.map(str::to_owned), n, yes.to_owned()));
        assert_eq!(back, expected.collect::<Vec<_>>());

        let changed: Vec<(i64,)> = tx
            .query(
                "UPDATE loads SET reason = rows.reason FROM rows(id BIGINT, reason TEXT) \
                 WHERE loads.group_id = $1 AND loads.id = rows.id RETURNING loads.id",
            )
            .bind(7_i64)
            .rows([[0.into(), "x".into()], [99.into(), "y".into()]])
            .all()
            .await
            .unwrap();
        assert_eq!(changed, [(0,)]);
        let none = tx.query("DELETE FROM loads WHERE id IN (SELECT rows.id FROM rows(id BIGINT))");
        assert_eq!(none.rows([[store::Cell::Int(0); 1]; 0]).execute().await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn rows_in_bulk_are_those_that_come_one_by_one() {
    #[derive(Debug, PartialEq, sqlx::FromRow, serde::Deserialize)]
    struct Inner {
        id: i64,
        reason: Option<String>,
    }
    #[derive(Debug, PartialEq, sqlx::FromRow, serde::Deserialize)]
    struct Outer {
        #[sqlx(flatten)]
        #[serde(flatten)]
        inner: Inner,
        at: Option<Micros>,
        half: String,
    }
    on_both(|db| async move {
        let texts = ["", "一卡通 \u{1f4b3}", "\" \\ ' /", "\u{1}\t\r\n\u{2028}", "{\"id\": 1}"];
        let mut tx = db.begin().await.unwrap();
        for (n, text) in (0_i64..).zip(texts) {
            for id in [i64::MIN + 1 + n, n - 2, i64::MAX - n] {
                write_load(&mut tx, id, Some(text).filter(|_| id != 0)).await.unwrap();
            }
        }
        let text = "SELECT id, reason, CASE WHEN id > 0 THEN created_at_us END AS at, card_number || $1 AS half FROM loads \
                    WHERE id > $2 ORDER BY id DESC";
        for least in [i64::MIN, 0, i64::MAX] {
            let all: Vec<Outer> = tx.query(text).bind("，半").bind(least).all().await.unwrap();
            let bulk: Vec<Outer> = tx.query(text).bind("，半").bind(least).bulk().await.unwrap();
            assert_eq!(all, bulk);
            assert_eq!(bulk.is_empty(), least == i64::MAX);
        }
        let missing = tx.query("SELECT id, reason FROM loads").bulk::<Outer>().await;
        assert!(matches!(missing, Err(Error::Other(_))), "{missing:?}");
    })
    .await;
}

#[tokio::test]
async fn independent_statements_go_together() {
    on_both(|db| async move {
        let mut tx = db.begin().await.unwrap();
        open(&mut tx, 1, 100).await.unwrap();
        let last: Vec<(i64,)> = tx
            .query("INSERT INTO accounts (group_id) SELECT rows.id FROM rows(id BIGINT) WHERE rows.id > $1")
            .bind(2_i64)
            .rows([[2.into()], [3.into()]])
            .and("UPDATE accounts SET quota_fen = $2, bank_fen = - $2 WHERE group_id = $1")
            .bind(1_i64)
            .bind(70_i64)
            .and("SELECT $1 + 0")
            .bind(5_i64)
            .all()
            .await
            .unwrap();
        assert_eq!(last, [(5,)]);
        let all: Vec<(i64, i64)> =
            tx.query("SELECT group_id, quota_fen FROM accounts ORDER BY group_id").all().await.unwrap();
        assert_eq!(all, [(1, 70), (3, 0)]);
    })
    .await;
}

#[tokio::test]
async fn a_miscount_of_arguments_is_an_error_on_both() {
    on_both(|db| async move {
        let mut tx = db.begin().await.unwrap();
        let too_few = tx.query("SELECT quota_fen FROM accounts WHERE group_id = $1").optional::<(i64,)>().await;
        assert!(matches!(too_few, Err(Error::Other(_))), "{too_few:?}");
        let no_rows = tx.query("DELETE FROM loads USING rows(id BIGINT)").execute().await;
        assert!(matches!(no_rows, Err(Error::Other(_))), "{no_rows:?}");
        let misfit = tx.query("SELECT id FROM rows(id BIGINT)").rows([["text".into()]]).all::<(i64,)>().await;
        assert!(matches!(misfit, Err(Error::Other(_))), "{misfit:?}");
        // Nothing was sent, so the unit of work is as good as new.
        open(&mut tx, 1, 1).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn errors_come_by_kind() {
    on_both(|db| async move {
        let mut tx = db.begin().await.unwrap();
        open(&mut tx, 1, 5).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let taken = open(&mut tx, 1, 5).await;
        assert!(matches!(taken, Err(Error::Unique(_))), "{taken:?}");
        drop(tx);
        for (set, why) in [
            ("UPDATE accounts SET quota_fen = -1, bank_fen = 1", "below zero"),
            ("UPDATE accounts SET quota_fen = 6", "the sum is not zero"),
        ] {
            let mut tx = db.begin().await.unwrap();
            let refused = tx.query(set).execute().await;
            assert!(matches!(refused, Err(Error::Check(_))), "{why}: {refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn work_in_which_a_statement_failed_cannot_be_committed() {
    on_both(|db| async move {
        let mut tx = db.begin().await.unwrap();
        open(&mut tx, 1, 5).await.unwrap();
        assert!(open(&mut tx, 1, 5).await.is_err());
        assert!(tx.commit().await.is_err());
        let mut tx = db.read().await.unwrap();
        assert_eq!(tx.query("SELECT COUNT(*) FROM accounts").one::<(i64,)>().await.unwrap().0, 0);
    })
    .await;
}

#[tokio::test]
async fn the_journal_is_append_only() {
    on_both(|db| async move {
        let mut tx = db.begin().await.unwrap();
        write_movement(&mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        for change in
            ["UPDATE movements SET amount_fen = 6", "DELETE FROM movements", "DELETE FROM movements WHERE id = 1"]
        {
            let mut tx = db.begin().await.unwrap();
            let refused = tx.query(change).execute().await;
            assert!(matches!(refused, Err(Error::AppendOnly(_))), "{change}: {refused:?}");
        }
        if db.engine() == Engine::Postgres {
            let mut tx = db.begin().await.unwrap();
            let refused = tx.query("TRUNCATE movements").execute().await;
            assert!(matches!(refused, Err(Error::AppendOnly(_))), "{refused:?}");
        }
        let mut tx = db.begin().await.unwrap();
        write_movement(&mut tx, 2).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn processes_may_start_at_once() {
    let sqlite = Sqlite::new();
    for url in [sqlite.url(), postgres_url().await] {
        let opened = futures_util::future::join_all((0..4).map(|_| Db::open(url.as_str()))).await;
        for db in opened {
            let db = db.unwrap();
            assert!(db.read().await.is_ok());
        }
    }
}

#[tokio::test]
async fn signals_reach_every_process() {
    let sqlite = Sqlite::new();
    let here = Db::open(sqlite.url()).await.unwrap();
    signals_reach(&here, &here.clone()).await;
    let url = postgres_url().await;
    let (here, there) = (Db::open(url.as_str()).await.unwrap(), Db::open(url.as_str()).await.unwrap());
    signals_reach(&here, &there).await;

    // The server throws the listener out: it hears that something may be lost, then listens again.
    let mut listener = there.listen().await.unwrap();
    let mut tx = here.begin().await.unwrap();
    let ended = tx
        .query("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> $1")
        .bind(0_i32)
        .one::<(i64,)>()
        .await
        .unwrap();
    assert_eq!(ended.0, 1);
    tx.commit().await.unwrap();
    assert_eq!(within(listener.next()).await, Signal::Lost);
    here.signal("after").await.unwrap();
    assert_eq!(within(listener.next()).await, Signal::Topic("after".into()));
}

async fn signals_reach(here: &Db, there: &Db) {
    let (mut one, mut two) = (there.listen().await.unwrap(), there.listen().await.unwrap());
    here.signal("terminal/7").await.unwrap();
    assert_eq!(within(one.next()).await, Signal::Topic("terminal/7".into()));
    assert_eq!(within(two.next()).await, Signal::Topic("terminal/7".into()));
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), work).await.expect("it takes far less")
}

#[tokio::test]
async fn a_backup_is_whole_while_others_write_and_takes_the_place_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("live.sqlite").display());
    let missing = store::backup(&url, &folder.path().join("none")).await;
    assert!(matches!(missing, Err(BackupError::Database(_))), "{missing:?}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "a failed backup leaves nothing");

    let db = Db::open(&url).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    open(&mut tx, 1, 500).await.unwrap();
    tx.commit().await.unwrap();
    let mut writing = db.begin().await.unwrap();
    open(&mut writing, 2, 500).await.unwrap();
    let file = folder.path().join("copy.sqlite");
    store::backup(&url, &file).await.unwrap();
    writing.commit().await.unwrap();
    assert!(matches!(store::backup(&url, &file).await, Err(BackupError::Exists(_))));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    let copy = Db::open(format!("sqlite:{}", file.display())).await.unwrap();
    assert_eq!(quota(&copy, 1).await, 500);
    let mut tx = copy.read().await.unwrap();
    let groups: Vec<(i64,)> = tx.query("SELECT group_id FROM accounts").all().await.unwrap();
    assert_eq!(groups, [(1,)], "what was not committed is not in it");
    assert!(matches!(store::backup("postgres://nowhere/x", &file).await, Err(BackupError::NotSqlite)));
}
