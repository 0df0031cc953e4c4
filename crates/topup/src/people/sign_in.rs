//! Signing in and changing the password.

use std::sync::Arc;
use std::time::Duration;

use super::doorkeeper::{ACCOUNT, ADDRESS};
use super::query::{by_login, normal_login, set_password};
use super::{Operator, PasswordRule, passwords, sessions};
use crate::House;

/// Why a sign-in did not work. An unknown user and a wrong password are the same to who asks.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown user, wrong password, or an operator who is no longer active.
    #[error("wrong user name or password")]
    Wrong,
    /// Too many attempts on this account or from this address.
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
///
/// Attempts are counted for the account and for the address. From where an operator was last let in, attempts are
/// counted apart from everybody else's: a stranger who guesses does not lock the owner out. The right password clears
/// the account's count but never the address's, or one's own account would cover guessing at those of others.
pub async fn sign_in(house: &House, login: &str, password: &str, address: &str) -> Result<Operator, SignInError> {
    let (keeper, now) = (&house.doorkeeper, house.now());
    let account = account_name(login);
    let counted =
        if keeper.is_home(&account, address, now) { format!("home {address} {account}") } else { account.clone() };
    let place = format!("address {address}");
    let found = by_login(house, login).await?;
    keeper.count(&[(&counted, &ACCOUNT), (&place, &ADDRESS)], now).map_err(|wait| {
        metrics::counter!("jichong_sign_ins_total", "result" => "throttled").increment(1);
        SignInError::TooMany { wait }
    })?;
    let right = passwords::verify(house, password, found.as_ref().map(|(_, hash)| hash.as_str())).await;
    match found {
        Some((operator, _)) if right => {
            keeper.forget(&counted);
            keeper.take_back(&place, &ADDRESS, now);
            keeper.at_home(account, address, now);
            metrics::counter!("jichong_sign_ins_total", "result" => "let_in").increment(1);
            tracing::info!(operator = operator.id.0, "signed in");
            Ok(operator)
        }
        _ => {
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
    if new != again {
        return Err(PasswordError::Differs);
    }
    passwords::check_new(&operator.login, new).map_err(PasswordError::Rule)?;
    let hash = by_login(house, &operator.login).await?.map(|(_, hash)| hash);
    // Apart from the account's sign-ins: a stranger who guesses there does not keep its owner from changing it here.
    let counted = format!("change {}", operator.id.0);
    let keeper = &house.doorkeeper;
    keeper.count(&[(&counted, &ACCOUNT)], house.now()).map_err(|wait| PasswordError::TooMany { wait })?;
    if !passwords::verify(house, original, hash.as_deref()).await {
        return Err(PasswordError::Wrong);
    }
    keeper.forget(&counted);
    if original == new {
        return Err(PasswordError::Same);
    }
    let (new_password, entropy, kib) = (new.to_owned(), Arc::clone(&house.entropy), house.settings.password_kib);
    let hashing = keeper.hashing(move || passwords::hash(&*entropy, &new_password, kib));
    let new_hash = hashing.await.unwrap_or_default();
    let mut tx = house.db.begin().await?;
    // If the password changed meanwhile, the original that was typed is no longer right.
    if !set_password(&mut tx, operator.id, &hash.unwrap_or_default(), &new_hash).await? {
        return Err(PasswordError::Wrong);
    }
    sessions::end_others(&mut tx, operator.id, keep).await?;
    tx.commit().await?;
    tracing::info!(operator = operator.id.0, "changed the password");
    Ok(())
}

/// Under which name the attempts on an account are counted; cut, so that a long login cannot fill the memory.
fn account_name(login: &str) -> String {
    format!("account {}", normal_login(login).chars().take(64).collect::<String>())
}
