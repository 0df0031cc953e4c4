//! What the page looks like: typed functions from what is there to HTML.

use maud::{DOCTYPE, Markup, html};

use super::words::Language;
use crate::{Desk, SoftCardView, Status, Tear};

/// What a page is made from.
pub(super) struct Scene<'a> {
    pub(super) language: Language,
    pub(super) terminal: &'a str,
    pub(super) status: &'a Status,
    pub(super) desk: &'a Desk,
}

impl Scene<'_> {
    /// The whole page.
    pub(super) fn page(&self) -> Markup {
        let words = self.language.words();
        let other = self.language.other();
        html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (words.title) " · " (words.brand) }
                    link rel="icon" href="/icon.svg" type="image/svg+xml";
                    link rel="stylesheet" href="/page.css";
                    script src="/page.js" defer {}
                }
                body {
                    header class="top" {
                        span class="mark" { i {} (words.brand) }
                        h1 { (words.title) }
                        a class="language" href={ "/?lang=" (other.tag()) } lang=(other.tag()) { (words.other_language) }
                    }
                    div id="live" { (self.live()) }
                }
            }
        }
    }

    /// The part that follows what happens.
    pub(super) fn live(&self) -> Markup {
        let words = self.language.words();
        let (light, sentence) = self.language.status(self.status);
        html! {
            div class="strip" {
                span role="status" { i class=(light.class()) {} (sentence) }
                span class="terminal" { (words.terminal) " " b class="num" { (spaced(self.terminal, 6)) } }
            }
            main {
                p class="lead" { (words.lead) }
                (self.reader())
                section {
                    h2 { (words.cards) }
                    div class="cards" { @for (index, card) in self.desk.cards.iter().enumerate() { (self.place(index, card)) } }
                }
            }
        }
    }

    fn reader(&self) -> Markup {
        let words = self.language.words();
        let lying = self.desk.cards.iter().enumerate().find(|(_, card)| card.lies_there);
        html! {
            section class={ "reader" @if lying.is_some() { " taken" } } aria-label=(words.reader) {
                div class="pad" {
                    @match lying {
                        Some((index, card)) => (self.plastic(index, card)),
                        None => p class="empty" { b { (words.nothing_there) } span { (words.nothing_there_hint) } },
                    }
                }
                div class="controls" {
                    h2 { (words.reader) }
                    p class="name" { (self.desk.reader) }
                    form method="post" action=(self.action("remove")) {
                        button id="remove" class="button" disabled[lying.is_none()] { (words.remove) }
                    }
                    (self.tears())
                }
            }
        }
    }

    fn tears(&self) -> Markup {
        let words = self.language.words();
        html! {
            form method="post" action=(self.action("tear")) class="tears" {
                h3 { (words.tear) }
                div role="group" aria-label=(words.tear) {
                    (tear_choice("none", words.no_tear, self.desk.tear.is_none()))
                    @for tear in Tear::ALL {
                        (tear_choice(tear.name(), self.language.tear(tear), self.desk.tear == Some(tear)))
                    }
                }
                p class="hint" { (words.tear_hint) }
            }
        }
    }

    /// A card's place in the tray: the card with its button, or its outline while it is on the reader.
    fn place(&self, index: usize, card: &SoftCardView) -> Markup {
        let words = self.language.words();
        html! {
            article class="place" {
                @if card.lies_there {
                    div class="gone" { (words.on_the_reader) span class="num" { "…" (tail(&card.number)) } }
                } @else {
                    (self.plastic(index, card))
                }
                form method="post" action=(self.action("tap")) {
                    input type="hidden" name="card" value=(card.number);
                    button id={ "tap-" (card.number) } class="button main" disabled[card.lies_there]
                        aria-label={ (words.tap) " " (self.title(card)) " " (card.number) } { (words.tap) }
                }
            }
        }
    }

    fn plastic(&self, index: usize, card: &SoftCardView) -> Markup {
        let words = self.language.words();
        let number = spaced(&card.number, 4);
        let (head, last) = number.rsplit_once(' ').unwrap_or(("", &number));
        html! {
            div class={ "plastic tone-" (index % 7) @if !card.enabled { " off" } } {
                div class="row" {
                    b { (self.title(card)) }
                    @if !card.enabled { span class="flag" { (words.disabled) } }
                }
                i class="chip" {}
                div class="row end" {
                    span class="money" { small { (words.balance) } span class="num" { (yuan(card.balance_fen)) } }
                    span class="fact" { small { (words.loads) } span class="num" { (card.loads) } }
                    span class="fact" { small { (words.valid_until) } span class="num" { (card.expiry) } }
                }
                p class="number num" { (head) " " b { (last) } }
            }
        }
    }

    fn title<'c>(&self, card: &'c SoftCardView) -> &'c str {
        match self.language {
            Language::Chinese => &card.title.zh,
            Language::English => &card.title.en,
        }
    }

    /// Our own forms keep the language.
    fn action(&self, verb: &str) -> String {
        format!("/{verb}?lang={}", self.language.tag())
    }
}

fn tear_choice(value: &str, label: &str, chosen: bool) -> Markup {
    html! {
        button id={ "tear-" (value) } name="tear" value=(value) aria-pressed=(chosen) { (label) }
    }
}

/// Fen as people read them: `¥1,234.50`.
fn yuan(fen: u32) -> String {
    let (yuan, cents) = (fen / 100, fen % 100);
    let digits = yuan.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("¥{grouped}.{cents:02}")
}

/// A number in groups of `size` digits.
fn spaced(number: &str, size: usize) -> String {
    let digits: Vec<char> = number.chars().collect();
    digits.chunks(size).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// The last four digits.
fn tail(number: &str) -> &str {
    number.len().checked_sub(4).and_then(|start| number.get(start..)).unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_numbers_read_well() {
        for (fen, text) in
            [(0, "¥0.00"), (5, "¥0.05"), (98_000, "¥980.00"), (100_000, "¥1,000.00"), (u32::MAX, "¥42,949,672.95")]
        {
            assert_eq!(yuan(fen), text);
        }
        assert_eq!(spaced("4100000099000001", 4), "4100 0000 9900 0001");
        assert_eq!(tail("4100000099000001"), "0001");
    }
}
