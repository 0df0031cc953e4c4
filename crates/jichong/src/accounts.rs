//! `jichong staff …` and `jichong operator …`: what becomes of somebody's account.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use topup::audit::Actor;
use topup::people::{AccountError, Accounts, Side};
use topup::{Ids, SystemClock, SystemEntropy};

use crate::cli::{AccountCommand, Somebody};
use crate::{add, say};

/// Does it and says what is so now.
pub(crate) async fn run(side: Side, command: AccountCommand) -> Result<()> {
    let (AccountCommand::Password(of) | AccountCommand::Deactivate(of) | AccountCommand::Activate(of)) = &command;
    let Somebody { login, database } = of;
    // Typed before the database is touched: whoever breaks off has changed nothing.
    let password = match &command {
        AccountCommand::Password(_) => Some(add::new_password(login)?),
        AccountCommand::Deactivate(_) | AccountCommand::Activate(_) => None,
    };
    let db = crate::open(&database.database).await?;
    let (actor, ids) = (Actor::command_line(), Ids::new(Arc::new(SystemClock), &SystemEntropy));
    let accounts = Accounts { db: &db, ids: &ids, entropy: &SystemEntropy, actor: &actor };
    let (done, what) = match (&command, password) {
        (AccountCommand::Password(_), password) => {
            let done = accounts.reset_password(side, login, &password.unwrap_or_default()).await;
            (done, "has a new password and is signed out everywhere")
        }
        (AccountCommand::Deactivate(_), _) => {
            (accounts.set_active(side, login, false).await, "can no longer sign in and is signed out everywhere")
        }
        (AccountCommand::Activate(_), _) => {
            (accounts.set_active(side, login, true).await, "can sign in again, with the password from before")
        }
    };
    done.map_err(|error| explained(side, login, error))?;
    say(format!("{login} {what}"))
}

fn explained(side: Side, login: &str, error: AccountError) -> anyhow::Error {
    let whom = match side {
        Side::Staff => "member of staff",
        Side::Operators => "operator",
    };
    match error {
        AccountError::Nobody => anyhow!("login: no {whom} has the login {login:?}"),
        AccountError::Rule(rule) => add::broken(rule),
        AccountError::Deactivated | AccountError::Storage(_) => {
            anyhow::Error::new(error).context(format!("{whom} {login:?}"))
        }
    }
}
