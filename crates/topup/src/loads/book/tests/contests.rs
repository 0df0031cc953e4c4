//! Several books, and several claims on one load.

use super::*;

#[tokio::test]
async fn a_load_that_another_book_settled_is_not_settled_again_from_memory() {
    on_both(|db| async move {
        open(&db, 1, 100_000).await;
        let (one, two) = (Book::start(&db), Book::start(&db));
        for id in [1, 2] {
            one.authorise(new_load(1, id, &format!("intent {id}"), 5_000)).await.unwrap();
        }
        assert_eq!(two.settle(settled(1, 1)).await.unwrap(), Ended::Now);
        // A batch that locks learns the new number of the journal; what it remembers of the loads is older.
        one.refused(new_load(1, 3, "intent 3", 5_000), "card_removed").await.unwrap();
        assert_eq!(one.settle(settled(1, 1)).await.unwrap(), Ended::Already);
        assert_eq!(one.settle(settled(1, 2)).await.unwrap(), Ended::Now);
        books(&db).await;
    })
    .await;
}

#[tokio::test]
async fn only_a_doubt_is_disproved_and_only_once() {
    on_both(|db| async move {
        open(&db, 1, 100_000).await;
        let book = Book::start(&db);
        let disproof = |id| Disproof {
            group: GroupId(1),
            id,
            reason: "not_written",
            answers: r#"{"probe":"00"}"#.into(),
            at: Micros(NOW.0 + 4),
        };
        assert_eq!(book.disprove(disproof(1)).await.unwrap(), Ended::NoLoad);
        book.authorise(new_load(1, 1, "intent 1", 5_000)).await.unwrap();
        assert_eq!(book.disprove(disproof(1)).await.unwrap(), Ended::Contrary(State::Authorised));
        book.doubt(doubt(1, 1)).await.unwrap();
        assert_eq!(book.disprove(disproof(1)).await.unwrap(), Ended::Now);
        assert_eq!(book.disprove(disproof(1)).await.unwrap(), Ended::Already);
        assert_eq!(book.settle(settled(1, 1)).await.unwrap(), Ended::Contrary(State::Failed));
        // A group holds money for one load of a card at a time.
        book.authorise(new_load(1, 2, "intent 2", 5_000)).await.unwrap();
        let same_card = NewLoad { id: 3, ..new_load(1, 2, "intent 3", 5_000) };
        assert!(matches!(book.authorise(same_card).await, Err(store::Error::Unique(_))));
        books(&db).await;
    })
    .await;
}

#[tokio::test]
async fn two_books_that_remember_do_not_mislead_each_other() {
    on_both(|db| async move {
        open(&db, 1, 100_000).await;
        let books_of_both = [Book::start(&db), Book::start(&db)];
        // They take turns, now and then one of them twice, so that each finds its memory old and, the next time, good.
        for id in 0..40 {
            let [one, other] = if id % 3 == 0 { [0, 1] } else { [1, 0] }.map(|n| &books_of_both[n]);
            let intent = id.to_string();
            let held = one.authorise(new_load(1, id, &intent, 100)).await.unwrap();
            let quota = 100_000 - 100 * id;
            let expected = Authorised::Held { quota_before: Fen::new(quota), quota_after: Fen::new(quota - 100) };
            assert_eq!(held, expected, "load {id}");
            let again = new_load(1, 1_000 + id, &intent, 100);
            assert_eq!(other.authorise(again).await.unwrap(), Authorised::Duplicate);
            let settling = if id % 2 == 0 { one } else { other };
            assert_eq!(settling.settle(settled(1, id)).await.unwrap(), Ended::Now);
            assert_eq!(one.settle(settled(1, id)).await.unwrap(), Ended::Already);
        }
        // What only the other one knows: more quota has come. Nobody is told that there is too little.
        let mut tx = db.begin().await.unwrap();
        let (from, to, amount) = (Kind::Bank, Kind::Quota, Fen::new(1_000_000));
        let deposit = Movement { group: GroupId(1), from, to, amount, reason: "test", subject: 0, at: NOW };
        post(&mut tx, &[deposit]).await.unwrap();
        tx.commit().await.unwrap();
        let large = books_of_both[0].authorise(new_load(1, 2_000, "large", 500_000)).await.unwrap();
        assert!(matches!(large, Authorised::Held { .. }), "{large:?}");
        books(&db).await;
    })
    .await;
}

#[tokio::test]
async fn the_database_refuses_to_end_a_load_twice() {
    on_both(|db| async move {
        open(&db, 1, 10_000).await;
        let book = Book::start(&db);
        book.authorise(new_load(1, 1, "a", 1_000)).await.unwrap();
        book.settle(settled(1, 1)).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let null = store::Cell::Null;
        let again = [1.into(), 1.into(), "succeeded".into(), null, null, null, null, null];
        let refused = tx.query(work::UPDATE).rows([again]).execute().await;
        assert!(matches!(refused, Err(store::Error::Check(_))), "{refused:?}");
    })
    .await;
}
