//! The bank's look: one page frame, one style sheet, one script, and how money and time are written.

use std::convert::Infallible;

use axum::Form;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;

use crate::unionpay::time;

pub(super) const CSS: &str = include_str!("bank.css");
pub(super) const JS: &str = include_str!("bank.js");
/// The bank's seal: an old coin.
pub(super) const MARK: &str = include_str!("mark.svg");

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
    lang: Lang,
    title: &'p str,
    back: &'p str,
    desk: &'p str,
    refresh: Option<u32>,
}

impl<'p> Page<'p> {
    /// A page with this title; `back` is where it comes back to when the language changes.
    pub(super) fn new(lang: Lang, title: &'p str, back: &'p str) -> Self {
        Self { lang, title, back, desk: lang.say("网上支付", "Online payment"), refresh: None }
    }

    /// At which of the bank's desks it is, beside its name.
    pub(super) fn at(self, desk: &'p str) -> Self {
        Self { desk, ..self }
    }

    /// Comes again by itself after so many seconds.
    pub(super) fn refresh(self, seconds: Option<u32>) -> Self {
        Self { refresh: seconds, ..self }
    }

    /// The page in its frame.
    pub(super) fn draw(&self, body: &Markup) -> Html {
        let Self { lang, title, back, desk, refresh } = self;
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
                    @if let Some(seconds) = refresh { meta http-equiv="refresh" content=(seconds); }
                    title { (title) " · " (lang.say("沙箱银行", "Sandbox Bank")) }
                    link rel="stylesheet" href="/bank.css";
                    link rel="icon" type="image/svg+xml" href="/mark.svg";
                    script src="/bank.js" defer {}
                }
                body {
                    div.sandbox {
                        span { (lang.say("沙箱环境，不动用真实资金", "Sandbox: no real money moves")) }
                        nav {
                            a href="/" { (lang.say("测试账户", "Test accounts")) }
                            a href="/console" target="bank-console" { (lang.say("短信和控制台", "SMS and console")) }
                        }
                    }
                    header {
                        a.mark href="/" { (PreEscaped(MARK)) b { (lang.say("沙箱银行", "Sandbox Bank")) } }
                        span.desk { (desk) }
                        form method="post" action="/language" {
                            input type="hidden" name="back" value=(back);
                            button.plain name="lang" value=(other) lang=(other) { (label) }
                        }
                    }
                    main { (body) }
                    footer {
                        p { (lang.say("客服热线 95500 (测试)", "Service 95500 (test)")) }
                        p { (lang.say("银行工作人员不会索要短信验证码和交易密码", "Nobody from the bank will ask for your code or password")) }
                    }
                }
            }
        })
    }
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

/// A term and its value.
pub(super) fn fact(term: &str, value: impl maud::Render) -> Markup {
    html! { div { dt { (term) } dd { (value) } } }
}

/// `11-23 09:30:00`, in China.
pub(super) fn clock(at: Timestamp) -> String {
    time::in_china(at).strftime("%m-%d %H:%M:%S").to_string()
}

/// `2026-11-23 09:30:00`, in China.
pub(super) fn date_time(at: Timestamp) -> String {
    time::in_china(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// An account number as others may see it: `6216 **** **** 0018`.
pub(super) fn hidden(number: &str) -> String {
    let digits: Vec<char> = number.chars().collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().iter().collect::<String>();
    format!("{} **** **** {}", part(0, 4), part(digits.len().saturating_sub(4), digits.len()))
}

/// An account number in groups of four.
pub(super) fn fours(number: &str) -> String {
    let digits: Vec<char> = number.chars().collect();
    digits.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
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

/// The amount in the capitals that Chinese banks write: 人民币壹万零伍拾元整.
pub(super) fn capitals(fen: i64) -> String {
    let (whole, rest) = (fen.checked_div(100).unwrap_or(0), fen.checked_rem(100).unwrap_or(0));
    let (jiao, last) = (rest.checked_div(10).unwrap_or(0), rest.checked_rem(10).unwrap_or(0));
    let mut text = "人民币".to_owned();
    if whole > 0 || rest == 0 {
        text.push_str(&whole_capitals(whole));
        text.push('元');
    }
    match (jiao, last) {
        (0, 0) => text.push('整'),
        (0, last) if whole > 0 => text.extend(['零', numeral(last), '分']),
        (0, last) => text.extend([numeral(last), '分']),
        (jiao, 0) => text.extend([numeral(jiao), '角', '整']),
        (jiao, last) => text.extend([numeral(jiao), '角', numeral(last), '分']),
    }
    text
}

/// A whole number: groups of four digits, each with its unit; zeros between digits are said once.
fn whole_capitals(number: i64) -> String {
    let digits = number.to_string();
    let (mut text, mut zero, mut group) = (String::new(), false, false);
    for (index, digit) in digits.bytes().enumerate() {
        let place = digits.len().saturating_sub(index).saturating_sub(1);
        let value = i64::from(digit.saturating_sub(b'0'));
        if value == 0 {
            zero = true;
        } else {
            if zero && !text.is_empty() {
                text.push('零');
            }
            (zero, group) = (false, true);
            text.push(numeral(value));
            text.extend(
                [None, Some('拾'), Some('佰'), Some('仟')].get(place.checked_rem(4).unwrap_or(0)).copied().flatten(),
            );
        }
        if place.checked_rem(4) == Some(0) {
            let unit = ["", "万", "亿", "万亿"].get(place.checked_div(4).unwrap_or(0)).copied().unwrap_or_default();
            text.push_str(if group { unit } else { "" });
            group = false;
        }
    }
    if text.is_empty() { "零".to_owned() } else { text }
}

fn numeral(value: i64) -> char {
    let numerals = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
    usize::try_from(value).ok().and_then(|value| numerals.get(value)).copied().unwrap_or('零')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_banks_write_them() {
        let check = |fen, figures: &str, words: &str| {
            assert_eq!((yuan(fen), capitals(fen)), (figures.to_owned(), format!("人民币{words}")));
        };
        check(5_000_000, "¥50,000.00", "伍万元整");
        check(1_005_000, "¥10,050.00", "壹万零伍拾元整");
        check(10_020_304, "¥100,203.04", "壹拾万零贰佰零叁元零肆分");
        check(1_000_000_100, "¥10,000,001.00", "壹仟万零壹元整");
        check(10_000_000_000, "¥100,000,000.00", "壹亿元整");
        check(10, "¥0.10", "壹角整");
        check(1, "¥0.01", "壹分");
        check(12_345, "¥123.45", "壹佰贰拾叁元肆角伍分");
        assert_eq!(fours("6216261000000000018"), "6216 2610 0000 0000 018");
        assert_eq!(hidden("6216261000000000018"), "6216 **** **** 0018");
    }
}
