//! What the doctor found, for people at a terminal of 80 columns and for those who help from afar.

use serde_json::json;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

use super::judge::{Both, Finding, Subject, Verdict};
use super::seen::{IdentitySeen, Seen};

/// The width of a terminal, less the last column, where some of them wrap already.
const WIDTH: usize = 79;

/// A language of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese as written on the mainland.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// By its tag: `zh…` or `en…`.
    pub fn parse(tag: &str) -> Option<Self> {
        match tag.get(..2)?.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// As a locale of the environment has it (`zh_CN.UTF-8`). Chinese if it names another language or none; but
    /// English for `C` and `POSIX`, which can show no Chinese.
    pub fn of_locale(locale: &str) -> Self {
        match locale {
            "C" | "POSIX" => Self::English,
            _ => Self::parse(locale).unwrap_or(Self::Chinese),
        }
    }

    fn of(self, both: &Both) -> &str {
        match self {
            Self::Chinese => &both.zh,
            Self::English => &both.en,
        }
    }

    const fn pick<T: Copy>(self, zh: T, en: T) -> T {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }
}

impl Subject {
    const fn name(self, language: Language) -> &'static str {
        match self {
            Self::Service => language.pick("读卡器服务", "Reader service"),
            Self::Readers => language.pick("读卡器", "Readers"),
            Self::Card => language.pick("卡片", "Card"),
            Self::Clock => language.pick("时钟", "Clock"),
            Self::Network => language.pick("网络", "Network"),
            Self::Certificate => language.pick("证书", "Certificate"),
            Self::Version => language.pick("版本", "Version"),
            Self::Enrolment => language.pick("登记", "Enrolment"),
            Self::Journal => language.pick("交易日志", "Journal"),
        }
    }
}

impl Verdict {
    const fn word(self, language: Language) -> &'static str {
        match self {
            Self::Good => language.pick("正常", "good"),
            Self::Look => language.pick("注意", "look at it"),
            Self::Broken => language.pick("故障", "broken"),
            Self::Unchecked => language.pick("未检查", "not checked"),
        }
    }

    /// The colour of a terminal.
    const fn colour(self) -> &'static str {
        match self {
            Self::Good => "\u{1b}[32m",
            Self::Look => "\u{1b}[33m",
            Self::Broken => "\u{1b}[1;31m",
            Self::Unchecked => "\u{1b}[2m",
        }
    }
}

/// For a person.
pub(super) fn text(seen: &Seen, findings: &[Finding], language: Language, colour: bool) -> String {
    let mut lines = head(seen, language);
    let widest = |words: &mut dyn Iterator<Item = &'static str>| words.map(UnicodeWidthStr::width).max().unwrap_or(0);
    let first = widest(&mut findings.iter().map(|finding| finding.verdict.word(language)));
    let second = widest(&mut findings.iter().map(|finding| finding.subject.name(language)));
    let indent = first.saturating_add(second).saturating_add(4);
    let mut long_before = true;
    for finding in findings {
        // What has more to say stands by itself.
        let long = finding.todo.is_some();
        if long || long_before {
            lines.push(String::new());
        }
        long_before = long;
        let word = padded(finding.verdict.word(language), first);
        let word = if colour { format!("{}{word}\u{1b}[0m", finding.verdict.colour()) } else { word };
        let begin = format!("{word}  {}  ", padded(finding.subject.name(language), second));
        push(&mut lines, &begin, indent, language.of(&finding.seen));
        if let Some(todo) = &finding.todo {
            push(&mut lines, &" ".repeat(indent), indent.saturating_add(2), &format!("→ {}", language.of(todo)));
        }
        if let Some(command) = &finding.command {
            // Not cut, so that it can be copied.
            lines.push(format!("{}{command}", " ".repeat(indent.saturating_add(4))));
        }
    }
    lines.push(String::new());
    lines.push(summary(findings, language));
    lines.join("\n")
}

fn head(seen: &Seen, language: Language) -> Vec<String> {
    let here = &seen.here;
    let title = language.pick("集充 终端自检", "Jichong terminal doctor");
    let mut lines = Vec::new();
    push(&mut lines, "", 0, &format!("{title}  {} · {} {}", here.program, here.system, here.machine));
    let server = seen.server.as_ref().map_or("—", |server| server.address.as_str());
    let running = if seen.folder.running {
        language.pick("（终端程序正在运行，只看不动）", " (the terminal program runs: only looking)")
    } else {
        ""
    };
    if let IdentitySeen::Enrolled { number, name, .. } = &seen.folder.identity {
        push(&mut lines, "", 0, &format!("{}  {number} {name}", language.pick("终端  ", "Terminal")));
    }
    push(&mut lines, "", 0, &format!("{}  {server}", language.pick("服务器", "Server  ")));
    push(&mut lines, "", 0, &format!("{}  {}{running}", language.pick("文件夹", "Folder  "), seen.folder.path));
    lines
}

fn summary(findings: &[Finding], language: Language) -> String {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (broken, look, unchecked) = (count(Verdict::Broken), count(Verdict::Look), count(Verdict::Unchecked));
    if (broken, look, unchecked) == (0, 0, 0) {
        return language.pick("全部正常。", "All is well.").to_owned();
    }
    let parts = [
        (broken, language.pick("项故障", "broken")),
        (look, language.pick("项需要注意", "to look at")),
        (unchecked, language.pick("项未检查", "not checked")),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let joined = parts.join(language.pick("，", ", "));
    let rest = if broken > 0 {
        language.pick("请从上往下处理。", "Mend them from the top down.")
    } else {
        language.pick("其余正常。", "The rest is well.")
    };
    match language {
        Language::Chinese => format!("{joined}。{rest}"),
        Language::English => format!("{joined}. {rest}"),
    }
}

/// For those who help from afar.
pub(super) fn json(seen: &Seen, findings: &[Finding], language: Language) -> String {
    let findings: Vec<_> = findings
        .iter()
        .map(|finding| {
            json!({
                "subject": finding.subject,
                "verdict": finding.verdict,
                "seen": language.of(&finding.seen),
                "todo": finding.todo.as_ref().map(|todo| language.of(todo)),
                "command": finding.command,
            })
        })
        .collect();
    // Plain texts and numbers cannot fail to serialise.
    serde_json::to_string_pretty(&json!({ "findings": findings, "figures": seen })).unwrap_or_default()
}

fn padded(word: &str, width: usize) -> String {
    format!("{word}{}", " ".repeat(width.saturating_sub(word.width())))
}

/// Writes `text` after `begin`, which is `indent` columns wide; further lines are indented by as much.
fn push(lines: &mut Vec<String>, begin: &str, indent: usize, text: &str) {
    let (mut line, mut column) = (begin.to_owned(), indent.max(begin_width(begin)));
    let mut fresh = true;
    for piece in pieces(text) {
        let bare = piece.trim_end();
        if !fresh && column.saturating_add(bare.width()) > WIDTH {
            lines.push(line.trim_end().to_owned());
            (line, column) = (" ".repeat(indent), indent);
        }
        line.push_str(piece);
        column = column.saturating_add(piece.width());
        fresh = false;
    }
    lines.push(line.trim_end().to_owned());
}

/// The columns of a beginning, without its colours.
fn begin_width(begin: &str) -> usize {
    let mut plain = String::new();
    let mut rest = begin;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain.width()
}

/// A text in pieces that stay whole: a word with the space after it, a wide character with the punctuation that must
/// not begin a line.
fn pieces(text: &str) -> Vec<&str> {
    let mut ends = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let end = at.saturating_add(character.len_utf8());
        let Some((_, next)) = characters.peek().copied() else { continue };
        let breaks = match character {
            ' ' => next != ' ',
            _ => (wide(character) || wide(next)) && !clings(next) && !opens(character) && next != ' ',
        };
        if breaks {
            ends.push(end);
        }
    }
    let mut pieces = Vec::new();
    let mut begin = 0;
    for end in ends.into_iter().chain([text.len()]) {
        pieces.extend(text.get(begin..end).filter(|piece| !piece.is_empty()));
        begin = end;
    }
    pieces
}

fn wide(character: char) -> bool {
    character.width() == Some(2)
}

/// Whether it must not begin a line.
fn clings(character: char) -> bool {
    "，。、；：？！）”’》…%".contains(character)
}

/// Whether it must not end a line.
fn opens(character: char) -> bool {
    "（“‘《".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_it_may_be() {
        let mut lines = Vec::new();
        push(&mut lines, "正常  ", 6, &"请把卡片平放在读卡器上，等提示音（约一秒）。".repeat(3));
        for line in &lines {
            assert!(line.width() <= WIDTH, "{line}");
            assert!(!line.trim_start().starts_with(clings) && !line.ends_with(opens), "{line}");
        }
        assert_eq!(lines.len(), 2, "{lines:?}");
        let mut lines = Vec::new();
        push(&mut lines, "", 2, &"word ".repeat(40));
        assert!(lines.iter().all(|line| line.width() <= WIDTH && !line.ends_with(' ')), "{lines:?}");
        let long = "x".repeat(100);
        let mut lines = Vec::new();
        push(&mut lines, "", 0, &format!("a {long} b"));
        assert_eq!(lines, ["a", long.as_str(), "b"], "what cannot be cut stays whole");
    }

    #[test]
    fn a_language_is_found_by_its_tag_or_locale() {
        assert_eq!(Language::parse("zh-CN"), Some(Language::Chinese));
        assert_eq!(Language::parse("EN"), Some(Language::English));
        assert_eq!((Language::parse("fr"), Language::parse("")), (None, None));
        for (locale, language) in [
            ("zh_CN.UTF-8", Language::Chinese),
            ("en_GB.UTF-8", Language::English),
            ("C.UTF-8", Language::Chinese),
            ("", Language::Chinese),
            ("C", Language::English),
        ] {
            assert_eq!(Language::of_locale(locale), language, "{locale}");
        }
    }
}
