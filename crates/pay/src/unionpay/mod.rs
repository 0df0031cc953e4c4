//! `UnionPay` ACP 5.1.0, signMethod 01 (RSA): B2C and B2B gateway payments.
//!
//! - [`message`] is a message and its two ways on the wire, [`sign`] signs and verifies, [`trust`] knows whom to believe.
//! - [`UnionPay`] is the [`Gateway`].
//! - [`bill`] unpacks the daily file, [`zm`] reads its lines.
//!
//! Every address, certificate and merchant is configured; nothing here knows a host name.

pub mod bill;
mod calls;
pub mod code;
pub mod message;
mod notify;
pub mod sign;
pub mod time;
pub mod trust;
pub mod zm;

use std::fmt;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::gateway::{
    Acknowledgement, Bill, CallError, Called, Capabilities, Gateway, Incoming, Notification, NotificationError, Payer,
    Payment, PaymentStatus, Refund, RefundStatus, Start,
};
use message::Message;
use sign::SigningKey;
use trust::Trust;

/// The version of the protocol.
pub const VERSION: &str = "5.1.0";
/// Renminbi.
pub const CURRENCY: &str = "156";
/// The product of a person who pays.
pub const B2C: &str = "000201";
/// The product of a company that pays.
pub const B2B: &str = "000202";
/// Any product: questions and files.
pub const ANY_PRODUCT: &str = "000000";

/// How long the gateway may take to answer.
const ANSWER: Duration = Duration::from_secs(20);
/// How long the file server may take: a file of a busy day is some megabytes.
const FILE_ANSWER: Duration = Duration::from_mins(5);

/// Where the gateway is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The payer's browser posts here (`…/gateway/api/frontTransReq.do`).
    pub front: String,
    /// Refunds go here (`…/gateway/api/backTransReq.do`).
    pub back: String,
    /// Questions go here (`…/gateway/api/queryTrans.do`).
    pub query: String,
    /// The daily file comes from here.
    pub file: String,
}

/// Which merchant, where, with which keys.
pub struct Config {
    /// The merchant number, 15 characters.
    pub merchant: String,
    /// Where the gateway is.
    pub endpoints: Endpoints,
    /// The merchant's key.
    pub key: SigningKey,
    /// Whose messages are believed.
    pub trust: Trust,
}

/// The adapter.
pub struct UnionPay {
    config: Config,
    http: reqwest::Client,
}

/// Why the adapter cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not a merchant number.
    #[error("merchant: 15 letters or digits are expected, is {0:?}")]
    Merchant(String),
    /// Not an address.
    #[error("{name}: an http or https address is expected, is {value:?}")]
    Endpoint {
        /// Which.
        name: &'static str,
        /// What it is.
        value: String,
    },
    /// No HTTP client could be made.
    #[error("no HTTP client: {0}")]
    Http(String),
}

impl UnionPay {
    /// Checks the configuration.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let Config { merchant, endpoints, .. } = &config;
        if merchant.len() != 15 || !merchant.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ConfigError::Merchant(merchant.clone()));
        }
        let named = [
            ("front", &endpoints.front),
            ("back", &endpoints.back),
            ("query", &endpoints.query),
            ("file", &endpoints.file),
        ];
        for (name, value) in named {
            if !url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
                return Err(ConfigError::Endpoint { name, value: value.clone() });
            }
        }
        // A redirect of a call would carry a signed message somewhere else.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(ANSWER).build();
        Ok(Self { config, http: http.map_err(|error| ConfigError::Http(error.to_string()))? })
    }

    /// What every request carries; `certId` and `signature` come last.
    fn request(&self, fields: &[(&'static str, &str)]) -> Result<Message, CallError> {
        let common = [
            ("version", VERSION),
            ("encoding", "UTF-8"),
            ("signMethod", "01"),
            ("accessType", "0"),
            ("merId", &self.config.merchant),
            ("certId", self.config.key.serial()),
        ];
        let message: Message = common.iter().chain(fields).map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.config.key.sign(message).map_err(|error| CallError::NotGenuine(error.to_string()))
    }

    fn front_form(&self, payment: &Payment) -> Result<Start, CallError> {
        let at = time::to_text(payment.at);
        let amount = payment.amount.fen().to_string();
        let expires = time::to_text(payment.expires_at);
        let ip = payment.payer_ip.map(|ip| ip.to_string()).unwrap_or_default();
        let message = self.request(&[
            ("txnType", "01"),
            ("txnSubType", "01"),
            ("bizType", product(payment.payer)),
            ("channelType", "07"),
            ("orderId", payment.order.as_str()),
            ("txnTime", &at),
            ("txnAmt", &amount),
            ("currencyCode", CURRENCY),
            ("frontUrl", &payment.return_url),
            ("backUrl", &payment.notify_url),
            ("payTimeout", &expires),
            ("orderDesc", &payment.description),
            ("customerIp", &ip),
        ])?;
        let fields = message.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Start::FormPost { url: self.config.endpoints.front.clone(), fields })
    }
}

/// The product that a payer uses.
pub fn product(payer: Payer) -> &'static str {
    match payer {
        Payer::Person => B2C,
        Payer::Company => B2B,
    }
}

impl Gateway for UnionPay {
    fn capabilities(&self) -> Capabilities {
        Capabilities { name: "UnionPay", company: true, close: false, daily_bill: true, partial_refund: true }
    }

    fn merchant(&self) -> &str {
        &self.config.merchant
    }

    fn start<'a>(&'a self, payment: &'a Payment) -> Called<'a, Start> {
        async { self.front_form(payment) }.boxed()
    }

    fn query<'a>(&'a self, payment: &'a Payment, now: Timestamp) -> Called<'a, PaymentStatus> {
        self.ask_payment(payment, now).boxed()
    }

    fn notification(&self, incoming: &Incoming<'_>, now: Timestamp) -> Result<Notification, NotificationError> {
        self.read_notification(incoming, now)
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement { status: 200, content_type: "text/plain; charset=utf-8", body: "ok".into() }
    }

    fn refund<'a>(&'a self, refund: &'a Refund, now: Timestamp) -> Called<'a, RefundStatus> {
        self.ask_for_refund(refund, now).boxed()
    }

    fn query_refund<'a>(&'a self, refund: &'a Refund, now: Timestamp) -> Called<'a, RefundStatus> {
        self.ask_refund(refund, now).boxed()
    }

    fn daily_bill(&self, day: Date, now: Timestamp) -> Called<'_, Option<Bill>> {
        self.fetch_bill(day, now).boxed()
    }
}

impl fmt::Debug for UnionPay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnionPay").field("merchant", &self.config.merchant).finish_non_exhaustive()
    }
}
