//! What a payment gateway does, whichever it is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Fen, above zero and within what a payment can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(i64);

impl Amount {
    /// The most that the gateways' 12 digits can say.
    pub const MOST: i64 = 999_999_999_999;

    /// From fen; none unless above zero and of at most 12 digits.
    pub fn from_fen(fen: i64) -> Option<Self> {
        (1..=Self::MOST).contains(&fen).then_some(Self(fen))
    }

    /// In fen.
    pub fn fen(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Amount {
    /// In yuan, `¥1234.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "¥{}.{:02}", self.0.div_euclid(100), self.0.rem_euclid(100))
    }
}

/// The merchant's number of an order: 8 to 32 letters and digits. `UnionPay` takes 40, but its daily file has room for 32.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderId(String);

/// Not an order number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("order: 8 to 32 letters and digits are expected, is {0:?}")]
pub struct OrderIdError(String);

impl OrderId {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrderId {
    type Err = OrderIdError;

    fn from_str(text: &str) -> Result<Self, OrderIdError> {
        let fits = (8..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(OrderIdError(text.to_owned())) }
    }
}

impl TryFrom<String> for OrderId {
    type Error = OrderIdError;

    fn try_from(text: String) -> Result<Self, OrderIdError> {
        text.parse()
    }
}

impl From<OrderId> for String {
    fn from(id: OrderId) -> Self {
        id.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    /// A person with a bank card.
    Person,
    /// A company, through its bank's corporate site, where a second person approves: it may take hours.
    Company,
}

/// A payment to be made. Everything that a later question to the gateway needs is in here, so keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Our number.
    pub order: OrderId,
    /// When it was made; with the number it names the order at some gateways, to the second.
    pub at: Timestamp,
    /// How much.
    pub amount: Amount,
    /// Who pays.
    pub payer: Payer,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// What the payer reads, if the gateway shows it.
    pub description: String,
    /// Where the payer's browser comes back to: for display only.
    pub return_url: String,
    /// Where the gateway notifies us.
    pub notify_url: String,
    /// The payer's address, for the gateway's risk rules.
    pub payer_ip: Option<IpAddr>,
}

/// Money to be given back for a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Our number of the refund.
    pub order: OrderId,
    /// When it was made.
    pub at: Timestamp,
    /// How much, at most what is left of the payment.
    pub amount: Amount,
    /// Who paid.
    pub payer: Payer,
    /// The gateway's serial number of the payment.
    pub serial: String,
    /// Our number of the payment.
    pub payment: OrderId,
    /// Where the gateway notifies us.
    pub notify_url: String,
}

/// How the payer gets to the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The browser posts this form.
    FormPost {
        /// Where to.
        url: String,
        /// Names and values.
        fields: Vec<(String, String)>,
    },
    /// The browser goes there.
    Redirect {
        /// Where to.
        url: String,
    },
    /// The payer scans this.
    QrCode {
        /// What the code says.
        content: String,
    },
}

/// How the gateway settled a payment or refund, as far as it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The gateway's serial number (银行流水号), unique at the gateway.
    pub serial: String,
    /// How much it says was paid.
    pub amount: Amount,
    /// The day on which it settles, month and day (`MMDD`), if said.
    pub settle_date: Option<String>,
    /// When the gateway did it, as it said it.
    pub traced_at: Option<String>,
}

/// Where a payment stands at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// The money is there.
    Paid(Settlement),
    /// Not decided yet: ask again.
    Pending {
        /// The gateway's code.
        code: String,
        /// Its words.
        text: String,
    },
    /// The gateway knows no such order. Not the same as failed: the payer may still be on the way.
    NotFound,
    /// It will not be paid, unless late.
    Failed {
        /// The gateway's code.
        code: String,
        /// Its words.
        text: String,
    },
}

/// Where a refund stands at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// The money is on its way back.
    Refunded(Settlement),
    /// Taken on, not decided yet: wait for the notification, or ask.
    Accepted {
        /// The gateway's serial number of the refund, if it gave one.
        serial: Option<String>,
    },
    /// The gateway knows no such refund.
    NotFound,
    /// Refused for good.
    Failed {
        /// The gateway's code.
        code: String,
        /// Its words.
        text: String,
    },
}

/// A notification as it came in, untouched.
#[derive(Clone, Debug)]
pub struct Incoming<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Header names in lower case, and values.
    pub headers: &'a [(String, String)],
    /// The raw body.
    pub body: &'a [u8],
}

/// What a genuine notification says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// About what.
    pub subject: Subject,
    /// When we made what it is about, as the gateway repeats it, if it does.
    pub made_at: Option<Timestamp>,
    /// Every field, in the gateway's own names: evidence. Of accounts only the last digits.
    pub evidence: Vec<(String, String)>,
}

/// What a notification is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A payment.
    Payment {
        /// Our number.
        order: OrderId,
        /// What became of it.
        status: PaymentStatus,
    },
    /// A refund.
    Refund {
        /// Our number of the refund.
        order: OrderId,
        /// What became of it.
        status: RefundStatus,
    },
}

/// What the gateway wants to read once its notification is durably taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// Why a notification was not believed. It changes nothing; ask the gateway instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// It cannot be read.
    #[error("the message cannot be read: {0}")]
    Malformed(String),
    /// It can be read but does not come from the gateway, or not unchanged.
    #[error("the message is not genuine: {0}")]
    NotGenuine(String),
    /// It is genuine but not for this merchant, or not of a kind that is known.
    #[error("the message is not for us: {0}")]
    NotOurs(String),
}

/// Why a question to the gateway has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It may or may not have arrived: the outcome is open.
    #[error("the gateway was not reached, or did not answer: {0}")]
    Unreachable(String),
    /// The answer cannot be read or does not come from the gateway: the outcome is open.
    #[error("the gateway's answer is not to be believed: {0}")]
    NotGenuine(String),
    /// The gateway said no to the question itself, whatever it was about.
    #[error("the gateway refused: {code} {text}")]
    Refused {
        /// Its code.
        code: String,
        /// Its words.
        text: String,
    },
    /// This gateway cannot do that.
    #[error("this gateway does not offer that")]
    Unsupported,
}

/// A call to the gateway under way.
pub type Called<'a, T> = BoxFuture<'a, Result<T, CallError>>;

/// What a gateway can do beyond starting, asking and refunding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, asked by name")]
pub struct Capabilities {
    /// The name people know it by.
    pub name: &'static str,
    /// Whether companies can pay through it.
    pub company: bool,
    /// Whether an order can be closed so that it cannot be paid any more.
    pub close: bool,
    /// Whether it has a file of each day.
    pub daily_bill: bool,
    /// Whether parts of a payment can be given back.
    pub partial_refund: bool,
}

/// The gateway's file of a day, as it came: what it means is the adapter's reader's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// The file's name.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A payment gateway.
pub trait Gateway: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Who we are to the gateway: the number of the merchant.
    fn merchant(&self) -> &str;

    /// How the payer gets to the gateway. Keep the payment durably before the payer is sent.
    fn start<'a>(&'a self, payment: &'a Payment) -> Called<'a, Start>;

    /// Where a payment stands.
    fn query<'a>(&'a self, payment: &'a Payment, now: Timestamp) -> Called<'a, PaymentStatus>;

    /// Reads and verifies a notification. Believe nothing of what came otherwise.
    fn notification(&self, incoming: &Incoming<'_>, now: Timestamp) -> Result<Notification, NotificationError>;

    /// What to answer once the notification is durably taken, also when it was known already.
    fn acknowledgement(&self) -> Acknowledgement;

    /// Gives money back. The same refund again, under the same number, gives it back once.
    fn refund<'a>(&'a self, refund: &'a Refund, now: Timestamp) -> Called<'a, RefundStatus>;

    /// Where a refund stands.
    fn query_refund<'a>(&'a self, refund: &'a Refund, now: Timestamp) -> Called<'a, RefundStatus>;

    /// Closes an order that is not paid, where [`Capabilities::close`] says so.
    fn close<'a>(&'a self, _payment: &'a Payment, _now: Timestamp) -> Called<'a, ()> {
        Box::pin(async { Err(CallError::Unsupported) })
    }

    /// The file of a day, where [`Capabilities::daily_bill`] says so. None if there is none yet: never the same as an
    /// empty one.
    fn daily_bill(&self, _day: Date, _now: Timestamp) -> Called<'_, Option<Bill>> {
        Box::pin(async { Err(CallError::Unsupported) })
    }
}
