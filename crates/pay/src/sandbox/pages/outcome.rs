//! What became of a payment, for the payer and for a company's second person; and the way back to the merchant.

use maud::{Markup, html};

use super::cashier::approve_path;
use super::look::{Lang, capitals, date_time, fact, hidden, yuan};
use crate::sandbox::Bank;
use crate::sandbox::order::{Order, PaymentOrder, Status};

/// Seconds until the success page goes back to the merchant by itself.
const COUNTDOWN: u32 = 7;

/// Handed to the second person.
pub(super) fn awaiting(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder) -> Markup {
    html! {
        div.result role="status" {
            (sign("wait"))
            h1 { (lang.say("已提交，等待复核", "Submitted, waits for approval")) }
            p { (lang.say("请贵公司复核员登录企业网上银行授权，授权后款项划出，可能需要数小时。本页会自动更新，也可以先返回商户。",
                "Your company's second person approves it in corporate banking, which may take hours; then the money moves. This page follows by itself; you may also go back now.")) }
        }
        (back_to_merchant(lang, bank, order, payment, None))
        aside.test {
            b { (lang.say("测试提示", "For testers")) }
            p { (lang.say("复核员的页面：", "The second person's page: ")) a href=(approve_path(&order.token)) target="bank-second-person" { (lang.say("以复核员身份打开", "open as the second person")) } }
        }
    }
}

/// Under way.
pub(super) fn processing(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder) -> Markup {
    html! {
        div.result role="status" {
            (sign("wait"))
            h1 { (lang.say("银行处理中", "The bank is working on it")) }
            p { (lang.say("结果会通知商户，请勿重复支付。", "The merchant will be told. Please do not pay again.")) }
        }
        (back_to_merchant(lang, bank, order, payment, None))
    }
}

/// Paid: back to the merchant by itself.
pub(super) fn success(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder) -> Markup {
    html! {
        div.result role="status" {
            (sign("good"))
            h1 { (lang.say("支付成功", "Paid")) }
            p.amount { (yuan(order.amount_fen)) }
        }
        dl.facts {
            (fact(lang.say("银行流水号", "Bank serial number"), html! { span.digits { (order.serial.as_deref().unwrap_or_default()) } }))
            @if let Some(at) = order.done_at { (fact(lang.say("支付时间", "Time"), html! { span.digits { (date_time(at)) } })) }
            (fact(lang.say("付款账号", "From"), html! { span.digits { (from(order)) } }))
        }
        (back_to_merchant(lang, bank, order, payment, Some(COUNTDOWN)))
    }
}

/// Not paid, and why.
pub(super) fn failure(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder, code: &str) -> Markup {
    html! {
        div.result role="alert" {
            (sign("bad"))
            h1 { (lang.say("支付未成功", "Not paid")) }
            p { (why(lang, code)) " (" (code) ")" }
        }
        (back_to_merchant(lang, bank, order, payment, None))
    }
}

/// The time ran out.
pub(super) fn timed_out(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder) -> Markup {
    html! {
        div.result role="alert" {
            (sign("bad"))
            h1 { (lang.say("支付超时", "Time is up")) }
            p { (lang.say("订单已超过支付时间，未扣款 (69)。请返回商户重新下单。", "The order can no longer be paid; nothing was debited (69). Please order again at the merchant.")) }
        }
        (back_to_merchant(lang, bank, order, payment, None))
    }
}

/// Too many wrong passwords.
pub(super) fn locked(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder) -> Markup {
    html! {
        div.result role="alert" {
            (sign("bad"))
            h1 { (lang.say("账户已锁定", "The account is locked")) }
            p { (lang.say("交易密码连续错误 3 次 (67)，本订单不能再支付，未扣款。请返回商户重新下单。", "The password was wrong 3 times (67). This order can no longer be paid; nothing was debited. Please order again at the merchant.")) }
        }
        (back_to_merchant(lang, bank, order, payment, None))
    }
}

/// The second person's page.
pub(super) fn approval(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder) -> Markup {
    let description = payment.description.as_deref().unwrap_or_default();
    html! {
        section.sheet {
            @match &order.status {
                Status::AwaitingApproval => {
                    h1 { (lang.say("待复核付款", "A payment to approve")) }
                    p.soft { (lang.say("您以复核员身份登录。请逐项核对，确认无误后授权。", "You are signed in as the second person. Check each line before you approve.")) }
                }
                Status::Done { .. } => { div.result role="status" { (sign("good")) h1 { (lang.say("已授权，支付成功", "Approved and paid")) } } }
                Status::Processing | Status::Waiting => { div.result role="status" { (sign("wait")) h1 { (lang.say("已授权，银行处理中", "Approved; the bank is working on it")) } } }
                Status::Failed { code } => { div.result role="status" { (sign("bad")) h1 { (lang.say("未付款", "Not paid")) } p { (why(lang, code)) " (" (code) ")" } } }
            }
            dl.facts {
                (fact(lang.say("收款方", "To"), &bank.config.merchant_name))
                (fact(lang.say("付款账号", "From"), html! { span.digits { (from(order)) } }))
                (fact(lang.say("金额", "Amount"), html! { b.amount.small { (yuan(order.amount_fen)) } }))
                (fact(lang.say("大写", "In capitals"), capitals(order.amount_fen)))
                (fact(lang.say("用途", "For"), description))
                (fact(lang.say("商户订单号", "Order"), html! { span.digits { (order.number) } }))
                (fact(lang.say("制单时间", "Made at"), html! { span.digits { (date_time(order.created_at)) } }))
                @if let Some(serial) = &order.serial { (fact(lang.say("银行流水号", "Bank serial number"), html! { span.digits { (serial) } })) }
            }
            @if order.status == Status::AwaitingApproval {
                form.row method="post" action=(approve_path(&order.token)) {
                    button.button name="choice" value="yes" { (lang.say("同意授权", "Approve")) }
                    button.button.quiet name="choice" value="no" { (lang.say("拒绝", "Decline")) }
                }
            } @else {
                p.soft.back { (lang.say("可以关闭本页。商户会收到结果。", "You may close this page. The merchant is told.")) }
            }
        }
    }
}

fn from(order: &Order) -> String {
    order.account.as_deref().map(hidden).unwrap_or_default()
}

fn why(lang: Lang, code: &str) -> &'static str {
    match code {
        "60" => lang
            .say("开户行或复核员拒绝了这笔交易，未扣款", "The bank or the second person declined; nothing was debited"),
        "64" => lang.say("账户余额不足，未扣款", "Insufficient funds; nothing was debited"),
        "42" => lang.say("支付超时，已扣款项将自动退回", "Paid too late; the money goes back by itself"),
        _ => lang.say("交易失败", "The payment failed"),
    }
}

/// A large sign above what became of it.
pub(super) fn sign(kind: &'static str) -> Markup {
    let strokes = match kind {
        "good" => "m15 25 7 7 12-14",
        "bad" => "m17 17 14 14m0-14-14 14",
        _ => "M24 14v11l7 4",
    };
    html! {
        svg class={ "sign " (kind) } viewBox="0 0 48 48" fill="none" stroke-width="4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" {
            circle cx="24" cy="24" r="22" stroke="none" {}
            path d=(strokes) {}
        }
    }
}

/// The form that carries the payer back: to the merchant's front address, signed, for display only.
fn back_to_merchant(lang: Lang, bank: &Bank, order: &Order, payment: &PaymentOrder, countdown: Option<u32>) -> Markup {
    let message = bank.outcome(order, order.code());
    let signed = bank.pki.gateway.sign(message).unwrap_or_default();
    html! {
        form.back method="post" action=(payment.front_url) data-countdown=[countdown] {
            @for (name, value) in signed.fields() { input type="hidden" name=(name) value=(value); }
            button.button { (lang.say("返回商户", "Back to the merchant")) }
            @if let Some(seconds) = countdown {
                p.soft { b.digits data-seconds { (seconds) } (lang.say(" 秒后自动返回商户，或点击上面的按钮。", " s until you go back by yourself, or press the button.")) }
            }
        }
    }
}
