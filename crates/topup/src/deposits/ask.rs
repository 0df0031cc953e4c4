//! Asking the gateway where a payment stands, and doing what follows.

use std::time::Duration;

use ledger::{Fen, GroupId};
use pay::{CallError, OrderId, PaymentStatus, Settlement};
use serde_json::{Value, json};
use store::{Micros, Tx};

use super::event::{self, By, Event, Happened, Told};
use super::exceptions::{self, ExceptionKind, New};
use super::rules::{self, Known, Verdict, judge, judge_again};
use super::{Deposit, DepositNumber, State, absent, book, confirm, query, topic};
use crate::{House, patiently};

/// For so long nobody else asks about the same; longer than the gateway may take to answer.
const LEASE: Duration = Duration::from_secs(30);

/// Has a deposit asked about as soon as somebody can.
pub(super) async fn poke(tx: &mut Tx, (group, id): (GroupId, i64), now: Micros) -> Result<(), store::Error> {
    tx.query(
        "UPDATE deposits SET ask_at_us = $3, asked = 0 WHERE group_id = $1 AND id = $2 \
         AND state IN ('redirected', 'failed', 'expired')",
    )
    .bind(group)
    .bind(id)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Asks, for as long as the caller can wait; the background job goes on where this gives up.
pub(super) async fn ask_within(house: &House, key: (GroupId, i64), wait: Duration) {
    match tokio::time::timeout(wait, ask(house, key)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the gateway's word could not be noted");
        }
        Err(_) => {
            if let Err(error) = let_go(house, key).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lease runs out by itself");
            }
        }
    }
}

/// Asks the gateway about a deposit that is open, unless somebody is asking, and does what follows; also where there is
/// nobody to ask.
pub(super) async fn ask(house: &House, key: (GroupId, i64)) -> Result<(), store::Error> {
    let Some(row) = take(house, key).await? else { return Ok(()) };
    let payment = house.till.as_ref().and_then(|till| Some((till, confirm::payment(till, &row)?)));
    let (Some((till, payment)), asked_at) = (payment, house.now()) else { return absent::wait(house, key).await };
    let Some(now) = confirm::pay_time(asked_at) else { return Ok(()) };
    let word = till.gateway.query(&payment, now).await;
    answered("query", &payment.order, &word);
    patiently!(note(house, key, &word, asked_at))?;
    house.signal(&topic(DepositNumber::new(key.1))).await;
    Ok(())
}

/// Counts what came of a call to the gateway, and says why one had no answer.
pub(super) fn answered<T>(call: &'static str, order: &OrderId, word: &Result<T, CallError>) {
    let outcome = match word {
        Ok(_) => "answered",
        Err(error) => {
            tracing::warn!(%error, %order, call, "the gateway gave no answer to be believed; it is asked again");
            "no_answer"
        }
    };
    metrics::counter!("jichong_gateway_calls_total", "call" => call, "outcome" => outcome).increment(1);
}

/// Takes the lease. None if there is nothing to ask, or somebody is asking.
async fn take(house: &House, (group, id): (GroupId, i64)) -> Result<Option<query::Row>, store::Error> {
    let mut tx = house.db.begin().await?;
    let now = house.now();
    let taken = tx
        .query(
            "UPDATE deposits SET asking_until_us = $3 WHERE group_id = $1 AND id = $2 \
             AND (state IN ('redirected', 'failed', 'expired') \
             OR state IN ('paid', 'approved') AND ask_at_us IS NOT NULL AND ask_at_us <= $4) \
             AND redirected_at_us IS NOT NULL AND (asking_until_us IS NULL OR asking_until_us <= $4)",
        )
        .bind(group)
        .bind(id)
        .bind(rules::after(now, LEASE))
        .bind(now)
        .execute()
        .await?;
    let row = if taken == 1 { query::row(&mut tx, group, id).await? } else { None };
    tx.commit().await?;
    Ok(row)
}

async fn let_go(house: &House, (group, id): (GroupId, i64)) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    tx.query("UPDATE deposits SET asking_until_us = NULL WHERE group_id = $1 AND id = $2")
        .bind(group)
        .bind(id)
        .execute()
        .await?;
    tx.commit().await
}

/// What is known of a locked deposit, and its story so far.
pub(super) async fn known(tx: &mut Tx, locked: &book::Locked) -> Result<(Known, Vec<Event>), store::Error> {
    let story = event::all(tx, locked.key()).await?;
    let claims = story.iter().filter_map(|event| {
        let Happened::Notified { told: Told::Done { serial, amount }, .. } = &event.what else { return None };
        Some((serial.clone(), *amount))
    });
    let only_in_file = rules::only_in_file(&story);
    let known = Known { claims: claims.collect(), only_in_file, ..bare(&locked.deposit) };
    Ok((known, story))
}

/// What is known of a deposit but for its story.
pub(super) fn bare(deposit: &Deposit) -> Known {
    Known {
        state: deposit.state,
        amount: deposit.amount,
        payer: deposit.payer,
        expires_at: deposit.expires_at,
        paid: deposit.paid.as_ref().map(|paid| (paid.serial.clone(), paid.amount)),
        paid_at: deposit.paid.as_ref().map(|paid| paid.at),
        claims: Vec::new(),
        only_in_file: false,
    }
}

/// Notes what the gateway answered, and does what follows, in one commit.
pub(super) async fn note(
    house: &House,
    key: (GroupId, i64),
    word: &Result<PaymentStatus, CallError>,
    asked_at: Micros,
) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(mut locked) = book::lock(&mut tx, key.0, key.1).await? else { return Ok(()) };
    let (known, story) = known(&mut tx, &locked).await?;
    let told = match word {
        Ok(status) => Told::from(status),
        Err(error) => Told::NoAnswer { why: error.to_string() },
    };
    let last = story.iter().rev().find_map(|event| {
        let Happened::Asked { told } = &event.what else { return None };
        Some(told)
    });
    let changed = last.is_none_or(|last| differs(last, &told));
    let news_since = story
        .iter()
        .any(|event| event.at > asked_at && matches!(event.what, Happened::Notified { .. } | Happened::Returned));
    let verdict = match word {
        // The answer is older than what came meanwhile; it is asked again.
        Ok(PaymentStatus::NotFound | PaymentStatus::Failed { .. } | PaymentStatus::Pending { .. }) if news_since => {
            Verdict::Nothing
        }
        Ok(status) if known.paid_at.is_some_and(|at| at <= asked_at) => judge_again(&known, status, house.now()),
        Ok(status) => judge(&known, status, house.now()),
        Err(_) => Verdict::Nothing,
    };
    // Of what only the file knows, each answer may be the one that confirms it.
    let may_confirm = known.only_in_file && word.is_ok();
    // That it has the money again after all makes the next denial news.
    let back_again = matches!(told, Told::Done { .. });
    let noted =
        !known.state.is_paid() || may_confirm || back_again || matches!(verdict, Verdict::Gone | Verdict::Contradict);
    let denied = matches!(last, Some(Told::NotFound | Told::Failed { .. }));
    let verdict = if verdict == Verdict::Gone && denied && told_since_approval(&mut tx, key).await? {
        Verdict::Nothing
    } else {
        verdict
    };
    if changed && noted {
        event::add(&mut tx, key, house.now(), &By::Gateway, &Happened::Asked { told }).await?;
    }
    follow_up(&mut tx, house, &mut locked, (&known, word.as_ref().ok(), verdict)).await?;
    reschedule(&mut tx, house, &locked, (&known, news_since)).await?;
    tx.commit().await?;
    if known.state != locked.deposit.state {
        tracing::info!(order = %locked.deposit.order, state = locked.deposit.state.as_str(), "a deposit moved on");
        metrics::counter!("jichong_deposits_total", "state" => locked.deposit.state.as_str()).increment(1);
    }
    Ok(())
}

fn differs(last: &Told, told: &Told) -> bool {
    match (last, told) {
        (Told::NoAnswer { .. }, Told::NoAnswer { .. }) => false,
        (last, told) => last != told,
    }
}

/// Says when the gateway is asked next, and lets the lease go.
pub(super) async fn reschedule(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    (before, news_since): (&Known, bool),
) -> Result<(), store::Error> {
    let (deposit, now) = (&locked.deposit, house.now());
    let asked = if before.state == deposit.state { locked.asked } else { 0 };
    let known = Known { only_in_file: before.only_in_file, ..bare(deposit) };
    let next = if news_since && !deposit.state.is_paid() { Some(now) } else { rules::next_ask(&known, asked, now) };
    tx.query("UPDATE deposits SET ask_at_us = $3, asked = $4, asking_until_us = NULL WHERE group_id = $1 AND id = $2")
        .bind(deposit.group)
        .bind(deposit.order.id())
        .bind(next)
        .bind(asked.saturating_add(1))
        .execute()
        .await?;
    Ok(())
}

/// Does what a verdict says.
pub(super) async fn follow_up(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (known, word, verdict): (&Known, Option<&PaymentStatus>, Verdict),
) -> Result<(), store::Error> {
    let evidence = json!({
        "told": word.map(Told::from),
        "was": known.state.as_str(),
        "asked_fen": known.amount,
        "paid": known.paid,
        "claims": known.claims,
    });
    match (verdict, word) {
        (Verdict::Pay { late, wrong_amount, contradicted }, Some(PaymentStatus::Paid(settled))) => {
            let kinds = [
                (late, ExceptionKind::Late),
                (wrong_amount, ExceptionKind::WrongAmount),
                (contradicted, ExceptionKind::Contradiction),
            ];
            pay(tx, house, locked, (settled, late), &kinds, evidence).await
        }
        (Verdict::Fail { returned_late, contradicted }, Some(PaymentStatus::Failed { code, text })) => {
            if locked.deposit.state == State::Redirected {
                end(tx, house, locked, Some((code.as_str(), text.as_str()))).await?;
            }
            if returned_late {
                unfit(tx, house, locked, (ExceptionKind::ReturnedLate, "", locked.deposit.amount), evidence).await?;
            } else if contradicted {
                contradict(tx, house, locked, known, evidence).await?;
            }
            Ok(())
        }
        (Verdict::Expire { contradicted }, _) => {
            end(tx, house, locked, None).await?;
            if contradicted { contradict(tx, house, locked, known, evidence).await } else { Ok(()) }
        }
        (Verdict::Contradict, Some(PaymentStatus::Paid(settled))) => {
            let about = (ExceptionKind::Contradiction, settled.serial.as_str(), Fen::new(settled.amount.fen()));
            unfit(tx, house, locked, about, evidence).await
        }
        (Verdict::Gone, _) => {
            let Some((serial, amount)) = &known.paid else { return Ok(()) };
            unfit(tx, house, locked, (ExceptionKind::GoneBack, serial, *amount), evidence).await
        }
        (Verdict::Nothing | Verdict::Pay { .. } | Verdict::Fail { .. } | Verdict::Contradict, _) => Ok(()),
    }
}

/// Books the payment, with everything that does not fit about it.
async fn pay(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    (settled, late): (&Settlement, bool),
    kinds: &[(bool, ExceptionKind)],
    evidence: Value,
) -> Result<(), store::Error> {
    let amount = Fen::new(settled.amount.fen());
    if !book::pay(tx, locked, settled, house.now()).await? {
        let about = (ExceptionKind::DuplicateSerial, settled.serial.as_str(), amount);
        return unfit(tx, house, locked, about, evidence).await;
    }
    let what = Happened::Paid { amount, serial: settled.serial.clone(), late };
    event::add(tx, locked.key(), house.now(), &By::Gateway, &what).await?;
    for (_, kind) in kinds.iter().filter(|(holds, _)| *holds) {
        unfit(tx, house, locked, (*kind, &settled.serial, amount), evidence.clone()).await?;
    }
    Ok(())
}

/// Ends a deposit without money.
async fn end(
    tx: &mut Tx,
    house: &House,
    locked: &mut book::Locked,
    failure: Option<(&str, &str)>,
) -> Result<(), store::Error> {
    let state = if failure.is_some() { State::Failed } else { State::Expired };
    let (code, words) = failure.unzip();
    tx.query("UPDATE deposits SET state = $3, code = $4, words = $5 WHERE group_id = $1 AND id = $2")
        .bind(locked.deposit.group)
        .bind(locked.deposit.order.id())
        .bind(state.as_str())
        .bind(code)
        .bind(words)
        .execute()
        .await?;
    let from = locked.deposit.stands();
    locked.deposit.state = state;
    book::turned(tx, locked, from).await?;
    let (by, what) = match failure {
        Some((code, words)) => (By::Gateway, Happened::Failed { code: code.to_owned(), words: words.to_owned() }),
        None => (By::System, Happened::Expired),
    };
    event::add(tx, locked.key(), house.now(), &by, &what).await
}

/// A genuine notification said that it was paid, and the gateway now says otherwise.
async fn contradict(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    known: &Known,
    evidence: Value,
) -> Result<(), store::Error> {
    for (serial, amount) in &known.claims {
        unfit(tx, house, locked, (ExceptionKind::Contradiction, serial, *amount), evidence.clone()).await?;
    }
    Ok(())
}

/// Whether people were told already that the money of this deposit is gone, since it became quota: each day that it is
/// denied again it is the same trouble still. Before, every decision that finds it gone says so anew.
async fn told_since_approval(tx: &mut Tx, (group, id): (GroupId, i64)) -> Result<bool, store::Error> {
    let (told,): (i64,) = tx
        .query(
            "SELECT COUNT(*) FROM deposit_exceptions e JOIN deposits d ON d.group_id = e.group_id AND d.id = e.deposit_id \
             WHERE e.group_id = $1 AND e.deposit_id = $2 AND e.kind = $3 AND d.state = 'approved' \
             AND e.opened_at_us >= d.decided_at_us",
        )
        .bind(group)
        .bind(id)
        .bind(ExceptionKind::GoneBack.as_str())
        .one()
        .await?;
    Ok(told > 0)
}

/// Opens an exception about a deposit.
pub(super) async fn unfit(
    tx: &mut Tx,
    house: &House,
    locked: &book::Locked,
    (kind, serial, amount): (ExceptionKind, &str, Fen),
    evidence: Value,
) -> Result<(), store::Error> {
    let deposit = &locked.deposit;
    // What goes back twice is in no account the second time.
    let booked = matches!(kind, ExceptionKind::Late | ExceptionKind::WrongAmount)
        || kind == ExceptionKind::GoneBack && deposit.state != State::Refunded;
    let new = New {
        kind,
        deposit: Some(locked.key()),
        gateway: &deposit.gateway,
        order: &deposit.order.to_string(),
        serial,
        amount,
        booked,
        evidence,
    };
    exceptions::open(tx, house, &new).await.map(drop)
}

/// Expires a deposit whose payer was never sent: nothing can have been paid.
pub(super) async fn expire_unsent(house: &House, key: (GroupId, i64)) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    let Some(mut locked) = book::lock(&mut tx, key.0, key.1).await? else { return Ok(()) };
    let (known, _) = known(&mut tx, &locked).await?;
    let verdict = judge(&known, &PaymentStatus::NotFound, house.now());
    if known.state == State::Created {
        follow_up(&mut tx, house, &mut locked, (&known, None, verdict)).await?;
    }
    tx.commit().await
}
