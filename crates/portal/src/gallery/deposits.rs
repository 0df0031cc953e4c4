//! The pages of deposits, in every state.

use maud::Markup;
use topup::deposits::{
    By, Checked, Deposit, DepositNumber, Event, Happened, Payer, Payment, Start, State, Story, Terms, Told, Voucher,
};
use topup::people::OperatorId;
use topup::{Fen, GroupId, Ids, Micros};

use super::{NOW_US, at, manager, quota};
use crate::deposits::form::{self, About, Typed};
use crate::deposits::{deposit, pay};
use crate::look::Frame;
use crate::words::Lang;

const SERIAL: &str = "132611221432080000018";
const MINUTE_US: i64 = 60 * 1_000_000;

/// The name and the page of each.
pub(super) fn pages(lang: Lang) -> Vec<(String, Markup)> {
    let frame = at(&manager(lang), "/deposits/new");
    let mut pages = asking(&frame);
    let one = at(&frame, "/deposits/D2611221432081X142NW");
    for (name, story) in stories(lang) {
        pages.push((format!("deposit-{name}"), deposit::page(&one, &story, Micros(NOW_US))));
    }
    pages
}

fn asking(frame: &Frame) -> Vec<(String, Markup)> {
    let terms = Terms::default();
    let about = |open| About { quota: quota(8_642_000, 0), terms: &terms, open };
    let checked = |payer| Checked {
        amount: Fen::new(5_000_000),
        remark: "十一月".into(),
        payer,
        intent: "4e1f6a0c9b2d8e7355aa01ff93c4d2b6".into(),
    };
    let typed = Typed { amount: "12.50".into(), remark: String::new(), payer: "person".into() };
    let wrong = vec![("amount", crate::words::say!(frame.lang, "deposit-wrong-whole", value = "12.50"))];
    let fields = [("merId", "777290058110048"), ("orderId", "D2611221432081X142NW")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let start = Start::FormPost { url: "https://gateway.example.cn/gateway/api/frontTransReq.do".into(), fields };
    let code = |content: &str| Start::QrCode { content: content.to_owned() };
    let sent = story(frame.lang, State::Redirected, Payer::Person);
    vec![
        ("deposit-new".into(), form::page(frame, &Typed::default(), &vec![], about(true))),
        ("deposit-new-wrong".into(), form::page(frame, &typed, &wrong, about(true))),
        ("deposit-new-closed".into(), form::page(frame, &Typed::default(), &vec![], about(false))),
        ("deposit-check-person".into(), form::check_page(frame, &checked(Payer::Person), quota(8_642_000, 0))),
        ("deposit-check-company".into(), form::check_page(frame, &checked(Payer::Company), quota(8_642_000, 0))),
        ("deposit-pay".into(), pay::page(frame, &sent, &start)),
        ("deposit-scan".into(), pay::page(frame, &sent, &code("weixin://wxpay/bizpayurl?pr=NwY5Mz9&groupid=00"))),
        ("deposit-scan-long".into(), pay::page(frame, &sent, &code(&"https://pay.example.cn/".repeat(150)))),
    ]
}

pub(super) fn stories(lang: Lang) -> Vec<(&'static str, Story)> {
    let of = |state| story(lang, state, Payer::Person);
    let mut over = of(State::Redirected);
    over.deposit.expires_at = Micros(NOW_US - MINUTE_US);
    let mut late = of(State::Paid);
    late.deposit.amount = Fen::new(5_100_000);
    vec![
        ("created", of(State::Created)),
        ("redirected", of(State::Redirected)),
        ("redirected-company", story(lang, State::Redirected, Payer::Company)),
        ("redirected-over", over),
        ("paid", of(State::Paid)),
        ("paid-otherwise", late),
        ("approved", of(State::Approved)),
        ("rejected", of(State::Refunding)),
        ("refunded", of(State::Refunded)),
        ("failed", of(State::Failed)),
        ("expired", of(State::Expired)),
    ]
}

/// A deposit of ¥50,000.00 in this state, with the steps that lead there.
fn story(lang: Lang, state: State, payer: Payer) -> Story {
    let (group, operator) = match lang {
        Lang::Zh => ("示例科技有限公司", "陈主任"),
        Lang::En => ("Sample Technology Ltd", "Chen Wei"),
    };
    let amount = Fen::new(5_000_000);
    let paid = Payment {
        amount,
        serial: SERIAL.into(),
        settle_date: Some("1122".into()),
        traced_at: Some("1122143208".into()),
        at: Micros(NOW_US - 2 * MINUTE_US),
    };
    let failure = ("64".to_owned(), "您的银行卡余额不足[1000051]".to_owned());
    let deposit = Deposit {
        group: GroupId(7),
        order: DepositNumber::new(Ids::first_of(Micros(NOW_US - 5 * MINUTE_US)) | 0xABC),
        state,
        operator: OperatorId(10),
        amount,
        remark: "十一月".into(),
        payer,
        gateway: "unionpay".into(),
        merchant: String::new(),
        created_at: Micros(NOW_US - 5 * MINUTE_US),
        expires_at: Micros(NOW_US + 10 * MINUTE_US),
        redirected_at: (state != State::Created).then_some(Micros(NOW_US - 4 * MINUTE_US)),
        paid: state.is_paid().then_some(paid),
        decided_at: matches!(state, State::Approved | State::Rejected | State::Refunding | State::Refunded)
            .then_some(Micros(NOW_US - MINUTE_US)),
        failure: (state == State::Failed).then_some(failure),
    };
    Story {
        deposit,
        group: group.into(),
        operator: operator.into(),
        events: events(operator, state),
        refunds: vec![],
        exceptions: vec![],
        proposed: None,
        rulings: vec![],
        two_people: false,
        voucher: Voucher::Gateway,
    }
}

fn events(operator: &str, state: State) -> Vec<Event> {
    let amount = Fen::new(5_000_000);
    let done = || Told::Done { serial: SERIAL.into(), amount };
    let failed = Told::Failed { code: "64".into(), words: "您的银行卡余额不足[1000051]".into() };
    let (mut steps, me) = (vec![], By::Operator(operator.into()));
    let mut step = |by: &By, what| steps.push((by.clone(), what));
    step(&me, Happened::Confirmed);
    if state != State::Created {
        step(&me, Happened::Sent);
        step(&By::System, Happened::Returned);
    }
    if state.is_paid() {
        step(&By::Gateway, Happened::Notified { told: done(), fields: vec![] });
        step(&By::Gateway, Happened::Asked { told: done() });
        step(&By::Gateway, Happened::Paid { amount, serial: SERIAL.into(), late: false });
    }
    let staff = By::Staff("刘会计".into());
    match state {
        State::Failed => {
            step(&By::Gateway, Happened::Asked { told: failed });
            step(&By::Gateway, Happened::Failed { code: "64".into(), words: "您的银行卡余额不足[1000051]".into() });
        }
        State::Expired => step(&By::System, Happened::Expired),
        State::Approved => step(&staff, Happened::Approved { reason: "与银行到账相符".into(), reference: None }),
        State::Rejected | State::Refunding | State::Refunded => {
            step(&staff, Happened::Rejected { reason: "付款账户不是贵公司的".into() });
            step(&By::System, Happened::RefundAccepted { refund: "R2611221434081X142NW".into() });
        }
        State::Created | State::Redirected | State::Paid => {}
    }
    if state == State::Refunded {
        let refund = Happened::Refunded { refund: "R2611221434081X142NW".into(), serial: SERIAL.into() };
        step(&By::Gateway, refund);
    }
    let every_20_s = (NOW_US - 5 * MINUTE_US..).step_by(20_000_000);
    steps.into_iter().zip(every_20_s).map(|((by, what), at)| Event { at: Micros(at), by, what }).collect()
}
