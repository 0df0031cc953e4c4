use std::collections::HashMap;

use epurse::load::Counter;
use epurse::mac::Mac;
use epurse::time::{Date, HostTime};
use futures_util::future::join_all;
use ledger::{Fen, GroupId, Kind, Movement, balances, open_accounts, post};
use proptest::prelude::*;
use store::testing::{on_both, postgres_url};
use store::{Db, Micros};

use super::*;
use crate::records::Day;

mod contests;

const NOW: Micros = Micros(1_700_000_000_000_000);

/// Opens the accounts of groups 1 to `groups`, each with some quota.
async fn open(db: &Db, groups: i64, quota: i64) {
    let mut tx = db.begin().await.unwrap();
    let mut deposits = Vec::new();
    for group in (1..=groups).map(GroupId) {
        open_accounts(&mut tx, group).await.unwrap();
        let amount = Fen::new(quota);
        let (from, to) = (Kind::Bank, Kind::Quota);
        deposits.push(Movement { group, from, to, amount, reason: "test", subject: 0, at: NOW });
    }
    assert!(post(&mut tx, &deposits).await.unwrap().iter().all(Result::is_ok));
    tx.commit().await.unwrap();
}

fn new_load(group: i64, id: i64, intent: &str, fen: i64) -> NewLoad {
    NewLoad {
        group: GroupId(group),
        id,
        intent: intent.to_owned(),
        operator: 7,
        terminal: "0000000000C1".into(),
        reader: "软件读卡器 0".into(),
        card_number: format!("10007510{id:08}"),
        card_class: "01".into(),
        amount: Fen::new(fen),
        balance_before: Some(Fen::new(1_260)),
        evidence: Some(Evidence {
            balance_field: 0x8000_04ec,
            counter: Counter(42),
            random: [0, 1, 2, 255],
            key_version: 1,
            algorithm: 0,
            mac1: Mac([0x1a, 0x2b, 0x3c, 0x4d]),
            mac2: Mac([0x5e, 0x6f, 0x70, 0x81]),
            host_time: HostTime::new(Date::new(2026, 11, 22).unwrap(), 14, 32, 8).unwrap(),
            answers: r#"{"initialize":"00"}"#.into(),
        }),
        at: NOW,
    }
}

fn settled(group: i64, id: i64) -> Settled {
    let (tac, balance_after) = ("92A3B4C5".to_owned(), Fen::new(6_260));
    Settled { group: GroupId(group), id, tac, balance_after, at: Micros(NOW.0 + 2) }
}

fn release(group: i64, id: i64) -> Release {
    Release { group: GroupId(group), id, reason: "terminal_gone", at: Micros(NOW.0 + 3) }
}

fn doubt(group: i64, id: i64) -> Doubt {
    let answers = Some(r#"{"credit":"6f00"}"#.to_owned());
    Doubt { group: GroupId(group), id, reason: "removed", answers, at: Micros(NOW.0 + 1) }
}

async fn on_account(db: &Db, group: i64) -> [i64; 3] {
    let mut tx = db.read().await.unwrap();
    let balances = balances(&mut tx, GroupId(group)).await.unwrap().unwrap();
    [Kind::Quota, Kind::Held, Kind::OnCards].map(|kind| balances.get(kind).as_i64())
}

async fn books(db: &Db) -> Books {
    let mut tx = db.read().await.unwrap();
    let books = prove_books(&mut tx).await.unwrap();
    assert!(books.hold(), "{books:?}");
    books
}

#[tokio::test]
async fn a_load_goes_through_and_nothing_counts_twice() {
    on_both(|db| async move {
        open(&db, 1, 10_000).await;
        let book = Book::start(&db);
        let held = Authorised::Held { quota_before: Fen::new(10_000), quota_after: Fen::new(5_000) };
        assert_eq!(book.authorise(new_load(1, 1, "a", 5_000)).await.unwrap(), held);
        assert_eq!(book.authorise(new_load(1, 2, "a", 5_000)).await.unwrap(), Authorised::Duplicate);
        assert_eq!(book.refused(new_load(1, 2, "a", 5_000), "late").await.unwrap(), Ended::Already);
        let short = Authorised::Short { available: Fen::new(5_000) };
        assert_eq!(book.authorise(new_load(1, 3, "b", 5_010)).await.unwrap(), short);
        assert_eq!(book.refused(new_load(1, 3, "b", 5_010), "quota_short").await.unwrap(), Ended::Now);
        let none = Authorised::Short { available: Fen::ZERO };
        assert_eq!(book.authorise(new_load(9, 4, "c", 10)).await.unwrap(), none, "a group without accounts");
        assert!(book.authorise(new_load(1, 5, "d", 0)).await.is_err());
        assert_eq!(on_account(&db, 1).await, [5_000, 5_000, 0]);

        for (ended, expected) in [
            (book.doubt(doubt(1, 1)).await, Ended::Now),
            (book.doubt(doubt(1, 1)).await, Ended::Already),
            (book.release(release(1, 1)).await, Ended::Contrary(State::Unknown)),
            (book.settle(settled(1, 1)).await, Ended::Now),
            (book.settle(settled(1, 1)).await, Ended::Already),
            (book.doubt(doubt(1, 1)).await, Ended::Already),
            (book.release(release(1, 1)).await, Ended::Contrary(State::Succeeded)),
            (book.settle(settled(1, 3)).await, Ended::Contrary(State::Failed)),
            (book.settle(settled(1, 99)).await, Ended::NoLoad),
        ] {
            assert_eq!(ended.unwrap(), expected);
        }
        assert_eq!(on_account(&db, 1).await, [5_000, 0, 5_000]);

        book.authorise(new_load(1, 6, "e", 5_000)).await.unwrap();
        assert_eq!(book.release(release(1, 6)).await.unwrap(), Ended::Now);
        assert_eq!(book.release(release(1, 6)).await.unwrap(), Ended::Already);
        assert_eq!(book.settle(settled(1, 6)).await.unwrap(), Ended::Contrary(State::Failed));
        assert_eq!(on_account(&db, 1).await, [5_000, 0, 5_000]);
        let sums = [(State::Failed, 2, Fen::new(10_010)), (State::Succeeded, 1, Fen::new(5_000))];
        assert_eq!(books(&db).await.loads, sums);
    })
    .await;
}

#[tokio::test]
async fn the_row_keeps_all_the_evidence() {
    on_both(|db| async move {
        open(&db, 1, 10_000).await;
        let book = Book::start(&db);
        book.authorise(new_load(1, 1, "a", 5_000)).await.unwrap();
        book.doubt(doubt(1, 1)).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let answers: (String, Option<i64>, String) =
            tx.query("SELECT reason, decided_at_us, answers FROM loads").one().await.unwrap();
        assert_eq!(answers, ("removed".into(), None, r#"{"credit":"6f00"}"#.into()));
        drop(tx);
        book.settle(settled(1, 1)).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let texts: (String, String, String, String, String, String, Option<String>) =
            tx.query("SELECT state, random, mac1, mac2, host_time, tac, reason FROM loads").one().await.unwrap();
        let expected =
            ["succeeded", "000102FF", "1A2B3C4D", "5E6F7081", "20261122143208", "92A3B4C5"].map(str::to_owned);
        let [state, random, mac1, mac2, host_time, tac] = expected;
        assert_eq!(texts, (state, random, mac1, mac2, host_time, tac, None));
        let numbers: (i64, i64, i64, i64, i64, i64, i64, i64) = tx
            .query(
                "SELECT balance_field, counter, balance_after_fen, quota_before_fen, quota_after_fen, created_at_us, \
                 authorised_at_us, decided_at_us FROM loads",
            )
            .one()
            .await
            .unwrap();
        assert_eq!(numbers, (0x8000_04ec, 42, 6_260, 10_000, 5_000, NOW.0, NOW.0, NOW.0 + 2));
    })
    .await;
}

#[tokio::test]
async fn one_intent_is_one_load_in_one_batch_too() {
    on_both(|db| async move {
        open(&db, 1, 10_000).await;
        let book = Book::start(&db);
        // The first goes alone; those behind it are gathered into one batch, with an old intent among them.
        let jobs = [(1, "a"), (2, "b"), (3, "b"), (4, "a"), (5, "c")];
        let answers = join_all(jobs.map(|(id, intent)| book.authorise(new_load(1, id, intent, 1_000)))).await;
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
        let held = |before| Authorised::Held { quota_before: Fen::new(before), quota_after: Fen::new(before - 1_000) };
        assert_eq!(answers, [held(10_000), held(9_000), Authorised::Duplicate, Authorised::Duplicate, held(8_000)]);
        assert_eq!(on_account(&db, 1).await, [7_000, 3_000, 0]);
        books(&db).await;
    })
    .await;
}

#[tokio::test]
async fn the_proof_finds_money_that_no_load_accounts_for() {
    on_both(|db| async move {
        open(&db, 2, 10_000).await;
        let book = Book::start(&db);
        book.authorise(new_load(1, 1, "a", 1_000)).await.unwrap();
        book.authorise(new_load(2, 1, "a", 2_000)).await.unwrap();
        book.settle(settled(2, 1)).await.unwrap();
        assert_eq!(
            books(&db).await.to_string(),
            [
                "groups                             2",
                "movements                          5",
                "bank                                                 -200.00",
                "deposits_in_review                                      0.00",
                "quota                                                 170.00",
                "held                                                   10.00",
                "on_cards                                               20.00",
                "refunds_due                                             0.00",
                "loads authorised                   1                   10.00",
                "loads succeeded                    1                   20.00",
                "",
            ]
            .join("\n")
        );
        let mut tx = db.begin().await.unwrap();
        tx.query("UPDATE loads SET state = 'succeeded' WHERE group_id = 1").execute().await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let found = prove_books(&mut tx).await.unwrap();
        assert!(!found.hold() && found.ledger.holds());
        let (held, succeeded) = (Fen::new(1_000), Fen::new(1_000));
        let (open, on_cards, corrected) = (Fen::ZERO, Fen::ZERO, Fen::ZERO);
        let fault = BooksFault::Accounts { group: GroupId(1), held, open, on_cards, succeeded, corrected };
        // The load of the second group that is open was counted nowhere, and must be now that it has ended.
        assert_eq!(found.faults, [fault, BooksFault::Totals { group: GroupId(1), day: Day::of_id(1) }]);
    })
    .await;
}

/// Does the work while the accounts are locked, cuts the connection that waits for the lock, and unlocks.
async fn cut_off<T>(db: &Db, work: impl Future<Output = T>) -> T {
    let mut tx = db.begin().await.unwrap();
    tx.query("SELECT quota_fen FROM accounts FOR UPDATE").all::<(i64,)>().await.unwrap();
    let cut = async {
        let sql = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock' AND $1";
        // A unit of work sees one moment of the activity, so each look is one of its own.
        while counted(db, sql).await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        drop(tx);
    };
    tokio::join!(work, cut).0
}

/// The only value of a query that is always to be asked.
async fn counted(db: &Db, sql: &'static str) -> i64 {
    db.begin().await.unwrap().query(sql).bind(true).one::<(i64,)>().await.unwrap().0
}

#[tokio::test]
async fn a_connection_that_breaks_is_mended_or_told() {
    let db = Db::open(postgres_url().await).await.unwrap();
    open(&db, 1, 100_000).await;
    let book = Book::start(&db);
    // The book knows nothing of the group yet: it locks first, so nothing can be done when the connection breaks, and it
    // tries again by itself.
    let first = cut_off(&db, book.authorise(new_load(1, 1, "a", 100))).await;
    assert!(matches!(first, Ok(Authorised::Held { .. })), "{first:?}");
    // Now it remembers, and sends one statement that commits by itself: nobody knows what came of it.
    let second = cut_off(&db, book.authorise(new_load(1, 2, "b", 100))).await;
    assert!(matches!(second, Err(store::Error::CommitUnknown(_))), "{second:?}");
    let again = book.authorise(new_load(1, 3, "b", 100)).await.unwrap();
    assert!(matches!(again, Authorised::Held { .. }), "{again:?}");
    assert_eq!(books(&db).await.loads, [(State::Authorised, 2, Fen::new(200))]);
}

#[tokio::test]
async fn a_batch_reads_no_more_than_it_must() {
    let db = Db::open(postgres_url().await).await.unwrap();
    open(&db, 1, 100_000_000).await;
    let book = Book::start(&db);
    // A hundred batches that lock and look (a doubt is not done from memory), each among more loads than the last: a plan
    // made while the table was empty must still be the right one.
    for round in 0..100 {
        let ids = || round * 20..round * 20 + 20;
        join_all(ids().map(|id| book.authorise(new_load(1, id, &id.to_string(), 10)))).await;
        let doubted = join_all(ids().map(|id| book.doubt(doubt(1, id)))).await;
        assert!(doubted.into_iter().all(|ended| ended.unwrap() == Ended::Now));
        join_all(ids().map(|id| book.settle(settled(1, id)))).await;
    }
    // The server counts a connection's reads when it is told to, or a second later; dropping the book ends it.
    drop(book);
    while counted(&db, OTHERS).await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let mut tx = db.begin().await.unwrap();
    let (whole, fetched): (i64, i64) = tx
        .query("SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'loads' AND $1")
        .bind(true)
        .one()
        .await
        .unwrap();
    assert_eq!(whole, 0, "the table was read whole");
    // Looked at and changed, by a doubt and by a settlement: 4 reads for each of the 2,000 loads, and some that were dead.
    assert!((8_000..20_000).contains(&fetched), "{fetched} rows were read");
}

/// The queue's connections that are still there.
const OTHERS: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                      AND query LIKE '%UPDATE accounts%' AND pid <> pg_backend_pid() AND $1";

/// A verb on one of a few loads of a few groups, so that they meet.
#[derive(Clone, Copy, Debug)]
enum Step {
    Authorise { intent: u8, fen: i64 },
    Refuse { intent: u8 },
    Settle { id: usize },
    Release { id: usize },
    Doubt { id: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0..40_usize;
    prop_oneof![
        4 => (0..30_u8, 1..4_000_i64).prop_map(|(intent, fen)| Step::Authorise { intent, fen }),
        1 => (0..30_u8).prop_map(|intent| Step::Refuse { intent }),
        3 => id.clone().prop_map(|id| Step::Settle { id }),
        1 => id.clone().prop_map(|id| Step::Release { id }),
        2 => id.prop_map(|id| Step::Doubt { id }),
    ]
}

/// One group as it must be, told one step at a time.
#[derive(Default)]
struct Model {
    quota: i64,
    loads: HashMap<usize, (State, i64)>,
    intents: HashMap<u8, usize>,
}

impl Model {
    /// Applies the step, which is number `id`; says what the answer must be.
    fn apply(&mut self, id: usize, step: Step) -> Answer {
        match step {
            Step::Authorise { intent, .. } if self.intents.contains_key(&intent) => {
                Answer::Authorised(Authorised::Duplicate)
            }
            Step::Authorise { fen, .. } if fen > self.quota => {
                Answer::Authorised(Authorised::Short { available: Fen::new(self.quota) })
            }
            Step::Authorise { intent, fen } => {
                let quota_before = Fen::new(self.quota);
                self.quota -= fen;
                self.intents.insert(intent, id);
                self.loads.insert(id, (State::Authorised, fen));
                Answer::Authorised(Authorised::Held { quota_before, quota_after: Fen::new(self.quota) })
            }
            Step::Refuse { intent } if self.intents.contains_key(&intent) => Answer::Ended(Ended::Already),
            Step::Refuse { intent } => {
                self.intents.insert(intent, id);
                self.loads.insert(id, (State::Failed, 1));
                Answer::Ended(Ended::Now)
            }
            Step::Settle { id } => self.end(id, State::Succeeded),
            Step::Release { id } => self.end(id, State::Failed),
            Step::Doubt { id } => self.end(id, State::Unknown),
        }
    }

    fn end(&mut self, id: usize, to: State) -> Answer {
        use State::{Authorised, Failed, Succeeded, Unknown};
        let Some((state, fen)) = self.loads.get_mut(&id) else { return Answer::Ended(Ended::NoLoad) };
        Answer::Ended(match (*state, to) {
            (from, to) if from == to => Ended::Already,
            (Succeeded | Failed, Unknown) => Ended::Already,
            (Authorised, _) | (Unknown, Succeeded) => {
                *state = to;
                if to == Failed {
                    self.quota += *fen;
                }
                Ended::Now
            }
            (from, _) => Ended::Contrary(from),
        })
    }
}

async fn say(book: &Book, group: i64, number: usize, step: Step) -> Answer {
    let id = |id: usize| i64::try_from(id).unwrap();
    match step {
        Step::Authorise { intent, fen } => {
            let load = new_load(group, id(number), &intent.to_string(), fen);
            Answer::Authorised(book.authorise(load).await.unwrap())
        }
        Step::Refuse { intent } => {
            let load = new_load(group, id(number), &intent.to_string(), 1);
            Answer::Ended(book.refused(load, "test").await.unwrap())
        }
        Step::Settle { id: load } => Answer::Ended(book.settle(settled(group, id(load))).await.unwrap()),
        Step::Release { id: load } => Answer::Ended(book.release(release(group, id(load))).await.unwrap()),
        Step::Doubt { id: load } => Answer::Ended(book.doubt(doubt(group, id(load))).await.unwrap()),
    }
}

proptest! {
    // Each case is a hundred jobs in a few batches, on two engines.
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_mix_of_jobs_is_what_one_after_the_other_would_be(
        rounds in prop::collection::vec(prop::collection::vec((1..4_i64, step()), 1..40), 1..5)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(on_both(|db| {
            let rounds = &rounds;
            async move {
                open(&db, 3, 20_000).await;
                let book = Book::start(&db);
                let mut models: HashMap<i64, Model> =
                    (1..4).map(|group| (group, Model { quota: 20_000, ..Model::default() })).collect();
                let mut number = 0;
                for round in rounds {
                    // Handed in at once and in this order, so each group's jobs are worked in this order.
                    let numbered: Vec<_> = round.iter().zip(number..).collect();
                    number += round.len();
                    let answers = numbered.iter().map(|((group, step), n)| say(&book, *group, *n, *step));
                    let answers = join_all(answers).await;
                    for (((group, step), n), answer) in numbered.into_iter().zip(answers) {
                        let expected = models.get_mut(group).unwrap().apply(n, *step);
                        assert_eq!(answer, expected, "group {group}, {n}: {step:?}");
                    }
                }
                for (group, model) in models {
                    assert_eq!(on_account(&db, group).await[0], model.quota);
                }
                books(&db).await;
            }
        }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_one_postgresql() {
    const LOADS: i64 = 200;
    let url = postgres_url().await;
    let (here, there) = (Db::open(url.as_str()).await.unwrap(), Db::open(url.as_str()).await.unwrap());
    open(&here, 30, 10_000_000).await;
    let books_of_both = [Book::start(&here), Book::start(&there)];
    // Every load is confirmed at both processes at once, half of them in one hot group; whichever holds it settles it,
    // and the other one says so too.
    let task = |i: i64, book: Book, other: Book, id: i64| async move {
        let group = if i % 2 == 0 { 1 } else { 2 + i % 29 };
        match book.authorise(new_load(group, id, &format!("intent {i}"), 100)).await.unwrap() {
            Authorised::Held { .. } => {
                let (one, two) = tokio::join!(book.settle(settled(group, id)), other.settle(settled(group, id)));
                let ended = [one.unwrap(), two.unwrap()];
                assert!(ended == [Ended::Now, Ended::Already] || ended == [Ended::Already, Ended::Now], "{ended:?}");
                1
            }
            Authorised::Duplicate => 0,
            short @ Authorised::Short { .. } => panic!("{short:?}"),
        }
    };
    let tasks: Vec<_> = (0..LOADS)
        .flat_map(|i| {
            let [one, two] = books_of_both.clone();
            [tokio::spawn(task(i, one.clone(), two.clone(), 2 * i)), tokio::spawn(task(i, two, one, 2 * i + 1))]
        })
        .collect();
    let held: i64 = join_all(tasks).await.into_iter().map(|held| held.unwrap()).sum();
    assert_eq!(held, LOADS);
    assert_eq!(books(&here).await.loads, [(State::Succeeded, LOADS, Fen::new(100 * LOADS))]);
}
