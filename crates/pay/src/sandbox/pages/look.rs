//! The bank's look: one page frame, one style sheet, one script.

use std::convert::Infallible;

use axum::Form;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

pub(super) const CSS: &str = include_str!("bank.css");
pub(super) const JS: &str = include_str!("bank.js");

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Lang {
    Zh,
    En,
}

impl Lang {
    pub(super) fn say(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Lang {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(super::language(&parts.headers))
    }
}

/// A rendered page.
#[derive(Debug)]
pub(in crate::sandbox) struct Html(Markup);

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
        ];
        (headers, self.0.into_string()).into_response()
    }
}

/// What the frame needs.
pub(super) struct Page<'p> {
    pub(super) lang: Lang,
    pub(super) title: &'p str,
    /// Where the page comes back to when the language changes.
    pub(super) back: &'p str,
}

/// A page in its frame.
pub(super) fn page(Page { lang, title, back }: &Page<'_>, body: &Markup) -> Html {
    let (other, label) = match lang {
        Lang::Zh => ("en", "English"),
        Lang::En => ("zh", "中文"),
    };
    Html(html! {
        (DOCTYPE)
        html lang=(lang.say("zh-CN", "en")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (lang.say("沙箱银行", "Sandbox bank")) }
                link rel="stylesheet" href="/bank.css";
                script src="/bank.js" defer {}
            }
            body {
                header {
                    a.mark href="/" { span.seal aria-hidden="true" { "沙" } (lang.say("沙箱银行", "Sandbox bank")) }
                    span.badge { (lang.say("测试环境 · 不动用真实资金", "Test environment · no real money")) }
                    form method="post" action="/language" {
                        input type="hidden" name="back" value=(back);
                        button.plain name="lang" value=(other) { (label) }
                    }
                }
                main { (body) }
                footer { (lang.say("安全支付 · 请勿向任何人透露短信验证码", "Secure payment · tell nobody your SMS code")) }
            }
        }
    })
}

/// A choice of language.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    lang: String,
    back: String,
}

/// `POST /language`
pub(super) async fn choose(Form(choice): Form<Choice>) -> Response {
    let lang = if choice.lang == "en" { "en" } else { "zh" };
    // Only pages of ours.
    let ours = choice.back.starts_with('/') && !choice.back.starts_with("//") && !choice.back.contains('\\');
    let back = if ours { choice.back } else { "/".to_owned() };
    let cookie = format!("bank_lang={lang}; Path=/; Max-Age=31536000; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to(&back)).into_response()
}

/// `¥1,234.00`
pub(super) fn yuan(fen: i64) -> String {
    let (whole, rest) = (fen.checked_div(100).unwrap_or(0), fen.checked_rem(100).unwrap_or(0));
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(index);
        if index > 0 && left.checked_rem(3) == Some(0) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("¥{grouped}.{rest:02}")
}
