//! Deposits and exceptions, as the office sees them.

mod unfits;

use maud::Markup;
use topup::deposits::{
    By, Deposit, DepositNumber, Event, ExceptionKind, Happened, InTray, Moved, Payer, Payment, Proposed, Refund,
    RefundState, Ruling, State, Story, Sum, Told, Tray, Voucher,
};
use topup::paging::{Page, Place};
use topup::people::OperatorId;
use topup::people::staff::{StaffId, StaffRole};
use topup::{Fen, GroupId, Ids, Kind, Micros};

use self::unfits::unfit;
use super::NOW_US;
use super::office::{ago, groups, signed_in};
use crate::look::Frame;
use crate::office::deposits::decide::Look;
use crate::office::deposits::line::{Line, Next};
use crate::office::deposits::list::{self, Shown};
use crate::office::deposits::view;
use crate::office::two_people::Typed;
use crate::words::{Lang, say};

const MERCHANT: &str = "777290058110048";
const SERIAL: &str = "132611221432080000018";
const REFUND: &str = "R2611221434081X142NW";
const LIMIT: Fen = Fen::new(5_000_000);

/// Who looks, and somebody else in the office.
const LIU: StaffId = StaffId(3);
const MA: StaffId = StaffId(4);

pub(super) fn pages(lang: Lang) -> Vec<(&'static str, Markup)> {
    [trays(lang), decisions(lang), numbers(lang), refunds(lang), unfits::pages(lang)].into_iter().flatten().collect()
}

fn ma(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "马会计",
        Lang::En => "Ma Li",
    }
}

fn group(lang: Lang, n: usize) -> String {
    groups(lang).get(n).map_or_else(String::new, |group| group.name.clone())
}

fn operator(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "陈主任",
        Lang::En => "Chen Wei",
    }
}

fn after(hours: i64, minutes: i64) -> Micros {
    Micros(ago(hours).0.saturating_add(minutes.saturating_mul(60_000_000)))
}

/// A deposit of so many yuan that was paid so many hours ago.
fn deposit(hours: i64, yuan: i64, state: State) -> Deposit {
    let amount = Fen::new(yuan.saturating_mul(100));
    let paid = Payment {
        amount,
        serial: SERIAL.into(),
        settle_date: Some("1122".into()),
        traced_at: Some("1122143208".into()),
        at: after(hours, 3),
    };
    let decided = matches!(state, State::Approved | State::Rejected | State::Refunding | State::Refunded);
    Deposit {
        group: GroupId(7),
        order: DepositNumber::new(Ids::first_of(ago(hours)) | 0xABC),
        state,
        operator: OperatorId(10),
        amount,
        remark: "十一月".into(),
        payer: if yuan % 2 == 0 { Payer::Company } else { Payer::Person },
        gateway: "unionpay".into(),
        merchant: MERCHANT.into(),
        created_at: ago(hours),
        expires_at: after(hours, 15),
        redirected_at: Some(after(hours, 1)),
        paid: state.is_paid().then_some(paid),
        decided_at: decided.then(|| after(hours, 40)),
        failure: None,
    }
}

fn trays(lang: Lang) -> Vec<(&'static str, Markup)> {
    let row = |hours, yuan, state, unfit, proposed: Option<(bool, StaffId)>| InTray {
        deposit: deposit(hours, yuan, state),
        group: group(lang, usize::from(yuan % 3 == 0)),
        operator: operator(lang).into(),
        unfit,
        proposed: proposed.map(|(approve, by)| (approve, by, ma(lang).into())),
    };
    let mut short = row(3, 4_999, State::Paid, 1, None);
    short.deposit.amount = Fen::new(500_000);
    let next = Some(Place { at: ago(1), id: 5 });
    let shown = |tray, rows, next| Shown {
        tray,
        page: Page { rows, next },
        later: next.is_some(),
        sums: [
            Sum { count: 4, fen: Fen::new(17_999_900) },
            Sum { count: 2, fen: Fen::new(68_000_000) },
            Sum { count: 2, fen: Fen::new(1_100_000) },
        ],
        limit: LIMIT,
        not_found: None,
        now: Micros(NOW_US),
    };
    let waiting = vec![
        row(80, 30_000, State::Paid, 0, None),
        row(30, 20_001, State::Paid, 0, None),
        short,
        row(1, 125_000, State::Paid, 0, None),
    ];
    let second =
        vec![row(26, 600_000, State::Paid, 0, Some((true, MA))), row(2, 80_001, State::Paid, 1, Some((false, LIU)))];
    let refunds = vec![row(50, 10_000, State::Rejected, 1, None), row(5, 1_000, State::Refunding, 0, None)];
    let done = vec![row(4, 50_000, State::Approved, 0, None), row(200, 700, State::Refunded, 0, None)];
    let none = Shown { not_found: Some("D1".into()), limit: LIMIT, ..Shown::default() };
    let page = |role, shown| list::page(&signed_in(lang, "/office/deposits", role), &shown);
    vec![
        ("deposits", page(StaffRole::Finance, shown(Tray::Waiting, waiting, None))),
        ("deposits-second", page(StaffRole::Finance, shown(Tray::Second, second, None))),
        ("deposits-refunds", page(StaffRole::Admin, shown(Tray::Refunds, refunds, None))),
        ("deposits-done", page(StaffRole::Auditor, shown(Tray::Done, done, next))),
        ("deposits-none", page(StaffRole::Auditor, none)),
    ]
}

fn fields(order: DepositNumber, fen: i64) -> Vec<(String, String)> {
    [
        ("orderId", order.to_string()),
        ("txnAmt", fen.to_string()),
        ("txnTime", "20261122113308".into()),
        ("merId", MERCHANT.into()),
        ("queryId", SERIAL.into()),
        ("traceNo", "000001".into()),
        ("accNo", "***************0018".into()),
        ("respCode", "00".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// A paid deposit of three hours ago with all its evidence.
fn story(lang: Lang, state: State) -> Story {
    let deposit = deposit(3, 30_000, state);
    let amount = deposit.amount;
    let done = || Told::Done { serial: SERIAL.into(), amount };
    let me = By::Operator(operator(lang).into());
    let event = |minutes, by: &By, what| Event { at: after(3, minutes), by: by.clone(), what };
    let mut events = vec![
        event(0, &me, Happened::Confirmed),
        event(1, &me, Happened::Sent),
        event(2, &By::Gateway, Happened::Notified { told: done(), fields: fields(deposit.order, amount.as_i64()) }),
        event(3, &By::Gateway, Happened::Asked { told: done() }),
        event(3, &By::Gateway, Happened::Paid { amount, serial: SERIAL.into(), late: false }),
        event(4, &me, Happened::Returned),
    ];
    let staff = By::Staff(format!("ma {}", ma(lang)));
    if state == State::Approved {
        events.push(event(40, &staff, Happened::Approved { reason: agreed(lang).into(), reference: None }));
    } else if state.is_paid() && state != State::Paid {
        events.push(event(40, &staff, Happened::Rejected { reason: refused(lang).into() }));
        events.push(event(40, &By::System, Happened::RefundDue { refund: REFUND.into() }));
    }
    let ruling = (state.is_paid() && state != State::Paid).then(|| {
        let approve = state == State::Approved;
        let reason = if approve { agreed(lang) } else { refused(lang) };
        let proposed = proposal(lang, MA, approve, reason);
        let answered = Some((true, proposed.name.clone(), proposed.reason.clone(), proposed.at));
        Ruling { alone: true, proposed, answered }
    });
    Story {
        deposit,
        group: group(lang, 0),
        operator: operator(lang).into(),
        events,
        refunds: vec![],
        exceptions: vec![],
        proposed: None,
        rulings: ruling.into_iter().collect(),
        two_people: false,
        voucher: Voucher::Gateway,
    }
}

fn proposal(lang: Lang, by: StaffId, approve: bool, reason: &str) -> Proposed {
    let (name, reason) = (ma(lang).into(), reason.into());
    Proposed { number: 1, approve, by, name, reason, reference: None, at: after(3, 40) }
}

fn agreed(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "与银行到账相符",
        Lang::En => "It agrees with the bank",
    }
}

fn refused(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "付款账户不是贵公司的",
        Lang::En => "It was paid from an account that is not the company's",
    }
}

fn moved(state: State) -> Vec<Moved> {
    let amount = Fen::new(3_000_000);
    let one = |id, minutes, from, to| Moved { at: after(3, minutes), from, to, amount, id };
    let mut moved = vec![];
    if state.is_paid() {
        moved.push(one(17, 3, Kind::Bank, Kind::DepositsInReview));
    }
    match state {
        State::Approved => moved.push(one(31, 40, Kind::DepositsInReview, Kind::Quota)),
        State::Rejected | State::Refunding | State::Refunded => {
            moved.push(one(31, 40, Kind::DepositsInReview, Kind::RefundsDue));
            moved.extend((state == State::Refunded).then(|| one(44, 90, Kind::RefundsDue, Kind::Bank)));
        }
        State::Created | State::Redirected | State::Paid | State::Failed | State::Expired => {}
    }
    moved
}

fn one(frame: &Frame, story: &Story, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let order = DepositNumber::new(Ids::first_of(ago(2)) | 0xABD);
    let next = Next { order, group: story.group.clone(), amount: Fen::new(2_000_000) };
    lined(frame, story, typed, problems, &Line { decided: false, next: Some(next) })
}

fn lined(frame: &Frame, story: &Story, typed: &Typed<'_>, problems: &[(&str, String)], line: &Line) -> Markup {
    let look = Look { story, merchant: MERCHANT, limit: LIMIT, line, now: Micros(NOW_US) };
    view::page(frame, &look, &moved(story.deposit.state), typed, problems)
}

fn decisions(lang: Lang) -> Vec<(&'static str, Markup)> {
    let at = |role| signed_in(lang, "/office/deposits/x", role);
    let draw = |role, story: &Story| one(&at(role), story, &Typed::default(), &[]);
    let paid = story(lang, State::Paid);
    let two = |by| {
        let proposed = proposal(lang, by, true, agreed(lang));
        let rulings = vec![Ruling { alone: false, proposed: proposed.clone(), answered: None }];
        Story { proposed: Some(proposed), rulings, two_people: true, ..story(lang, State::Paid) }
    };
    let mut differs = story(lang, State::Paid);
    differs.deposit.amount = Fen::new(3_100_000);
    differs.exceptions = vec![unfit(lang, ExceptionKind::WrongAmount)];
    let mut unnotified = story(lang, State::Paid);
    unnotified.events.retain(|event| !matches!(event.what, Happened::Notified { .. }));
    let mut open = story(lang, State::Redirected);
    open.events.truncate(2);
    let wrong = vec![
        ("verdict", say!(lang, "office-deposit-choose")),
        ("compared", say!(lang, "office-deposit-compare-first")),
        ("reason", say!(lang, "office-deposit-no-reason")),
    ];
    let approved = story(lang, State::Approved);
    let who = format!("ma {}", ma(lang));
    let late = vec![("", say!(lang, "office-deposit-was-approved", who = who, time = "2026-11-22 12:12:08"))];
    let typed = Typed { reason: refused(lang), verdict: "reject", ..Typed::default() };
    vec![
        ("deposit", draw(StaffRole::Finance, &paid)),
        (
            "deposit-decided",
            lined(&at(StaffRole::Finance), &approved, &Typed::default(), &[], &Line { decided: true, next: None }),
        ),
        ("deposit-two-people", draw(StaffRole::Finance, &Story { two_people: true, ..paid.clone() })),
        ("deposit-differs", draw(StaffRole::Finance, &differs)),
        ("deposit-unnotified", draw(StaffRole::Finance, &unnotified)),
        ("deposit-not-paid", draw(StaffRole::Finance, &open)),
        ("deposit-wrong", one(&at(StaffRole::Finance), &paid, &Typed::default(), &wrong)),
        ("deposit-proposed", draw(StaffRole::Finance, &two(MA))),
        ("deposit-own", draw(StaffRole::Finance, &two(LIU))),
        ("deposit-auditor", draw(StaffRole::Auditor, &two(MA))),
        ("deposit-approved", draw(StaffRole::Finance, &approved)),
        ("deposit-too-late", one(&at(StaffRole::Finance), &approved, &typed, &late)),
    ]
}

/// Where the bank's word does not stand for the money, and its number has to.
fn numbers(lang: Lang) -> Vec<(&'static str, Markup)> {
    let at = signed_in(lang, "/office/deposits/x", StaffRole::Finance);
    let of = |voucher| {
        let mut story = Story { voucher, ..story(lang, State::Paid) };
        story.exceptions = vec![unfit(lang, ExceptionKind::Late)];
        story.events.retain(|event| !matches!(event.what, Happened::Notified { .. } | Happened::Asked { .. }));
        story
            .events
            .insert(2, Event { at: after(3, 2), by: By::Gateway, what: Happened::Asked { told: Told::NotFound } });
        let what = Happened::InFile { file: format!("INN26112288ZM_{MERCHANT}") };
        story.events.insert(3, Event { at: after(3, 3), by: By::Gateway, what });
        story
    };
    let proposed = |voucher, reference: Option<&str>| {
        let proposed = Proposed { reference: reference.map(str::to_owned), ..proposal(lang, MA, true, agreed(lang)) };
        let rulings = vec![Ruling { alone: false, proposed: proposed.clone(), answered: None }];
        Story { proposed: Some(proposed), rulings, ..of(voucher) }
    };
    let second = proposed(Voucher::File, Some("20261122-0077"));
    let other = [("reference", say!(lang, "office-deposit-other-reference"))];
    let typed = Typed { reference: "20261122-0078", ..Typed::default() };
    let draw = |story: &Story| one(&at, story, &Typed::default(), &[]);
    vec![
        ("deposit-only-in-file", draw(&of(Voucher::File))),
        ("deposit-gateway-gone", draw(&of(Voucher::Nobody))),
        ("deposit-number", draw(&second)),
        ("deposit-number-wrong", one(&at, &second, &typed, &other)),
        ("deposit-number-missing", draw(&proposed(Voucher::Nobody, None))),
    ]
}

fn refunds(lang: Lang) -> Vec<(&'static str, Markup)> {
    let at = signed_in(lang, "/office/deposits/x", StaffRole::Finance);
    let refund = |state, accepted: bool, ended: bool| Refund {
        order: REFUND.into(),
        amount: Fen::new(3_000_000),
        state,
        serial: (state == RefundState::Refunded).then(|| SERIAL.into()),
        failure: (state == RefundState::Failed).then(|| ("35".into(), "原交易状态不正确[2040004]".into())),
        created_at: after(3, 40),
        accepted_at: accepted.then(|| after(3, 41)),
        ended_at: ended.then(|| after(3, 90)),
    };
    let of = |state, refund: Refund| Story { refunds: vec![refund], ..story(lang, state) };
    let failed = Story {
        exceptions: vec![unfit(lang, ExceptionKind::RefundFailed)],
        ..of(State::Rejected, refund(RefundState::Failed, false, true))
    };
    let draw = |story: &Story| one(&at, story, &Typed::default(), &[]);
    vec![
        ("deposit-refund-due", draw(&of(State::Rejected, refund(RefundState::Due, false, false)))),
        ("deposit-refunding", draw(&of(State::Refunding, refund(RefundState::Accepted, true, false)))),
        ("deposit-refunded", draw(&of(State::Refunded, refund(RefundState::Refunded, true, true)))),
        ("deposit-refund-failed", draw(&failed)),
    ]
}
