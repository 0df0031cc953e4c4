//! Signing in and changing the password.

use std::sync::Arc;
use std::time::Duration;

use super::query::{by_login, normal_login, set_password};
use super::{Operator, PasswordRule, passwords, sessions};
use crate::House;

/// Why a sign-in did not work. An unknown user and a wrong password are the same to who asks.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown user, wrong password, or an operator who is no longer active.
    #[error("wrong user name or password")]
    Wrong,
    /// Too many wrong passwords for this account or from this address.
    #[error("too many attempts")]
    TooMany {
        /// When to try again.
        wait: Duration,
    },
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The original password is not right.
    #[error("the original password is wrong")]
    Wrong,
    /// The new password breaks a rule.
    #[error("the new password is not acceptable")]
    Rule(PasswordRule),
    /// The new password and its repetition differ.
    #[error("the new passwords differ")]
    Differs,
    /// The new password is the old one.
    #[error("the new password is the old one")]
    Same,
    /// Too many wrong original passwords.
    #[error("too many attempts")]
    TooMany {
        /// When to try again.
        wait: Duration,
    },
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Lets an operator in by login and password. `address` is where the request came from.
pub async fn sign_in(house: &House, login: &str, password: &str, address: &str) -> Result<Operator, SignInError> {
    let account = account_name(login);
    let address = format!("address {address}");
    let now = house.now();
    if let Some(wait) = house.doorkeeper.wait(&account, now).max(house.doorkeeper.wait(&address, now)) {
        metrics::counter!("jichong_sign_ins_total", "result" => "throttled").increment(1);
        return Err(SignInError::TooMany { wait });
    }
    let found = by_login(house, login).await?;
    let right = passwords::verify(house, password, found.as_ref().map(|(_, hash)| hash.as_str())).await;
    match found {
        Some((operator, _)) if right => {
            house.doorkeeper.right(&account);
            house.doorkeeper.right(&address);
            metrics::counter!("jichong_sign_ins_total", "result" => "let_in").increment(1);
            tracing::info!(operator = operator.id.0, "signed in");
            Ok(operator)
        }
        _ => {
            house.doorkeeper.wrong(&account, now);
            house.doorkeeper.wrong(&address, now);
            metrics::counter!("jichong_sign_ins_total", "result" => "wrong").increment(1);
            tracing::info!(%address, "a sign-in was refused");
            Err(SignInError::Wrong)
        }
    }
}

/// Changes the password of `operator` and ends their other sessions; `keep` is the session that asks.
pub async fn change_password(
    house: &House,
    operator: &Operator,
    original: &str,
    new: &str,
    again: &str,
    keep: &str,
) -> Result<(), PasswordError> {
    let account = account_name(&operator.login);
    if let Some(wait) = house.doorkeeper.wait(&account, house.now()) {
        return Err(PasswordError::TooMany { wait });
    }
    if new != again {
        return Err(PasswordError::Differs);
    }
    passwords::check_new(&operator.login, new).map_err(PasswordError::Rule)?;
    let hash = by_login(house, &operator.login).await?.map(|(_, hash)| hash);
    if !passwords::verify(house, original, hash.as_deref()).await {
        house.doorkeeper.wrong(&account, house.now());
        return Err(PasswordError::Wrong);
    }
    if original == new {
        return Err(PasswordError::Same);
    }
    let (new_password, entropy, kib) = (new.to_owned(), Arc::clone(&house.entropy), house.settings.password_kib);
    let hashing = house.doorkeeper.hashing(move || passwords::hash(&*entropy, &new_password, kib));
    let new_hash = hashing.await.unwrap_or_default();
    let mut tx = house.db.begin().await?;
    // If the password changed meanwhile, the original that was typed is no longer right.
    if !set_password(&mut tx, operator.id, &hash.unwrap_or_default(), &new_hash).await? {
        return Err(PasswordError::Wrong);
    }
    sessions::end_others(&mut tx, operator.id, keep).await?;
    tx.commit().await?;
    house.doorkeeper.right(&account);
    tracing::info!(operator = operator.id.0, "changed the password");
    Ok(())
}

/// Under which name wrong passwords of an account are counted; cut, so that a long login cannot fill the memory.
fn account_name(login: &str) -> String {
    format!("account {}", normal_login(login).chars().take(64).collect::<String>())
}
