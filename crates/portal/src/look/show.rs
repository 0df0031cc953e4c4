//! How values are written: money, card numbers, times in Beijing.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use topup::cards::CardNumber;
use topup::{Fen, Micros};

use crate::words::{Lang, say};

/// The portal shows the time of Beijing, whatever the machine's zone.
static BEIJING: TimeZone = TimeZone::fixed(jiff::tz::offset(8));

/// `¥1,234.00`, as text.
pub(crate) fn yuan(amount: Fen) -> String {
    format!("¥{amount}")
}

/// `1,234` when there are no fen: for rules and presets.
pub(crate) fn round(amount: Fen) -> String {
    let text = amount.to_string();
    text.strip_suffix(".00").map_or(text.clone(), str::to_owned)
}

/// `1,234`: how many.
pub(crate) fn count(n: i64) -> String {
    round(Fen::new(n.saturating_mul(100)))
}

/// `¥1,234.00` in figures of equal width.
pub(crate) fn money(amount: Fen) -> Markup {
    html! { span.num { (yuan(amount)) } }
}

/// `1,234.00` in figures of equal width, or a dash.
pub(crate) fn cell(amount: Option<Fen>) -> Markup {
    html! { @if let Some(amount) = amount { (amount.to_string()) } @else { "—" } }
}

/// A card number in groups of four, the last four in bold.
pub(crate) fn card(number: &CardNumber) -> Markup {
    let digits = number.to_string();
    let (head, tail) = digits.split_at_checked(digits.len().saturating_sub(4)).unwrap_or(("", &digits));
    html! { span.cardno { @for group in fours(head) { span { (group) } } b { (tail) } } }
}

/// The end of a card number, for a narrow column: `…9900 0417`.
pub(crate) fn card_end(number: &CardNumber) -> Markup {
    let digits = number.to_string();
    let (head, tail) = digits.split_at_checked(digits.len().saturating_sub(4)).unwrap_or(("", &digits));
    let middle = head.get(head.len().saturating_sub(4)..).unwrap_or_default();
    html! { span.cardno { span { "…" (middle) } b { (tail) } } }
}

/// The last four digits.
pub(crate) fn tail(number: &CardNumber) -> String {
    let digits = number.to_string();
    digits.get(digits.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

/// A terminal number in two groups of six.
pub(crate) fn terminal(number: &str) -> Markup {
    let (a, b) = number.split_at_checked(6).unwrap_or((number, ""));
    html! { span.num { (a) " " (b) } }
}

/// `14:32:08`.
pub(crate) fn time(at: Micros) -> String {
    formatted(at, "%H:%M:%S")
}

/// `2026-11-22`.
pub(crate) fn date(at: Micros) -> String {
    formatted(at, "%Y-%m-%d")
}

/// `2026-11-22 14:32:08`.
pub(crate) fn date_time(at: Micros) -> String {
    formatted(at, "%Y-%m-%d %H:%M:%S")
}

/// The same in figures of equal width, for a column that may be too narrow for a line of it.
pub(crate) fn moment(at: Micros) -> Markup {
    html! { span.num { (date(at)) } " " span.num { (time(at)) } }
}

/// How long to wait, in seconds below two minutes and else in minutes, rounded up.
pub(crate) fn wait(lang: Lang, wait: std::time::Duration) -> String {
    let seconds = wait.as_secs().max(1);
    if seconds < 120 {
        say!(lang, "wait-seconds", n = seconds)
    } else {
        say!(lang, "wait-minutes", n = seconds.div_ceil(60))
    }
}

/// How long ago, in the largest unit that is more than one.
pub(crate) fn age(lang: Lang, since: Micros, now: Micros) -> String {
    let minutes = (now.0.saturating_sub(since.0) / 60_000_000).max(1);
    let (hours, days) = (minutes / 60, minutes / 1_440);
    match (days, hours) {
        (0, 0) => say!(lang, "age-minutes", n = minutes),
        (0 | 1, hours) => say!(lang, "age-hours", n = hours),
        (days, _) => say!(lang, "age-days", n = days),
    }
}

fn fours(digits: &str) -> Vec<&str> {
    let (mut groups, mut rest) = (Vec::new(), digits);
    while let Some((group, after)) = rest.split_at_checked(4) {
        groups.push(group);
        rest = after;
    }
    if !rest.is_empty() {
        groups.push(rest);
    }
    groups
}

fn formatted(at: Micros, format: &str) -> String {
    Timestamp::from_microsecond(at.0)
        .map(|at| at.to_zoned(BEIJING.clone()).strftime(format).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_people_read_them() {
        assert_eq!(yuan(Fen::new(123_456_789)), "¥1,234,567.89");
        assert_eq!((round(Fen::new(100_000)), round(Fen::new(1_050))), ("1,000".to_owned(), "10.50".to_owned()));
        // 2026-11-22 06:32:08 UTC.
        assert_eq!(date_time(Micros(1_795_329_128_500_000)), "2026-11-22 14:32:08");
        assert_eq!(fours("410000009900"), ["4100", "0000", "9900"]);
        let number: CardNumber = "4100000099000001".parse().unwrap();
        assert_eq!(tail(&number), "0001");
        assert_eq!(
            card(&number).into_string(),
            r#"<span class="cardno"><span>4100</span><span>0000</span><span>9900</span><b>0001</b></span>"#
        );
        let seconds = std::time::Duration::from_secs;
        assert_eq!(wait(Lang::Zh, seconds(0)), "1 秒");
        assert_eq!(wait(Lang::En, seconds(121)), "3 minutes");
    }
}
