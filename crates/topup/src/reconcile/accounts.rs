//! The accounts whose statements are read, and their statements.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use ledger::Fen;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::{Micros, Tx};

use super::statement::{Layout, Line, Rule, Statement, StatementError, read};
use super::{aside, book};
use crate::audit::{self, Action, Actor, Entry, NO_GROUP, Subject};
use crate::paging::{Page, Place, one_more};
use crate::{House, patiently};

/// The longest name of an account, in characters.
pub const MOST_NAME: usize = 60;

/// An account at a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: i64,
    /// What staff call it.
    pub name: String,
    /// How its statements are read.
    pub layout: Layout,
    /// The first lines of a statement of it.
    pub sample: String,
    /// Who set it up last, and when.
    pub kept_by: String,
    /// When.
    pub kept_at: Micros,
}

/// What is to be kept of an account.
#[derive(Clone, Debug)]
pub struct Kept<'a> {
    /// Its id; none for a new one.
    pub id: Option<i64>,
    /// Its name.
    pub name: &'a str,
    /// How its statements are read.
    pub layout: &'a Layout,
    /// The first lines of a statement.
    pub sample: &'a str,
}

/// Why an account was not kept.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// It has no name, or one longer than [`MOST_NAME`].
    #[error("a name of up to {MOST_NAME} characters is needed")]
    Name,
    /// Another has this name.
    #[error("another account has this name")]
    Taken,
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// The sample cannot be read in this way.
    #[error(transparent)]
    Sample(#[from] StatementError),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// A statement that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub id: i64,
    /// The account's name.
    pub account: String,
    /// The file's name.
    pub name: String,
    /// How many lines it has.
    pub lines: i64,
    /// How many of them were not known: none, if the very same file was here.
    pub fresh: i64,
    /// The first day on it.
    pub from: Date,
    /// The last day on it.
    pub until: Date,
    /// Who brought it.
    pub by: String,
    /// When.
    pub at: Micros,
}

/// Why a statement was not taken in. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// The file.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: i64,
    name: String,
    layout: String,
    sample: String,
    kept_by: String,
    kept_at_us: Micros,
}

impl AccountRow {
    fn into_account(self) -> Account {
        Account {
            id: self.id,
            name: self.name,
            layout: serde_json::from_str(&self.layout).unwrap_or_default(),
            sample: self.sample,
            kept_by: self.kept_by,
            kept_at: self.kept_at_us,
        }
    }
}

/// The accounts, by name.
pub async fn accounts(house: &House) -> Result<Vec<Account>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<AccountRow> =
        tx.query("SELECT id, name, layout, sample, kept_by, kept_at_us FROM bank_accounts ORDER BY name").all().await?;
    Ok(rows.into_iter().map(AccountRow::into_account).collect())
}

/// The account with this id.
pub async fn account(house: &House, id: i64) -> Result<Option<Account>, store::Error> {
    let mut tx = house.db.read().await?;
    account_in(&mut tx, id).await
}

async fn account_in(tx: &mut Tx, id: i64) -> Result<Option<Account>, store::Error> {
    let row: Option<AccountRow> = tx
        .query("SELECT id, name, layout, sample, kept_by, kept_at_us FROM bank_accounts WHERE id = $1")
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(AccountRow::into_account))
}

/// Keeps how the statements of an account are read; its id. The sample must be readable so.
pub async fn keep(house: &House, actor: &Actor, kept: &Kept<'_>) -> Result<i64, AccountError> {
    let name = kept.name.trim();
    if name.is_empty() || name.chars().count() > MOST_NAME {
        return Err(AccountError::Name);
    }
    super::statement::read_text(kept.sample, kept.layout)?;
    let layout = serde_json::to_string(kept.layout).map_err(|_| AccountError::Name)?;
    let mut tx = house.db.begin().await?;
    let id = kept.id.unwrap_or_else(|| house.ids.next());
    let text = if kept.id.is_some() {
        "UPDATE bank_accounts SET name = $2, layout = $3, sample = $4, kept_by = $5, kept_at_us = $6 WHERE id = $1"
    } else {
        "INSERT INTO bank_accounts (id, name, layout, sample, kept_by, kept_at_us) VALUES ($1, $2, $3, $4, $5, $6)"
    };
    let query = tx.query(text).bind(id).bind(name).bind(layout).bind(kept.sample);
    match query.bind(actor.name.as_str()).bind(house.now()).execute().await {
        Ok(0) => return Err(AccountError::Unknown),
        Ok(_) => {}
        Err(store::Error::Unique(_)) => return Err(AccountError::Taken),
        Err(error) => return Err(error.into()),
    }
    let details = json!({ "name": name, "layout": kept.layout });
    let (action, subject) = (Action::StatementReaderKept, Subject::Account(id));
    audit::record(&mut tx, &house.ids, &Entry { actor, action, group: NO_GROUP, subject, details }).await?;
    tx.commit().await?;
    Ok(id)
}

/// A page of the statements that were taken in, newest first.
pub async fn statements(house: &House, after: Option<Place>) -> Result<Page<Taken>, store::Error> {
    type Row = (i64, String, String, i64, i64, String, String, String, Micros);
    let after = after.unwrap_or(Place::end(true));
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(
            "SELECT bank_statements.id, bank_accounts.name, bank_statements.name, lines, fresh, from_day, until_day, taken_by, taken_at_us \
             FROM bank_statements JOIN bank_accounts ON bank_accounts.id = account_id \
             WHERE bank_statements.id < $1 ORDER BY bank_statements.id DESC LIMIT $2",
        )
        .bind(after.id)
        .bind(one_more())
        .all()
        .await?;
    let read = |(id, account, name, lines, fresh, from, until, by, at): Row| {
        let (from, until) = (from.parse().ok()?, until.parse().ok()?);
        Some(Taken { id, account, name, lines, fresh, from, until, by, at })
    };
    let taken = rows.into_iter().filter_map(read).collect();
    Ok(Page::of(taken, |taken: &Taken| Place { at: taken.at, id: taken.id }))
}

/// Takes in a statement of an account and looks for the nets of days on it. Lines that are known are left alone.
pub async fn take_statement(
    house: &House,
    actor: &Actor,
    id: i64,
    name: &str,
    bytes: &[u8],
) -> Result<Taken, TakeError> {
    let account = account(house, id).await?.ok_or(TakeError::Unknown)?;
    let (own_bytes, layout) = (bytes.to_vec(), account.layout.clone());
    let (statement, digest) =
        aside(move || read(&own_bytes, &layout).map(|read| (read, hex::encode(Sha256::digest(&own_bytes))))).await?;
    let taken = patiently!(take_read(house, actor, &account, (name, &digest), &statement))?;
    book::settle(house).await?;
    Ok(taken)
}

/// Takes in what was read, in one commit.
async fn take_read(
    house: &House,
    actor: &Actor,
    account: &Account,
    (name, digest): (&str, &str),
    statement: &Statement,
) -> Result<Taken, TakeError> {
    let mut tx = house.db.begin().await?;
    // Whole statements come one after the other, so that a line is never taken for new twice.
    tx.query("SELECT id FROM bank_accounts WHERE id = $1 FOR UPDATE").bind(account.id).one::<(i64,)>().await?;
    let days = statement.lines.iter().map(|line| line.day);
    let (from, until) = days.clone().min().zip(days.max()).ok_or(StatementError::Empty)?;
    let known = known(&mut tx, account, statement).await?;
    let fresh: Vec<&Line> = statement.lines.iter().filter(|line| !known.contains(&line.serial.as_str())).collect();
    let count = |lines: usize| i64::try_from(lines).unwrap_or(i64::MAX);
    let id = house.ids.next();
    let taken = Taken {
        id,
        account: account.name.clone(),
        name: name.to_owned(),
        lines: count(statement.lines.len()),
        fresh: count(fresh.iter().map(|line| line.serial.as_str()).collect::<std::collections::BTreeSet<_>>().len()),
        from,
        until,
        by: actor.name.clone(),
        at: house.now(),
    };
    let written = tx
        .query(
            "INSERT INTO bank_statements (id, account_id, name, digest, lines, fresh, from_day, until_day, taken_by, \
             taken_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(account.id)
        .bind(name)
        .bind(digest)
        .bind(taken.lines)
        .bind(taken.fresh)
        .bind(from.to_string())
        .bind(until.to_string())
        .bind(actor.name.as_str())
        .bind(taken.at)
        .execute()
        .await?;
    if written == 0 {
        return Ok(Taken { fresh: 0, ..taken });
    }
    insert(house, &mut tx, (account, id), &fresh).await?;
    let details = json!({ "file": name, "lines": taken.lines, "fresh": taken.fresh, "from": from, "until": until });
    let (action, subject) = (Action::StatementTaken, Subject::Account(account.id));
    audit::record(&mut tx, &house.ids, &Entry { actor, action, group: NO_GROUP, subject, details }).await?;
    tx.commit().await?;
    tracing::info!(account = account.id, fresh = taken.fresh, "a bank statement was taken in");
    Ok(taken)
}

/// The numbers of the lines that are here already, and say the same.
async fn known<'s>(tx: &mut Tx, account: &Account, statement: &'s Statement) -> Result<HashSet<&'s str>, TakeError> {
    let found: Vec<(String, String, Fen)> = tx
        .query(
            "SELECT bank_lines.serial, day, amount_fen FROM rows(serial TEXT) \
             JOIN bank_lines ON bank_lines.account_id = $1 AND bank_lines.serial = rows.serial",
        )
        .bind(account.id)
        .rows(statement.lines.iter().map(|line| [line.serial.as_str().into()]))
        .all()
        .await?;
    let found: HashMap<String, (String, Fen)> =
        found.into_iter().map(|(serial, day, amount)| (serial, (day, amount))).collect();
    let mut known = HashSet::with_capacity(found.len());
    for line in &statement.lines {
        let Some((day, amount)) = found.get(&line.serial) else { continue };
        if (day, *amount) != (&line.day.to_string(), line.amount) {
            let column = account.layout.serial.clone().unwrap_or_default();
            let wrong = StatementError::Cell { line: line.line, column, rule: Rule::Once, value: line.serial.clone() };
            return Err(wrong.into());
        }
        known.insert(line.serial.as_str());
    }
    Ok(known)
}

async fn insert(
    house: &House,
    tx: &mut Tx,
    (account, statement): (&Account, i64),
    lines: &[&Line],
) -> Result<(), store::Error> {
    let word = account.layout.settles.trim();
    let settles = |line: &Line| word.is_empty() || line.counterparty.contains(word) || line.remark.contains(word);
    let ready: Vec<(String, i64)> =
        lines.iter().map(|line| (line.day.to_string(), i64::try_from(line.line).unwrap_or(i64::MAX))).collect();
    let rows = lines.iter().zip(&ready).map(|(line, (day, number))| {
        [
            house.ids.next().into(),
            (*number).into(),
            line.serial.as_str().into(),
            day.as_str().into(),
            line.amount.into(),
            line.balance.into(),
            line.counterparty.as_str().into(),
            line.remark.as_str().into(),
            i64::from(settles(line)).into(),
        ]
    });
    tx.query(
        "INSERT INTO bank_lines (id, account_id, statement_id, line, serial, day, amount_fen, balance_fen, counterparty, \
         remark, settles) SELECT id, CAST($1 AS BIGINT), CAST($2 AS BIGINT), line, serial, day, amount, balance, \
         counterparty, remark, settles \
         FROM rows(id BIGINT, line BIGINT, serial TEXT, day TEXT, amount BIGINT, balance BIGINT, counterparty TEXT, \
         remark TEXT, settles BIGINT) WHERE true ON CONFLICT DO NOTHING",
    )
    .bind(account.id)
    .bind(statement)
    .rows(rows)
    .execute()
    .await?;
    Ok(())
}
