//! The register of terminals: what staff, or the engineer at the command line, decide about them. Each decision is in
//! the audit trail, and takes effect at once on whatever process holds the terminal's connection.

use ledger::GroupId;
use serde_json::json;
use store::{Db, Micros, Tx};

use super::query::{add, known};
use super::{TerminalNumber, end_topic, issue_code, topic};
use crate::audit::{self, Action, Actor, Entry, Subject};
use crate::{Entropy, House, Ids, alarms};

/// The most characters of a terminal's name: it stands in a column and on a button.
pub const MOST_NAME: usize = 40;
/// The most characters of a reason.
pub const MOST_REASON: usize = 500;

/// Why a decision was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The number is taken, if only by a terminal that was revoked.
    #[error("the number is taken; it does not come back even after the terminal is revoked")]
    Taken,
    /// There is no such group.
    #[error("there is no such group")]
    NoGroup,
    /// The name is empty or longer than [`MOST_NAME`].
    #[error("name: 1 to {MOST_NAME} characters are expected")]
    Name,
    /// The reason is empty or longer than [`MOST_REASON`].
    #[error("reason: 1 to {MOST_REASON} characters are expected")]
    Reason,
    /// There is no such terminal, or no such open alarm.
    #[error("there is none in this database")]
    Unknown,
    /// The terminal is revoked.
    #[error("the terminal is revoked; its number does not come back, add a terminal with another one")]
    Revoked,
    /// The database did not answer.
    #[error("the database did not answer: {0}")]
    Storage(#[from] store::Error),
}

/// A terminal to be.
#[derive(Clone, Copy, Debug)]
pub struct NewTerminal<'a> {
    /// Its number.
    pub number: TerminalNumber,
    /// Whose.
    pub group: GroupId,
    /// What people will call it.
    pub name: &'a str,
}

/// The register in somebody's hands.
#[derive(Clone, Copy, Debug)]
pub struct Register<'a> {
    /// The database.
    pub db: &'a Db,
    /// New ids.
    pub ids: &'a Ids,
    /// Where the codes come from.
    pub entropy: &'a dyn Entropy,
    /// Whose hands.
    pub actor: &'a Actor,
}

impl<'a> Register<'a> {
    /// The register of `house`, in the hands of `actor`.
    pub fn of(house: &'a House, actor: &'a Actor) -> Self {
        Self { db: &house.db, ids: &house.ids, entropy: &*house.entropy, actor }
    }

    /// Creates a terminal and its first one-time code.
    pub async fn add(&self, new: &NewTerminal<'_>) -> Result<String, RegisterError> {
        let name = bounded(new.name, MOST_NAME).ok_or(RegisterError::Name)?;
        let mut tx = self.db.begin().await?;
        if !crate::groups::exists(&mut tx, new.group).await? {
            return Err(RegisterError::NoGroup);
        }
        let now = self.now();
        add(&mut tx, new.number, new.group, name, now).await.map_err(|error| {
            let taken = matches!(error, store::Error::Unique(_));
            if taken { RegisterError::Taken } else { error.into() }
        })?;
        self.note(&mut tx, Action::TerminalAdded, (new.group, new.number), json!({ "name": name })).await?;
        let code = self.issue(&mut tx, (new.group, new.number), now).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// A new one-time code for a terminal, to enrol it on another machine or after a code ran out. Those before it are
    /// void.
    pub async fn code(&self, number: TerminalNumber) -> Result<String, RegisterError> {
        let mut tx = self.db.begin().await?;
        let group = in_use(&mut tx, number).await?;
        let code = self.issue(&mut tx, (group, number), self.now()).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Takes a terminal out of use for good. Its connection ends at once; a load in flight is brought to a true state
    /// first, and none can begin.
    pub async fn revoke(&self, number: TerminalNumber, reason: &str) -> Result<(), RegisterError> {
        let reason = bounded(reason, MOST_REASON).ok_or(RegisterError::Reason)?;
        let mut tx = self.db.begin().await?;
        let group = in_use(&mut tx, number).await?;
        tx.query("UPDATE terminals SET revoked = 1, revoked_at_us = $2, revoked_why = $3 WHERE number = $1")
            .bind(number.to_string())
            .bind(self.now())
            .bind(reason)
            .execute()
            .await?;
        disown(&mut tx, number).await?;
        self.note(&mut tx, Action::TerminalRevoked, (group, number), json!({ "reason": reason })).await?;
        tx.commit().await?;
        cut(self.db, number).await;
        metrics::counter!("jichong_terminals_revoked_total").increment(1);
        tracing::warn!(terminal = %number, by = self.actor.name, "terminal revoked");
        Ok(())
    }

    /// Closes an open alarm about a terminal.
    pub async fn close_alarm(&self, number: TerminalNumber, alarm: i64, reason: &str) -> Result<(), RegisterError> {
        let reason = bounded(reason, MOST_REASON).ok_or(RegisterError::Reason)?;
        let mut tx = self.db.begin().await?;
        if !alarms::close(&mut tx, self.ids, Subject::Terminal(number), alarm, self.actor, reason).await? {
            return Err(RegisterError::Unknown);
        }
        tx.commit().await?;
        Ok(())
    }

    async fn issue(
        &self,
        tx: &mut Tx,
        (group, number): (GroupId, TerminalNumber),
        now: Micros,
    ) -> Result<String, store::Error> {
        let code = issue_code(tx, self.entropy, number, now).await?;
        self.note(tx, Action::CodeIssued, (group, number), json!({})).await?;
        Ok(code)
    }

    async fn note(
        &self,
        tx: &mut Tx,
        action: Action,
        (group, number): (GroupId, TerminalNumber),
        details: serde_json::Value,
    ) -> Result<(), store::Error> {
        let entry = Entry { actor: self.actor, action, group, subject: Subject::Terminal(number), details };
        audit::record(tx, self.ids, &entry).await
    }

    fn now(&self) -> Micros {
        Ids::moment(self.ids.next())
    }
}

/// Takes the row that pages see from whatever connection holds it: it finds that out at its next write or when it is
/// [`cut`], and no page takes it for connected any more.
pub(super) async fn disown(tx: &mut Tx, number: TerminalNumber) -> Result<(), store::Error> {
    tx.query(
        "UPDATE terminal_live SET connection = '', left_at_us = COALESCE(left_at_us, seen_at_us), seen_at_us = 0 \
         WHERE terminal = $1",
    )
    .bind(number.to_string())
    .execute()
    .await?;
    Ok(())
}

/// Tells whatever process holds a terminal's connection that it holds it no longer, and pages to look. Best effort: a
/// signal that is lost costs a heartbeat.
pub(super) async fn cut(db: &Db, number: TerminalNumber) {
    for topic in [end_topic(number), topic(number)] {
        if let Err(error) = db.signal(&topic).await {
            tracing::warn!(error = &error as &dyn std::error::Error, topic, "a signal was not sent");
        }
    }
}

/// The group of a terminal that is in use.
async fn in_use(tx: &mut Tx, number: TerminalNumber) -> Result<GroupId, RegisterError> {
    match known(tx, number).await? {
        None => Err(RegisterError::Unknown),
        Some((_, true)) => Err(RegisterError::Revoked),
        Some((group, false)) => Ok(group),
    }
}

fn bounded(text: &str, most: usize) -> Option<&str> {
    Some(text.trim()).filter(|text| (1..=most).contains(&text.chars().count()))
}
