//! The console: what was "sent" by SMS, orders and their notifications, and what a tester can do with them.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use super::cashier::{approve_path, path};
use super::look::{Html, Lang, Page, clock, hidden, yuan};
use super::{accounts, to};
use crate::sandbox::books::{Books, settle_date};
use crate::sandbox::order::{Notice, Order, Status};
use crate::sandbox::{Bank, bill};

/// Orders shown, newest first.
const SHOWN: usize = 100;
/// Messages shown, newest first.
const MESSAGES: usize = 5;

/// What shall happen next.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct PlanForm {
    lose: u32,
    delay_seconds: i64,
    refuse_refunds: u32,
}

/// A day.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct DayForm {
    day: String,
}

/// A notification and what to do with it.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct NoticeForm {
    token: String,
    index: usize,
    action: String,
}

/// An order and what happens to it out of turn.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct OrderForm {
    number: String,
    action: String,
    /// How much, in yuan; blank for all of it.
    #[serde(default)]
    yuan: String,
}

/// `GET /console`
pub(in crate::sandbox) async fn show(State(bank): State<Bank>, lang: Lang) -> Html {
    let (now, title) = (bank.now(), lang.say("控制台", "Console"));
    let books = bank.shelf.read(Books::clone);
    let body = html! {
        h1 { (title) }
        div.console {
            div {
                (orders(lang, &books))
            }
            div {
                (messages(lang, &books))
                (plans(lang, &books, now))
                details.sheet {
                    summary { h2 { (lang.say("测试账户", "Test accounts")) } }
                    p.soft { (lang.say("交易密码都是 ", "The transaction password of all is ")) code { "123456" } }
                    (accounts(lang, None))
                }
            }
        }
    };
    Page::new(lang, title, "/console").at(title).draw(&body)
}

/// `POST /console/plan`
pub(in crate::sandbox) async fn plan(State(bank): State<Bank>, Form(form): Form<PlanForm>) -> Response {
    bank.shelf.change(|books| {
        books.plan.lose = form.lose.min(1_000);
        books.plan.delay_seconds = form.delay_seconds.clamp(0, 24 * 60 * 60);
        books.plan.refuse_refunds = form.refuse_refunds.min(1_000);
    });
    to("/console")
}

/// `POST /console/day`: the file of a day is ready now.
pub(in crate::sandbox) async fn close_day(State(bank): State<Bank>, Form(form): Form<DayForm>) -> Response {
    let good = form.day.len() == 4 && form.day.bytes().all(|byte| byte.is_ascii_digit());
    bank.shelf.change(|books| {
        if good && !books.closed_days.contains(&form.day) {
            books.closed_days.push(form.day);
        }
    });
    to("/console")
}

/// `GET /console/day/{day}`: the file as people carry it, to upload it somewhere.
pub(in crate::sandbox) async fn day(State(bank): State<Bank>, Path(day): Path<String>) -> Response {
    let now = bank.now();
    let Some((name, zip)) = bank.shelf.read(|books| bill::archive(books, bank.merchant(), &day, now)) else {
        return to("/console");
    };
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, zip).into_response()
}

/// `POST /console/notice`: sends one again, at once or later, or gives it up.
pub(in crate::sandbox) async fn notice(State(bank): State<Bank>, Form(form): Form<NoticeForm>) -> Response {
    let now = bank.now();
    bank.shelf.change(|books| {
        let found = books.by_token(&form.token).and_then(|order| order.notices.get_mut(form.index));
        let Some(notice) = found else { return };
        notice.next_at = match form.action.as_str() {
            "send" => Some(now),
            "later" => now.checked_add(SignedDuration::from_mins(1)).ok(),
            _ => None,
        };
    });
    to("/console")
}

/// `POST /console/order`: gives a payment back without being asked, or does a refund otherwise than it was asked to.
pub(in crate::sandbox) async fn order(State(bank): State<Bank>, Form(form): Form<OrderForm>) -> Response {
    let numbered = |order: &&Order| order.number == form.number;
    let token = bank.shelf.read(|books| books.orders.iter().find(numbered).map(|order| order.token.clone()));
    match (form.action.as_str(), token) {
        ("give_back", Some(token)) => bank.give_back(&token),
        ("refund_at_counter", Some(token)) => bank.refund_at_counter(&token, whole_yuan(&form.yuan)),
        ("refund_after_all", Some(token)) => bank.refund_after_all(&token),
        ("refund_half", Some(token)) => bank.refund_half(&token),
        _ => {}
    }
    to("/console")
}

/// In fen; none if it is blank or no number.
fn whole_yuan(typed: &str) -> Option<i64> {
    typed.trim().parse::<i64>().ok()?.checked_mul(100)
}

fn messages(lang: Lang, books: &Books) -> Markup {
    let newest = books.orders.iter().rev().take(SHOWN);
    let mut sent: Vec<_> = newest
        .filter_map(|order| Some((order, order.payment()?)))
        .flat_map(|(order, payment)| payment.codes.iter().map(move |code| (order, code)))
        .collect();
    sent.sort_by_key(|(_, code)| std::cmp::Reverse(code.sent_at));
    html! {
        section.sheet id="sms" data-live {
            h2 { (lang.say("发出的短信", "SMS sent")) }
            @if sent.is_empty() { p.soft { (lang.say("还没有发出短信。付款人点 获取验证码 后在这里出现。", "None yet. They appear here when a payer asks for a code.")) } }
            ul.sms {
                @for (order, code) in sent.into_iter().take(MESSAGES) {
                    li {
                        p.soft.digits { (clock(code.sent_at)) " → " (code.phone) }
                        p.bubble { (lang.say("【沙箱银行】验证码 ", "[Sandbox Bank] Code ")) strong.digits data-code { (code.digits) }
                            (lang.say("，您正在支付 ", ", you are paying ")) (yuan(order.amount_fen))
                            (lang.say("，5 分钟内有效，请勿告诉他人。", ", good for 5 minutes. Tell nobody.")) }
                        p.soft.digits { (order.number) }
                    }
                }
            }
        }
    }
}

fn plans(lang: Lang, books: &Books, now: Timestamp) -> Markup {
    let number = |label: &str, name: &str, value: i64| {
        html! {
            div.field {
                label for=(name) { (label) }
                input.digits type="number" min="0" id=(name) name=(name) value=(value) required;
            }
        }
    };
    html! {
        section.sheet {
            h2 { (lang.say("接下来", "What happens next")) }
            form.row method="post" action="/console/plan" {
                (number(lang.say("丢失接下来的通知 (个)", "Lose the next notifications"), "lose", books.plan.lose.into()))
                (number(lang.say("通知延迟 (秒)", "Delay notifications (s)"), "delay_seconds", books.plan.delay_seconds))
                (number(lang.say("拒绝接下来的退款 (个)", "Refuse the next refunds"), "refuse_refunds", books.plan.refuse_refunds.into()))
                button.button.quiet { (lang.say("保存", "Save")) }
            }
        }
        section.sheet {
            h2 { (lang.say("对账文件", "Daily file")) }
            p.soft { (lang.say("每天 23:00 截止，次日 09:00 后可下载。也可以现在生成：", "A day ends at 23:00 and its file is ready at 09:00 the next day. To have it now:")) }
            form.row method="post" action="/console/day" {
                div.field {
                    label for="day" { (lang.say("日期 (月日)", "Day (MMDD)")) }
                    input.digits id="day" name="day" inputmode="numeric" pattern="[0-9]{4}" maxlength="4" required value=(settle_date(now));
                }
                button.button.quiet { (lang.say("立即生成", "Make it now")) }
            }
            @if !books.closed_days.is_empty() {
                p.soft.digits {
                    (lang.say("已生成，可下载：", "Made, to download: "))
                    @for day in &books.closed_days { a href={ "/console/day/" (day) } download { (day) } " " }
                }
            }
        }
    }
}

fn orders(lang: Lang, books: &Books) -> Markup {
    html! {
        section.sheet id="orders" data-live {
            h2 { (lang.say("订单", "Orders")) }
            @if books.orders.is_empty() { p.soft { (lang.say("还没有订单。请从商户网站下单。", "None yet. Order something at the merchant.")) } }
            @for order in books.orders.iter().rev().take(SHOWN) { (one_order(lang, order)) }
        }
    }
}

fn one_order(lang: Lang, order: &Order) -> Markup {
    let (tone, words) = status(lang, order);
    html! {
        article.line {
            div.first {
                b.digits { (order.number) }
                span class={ "tag " (tone) } { (words) }
                b.amount.small { (yuan(order.amount_fen)) }
            }
            p.soft.digits {
                (clock(order.created_at))
                @if let Some(account) = &order.account { " · " (hidden(account)) }
                @if let Some(serial) = &order.serial { " · " (lang.say("流水号 ", "serial ")) (serial) }
            }
            @if order.payment().is_some() {
                p.links {
                    a href=(path(&order.token)) { (lang.say("收银台", "Cashier")) }
                    @if order.status == Status::AwaitingApproval {
                        a href=(approve_path(&order.token)) { (lang.say("复核授权", "Approve")) }
                    }
                }
            }
            (out_of_turn(lang, order))
            @for (index, notice) in order.notices.iter().enumerate() { (one_notice(lang, order, index, notice)) }
        }
    }
}

/// What a bank does now and then with what was decided.
fn out_of_turn(lang: Lang, order: &Order) -> Markup {
    let half = ("refund_half", lang.say("只退一半", "Refund half of it"));
    let actions = match (&order.status, order.payment().is_some()) {
        (Status::Done { .. }, true) => vec![
            ("give_back", lang.say("银行自行退回付款人", "Give it back unasked")),
            ("refund_at_counter", lang.say("在银行柜台退款", "Refund at the counter")),
        ],
        (Status::Processing, false) => vec![half],
        (Status::Failed { .. }, false) => {
            vec![("refund_after_all", lang.say("其实退成了", "Refund it after all")), half]
        }
        _ => return html! {},
    };
    html! {
        form.notice method="post" action="/console/order" {
            input type="hidden" name="number" value=(order.number);
            p.links { @for (action, label) in actions { button.plain name="action" value=(action) { (label) } " " } }
        }
    }
}

/// The tone of an order's state, and its words.
fn status(lang: Lang, order: &Order) -> (&'static str, String) {
    let kind = if order.payment().is_some() { lang.say("付款", "payment") } else { lang.say("退款", "refund") };
    let (tone, text) = match &order.status {
        Status::Waiting => ("", lang.say("未支付", "not paid").to_owned()),
        Status::AwaitingApproval => ("wait", lang.say("待复核", "waits for approval").to_owned()),
        Status::Processing => ("wait", lang.say("处理中", "under way").to_owned()),
        Status::Done { code } => ("good", format!("{} {code}", lang.say("成功", "done"))),
        Status::Failed { code } => ("bad", format!("{} {code}", lang.say("失败", "failed"))),
    };
    (tone, format!("{kind} · {text}"))
}

fn one_notice(lang: Lang, order: &Order, index: usize, notice: &Notice) -> Markup {
    let button = |action: &str, label: &str| html! { button.plain name="action" value=(action) { (label) } };
    html! {
        form.notice method="post" action="/console/notice" {
            input type="hidden" name="token" value=(order.token);
            input type="hidden" name="index" value=(index);
            p {
                b { (lang.say("通知 ", "Notification ")) (index.saturating_add(1)) } " "
                @for attempt in &notice.attempts {
                    span class={ "tag " (if attempt.taken { "good" } else { "bad" }) } { (clock(attempt.at)) " " (attempt.outcome) } " "
                }
                @if let Some(at) = notice.next_at { span.tag.wait { (lang.say("将于 ", "next at ")) (clock(at)) (lang.say(" 发送", "")) } }
            }
            p.links {
                (button("send", lang.say("立即发送", "Send now")))
                (button("later", lang.say("一分钟后发送", "Send in a minute")))
                @if notice.next_at.is_some() { (button("drop", lang.say("不再发送", "Give up"))) }
            }
        }
    }
}
