//! The SQL of cards and their classes.

use ledger::Fen;
use store::{Micros, Tx};

use super::{CardNumber, Class, ClassName, Classes};

#[derive(sqlx::FromRow)]
struct ClassRow {
    code: String,
    name_zh: String,
    name_en: String,
    least_fen: Fen,
    step_fen: Fen,
    most_fen: Fen,
    ceiling_fen: Fen,
    presets_fen: String,
    key_index: i64,
    pin: Option<String>,
}

/// All active classes. A row that cannot be read is left out and reported: its cards are then of an unknown class.
pub async fn load_classes(tx: &mut Tx) -> Result<Classes, store::Error> {
    let rows: Vec<ClassRow> = tx
        .query(
            "SELECT code, name_zh, name_en, least_fen, step_fen, most_fen, ceiling_fen, presets_fen, key_index, pin \
             FROM card_classes WHERE active = 1",
        )
        .all()
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let code = row.code.clone();
            let class = row.into_class();
            if class.is_none() {
                tracing::error!(code, "card class left out: presets_fen or key_index cannot be read");
            }
            class
        })
        .collect())
}

/// The classes of a new installation: the rules that users know (at least 10 yuan, multiples of 10, at most 1,000 on
/// the card) for each card type that the issuer's cards name.
pub async fn seed_classes(tx: &mut Tx) -> Result<(), store::Error> {
    for (code, name_zh, name_en) in [
        ("00", "普通卡", "Standard card"),
        ("01", "普通卡", "Standard card"),
        ("02", "学生卡", "Student card"),
        ("03", "老年卡", "Senior card"),
        ("04", "员工卡", "Staff card"),
    ] {
        tx.query(
            "INSERT INTO card_classes (code, name_zh, name_en, least_fen, step_fen, most_fen, ceiling_fen, presets_fen, \
             key_index, pin, active) VALUES ($1, $2, $3, 1000, 1000, 100000, 100000, '[1000,2000,3000,5000,10000]', 1, \
             NULL, 1) ON CONFLICT (code) DO NOTHING",
        )
        .bind(code)
        .bind(name_zh)
        .bind(name_en)
        .execute()
        .await?;
    }
    Ok(())
}

/// Whether the issuer has blocked this card.
pub async fn is_blocked(tx: &mut Tx, card: &CardNumber) -> Result<bool, store::Error> {
    let found: Option<(i64,)> = tx
        .query("SELECT CAST(1 AS BIGINT) FROM blocked_cards WHERE card_number = $1")
        .bind(card.to_string())
        .optional()
        .await?;
    Ok(found.is_some())
}

/// Blocks a card from being charged.
pub async fn block(tx: &mut Tx, card: &CardNumber, reason: &str, now: Micros) -> Result<(), store::Error> {
    tx.query(
        "INSERT INTO blocked_cards (card_number, reason, created_at_us) VALUES ($1, $2, $3) \
         ON CONFLICT (card_number) DO NOTHING",
    )
    .bind(card.to_string())
    .bind(reason)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}

/// Lets a blocked card be charged again.
pub async fn unblock(tx: &mut Tx, card: &CardNumber) -> Result<(), store::Error> {
    tx.query("DELETE FROM blocked_cards WHERE card_number = $1").bind(card.to_string()).execute().await?;
    Ok(())
}

impl ClassRow {
    fn into_class(self) -> Option<Class> {
        Some(Class {
            code: self.code.to_lowercase(),
            name: ClassName { zh: self.name_zh, en: self.name_en },
            least: self.least_fen,
            step: self.step_fen,
            most: self.most_fen,
            ceiling: self.ceiling_fen,
            presets: serde_json::from_str(&self.presets_fen).ok()?,
            key_index: u8::try_from(self.key_index).ok()?,
            pin: self.pin,
        })
    }
}
