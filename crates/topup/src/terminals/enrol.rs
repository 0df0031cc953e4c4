//! Enrolling: a one-time code binds a terminal's own key to its number.

use std::time::Duration;

use data_encoding::{Encoding, Specification};
use ed25519_dalek::VerifyingKey;
use ledger::GroupId;
use sha2::{Digest as _, Sha256};
use store::{Micros, Tx};

use super::query::{known, set_key};
use super::{TerminalNumber, boots, by_number, register};
use crate::audit::{self, Action, Actor, Entry, Subject};
use crate::{Entropy, House};

/// How long a code can be used: long enough to walk to the terminal.
pub const CODE_LIFE: Duration = Duration::from_mins(30);

/// Random bytes in a code: 80 bits cannot be guessed in half an hour.
const CODE_BYTES: usize = 10;

/// Why a terminal was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// No such code: never issued, mistyped, used already by another key, or too old. The asker is not told which.
    #[error("this code is not valid: it may be mistyped, used already or older than {} minutes; ask the card company for a new one", CODE_LIFE.as_secs() / 60)]
    Code,
    /// Not an Ed25519 public key.
    #[error("public_key: 32 bytes of an Ed25519 public key are expected")]
    Key,
    /// The database did not answer.
    #[error("the server cannot reach its database; try again in a moment")]
    Storage(#[from] store::Error),
}

/// A new one-time code for `terminal`, shown once: four groups of four letters and digits. Those before it that nobody
/// used are void. [`super::Register`] also writes down who asked for it.
pub async fn issue_code(
    tx: &mut Tx,
    entropy: &dyn Entropy,
    terminal: TerminalNumber,
    now: Micros,
) -> Result<String, store::Error> {
    let mut bytes = [0; CODE_BYTES];
    entropy.fill(&mut bytes);
    let code = code_text(&bytes);
    let life = i64::try_from(CODE_LIFE.as_micros()).unwrap_or(i64::MAX);
    tx.query("UPDATE enrol_codes SET expires_at_us = 0 WHERE terminal = $1 AND used_at_us IS NULL")
        .bind(terminal.to_string())
        .execute()
        .await?;
    tx.query("INSERT INTO enrol_codes (code_hash, terminal, expires_at_us, used_at_us) VALUES ($1, $2, $3, NULL)")
        .bind(hashed(&code))
        .bind(terminal.to_string())
        .bind(Micros(now.0.saturating_add(life)))
        .execute()
        .await?;
    Ok(code)
}

/// Trades a one-time code for the binding of a key to a terminal number.
///
/// An answer may be lost on its way back, so the key that a code has bound can come with that code again, for as long
/// as the code would have been valid. A connection that stands under the key before it ends at once. `from` is the
/// address that asks.
pub async fn enrol(house: &House, asked: &link::Enrol, from: &str) -> Result<link::Enrolled, EnrolError> {
    let key: [u8; 32] = asked.public_key.as_ref().try_into().map_err(|_| EnrolError::Key)?;
    let weak = VerifyingKey::from_bytes(&key).map_or(true, |key| key.is_weak());
    if weak {
        return Err(EnrolError::Key);
    }
    let mut tx = house.db.begin().await?;
    let code = hashed(&asked.code);
    let number = terminal_of(&mut tx, &code).await?.ok_or(EnrolError::Code)?;
    let Some((group, false)) = known(&mut tx, number).await? else { return Err(EnrolError::Code) };
    if spend(&mut tx, &code, house.now()).await? {
        bind(house, &mut tx, (group, number), key, from).await?;
    } else if !bound_by(&mut tx, &code, key, house.now()).await? {
        return Err(EnrolError::Code);
    }
    tx.commit().await?;
    register::cut(&house.db, number).await;
    let terminal = by_number(house, number).await?.ok_or(EnrolError::Code)?;
    tracing::info!(terminal = %number, "enrolled");
    Ok(link::Enrolled { terminal: number.to_string(), name: terminal.name })
}

/// Whether a code that this process shows to whoever asked for it can still be used for `terminal`, and until when.
pub async fn outstanding(
    house: &House,
    terminal: TerminalNumber,
    code: Option<&str>,
) -> Result<Option<Micros>, store::Error> {
    let mut tx = house.db.read().await?;
    let found: Option<(Micros,)> = tx
        .query(
            "SELECT expires_at_us FROM enrol_codes WHERE terminal = $1 AND used_at_us IS NULL AND expires_at_us > $2 \
             AND (CAST($3 AS TEXT) IS NULL OR code_hash = $3) ORDER BY expires_at_us DESC LIMIT 1",
        )
        .bind(terminal.to_string())
        .bind(house.now())
        .bind(code.map(hashed))
        .optional()
        .await?;
    Ok(found.map(|(expires_at,)| expires_at))
}

/// The terminal that a code is for, whatever became of the code.
async fn terminal_of(tx: &mut Tx, code_hash: &str) -> Result<Option<TerminalNumber>, store::Error> {
    let terminal: Option<(String,)> =
        tx.query("SELECT terminal FROM enrol_codes WHERE code_hash = $1").bind(code_hash).optional().await?;
    Ok(terminal.and_then(|(number,)| number.parse().ok()))
}

/// Spends a code; false if it is not valid. One statement: of two that race, one finds it spent.
async fn spend(tx: &mut Tx, code_hash: &str, now: Micros) -> Result<bool, store::Error> {
    let spent = tx
        .query(
            "UPDATE enrol_codes SET used_at_us = $2 WHERE code_hash = $1 AND used_at_us IS NULL AND expires_at_us > $2",
        )
        .bind(code_hash)
        .bind(now)
        .execute()
        .await?;
    Ok(spent == 1)
}

/// Binds a key to a terminal; whatever holds the key before it is the terminal no longer.
async fn bind(
    house: &House,
    tx: &mut Tx,
    (group, number): (GroupId, TerminalNumber),
    key: [u8; 32],
    from: &str,
) -> Result<(), store::Error> {
    set_key(tx, number, key, house.now()).await?;
    boots::forget(tx, number).await?;
    register::disown(tx, number).await?;
    let (actor, subject) = (Actor::system(from), Subject::Terminal(number));
    let details = serde_json::json!({ "key": hex::encode(Sha256::digest(key)).get(..16) });
    let entry = Entry { actor: &actor, action: Action::TerminalEnrolled, group, subject, details };
    audit::record(tx, &house.ids, &entry).await
}

/// Whether a code is spent but not too old, and `key` the one that it bound.
async fn bound_by(tx: &mut Tx, code_hash: &str, key: [u8; 32], now: Micros) -> Result<bool, store::Error> {
    let bound: Option<(i64,)> = tx
        .query(
            "SELECT CAST(1 AS BIGINT) FROM enrol_codes c JOIN terminals t ON t.number = c.terminal \
             WHERE c.code_hash = $1 AND c.used_at_us IS NOT NULL AND c.expires_at_us > $2 AND t.public_key = $3",
        )
        .bind(code_hash)
        .bind(now)
        .bind(hex::encode(key))
        .optional()
        .await?;
    Ok(bound.is_some())
}

/// Crockford's base 32 in groups of four, without letters that people misread.
fn code_text(bytes: &[u8]) -> String {
    let text = crockford().map(|encoding| encoding.encode(bytes)).unwrap_or_default();
    let groups: Vec<String> =
        text.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    groups.join("-")
}

fn crockford() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.encoding().ok()
}

/// Codes are found by hash; case, spaces and dashes do not matter, and letters people misread are understood.
fn hashed(code: &str) -> String {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    hex::encode(Sha256::digest(plain.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = code_text(&[0xFF, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(code.chars().all(|c| c == '-' || c.is_ascii_alphanumeric()), "{code}");
        assert_eq!(code.len(), 19);
        assert_eq!(hashed(&code), hashed(&code.to_lowercase().replace('-', " ")));
        assert_eq!(hashed("O1L"), hashed("011"));
    }
}
