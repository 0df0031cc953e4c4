//! Deposits (额度充值): the group's own pages, and the two addresses that the gateway and the payer's browser come back to.
//!
//! ```text
//! /deposits/new ─► check ─► confirm ─► pay ─► the gateway's pages
//!                                              │ notifies /gateway/unionpay/notify, by itself
//!                                              └ the browser comes back: …/return ─► /deposits/{order}
//! ```
//!
//! A deposit's page only tells: the browser's way back moves no money, whoever comes by it.

pub(crate) mod confirm;
pub(crate) mod deposit;
pub(crate) mod form;
pub(crate) mod gateway;
pub(crate) mod list;
pub(crate) mod pay;
pub(crate) mod steps;

use topup::deposits::DepositNumber;

/// A deposit's page.
pub(crate) fn path(order: DepositNumber) -> String {
    format!("/deposits/{order}")
}

/// Where its payer is sent from.
pub(crate) fn pay_path(order: DepositNumber) -> String {
    format!("/deposits/{order}/pay")
}
