//! The cashier: method and account, SMS code and password, success; for companies a second person's approval.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use super::look::{Lang, Page, page, yuan};
use super::{not_found, to};
use crate::gateway::Payer;
use crate::sandbox::accounts::{PHONE, masked};
use crate::sandbox::cashier::{RESEND, Refusal, approve as decide, confirm as pay, enter_account, send_code};
use crate::sandbox::order::{Order, PaymentOrder, Status};
use crate::sandbox::{Bank, Kind};

/// Seconds until the success page goes back to the merchant by itself.
const COUNTDOWN: u32 = 7;

/// What a step before said, and whether another account is wanted.
#[derive(Debug, Default, Deserialize)]
pub(in crate::sandbox) struct Asked {
    said: Option<String>,
    left: Option<i64>,
    change: Option<String>,
}

/// The account form.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct AccountForm {
    method: String,
    account: String,
}

/// The confirmation form.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct ConfirmForm {
    code: String,
    password: String,
}

/// The second person's form.
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct ApproveForm {
    choice: String,
}

/// `GET /cashier/{token}`
pub(in crate::sandbox) async fn show(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(order) = bank.order(&token) else { return not_found(lang) };
    let Kind::Payment(payment) = &order.kind else { return not_found(lang) };
    let now = bank.now();
    let wants_account = order.account.is_none() || asked.change.is_some();
    let (step, body) = match &order.status {
        Status::Waiting if payment.expires_at <= now => (3, timed_out(lang, &bank, &order, payment)),
        Status::Waiting if wants_account => (1, choose(lang, &order, payment, &asked)),
        Status::Waiting => (2, verify(lang, &order, payment, &asked, now)),
        Status::AwaitingApproval => (3, awaiting(lang, &order)),
        Status::Processing => (3, processing(lang, &bank, &order, payment)),
        Status::Done { .. } => (3, success(lang, &bank, &order, payment)),
        Status::Failed { code } => (3, failure(lang, &bank, &order, payment, code)),
    };
    let title = lang.say("收银台", "Cashier");
    let content = html! {
        (summary(lang, &bank, &order, payment, now))
        (steps(lang, step))
        (body)
    };
    page(&Page { lang, title, back: &path(&token) }, &content).into_response()
}

/// `POST /cashier/{token}/account`
pub(in crate::sandbox) async fn account(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
    Form(form): Form<AccountForm>,
) -> Response {
    let now = bank.now();
    let step = bank.step(&token, |order| enter_account(order, &form.method, &form.account, now));
    after(lang, &token, step)
}

/// `POST /cashier/{token}/code`
pub(in crate::sandbox) async fn code(State(bank): State<Bank>, lang: Lang, Path(token): Path<String>) -> Response {
    let (now, digits) = (bank.now(), bank.digits());
    after(lang, &token, bank.step(&token, |order| send_code(order, digits, now)))
}

/// `POST /cashier/{token}/confirm`
pub(in crate::sandbox) async fn confirm(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
    Form(form): Form<ConfirmForm>,
) -> Response {
    let now = bank.now();
    after(lang, &token, bank.step(&token, |order| pay(order, &form.code, &form.password, now)))
}

/// `GET /cashier/{token}/approve`
pub(in crate::sandbox) async fn second_person(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
) -> Response {
    let Some(order) = bank.order(&token).filter(|order| order.status == Status::AwaitingApproval) else {
        return to(&path(&token));
    };
    let title = lang.say("企业网银 · 复核授权", "Corporate banking · approval");
    let body = html! {
        section.card {
            h1 { (title) }
            p.soft { (lang.say("您以复核员身份登录。请核对后授权。", "You are signed in as the second person. Please check before you approve.")) }
            dl {
                dt { (lang.say("收款方", "To")) } dd { (bank.config.merchant_name) }
                dt { (lang.say("付款账号", "From")) } dd.digits { (order.account.as_deref().map(masked).unwrap_or_default()) }
                dt { (lang.say("订单号", "Order")) } dd.digits { (order.number) }
                dt { (lang.say("金额", "Amount")) } dd.amount { (yuan(order.amount_fen)) }
            }
            form.row method="post" action=(format!("{}/approve", path(&token))) {
                button.button name="choice" value="yes" { (lang.say("授权支付", "Approve")) }
                button.button.quiet name="choice" value="no" { (lang.say("拒绝", "Decline")) }
            }
        }
    };
    page(&Page { lang, title, back: &format!("{}/approve", path(&token)) }, &body).into_response()
}

/// `POST /cashier/{token}/approve`
pub(in crate::sandbox) async fn approve(
    State(bank): State<Bank>,
    lang: Lang,
    Path(token): Path<String>,
    Form(form): Form<ApproveForm>,
) -> Response {
    let now = bank.now();
    after(lang, &token, bank.step(&token, |order| decide(order, form.choice == "yes", now)))
}

fn path(token: &str) -> String {
    format!("/cashier/{token}")
}

/// Back to the order's page, with what went wrong.
fn after(lang: Lang, token: &str, step: Option<Result<(), Refusal>>) -> Response {
    let path = path(token);
    match step {
        None => not_found(lang),
        Some(Ok(()) | Err(Refusal::Over | Refusal::TimedOut)) => to(&path),
        Some(Err(Refusal::Account)) => to(&format!("{path}?change=1&said=account")),
        Some(Err(Refusal::NoAccount)) => to(&format!("{path}?change=1")),
        Some(Err(Refusal::Wait(seconds))) => to(&format!("{path}?said=wait&left={seconds}")),
        Some(Err(Refusal::NoMoreCodes)) => to(&format!("{path}?said=no_more")),
        Some(Err(Refusal::NeedsCode)) => to(&format!("{path}?said=needs_code")),
        Some(Err(Refusal::WrongCode)) => to(&format!("{path}?said=code")),
        Some(Err(Refusal::WrongPassword(left))) => to(&format!("{path}?said=password&left={left}")),
        Some(Err(Refusal::Locked)) => to(&format!("{path}?said=locked")),
    }
}

fn said(lang: Lang, asked: &Asked) -> Option<String> {
    let left = asked.left.unwrap_or_default();
    let text = match asked.said.as_deref()? {
        "account" => {
            lang.say("账号不存在或类型不符, 请核对 (61)", "No such account of this kind; please check (61)").to_owned()
        }
        "no_more" => lang.say("本订单的验证码已发送 5 次, 不能再发", "This order has had its 5 codes").to_owned(),
        "needs_code" => lang.say("请重新获取验证码 (71)", "Please get a new code (71)").to_owned(),
        "code" => lang.say("验证码错误 (71)", "Wrong code (71)").to_owned(),
        "locked" => lang
            .say("交易密码错误次数过多, 账户已锁定 (67)", "Too many wrong passwords; the account is locked (67)")
            .to_owned(),
        "wait" => match lang {
            Lang::Zh => format!("请 {left} 秒后再获取验证码"),
            Lang::En => format!("A new code can be sent in {left} s"),
        },
        "password" => match lang {
            Lang::Zh => format!("交易密码错误, 还可以试 {left} 次 (65)"),
            Lang::En => format!("Wrong password; {left} tries left (65)"),
        },
        _ => return None,
    };
    Some(text)
}

fn problem(lang: Lang, asked: &Asked) -> Markup {
    html! { @if let Some(text) = said(lang, asked) { p.problem role="alert" { (text) } } }
}

fn summary(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder, now: Timestamp) -> Markup {
    let left = payment.expires_at.duration_since(now).max(SignedDuration::ZERO);
    let (minutes, seconds) = (left.as_mins(), left.as_secs().checked_rem(60).unwrap_or(0));
    html! {
        section.order {
            div {
                p.soft { (lang.say("收款方", "To")) }
                p { (bank.config.merchant_name) }
                p.soft.digits { (lang.say("订单号 ", "Order ")) (order.number) }
                @if let Some(text) = &payment.description { p.soft { (text) } }
            }
            div.right {
                p.soft { (lang.say("支付金额", "Amount")) }
                p.amount { (yuan(order.amount_fen)) }
                @if order.status == Status::Waiting && left > SignedDuration::ZERO {
                    p.soft { (lang.say("剩余时间 ", "Time left ")) time data-left=(left.as_secs()) { (format!("{minutes:02}:{seconds:02}")) } }
                }
            }
        }
    }
}

fn steps(lang: Lang, current: u8) -> Markup {
    let names = [lang.say("选择支付方式", "Method"), lang.say("短信验证", "SMS code"), lang.say("支付结果", "Result")];
    html! {
        ol.steps {
            @for (number, name) in (1_u8..).zip(names) {
                li aria-current=[(number == current).then_some("step")] class=[(number < current).then_some("done")] { (name) }
            }
        }
    }
}

fn choose(lang: Lang, order: &Order, payment: &PaymentOrder, asked: &Asked) -> Markup {
    let methods = match payment.payer {
        Payer::Person => {
            [("card", lang.say("银联卡", "UnionPay card")), ("online", lang.say("网上银行", "Online banking"))]
        }
        Payer::Company => [
            ("corporate", lang.say("企业网银 (制单)", "Corporate banking (maker)")),
            ("ukey", lang.say("企业网银 U盾", "Corporate banking, USB key")),
        ],
    };
    let chosen = payment.method.as_deref().unwrap_or(methods[0].0);
    html! {
        section.card {
            h1 { (lang.say("选择支付方式", "Choose how to pay")) }
            (problem(lang, asked))
            form method="post" action=(format!("{}/account", path(&order.token))) {
                fieldset.methods {
                    legend.hidden { (lang.say("支付方式", "Method")) }
                    @for (value, name) in methods {
                        label { input type="radio" name="method" value=(value) checked[value == chosen]; span { (name) } }
                    }
                }
                label.field {
                    span { (lang.say("账号", "Account number")) }
                    input.digits name="account" inputmode="numeric" autocomplete="off" required maxlength="30" autofocus
                        aria-describedby="hint" value=(order.account.as_deref().unwrap_or_default());
                }
                p.soft id="hint" { (match payment.payer {
                    Payer::Person => lang.say("测试卡 6216261000000000018 支付成功; 其他账户见首页。", "Test card 6216261000000000018 pays; others are on the first page."),
                    Payer::Company => lang.say("测试账户 3101261000000000018 支付成功; 其他账户见首页。", "Test account 3101261000000000018 pays; others are on the first page."),
                }) }
                button.button { (lang.say("下一步", "Next")) }
            }
        }
    }
}

fn verify(lang: Lang, order: &Order, payment: &PaymentOrder, asked: &Asked, now: Timestamp) -> Markup {
    let sent = payment.codes.last();
    let wait =
        sent.map_or(0, |code| RESEND.as_secs().saturating_sub(now.duration_since(code.sent_at).as_secs()).max(0));
    html! {
        section.card {
            h1 { (lang.say("短信验证", "SMS code and password")) }
            (problem(lang, asked))
            dl {
                dt { (lang.say("付款账号", "From")) }
                dd.digits { (order.account.as_deref().map(masked).unwrap_or_default()) " "
                    a href=(format!("{}?change=1", path(&order.token))) { (lang.say("更换", "change")) } }
                dt { (lang.say("手机号", "Phone")) } dd.digits { (phone()) }
            }
            form.inline method="post" action=(format!("{}/code", path(&order.token))) {
                button.button.quiet data-wait=(wait) disabled[wait > 0 && payment.codes.len() < 5] {
                    (if sent.is_some() { lang.say("重新获取验证码", "Send again") } else { lang.say("获取验证码", "Get a code") })
                }
                @if sent.is_some() { span.soft { (lang.say("已发送, 5 分钟内有效", "Sent; good for 5 minutes")) } }
            }
            form method="post" action=(format!("{}/confirm", path(&order.token))) {
                label.field {
                    span { (lang.say("短信验证码", "SMS code")) }
                    input.digits name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="6" autofocus[sent.is_some()];
                }
                label.field {
                    span { (lang.say("交易密码", "Transaction password")) }
                    input.digits type="password" name="password" inputmode="numeric" autocomplete="off" required maxlength="6";
                }
                button.button { (lang.say("确认支付", "Confirm payment")) }
            }
        }
    }
}

/// `135****5506`
fn phone() -> String {
    PHONE.chars().enumerate().map(|(index, digit)| if (3..7).contains(&index) { '*' } else { digit }).collect()
}

fn awaiting(lang: Lang, order: &Order) -> Markup {
    html! {
        section.card {
            h1 { (lang.say("已提交, 等待复核", "Submitted, waits for approval")) }
            p { (lang.say("请贵公司复核员登录企业网银授权。授权后款项即划出; 可能需要数小时。", "Your company's second person approves in corporate banking. It may take hours; then the money moves.")) }
            p { a.button.quiet href=(format!("{}/approve", path(&order.token))) { (lang.say("以复核员身份打开 (测试)", "Open as the second person (test)")) } }
        }
    }
}

fn processing(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder) -> Markup {
    html! {
        section.card {
            h1 { (lang.say("银行处理中", "The bank is working on it")) }
            p { (lang.say("结果会通知商户, 请勿重复支付。", "The merchant will be told. Please do not pay again.")) }
            (back_to_merchant(lang, bank, order, payment, None))
        }
    }
}

fn success(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder) -> Markup {
    html! {
        section.card.good role="status" {
            h1 { (lang.say("支付成功", "Paid")) }
            p.amount { (yuan(order.amount_fen)) }
            dl {
                dt { (lang.say("银行流水号", "Bank serial number")) } dd.digits { (order.serial.as_deref().unwrap_or_default()) }
                dt { (lang.say("订单号", "Order")) } dd.digits { (order.number) }
            }
            (back_to_merchant(lang, bank, order, payment, Some(COUNTDOWN)))
        }
    }
}

fn failure(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder, code: &str) -> Markup {
    let why = match code {
        "60" => lang.say("开户行拒绝了这笔交易", "The bank declined"),
        "64" => lang.say("账户余额不足", "Insufficient funds"),
        "42" => lang.say("支付超时, 已扣款项将自动退回", "Paid too late; the money goes back by itself"),
        _ => lang.say("交易失败", "The payment failed"),
    };
    html! {
        section.card.bad role="alert" {
            h1 { (lang.say("支付未成功", "Not paid")) }
            p.big { (why) " (" (code) ")" }
            (back_to_merchant(lang, bank, order, payment, None))
        }
    }
}

fn timed_out(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder) -> Markup {
    html! {
        section.card.bad role="alert" {
            h1 { (lang.say("支付超时", "Time is up")) }
            p { (lang.say("订单已超过支付时间 (69)。请返回商户重新下单。", "The order can no longer be paid (69). Please order again at the merchant.")) }
            (back_to_merchant(lang, bank, order, payment, None))
        }
    }
}

/// The form that carries the payer back: to the merchant's front address, signed, for display only.
fn back_to_merchant(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder, countdown: Option<u32>) -> Markup {
    let message = bank.outcome(order, order.code());
    let signed = bank.pki.gateway.sign(message).unwrap_or_default();
    html! {
        form method="post" action=(payment.front_url) data-countdown=[countdown] {
            @for (name, value) in signed.fields() { input type="hidden" name=(name) value=(value); }
            button.button { (lang.say("返回商户", "Back to the merchant")) }
            @if let Some(seconds) = countdown {
                p.soft { span data-seconds { (seconds) } (lang.say(" 秒后自动返回, 或点击按钮。", " s until you go back by yourself, or press the button.")) }
            }
        }
    }
}
