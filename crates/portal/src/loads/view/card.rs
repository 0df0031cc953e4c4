//! The panel of the card on the reader.

use maud::{Markup, html};
use topup::Fen;
use topup::cards::{Allowance, Card, Problem};
use topup::loads::{OrderNumber, Proven};
use topup::terminals::Phase;

use super::Station;
use super::strip::Ailment;
use crate::look::{Tone, empty, icon, notice, show};
use crate::words::{Lang, say};

/// The fragment `#card`; `amount` is what the clerk chose so far, when the page is drawn without its script.
pub(crate) fn card(lang: Lang, station: &Station, amount: Option<Fen>) -> Markup {
    let doubt = |card: &Card| matches!(card.allowed, Err(Problem::InDoubt { .. }));
    let class = match station.card() {
        _ if station.charging().is_some() => "charging",
        Some(card) if doubt(card) => "doubtful",
        Some(card) if card.allowed.as_ref().map_or(true, full) => "refused",
        Some(_) => "ready",
        None if station.waiting() => "vacant",
        None => "nothing",
    };
    html! {
        section.sheet.pad.card.(class) id="card" data-proven=[station.proven().map(|proven| proven.order)]
            data-vain=[station.card().and_then(asked_in_vain)] aria-label=(say!(lang, "card-panel")) aria-live="polite" {
            @if let Some(card) = station.card() { (there(lang, station, card, amount)) } @else { (nothing(lang, station)) }
            div.hold-still role="alert" {
                (icon::HAND.draw())
                strong { (say!(lang, "still")) }
                p.num data-fills="still" {
                    @if let Some(amount) = station.charging() { (say!(lang, "still-text", amount = show::yuan(amount))) }
                }
                div.progress { }
            }
        }
    }
}

/// The load in doubt that this card was asked about and could not prove.
fn asked_in_vain(card: &Card) -> Option<OrderNumber> {
    match &card.allowed {
        Err(Problem::InDoubt { load: Some(load) }) if load.asked_in_vain => Some(load.order),
        Ok(_) | Err(_) => None,
    }
}

fn there(lang: Lang, station: &Station, card: &Card, amount: Option<Fen>) -> Markup {
    let class = match (&card.class, lang) {
        (Some(class), Lang::Zh) => class.zh.clone(),
        (Some(class), Lang::En) => class.en.clone(),
        (None, _) => say!(lang, "card-class-unknown"),
    };
    let open = card.allowed.as_ref().ok().filter(|allowance| !full(allowance));
    let after = amount.filter(|_| open.is_some()).map(|amount| card.balance.as_i64().saturating_add(amount.as_i64()));
    html! {
        div.plastic {
            div.row { (icon::chip()) span { (class) } }
            (show::card(&card.number))
        }
        div.flow.still-only[open.is_none()] {
            div { small { (say!(lang, "card-balance")) } span.was.num { (show::yuan(card.balance)) } }
            @if open.is_some() {
                span.arrow { (icon::ARROW.draw()) }
                div { small { (say!(lang, "card-after")) }
                    span.then.num.none[after.is_none()] data-fills="after" {
                        @if let Some(after) = after { (show::yuan(Fen::new(after))) } @else { "¥—" }
                    }
                }
            }
        }
        @if let Ok(allowance) = &card.allowed { (gauge(lang, card.balance, allowance, amount)) }
        dl.about {
            @if !card.expires.is_empty() {
                div { dt { (say!(lang, "card-expires")) } dd.num { (card.expires) } }
            }
            @if let Some(cap) = station.cap() {
                div { dt { (say!(lang, "card-most")) } dd { (show::money(cap.most.max(Fen::ZERO))) } }
                div { dt { (say!(lang, "card-ceiling")) } dd { (show::money(cap.allowance.ceiling)) } }
            }
        }
        @if let Some(proven) = station.proven() { (settled(lang, proven)) }
        @if let Some(load) = station.missing() {
            (notice(Tone::Doubt, &say!(lang, "missing-card"), html! {
                (show::card(&load.card)) br; (say!(lang, "missing-card-text", amount = show::yuan(load.amount)))
            }))
        }
        @match &card.allowed {
            Err(problem) => (refusal(lang, problem)),
            Ok(allowance) if full(allowance) => {
                (notice(Tone::Bad, &say!(lang, "card-refused"),
                    say!(lang, "problem-full", ceiling = show::yuan(allowance.ceiling))))
            }
            Ok(_) => {}
        }
    }
}

/// What the card itself has just proven of an earlier load.
fn settled(lang: Lang, proven: &Proven) -> Markup {
    let amount = show::yuan(proven.amount);
    let (heading, text) = if proven.corrects && proven.written {
        (say!(lang, "proven-corrected"), say!(lang, "proven-corrected-written", amount = amount))
    } else if proven.corrects {
        (say!(lang, "proven-corrected"), say!(lang, "proven-corrected-not-written", amount = amount))
    } else if proven.written {
        (say!(lang, "proven-written"), say!(lang, "proven-written-text", amount = amount))
    } else {
        (say!(lang, "proven-not-written"), say!(lang, "proven-not-written-text", amount = amount))
    };
    let order = say!(lang, "problem-in-doubt-order", order = proven.order.to_string());
    notice(Tone::Good, &heading, html! { (text) br; span.num { (order) } })
}

/// Whether the card has no room for even the least amount.
fn full(allowance: &Allowance) -> bool {
    allowance.most < allowance.least
}

/// How full the card is, and how full it would be.
fn gauge(lang: Lang, balance: Fen, allowance: &Allowance, amount: Option<Fen>) -> Markup {
    let label = say!(lang, "card-gauge", balance = show::yuan(balance), ceiling = show::yuan(allowance.ceiling));
    // In fen on the axis: the picture needs no arithmetic, and the script writes the same numbers.
    let (has, adds) = (balance.as_i64().max(0), amount.map_or(0, Fen::as_i64));
    html! {
        svg.gauge viewBox={ "0 0 " (allowance.ceiling.as_i64().max(1)) " 1" } preserveAspectRatio="none" role="img"
            aria-label=(label) {
            rect.adds data-fills="adds" x=(has) width=(adds) height="1" {}
            rect.has width=(has) height="1" {}
        }
    }
}

/// Why a card cannot be charged, in words.
fn refusal(lang: Lang, problem: &Problem) -> Markup {
    let (tone, heading) = match problem {
        Problem::InDoubt { .. } => (Tone::Doubt, say!(lang, "unknown-title")),
        Problem::Foreign
        | Problem::NotEnabled
        | Problem::Expired { .. }
        | Problem::NotYetValid { .. }
        | Problem::Blocked
        | Problem::UnknownClass { .. } => (Tone::Bad, say!(lang, "card-refused")),
    };
    let text = problem_text(lang, problem);
    let order = match problem {
        Problem::InDoubt { load } => load.as_ref().map(|load| load.order.to_string()),
        Problem::Foreign
        | Problem::NotEnabled
        | Problem::Expired { .. }
        | Problem::NotYetValid { .. }
        | Problem::Blocked
        | Problem::UnknownClass { .. } => None,
    };
    notice(
        tone,
        &heading,
        html! {
            (text)
            @if let Some(order) = order { " " span.num { (say!(lang, "problem-in-doubt-order", order = order.as_str())) } }
        },
    )
}

/// Why a card cannot be charged, in a sentence that ends with what to do.
pub(crate) fn problem_text(lang: Lang, problem: &Problem) -> String {
    match problem {
        Problem::Foreign => say!(lang, "problem-foreign"),
        Problem::NotEnabled => say!(lang, "problem-not-enabled"),
        Problem::Expired { on } => say!(lang, "problem-expired", day = on.as_str()),
        Problem::NotYetValid { from } => say!(lang, "problem-not-yet-valid", day = from.as_str()),
        Problem::Blocked => say!(lang, "problem-blocked"),
        Problem::UnknownClass { code } => say!(lang, "problem-unknown-class", code = code.as_str()),
        Problem::InDoubt { load: Some(load) } if load.asked_in_vain => {
            say!(lang, "problem-in-vain", amount = show::yuan(load.amount))
        }
        Problem::InDoubt { load: Some(load) } => say!(lang, "problem-in-doubt", amount = show::yuan(load.amount)),
        Problem::InDoubt { load: None } => say!(lang, "problem-in-doubt-elsewhere"),
    }
}

/// No card that can be shown; what to do next.
fn nothing(lang: Lang, station: &Station) -> Markup {
    let live = &station.live;
    let ailing = Ailment::of(live);
    let (heading, text) = match (ailing, &live.phase) {
        (Some(ailment @ Ailment::Offline), _) => (ailment.is(lang), say!(lang, "card-offline-text")),
        (Some(ailment @ Ailment::NoReader), _) => (ailment.is(lang), say!(lang, "card-no-reader-text")),
        (Some(ailment), _) => (ailment.is(lang), ailment.next(lang)),
        (None, Phase::Reading) => (say!(lang, "card-reading"), say!(lang, "card-reading-text")),
        (None, Phase::Unreadable) => (say!(lang, "card-unreadable"), say!(lang, "card-unreadable-text")),
        (None, Phase::NoCard | Phase::Card { .. } | Phase::Charging { .. }) => {
            (say!(lang, "card-none"), say!(lang, "card-none-text"))
        }
    };
    let next = html! {
        @if ailing.is_some() { a.button href="/terminal/check" { (say!(lang, "strip-fix")) } }
    };
    empty(icon::reader(), &heading, &text, next)
}
