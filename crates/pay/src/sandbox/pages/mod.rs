//! What people see of the bank: the cashier's pages for payers, the console for testers.

mod cashier;
mod console;
mod look;
mod outcome;
mod steps;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};

use super::Bank;
use crate::gateway::Payer;
use look::{Page, fact, fours};

pub(super) use look::{Html, Lang};

/// The pages' addresses.
pub(super) fn router() -> Router<Bank> {
    Router::new()
        .route("/cashier/{token}", get(cashier::show))
        .route("/cashier/{token}/account", post(cashier::account))
        .route("/cashier/{token}/code", post(cashier::code))
        .route("/cashier/{token}/confirm", post(cashier::confirm))
        .route("/cashier/{token}/approve", get(cashier::second_person).post(cashier::approve))
        .route("/console", get(console::show))
        .route("/console/plan", post(console::plan))
        .route("/console/day", post(console::close_day))
        .route("/console/day/{day}", get(console::day))
        .route("/console/notice", post(console::notice))
        .route("/console/order", post(console::order))
        .route("/keys/{file}", get(key_file))
        .route("/bank.css", get(|| asset("text/css; charset=utf-8", look::CSS)))
        .route("/mark.svg", get(|| asset("image/svg+xml", look::MARK)))
        .route("/bank.js", get(|| asset("text/javascript; charset=utf-8", look::JS)))
        .route("/language", post(look::choose))
}

fn asset(kind: &'static str, text: &'static str) -> std::future::Ready<impl IntoResponse> {
    std::future::ready(([(header::CONTENT_TYPE, kind)], text))
}

/// `GET /`: what this is, and the accounts to test with.
pub(super) async fn welcome(State(bank): State<Bank>, lang: Lang) -> Html {
    let title = lang.say("测试账户", "Test accounts");
    let body = html! {
        section.sheet {
            h1 { (title) }
            p { (lang.say(
                "这里按银联 ACP 5.1.0 协议应答，但不动用任何真实资金。在收银台输入下面的账号，每个账号只有一种结果。",
                "This bank answers by UnionPay's ACP 5.1.0 protocol and moves no real money. Enter one of these accounts at the cashier; each has one outcome.",
            )) }
            p { (lang.say("交易密码都是 ", "The transaction password of all is ")) code { "123456" }
                (lang.say("；短信验证码在", "; SMS codes are in the ")) a href="/console#sms" target="bank-console" { (lang.say("控制台", "console")) } (lang.say("。", ".")) }
            h2 { (lang.say("个人银行卡", "Cards of persons")) }
            (accounts(lang, Some(Payer::Person)))
            h2 { (lang.say("企业账户 (第二个人复核)", "Accounts of companies (a second person approves)")) }
            (accounts(lang, Some(Payer::Company)))
        }
        section.sheet {
            h2 { (lang.say("商户需要的文件", "Files for the merchant")) }
            dl.facts {
                (fact(lang.say("商户号", "Merchant number"), html! { span.digits { (bank.merchant()) } }))
                (fact(lang.say("商户证书 (PFX)", "Merchant's key (PFX)"), html! { a href="/keys/merchant.pfx" { "merchant.pfx" } (lang.say("，密码 ", ", password ")) code { (super::PFX_PASSWORD) } }))
                (fact(lang.say("根证书", "Root authority"), html! { a href="/keys/root.cer" { "root.cer" } }))
                (fact(lang.say("中级证书", "Authority between"), html! { a href="/keys/middle.cer" { "middle.cer" } }))
            }
        }
    };
    Page::new(lang, title, "/").at(lang.say("测试说明", "For testers")).draw(&body)
}

/// The accounts of a kind of payer, or all, and what they do.
fn accounts(lang: Lang, payer: Option<Payer>) -> Markup {
    let shown = super::accounts::ACCOUNTS.iter().filter(|account| payer.is_none_or(|payer| account.payer == payer));
    html! {
        ul.accounts {
            @for account in shown {
                li { code.digits { (fours(account.number)) } span { (lang.say(account.zh, account.en)) } }
            }
        }
    }
}

/// The page for an order that the bank does not take.
pub(super) fn refused(lang: Lang, code: &str, text: &str) -> (StatusCode, Html) {
    let title = lang.say("订单无法受理", "The order was refused");
    let body = html! {
        section.sheet {
            div.result role="alert" {
                (outcome::sign("bad"))
                h1 { (title) }
                p { (text) }
                p.soft { "respCode " (code) }
            }
            p.soft { (lang.say("没有生成订单，未扣款。请返回商户网站重新下单。", "No order was made and nothing was debited. Please go back to the merchant and order again.")) }
        }
    };
    (StatusCode::OK, Page::new(lang, title, "/").draw(&body))
}

/// The page for what is not there.
fn not_found(lang: Lang) -> Response {
    let title = lang.say("没有这个订单", "No such order");
    let body = html! {
        section.sheet {
            div.result {
                (outcome::sign("bad"))
                h1 { (title) }
                p { (lang.say("链接可能已失效。请从商户网站重新进入。", "The link may be old. Please come from the merchant's site again.")) }
            }
        }
    };
    (StatusCode::NOT_FOUND, Page::new(lang, title, "/").draw(&body)).into_response()
}

/// `GET /keys/{file}`: what the merchant needs, and nothing else of the folder.
async fn key_file(State(bank): State<Bank>, lang: Lang, Path(file): Path<String>) -> Response {
    let files = bank.files();
    let path = match file.as_str() {
        "root.cer" => &files.root,
        "middle.cer" => &files.middle,
        "merchant.pfx" => &files.merchant,
        _ => return not_found(lang),
    };
    match tokio::fs::read(path).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Err(_) => not_found(lang),
    }
}

/// Back to a page of ours after a form.
fn to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// The cookie's or the browser's language.
fn language(headers: &HeaderMap) -> Lang {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let cookie = text(header::COOKIE);
    if cookie.contains("bank_lang=en") {
        Lang::En
    } else if cookie.contains("bank_lang=zh") || !text(header::ACCEPT_LANGUAGE).to_ascii_lowercase().starts_with("en") {
        Lang::Zh
    } else {
        Lang::En
    }
}
