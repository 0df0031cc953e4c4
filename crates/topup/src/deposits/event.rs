//! What happened to a deposit, one row a step, never changed.

use ledger::{Fen, GroupId};
use pay::PaymentStatus;
use serde::{Deserialize, Serialize};
use store::{Micros, Tx};

use super::exceptions::{ExceptionId, ExceptionKind, Outcome};

/// One step of a deposit's story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Micros,
    /// By whom.
    pub by: By,
    /// What.
    pub what: Happened,
}

/// Who moved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A person of the group, by name.
    Operator(String),
    /// A person of the card company, by login and name.
    Staff(String),
    /// The gateway.
    Gateway,
    /// The system by itself.
    System,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// The operator confirmed it.
    Confirmed,
    /// The payer was sent to the gateway.
    Sent,
    /// The payer's browser came back; that says nothing of the money.
    Returned,
    /// The gateway notified us, genuinely.
    Notified {
        /// What it said.
        told: Told,
        /// Every field that is short enough to read: evidence. The whole message is kept beside.
        fields: Vec<(String, String)>,
    },
    /// We asked the gateway; only answers that differ from the one before are noted.
    Asked {
        /// What it said.
        told: Told,
    },
    /// The gateway's file of a day lists it as paid.
    InFile {
        /// The file's name.
        file: String,
    },
    /// The money is there.
    Paid {
        /// How much.
        amount: Fen,
        /// The gateway's serial number.
        serial: String,
        /// After it had failed or expired.
        late: bool,
    },
    /// It will not be paid.
    Failed {
        /// The gateway's code.
        code: String,
        /// Its words.
        words: String,
    },
    /// It was not paid in time.
    Expired,
    /// Somebody proposed a decision; another has to confirm it.
    Proposed {
        /// Counts the proposals.
        number: i64,
        /// To approve it, or to reject it.
        approve: bool,
        /// Why.
        reason: String,
    },
    /// Another declined the proposal.
    Declined {
        /// Which.
        number: i64,
        /// Why.
        reason: String,
    },
    /// It became quota.
    Approved {
        /// Why.
        reason: String,
        /// Under which number the bank knows of it, where two people had to say that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// It is to go back.
    Rejected {
        /// Why.
        reason: String,
    },
    /// The refund has a number, and the gateway is asked for it.
    RefundDue {
        /// Its number at the gateway.
        refund: String,
    },
    /// The gateway has taken the refund on.
    RefundAccepted {
        /// Its number at the gateway.
        refund: String,
    },
    /// The gateway notified us about the refund, genuinely.
    RefundNotified {
        /// Its number at the gateway.
        refund: String,
        /// What it said.
        told: Told,
        /// As of a payment.
        fields: Vec<(String, String)>,
    },
    /// The gateway has given the money back.
    Refunded {
        /// Its number at the gateway.
        refund: String,
        /// The gateway's serial number of it.
        serial: String,
    },
    /// The gateway will not give the money back.
    RefundFailed {
        /// Its number at the gateway.
        refund: String,
        /// The gateway's code.
        code: String,
        /// Its words.
        words: String,
    },
    /// The gateway's file of a day lists a refund of it that is none of ours.
    GivenBack {
        /// The file's name.
        file: String,
        /// Its number there.
        refund: String,
        /// The gateway's serial number of it.
        serial: String,
        /// How much.
        amount: Fen,
    },
    /// It left the quota again, since its money is back at the payer.
    TakenBack {
        /// How much.
        amount: Fen,
        /// Under which number the bank knows of that.
        reference: String,
    },
    /// Something does not fit and waits for a person of the card company.
    Unfit {
        /// Which exception.
        exception: ExceptionId,
        /// What.
        kind: ExceptionKind,
    },
    /// A person closed it.
    Closed {
        /// Which exception.
        exception: ExceptionId,
        /// What.
        kind: ExceptionKind,
        /// How.
        outcome: Outcome,
        /// Why.
        reason: String,
    },
}

/// What the gateway said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The money moved.
    Done {
        /// The serial number.
        serial: String,
        /// How much.
        amount: Fen,
    },
    /// Not decided.
    Pending {
        /// Its code, if it gave one.
        code: String,
        /// Its words.
        words: String,
    },
    /// It knows no such order.
    NotFound,
    /// No.
    Failed {
        /// Its code.
        code: String,
        /// Its words.
        words: String,
    },
    /// It did not answer, or not so that it could be believed.
    NoAnswer {
        /// Why.
        why: String,
    },
    /// Nobody was asked: the gateway, or the merchant at it, is not set up any more.
    NotSetUp,
}

/// The longest value of a field that is kept as evidence beside the whole message; certificates and signatures are not
/// read by people.
const MOST_VALUE: usize = 200;

impl Happened {
    /// Its name in the database.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Sent => "sent",
            Self::Returned => "returned",
            Self::Notified { .. } => "notified",
            Self::Asked { .. } => "asked",
            Self::InFile { .. } => "in_file",
            Self::Paid { .. } => "paid",
            Self::Failed { .. } => "failed",
            Self::Expired => "expired",
            Self::Proposed { .. } => "proposed",
            Self::Declined { .. } => "declined",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::RefundDue { .. } => "refund_due",
            Self::RefundAccepted { .. } => "refund_accepted",
            Self::RefundNotified { .. } => "refund_notified",
            Self::Refunded { .. } => "refunded",
            Self::RefundFailed { .. } => "refund_failed",
            Self::GivenBack { .. } => "given_back",
            Self::TakenBack { .. } => "taken_back",
            Self::Unfit { .. } => "unfit",
            Self::Closed { .. } => "closed",
        }
    }
}

impl From<&PaymentStatus> for Told {
    fn from(status: &PaymentStatus) -> Self {
        match status {
            PaymentStatus::Paid(settled) => {
                Self::Done { serial: settled.serial.clone(), amount: Fen::new(settled.amount.fen()) }
            }
            PaymentStatus::Pending { code, text } => Self::Pending { code: code.clone(), words: text.clone() },
            PaymentStatus::NotFound => Self::NotFound,
            PaymentStatus::Failed { code, text } => Self::Failed { code: code.clone(), words: text.clone() },
        }
    }
}

impl From<&pay::RefundStatus> for Told {
    fn from(status: &pay::RefundStatus) -> Self {
        use pay::RefundStatus as R;
        match status {
            R::Refunded(settled) => {
                Self::Done { serial: settled.serial.clone(), amount: Fen::new(settled.amount.fen()) }
            }
            R::Accepted { .. } => Self::Pending { code: String::new(), words: String::new() },
            R::NotFound => Self::NotFound,
            R::Failed { code, text } => Self::Failed { code: code.clone(), words: text.clone() },
        }
    }
}

/// The fields of a message that people can read.
pub(super) fn readable(fields: Vec<(String, String)>) -> Vec<(String, String)> {
    fields.into_iter().filter(|(_, value)| !value.is_empty() && value.len() <= MOST_VALUE).collect()
}

/// Adds a step, under the lock on the group's accounts or while the deposit is being made.
pub(super) async fn add(
    tx: &mut Tx,
    (group, deposit): (GroupId, i64),
    at: Micros,
    by: &By,
    what: &Happened,
) -> Result<(), store::Error> {
    let (actor, name) = match by {
        By::Operator(name) => ("operator", name.as_str()),
        By::Staff(name) => ("staff", name.as_str()),
        By::Gateway => ("gateway", ""),
        By::System => ("system", ""),
    };
    let detail = serde_json::to_string(what).unwrap_or_default();
    tx.query(
        "INSERT INTO deposit_events (group_id, deposit_id, number, at_us, kind, actor, name, detail) \
         SELECT $1, $2, COALESCE(MAX(number), 0) + 1, CAST($3 AS BIGINT), $4, $5, $6, $7 FROM deposit_events \
         WHERE group_id = $1 AND deposit_id = $2",
    )
    .bind(group)
    .bind(deposit)
    .bind(at)
    .bind(what.kind())
    .bind(actor)
    .bind(name)
    .bind(detail)
    .execute()
    .await?;
    Ok(())
}

/// All steps of a deposit, first to last.
pub(super) async fn all(tx: &mut Tx, (group, deposit): (GroupId, i64)) -> Result<Vec<Event>, store::Error> {
    let rows: Vec<(Micros, String, String, String)> = tx
        .query(
            "SELECT at_us, actor, name, detail FROM deposit_events WHERE group_id = $1 AND deposit_id = $2 \
             ORDER BY number",
        )
        .bind(group)
        .bind(deposit)
        .all()
        .await?;
    let event = |(at, actor, name, detail): (Micros, String, String, String)| {
        let by = match actor.as_str() {
            "operator" => By::Operator(name),
            "staff" => By::Staff(name),
            "gateway" => By::Gateway,
            _ => By::System,
        };
        Some(Event { at, by, what: serde_json::from_str(&detail).ok()? })
    };
    Ok(rows.into_iter().filter_map(event).collect())
}
