//! Postings on both engines.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use ledger::{
    Accounts, Fault, Fen, GroupId, Kind, Memory, Movement, Posted, Rejected, balances, open_accounts, post, prove,
};
use proptest::prelude::*;
use store::testing::{on_both, postgres_url};
use store::{Db, Error, Micros};

const NOW: Micros = Micros(1_700_000_000_000_000);

fn movement(group: i64, from: Kind, to: Kind, fen: i64) -> Movement {
    Movement { group: GroupId(group), from, to, amount: Fen::new(fen), reason: "test", subject: 9, at: NOW }
}

/// Opens the accounts of groups 1 to `groups`, each with some quota.
async fn open(db: &Db, groups: i64, quota: i64) {
    let mut tx = db.begin().await.unwrap();
    for group in 1..=groups {
        open_accounts(&mut tx, GroupId(group)).await.unwrap();
        open_accounts(&mut tx, GroupId(group)).await.unwrap(); // once more changes nothing
    }
    let deposits: Vec<_> = (1..=groups).map(|group| movement(group, Kind::Bank, Kind::Quota, quota)).collect();
    assert!(post(&mut tx, &deposits).await.unwrap().iter().all(Result::is_ok));
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_set_is_decided_in_order() {
    on_both(|db| async move {
        open(&db, 2, 100).await;
        let mut tx = db.begin().await.unwrap();
        let answers = post(
            &mut tx,
            &[
                movement(1, Kind::Quota, Kind::Held, 60),
                movement(1, Kind::Quota, Kind::Held, 60),
                movement(2, Kind::Quota, Kind::Held, 100),
                movement(1, Kind::Held, Kind::OnCards, 60),
                movement(3, Kind::Quota, Kind::Held, 1),
                movement(1, Kind::Quota, Kind::Held, 0),
                movement(1, Kind::Quota, Kind::Held, 40),
            ],
        )
        .await
        .unwrap();
        assert_eq!(
            answers,
            [
                Ok(Posted { id: 2, from_after: Fen::new(40), to_after: Fen::new(60) }),
                Err(Rejected::Short { by: Fen::new(20) }),
                Ok(Posted { id: 2, from_after: Fen::new(0), to_after: Fen::new(100) }),
                Ok(Posted { id: 3, from_after: Fen::new(0), to_after: Fen::new(60) }),
                Err(Rejected::NoAccounts),
                Err(Rejected::NotAMovement),
                Ok(Posted { id: 4, from_after: Fen::new(0), to_after: Fen::new(40) }),
            ]
        );
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let one = balances(&mut tx, GroupId(1)).await.unwrap().unwrap();
        assert_eq!(Kind::ALL.map(|kind| one.get(kind).as_i64()), [-100, 0, 0, 40, 60, 0]);
        assert_eq!(balances(&mut tx, GroupId(3)).await.unwrap(), None);
        let proof = prove(&mut tx).await.unwrap();
        assert!(proof.holds(), "{proof:?}");
        assert_eq!((proof.groups, proof.movements), (2, 6));
        assert_eq!(Kind::ALL.map(|kind| proof.totals.get(kind).as_i64()), [-200, 0, 0, 140, 60, 0]);
    })
    .await;
}

#[tokio::test]
async fn the_database_refuses_what_the_code_would_let_through() {
    on_both(|db| async move {
        open(&db, 1, 100).await;
        for wrong in [
            "UPDATE accounts SET quota_fen = quota_fen - 1",
            "UPDATE accounts SET quota_fen = -1, held_fen = 101",
            "UPDATE accounts SET quota_fen = 200, held_fen = -100",
            "INSERT INTO movements (group_id, id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, reason, \
             subject, at_us) VALUES (1, 2, 'quota', 'held', 0, 0, 0, '', 0, 0)",
        ] {
            let mut tx = db.begin().await.unwrap();
            let refused = tx.query(wrong).execute().await;
            assert!(matches!(refused, Err(Error::Check(_))), "{wrong}: {refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_proof_finds_every_kind_of_fault() {
    on_both(|db| async move {
        open(&db, 4, 100).await;
        for forgery in [
            // Money moved without a movement.
            "UPDATE accounts SET quota_fen = 90, held_fen = 10 WHERE group_id = 1",
            // A movement nobody counted, of a group without accounts.
            "INSERT INTO movements (group_id, id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, reason, \
             subject, at_us) VALUES (7, 1, 'bank', 'quota', 5, -5, 5, '', 0, 0)",
            // A balance after it that does not follow.
            "INSERT INTO movements (group_id, id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, reason, \
             subject, at_us) VALUES (2, 2, 'quota', 'held', 10, 91, 10, '', 0, 0)",
            "UPDATE accounts SET quota_fen = 90, held_fen = 10, movements = 2 WHERE group_id = 2",
            // A missing movement.
            "UPDATE accounts SET movements = 2 WHERE group_id = 3",
        ] {
            let mut tx = db.begin().await.unwrap();
            tx.query(forgery).execute().await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = db.read().await.unwrap();
        let proof = prove(&mut tx).await.unwrap();
        let balance = |group, kind: &str, balance, sum| Fault::Balance {
            group: GroupId(group),
            kind: kind.into(),
            balance: Fen::new(balance),
            sum: Fen::new(sum),
        };
        assert_eq!(
            proof.faults,
            [
                Fault::Gap { group: GroupId(3), counted: 2, found: 1 },
                Fault::Gap { group: GroupId(7), counted: 0, found: 1 },
                Fault::Chain { group: GroupId(2), kind: "quota".into(), movement: 2 },
                balance(1, "held", 10, 0),
                balance(1, "quota", 90, 100),
                balance(7, "bank", 0, -5),
                balance(7, "quota", 0, 5),
                // Nor was it counted into its day.
                Fault::Day { group: GroupId(7), day: 0 },
            ]
        );
        assert!(!proof.holds());
    })
    .await;
}

#[tokio::test]
async fn opposite_postings_of_two_processes_do_not_deadlock() {
    let url = postgres_url().await;
    let (one, two) = (Db::open(url.as_str()).await.unwrap(), Db::open(url.as_str()).await.unwrap());
    open(&one, 10, 1_000_000).await;
    let hammer = |db: Db, backwards: bool| async move {
        for _ in 0..100 {
            let mut set: Vec<_> = (1..=10).map(|group| movement(group, Kind::Quota, Kind::Held, 1)).collect();
            if backwards {
                set.reverse();
            }
            let mut tx = db.begin().await.unwrap();
            assert!(post(&mut tx, &set).await.unwrap().iter().all(Result::is_ok));
            tx.commit().await.unwrap();
        }
    };
    let tasks = [(&one, false), (&two, true), (&one, true), (&two, false)]
        .map(|(db, backwards)| tokio::spawn(hammer(db.clone(), backwards)));
    for task in tasks {
        task.await.unwrap();
    }
    let mut tx = one.read().await.unwrap();
    let proof = prove(&mut tx).await.unwrap();
    assert!(proof.holds(), "{proof:?}");
    assert_eq!(proof.totals.get(Kind::Held), Fen::new(4_000));
}

#[tokio::test]
async fn a_posting_from_an_old_memory_is_refused() {
    on_both(|db| async move {
        open(&db, 1, 100).await;
        let group = GroupId(1);
        let hold = |fen| movement(1, Kind::Quota, Kind::Held, fen);
        let mut memory = Memory::default();
        assert!(memory.recall([group]).is_none());
        let mut tx = db.begin().await.unwrap();
        memory.learn(Accounts::lock(&mut tx, [group]).await.unwrap());
        tx.commit().await.unwrap();

        // From memory, and what it leaves is remembered in turn.
        for left in [90, 80] {
            let mut accounts = memory.recall([group]).unwrap();
            assert_eq!(accounts.post(hold(10)).unwrap().from_after, Fen::new(left));
            let mut tx = db.begin().await.unwrap();
            accounts.write(&mut tx).execute().await.unwrap();
            memory.learn(accounts);
            tx.commit().await.unwrap();
        }
        // Somebody else posts; the memory does not know.
        let mut tx = db.begin().await.unwrap();
        assert!(post(&mut tx, &[hold(80)]).await.unwrap()[0].is_ok());
        tx.commit().await.unwrap();
        let mut accounts = memory.recall([group]).unwrap();
        assert!(accounts.post(hold(10)).is_ok());
        let mut tx = db.begin().await.unwrap();
        let refused = accounts.write(&mut tx).execute().await;
        assert!(matches!(refused, Err(Error::Unique(_))), "{refused:?}");
        drop(tx);
        assert!(prove(&mut db.read().await.unwrap()).await.unwrap().holds());
    })
    .await;
}

fn kind() -> impl Strategy<Value = Kind> {
    proptest::sample::select(Kind::ALL.to_vec())
}

proptest! {
    // Each case posts dozens of sets on two engines.
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn any_sets_leave_exact_books(
        sets in prop::collection::vec(prop::collection::vec((1_i64..5, kind(), kind(), 1_i64..5_000), 1..30), 1..20)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(on_both(|db| {
            let sets = &sets;
            async move {
                open(&db, 3, 10_000).await;
                let mut accepted = 3;
                for set in sets {
                    let set: Vec<_> =
                        set.iter().map(|(group, from, to, fen)| movement(*group, *from, *to, *fen)).collect();
                    let mut tx = db.begin().await.unwrap();
                    let answers = post(&mut tx, &set).await.unwrap();
                    accepted += answers.iter().filter(|answer| answer.is_ok()).count();
                    tx.commit().await.unwrap();
                }
                let mut tx = db.read().await.unwrap();
                let proof = prove(&mut tx).await.unwrap();
                assert!(proof.holds(), "{proof:?}");
                assert_eq!(usize::try_from(proof.movements).unwrap(), accepted);
                assert_eq!(proof.totals.sum(), 0);
            }
        }));
    }
}
