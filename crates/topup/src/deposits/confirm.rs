//! The operator's side: the amount is checked, one confirm makes one deposit, the payer is sent and comes back.

use std::net::IpAddr;
use std::time::Duration;

use ledger::Fen;
use pay::{Amount, CallError, Payer, Start};
use store::{Micros, Tx};

use super::event::{self, By, Happened};
use super::query::{self, Row};
use super::rules::{self, FIRST_S, NO_BURST};
use super::totals::{self, Counted};
use super::{Deposit, DepositNumber, State, Till, ask, book, payer_name, topic};
use crate::people::Operator;
use crate::{House, patiently};

/// The longest remark, in characters.
pub const MOST_REMARK: usize = 100;

/// How long a page waits for the gateway's answer when the payer comes back; after that the page follows by itself.
const RETURN_WAIT: Duration = Duration::from_secs(5);

/// A payer who comes back again sooner is no news.
const RETURN_GAP: Duration = Duration::from_mins(1);

/// What the operator typed.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// In yuan.
    pub amount: &'a str,
    /// May be empty.
    pub remark: &'a str,
    /// Who pays.
    pub payer: Payer,
}

/// What the operator is shown before the confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How much.
    pub amount: Fen,
    /// As it will be kept.
    pub remark: String,
    /// Who pays.
    pub payer: Payer,
    /// The key of this one confirm: it makes one deposit, however often it is sent.
    pub intent: String,
}

/// What the operator confirms.
#[derive(Clone, Copy, Debug)]
pub struct Confirm<'a> {
    /// The key from [`check`].
    pub intent: &'a str,
    /// As it was shown.
    pub form: Form<'a>,
    /// The payer's address, for the gateway's rules.
    pub payer_ip: Option<IpAddr>,
}

/// Why an amount or a confirm is not taken. Nothing was paid.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Not an amount in yuan.
    #[error("not an amount")]
    NotAnAmount,
    /// Not a whole number of yuan.
    #[error("whole yuan are expected")]
    NotWhole,
    /// Nothing, or less.
    #[error("the amount must be above zero")]
    NotPositive,
    /// More than the issuer takes at once.
    #[error("at most {most}")]
    TooMuch {
        /// The most.
        most: Fen,
    },
    /// Longer than [`MOST_REMARK`].
    #[error("the remark is too long")]
    LongRemark,
    /// Companies cannot pay through this gateway.
    #[error("companies cannot pay through this gateway")]
    NoCompanies,
    /// The key was confirmed before with another amount: a page that was changed, or is old.
    #[error("the confirm is stale")]
    Stale,
    /// No gateway is set up.
    #[error("no gateway is set up")]
    NoGateway,
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// How the payer goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// To the gateway.
    Go(Start),
    /// Nowhere: there is nothing to pay any more. Show where it stands.
    Over(State),
}

/// Why the payer cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The group has no such deposit.
    #[error("there is no such deposit")]
    NoDeposit,
    /// No gateway is set up, or another, or another merchant, than the deposit was made for.
    #[error("no gateway is set up")]
    NoGateway,
    /// The gateway did not say how. Nothing was paid; try again.
    #[error(transparent)]
    Gateway(#[from] CallError),
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] store::Error),
}

/// Whether an amount and a remark can be confirmed, and the key under which.
pub fn check(house: &House, form: &Form<'_>) -> Result<Checked, ConfirmError> {
    let till = house.till.as_ref().ok_or(ConfirmError::NoGateway)?;
    if form.payer == Payer::Company && !till.gateway.capabilities().company {
        return Err(ConfirmError::NoCompanies);
    }
    let amount: Fen = form.amount.parse().map_err(|_| ConfirmError::NotAnAmount)?;
    if amount <= Fen::ZERO {
        return Err(ConfirmError::NotPositive);
    }
    if amount.as_i64().checked_rem(100) != Some(0) {
        return Err(ConfirmError::NotWhole);
    }
    let most = house.settings.deposits.most;
    if amount > most {
        return Err(ConfirmError::TooMuch { most });
    }
    let remark = form.remark.trim();
    if remark.chars().count() > MOST_REMARK {
        return Err(ConfirmError::LongRemark);
    }
    let intent = hex::encode(house.random::<16>());
    Ok(Checked { amount, remark: remark.to_owned(), payer: form.payer, intent })
}

/// Makes the deposit of a confirm, durably. The same key again, from a double click, the back button or a second window,
/// is the same deposit.
pub async fn confirm(house: &House, operator: &Operator, confirm: &Confirm<'_>) -> Result<DepositNumber, ConfirmError> {
    let checked = check(house, &confirm.form)?;
    let till = house.till.as_ref().ok_or(ConfirmError::NoGateway)?;
    let order = patiently!(put(house, till, operator, &checked, confirm))?;
    tracing::info!(%order, operator = operator.id.0, "a deposit was confirmed");
    Ok(order)
}

async fn put(
    house: &House,
    till: &Till,
    operator: &Operator,
    checked: &Checked,
    confirm: &Confirm<'_>,
) -> Result<DepositNumber, ConfirmError> {
    let mut tx = house.db.begin().await?;
    let (id, now) = (house.ids.next(), house.now());
    let time = match checked.payer {
        Payer::Person => house.settings.deposits.person_time,
        Payer::Company => house.settings.deposits.company_time,
    };
    let made = tx
        .query(
            "INSERT INTO deposits (group_id, id, order_id, intent, state, operator_id, amount_fen, remark, payer, \
             gateway, merchant, payer_ip, created_at_us, expires_at_us) \
             VALUES ($1, $2, $3, $4, 'created', $5, $6, $7, $8, $9, $10, $11, $12, $13) \
             ON CONFLICT (intent, group_id) DO NOTHING",
        )
        .bind(operator.group)
        .bind(id)
        .bind(DepositNumber::new(id).to_string())
        .bind(confirm.intent)
        .bind(operator.id)
        .bind(checked.amount)
        .bind(checked.remark.as_str())
        .bind(payer_name(checked.payer))
        .bind(till.name.as_str())
        .bind(till.gateway.merchant())
        .bind(confirm.payer_ip.map(|ip| ip.to_string()))
        .bind(now)
        .bind(rules::after(now, time))
        .execute()
        .await?;
    if made == 0 {
        return known(&mut tx, operator, checked, confirm.intent).await;
    }
    let counted = Counted { group: operator.group, id, operator: operator.id };
    totals::turned(&mut tx, counted, None, (State::Created, checked.amount)).await?;
    event::add(&mut tx, (operator.group, id), now, &By::Operator(operator.name.clone()), &Happened::Confirmed).await?;
    tx.commit().await?;
    Ok(DepositNumber::new(id))
}

/// The deposit that this key made before.
async fn known(
    tx: &mut Tx,
    operator: &Operator,
    checked: &Checked,
    intent: &str,
) -> Result<DepositNumber, ConfirmError> {
    let (id, amount, payer): (i64, Fen, String) = tx
        .query("SELECT id, amount_fen, payer FROM deposits WHERE intent = $1 AND group_id = $2")
        .bind(intent)
        .bind(operator.group)
        .one()
        .await?;
    if amount == checked.amount && payer == payer_name(checked.payer) {
        Ok(DepositNumber::new(id))
    } else {
        Err(ConfirmError::Stale)
    }
}

/// Sends the payer: that they are sent is durable before anything is handed out. May be said again while it can be paid.
pub async fn start(house: &House, operator: &Operator, order: DepositNumber) -> Result<Started, StartError> {
    let till = house.till.as_ref().ok_or(StartError::NoGateway)?;
    let row = patiently!(send(house, operator, order))?;
    let (state, expires_at) = (row.state(), row.expires_at_us);
    if state != Some(State::Redirected) || house.now() >= expires_at {
        return Ok(Started::Over(state.unwrap_or(State::Expired)));
    }
    let payment = payment(till, &row).ok_or(StartError::NoGateway)?;
    house.signal(&topic(order)).await;
    Ok(Started::Go(till.gateway.start(&payment).await?))
}

/// Notes that the payer is sent, if it is the first time.
async fn send(house: &House, operator: &Operator, order: DepositNumber) -> Result<Row, StartError> {
    let (group, id) = (operator.group, order.id());
    let mut tx = house.db.begin().await?;
    let Some(mut locked) = book::lock(&mut tx, group, id).await? else { return Err(StartError::NoDeposit) };
    let (now, from) = (house.now(), locked.deposit.stands());
    if locked.deposit.state == State::Created && now < locked.deposit.expires_at {
        tx.query(
            "UPDATE deposits SET state = 'redirected', redirected_at_us = $3, ask_at_us = $4, asked = $5 \
             WHERE group_id = $1 AND id = $2",
        )
        .bind(group)
        .bind(id)
        .bind(now)
        .bind(rules::later(now, FIRST_S))
        .bind(NO_BURST)
        .execute()
        .await?;
        locked.deposit.state = State::Redirected;
        book::turned(&mut tx, &locked, from).await?;
        event::add(&mut tx, (group, id), now, &By::Operator(operator.name.clone()), &Happened::Sent).await?;
    }
    let row = query::row(&mut tx, group, id).await?.ok_or(StartError::NoDeposit)?;
    tx.commit().await?;
    Ok(row)
}

/// The payer's browser came back, with or without a session. That moves nothing; it is a good moment to ask the gateway.
/// The deposit as it stands then; none if there is no such deposit.
pub async fn returned(house: &House, order: DepositNumber) -> Result<Option<State>, store::Error> {
    let Some(key) = query::key(house, order).await? else { return Ok(None) };
    if patiently!(note_return(house, key))? {
        ask::ask_within(house, key, RETURN_WAIT).await;
    }
    Ok(query::find(house, order).await?.map(|deposit| deposit.state))
}

/// Notes that the payer came back. False if there is nothing to ask about, or it was asked about just now. Anybody may say
/// so, and as often as they like: nothing is locked before it is worth it.
async fn note_return(house: &House, key: (ledger::GroupId, i64)) -> Result<bool, store::Error> {
    let mut tx = house.db.read().await?;
    if !worth_asking(&mut tx, house, key).await? {
        return Ok(false);
    }
    drop(tx);
    let mut tx = house.db.begin().await?;
    if book::lock(&mut tx, key.0, key.1).await?.is_none() || !worth_asking(&mut tx, house, key).await? {
        return Ok(false);
    }
    ask::poke(&mut tx, key, house.now()).await?;
    event::add(&mut tx, key, house.now(), &By::System, &Happened::Returned).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whether a payer who comes back now is a reason to ask: not within the burst, when it is being asked about anyway, and
/// not soon after they came back before.
async fn worth_asking(tx: &mut Tx, house: &House, key: (ledger::GroupId, i64)) -> Result<bool, store::Error> {
    let (worth,): (i64,) = tx
        .query(
            "SELECT COUNT(*) FROM deposits d WHERE d.group_id = $1 AND d.id = $2 AND d.state = 'redirected' \
             AND d.asked >= $3 AND NOT EXISTS (SELECT 1 FROM deposit_events e WHERE e.group_id = d.group_id \
             AND e.deposit_id = d.id AND e.kind = 'returned' AND e.at_us > $4)",
        )
        .bind(key.0)
        .bind(key.1)
        .bind(NO_BURST)
        .bind(house.ago(RETURN_GAP))
        .one()
        .await?;
    Ok(worth > 0)
}

/// The payment at the gateway, of a deposit whose payer was sent there; none if it was made with another.
pub(super) fn payment(till: &Till, row: &Row) -> Option<pay::Payment> {
    if !till.is_of(&row.gateway, &row.merchant) {
        return None;
    }
    let order = DepositNumber::new(row.id);
    let time = |at: Micros| pay_time(at);
    Some(pay::Payment {
        order: order.order_id()?,
        at: time(row.redirected_at_us?)?,
        amount: Amount::from_fen(row.amount_fen.as_i64())?,
        payer: row.payer()?,
        expires_at: time(row.expires_at_us)?,
        description: DESCRIPTION.to_owned(),
        return_url: till.return_url(order),
        notify_url: till.notify_url(),
        payer_ip: row.payer_ip.as_deref().and_then(|ip| ip.parse().ok()),
    })
}

/// What the payer reads at the gateway.
const DESCRIPTION: &str = "集团额度充值";

/// A moment, as the gateway takes it.
pub(super) fn pay_time(at: Micros) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(at.0).ok()
}

impl Deposit {
    /// Whether the payer can be sent, again or for the first time.
    pub fn can_be_paid(&self, now: Micros) -> bool {
        matches!(self.state, State::Created | State::Redirected) && now < self.expires_at
    }
}
