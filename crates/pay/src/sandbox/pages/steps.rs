//! The payer's first two pages: method and account, then SMS code and transaction password.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::accounts;
use super::cashier::{Asked, path};
use super::look::{Lang, fact, fours, hidden, yuan};
use crate::gateway::Payer;
use crate::sandbox::Bank;
use crate::sandbox::accounts::PHONE;
use crate::sandbox::cashier::{MOST_CODES, RESEND};
use crate::sandbox::order::{Order, PaymentOrder, Status};

/// What is paid, to whom, and how long there is time.
pub(super) fn summary(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder, now: Timestamp) -> Markup {
    let left = payment.expires_at.duration_since(now).max(SignedDuration::ZERO);
    html! {
        section.order {
            dl {
                (fact(lang.say("收款方", "To"), html! { b { (bank.config.merchant_name) } }))
                @if let Some(text) = &payment.description { (fact(lang.say("订单内容", "For"), text)) }
                (fact(lang.say("商户订单号", "Order"), html! { span.digits { (order.number) } }))
            }
            div.sum {
                p.soft { (lang.say("应付金额", "Amount")) }
                p.amount { (yuan(order.amount_fen)) }
                @if order.status == Status::Waiting && left > SignedDuration::ZERO {
                    p.soft { (lang.say("剩余支付时间 ", "Time left ")) time data-left=(left.as_secs()) { (left_time(left.as_secs())) } }
                }
            }
        }
    }
}

/// `14:59`, for a company `23:59:59`.
fn left_time(seconds: i64) -> String {
    let part = |unit: i64| seconds.checked_div(unit).unwrap_or(0);
    let (hours, minutes, seconds) = (part(3600), part(60) % 60, part(1) % 60);
    if hours > 0 { format!("{hours:02}:{minutes:02}:{seconds:02}") } else { format!("{minutes:02}:{seconds:02}") }
}

/// How far the payer is: a company's payment has one more step.
pub(super) fn ladder(lang: Lang, payment: &PaymentOrder, current: u8) -> Markup {
    let names = match payment.payer {
        Payer::Person => {
            [lang.say("选择支付方式", "Method"), lang.say("短信验证", "SMS code"), lang.say("支付结果", "Result")]
        }
        Payer::Company => {
            [lang.say("经办人制单", "Maker"), lang.say("短信验证", "SMS code"), lang.say("复核授权", "Approval")]
        }
    };
    html! {
        ol.ladder {
            @for (number, name) in (1_u8..).zip(names) {
                li aria-current=[(number == current).then_some("step")] class=[(number < current).then_some("done")] {
                    span.n { (if number < current { "✓".to_owned() } else { number.to_string() }) } (name)
                }
            }
        }
    }
}

/// Choose a method, enter the account.
pub(super) fn choose(lang: Lang, order: &Order, payment: &PaymentOrder, asked: &Asked) -> Markup {
    let methods = match payment.payer {
        Payer::Person => [
            ("card", lang.say("银联卡支付", "UnionPay card"), lang.say("借记卡、信用卡", "Debit or credit card")),
            ("online", lang.say("网上银行", "Online banking"), lang.say("用网银账户支付", "From an online account")),
        ],
        Payer::Company => [
            (
                "corporate",
                lang.say("企业网银", "Corporate banking"),
                lang.say("制单后由复核员授权", "A second person approves"),
            ),
            (
                "ukey",
                lang.say("企业网银 (U盾)", "Corporate, USB key"),
                lang.say("插入U盾后制单", "With the USB key in"),
            ),
        ],
    };
    let chosen = payment.method.as_deref().unwrap_or(methods[0].0);
    let (label, holder) = match payment.payer {
        Payer::Person => (lang.say("付款卡号", "Card number"), lang.say("请输入银行卡号", "Your bank card's number")),
        Payer::Company => {
            (lang.say("付款账号", "Account number"), lang.say("请输入企业结算账号", "Your company's account"))
        }
    };
    html! {
        h1 { (lang.say("选择支付方式", "Choose how to pay")) }
        (problem(lang, asked))
        form.pay method="post" action=(format!("{}/account", path(&order.token))) {
            fieldset.methods {
                legend.hidden { (lang.say("支付方式", "Method")) }
                @for (value, name, hint) in methods {
                    label { input type="radio" name="method" value=(value) checked[value == chosen];
                        span { b { (name) } small { (hint) } } }
                }
            }
            div.field {
                label for="account" { (label) }
                input.digits id="account" name="account" inputmode="numeric" autocomplete="off" required maxlength="30" autofocus
                    placeholder=(holder) value=(order.account.as_deref().map(fours).unwrap_or_default());
            }
            button.button { (lang.say("下一步", "Next")) }
        }
        (hints(lang, payment.payer))
    }
}

/// Ask for a code, enter it with the password.
pub(super) fn verify(lang: Lang, order: &Order, payment: &PaymentOrder, asked: &Asked, now: Timestamp) -> Markup {
    let sent = payment.codes.last();
    let wait =
        sent.map_or(0, |code| RESEND.as_secs().saturating_sub(now.duration_since(code.sent_at).as_secs()).max(0));
    let exhausted = payment.codes.len() >= MOST_CODES;
    html! {
        h1 { (lang.say("手机短信验证", "SMS code and password")) }
        (problem(lang, asked))
        dl.facts {
            (fact(lang.say("付款账号", "From"), html! {
                span.digits { (order.account.as_deref().map(hidden).unwrap_or_default()) } " "
                a href=(format!("{}?change=1", path(&order.token))) { (lang.say("更换", "change")) }
            }))
            (fact(lang.say("预留手机号", "Phone on file"), html! { span.digits { (phone()) } }))
        }
        form id="send" method="post" action=(format!("{}/code", path(&order.token))) {}
        form.pay method="post" action=(format!("{}/confirm", path(&order.token))) {
            div.field {
                label for="code" { (lang.say("短信验证码", "SMS code")) }
                div.beside {
                    input.digits id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="6"
                        pattern="[0-9]{6}" placeholder=(lang.say("6 位数字", "6 digits")) autofocus[sent.is_some()];
                    button.button.quiet form="send" data-wait=(wait) disabled[exhausted] autofocus[sent.is_none()] {
                        (if sent.is_some() { lang.say("重新获取", "Send again") } else { lang.say("获取验证码", "Get a code") })
                    }
                }
                @if sent.is_some() { p.hint { (lang.say("验证码已发送，5 分钟内有效，以最后一条为准。", "Sent. The newest code counts, for 5 minutes.")) } }
                @else { p.hint { (lang.say("请先获取验证码。", "Get a code first.")) } }
            }
            div.field {
                label for="password" { (lang.say("交易密码", "Transaction password")) }
                input.digits id="password" type="password" name="password" inputmode="numeric" autocomplete="off" required maxlength="6"
                    placeholder=(lang.say("6 位数字", "6 digits"));
            }
            button.button { (lang.say("确认支付", "Confirm payment")) }
        }
        aside.test {
            b { (lang.say("测试提示", "For testers")) }
            p { (lang.say("短信验证码在", "The code is in the ")) a href="/console#sms" target="bank-console" { (lang.say("控制台", "console")) }
                (lang.say("；交易密码 ", "; the password is ")) code { "123456" } }
        }
    }
}

/// What a tester can enter, where it is entered.
fn hints(lang: Lang, payer: Payer) -> Markup {
    html! {
        aside.test {
            details {
                summary { b { (lang.say("测试提示", "For testers")) } " "
                    (match payer {
                        Payer::Person => lang.say("卡号 6216 2610 0000 0000 018 支付成功；其他结果点开看", "card 6216 2610 0000 0000 018 pays; open for the others"),
                        Payer::Company => lang.say("账号 3101 2610 0000 0000 018 支付成功；其他结果点开看", "account 3101 2610 0000 0000 018 pays; open for the others"),
                    })
                }
                (accounts(lang, Some(payer)))
            }
        }
    }
}

fn problem(lang: Lang, asked: &Asked) -> Markup {
    html! { @if let Some(text) = said(lang, asked) { p.problem role="alert" { (text) } } }
}

fn said(lang: Lang, asked: &Asked) -> Option<String> {
    let left = asked.left.unwrap_or_default();
    let text = match asked.said.as_deref()? {
        "account" => lang
            .say("账号不存在或类型不符，请核对 (61)", "No such account of this kind; please check it (61)")
            .to_owned(),
        "no_more" => lang.say("本订单的验证码已发送 5 次，不能再发", "This order has had its 5 codes").to_owned(),
        "needs_code" => lang
            .say("验证码已失效或尚未获取，请重新获取 (71)", "There is no code that counts; please get a new one (71)")
            .to_owned(),
        "code" => lang.say("验证码错误，请核对后重新输入 (71)", "Wrong code; please check it (71)").to_owned(),
        "wait" => match lang {
            Lang::Zh => format!("请 {left} 秒后再获取验证码"),
            Lang::En => format!("A new code can be sent in {left} s"),
        },
        "password" => match lang {
            Lang::Zh => format!("交易密码错误，还可以试 {left} 次 (65)"),
            Lang::En => format!("Wrong password; {left} tries left (65)"),
        },
        _ => return None,
    };
    Some(text)
}

/// `135****5506`
fn phone() -> String {
    PHONE.chars().enumerate().map(|(index, digit)| if (3..7).contains(&index) { '*' } else { digit }).collect()
}
