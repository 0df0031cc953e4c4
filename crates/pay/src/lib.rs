//! The bank: what a payment gateway does for us, `UnionPay`'s protocol, and a sandbox bank that speaks it.
//!
//! [`Gateway`] is the seam. It is shaped for `UnionPay`, Alipay and `WeChat` alike: a payment starts as a form, a redirect
//! or a QR code; a notification is verified from its method, path, headers and raw body; each adapter writes its own
//! acknowledgement; what a gateway cannot do it says in its [`Capabilities`].
//!
//! Nothing in here moves money in our books or remembers anything: bytes and times in, verified values out. Times are
//! handed in; the only input and output is HTTP to the gateway.
//!
//! [`unionpay`] is ACP 5.1.0. Its facts come from `UnionPay`'s own SDK and demo texts, and from recorded messages.

mod gateway;
pub mod sandbox;
pub mod unionpay;

pub use gateway::{
    Acknowledgement, Amount, Bill, CallError, Called, Capabilities, Gateway, Incoming, Notification, NotificationError,
    OrderId, OrderIdError, Payer, Payment, PaymentStatus, Refund, RefundStatus, Settlement, Start, Subject,
};
