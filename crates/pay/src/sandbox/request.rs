//! Is a merchant's message in order? As strict as the real gateway, in this order: known fields, all needed fields, their
//! form, the merchant, the signature.

use jiff::{SignedDuration, Timestamp};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::unionpay::message::Message;
use crate::unionpay::sign::is_signed_by;
use crate::unionpay::{ANY_PRODUCT, B2B, B2C, CURRENCY, VERSION, time};

/// The kinds of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A payer is sent.
    Payment,
    /// What became of an order?
    Query,
    /// Money back.
    Refund,
    /// The file of a day.
    File,
}

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not a message of the protocol at all: an error page, no reply.
    Page(String),
    /// A reply with this code and words.
    Code(&'static str, String),
}

/// A field: its name, whether it has to be there, and its form.
type Rule = (&'static str, bool, fn(&str) -> bool);

const COMMON: [Rule; 8] = [
    ("version", true, |v| v == VERSION),
    ("encoding", true, |v| matches!(v.to_ascii_uppercase().as_str(), "UTF-8" | "GBK")),
    ("certId", true, |v| v.bytes().all(|b| b.is_ascii_digit())),
    ("signMethod", true, |v| v == "01"),
    ("signature", true, |_| true),
    ("accessType", true, |v| v == "0"),
    ("merId", true, |v| v.len() == 15),
    ("txnTime", true, is_time),
];

const PAYMENT: [Rule; 19] = [
    ("txnType", true, |v| v == "01"),
    ("txnSubType", true, |v| v == "01"),
    ("bizType", true, |v| v == B2C || v == B2B),
    ("channelType", true, |v| v == "07" || v == "08"),
    ("orderId", true, is_order),
    ("txnAmt", true, is_amount),
    ("currencyCode", true, |v| v == CURRENCY),
    ("frontUrl", true, is_url),
    ("backUrl", true, is_url),
    ("payTimeout", false, is_time),
    ("orderDesc", false, |v| v.chars().count() <= 32),
    ("customerIp", false, |v| v.len() <= 40),
    ("frontFailUrl", false, is_url),
    ("riskRateInfo", false, |v| v.len() <= 2048),
    ("issInsCode", false, |v| v.len() <= 20),
    ("reserved", false, |v| v.len() <= 2048),
    ("reqReserved", false, |v| v.len() <= 1024),
    ("accNo", false, |v| v.len() <= 512),
    ("defaultPayType", false, |v| v.len() <= 4),
];

const QUERY: [Rule; 4] = [
    ("txnType", true, |v| v == "00"),
    ("txnSubType", true, |v| v == "00"),
    ("bizType", true, |v| v == B2C || v == B2B || v == ANY_PRODUCT),
    ("orderId", true, is_order),
];

const REFUND: [Rule; 10] = [
    ("txnType", true, |v| v == "04"),
    ("txnSubType", true, |v| v == "00"),
    ("bizType", true, |v| v == B2C || v == B2B),
    ("channelType", true, |v| v == "07" || v == "08"),
    ("orderId", true, is_order),
    ("txnAmt", true, is_amount),
    ("currencyCode", false, |v| v == CURRENCY),
    ("origQryId", true, |v| v.len() == 21 && v.bytes().all(|b| b.is_ascii_digit())),
    ("backUrl", true, is_url),
    ("reqReserved", false, |v| v.len() <= 1024),
];

const FILE: [Rule; 5] = [
    ("txnType", true, |v| v == "76"),
    ("txnSubType", true, |v| v == "01"),
    ("bizType", true, |v| v == ANY_PRODUCT),
    ("settleDate", true, |v| v.len() == 4 && v.bytes().all(|b| b.is_ascii_digit())),
    ("fileType", true, |v| v == "00"),
];

impl Asked {
    fn rules(self) -> &'static [Rule] {
        match self {
            Self::Payment => &PAYMENT,
            Self::Query => &QUERY,
            Self::Refund => &REFUND,
            Self::File => &FILE,
        }
    }
}

/// Checks a message of `merchant`, whose requests are signed with the key of `certificate` (DER).
pub(crate) fn check(message: &Message, asked: Asked, merchant: &str, certificate: &[u8]) -> Result<(), Refused> {
    let rules = || COMMON.iter().chain(asked.rules());
    if let Some((name, _)) = message.fields().find(|(name, _)| !rules().any(|(known, ..)| known == name)) {
        return Err(Refused::Page(format!("Invalid request: unknown field {name}")));
    }
    let missing = rules().find(|(name, needed, _)| *needed && message.get(name).is_none_or(str::is_empty));
    if let Some((name, ..)) = missing {
        return Err(Refused::Code("13", format!("报文域缺失[{name}]")));
    }
    let wrong = rules().find(|(name, _, fits)| message.get(name).is_some_and(|value| !fits(value)));
    if let Some((name, ..)) = wrong {
        return Err(Refused::Code("10", format!("报文格式错误[{name}]")));
    }
    if message.get("merId") != Some(merchant) {
        return Err(Refused::Code("31", "商户状态不正确[6100031]".into()));
    }
    let (_, certificate) =
        X509Certificate::from_der(certificate).map_err(|error| Refused::Code("99", error.to_string()))?;
    let known = message.get("certId") == Some(certificate.tbs_certificate.serial.to_string().as_str());
    if known && is_signed_by(message, &certificate) == Ok(true) {
        Ok(())
    } else {
        Err(Refused::Code("11", "验证签名失败[9100004]".into()))
    }
}

/// Orders have to be of now: a quarter of an hour either way.
pub(crate) fn is_now(txn_time: &str, now: Timestamp) -> bool {
    time::parse(txn_time).is_some_and(|at| at.duration_since(now).abs() <= SignedDuration::from_mins(15))
}

fn is_time(text: &str) -> bool {
    time::parse(text).is_some()
}

fn is_order(text: &str) -> bool {
    (8..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_amount(text: &str) -> bool {
    text.len() <= 12 && !text.starts_with('0') && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_url(text: &str) -> bool {
    text.len() <= 256 && url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
