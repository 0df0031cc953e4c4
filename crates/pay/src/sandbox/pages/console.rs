//! The console: what was "sent" by SMS, orders and their notifications, and what a tester can do with them.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use super::look::{Html, Lang, Page, page, yuan};
use super::{accounts, to};
use crate::sandbox::Bank;
use crate::sandbox::accounts::masked;
use crate::sandbox::books::{Books, settle_date};
use crate::sandbox::order::{Notice, Order, Status};
use crate::unionpay::time;

/// Orders shown, newest first.
const SHOWN: usize = 100;

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

/// `GET /console`
pub(in crate::sandbox) async fn show(State(bank): State<Bank>, lang: Lang) -> Html {
    let (now, title) = (bank.now(), lang.say("控制台", "Console"));
    let books = bank.shelf.read(Books::clone);
    let body = html! {
        h1 { (title) }
        (messages(lang, &books))
        (plans(lang, &books, now))
        (orders(lang, &books))
        (accounts(lang))
    };
    page(&Page { lang, title, back: "/console" }, &body)
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

fn clock(at: Timestamp) -> String {
    time::in_china(at).strftime("%m-%d %H:%M:%S").to_string()
}

fn messages(lang: Lang, books: &Books) -> Markup {
    let newest = books.orders.iter().rev().take(SHOWN);
    let mut sent: Vec<_> = newest
        .filter_map(|order| Some((order, order.payment()?)))
        .flat_map(|(order, payment)| payment.codes.iter().map(move |code| (order, code)))
        .collect();
    sent.sort_by_key(|(_, code)| std::cmp::Reverse(code.sent_at));
    html! {
        section.card {
            h2 { (lang.say("发出的短信", "SMS sent")) }
            @if sent.is_empty() { p.soft { (lang.say("还没有发出短信。", "None yet.")) } }
            ul.sms {
                @for (order, code) in sent.into_iter().take(10) {
                    li {
                        span.digits.soft { (clock(code.sent_at)) " → " (code.phone) }
                        p { (lang.say("【沙箱银行】订单 ", "[Sandbox bank] Order ")) (order.number) (lang.say(" 付款 ", " pays ")) (yuan(order.amount_fen))
                            (lang.say(", 验证码 ", ", code ")) strong.digits data-code { (code.digits) } }
                    }
                }
            }
        }
    }
}

fn plans(lang: Lang, books: &Books, now: Timestamp) -> Markup {
    let number = |label: &str, name: &str, value: i64| {
        html! { label.field { span { (label) } input.digits type="number" min="0" name=(name) value=(value) required; } }
    };
    html! {
        section.card {
            h2 { (lang.say("接下来", "What happens next")) }
            form.row method="post" action="/console/plan" {
                (number(lang.say("丢失接下来的通知 (个)", "Lose the next notifications"), "lose", books.plan.lose.into()))
                (number(lang.say("通知延迟 (秒)", "Delay notifications (s)"), "delay_seconds", books.plan.delay_seconds))
                (number(lang.say("拒绝接下来的退款 (个)", "Refuse the next refunds"), "refuse_refunds", books.plan.refuse_refunds.into()))
                button.button.quiet { (lang.say("保存", "Save")) }
            }
            form.row method="post" action="/console/day" {
                label.field { span { (lang.say("对账文件日期 (月日)", "File of the day (MMDD)")) } input.digits name="day" pattern="[0-9]{4}" required value=(settle_date(now)); }
                button.button.quiet { (lang.say("立即生成对账文件", "Make the file now")) }
                @if !books.closed_days.is_empty() { span.soft { (lang.say("已生成: ", "Made: ")) (books.closed_days.join(", ")) } }
            }
        }
    }
}

fn orders(lang: Lang, books: &Books) -> Markup {
    html! {
        section.card {
            h2 { (lang.say("订单", "Orders")) }
            @if books.orders.is_empty() { p.soft { (lang.say("还没有订单。请从商户网站下单。", "None yet. Order something at the merchant.")) } }
            @for order in books.orders.iter().rev().take(SHOWN) {
                article.line {
                    p {
                        strong.digits { (order.number) } " "
                        span.tag { (status(lang, order)) } " "
                        span.amount.small { (yuan(order.amount_fen)) } " "
                        span.soft { (clock(order.created_at)) " " (order.account.as_deref().map(masked).unwrap_or_default()) }
                    }
                    @if order.payment().is_some() {
                        p {
                            a href=(format!("/cashier/{}", order.token)) { (lang.say("收银台", "cashier")) }
                            @if order.status == Status::AwaitingApproval {
                                " · " a href=(format!("/cashier/{}/approve", order.token)) { (lang.say("复核授权", "approve")) }
                            }
                        }
                    }
                    @for (index, notice) in order.notices.iter().enumerate() { (one_notice(lang, order, index, notice)) }
                }
            }
        }
    }
}

fn status(lang: Lang, order: &Order) -> String {
    let kind = if order.payment().is_some() { lang.say("付款", "payment") } else { lang.say("退款", "refund") };
    let text = match &order.status {
        Status::Waiting => lang.say("未支付", "not paid").to_owned(),
        Status::AwaitingApproval => lang.say("待复核", "waits for approval").to_owned(),
        Status::Processing => lang.say("处理中", "under way").to_owned(),
        Status::Done { code } => format!("{} {code}", lang.say("成功", "done")),
        Status::Failed { code } => format!("{} {code}", lang.say("失败", "failed")),
    };
    format!("{kind} · {text}")
}

fn one_notice(lang: Lang, order: &Order, index: usize, notice: &Notice) -> Markup {
    let button = |action: &str, label: &str| html! { button.plain name="action" value=(action) { (label) } };
    html! {
        form.notice method="post" action="/console/notice" {
            input type="hidden" name="token" value=(order.token);
            input type="hidden" name="index" value=(index);
            span.soft { (lang.say("通知 ", "notification ")) (index.saturating_add(1)) ": "
                @for attempt in &notice.attempts { (clock(attempt.at)) " " (attempt.outcome) "; " }
                @if let Some(at) = notice.next_at { (lang.say("下次 ", "next ")) (clock(at)) }
            }
            (button("send", lang.say("立即发送", "send now")))
            (button("later", lang.say("一分钟后", "in a minute")))
            @if notice.next_at.is_some() { (button("drop", lang.say("不再发送", "give up"))) }
        }
    }
}
