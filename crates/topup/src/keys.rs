//! The vault, asked from where nothing may block.
//!
//! A vault in software answers within microseconds and is asked on the spot. A token answers within milliseconds over a
//! blocking interface and says so ([`Vault::blocks`]): it is asked on a thread that may wait.

use std::sync::Arc;

use epurse::keys::Diversifier;
use epurse::load::Session;
use epurse::mac::Mac;
use epurse::time::HostTime;
use vault::{KeyRef, Vault, VaultError, Verdict};

use crate::House;

/// [`Vault::verify_mac1`].
pub(crate) async fn verify_mac1(
    house: &House,
    key: KeyRef,
    card: Diversifier,
    session: Session,
    mac1: Mac,
) -> Result<Verdict, VaultError> {
    ask(house, move |vault| vault.verify_mac1(key, card, &session, mac1)).await
}

/// [`Vault::mac2`].
pub(crate) async fn mac2(
    house: &House,
    key: KeyRef,
    card: Diversifier,
    session: Session,
    time: HostTime,
) -> Result<Mac, VaultError> {
    ask(house, move |vault| vault.mac2(key, card, &session, time)).await
}

/// [`Vault::verify_tac`].
pub(crate) async fn verify_tac(
    house: &House,
    key: KeyRef,
    card: Diversifier,
    session: Session,
    time: HostTime,
    tac: Mac,
) -> Result<Verdict, VaultError> {
    ask(house, move |vault| vault.verify_tac(key, card, &session, time, tac)).await
}

async fn ask<T: Send + 'static>(
    house: &House,
    question: impl FnOnce(&dyn Vault) -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    if !house.vault.blocks() {
        return question(&*house.vault);
    }
    let vault = Arc::clone(&house.vault);
    let answer = tokio::task::spawn_blocking(move || question(&*vault)).await;
    answer.unwrap_or_else(|gone| Err(VaultError::Token(format!("it did not answer: {gone}"))))
}
