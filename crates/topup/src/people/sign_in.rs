//! Signing in and changing the password.

use std::sync::Arc;
use std::time::Duration;

use super::doorkeeper::{ACCOUNT, ADDRESS};
use super::query::{by_login, normal_login, set_password};
use super::{Operator, PasswordRule, PersonId, passwords, sessions};
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

/// Where an attempt to sign in comes from and whom it is about.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    /// Logins of operators and of staff are counted apart.
    pub(super) kind: &'static str,
    /// As typed.
    pub(super) login: &'a str,
    /// Where the request came from.
    pub(super) address: &'a str,
}

/// Lets an operator in by login and password. `address` is where the request came from.
///
/// Attempts are counted for the account and for the address. From where an operator was last let in, attempts are
/// counted apart from everybody else's: a stranger who guesses does not lock the owner out. The right password clears
/// the account's count but never the address's, or one's own account would cover guessing at those of others.
pub async fn sign_in(house: &House, login: &str, password: &str, address: &str) -> Result<Operator, SignInError> {
    let found = by_login(house, login).await?;
    let operator = let_in(house, Origin { kind: "account", login, address }, found, password).await?;
    tracing::info!(operator = operator.id.0, "signed in");
    Ok(operator)
}

/// The rule of [`sign_in`] for whoever was `found` by the login, with the hash of their password.
pub(super) async fn let_in<P>(
    house: &House,
    origin: Origin<'_>,
    found: Option<(P, String)>,
    password: &str,
) -> Result<P, SignInError> {
    let (keeper, now, address) = (&house.doorkeeper, house.now(), origin.address);
    let account = account_name(origin);
    let counted =
        if keeper.is_home(&account, address, now) { format!("home {address} {account}") } else { account.clone() };
    let place = format!("address {address}");
    keeper.count(&[(&counted, &ACCOUNT), (&place, &ADDRESS)], now).map_err(|wait| {
        metrics::counter!("jichong_sign_ins_total", "result" => "throttled").increment(1);
        SignInError::TooMany { wait }
    })?;
    let right = passwords::verify(house, password, found.as_ref().map(|(_, hash)| hash.as_str())).await;
    match found {
        Some((person, _)) if right => {
            keeper.forget(&counted);
            keeper.take_back(&place, &ADDRESS, now);
            keeper.at_home(account, address, now);
            metrics::counter!("jichong_sign_ins_total", "result" => "let_in").increment(1);
            Ok(person)
        }
        _ => {
            metrics::counter!("jichong_sign_ins_total", "result" => "wrong").increment(1);
            tracing::info!(%address, "a sign-in was refused");
            Err(SignInError::Wrong)
        }
    }
}

/// A change of one's own password.
pub(super) struct Change<'a> {
    pub(super) person: PersonId,
    pub(super) login: &'a str,
    pub(super) original: &'a str,
    pub(super) new: &'a str,
    pub(super) again: &'a str,
    /// The session that asks; the person's others end.
    pub(super) keep: &'a str,
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
    let hash = by_login(house, &operator.login).await?.map(|(_, hash)| hash);
    let asked = Change { person: PersonId::Operator(operator.id), login: &operator.login, original, new, again, keep };
    change(house, &asked, hash).await
}

/// The rule of [`change_password`] for anyone; `hash` is that of their present password.
pub(super) async fn change(house: &House, asked: &Change<'_>, hash: Option<String>) -> Result<(), PasswordError> {
    let Change { person, original, new, .. } = *asked;
    if new != asked.again {
        return Err(PasswordError::Differs);
    }
    passwords::check_new(asked.login, new).map_err(PasswordError::Rule)?;
    // Apart from the account's sign-ins: a stranger who guesses there does not keep its owner from changing it here.
    let counted = format!("change {person:?}");
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
    if !set_password(&mut tx, person, &hash.unwrap_or_default(), &new_hash).await? {
        return Err(PasswordError::Wrong);
    }
    sessions::end_others(&mut tx, person, asked.keep).await?;
    tx.commit().await?;
    tracing::info!(?person, "changed the password");
    Ok(())
}

/// Under which name the attempts on an account are counted; cut, so that a long login cannot fill the memory.
fn account_name(origin: Origin<'_>) -> String {
    format!("{} {}", origin.kind, normal_login(origin.login).chars().take(64).collect::<String>())
}
