//! What people see of the bank: the cashier's pages for payers, the console for testers.

mod cashier;
mod console;
mod look;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};

use super::Bank;
use look::{Lang, Page, page};

pub(super) use look::Html;

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
        .route("/console/notice", post(console::notice))
        .route("/keys/{file}", get(key_file))
        .route("/bank.css", get(|| asset("text/css; charset=utf-8", look::CSS)))
        .route("/bank.js", get(|| asset("text/javascript; charset=utf-8", look::JS)))
        .route("/language", post(look::choose))
}

fn asset(kind: &'static str, text: &'static str) -> std::future::Ready<impl IntoResponse> {
    std::future::ready(([(header::CONTENT_TYPE, kind)], text))
}

/// `GET /`: what this is.
pub(super) async fn welcome(lang: Lang) -> Html {
    page(
        &Page { lang, title: lang.say("沙箱银行", "Sandbox bank"), back: "/" },
        &html! {
            section.card {
                h1 { (lang.say("沙箱银行", "Sandbox bank")) }
                p { (lang.say(
                    "这里按银联 ACP 5.1.0 协议应答, 但不动用任何真实资金。仅供测试。",
                    "It answers by UnionPay's ACP 5.1.0 protocol and moves no real money. For tests only.",
                )) }
                p { a.button href="/console" { (lang.say("打开控制台", "Open the console")) } }
                h2 { (lang.say("商户需要的文件", "Files for the merchant")) }
                ul {
                    @for file in ["root.cer", "middle.cer", "merchant.pfx"] { li { a href=(format!("/keys/{file}")) { (file) } } }
                }
                p.soft { (lang.say("PFX 密码 000000", "The PFX's password is 000000")) }
            }
            (accounts(lang))
        },
    )
}

/// The accounts and what they do.
fn accounts(lang: Lang) -> Markup {
    html! {
        section.card {
            h2 { (lang.say("测试账户", "Test accounts")) }
            p.soft { (lang.say("交易密码都是 123456; 短信验证码见控制台。", "The transaction password of all is 123456; SMS codes are in the console.")) }
            div.scroll { table {
                thead { tr {
                    th { (lang.say("账号", "Account")) }
                    th { (lang.say("类型", "Kind")) }
                    th { (lang.say("结果", "What happens")) }
                } }
                tbody { @for account in &super::accounts::ACCOUNTS { tr {
                    td.digits { (account.number) }
                    td { (match account.payer {
                        crate::Payer::Person => lang.say("个人银行卡", "person's card"),
                        crate::Payer::Company => lang.say("企业账户", "company account"),
                    }) }
                    td { (lang.say(account.zh, account.en)) }
                } } }
            } }
        }
    }
}

/// The page for an order that the bank does not take.
pub(super) fn refused(code: &str, text: &str) -> (StatusCode, Html) {
    let lang = Lang::Zh;
    let body = html! {
        section.card.bad role="alert" {
            h1 { "订单无法受理" }
            p.big { (text) }
            p { "Order refused · respCode " (code) }
            p.soft { "请返回商户网站重新下单。Please go back to the merchant." }
        }
    };
    (StatusCode::OK, page(&Page { lang, title: "订单无法受理", back: "/" }, &body))
}

/// The page for what is not there.
fn not_found(lang: Lang) -> Response {
    let title = lang.say("没有这个订单", "No such order");
    let body = html! {
        section.card {
            h1 { (title) }
            p { (lang.say("链接可能已失效。请从商户网站重新进入。", "The link may be old. Please come from the merchant's site again.")) }
        }
    };
    (StatusCode::NOT_FOUND, page(&Page { lang, title, back: "/" }, &body)).into_response()
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
