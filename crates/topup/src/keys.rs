//! The vault, asked from where nothing may block.
//!
//! A vault in software answers within microseconds and is asked on the spot. A token answers within milliseconds over a
//! blocking interface and says so ([`Vault::blocks`]): it is asked on a thread that may wait.

use std::sync::Arc;

use store::Tx;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use epurse::keys::Diversifier;
use epurse::load::Session;
use epurse::mac::Mac;
use epurse::time::HostTime;
use vault::{KeyRef, Vault, VaultError, Verdict};

use crate::House;

impl House {
    /// Whether the card keys could be used now, for those who watch the process.
    pub async fn keys_ready(&self) -> Result<(), VaultError> {
        ask(self, |vault| vault.ready()).await
    }
}

/// How many loads are open that were made with these keys, so that nothing else can prove them. `algorithms` are the
/// identifiers by which cards mean them.
pub async fn open_loads(tx: &mut Tx, card_type: u8, version: u8, algorithms: &[u8]) -> Result<i64, store::Error> {
    let rows: Vec<(i64,)> = tx
        .query(
            "SELECT algorithm FROM loads WHERE state IN ('authorised', 'unknown') AND card_class = $1 \
             AND key_version = $2 AND algorithm IS NOT NULL",
        )
        .bind(format!("{card_type:02x}"))
        .bind(i64::from(version))
        .all()
        .await?;
    let means = |algorithm: i64| algorithms.iter().any(|known| i64::from(*known) == algorithm);
    Ok(i64::try_from(rows.into_iter().filter(|(algorithm,)| means(*algorithm)).count()).unwrap_or(i64::MAX))
}

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
    // An answer that comes later is dropped: a MAC2 among them has been in nobody's hands, and no money is held for it.
    let limit = house.settings.answer;
    let answer = timeout(limit, spawn_blocking(move || question(&*vault))).await;
    answer
        .unwrap_or_else(|_| Ok(Err(VaultError::Token(format!("it has not answered for {} s", limit.as_secs_f32())))))
        .unwrap_or_else(|gone| Err(VaultError::Token(format!("it did not answer: {gone}"))))
}
