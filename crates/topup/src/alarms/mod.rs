//! Alarms: what a person of the card company has to look at. One that comes again while it is open is counted, not
//! raised twice; a person closes it with a reason, and if it then comes again, it is a new one.
//!
//! An alarm is a row, an entry of the audit trail, a metric and a line in the log.

use ledger::GroupId;
use serde_json::{Value, json};
use store::{Micros, Tx};

use crate::audit::{self, Action, Actor, Entry, Subject};
use crate::{House, Ids};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A terminal's key is in two places: two programs connect with it in turn.
    KeyInTwoPlaces,
    /// A proof came that contradicts how a load had ended; its money was corrected, or is owed.
    LoadContradicted,
    /// Something about a deposit, or about money of no deposit, does not fit; it is an exception that waits.
    DepositUnfit,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::KeyInTwoPlaces, Self::LoadContradicted, Self::DepositUnfit];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyInTwoPlaces => "key-in-two-places",
            Self::LoadContradicted => "load-contradicted",
            Self::DepositUnfit => "deposit-unfit",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its id, within the group.
    pub id: i64,
    /// Whose matter it is.
    pub group: GroupId,
    /// What is wrong.
    pub kind: Kind,
    /// With what.
    pub subject: Subject,
    /// What else is known: an object of plain values.
    pub details: Value,
    /// When it was first noticed, and when last.
    pub raised_at: Micros,
    /// When it was last noticed.
    pub last_at: Micros,
    /// How often it was noticed.
    pub times: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    group_id: GroupId,
    id: i64,
    kind: String,
    subject: String,
    details: String,
    raised_at_us: Micros,
    last_at_us: Micros,
    times: i64,
}

/// Raises an alarm, in the unit of work that found it; one that is open already is counted. True if it is new.
pub async fn raise(
    tx: &mut Tx,
    ids: &Ids,
    group: GroupId,
    kind: Kind,
    subject: Subject,
    details: Value,
) -> Result<bool, store::Error> {
    let id = ids.next();
    let (times,): (i64,) = tx
        .query(
            "INSERT INTO alarms (group_id, id, kind, subject, details, raised_at_us, times, last_at_us) \
             VALUES ($1, $2, $3, $4, $5, $6, 1, $6) \
             ON CONFLICT (subject, kind, group_id) WHERE closed_at_us IS NULL \
             DO UPDATE SET times = alarms.times + 1, last_at_us = excluded.last_at_us RETURNING times",
        )
        .bind(group)
        .bind(id)
        .bind(kind.as_str())
        .bind(subject.to_string())
        .bind(details.to_string())
        .bind(Ids::moment(id))
        .one()
        .await?;
    let new = times == 1;
    if new {
        let actor = Actor::system("");
        let details = json!({ "kind": kind.as_str(), "what": details });
        audit::record(tx, ids, &Entry { actor: &actor, action: Action::AlarmRaised, group, subject, details }).await?;
    }
    metrics::counter!("jichong_alarms_total", "kind" => kind.as_str()).increment(1);
    tracing::error!(kind = kind.as_str(), %subject, times, "ALARM: see the office");
    Ok(new)
}

/// The open alarms about `subject`, or about everything; newest first, at most `most`.
pub async fn open(house: &House, subject: Option<Subject>, most: i64) -> Result<Vec<Alarm>, store::Error> {
    let mut tx = house.db.read().await?;
    let subject = subject.map(|subject| subject.to_string());
    let rows: Vec<Row> = tx
        .query(
            "SELECT group_id, id, kind, subject, details, raised_at_us, last_at_us, times FROM alarms \
             WHERE closed_at_us IS NULL AND (CAST($1 AS TEXT) IS NULL OR subject = $1) ORDER BY id DESC LIMIT $2",
        )
        .bind(subject)
        .bind(most)
        .all()
        .await?;
    Ok(rows.into_iter().filter_map(Row::into_alarm).collect())
}

/// How many alarms of `kind` are open.
pub async fn count(house: &House, kind: Kind) -> Result<i64, store::Error> {
    let mut tx = house.db.read().await?;
    let (count,): (i64,) = tx
        .query("SELECT COUNT(*) FROM alarms WHERE closed_at_us IS NULL AND kind = $1")
        .bind(kind.as_str())
        .one()
        .await?;
    Ok(count)
}

/// Closes an open alarm about `subject` for a reason. False: there is no such alarm, or it is closed already.
pub async fn close(
    tx: &mut Tx,
    ids: &Ids,
    subject: Subject,
    id: i64,
    actor: &Actor,
    reason: &str,
) -> Result<bool, store::Error> {
    let closed: Option<(GroupId, String, i64)> = tx
        .query(
            "UPDATE alarms SET closed_at_us = $3, closed_by = $4, closed_why = $5 \
             WHERE subject = $1 AND id = $2 AND closed_at_us IS NULL RETURNING group_id, kind, times",
        )
        .bind(subject.to_string())
        .bind(id)
        .bind(Ids::moment(ids.next()))
        .bind(actor.name.as_str())
        .bind(reason)
        .optional()
        .await?;
    let Some((group, kind, times)) = closed else { return Ok(false) };
    let details = json!({ "kind": kind, "reason": reason, "times": times });
    audit::record(tx, ids, &Entry { actor, action: Action::AlarmClosed, group, subject, details }).await?;
    Ok(true)
}

impl Row {
    fn into_alarm(self) -> Option<Alarm> {
        Some(Alarm {
            id: self.id,
            group: self.group_id,
            kind: Kind::parse(&self.kind)?,
            subject: Subject::parse(&self.subject)?,
            details: serde_json::from_str(&self.details).unwrap_or_default(),
            raised_at: self.raised_at_us,
            last_at: self.last_at_us,
            times: self.times,
        })
    }
}
