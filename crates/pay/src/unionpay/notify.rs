//! The gateway's notifications: of payments only successes, of refunds both ends.

use jiff::Timestamp;

use super::UnionPay;
use super::calls::settlement;
use super::code::{Meaning, meaning};
use super::message::Message;
use super::time;
use super::trust::NotGenuine;
use crate::gateway::{Incoming, Notification, NotificationError, OrderId, PaymentStatus, RefundStatus, Subject};

impl UnionPay {
    pub(super) fn read_notification(
        &self,
        incoming: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Notification, NotificationError> {
        if incoming.method != "POST" {
            return Err(NotificationError::Malformed(format!("method: POST is expected, is {:?}", incoming.method)));
        }
        let message = Message::parse_form(incoming.body).map_err(|error| malformed(&error))?;
        self.config.trust.verify(&message, now).map_err(|error| not_genuine(&error))?;
        let merchant = message.need("merId").map_err(|error| malformed(&error))?;
        if merchant != self.config.merchant {
            return Err(NotificationError::NotOurs(format!("merId: is that of another merchant, {merchant:?}")));
        }
        let evidence = message.fields().map(|(name, value)| (name.to_owned(), readable(name, value))).collect();
        let made_at = message.get("txnTime").and_then(time::parse);
        Ok(Notification { subject: subject(&message)?, made_at, evidence })
    }
}

/// A field as people may read it: of an account only the last four digits. Some gateways send it whole.
fn readable(name: &str, value: &str) -> String {
    let length = value.chars().count();
    if name != "accNo" || length <= 4 {
        return value.to_owned();
    }
    let shown = |(at, digit)| if at < length.saturating_sub(4) { '*' } else { digit };
    value.chars().enumerate().map(shown).collect()
}

fn subject(message: &Message) -> Result<Subject, NotificationError> {
    let order: OrderId =
        message.need("orderId").map_err(|error| malformed(&error))?.parse().map_err(|error| malformed(&error))?;
    let code = message.need("respCode").map_err(|error| malformed(&error))?;
    let settled = || settlement(message).map_err(|error| malformed(&error));
    let failed = || (code.to_owned(), message.get("respMsg").unwrap_or_default().to_owned());
    match (message.need("txnType").map_err(|error| malformed(&error))?, meaning(code)) {
        ("01", Meaning::Done) => Ok(Subject::Payment { order, status: PaymentStatus::Paid(settled()?) }),
        ("01", Meaning::Ask) => {
            let (code, text) = failed();
            Ok(Subject::Payment { order, status: PaymentStatus::Pending { code, text } })
        }
        ("01", Meaning::NotFound | Meaning::Failed) => {
            let (code, text) = failed();
            Ok(Subject::Payment { order, status: PaymentStatus::Failed { code, text } })
        }
        ("04", Meaning::Done) => Ok(Subject::Refund { order, status: RefundStatus::Refunded(settled()?) }),
        ("04", Meaning::Ask) => {
            let serial = message.get("queryId").map(str::to_owned);
            Ok(Subject::Refund { order, status: RefundStatus::Accepted { serial } })
        }
        ("04", Meaning::NotFound | Meaning::Failed) => {
            let (code, text) = failed();
            Ok(Subject::Refund { order, status: RefundStatus::Failed { code, text } })
        }
        (other, _) => Err(NotificationError::NotOurs(format!("txnType: 01 or 04 is expected, is {other:?}"))),
    }
}

fn malformed(error: &dyn std::error::Error) -> NotificationError {
    NotificationError::Malformed(error.to_string())
}

fn not_genuine(error: &NotGenuine) -> NotificationError {
    if let NotGenuine::Malformed(error) = error {
        malformed(error)
    } else {
        NotificationError::NotGenuine(error.to_string())
    }
}
