//! The languages of the portal: Chinese first, English beside it.
//!
//! Words live in `i18n/<language>/portal.ftl`; [`say!`] checks at compile time that a message is there and takes these
//! variables. Which language a visitor gets: the one they switched to (a cookie), else the first that their browser
//! asks for and we have, else Chinese.

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use i18n_embed::LanguageLoader as _;
use i18n_embed::fluent::{FluentLanguageLoader, fluent_language_loader};
use rust_embed::RustEmbed;

/// A language of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Chinese as written on the mainland.
    Zh,
    /// English.
    En,
}

/// The cookie that keeps the choice: no secret, so scripts may read it, and it says nothing about who visits.
const COOKIE: &str = "language";

#[derive(RustEmbed)]
#[folder = "i18n/"]
struct Files;

impl Lang {
    /// Every language, the first being the fallback.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// As in `lang="…"`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The one to switch to.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// The language with this tag.
    pub(crate) fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    /// The language of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let chosen = CookieJar::from_headers(headers).get(COOKIE).and_then(|cookie| Self::parse(cookie.value()));
        let asked = || headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(accepted);
        chosen.or_else(asked).unwrap_or(Self::Zh)
    }

    /// The cookie that keeps this choice for a year.
    pub(crate) fn cookie(self, secure: bool) -> Cookie<'static> {
        Cookie::build((COOKIE, self.tag()))
            .path("/")
            .same_site(SameSite::Lax)
            .secure(secure)
            .max_age(tower_sessions::cookie::time::Duration::days(365))
            .build()
    }

    /// Its messages.
    pub(crate) fn messages(self) -> &'static FluentLanguageLoader {
        static LOADED: LazyLock<[FluentLanguageLoader; 2]> = LazyLock::new(|| Lang::ALL.map(load));
        let [zh, en] = &*LOADED;
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

#[expect(clippy::expect_used, reason = "the messages are in the program; a test reads both languages")]
fn load(lang: Lang) -> FluentLanguageLoader {
    let loader = fluent_language_loader!();
    let wanted = lang.tag().parse().expect("our tags are well formed");
    loader.load_languages(&Files, &[wanted]).expect("our messages are well formed");
    // Fluent puts invisible marks around values; people copy amounts and card numbers.
    loader.set_use_isolating(false);
    loader
}

/// The best of an `Accept-Language` header: the highest weight wins, the earlier one among equals.
fn accepted(header: &str) -> Option<Lang> {
    let mut best = None;
    for part in header.split(',') {
        let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        // Weights have at most three digits after the point: 0.8 is 800.
        let thousandths = match weight.trim().split_once('.') {
            None => {
                if weight.trim() == "1" {
                    1_000
                } else {
                    0
                }
            }
            Some(("1", _)) => 1_000,
            Some((_, digits)) => format!("{digits:0<3}").get(..3).and_then(|d| d.parse::<u32>().ok()).unwrap_or(0),
        };
        let lang = match tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "zh" => Lang::Zh,
            "en" => Lang::En,
            _ => continue,
        };
        if thousandths > 0 && best.is_none_or(|(_, most)| thousandths > most) {
            best = Some((lang, thousandths));
        }
    }
    best.map(|(lang, _)| lang)
}

/// `say!(lang, "message", variable = value)`: the message in that language.
macro_rules! say {
    ($lang:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($lang.messages(), $id $(, $name = $value)*)
    };
}
pub(crate) use say;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Each message and the variables in it.
    fn messages(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
        let file = Files::get(&format!("{}/portal.ftl", lang.tag())).unwrap();
        let text = String::from_utf8(file.data.to_vec()).unwrap();
        let variables = |value: &str| {
            value
                .split("{ $")
                .skip(1)
                .filter_map(|rest| rest.split_once(' '))
                .map(|(name, _)| name.to_owned())
                .collect()
        };
        let mut found = BTreeMap::new();
        for (id, value) in text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "))
        {
            let before = found.insert(id.to_owned(), variables(value));
            assert!(before.is_none(), "{} says {id} twice", lang.tag());
        }
        found
    }

    #[test]
    fn both_languages_have_the_same_messages_and_variables() {
        let (zh, en) = (messages(Lang::Zh), messages(Lang::En));
        assert!(zh.len() > 100, "the files are read: {}", zh.len());
        assert_eq!(zh, en);
        for lang in Lang::ALL {
            for id in zh.keys() {
                assert!(lang.messages().has(id), "{} {id}", lang.tag());
            }
        }
    }

    #[test]
    fn chinese_has_chinese_punctuation() {
        let file = Files::get("zh-CN/portal.ftl").unwrap();
        for line in std::str::from_utf8(&file.data).unwrap().lines().filter(|line| !line.starts_with('#')) {
            let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            let wrong = line.chars().zip(line.chars().skip(1)).any(|(a, b)| han(a) && ",;:?!()".contains(b));
            assert!(!wrong, "{line}");
        }
    }

    #[test]
    fn the_browser_is_asked_first_and_chinese_is_the_fallback() {
        let check = |header: &str, expected| assert_eq!(accepted(header), expected, "{header}");
        check("", None);
        check("fr-FR, de;q=0.9", None);
        check("en", Some(Lang::En));
        check("zh-Hant-HK,en;q=0.8", Some(Lang::Zh));
        check("zh;q=0.5, en-GB;q=0.75", Some(Lang::En));
        check("fr, en;q=0.1, zh;q=0.1", Some(Lang::En));
        check("en;q=0, zh;q=0.001", Some(Lang::Zh));
    }

    #[test]
    fn values_carry_no_invisible_marks() {
        assert_eq!(say!(Lang::Zh, "quota-held", amount = "¥50.00"), "另冻结 ¥50.00");
    }
}
