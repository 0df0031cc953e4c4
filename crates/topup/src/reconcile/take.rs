//! What people do: bring in a file, reconcile a day again.

use data_encoding::BASE64;
use jiff::civil::Date;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::Tx;

use super::file::{DayFile, FileError, Row, What, read};
use super::matching::{Finding, Pair, Why};
use super::{Came, aside, book, is_due};
use crate::audit::{self, Action, Actor, Entry, NO_GROUP, Subject};
use crate::deposits::{self, DepositNumber, FileLine, FileRefund};
use crate::{House, patiently};

/// A file that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The day it is of.
    pub day: Date,
    /// False if the very same was here already: then no line changed.
    pub fresh: bool,
    /// How many lines it has.
    pub lines: usize,
}

/// Why a file was not taken in. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its day is still to come, or it is too early for its file.
    #[error("the file is of {0}; it is too early for it")]
    Future(Date),
    /// It is another merchant's.
    #[error("the file is of the merchant {found}; ours is {ours}")]
    OtherMerchant {
        /// The number that the gateway knows us by.
        ours: String,
        /// The file's.
        found: String,
    },
    /// A person brought another file than the one that the gateway itself gave.
    #[error("the gateway itself gave the file of {0}, and it says otherwise")]
    Fetched(Date),
    /// The gateway gave the file of another day than it was asked for.
    #[error("the file of {asked} was asked for, the one of {found} came")]
    OtherDay {
        /// What was asked for.
        asked: Date,
        /// What came.
        found: Date,
    },
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Takes in the file of a day, whoever brings it, and reconciles the day.
pub async fn take(house: &House, actor: &Actor, came: Came, name: &str, bytes: &[u8]) -> Result<Taken, TakeError> {
    take_of(house, actor, came, (name, bytes), None).await
}

/// The same for a file of a day that was asked for.
pub(super) async fn take_of(
    house: &House,
    actor: &Actor,
    came: Came,
    (name, bytes): (&str, &[u8]),
    asked: Option<Date>,
) -> Result<Taken, TakeError> {
    let (own_name, own_bytes) = (name.to_owned(), bytes.to_vec());
    let file = aside(move || read(&own_name, &own_bytes)).await?;
    let day = file.day;
    if let Some(asked) = asked.filter(|asked| *asked != day) {
        return Err(TakeError::OtherDay { asked, found: day });
    }
    if let Some(till) = house.till.as_ref().filter(|till| till.gateway.merchant() != file.merchant) {
        return Err(TakeError::OtherMerchant { ours: till.gateway.merchant().to_owned(), found: file.merchant });
    }
    // A day ends at 23:00, and its file comes after that. The gateway knows best when it has it.
    let over = match came {
        Came::Fetched => crate::house::beijing(house.now()).is_some_and(|now| day <= now.date()),
        Came::Uploaded => is_due(day, house.now()),
    };
    if !over {
        return Err(TakeError::Future(day));
    }
    let taken = patiently!(keep(house, (actor, came), (name, bytes), &file))?;
    follow_through(house, day).await?;
    Ok(taken)
}

/// Keeps a file, has it count, and reconciles its day, in one commit. What the gateway itself gave stays before what
/// people bring.
async fn keep(
    house: &House,
    (actor, came): (&Actor, Came),
    (name, bytes): (&str, &[u8]),
    file: &DayFile,
) -> Result<Taken, TakeError> {
    let (day, digest) = (file.day, digest(file));
    let mut tx = house.db.begin().await?;
    let current = book::lock(&mut tx, day).await?;
    let here: Vec<(i64, String, String)> =
        tx.query("SELECT id, digest, came FROM bank_files WHERE day = $1").bind(day.to_string()).all().await?;
    let known = here.iter().find(|(_, known, _)| *known == digest).map(|(id, _, came)| (*id, Came::parse(came)));
    let fresh = known.is_none_or(|(id, _)| current != Some(id));
    let fetched = here.iter().any(|(id, _, came)| current == Some(*id) && came == Came::Fetched.as_str());
    if fresh && fetched && came == Came::Uploaded {
        return Err(TakeError::Fetched(day));
    }
    let again = known.filter(|_| came == Came::Fetched);
    let proven = again.is_some_and(|(_, came)| came == Some(Came::Uploaded));
    let tied = match again {
        Some((id, _)) => tie(&mut tx, file, id).await?,
        None => false,
    };
    let taken = Taken { day, fresh, lines: file.rows.len() };
    if !fresh && !proven && !tied {
        return Ok(taken);
    }
    if let Some((id, _)) = known.filter(|_| proven) {
        prove(house, &mut tx, id, (name, bytes), actor).await?;
    }
    if fresh {
        let id = match known {
            // One that was here before another took its place: now it counts again.
            Some((id, _)) => id,
            None => insert(house, &mut tx, file, &digest, (name, bytes), (came, actor)).await?,
        };
        count(&mut tx, file, id).await?;
    }
    if fresh || tied {
        book::reconcile(house, &mut tx, day).await?;
    }
    let details = json!({ "file": name, "came": came.as_str(), "lines": file.rows.len(), "net_fen": file.net() });
    let (action, subject) = (Action::DayFileTaken, Subject::Day(day));
    audit::record(&mut tx, &house.ids, &Entry { actor, action, group: NO_GROUP, subject, details }).await?;
    tx.commit().await?;
    tracing::info!(%day, lines = file.rows.len(), came = came.as_str(), "the bank's file of a day was taken in");
    Ok(taken)
}

/// What a person brought came from the gateway too: from now on it is the gateway's own.
async fn prove(
    house: &House,
    tx: &mut Tx,
    id: i64,
    (name, bytes): (&str, &[u8]),
    actor: &Actor,
) -> Result<(), store::Error> {
    tx.query("UPDATE bank_files SET came = $2, name = $3, content = $4, taken_by = $5, taken_at_us = $6 WHERE id = $1")
        .bind(id)
        .bind(Came::Fetched.as_str())
        .bind(name)
        .bind(BASE64.encode(bytes))
        .bind(actor.name.as_str())
        .bind(house.now())
        .execute()
        .await
        .map(drop)
}

/// The digest leaves out which payment each refund gives back, so what is kept of that may be another's word, or from a time
/// when it was not read: the gateway's own takes its place. True if it says otherwise.
async fn tie(tx: &mut Tx, file: &DayFile, id: i64) -> Result<bool, store::Error> {
    let kept: Vec<(i64, Option<String>)> =
        tx.query("SELECT number, original FROM bank_rows WHERE file_id = $1 ORDER BY number").bind(id).all().await?;
    let lines = kept.into_iter().zip(&file.rows).filter(|((_, kept), row)| *kept != row.original);
    let otherwise: Vec<_> = lines.map(|((number, _), row)| [number.into(), row.original.as_deref().into()]).collect();
    if otherwise.is_empty() {
        return Ok(false);
    }
    tx.query(
        "UPDATE bank_rows SET original = rows.original FROM rows(number BIGINT, original TEXT) \
         WHERE bank_rows.file_id = $1 AND bank_rows.number = rows.number",
    )
    .bind(id)
    .rows(otherwise)
    .execute()
    .await?;
    Ok(true)
}

/// Has a file count as that of its day.
async fn count(tx: &mut Tx, file: &DayFile, id: i64) -> Result<(), store::Error> {
    tx.query(
        "UPDATE bank_days SET file_id = $2, net_fen = $3, fee_fen = $4, lines = $5, answer = NULL, \
              line_id = CASE WHEN net_fen = $3 THEN line_id ELSE NULL END WHERE day = $1",
    )
    .bind(file.day.to_string())
    .bind(id)
    .bind(file.net())
    .bind(file.fee())
    .bind(i64::try_from(file.rows.len()).unwrap_or(i64::MAX))
    .execute()
    .await
    .map(drop)
}

/// What follows once a day is reconciled. Wherever it is cut off, the next look at the day does it again.
async fn follow_through(house: &House, day: Date) -> Result<(), store::Error> {
    if moved_after_all(house, day).await? {
        patiently!(reconcile(house, day))?;
    }
    book::settle(house).await
}

/// Has [`deposits`] look after what the day's file has of our payments and refunds and our books do not. True if money moved
/// by it. A line that goes wrong is in nobody's way: it stays a difference, and the next look tries it again.
async fn moved_after_all(house: &House, day: Date) -> Result<bool, store::Error> {
    let mut tx = house.db.read().await?;
    let counts: Option<(String, String)> = tx
        .query("SELECT name, came FROM bank_days JOIN bank_files ON bank_files.id = file_id WHERE bank_days.day = $1")
        .bind(day.to_string())
        .optional()
        .await?;
    let Some((name, came)) = counts else { return Ok(false) };
    let pairs = book::pairs(house, &mut tx, day).await?;
    drop(tx);
    // A file that a person brings bears no signature.
    let genuine = Came::parse(&came) == Some(Came::Fetched);
    let (mut any, mut failed) = (false, 0_u32);
    for pair in pairs {
        match told(house, (day, &name, genuine), pair).await {
            Ok(moved) => any |= moved,
            Err(error) => {
                failed = failed.saturating_add(1);
                let error = &error as &dyn std::error::Error;
                tracing::warn!(%day, error, "what a file says of a deposit could not be noted");
            }
        }
    }
    if failed > 0 {
        tracing::warn!(%day, failed, "lines of the bank's file wait for the next look at the day");
    }
    Ok(any)
}

/// Tells [`deposits`] what a line says that our books do not. True if money moved by it.
async fn told(house: &House, (day, file, genuine): (Date, &str, bool), pair: Pair) -> Result<bool, store::Error> {
    let (Some(row), Some(ours)) = (pair.theirs, pair.ours) else { return Ok(false) };
    let Some(order) = DepositNumber::parse(&ours.deposit) else { return Ok(false) };
    match pair.finding {
        Finding::MissingHere(Why::NotMoved) if row.what == What::Payment => {
            let (file, settle_date) = (file.to_owned(), day.strftime("%m%d").to_string());
            let Row { serial, amount, at, .. } = row;
            deposits::in_file(house, &FileLine { file, order, serial, amount, settle_date, at, genuine }).await
        }
        Finding::GivenBack if genuine => {
            let (file, refund) = (file.to_owned(), row.order.unwrap_or_default());
            let line = FileRefund { file, order, refund, serial: row.serial, amount: row.amount };
            deposits::given_back(house, &line).await.map(|()| false)
        }
        Finding::MissingHere(Why::NotMoved) if genuine && row.what == What::Refund => {
            let (file, refund) = (file.to_owned(), row.order.unwrap_or_default());
            let line = FileRefund { file, order, refund, serial: row.serial, amount: row.amount };
            deposits::refund_in_file(house, &line, &day.strftime("%m%d").to_string()).await
        }
        Finding::MissingHere(_)
        | Finding::Matched
        | Finding::MissingThere
        | Finding::Amount
        | Finding::Serial
        | Finding::Listed
        | Finding::GivenBack => Ok(false),
    }
}

/// What the file says, whatever it was packed in. Without the serial number of what a refund gives back, which was not read
/// once: a file from then is still the same.
fn digest(file: &DayFile) -> String {
    let mut sha = Sha256::new();
    sha.update(&file.merchant);
    for row in &file.rows {
        let order = row.order.as_deref().unwrap_or_default();
        let (amount, fee, net) = (row.amount.as_i64(), row.fee.as_i64(), row.net.as_i64());
        sha.update(format!(
            "|{}|{}|{order}|{}|{}|{amount}|{fee}|{net}",
            row.what.as_str(),
            row.code,
            row.serial,
            row.at
        ));
    }
    hex::encode(sha.finalize())
}

async fn insert(
    house: &House,
    tx: &mut Tx,
    file: &DayFile,
    digest: &str,
    (name, bytes): (&str, &[u8]),
    (came, actor): (Came, &Actor),
) -> Result<i64, store::Error> {
    let id = house.ids.next();
    tx.query(
        "INSERT INTO bank_files (id, day, name, merchant, digest, content, came, taken_by, taken_at_us) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(file.day.to_string())
    .bind(name)
    .bind(file.merchant.as_str())
    .bind(digest)
    .bind(BASE64.encode(bytes))
    .bind(came.as_str())
    .bind(actor.name.as_str())
    .bind(house.now())
    .execute()
    .await?;
    let rows = (1_i64..).zip(&file.rows).map(|(number, row)| {
        [
            number.into(),
            row.line.into(),
            row.what.as_str().into(),
            row.code.as_str().into(),
            row.order.as_deref().into(),
            row.serial.as_str().into(),
            row.original.as_deref().into(),
            row.at.as_str().into(),
            row.amount.into(),
            row.fee.into(),
            row.net.into(),
        ]
    });
    tx.query(
        "INSERT INTO bank_rows (file_id, number, line, what, code, order_id, serial, original, at, amount_fen, fee_fen, \
         net_fen) SELECT CAST($1 AS BIGINT), number, line, what, code, order_id, serial, original, at, amount, fee, net \
         FROM rows(number BIGINT, line BIGINT, what TEXT, code TEXT, order_id TEXT, serial TEXT, original TEXT, at TEXT, \
         amount BIGINT, fee BIGINT, net BIGINT)",
    )
    .bind(id)
    .rows(rows)
    .execute()
    .await?;
    Ok(id)
}

/// Reconciles a day again: our books may have changed meanwhile. False if there is no file of it.
pub async fn again(house: &House, day: Date) -> Result<bool, store::Error> {
    if !patiently!(reconcile(house, day))? {
        return Ok(false);
    }
    follow_through(house, day).await?;
    Ok(true)
}

async fn reconcile(house: &House, day: Date) -> Result<bool, store::Error> {
    let mut tx = house.db.begin().await?;
    if book::lock(&mut tx, day).await?.is_none() {
        return Ok(false);
    }
    book::reconcile(house, &mut tx, day).await?;
    tx.commit().await?;
    Ok(true)
}
