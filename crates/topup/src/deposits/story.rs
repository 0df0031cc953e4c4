//! All there is to tell of one deposit.

use ledger::GroupId;
use store::{Micros, Tx};

use super::assure::voucher;
use super::review::Proposed;
use super::{Deposit, DepositNumber, Event, Exception, Happened, Refund, Voucher, event, exceptions, query, refunds};
use crate::House;
use crate::people::staff::StaffId;

/// The whole story of a deposit, for the pages of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// It, as it stands.
    pub deposit: Deposit,
    /// Its group's name.
    pub group: String,
    /// Who confirmed it, by name.
    pub operator: String,
    /// Every step, first to last, with who and when.
    pub events: Vec<Event>,
    /// Its refunds, first to last.
    pub refunds: Vec<Refund>,
    /// What did not fit, closed or not. For the office only.
    pub exceptions: Vec<Exception>,
    /// What was proposed and waits for another's answer. For the office only.
    pub proposed: Option<Proposed>,
    /// Every decision that was proposed, with its answer, first to last. For the office only.
    pub rulings: Vec<Ruling>,
    /// Whether two people have to decide about it, as the limit is now.
    pub two_people: bool,
    /// Whose word stands for its money, should it become quota: where that is not the gateway's, two people always.
    pub voucher: Voucher,
}

impl Story {
    /// Whether it had become quota and left it again.
    pub fn was_taken_back(&self) -> bool {
        self.events.iter().any(|event| matches!(event.what, Happened::TakenBack { .. }))
    }
}

/// A decision that was proposed, and what was said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Whether one person's word was enough.
    pub alone: bool,
    /// The proposal.
    pub proposed: Proposed,
    /// Whether it was confirmed, by whose name, why and when; none while it waits. The same name if one was enough.
    pub answered: Option<(bool, String, String, Micros)>,
}

/// A deposit's story: of `group` for its operators, of whichever for the office.
pub async fn standing(
    house: &House,
    group: Option<GroupId>,
    order: DepositNumber,
) -> Result<Option<Story>, store::Error> {
    let Some(key) = query::key(house, order).await? else { return Ok(None) };
    if group.is_some_and(|group| group != key.0) {
        return Ok(None);
    }
    let mut tx = house.db.read().await?;
    let Some(deposit) = query::row(&mut tx, key.0, key.1).await?.and_then(query::Row::into_deposit) else {
        return Ok(None);
    };
    let names: Option<(String, Option<String>)> = tx
        .query(
            "SELECT groups.name, operators.name FROM groups LEFT JOIN operators ON operators.id = $2 \
             WHERE groups.id = $1",
        )
        .bind(key.0)
        .bind(deposit.operator)
        .optional()
        .await?;
    let (group, operator) = names.unwrap_or_default();
    let rulings = rulings(&mut tx, key).await?;
    let limit = house.settings.deposits.two_people_above;
    Ok(Some(Story {
        group,
        operator: operator.unwrap_or_default(),
        events: event::all(&mut tx, key).await?,
        refunds: refunds::of_deposit(&mut tx, key).await?,
        exceptions: exceptions::of_deposit(&mut tx, key).await?,
        proposed: rulings.last().filter(|last| last.answered.is_none()).map(|last| last.proposed.clone()),
        rulings,
        voucher: voucher(&mut tx, house, &deposit).await?,
        two_people: deposit.paid.as_ref().map_or(deposit.amount, |paid| paid.amount) > limit,
        deposit,
    }))
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    approve: i64,
    alone: i64,
    proposed_by: StaffId,
    proposer: Option<String>,
    reason: String,
    reference: Option<String>,
    proposed_at_us: Micros,
    confirmed: Option<i64>,
    answerer: Option<String>,
    answer: Option<String>,
    answered_at_us: Option<Micros>,
}

async fn rulings(tx: &mut Tx, (group, id): (GroupId, i64)) -> Result<Vec<Ruling>, store::Error> {
    let rows: Vec<Row> = tx
        .query(
            "SELECT r.number, r.approve, r.alone, r.proposed_by, p.name AS proposer, r.reason, r.reference, \
             r.proposed_at_us, a.confirmed, \
             s.name AS answerer, a.reason AS answer, a.answered_at_us FROM deposit_reviews r \
             LEFT JOIN deposit_answers a ON a.group_id = r.group_id AND a.deposit_id = r.deposit_id \
             AND a.number = r.number LEFT JOIN staff p ON p.id = r.proposed_by \
             LEFT JOIN staff s ON s.id = a.answered_by \
             WHERE r.group_id = $1 AND r.deposit_id = $2 ORDER BY r.number",
        )
        .bind(group)
        .bind(id)
        .all()
        .await?;
    let ruling = |row: Row| Ruling {
        alone: row.alone == 1,
        proposed: Proposed {
            number: row.number,
            approve: row.approve == 1,
            by: row.proposed_by,
            name: row.proposer.unwrap_or_default(),
            reason: row.reason,
            reference: row.reference,
            at: row.proposed_at_us,
        },
        answered: row
            .confirmed
            .zip(row.answer)
            .zip(row.answered_at_us)
            .map(|((confirmed, reason), at)| (confirmed == 1, row.answerer.unwrap_or_default(), reason, at)),
    };
    Ok(rows.into_iter().map(ruling).collect())
}
