//! Refunds: what is rejected goes back, under a number of its own that is durable before the gateway is asked. The same
//! refund asked for again, under the same number, gives the money back once; so it is asked for until it is taken on.

mod absent;
mod again;
mod in_file;
mod note;
mod pursue;
mod query;

pub(super) use again::{Inquiry, Standing, adopt, inquire};
pub use in_file::refund_in_file;
pub(super) use note::{heard, not_asked};
pub(super) use pursue::{pursue, pursue_now, pursue_within};
pub(super) use query::{of_deposit, of_order};

use ledger::{Fen, GroupId};
use store::{Micros, Tx};

use super::Deposit;
use super::event::{self, By, Happened};
use super::number::refund_order;
use crate::House;

/// The code of a refund that has failed for us since it was done with another amount. Its words are both amounts.
pub const OTHER_AMOUNT: &str = "other-amount";

/// The code of a refund that failed because its gateway, or the merchant at it, is not set up any more. Its words are the
/// pages' business.
pub const NO_GATEWAY: &str = "no-gateway";

/// The code of a refund that was never asked for, since the gateway's file lists money of the deposit as given back without
/// us. Its words are both amounts.
pub const LISTED: &str = "listed";

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// The gateway has not taken it on yet.
    Due,
    /// The gateway has taken it on.
    Accepted,
    /// The money has gone back.
    Refunded,
    /// The gateway will not, or did it with another amount.
    Failed,
}

/// A refund of a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its number at the gateway.
    pub order: String,
    /// How much.
    pub amount: Fen,
    /// Where it stands.
    pub state: RefundState,
    /// The gateway's serial number of it, if it gave one.
    pub serial: Option<String>,
    /// Why it failed: the gateway's code and words.
    pub failure: Option<(String, String)>,
    /// When it was made.
    pub created_at: Micros,
    /// When the gateway took it on.
    pub accepted_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
}

impl RefundState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Due, Self::Accepted, Self::Refunded, Self::Failed];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Accepted => "accepted",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl Refund {
    /// Whether the gateway is still to do it.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, RefundState::Due | RefundState::Accepted)
    }

    /// Whether the gateway had taken it on before it failed, and may not know of it any more. What it did with another
    /// amount went back, whatever it remembers.
    pub(super) fn may_be_forgotten(&self) -> bool {
        let in_part = self.failure.as_ref().is_some_and(|(code, _)| code == OTHER_AMOUNT);
        self.state == RefundState::Failed && self.accepted_at.is_some() && !in_part
    }

    /// Whether it is known to have been done with another amount, under this serial number of the gateway.
    pub(super) fn done_in_part(&self, serial: &str) -> bool {
        self.failure.as_ref().is_some_and(|(code, _)| code == OTHER_AMOUNT) && self.serial.as_deref() == Some(serial)
    }
}

/// Names a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) group: GroupId,
    pub(super) deposit: i64,
    pub(super) number: i64,
}

/// Gives so much of a deposit's payment a refund, to be asked for: all of it, less what people have said went back without
/// us. Under the lock on the group's accounts.
pub(super) async fn plan(tx: &mut Tx, house: &House, deposit: &Deposit, amount: Fen) -> Result<Key, store::Error> {
    let (id, now) = (house.ids.next(), house.now());
    let order = refund_order(id).ok_or(store::Error::Missing)?;
    let (number,): (i64,) = tx
        .query(
            "INSERT INTO deposit_refunds (group_id, deposit_id, number, order_id, amount_fen, state, created_at_us, \
             ask_at_us) SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, CAST($4 AS BIGINT), 'due', CAST($5 AS BIGINT), \
             CAST($5 AS BIGINT) FROM deposit_refunds WHERE group_id = $1 AND deposit_id = $2 RETURNING number",
        )
        .bind(deposit.group)
        .bind(deposit.order.id())
        .bind(order.as_str())
        .bind(amount)
        .bind(now)
        .one()
        .await?;
    let what = Happened::RefundDue { refund: order.to_string() };
    event::add(tx, (deposit.group, deposit.order.id()), now, &By::System, &what).await?;
    Ok(Key { group: deposit.group, deposit: deposit.order.id(), number })
}
