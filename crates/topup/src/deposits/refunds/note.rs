//! What the gateway says of a refund, and what follows, in the unit of work that noted it.

use ledger::{Fen, Kind};
use pay::{CallError, RefundStatus, Settlement};
use serde_json::json;
use store::{Micros, Tx};

use super::in_file::gone_from_quota;
use super::query::{Row, one};
use super::{Key, LISTED, NO_GATEWAY, OTHER_AMOUNT, Refund, RefundState};
use crate::House;
use crate::deposits::event::{self, By, Happened, Told};
use crate::deposits::exceptions::{self, Back, ExceptionKind, New};
use crate::deposits::{State, book, rules};

/// Notes what the gateway said, and does what follows, in one commit.
pub(super) async fn note(house: &House, key: Key, word: &Result<RefundStatus, CallError>) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(mut locked) = book::lock(&mut tx, key.group, key.deposit).await? else { return Ok(()) };
    let Some(row) = one(&mut tx, key).await? else { return Ok(()) };
    let asked = row.asked;
    let Some(refund) = row.into_refund() else { return Ok(()) };
    let open = refund.is_open();
    match word {
        Ok(RefundStatus::Accepted { serial }) if refund.state == RefundState::Due => {
            accept(&mut tx, house, &mut locked, (key, &refund, serial.as_deref())).await?;
        }
        Ok(RefundStatus::Refunded(settled)) if open => {
            if Fen::new(settled.amount.fen()) == refund.amount {
                finish(&mut tx, house, &mut locked, (key, &refund, settled)).await?;
            } else {
                fail_in_part(&mut tx, house, &mut locked, (key, &refund, settled)).await?;
            }
        }
        Ok(RefundStatus::Failed { code, text }) if open => {
            let evidence = json!({ "code": code, "words": text });
            fail(&mut tx, house, &mut locked, (key, &refund), (code, text), evidence).await?;
        }
        // It was not taken on after all: it is asked for again, under the same number.
        Ok(RefundStatus::NotFound) if refund.state == RefundState::Accepted => {
            set_state(&mut tx, key, RefundState::Due).await?;
        }
        Ok(_) | Err(_) => {}
    }
    let next = rules::next_refund_ask(asked, house.now());
    ask_next(&mut tx, key, (1, None, Some(next))).await?;
    tx.commit().await
}

/// After it was asked about so many times more, or since then there was nobody to ask: when it is next, while it is open.
pub(super) async fn ask_next(
    tx: &mut Tx,
    key: Key,
    (asked, absent_since, next): (i64, Option<Micros>, Option<Micros>),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_refunds SET asking_until_us = NULL, asked = asked + $4, absent_at_us = $5, \
         ask_at_us = CASE WHEN state IN ('due', 'accepted') THEN CAST($6 AS BIGINT) ELSE NULL END \
         WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(asked)
    .bind(absent_since)
    .bind(next)
    .execute()
    .await
    .map(drop)
}

/// A genuine notification came about a refund: the gateway is asked now, and what it contradicts is noted.
pub(in crate::deposits) async fn heard(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    key: Key,
    told: &Told,
) -> Result<(), store::Error> {
    let Some(refund) = one(tx, key).await?.and_then(Row::into_refund) else { return Ok(()) };
    let contrary = match (refund.state, told) {
        (RefundState::Failed, Told::Done { serial, .. }) => !refund.done_in_part(serial),
        (RefundState::Refunded, Told::Failed { .. }) => true,
        (RefundState::Refunded, Told::Done { amount, .. }) => *amount != refund.amount,
        (RefundState::Due | RefundState::Accepted | RefundState::Refunded | RefundState::Failed, _) => false,
    };
    if contrary {
        contradict(tx, house, locked, (&refund, told)).await?;
    }
    if let (RefundState::Failed, Told::Done { amount, .. }) = (refund.state, told) {
        gone_from_quota(tx, house, locked, (&refund, *amount)).await?;
    }
    tx.query(
        "UPDATE deposit_refunds SET ask_at_us = $4, asked = 0 \
         WHERE group_id = $1 AND deposit_id = $2 AND number = $3 AND state IN ('due', 'accepted')",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(house.now())
    .execute()
    .await?;
    Ok(())
}

pub(super) async fn accept(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (key, refund, serial): (Key, &Refund, Option<&str>),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_refunds SET state = 'accepted', serial = COALESCE($4, serial), \
         accepted_at_us = COALESCE(accepted_at_us, $5) WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(serial)
    .bind(house.now())
    .execute()
    .await?;
    if refund.accepted_at.is_none() {
        let what = Happened::RefundAccepted { refund: refund.order.clone() };
        event::add(tx, locked.key(), house.now(), &By::Gateway, &what).await?;
    }
    if locked.deposit.state == State::Rejected {
        book::set_state(tx, locked, State::Refunding).await?;
    }
    Ok(())
}

pub(super) async fn finish(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (key, refund, settled): (Key, &Refund, &Settlement),
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_refunds SET state = 'refunded', serial = $4, settle_date = $5, ended_at_us = $6 \
         WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(settled.serial.as_str())
    .bind(settled.settle_date.as_deref())
    .bind(house.now())
    .execute()
    .await?;
    book::transfer(tx, locked, (Kind::RefundsDue, Kind::Bank), book::REFUNDED, house.now()).await?;
    book::set_state(tx, locked, State::Refunded).await?;
    let what = Happened::Refunded { refund: refund.order.clone(), serial: settled.serial.clone() };
    event::add(tx, locked.key(), house.now(), &By::Gateway, &what).await?;
    exceptions::back_besides(tx, house, locked, refund.amount).await?;
    tracing::info!(order = %locked.deposit.order, refund = refund.order, "a deposit has gone back");
    metrics::counter!("jichong_deposits_total", "state" => "refunded").increment(1);
    Ok(())
}

/// It is done with another amount: for us it has failed, and people see to it that the whole goes back.
pub(super) async fn fail_in_part(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (key, refund, settled): (Key, &Refund, &Settlement),
) -> Result<(), store::Error> {
    let done = Fen::new(settled.amount.fen());
    let told = Told::Done { serial: settled.serial.clone(), amount: done };
    let words = both(done, refund.amount);
    let back = Back::from([(refund.order.clone(), done)]);
    let evidence = json!({ "code": OTHER_AMOUNT, "words": words, "told": told, "back": back, "fen": refund.amount });
    fail(tx, house, locked, (key, refund), (OTHER_AMOUNT, &words), evidence).await?;
    set_serial(tx, key, &settled.serial).await
}

/// A refund that had failed was done with another amount after all. Beside the exception about it stands how much.
pub(super) async fn done_in_part(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    (key, refund, serial, done): (Key, &Refund, &str, Fen),
) -> Result<(), store::Error> {
    if !refund.done_in_part(serial) {
        tx.query(
            "UPDATE deposit_refunds SET code = $4, words = $5 WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
        )
        .bind(key.group)
        .bind(key.deposit)
        .bind(key.number)
        .bind(OTHER_AMOUNT)
        .bind(both(done, refund.amount))
        .execute()
        .await?;
        set_serial(tx, key, serial).await?;
        contradict(tx, house, locked, (refund, &Told::Done { serial: serial.to_owned(), amount: done })).await?;
    }
    let back = Back::from([(refund.order.clone(), done)]);
    exceptions::note_back(tx, locked.key(), ExceptionKind::RefundFailed, (&back, None)).await.map(drop)
}

/// How much went back, and how much was to, in the words of no language.
fn both(done: Fen, due: Fen) -> String {
    format!("¥{done} / ¥{due}")
}

async fn set_serial(tx: &mut Tx, key: Key, serial: &str) -> Result<(), store::Error> {
    tx.query("UPDATE deposit_refunds SET serial = $4 WHERE group_id = $1 AND deposit_id = $2 AND number = $3")
        .bind(key.group)
        .bind(key.deposit)
        .bind(key.number)
        .bind(serial)
        .execute()
        .await
        .map(drop)
}

/// The gateway will not: the money stays due, and a person has to look.
pub(super) async fn fail(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (key, refund): (Key, &Refund),
    (code, words): (&str, &str),
    evidence: serde_json::Value,
) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposit_refunds SET state = 'failed', code = $4, words = $5, ended_at_us = $6 \
         WHERE group_id = $1 AND deposit_id = $2 AND number = $3",
    )
    .bind(key.group)
    .bind(key.deposit)
    .bind(key.number)
    .bind(code)
    .bind(words)
    .bind(house.now())
    .execute()
    .await?;
    if locked.deposit.state == State::Refunding {
        book::set_state(tx, locked, State::Rejected).await?;
    }
    let (order, code, words) = (refund.order.clone(), code.to_owned(), words.to_owned());
    let by = if code == NO_GATEWAY || code == LISTED { By::System } else { By::Gateway };
    let what = Happened::RefundFailed { refund: order, code, words };
    event::add(tx, locked.key(), house.now(), &by, &what).await?;
    unfit(tx, house, locked, (ExceptionKind::RefundFailed, refund, ""), evidence).await
}

/// The gateway's file lists so much of it as given back without us, and nobody has said yet whether that is so: it is not
/// asked for what may be more than is left. People say that first, and then ask for the rest.
pub(in crate::deposits) async fn not_asked(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (key, back): (Key, Fen),
) -> Result<(), store::Error> {
    let Some(refund) = one(tx, key).await?.and_then(Row::into_refund) else { return Ok(()) };
    let words = both(back, refund.amount);
    let evidence = json!({ "code": LISTED, "words": words });
    fail(tx, house, locked, (key, &refund), (LISTED, &words), evidence).await?;
    tx.query("UPDATE deposit_refunds SET ask_at_us = NULL WHERE group_id = $1 AND deposit_id = $2 AND number = $3")
        .bind(key.group)
        .bind(key.deposit)
        .bind(key.number)
        .execute()
        .await
        .map(drop)
}

pub(super) async fn contradict(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    (refund, told): (&Refund, &Told),
) -> Result<(), store::Error> {
    let serial = match told {
        Told::Done { serial, .. } => serial.as_str(),
        Told::Pending { .. } | Told::NotFound | Told::Failed { .. } | Told::NoAnswer { .. } | Told::NotSetUp => "",
    };
    let evidence = json!({ "told": told, "was": refund.state.as_str(), "fen": refund.amount });
    unfit(tx, house, locked, (ExceptionKind::RefundContradiction, refund, serial), evidence).await
}

async fn unfit(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    (kind, refund, serial): (ExceptionKind, &Refund, &str),
    evidence: serde_json::Value,
) -> Result<(), store::Error> {
    // All that is to go back waits for people when the refund of a rest fails.
    let amount = if kind == ExceptionKind::RefundFailed { locked.paid() } else { refund.amount };
    let new = New {
        kind,
        deposit: Some(locked.key()),
        gateway: &locked.deposit.gateway,
        order: &refund.order,
        serial,
        amount,
        booked: kind == ExceptionKind::RefundFailed,
        evidence,
    };
    exceptions::open(tx, house, &new).await.map(drop)
}

async fn set_state(tx: &mut Tx, key: Key, state: RefundState) -> Result<(), store::Error> {
    tx.query("UPDATE deposit_refunds SET state = $4 WHERE group_id = $1 AND deposit_id = $2 AND number = $3")
        .bind(key.group)
        .bind(key.deposit)
        .bind(key.number)
        .bind(state.as_str())
        .execute()
        .await?;
    Ok(())
}
