//! All the evidence about one load: first what people can weigh, then the bytes.

use maud::{Markup, html};
use topup::reviews::{Attempt, Cryptograms, Dossier, Exchange, Script};

use super::{card, words};
use crate::look::{Tone, fact, notice, show, tag};
use crate::words::{Lang, say};

/// The sections below the decision.
pub(crate) fn draw(lang: Lang, dossier: &Dossier) -> Markup {
    html! {
        div.halves {
            section.sheet.pad.stack { h2 { (say!(lang, "evidence-load")) } (facts(lang, dossier)) }
            section.sheet.pad.stack { h2 { (say!(lang, "evidence-timeline")) } (timeline(lang, dossier)) }
        }
        section.sheet.pad.stack.evidence {
            h2 { (say!(lang, "evidence-card")) }
            (hint(lang, dossier))
            @for script in &dossier.scripts { (answers(lang, &say!(lang, "evidence-credit"), script)) }
            @if dossier.attempts.is_empty() { p.soft { (say!(lang, "evidence-not-asked")) } }
            @for attempt in &dossier.attempts { (asked(lang, attempt)) }
        }
        (card::later(lang, dossier))
        @if let Some(bytes) = &dossier.cryptograms {
            section.sheet.pad.stack.evidence {
                h2 { (say!(lang, "evidence-bytes")) }
                p.soft { (say!(lang, "evidence-bytes-text")) }
                (raw(lang, bytes))
            }
        }
    }
}

fn facts(lang: Lang, dossier: &Dossier) -> Markup {
    let load = &dossier.load;
    let class = dossier.class.as_ref().map(|class| match lang {
        Lang::Zh => class.zh.as_str(),
        Lang::En => class.en.as_str(),
    });
    let operator = dossier.operator.as_deref().unwrap_or_default();
    html! {
        dl.facts {
            (fact(&say!(lang, "load-order"), html! { span.num.order { (load.order) } }))
            (fact(&say!(lang, "load-group"), dossier.group.as_str()))
            (fact(&say!(lang, "load-operator"), format!("{} {operator}", load.operator)))
            (fact(&say!(lang, "load-terminal"), html! {
                @if let Some(name) = &dossier.terminal { (name) " " } (show::terminal(&load.terminal))
            }))
            (fact(&say!(lang, "evidence-reader"), dossier.reader.as_str()))
            (fact(&say!(lang, "load-card"), show::card(&load.card)))
            @if let Some(class) = class { (fact(&say!(lang, "evidence-class"), class)) }
            (fact(&say!(lang, "load-amount"), show::money(load.amount)))
            @if let Some(before) = load.balance_before {
                (fact(&say!(lang, "load-balance-before"), show::money(before)))
                @if let Some(after) = before.checked_add(load.amount) {
                    (fact(&say!(lang, "evidence-would-be"), show::money(after)))
                }
            }
        }
    }
}

fn timeline(lang: Lang, dossier: &Dossier) -> Markup {
    html! {
        ol.timeline { @for event in &dossier.timeline {
            li { span.sub.num { (show::date_time(event.at)) } span { (words::happened(lang, &event.what)) } }
        } }
    }
}

/// What the balance seen first after the load suggests: never more than a hint, and named so.
fn hint(lang: Lang, dossier: &Dossier) -> Markup {
    html! {
        @if let Some((hint, seen, at)) = dossier.hint {
            (notice(Tone::Plain, &say!(lang, "hint-title"), html! {
                (say!(lang, "hint-seen", balance = show::yuan(seen), time = show::date_time(at))) " "
                (words::hint(lang, hint)) " " (say!(lang, "hint-unproven"))
            }))
        }
    }
}

fn asked(lang: Lang, attempt: &Attempt) -> Markup {
    let (tone, finding) = words::finding(lang, attempt.finding);
    html! {
        article.attempt {
            p {
                b.num { (show::date_time(attempt.asked_at)) } " " (show::terminal(&attempt.terminal)) " "
                (tag(tone, &finding))
            }
            p.sub { (say!(lang, "attempt-balance", balance = show::yuan(attempt.balance)))
                @if let Some(counter) = attempt.counter { " · " (say!(lang, "attempt-counter", counter = counter)) } }
            @if let Some(script) = &attempt.prove { (answers(lang, &say!(lang, "evidence-proof"), script)) }
            @if let Some(script) = &attempt.probe { (answers(lang, &say!(lang, "evidence-probe"), script)) }
        }
    }
}

fn answers(lang: Lang, what: &str, script: &Script) -> Markup {
    html! {
        div.exchanges {
            p { (what) " · " span.soft { (words::end(lang, script.end)) } }
            @if !script.exchanges.is_empty() {
                ul { @for exchange in &script.exchanges { (one(lang, exchange)) } }
            }
        }
    }
}

fn one(lang: Lang, exchange: &Exchange) -> Markup {
    html! {
        li {
            (words::asked(lang, exchange.asked)) " → "
            (words::said(lang, &exchange.said, &exchange.status))
            @if let Some(raw) = &exchange.raw { " " code.raw { (raw) } }
        }
    }
}

fn raw(lang: Lang, bytes: &Cryptograms) -> Markup {
    let code = |text: &str| html! { code.raw { (text) } };
    html! {
        dl.facts {
            (fact(&say!(lang, "bytes-counter"), code(&format!("{:04X}", bytes.counter))))
            (fact(&say!(lang, "bytes-balance"), code(&format!("{:08X}", bytes.balance_field))))
            (fact(&say!(lang, "bytes-random"), code(&bytes.random)))
            (fact(&say!(lang, "bytes-key"), code(&format!("{:02X} / {:02X}", bytes.key_version, bytes.algorithm))))
            (fact("MAC1", code(&bytes.mac1)))
            (fact("MAC2", code(&bytes.mac2)))
            (fact(&say!(lang, "bytes-host-time"), code(&bytes.host_time)))
            (fact("TAC", code(bytes.tac.as_deref().unwrap_or("—"))))
            @if let Some(file15) = &bytes.file15 { (fact(&say!(lang, "bytes-file15"), code(file15))) }
            @if let Some(initialize) = &bytes.initialize { (fact(&say!(lang, "bytes-initialize"), code(initialize))) }
        }
    }
}
