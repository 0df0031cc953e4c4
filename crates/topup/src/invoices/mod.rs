//! Invoices (发票): what the tax system is to issue for an approved deposit, and what it issued.
//!
//! ```text
//! requested   asked for, with the buyer's data as they are then      withdrawn   before anything was issued
//! issued      the tax system issued it: its number and its date
//! red-flushed a red invoice reversed it; the deposit may get another
//! ```
//!
//! A deposit that was taken back, since its money is at the payer again, has nothing to be invoiced: a request is withdrawn
//! with it, and what was issued before is to be red-flushed; also what the tax system issued while it was withdrawn here.
//!
//! Jichong issues nothing: the card company's people issue in the tax system what they export here, and write down the
//! number it got. A top-up of a prepaid card is no sale yet (国家税务总局公告 2016 年第 53 号): an ordinary invoice only,
//! untaxed; what is later paid by card gets no second one.

mod export;
mod query;
mod rules;
mod taxpayer;

pub use export::export;
pub use query::{
    Buyer, Counts, Due, Filter, Invoice, buyer, buyers, counts, due, due_of, invoice, list, of_deposit, of_group,
    to_reverse,
};
pub use rules::{BuyerProblem, MOST_NAME, NumberProblem, State};
pub use taxpayer::{TaxpayerError, TaxpayerNumber};

use jiff::civil::Date;
use ledger::{Fen, GroupId};
use serde_json::json;
use store::Tx;

use crate::House;
use crate::audit::{self, Action, Actor, Entry, Subject};

/// The kind of invoice that there may be: 普通发票, never a special VAT invoice.
pub const KIND: &str = "普通发票";
/// What it is for.
pub const ITEM: &str = "*预付卡销售*预付卡充值";
/// The tax code of that: 预付卡销售和充值.
pub const TAX_CODE: &str = "6010000000000000000";
/// What its rate column says.
pub const RATE: &str = "不征税";
/// The tax on it.
pub const TAX: Fen = Fen::ZERO;

/// The longest reason, in characters.
pub const MOST_REASON: usize = 500;

/// Who gets a group's invoices, as somebody typed it.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// The company's name.
    pub name: &'a str,
    /// Its taxpayer number.
    pub taxpayer: &'a str,
    /// Where the invoice is sent.
    pub email: &'a str,
}

/// Why a group's data were not kept.
#[derive(Debug, thiserror::Error)]
pub enum BuyerError {
    /// There is no such group.
    #[error("there is no such group")]
    Unknown,
    /// What is wrong with them.
    #[error("{0:?}")]
    Wrong(Vec<BuyerProblem>),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Why an invoice was not requested, or its record not changed. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum InvoiceError {
    /// There is no such deposit or invoice.
    #[error("there is no such deposit or invoice")]
    Unknown,
    /// The deposit is not approved.
    #[error("the deposit is not approved")]
    NotApproved,
    /// It is not known who gets the group's invoices.
    #[error("it is not known who gets the group's invoices")]
    NoBuyer,
    /// The deposit has a live invoice.
    #[error("the deposit has a live invoice already")]
    Live,
    /// It does not stand where this could be done: someone was first.
    #[error("the invoice is {0:?}")]
    State(State),
    /// The number or the date is none.
    #[error("{0:?}")]
    Number(NumberProblem),
    /// A reason of up to [`MOST_REASON`] characters is needed.
    #[error("a reason of up to {MOST_REASON} characters is needed")]
    Reason,
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Keeps who gets a group's invoices. Those requested before keep what they were requested with.
pub async fn keep_buyer(house: &House, actor: &Actor, group: GroupId, typed: Typed<'_>) -> Result<(), BuyerError> {
    let (name, taxpayer, email) = rules::buyer(typed).map_err(BuyerError::Wrong)?;
    let mut tx = house.db.begin().await?;
    if !crate::groups::exists(&mut tx, group).await? {
        return Err(BuyerError::Unknown);
    }
    tx.query(
        "INSERT INTO invoice_buyers (group_id, name, taxpayer, email, changed_by, changed_at_us) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (group_id) DO UPDATE SET name = excluded.name, \
         taxpayer = excluded.taxpayer, email = excluded.email, changed_by = excluded.changed_by, \
         changed_at_us = excluded.changed_at_us",
    )
    .bind(group)
    .bind(name.as_str())
    .bind(taxpayer.as_str())
    .bind(email.as_str())
    .bind(actor.name.as_str())
    .bind(house.now())
    .execute()
    .await?;
    let details = json!({ "name": name, "taxpayer": taxpayer.as_str(), "email": email });
    let (action, subject) = (Action::BuyerChanged, Subject::Group(group));
    audit::record(&mut tx, &house.ids, &Entry { actor, action, group, subject, details }).await?;
    tx.commit().await?;
    Ok(())
}

/// Requests the invoice of an approved deposit; its id. Asked for twice, it is the one that there is.
pub async fn request(house: &House, actor: &Actor, order: &str) -> Result<i64, InvoiceError> {
    let mut tx = house.db.begin().await?;
    let (group, deposit, state, amount) = query::deposit(&mut tx, order).await?.ok_or(InvoiceError::Unknown)?;
    let amount = amount.filter(|_| state == "approved").ok_or(InvoiceError::NotApproved)?;
    let buyer = query::buyer_in(&mut tx, group).await?.ok_or(InvoiceError::NoBuyer)?;
    let id = house.ids.next();
    let made = tx
        .query(
            "INSERT INTO invoices (group_id, id, deposit_id, order_id, amount_fen, buyer, taxpayer, email, state, \
             requested_by, requested_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'requested', $9, $10) \
             ON CONFLICT DO NOTHING",
        )
        .bind(group)
        .bind(id)
        .bind(deposit)
        .bind(order)
        .bind(amount)
        .bind(buyer.name.as_str())
        .bind(buyer.taxpayer.as_str())
        .bind(buyer.email.as_str())
        .bind(actor.name.as_str())
        .bind(house.now())
        .execute()
        .await?;
    if made == 0 {
        return Err(InvoiceError::Live);
    }
    let details = json!({ "deposit": order, "amount_fen": amount, "buyer": buyer.name, "taxpayer": buyer.taxpayer });
    note(house, &mut tx, actor, Action::InvoiceRequested, (group, id), details).await?;
    tx.commit().await?;
    Ok(id)
}

/// Withdraws a request before anything was issued.
pub async fn withdraw(house: &House, actor: &Actor, id: i64, reason: &str) -> Result<(), InvoiceError> {
    let reason = reasoned(reason)?;
    let mut tx = house.db.begin().await?;
    let invoice = locked(&mut tx, id, |invoice| invoice.state == State::Requested).await?;
    tx.query("UPDATE invoices SET state = 'withdrawn' WHERE group_id = $1 AND id = $2")
        .bind(invoice.group)
        .bind(id)
        .execute()
        .await?;
    note(house, &mut tx, actor, Action::InvoiceWithdrawn, (invoice.group, id), json!({ "reason": reason })).await?;
    tx.commit().await?;
    Ok(())
}

/// The deposit was taken back: what was only asked for is withdrawn, what was issued is to be reversed; in the same commit.
pub(crate) async fn taken_back(
    tx: &mut Tx,
    house: &House,
    actor: &Actor,
    (group, deposit): (GroupId, i64),
    reason: &str,
) -> Result<(), store::Error> {
    let live: Option<(i64, String)> = tx
        .query(
            "UPDATE invoices SET taken_back_at_us = $3, state = CASE WHEN state = 'requested' THEN 'withdrawn' ELSE state END \
             WHERE group_id = $1 AND deposit_id = $2 AND state IN ('requested', 'issued') RETURNING id, state",
        )
        .bind(group)
        .bind(deposit)
        .bind(house.now())
        .optional()
        .await?;
    let Some((id, _)) = live.filter(|(_, state)| State::parse(state) == Some(State::Withdrawn)) else { return Ok(()) };
    note(house, tx, actor, Action::InvoiceWithdrawn, (group, id), json!({ "reason": reason })).await
}

/// Records that the tax system issued it; and be it one that was withdrawn here meanwhile, since its deposit was taken back.
pub async fn issue(house: &House, actor: &Actor, id: i64, number: &str, on: &str) -> Result<(), InvoiceError> {
    let mut tx = house.db.begin().await?;
    let invoice = locked(&mut tx, id, Invoice::may_be_issued).await?;
    let from = rules::day_of(invoice.approved_at.unwrap_or(invoice.requested_at));
    let (number, on) = rules::numbered(number, on, from, today(house)).map_err(InvoiceError::Number)?;
    claim(&mut tx, &number, (invoice.group, id)).await?;
    tx.query("UPDATE invoices SET state = 'issued', number = $3, issued_on = $4 WHERE group_id = $1 AND id = $2")
        .bind(invoice.group)
        .bind(id)
        .bind(number.as_str())
        .bind(on.to_string())
        .execute()
        .await?;
    let details = json!({ "number": number, "on": on });
    note(house, &mut tx, actor, Action::InvoiceIssued, (invoice.group, id), details).await?;
    tx.commit().await?;
    Ok(())
}

/// Records that a red invoice reversed it; the deposit may get another then.
pub async fn reverse(
    house: &House,
    actor: &Actor,
    id: i64,
    (number, on): (&str, &str),
    reason: &str,
) -> Result<(), InvoiceError> {
    let reason = reasoned(reason)?;
    let mut tx = house.db.begin().await?;
    let invoice = locked(&mut tx, id, |invoice| invoice.state == State::Issued).await?;
    let (number, on) = rules::numbered(number, on, invoice.issued_on, today(house)).map_err(InvoiceError::Number)?;
    claim(&mut tx, &number, (invoice.group, id)).await?;
    tx.query("UPDATE invoices SET state = 'red_flushed', red_number = $3, red_on = $4 WHERE group_id = $1 AND id = $2")
        .bind(invoice.group)
        .bind(id)
        .bind(number.as_str())
        .bind(on.to_string())
        .execute()
        .await?;
    let details = json!({ "number": number, "on": on, "reason": reason });
    note(house, &mut tx, actor, Action::InvoiceReversed, (invoice.group, id), details).await?;
    tx.commit().await?;
    Ok(())
}

fn reasoned(reason: &str) -> Result<&str, InvoiceError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MOST_REASON { Err(InvoiceError::Reason) } else { Ok(reason) }
}

fn today(house: &House) -> Option<Date> {
    rules::day_of(house.now())
}

/// The invoice, for nobody else to change, if it stands where it must.
async fn locked(tx: &mut Tx, id: i64, may: impl Fn(&Invoice) -> bool) -> Result<Invoice, InvoiceError> {
    let locked: Option<(i64,)> =
        tx.query("SELECT id FROM invoices WHERE id = $1 FOR UPDATE").bind(id).optional().await?;
    locked.ok_or(InvoiceError::Unknown)?;
    let invoice = query::invoice_in(tx, id).await?.ok_or(InvoiceError::Unknown)?;
    if may(&invoice) { Ok(invoice) } else { Err(InvoiceError::State(invoice.state)) }
}

/// Writes the number down, unless it stands somewhere already.
async fn claim(tx: &mut Tx, number: &str, (group, id): (GroupId, i64)) -> Result<(), InvoiceError> {
    let written = tx
        .query("INSERT INTO invoice_numbers (number, group_id, invoice_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(number)
        .bind(group)
        .bind(id)
        .execute()
        .await?;
    if written == 1 { Ok(()) } else { Err(InvoiceError::Number(NumberProblem::Taken)) }
}

async fn note(
    house: &House,
    tx: &mut Tx,
    actor: &Actor,
    action: Action,
    (group, id): (GroupId, i64),
    details: serde_json::Value,
) -> Result<(), store::Error> {
    audit::record(tx, &house.ids, &Entry { actor, action, group, subject: Subject::Invoice(id), details }).await
}
