//! What a proof does to the books: it ends a doubt, agrees with how the load ended, or contradicts that.

use epurse::mac::Mac;
use serde_json::json;

use super::book::{self, Corrected, Correction, Disproof, Ended, Settled};
use super::held::Held;
use super::{Proven, Reason};
use crate::House;
use crate::alarms;
use crate::audit::Subject;

/// The load was written: its TAC says so. Returns what is new.
pub(super) async fn written(
    house: &House,
    held: &Held,
    tac: Mac,
    evidence: String,
) -> Result<Option<Proven>, store::Error> {
    let settled = Settled {
        group: held.group,
        id: held.order.id(),
        tac: tac.to_string(),
        balance_after: held.balance_after,
        at: house.now(),
    };
    let ended = house.book.settle(settled).await?;
    conclude(house, held, true, ended, evidence).await
}

/// The load was not written and never will be: `evidence` are the answers that prove it. Returns what is new.
pub(super) async fn not_written(house: &House, held: &Held, evidence: String) -> Result<Option<Proven>, store::Error> {
    let disproof = Disproof {
        group: held.group,
        id: held.order.id(),
        reason: Reason::NotWritten.as_str(),
        answers: evidence.clone(),
        at: house.now(),
    };
    let ended = house.book.disprove(disproof).await?;
    conclude(house, held, false, ended, evidence).await
}

async fn conclude(
    house: &House,
    held: &Held,
    written: bool,
    ended: Ended,
    evidence: String,
) -> Result<Option<Proven>, store::Error> {
    let proven = |corrects| Proven { group: held.group, order: held.order, amount: held.amount, written, corrects };
    match ended {
        Ended::Now => {
            tracing::info!(order = %held.order, written, "a proof settled a doubt");
            metrics::counter!("jichong_doubts_total", "proof" => if written { "written" } else { "not_written" })
                .increment(1);
            Ok(Some(proven(false)))
        }
        // Settled meanwhile, in the same way; what had ended before is no news.
        Ended::Already => Ok(held.is_open().then(|| proven(false))),
        Ended::Contrary(_) => Ok(correct(house, held, written, evidence).await?.then(|| proven(true))),
        Ended::NoLoad => {
            tracing::error!(order = %held.order, "a proof is of a load that is not there");
            Ok(None)
        }
    }
}

/// The proof says otherwise than the books: an alarm, and the movement that puts it right. True if that is new.
async fn correct(house: &House, held: &Held, written: bool, evidence: String) -> Result<bool, store::Error> {
    let correction = Correction { group: held.group, id: held.order.id(), written, evidence, at: house.now() };
    let mut tx = house.db.begin().await?;
    let corrected = book::correct(&mut tx, &correction).await?;
    let order = held.order;
    if let Corrected::Posted | Corrected::Owed = corrected {
        let details = json!({ "written": written, "fen": held.amount, "owed": corrected == Corrected::Owed });
        let (kind, subject) = (alarms::Kind::LoadContradicted, Subject::Load(order));
        alarms::raise(&mut tx, &house.ids, held.group, kind, subject, details).await?;
    }
    tx.commit().await?;
    match corrected {
        Corrected::Posted | Corrected::Owed => {
            let owed = corrected == Corrected::Owed;
            tracing::error!(%order, written, owed, "a proof contradicts how a load had ended; its money is corrected");
            metrics::counter!("jichong_contradictions_total").increment(1);
            Ok(true)
        }
        Corrected::Already | Corrected::Open => Ok(false),
        Corrected::Outweighed => {
            tracing::error!(%order, "the old counter was proven of a load whose TAC is good; the TAC counts");
            metrics::counter!("jichong_contradictions_total").increment(1);
            Ok(false)
        }
    }
}
