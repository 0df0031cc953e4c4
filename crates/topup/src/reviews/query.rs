//! The SQL that reads what waits for people.

use ledger::{Fen, GroupId};
use store::{Micros, Tx};

use super::rules::{Due, due};
use super::since;
use crate::alarms::{self, Kind};
use crate::audit::Subject;
use crate::cards::CardNumber;
use crate::loads::{OrderNumber, Reason};
use crate::paging::{Page, Place, one_more};
use crate::people::staff::StaffId;
use crate::two_people::Last;
use crate::{House, Ids};

/// A load in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its order number.
    pub order: OrderNumber,
    /// The name of the group.
    pub group: String,
    /// The card.
    pub card: CardNumber,
    /// How much is held.
    pub amount: Fen,
    /// Why it is in doubt.
    pub reason: Option<Reason>,
    /// Since when.
    pub since: Micros,
    /// When its card was asked last, if it came back at all.
    pub asked_at: Option<Micros>,
    /// Whether it waits for people.
    pub due: Due,
    /// What somebody proposes.
    pub proposal: Option<Proposed>,
}

/// A proposal that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// Counts the proposals of a load.
    pub number: i64,
    /// Whether the load was written to the card.
    pub written: bool,
    /// Who proposes it.
    pub by: StaffId,
    /// Their name.
    pub name: String,
    /// When.
    pub at: Micros,
}

/// A proof that contradicted how a load had ended, until someone closes the alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The load.
    pub order: OrderNumber,
    /// The name of the group.
    pub group: String,
    /// How much.
    pub amount: Fen,
    /// What is proven now.
    pub written: bool,
    /// Whether the correction waits for the quota to reach.
    pub owed: bool,
    /// When the proof came.
    pub at: Micros,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    group_name: String,
    card_number: String,
    amount_fen: Fen,
    reason: Option<String>,
    authorised_at_us: Option<Micros>,
    asked_at_us: Option<Micros>,
    in_vain: i64,
    number: Option<i64>,
    written: Option<i64>,
    proposed_by: Option<StaffId>,
    name: Option<String>,
    proposed_at_us: Option<Micros>,
}

/// A page of the loads in doubt of all groups, oldest first.
pub async fn waiting(house: &House, after: Option<Place>) -> Result<Page<Waiting>, store::Error> {
    let (now, patience) = (house.now(), house.settings.card_patience);
    let after = after.unwrap_or(Place::end(false));
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(
            "SELECT l.id, groups.name AS group_name, l.card_number, l.amount_fen, l.reason, l.authorised_at_us, \
             (SELECT MAX(asked_at_us) FROM proofs p WHERE p.group_id = l.group_id AND p.load_id = l.id) AS asked_at_us, \
             (SELECT COUNT(*) FROM proofs p WHERE p.group_id = l.group_id AND p.load_id = l.id \
             AND p.finding IN ('moved_on', 'refused', 'forged')) AS in_vain, \
             r.number, r.written, r.proposed_by, staff.name, r.proposed_at_us \
             FROM loads l JOIN groups ON groups.id = l.group_id \
             LEFT JOIN reviews r ON r.group_id = l.group_id AND r.load_id = l.id AND NOT EXISTS (\
             SELECT 1 FROM review_answers a WHERE a.group_id = r.group_id AND a.load_id = r.load_id \
             AND a.number = r.number) LEFT JOIN staff ON staff.id = r.proposed_by \
             WHERE l.state IN ('authorised', 'unknown') AND l.state = 'unknown' AND l.id > $1 ORDER BY l.id LIMIT $2",
        )
        .bind(after.id)
        .bind(one_more())
        .all()
        .await?;
    let loads = rows.into_iter().filter_map(|row| row.into_waiting(now, patience)).collect();
    Ok(Page::of(loads, |load: &Waiting| Place { at: load.since, id: load.order.id() }))
}

/// A page of the contradictions whose alarms are open, oldest first.
pub async fn contradictions(house: &House, after: Option<Place>) -> Result<Page<Contradiction>, store::Error> {
    let after = after.unwrap_or(Place::end(false));
    let mut tx = house.db.read().await?;
    let alarms: Vec<(i64, String)> = tx
        .query(
            "SELECT id, subject FROM alarms WHERE closed_at_us IS NULL AND kind = $1 AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(Kind::LoadContradicted.as_str())
        .bind(after.id)
        .bind(one_more())
        .all()
        .await?;
    let Page { rows: alarms, next } = Page::of(alarms, |(id, _)| Place { at: Ids::moment(*id), id: *id });
    let mut found = Vec::new();
    for (_, subject) in alarms {
        let Some(Subject::Load(order)) = Subject::parse(&subject) else { continue };
        let Some(group) = group_of(&mut tx, order).await? else { continue };
        let row: Option<(String, Fen, i64, Option<i64>, Micros)> = tx
            .query(
                "SELECT groups.name, amount_fen, written, movement, raised_at_us FROM corrections \
                 JOIN groups ON groups.id = group_id WHERE group_id = $1 AND load_id = $2 \
                 ORDER BY written DESC LIMIT 1",
            )
            .bind(group)
            .bind(order.id())
            .optional()
            .await?;
        found.extend(row.map(|(group, amount, written, movement, at)| Contradiction {
            order,
            group,
            amount,
            written: written == 1,
            owed: movement.is_none(),
            at,
        }));
    }
    Ok(Page { rows: found, next })
}

/// How many loads wait for people, and how many contradictions have not been looked at.
pub async fn counts(house: &House) -> Result<(i64, i64), store::Error> {
    let patience = i64::try_from(house.settings.card_patience.as_micros()).unwrap_or(i64::MAX);
    let mut tx = house.db.read().await?;
    let (due,): (i64,) = tx
        .query(
            "SELECT COUNT(*) FROM loads l WHERE l.state IN ('authorised', 'unknown') AND l.state = 'unknown' \
             AND (COALESCE(l.authorised_at_us, 0) <= $1 OR EXISTS (SELECT 1 FROM proofs p \
             WHERE p.group_id = l.group_id AND p.load_id = l.id AND p.finding IN ('moved_on', 'refused', 'forged')) \
             OR EXISTS (SELECT 1 FROM reviews r WHERE r.group_id = l.group_id AND r.load_id = l.id AND NOT EXISTS (\
             SELECT 1 FROM review_answers a WHERE a.group_id = r.group_id AND a.load_id = r.load_id \
             AND a.number = r.number)))",
        )
        .bind(house.now().0.saturating_sub(patience))
        .one()
        .await?;
    drop(tx);
    Ok((due, alarms::count(house, Kind::LoadContradicted).await?))
}

/// Whether there is a load with this order number.
pub async fn exists(house: &House, order: OrderNumber) -> Result<bool, store::Error> {
    let mut tx = house.db.read().await?;
    Ok(group_of(&mut tx, order).await?.is_some())
}

/// Whose load it is. An order number names one load of all groups; the key of loads begins with the group.
pub(super) async fn group_of(tx: &mut Tx, order: OrderNumber) -> Result<Option<GroupId>, store::Error> {
    let row: Option<(GroupId,)> = tx
        .query("SELECT groups.id FROM groups JOIN loads ON loads.group_id = groups.id AND loads.id = $1")
        .bind(order.id())
        .optional()
        .await?;
    Ok(row.map(|(group,)| group))
}

/// Whether a correction of this load waits for the quota to reach.
pub(super) async fn owes(tx: &mut Tx, order: OrderNumber) -> Result<bool, store::Error> {
    let row: Option<(i64,)> = tx
        .query("SELECT CAST(1 AS BIGINT) FROM corrections WHERE movement IS NULL AND load_id = $1 LIMIT 1")
        .bind(order.id())
        .optional()
        .await?;
    Ok(row.is_some())
}

/// What was proposed last of a load, and whether it was answered.
pub(super) async fn last_proposal(
    tx: &mut Tx,
    group: GroupId,
    order: OrderNumber,
) -> Result<Option<Last>, store::Error> {
    let row: Option<(i64, StaffId, Option<i64>)> = tx
        .query(
            "SELECT r.number, r.proposed_by, a.number FROM reviews r \
             LEFT JOIN review_answers a ON a.group_id = r.group_id AND a.load_id = r.load_id AND a.number = r.number \
             WHERE r.group_id = $1 AND r.load_id = $2 ORDER BY r.number DESC LIMIT 1",
        )
        .bind(group)
        .bind(order.id())
        .optional()
        .await?;
    Ok(row.map(|(number, by, answered)| Last { number, by, answered: answered.is_some() }))
}

impl Waiting {
    /// Whether it waits for people: they may decide, or one of them has proposed to.
    pub fn is_due(&self) -> bool {
        self.proposal.is_some() || self.due != Due::NotYet
    }
}

impl Row {
    fn into_waiting(self, now: Micros, patience: std::time::Duration) -> Option<Waiting> {
        let order = OrderNumber::new(self.id);
        let since = since(order, self.authorised_at_us);
        let proposal = self.number.zip(self.written).zip(self.proposed_by).zip(self.proposed_at_us);
        Some(Waiting {
            order,
            group: self.group_name,
            card: self.card_number.parse().ok()?,
            amount: self.amount_fen,
            reason: self.reason.as_deref().and_then(Reason::parse),
            since,
            asked_at: self.asked_at_us,
            due: due(since, self.in_vain > 0, now, patience),
            proposal: proposal.map(|(((number, written), by), at)| Proposed {
                number,
                written: written == 1,
                by,
                name: self.name.unwrap_or_default(),
                at,
            }),
        })
    }
}
