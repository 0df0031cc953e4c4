//! Invoices: what is due, what was requested, issued and reversed; who gets a group's invoices.

pub(crate) mod buyers;
pub(crate) mod export;
pub(crate) mod invoice;
pub(crate) mod list;

use topup::invoices::State;
use topup::people::staff::StaffPermission;

use crate::look::{Frame, Tone, tag};
use crate::people::access::OfficeNeeds;
use crate::words::{Lang, say};

/// See invoices and who gets them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct See;

impl OfficeNeeds for See {
    const PERMISSION: StaffPermission = StaffPermission::SeeInvoices;
}

/// Request them, and write down what was issued.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Do;

impl OfficeNeeds for Do {
    const PERMISSION: StaffPermission = StaffPermission::Invoices;
}

/// Where the list is.
pub(crate) const LIST: &str = "/office/invoices";
/// Where the buyers are.
pub(crate) const BUYERS: &str = "/office/invoices/buyers";

/// Where the page of an invoice is.
fn path(id: i64) -> String {
    format!("{LIST}/{id}")
}

/// Whether who looks may change anything here.
fn may_do(frame: &Frame) -> bool {
    frame.staff().is_some_and(|staff| staff.role.may(StaffPermission::Invoices))
}

fn state_word(lang: Lang, state: State) -> String {
    match state {
        State::Requested => say!(lang, "invoice-requested"),
        State::Withdrawn => say!(lang, "invoice-withdrawn"),
        State::Issued => say!(lang, "invoice-issued"),
        State::RedFlushed => say!(lang, "invoice-red-flushed"),
    }
}

/// A state in a word.
pub(crate) fn state_tag(lang: Lang, state: State) -> maud::Markup {
    let tone = match state {
        State::Requested => Tone::Doubt,
        State::Issued => Tone::Good,
        State::Withdrawn => Tone::Plain,
        State::RedFlushed => Tone::Bad,
    };
    tag(tone, &state_word(lang, state))
}
