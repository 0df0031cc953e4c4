//! What the bank knows of an order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gateway::Payer;

/// An order that a merchant sent a payer with, or a refund.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Names its pages; random, so that nobody finds the pages of another.
    pub(crate) token: String,
    /// The merchant's number.
    pub(crate) number: String,
    /// The merchant's time of it, `YYYYMMDDhhmmss`.
    pub(crate) txn_time: String,
    /// In fen.
    pub(crate) amount_fen: i64,
    /// The product, as in the request.
    pub(crate) biz_type: String,
    /// Payment or refund.
    pub(crate) kind: Kind,
    /// Where notifications go; none if the merchant wants none.
    pub(crate) back_url: Option<String>,
    /// What the merchant wants echoed.
    pub(crate) reserved: Option<String>,
    /// When the bank heard of it.
    pub(crate) created_at: Timestamp,
    /// Where it stands.
    pub(crate) status: Status,
    /// Six digits, unique in a day.
    pub(crate) trace_no: String,
    /// The bank's serial number, once it has done something.
    pub(crate) serial: Option<String>,
    /// When it did.
    pub(crate) done_at: Option<Timestamp>,
    /// The account that paid.
    pub(crate) account: Option<String>,
    /// Notifications, oldest first.
    pub(crate) notices: Vec<Notice>,
}

/// Payment or refund.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A payment.
    Payment(PaymentOrder),
    /// A refund.
    Refund {
        /// The serial number of its payment.
        original: String,
        /// When it is decided.
        due_at: Timestamp,
    },
}

/// What only payments have.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PaymentOrder {
    /// Who pays.
    pub(crate) payer: Payer,
    /// Where the payer's browser goes after it.
    pub(crate) front_url: String,
    /// Until when it can be paid.
    pub(crate) expires_at: Timestamp,
    /// What the payer reads.
    pub(crate) description: Option<String>,
    /// The method that was chosen.
    pub(crate) method: Option<String>,
    /// Codes that were sent.
    pub(crate) codes: Vec<Code>,
    /// Wrong passwords so far.
    pub(crate) wrong_passwords: u32,
    /// When a payment that is late or slow is decided.
    pub(crate) due_at: Option<Timestamp>,
    /// How much of it was refunded.
    pub(crate) refunded_fen: i64,
}

/// Where an order stands at the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(crate) enum Status {
    /// The payer has not paid yet.
    Waiting,
    /// A company's first person has; the second has not approved yet.
    AwaitingApproval,
    /// Under way: code 05.
    Processing,
    /// The money moved: code 00, or A6 with a defect.
    Done {
        /// 00 or A6.
        code: String,
    },
    /// It did not, and why.
    Failed {
        /// The response code.
        code: String,
    },
}

/// A code sent by SMS.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    /// Six digits.
    pub(crate) digits: String,
    /// To whom.
    pub(crate) phone: String,
    /// When.
    pub(crate) sent_at: Timestamp,
    /// How often it was mistyped.
    pub(crate) wrong: u32,
    /// Used up.
    pub(crate) used: bool,
}

/// A notification to the merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notice {
    /// What is posted.
    pub(crate) body: String,
    /// When it is sent next; none when it has arrived or was given up.
    pub(crate) next_at: Option<Timestamp>,
    /// What came of each attempt.
    pub(crate) attempts: Vec<Attempt>,
}

/// One attempt to notify.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// When.
    pub(crate) at: Timestamp,
    /// The HTTP status, or what went wrong.
    pub(crate) outcome: String,
    /// Whether the merchant took it.
    pub(crate) taken: bool,
}

impl Order {
    /// What is particular to a payment.
    pub(crate) fn payment(&self) -> Option<&PaymentOrder> {
        match &self.kind {
            Kind::Payment(payment) => Some(payment),
            Kind::Refund { .. } => None,
        }
    }

    /// The same, to change.
    pub(crate) fn payment_mut(&mut self) -> Option<&mut PaymentOrder> {
        match &mut self.kind {
            Kind::Payment(payment) => Some(payment),
            Kind::Refund { .. } => None,
        }
    }

    /// The response code of the order itself, for a query.
    pub(crate) fn code(&self) -> &str {
        match &self.status {
            Status::Waiting | Status::AwaitingApproval | Status::Processing => "05",
            Status::Done { code } | Status::Failed { code } => code,
        }
    }
}
