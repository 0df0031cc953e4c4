//! The page's words, in both languages side by side; a word missing in one does not compile.

use link::Refusal;

use crate::{Status, Tear};

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

/// Everything the page says that does not depend on anything.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) brand: &'static str,
    pub(super) terminal: &'static str,
    pub(super) reader: &'static str,
    pub(super) nothing_there: &'static str,
    pub(super) nothing_there_hint: &'static str,
    pub(super) cards: &'static str,
    pub(super) balance: &'static str,
    pub(super) valid_until: &'static str,
    pub(super) loads: &'static str,
    pub(super) disabled: &'static str,
    pub(super) tap: &'static str,
    pub(super) remove: &'static str,
    pub(super) on_the_reader: &'static str,
    pub(super) tear: &'static str,
    pub(super) tear_hint: &'static str,
    pub(super) no_tear: &'static str,
    pub(super) other_language: &'static str,
}

const CHINESE: Words = Words {
    title: "软件读卡器",
    lead: "这里的卡是软件做的，规矩和真卡一样。放上一张，充值页面就会看到它。",
    brand: "集充",
    terminal: "终端",
    reader: "读卡器",
    nothing_there: "读卡器上没有卡",
    nothing_there_hint: "在下面选一张卡放上来",
    cards: "卡片",
    balance: "卡内余额",
    valid_until: "有效期至",
    loads: "充值次数",
    disabled: "未启用",
    tap: "放上",
    remove: "拿开",
    on_the_reader: "在读卡器上",
    tear: "在最坏的时刻拿走",
    tear_hint: "下一次充值时，卡会在选定的时刻离开读卡器，只发生一次。",
    no_tear: "不拿走",
    other_language: "English",
};

const ENGLISH: Words = Words {
    title: "Software reader",
    lead: "These cards are made of software and keep the rules of real ones. Tap one and the charging page sees it.",
    brand: "Jichong",
    terminal: "Terminal",
    reader: "Reader",
    nothing_there: "No card on the reader",
    nothing_there_hint: "Choose one below and tap it",
    cards: "Cards",
    balance: "Balance",
    valid_until: "Valid until",
    loads: "Loads",
    disabled: "Disabled",
    tap: "Tap",
    remove: "Remove",
    on_the_reader: "On the reader",
    tear: "Remove it at the worst moment",
    tear_hint: "During the next load the card leaves the reader at the chosen moment, once.",
    no_tear: "Leave it there",
    other_language: "中文",
};

impl Language {
    /// The language asked for by `?lang=`, else the first that the browser prefers, else Chinese.
    pub(super) fn choose(asked: Option<&str>, accept_language: &str) -> Self {
        let weigh = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            let language = parts.next().and_then(Self::from_tag)?;
            // Quality in thousandths without a float: "0.85" reads as 850.
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, |text| match text.split_once('.') {
                    Some(("0", digits)) => format!("{digits:0<3}").parse().unwrap_or(0),
                    Some(_) => 1000,
                    None => {
                        if text == "0" {
                            0
                        } else {
                            1000
                        }
                    }
                });
            Some((quality, language))
        };
        asked.and_then(Self::from_tag).unwrap_or_else(|| {
            let mut ranges: Vec<(u16, Self)> = accept_language.split(',').filter_map(weigh).collect();
            ranges.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
            ranges.first().map_or(Self::Chinese, |(_, language)| *language)
        })
    }

    /// From a language tag such as `zh-CN`.
    fn from_tag(tag: &str) -> Option<Self> {
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// As the `lang` attribute and the `?lang=` of our own links have it.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Chinese => Self::English,
            Self::English => Self::Chinese,
        }
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::Chinese => &CHINESE,
            Self::English => &ENGLISH,
        }
    }

    pub(super) fn tear(self, tear: Tear) -> &'static str {
        match (self, tear) {
            (Self::Chinese, Tear::BeforeCredit) => "写卡命令到达之前",
            (Self::Chinese, Tear::DuringCredit) => "写卡途中，钱还没进卡",
            (Self::Chinese, Tear::AfterCredit) => "钱已进卡，回答丢失",
            (Self::English, Tear::BeforeCredit) => "Before the write reaches it",
            (Self::English, Tear::DuringCredit) => "During the write, money not on it yet",
            (Self::English, Tear::AfterCredit) => "Money is on it, answer lost",
        }
    }

    /// How the terminal stands with the server: whether that is good, and the sentence.
    pub(super) fn status(self, status: &Status) -> (Light, String) {
        let zh = self == Self::Chinese;
        let say = |chinese: &str, english: &str| if zh { chinese.to_owned() } else { english.to_owned() };
        match status {
            Status::Connecting => (Light::Waiting, say("正在连接服务器…", "Connecting to the server…")),
            Status::Connected { name } if zh => (Light::Good, format!("已连接，终端名称：{name}")),
            Status::Connected { name } => (Light::Good, format!("Connected as {name}")),
            Status::Waiting { why } if zh => (Light::Waiting, format!("未连接，正在自动重试（{why}）")),
            Status::Waiting { why } => (Light::Waiting, format!("Not connected, trying again by itself ({why})")),
            Status::Refused { why, text } if zh => {
                (Light::Bad, format!("服务器不接受此终端：{}（{text}）", refusal_zh(*why)))
            }
            Status::Refused { why, text } => {
                (Light::Bad, format!("The server does not let this terminal in: {} ({text})", refusal_en(*why)))
            }
            Status::Stopped => (Light::Bad, say("终端程序已停止", "The terminal program has stopped")),
        }
    }
}

/// The colour of the status dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Light {
    Good,
    Waiting,
    Bad,
}

impl Light {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "dot",
            Self::Waiting => "dot waiting",
            Self::Bad => "dot bad",
        }
    }
}

fn refusal_zh(why: Refusal) -> &'static str {
    match why {
        Refusal::Version => "程序版本不符，请安装服务器提供的版本。",
        Refusal::Unknown => "没有这个终端，或已被停用。请向后台要一个新的登记码。",
        Refusal::Signature => "密钥不符。请用新的登记码重新登记。",
        Refusal::Replaced => "另一个程序正在使用同一个密钥。请先停掉它。",
        Refusal::Malformed | Refusal::TryAgain => "请稍候。",
    }
}

fn refusal_en(why: Refusal) -> &'static str {
    match why {
        Refusal::Version => "the program's version does not fit. Install the one that the server offers.",
        Refusal::Unknown => "it is unknown there or was revoked. Ask the office for a new code.",
        Refusal::Signature => "its key does not fit. Enrol it again with a new code.",
        Refusal::Replaced => "another program uses the same key. Stop that one first.",
        Refusal::Malformed | Refusal::TryAgain => "please wait.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_asked_for_or_preferred() {
        use Language::{Chinese, English};
        for (asked, accept, chosen) in [
            (None, "", Chinese),
            (None, "fr", Chinese),
            (None, "en-US,en;q=0.9,zh;q=0.8", English),
            (None, "fr, zh-TW;q=0.5, en;q=0.25", Chinese),
            (None, "zh;q=0, en;q=0.1", English),
            (Some("en"), "zh-CN", English),
            (Some("zh-CN"), "en", Chinese),
            (Some("tlh"), "en", English),
        ] {
            assert_eq!(Language::choose(asked, accept), chosen, "{asked:?} {accept:?}");
        }
    }
}
