//! Exceptions, as the office sees them.

use maud::Markup;
use serde_json::{Value, json};
use topup::deposits::{DepositNumber, Exception, ExceptionId, ExceptionKind, Needs, Outcome, State, Voucher};
use topup::paging::Page;
use topup::people::staff::{StaffId, StaffRole};
use topup::{Fen, Micros};

use super::{LIU, MA, NOW_US, REFUND, SERIAL, after, agreed, deposit, fields, group, ma};
use crate::gallery::office::{ago, signed_in};
use crate::look::show;
use crate::office::exceptions;
use crate::office::two_people::Typed;
use crate::words::{Lang, say};

pub(super) fn pages(lang: Lang) -> Vec<(&'static str, Markup)> {
    [queue(lang), unfits(lang)].into_iter().flatten().collect()
}

/// An open exception of this kind with the evidence that goes with it.
pub(super) fn unfit(lang: Lang, kind: ExceptionKind) -> Exception {
    let known = kind != ExceptionKind::UnknownOrder;
    let order = deposit(3, 30_000, State::Paid).order;
    let refund = matches!(kind, ExceptionKind::RefundFailed | ExceptionKind::RefundContradiction);
    Exception {
        id: ExceptionId(7_345_678_901_234),
        kind,
        deposit: known.then_some(order),
        stands: known.then_some(match kind {
            ExceptionKind::GoneBack => State::Approved,
            ExceptionKind::RefundFailed => State::Rejected,
            ExceptionKind::RefundContradiction => State::Refunding,
            ExceptionKind::DuplicateSerial | ExceptionKind::ReturnedLate => State::Expired,
            ExceptionKind::Late
            | ExceptionKind::WrongAmount
            | ExceptionKind::UnknownOrder
            | ExceptionKind::Contradiction => State::Paid,
        }),
        group: known.then(|| group(lang, 0)),
        gateway: "unionpay".into(),
        order: if refund { REFUND.into() } else { order.to_string() },
        serial: (!refund).then(|| SERIAL.into()),
        amount: Fen::new(3_000_000),
        stake: Fen::new(3_000_000),
        reference: None,
        booked: matches!(
            kind,
            ExceptionKind::Late | ExceptionKind::WrongAmount | ExceptionKind::GoneBack | ExceptionKind::RefundFailed
        ),
        evidence: evidence(kind, order),
        opened_at: after(3, 5),
        proposed: None,
        closed: None,
    }
}

fn evidence(kind: ExceptionKind, order: DepositNumber) -> Value {
    let done = json!({ "done": { "serial": SERIAL, "amount": 3_000_000 } });
    match kind {
        ExceptionKind::UnknownOrder => json!({ "fields": fields(order, 3_000_000) }),
        ExceptionKind::RefundFailed => json!({ "code": "35", "words": "原交易状态不正确[2040004]" }),
        ExceptionKind::RefundContradiction => json!({ "told": done, "was": "failed", "fen": 3_000_000 }),
        ExceptionKind::Late
        | ExceptionKind::WrongAmount
        | ExceptionKind::DuplicateSerial
        | ExceptionKind::Contradiction
        | ExceptionKind::ReturnedLate
        | ExceptionKind::GoneBack => json!({
            "told": done, "was": "expired", "asked_fen": 3_100_000, "paid": null,
            "claims": [["132611221432080000099", 3_100_000]],
        }),
    }
}

fn queue(lang: Lang) -> Vec<(&'static str, Markup)> {
    let at = |role| signed_in(lang, "/office/exceptions", role);
    let rows = ExceptionKind::ALL.into_iter().zip([90, 60, 30, 26, 9, 5, 4, 2, 1]);
    let rows = rows.map(|(kind, hours)| Exception { opened_at: ago(hours), ..unfit(lang, kind) });
    let open: Vec<Exception> = rows
        .enumerate()
        .map(|(n, exception)| Exception { proposed: (n == 3).then(|| suggested(lang, MA)), ..exception })
        .collect();
    let closed = vec![closed(lang)];
    let shown = |closed, rows| exceptions::list::Shown {
        closed,
        page: Page { rows, next: None },
        later: false,
        open: 9,
        now: Micros(NOW_US),
    };
    let none = exceptions::list::Shown::default();
    vec![
        ("exceptions", exceptions::list::page(&at(StaffRole::Finance), &shown(false, open))),
        ("exceptions-closed", exceptions::list::page(&at(StaffRole::Auditor), &shown(true, closed))),
        ("exceptions-none", exceptions::list::page(&at(StaffRole::Auditor), &none)),
    ]
}

fn suggested(lang: Lang, by: StaffId) -> (StaffId, String, Outcome, String, Micros) {
    let why = match lang {
        Lang::Zh => "银行后台显示只扣了一笔",
        Lang::En => "The bank's console shows one payment only",
    };
    let who = if by == MA { format!("ma {}", ma(lang)) } else { "liu 刘敏".into() };
    (by, who, Outcome::Nothing, why.into(), ago(1))
}

fn closed(lang: Lang) -> Exception {
    let (_, who, outcome, why, at) = suggested(lang, MA);
    Exception { closed: Some((who, outcome, why, at)), ..unfit(lang, ExceptionKind::DuplicateSerial) }
}

/// A refund that the bank calls done, of another amount.
fn in_part(lang: Lang) -> Exception {
    let told = json!({ "done": { "serial": SERIAL, "amount": 1_500_000 } });
    let (code, words) = (topup::deposits::OTHER_AMOUNT, "¥15,000.00 / ¥30,000.00");
    let evidence = json!({ "code": code, "words": words, "told": told, "back": { REFUND: 1_500_000 } });
    Exception { evidence, ..unfit(lang, ExceptionKind::RefundFailed) }
}

/// Given back at the bank's counter, as its file says; the deposit stands so.
fn given_back(lang: Lang, stands: State, booked: bool) -> Exception {
    let file = "777290058110048_20261121.zip";
    let evidence = json!({ "was": "approved", "paid": [SERIAL, 3_000_000], "back": { "132611221432080000031": 3_000_000 }, "file": file });
    Exception { evidence, stands: Some(stands), booked, ..unfit(lang, ExceptionKind::GoneBack) }
}

fn unfits(lang: Lang) -> Vec<(&'static str, Markup)> {
    let at = |role| signed_in(lang, "/office/exceptions/7", role);
    let page = |role, exception: &Exception, typed: &Typed<'_>, problems: &[(&str, String)]| {
        let limit = Fen::new(2_000_000);
        let needs = Needs::of(exception, limit, Voucher::Gateway);
        let look = exceptions::view::Look { exception, needs, limit, now: Micros(NOW_US) };
        exceptions::view::page(&at(role), &look, typed, problems)
    };
    let draw = |role, exception: &Exception| page(role, exception, &Typed::default(), &[]);
    let wrong = vec![("outcome", say!(lang, "exception-choose")), ("reason", say!(lang, "office-deposit-no-reason"))];
    let proposed =
        |by| Exception { proposed: Some(suggested(lang, by)), ..unfit(lang, ExceptionKind::DuplicateSerial) };
    let typed = Typed { reason: agreed(lang), verdict: "returned_otherwise", ..Typed::default() };
    let (by, who, _, why, at) = suggested(lang, LIU);
    let noted = Some((by, who, Outcome::ReturnedOtherwise, why, at));
    let noted = Exception { proposed: noted, ..unfit(lang, ExceptionKind::RefundFailed) };
    let other = vec![("", say!(lang, "exception-other-reference"))];
    let outcome = say!(lang, "outcome-nothing");
    let (free, needed) = (show::yuan(Fen::new(1_250_000)), show::yuan(Fen::new(3_000_000)));
    let short = vec![("outcome", say!(lang, "exception-quota-short", free = free, needed = needed))];
    let who = format!("ma {}", ma(lang));
    let late =
        vec![("", say!(lang, "exception-was-closed", who = who, time = "2026-11-22 13:32:08", outcome = outcome))];
    vec![
        ("exception-late", draw(StaffRole::Finance, &unfit(lang, ExceptionKind::Late))),
        ("exception-unknown-order", draw(StaffRole::Finance, &unfit(lang, ExceptionKind::UnknownOrder))),
        ("exception-contradiction", draw(StaffRole::Auditor, &unfit(lang, ExceptionKind::Contradiction))),
        ("exception-refund-failed", draw(StaffRole::Finance, &unfit(lang, ExceptionKind::RefundFailed))),
        ("exception-refund-in-part", draw(StaffRole::Finance, &in_part(lang))),
        ("exception-gone-back", draw(StaffRole::Finance, &unfit(lang, ExceptionKind::GoneBack))),
        ("exception-given-back", draw(StaffRole::Finance, &given_back(lang, State::Approved, true))),
        ("exception-gone-noted", draw(StaffRole::Finance, &given_back(lang, State::Refunded, true))),
        ("exception-gone-twice", draw(StaffRole::Finance, &given_back(lang, State::Refunded, false))),
        ("exception-quota-short", page(StaffRole::Finance, &given_back(lang, State::Approved, true), &typed, &short)),
        ("exception-refund-contradiction", draw(StaffRole::Finance, &unfit(lang, ExceptionKind::RefundContradiction))),
        (
            "exception-wrong",
            page(StaffRole::Finance, &unfit(lang, ExceptionKind::RefundFailed), &Typed::default(), &wrong),
        ),
        ("exception-proposed", draw(StaffRole::Finance, &proposed(MA))),
        ("exception-other-reference", page(StaffRole::Finance, &noted, &Typed::default(), &other)),
        ("exception-own", draw(StaffRole::Finance, &proposed(LIU))),
        ("exception-closed", draw(StaffRole::Finance, &closed(lang))),
        ("exception-too-late", page(StaffRole::Finance, &closed(lang), &typed, &late)),
    ]
}
