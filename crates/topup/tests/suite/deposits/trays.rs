//! The office's lists against a plain model of them: every row once, in order, across pages and among equals.

use store::Micros;
use store::testing::on_both;
use topup::deposits::{self, DepositNumber, State, Tray};
use topup::paging::{PAGE, Place};
use topup::{Clock as _, Fen, Ids};

use super::counter::Counter;

/// More than two pages of what there is most of, and as many of the rest.
const DEPOSITS: i64 = 330;
const HOUR_US: i64 = 3_600_000_000;

/// A deposit as it must be listed.
#[derive(Clone, Debug)]
struct Known {
    id: i64,
    tray: Tray,
    at: i64,
    fen: i64,
}

/// One of `DEPOSITS`: its tray by its number, seven of the same moment.
async fn put(counter: &Counter, n: i64) -> Known {
    let begin = counter.clock.now().0;
    let (at, fen) = (begin + n / 7 * HOUR_US, 100 * (n + 1));
    let (tray, state) = match n % 6 {
        0 | 1 => (Tray::Waiting, State::Paid),
        2 => (Tray::Second, State::Paid),
        3 if n % 4 == 1 => (Tray::Refunds, State::Rejected),
        3 => (Tray::Refunds, State::Refunding),
        4 => (Tray::Done, State::Approved),
        _ => (Tray::Done, State::Refunded),
    };
    let id = Ids::first_of(Micros(begin + n)) | n;
    let decided = (tray == Tray::Refunds || tray == Tray::Done).then_some(at);
    let mut tx = counter.db.begin().await.expect("a unit of work");
    tx.query(
        "INSERT INTO deposits (group_id, id, order_id, intent, state, operator_id, amount_fen, remark, payer, gateway, \
         created_at_us, expires_at_us, redirected_at_us, paid_fen, serial, paid_at_us, decided_at_us) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, '', 'person', 'unionpay', $8, $8, $8, $7, $4, $9, $10)",
    )
    .bind(counter.group)
    .bind(id)
    .bind(DepositNumber::new(id).to_string())
    .bind(format!("{n:021}"))
    .bind(state.as_str())
    .bind(counter.operator.id)
    .bind(fen)
    .bind(begin)
    .bind(if decided.is_some() { begin } else { at })
    .bind(decided)
    .execute()
    .await
    .expect("a deposit");
    // What was declined waits for a first word again.
    for (number, declined) in [(1, true), (2, false)].into_iter().filter(|(_, declined)| match tray {
        Tray::Waiting => *declined && n % 5 == 0,
        Tray::Second => true,
        Tray::Refunds | Tray::Done => false,
    }) {
        say(&mut tx, counter, (id, number, fen), declined).await;
    }
    tx.commit().await.expect("a commit");
    Known { id, tray, at, fen }
}

async fn say(tx: &mut store::Tx, counter: &Counter, (id, number, fen): (i64, i64, i64), declined: bool) {
    tx.query(
        "INSERT INTO deposit_reviews (group_id, deposit_id, number, approve, alone, paid_fen, limit_fen, proposed_by, \
         reason, proposed_at_us) VALUES ($1, $2, $3, 1, 0, $4, 0, $5, '相符', 1)",
    )
    .bind(counter.group)
    .bind(id)
    .bind(number)
    .bind(fen)
    .bind(counter.li.id)
    .execute()
    .await
    .expect("a proposal");
    if declined {
        tx.query(
            "INSERT INTO deposit_answers (group_id, deposit_id, number, approve, alone, proposed_by, confirmed, \
             answered_by, reason, answered_at_us) VALUES ($1, $2, $3, 1, 0, $4, 0, $5, '再看', 2)",
        )
        .bind(counter.group)
        .bind(id)
        .bind(number)
        .bind(counter.li.id)
        .bind(counter.ma.id)
        .execute()
        .await
        .expect("an answer");
    }
}

#[tokio::test]
async fn every_deposit_is_in_one_tray_once_and_in_order() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let house = counter.house().await;
        let mut all = Vec::new();
        for n in 0..DEPOSITS {
            all.push(put(&counter, n).await);
        }
        let sums = deposits::sums(&house).await.expect("a look");
        for (tray, sum) in Tray::ALL.into_iter().zip(sums.into_iter().map(Some).chain([None])) {
            let mut expected: Vec<&Known> = all.iter().filter(|known| known.tray == tray).collect();
            expected.sort_by_key(|known| (known.at, known.id));
            if tray.newest_first() {
                expected.reverse();
            }
            let (mut found, mut after): (Vec<i64>, Option<Place>) = (vec![], None);
            loop {
                let page = deposits::tray(&house, tray, after).await.expect("a page");
                assert!(page.rows.len() <= PAGE && (page.next.is_none() || page.rows.len() == PAGE));
                assert!(page.rows.iter().all(|row| row.proposed.is_some() == (tray == Tray::Second)), "{tray:?}");
                assert!(page.rows.iter().all(|row| row.operator == "陈主任" && row.unfit == 0), "{tray:?}");
                found.extend(page.rows.iter().map(|row| row.deposit.order.id()));
                after = page.next.and_then(|next| Place::parse(&next.to_string()));
                if after.is_none() {
                    break;
                }
            }
            let ids: Vec<i64> = expected.iter().map(|known| known.id).collect();
            assert_eq!(found, ids, "{tray:?}");
            if let Some(sum) = sum {
                let fen = expected.iter().map(|known| known.fen).sum();
                assert_eq!((sum.count, sum.fen), (i64::try_from(expected.len()).expect("few"), Fen::new(fen)));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn exceptions_are_listed_open_and_closed_page_by_page() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let house = counter.house().await;
        let mut tx = counter.db.begin().await.expect("a unit of work");
        for n in 0..130_i64 {
            let closed = (n % 2 == 1).then_some(1_000 + n / 3);
            tx.query(
                "INSERT INTO deposit_exceptions (id, kind, gateway, order_id, serial, amount_fen, booked, evidence, \
                 opened_at_us, closed_at_us, closed_by, closed_name, close_reason, outcome, limit_fen) \
                 VALUES ($1, 'unknown_order', 'unionpay', $2, '', 1, 0, '{}', $3, $4, $5, $6, $6, $7, $5)",
            )
            .bind(n + 1)
            .bind(format!("X{n}"))
            .bind(n / 3)
            .bind(closed)
            .bind(closed.map(|_| 9_i64))
            .bind(closed.map(|_| "马会计"))
            .bind(closed.map(|_| "nothing"))
            .execute()
            .await
            .expect("an exception");
        }
        tx.commit().await.expect("a commit");
        for open in [true, false] {
            let (mut found, mut after) = (vec![], None);
            loop {
                let page = deposits::exceptions_page(&house, open, after).await.expect("a page");
                assert!(page.rows.iter().all(|row| row.closed.is_none() == open));
                found.extend(page.rows.iter().map(|row| row.id.0 - 1));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let mut expected: Vec<i64> = (0..130).filter(|n| (n % 2 == 0) == open).collect();
            if !open {
                expected.reverse();
            }
            assert_eq!(found, expected);
        }
    })
    .await;
}
