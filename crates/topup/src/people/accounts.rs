//! What the card company does about somebody's account: a new password, no longer one, one again.
//!
//! Each ends the person's sessions at once, and with that a run of theirs, and is written to the audit trail in the same
//! unit of work. Nobody is ever deleted: what they did keeps their name.

use ledger::GroupId;
use store::{Db, Tx};

use super::query::normal_login;
use super::staff::StaffId;
use super::{OperatorId, PasswordRule, PersonId, passwords, sessions};
use crate::audit::{self, Action, Actor, Entry, NO_GROUP, Subject};
use crate::{Entropy, Ids};

/// On which side of the counter a login is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The people of the groups.
    Operators,
    /// The card company's own.
    Staff,
}

/// Everybody's accounts, in somebody's hands.
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'a> {
    /// The database.
    pub db: &'a Db,
    /// Ids of what is recorded.
    pub ids: &'a Ids,
    /// For the salt of a password.
    pub entropy: &'a dyn Entropy,
    /// Who acts.
    pub actor: &'a Actor,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Nobody has this login.
    #[error("nobody has this login")]
    Nobody,
    /// They sign in no longer; a new password would change nothing.
    #[error("this account is deactivated; activate it first")]
    Deactivated,
    /// The new password breaks a rule.
    #[error("the password breaks a rule")]
    Rule(PasswordRule),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// An account as it is kept.
struct Account {
    person: PersonId,
    group: GroupId,
    active: bool,
}

impl Accounts<'_> {
    /// Gives somebody a new password, which they had better change.
    pub async fn reset_password(&self, side: Side, login: &str, password: &str) -> Result<(), AccountError> {
        let login = normal_login(login);
        super::check_password(&login, password).map_err(AccountError::Rule)?;
        // Before the unit of work: it takes tens of milliseconds of a processor.
        let hash = passwords::hash(self.entropy, password, passwords::WORK_KIB);
        let mut tx = self.db.begin().await?;
        let account = find(&mut tx, side, &login).await?.ok_or(AccountError::Nobody)?;
        if !account.active {
            return Err(AccountError::Deactivated);
        }
        let update = match account.person {
            PersonId::Operator(id) => tx.query("UPDATE operators SET password_hash = $2 WHERE id = $1").bind(id),
            PersonId::Staff(id) => tx.query("UPDATE staff SET password_hash = $2 WHERE id = $1").bind(id),
        };
        update.bind(hash).execute().await?;
        self.record(tx, &account, Action::PasswordReset, &login).await
    }

    /// Lets somebody in no longer (`active` is false), or again with the password that they had. That it is so already
    /// is no error.
    pub async fn set_active(&self, side: Side, login: &str, active: bool) -> Result<(), AccountError> {
        let login = normal_login(login);
        let mut tx = self.db.begin().await?;
        let account = find(&mut tx, side, &login).await?.ok_or(AccountError::Nobody)?;
        if account.active == active {
            return Ok(());
        }
        let update = match account.person {
            PersonId::Operator(id) => tx.query("UPDATE operators SET active = $2 WHERE id = $1").bind(id),
            PersonId::Staff(id) => tx.query("UPDATE staff SET active = $2 WHERE id = $1").bind(id),
        };
        update.bind(i64::from(active)).execute().await?;
        let action = if active { Action::PersonActivated } else { Action::PersonDeactivated };
        self.record(tx, &account, action, &login).await
    }

    /// Ends the sessions and writes the trail; then all of it is durable.
    async fn record(&self, mut tx: Tx, account: &Account, action: Action, login: &str) -> Result<(), AccountError> {
        sessions::end_all(&mut tx, account.person).await?;
        let subject = match account.person {
            PersonId::Operator(id) => Subject::Operator(id),
            PersonId::Staff(id) => Subject::Staff(id),
        };
        let details = serde_json::json!({ "login": login });
        let entry = Entry { actor: self.actor, action, group: account.group, subject, details };
        audit::record(&mut tx, self.ids, &entry).await?;
        Ok(tx.commit().await?)
    }
}

/// The account with this login, active or not.
async fn find(tx: &mut Tx, side: Side, login: &str) -> Result<Option<Account>, store::Error> {
    Ok(match side {
        Side::Operators => {
            let found: Option<(OperatorId, GroupId, i64)> =
                tx.query("SELECT id, group_id, active FROM operators WHERE login = $1").bind(login).optional().await?;
            found.map(|(id, group, active)| Account { person: PersonId::Operator(id), group, active: active == 1 })
        }
        Side::Staff => {
            let found: Option<(StaffId, i64)> =
                tx.query("SELECT id, active FROM staff WHERE login = $1").bind(login).optional().await?;
            found.map(|(id, active)| Account { person: PersonId::Staff(id), group: NO_GROUP, active: active == 1 })
        }
    })
}
