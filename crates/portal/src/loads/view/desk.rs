//! The desk: where the clerk enters the amount, is asked once more, waits, and sees the result.

use maud::{Markup, html};
use topup::Fen;
use topup::cards::AmountProblem;

use super::{At, Station, outcome, outcome_path, under_way, unsent};
use crate::look::{Tone, hidden, icon, kbd, notice, show};
use crate::words::{Lang, say};

/// Amounts offered while no card says its own: the manual's.
const PRESETS_YUAN: [i64; 5] = [10, 20, 30, 50, 100];

/// What is on the desk when the page is drawn.
#[derive(Clone, Debug)]
pub(crate) enum Desk {
    /// The amount, as far as it is chosen, and why the last confirm was not taken on.
    Entry { amount: Option<Fen>, problem: Option<String> },
    /// The question before the money moves.
    Ask { amount: Fen },
    /// A load is under way.
    Charging,
    /// What came of it.
    Result(Box<topup::loads::Load>),
}

impl Desk {
    pub(crate) const fn mode(&self) -> &'static str {
        match self {
            Self::Entry { .. } => "entry",
            Self::Ask { .. } => "ask",
            Self::Charging => "charging",
            Self::Result(_) => "result",
        }
    }

    /// The amount chosen so far.
    pub(crate) fn amount(&self) -> Option<Fen> {
        match self {
            Self::Entry { amount, .. } => *amount,
            Self::Ask { amount } => Some(*amount),
            Self::Charging | Self::Result(_) => None,
        }
    }

    pub(super) fn draw(&self, lang: Lang, station: &Station) -> Markup {
        let look = station.intent().map(|intent| outcome_path(station.place.number, intent));
        html! {
            section.sheet.pad.desk id="desk" {
                (self.entry(lang, station))
                (self.ask(lang, station))
                div.charging id="charging" { (under_way(lang, look.as_deref())) }
                div.result id="result" aria-live="assertive" tabindex="-1" {
                    @if let Self::Result(load) = self { (outcome(lang, load, At::Station)) (next(lang)) }
                }
                template id="unsent" { (unsent(lang)) }
                template id="next" { (next(lang)) }
            }
        }
    }

    fn entry(&self, lang: Lang, station: &Station) -> Markup {
        let amount = self.amount();
        let closed = !station.open();
        let problem = match self {
            Self::Entry { problem, .. } => problem.as_deref(),
            Self::Ask { .. } | Self::Charging | Self::Result(_) => None,
        };
        html! {
            form.entry id="charge" method="post" action="/station/charge" autocomplete="off" {
                h2 { label for="amount" { (say!(lang, "amount-title")) } }
                div id="problem" role="alert" {
                    @if let Some(problem) = problem { (notice(Tone::Bad, &say!(lang, "state-failed"), problem)) }
                }
                label.amount for="amount" {
                    span { "¥" }
                    input id="amount" name="amount" inputmode="numeric" maxlength="8" autocomplete="off" placeholder="0"
                        aria-label=(say!(lang, "amount-label")) aria-describedby="limits"
                        value=[amount.map(show::round)];
                }
                (presets(lang, station, amount))
                button.button.main.big.go id="go" aria-disabled=[closed.then_some("true")] {
                    span data-go="go" hidden[closed] {
                        (say!(lang, "go")) " "
                        span.num data-fills="go" { @if let Some(amount) = amount { (show::yuan(amount)) } }
                    }
                    span data-go="wait" hidden[!closed || station.card().is_some()] { (say!(lang, "go-wait")) }
                    span data-go="no" hidden[!closed || station.card().is_none()] { (say!(lang, "go-no")) }
                    (kbd("Enter"))
                }
                (limits(lang, station))
                (tools(lang, station))
                noscript { p.soft { (say!(lang, "refresh-hint")) " " a href="/station" { (say!(lang, "refresh")) }
                    " " a href="/station/run" { (say!(lang, "run-title")) } } }
            }
            form id="presets" method="get" action="/station" {}
        }
    }

    fn ask(&self, lang: Lang, station: &Station) -> Markup {
        let amount = self.amount();
        let card = station.card();
        let after = card.zip(amount).map(|(card, amount)| card.balance.as_i64().saturating_add(amount.as_i64()));
        html! {
            form.ask id="ask" method="post" action="/station/charge" role="group" aria-labelledby="ask-title" {
                (confirmed(station))
                (hidden("amount", amount.map(show::round).unwrap_or_default()))
                h2 id="ask-title" { (say!(lang, "ask-title")) }
                p { (say!(lang, "ask-to")) " " span data-fills="card" { @if let Some(card) = card { (show::card(&card.number)) } } }
                p.sum.num data-fills="ask" { @if let Some(amount) = amount { (show::yuan(amount)) } }
                p.soft { (say!(lang, "ask-after")) " "
                    b.num data-fills="after" { @if let Some(after) = after { (show::yuan(Fen::new(after))) } } }
                div.pair {
                    a.button href="/station" data-cancel { (say!(lang, "ask-no")) (kbd("Esc")) }
                    button.button.main id="yes" name="sure" value="yes" { (say!(lang, "ask-yes")) (kbd("Enter")) }
                }
                p.soft { (say!(lang, "ask-hint")) }
            }
        }
    }
}

/// The card as the clerk sees it, and the key of the load that a confirm starts.
fn confirmed(station: &Station) -> Markup {
    html! {
        (hidden("terminal", station.place.number.to_string()))
        (hidden("intent", station.intent().unwrap_or_default()))
        (hidden("card", station.card().map(|card| card.number.to_string()).unwrap_or_default()))
        (hidden("balance", station.card().map(|card| card.balance.as_i64()).unwrap_or_default()))
    }
}

/// The fragment `#limits`: what may be charged, why the amount would not do, and what a confirm carries.
pub(crate) fn limits(lang: Lang, station: &Station) -> Markup {
    let cap = station.cap();
    html! {
        div.limits id="limits" data-phase=(station.phase())
            data-balance=[station.card().map(|card| card.balance.as_i64())]
            data-least=[cap.map(|cap| cap.allowance.least.as_i64())]
            data-step=[cap.map(|cap| cap.allowance.step.as_i64())]
            data-most=[cap.map(|cap| cap.allowance.most.as_i64())]
            data-quota=(station.quota.available.as_i64())
            data-charging=[station.charging().map(Fen::as_i64)]
            data-last=[station.sitting.loads.first().map(|load| load.amount.as_i64())] {
            (confirmed(station))
            @if let Some(cap) = cap {
                @for (why, id) in [
                    (AmountProblem::Step, "step"), (AmountProblem::TooSmall, "small"), (AmountProblem::TooLarge, "ceiling"),
                ] { p.why data-why=(id) hidden { (icon::WARN.draw()) (amount_problem(lang, why, cap.allowance)) } }
                p.why data-why="quota" hidden { (icon::WARN.draw())
                    (say!(lang, "why-quota", quota = show::yuan(station.quota.available))) }
                @if cap.by_quota && cap.most < cap.allowance.least {
                    p.why { (icon::WARN.draw()) (say!(lang, "why-quota", quota = show::yuan(station.quota.available))) }
                }
                p.line {
                    span { (say!(lang, "amount-rule", step = show::round(cap.allowance.step),
                        least = show::round(cap.allowance.least), ceiling = show::round(cap.allowance.ceiling))) }
                }
            }
        }
    }
}

/// Why an amount does not fit a card, with its numbers.
pub(crate) fn amount_problem(lang: Lang, why: AmountProblem, allowed: &topup::cards::Allowance) -> String {
    match why {
        AmountProblem::Step => say!(lang, "why-step", step = show::round(allowed.step)),
        AmountProblem::TooSmall => say!(lang, "why-small", least = show::round(allowed.least)),
        AmountProblem::TooLarge => {
            say!(lang, "why-ceiling", ceiling = show::yuan(allowed.ceiling), most = show::yuan(allowed.most))
        }
    }
}

/// The fragment `#offers`: amounts to choose from, those that would not do switched off with the reason.
pub(crate) fn presets(lang: Lang, station: &Station, chosen: Option<Fen>) -> Markup {
    let standard: Vec<Fen> = PRESETS_YUAN.iter().map(|yuan| Fen::new(yuan.saturating_mul(100))).collect();
    let cap = station.cap();
    let offered = cap.map_or(&standard, |cap| &cap.allowance.presets);
    let why = |amount: Fen| match cap {
        Some(cap) if amount > cap.allowance.most => Some(say!(lang, "why-ceiling-short")),
        Some(cap) if amount > cap.most => Some(say!(lang, "why-quota-short")),
        Some(_) | None => None,
    };
    html! {
        div.presets id="offers" role="group" aria-label=(say!(lang, "presets")) {
            @for (amount, key) in offered.iter().zip(1_u8..) {
                @let why = why(*amount);
                button form="presets" name="amount" value=(show::round(*amount)) data-fen=(amount.as_i64())
                    aria-pressed=(if chosen == Some(*amount) { "true" } else { "false" })
                    aria-disabled=[why.is_some().then_some("true")] {
                    (show::round(*amount))
                    @if let Some(why) = why { small { (why) } }
                    (kbd(&key.to_string()))
                }
            }
        }
    }
}

fn tools(lang: Lang, station: &Station) -> Markup {
    let last = station.sitting.loads.first();
    html! {
        div.tools data-scripted hidden {
            label { input type="checkbox" id="sound" checked; (say!(lang, "sound")) }
            a.plain.end href="/station/run" data-run { (say!(lang, "run-title")) " " (kbd("R")) }
            button.plain type="button" data-repeat hidden[last.is_none()] { (say!(lang, "repeat")) " " (kbd("F2")) }
            button.plain type="button" data-keys { (say!(lang, "keys")) " " (kbd("?")) }
        }
    }
}

fn next(lang: Lang) -> Markup {
    html! { a.button.main.big.no-print href="/station" data-next { (say!(lang, "next")) (kbd("Enter")) } }
}
