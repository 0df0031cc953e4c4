//! What does not fit: kept until a person closes it with a reason and an outcome. Whatever is done moves money by
//! movements, and above the issuer's limit two people say the same before it is done.

mod act;
mod close;
mod query;
mod rules;
mod went_back;

pub use close::{CloseError, Closing, Closure, close};
pub(super) use close::{Closed, close_by_decision};
pub(super) use query::of_deposit;
pub use query::{exception, exceptions_page};
use rules::Refunds;
pub use rules::{Needs, People};
pub(super) use went_back::{Back, back_besides, note_back, told_back, unsaid};

use ledger::{Fen, GroupId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Micros, Tx};

use super::assure::voucher;
use super::event::{self, By, Happened};
use super::{Deposit, DepositNumber, Refund, State, Voucher, find, refunds};
use crate::audit::{NO_GROUP, Subject};
use crate::people::staff::StaffId;
use crate::{House, alarms};

/// Names an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct ExceptionId(pub i64);

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// Paid after the deposit had failed or expired. Its money is in review; the decision about the deposit closes it.
    Late,
    /// Not the amount that was asked for, or notified of another. As with [`Self::Late`].
    WrongAmount,
    /// The gateway speaks of an order that is none of ours. Its money is in no account.
    UnknownOrder,
    /// The gateway's serial number has paid another deposit already. Its money is in no account.
    DuplicateSerial,
    /// The gateway says otherwise than it did before. What it says more is in no account.
    Contradiction,
    /// The payer's money was taken too late, and the gateway gives it back by itself. It is in no account.
    ReturnedLate,
    /// The gateway had the money, and has given it back by itself or at somebody's wish, or says now that it never had it.
    /// It is still booked: in review, as quota, or due to go back; if not, it may have gone back twice.
    GoneBack,
    /// The gateway will not give the money back, or gave back another amount. It stays in refunds due.
    RefundFailed,
    /// The gateway says of a refund otherwise than it did before.
    RefundContradiction,
}

/// What a person made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The money became quota.
    Credited,
    /// It goes back through the gateway.
    Refund,
    /// It went back outside of the gateway, for example by a bank transfer.
    ReturnedOtherwise,
    /// Nothing is to be done.
    Nothing,
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its id.
    pub id: ExceptionId,
    /// What it is.
    pub kind: ExceptionKind,
    /// The deposit, if it is one of ours.
    pub deposit: Option<DepositNumber>,
    /// Where that stands now.
    pub stands: Option<State>,
    /// Its group's name.
    pub group: Option<String>,
    /// The gateway, as stored.
    pub gateway: String,
    /// The order, of the payment or of the refund, as the gateway says it.
    pub order: String,
    /// The gateway's serial number, if it gave one.
    pub serial: Option<String>,
    /// How much it is about.
    pub amount: Fen,
    /// How much depends on it: that, or what its deposit is about, if that is more.
    pub stake: Fen,
    /// Whether that is in the accounts of the group; otherwise it is in no account.
    pub booked: bool,
    /// What the gateway said, and what we hold.
    pub evidence: Value,
    /// When it was noticed.
    pub opened_at: Micros,
    /// What one person proposed, where another has to say the same: who, what, why and when.
    pub proposed: Option<(StaffId, String, Outcome, String, Micros)>,
    /// How it was closed: by whom, how, why and when.
    pub closed: Option<(String, Outcome, String, Micros)>,
    /// Under which number the bank knows of money that moved outside of this system: as it was closed, or proposed.
    pub reference: Option<String>,
}

/// An exception to be opened.
#[derive(Clone, Debug)]
pub(super) struct New<'a> {
    pub(super) kind: ExceptionKind,
    /// Group and id of the deposit.
    pub(super) deposit: Option<(GroupId, i64)>,
    pub(super) gateway: &'a str,
    pub(super) order: &'a str,
    pub(super) serial: &'a str,
    pub(super) amount: Fen,
    pub(super) booked: bool,
    pub(super) evidence: Value,
}

impl ExceptionKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Late,
        Self::WrongAmount,
        Self::UnknownOrder,
        Self::DuplicateSerial,
        Self::Contradiction,
        Self::ReturnedLate,
        Self::GoneBack,
        Self::RefundFailed,
        Self::RefundContradiction,
    ];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::WrongAmount => "wrong_amount",
            Self::UnknownOrder => "unknown_order",
            Self::DuplicateSerial => "duplicate_serial",
            Self::Contradiction => "contradiction",
            Self::ReturnedLate => "returned_late",
            Self::GoneBack => "gone_back",
            Self::RefundFailed => "refund_failed",
            Self::RefundContradiction => "refund_contradiction",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it can come anew after it was closed; else the same told again is nothing new.
    const fn recurs(self) -> bool {
        match self {
            Self::GoneBack | Self::RefundFailed => true,
            Self::Late
            | Self::WrongAmount
            | Self::UnknownOrder
            | Self::DuplicateSerial
            | Self::Contradiction
            | Self::ReturnedLate
            | Self::RefundContradiction => false,
        }
    }

    /// What a person may make of it; empty where the decision about the deposit closes it.
    pub const fn outcomes(self) -> &'static [Outcome] {
        match self {
            Self::Late | Self::WrongAmount => &[],
            Self::RefundFailed => &[Outcome::Refund, Outcome::Credited, Outcome::ReturnedOtherwise],
            Self::UnknownOrder
            | Self::DuplicateSerial
            | Self::Contradiction
            | Self::ReturnedLate
            | Self::GoneBack
            | Self::RefundContradiction => &[Outcome::ReturnedOtherwise, Outcome::Nothing],
        }
    }
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Credited, Self::Refund, Self::ReturnedOtherwise, Self::Nothing];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credited => "credited",
            Self::Refund => "refund",
            Self::ReturnedOtherwise => "returned_otherwise",
            Self::Nothing => "nothing",
        }
    }

    /// From what is stored or sent.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// What it takes to close an exception.
pub async fn needs(house: &House, exception: &Exception) -> Result<Needs, store::Error> {
    let deposit = match exception.deposit {
        Some(order) => find(house, order).await?,
        None => None,
    };
    let mut tx = house.db.read().await?;
    needs_of(&mut tx, house, exception, deposit.as_ref()).await
}

/// The same, of an exception about this deposit.
async fn needs_of(
    tx: &mut Tx,
    house: &House,
    exception: &Exception,
    deposit: Option<&Deposit>,
) -> Result<Needs, store::Error> {
    let voucher = match deposit {
        Some(deposit) => voucher(tx, house, deposit).await?,
        // Of an order that is none of ours no money moves.
        None => Voucher::Gateway,
    };
    let needs = Needs::of(exception, house.settings.deposits.two_people_above, voucher);
    let Some(deposit) = deposit.filter(|_| exception.kind == ExceptionKind::RefundFailed) else { return Ok(needs) };
    let key = (deposit.group, deposit.order.id());
    let back = went_back::without_us(&of_deposit(tx, key).await?);
    let taken_on = refunds::of_deposit(tx, key).await?.iter().any(Refund::may_be_forgotten);
    Ok(needs.with_refunds(Refunds { back, taken_on }))
}

/// Opens an exception and raises its alarm, in the unit of work that found it. The same trouble told again is nothing
/// new, closed or not, unless it is of a kind that can come anew: false then.
pub(super) async fn open(tx: &mut Tx, house: &House, new: &New<'_>) -> Result<bool, store::Error> {
    let id = ExceptionId(house.ids.next());
    let (group, deposit) = new.deposit.unzip();
    let opened: Option<(i64,)> = tx
        .query(
            "INSERT INTO deposit_exceptions (id, kind, group_id, deposit_id, gateway, order_id, serial, amount_fen, \
             booked, evidence, opened_at_us, time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
             (SELECT COUNT(*) FROM deposit_exceptions WHERE $12 = 1 AND kind = $2 AND gateway = $5 AND order_id = $6 \
             AND serial = $7 AND closed_at_us IS NOT NULL)) \
             ON CONFLICT (kind, gateway, order_id, serial, time) DO NOTHING RETURNING id",
        )
        .bind(id)
        .bind(new.kind.as_str())
        .bind(group)
        .bind(deposit)
        .bind(new.gateway)
        .bind(new.order)
        .bind(new.serial)
        .bind(new.amount)
        .bind(i64::from(new.booked))
        .bind(new.evidence.to_string())
        .bind(house.now())
        .bind(i64::from(new.kind.recurs()))
        .optional()
        .await?;
    if opened.is_none() {
        return Ok(false);
    }
    if let Some(key) = new.deposit {
        event::add(tx, key, house.now(), &By::System, &Happened::Unfit { exception: id, kind: new.kind }).await?;
    }
    let subject = subject(id, new.deposit.map(|(_, id)| DepositNumber::new(id)));
    let details = json!({ "exception": id, "kind": new.kind, "order": new.order, "fen": new.amount });
    alarms::raise(tx, &house.ids, group.unwrap_or(NO_GROUP), alarms::Kind::DepositUnfit, subject, details).await?;
    Ok(true)
}

/// What an exception's alarm and audit are about.
fn subject(id: ExceptionId, deposit: Option<DepositNumber>) -> Subject {
    deposit.map_or(Subject::DepositException(id), Subject::Deposit)
}
