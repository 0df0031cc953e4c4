//! What the bank said and what we held when something did not fit, as a list of facts.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;
use topup::Fen;
use topup::deposits::{Exception, ExceptionKind, OTHER_AMOUNT, RefundState, State, Told};

use crate::deposits::deposit::state_tag;
use crate::deposits::steps;
use crate::look::{fact, show, tag};
use crate::office::deposits::words;
use crate::office::exceptions::words::unasked;
use crate::words::{Lang, say};

/// The facts, in the order in which people ask for them.
pub(crate) fn draw(lang: Lang, exception: &Exception) -> Markup {
    let evidence = &exception.evidence;
    let fen = |name: &str| evidence.get(name).and_then(Value::as_i64).map(Fen::new);
    let pairs = |name: &str| -> Vec<(String, Value)> {
        evidence.get(name).and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default()
    };
    let paid: Option<(String, Fen)> = evidence.get("paid").and_then(|paid| serde_json::from_value(paid.clone()).ok());
    let told: Option<Told> = evidence.get("told").and_then(|told| serde_json::from_value(told.clone()).ok());
    html! {
        dl.facts {
            @if let Some(told) = told {
                (fact(&say!(lang, "evidence-told"), told_words(lang, exception.kind, &told)))
            }
            @if let Some((code, said)) = refusal(evidence).filter(|(code, _)| *code != OTHER_AMOUNT) { (fact(&say!(lang, "evidence-told"), format!("{said}（{code}）"))) }
            @if let Some(was) = evidence.get("was").and_then(Value::as_str) { (fact(&say!(lang, "evidence-was"), state(lang, exception.kind, was))) }
            @if let Some(asked) = fen("asked_fen") { (fact(&say!(lang, "evidence-asked-fen"), show::money(asked))) }
            @if let Some((serial, amount)) = paid {
                (fact(&say!(lang, "evidence-paid"), html! { (show::money(amount)) " · " span.num { (serial) } }))
            }
            @for (serial, amount) in pairs("claims") {
                (fact(&say!(lang, "evidence-claims"), html! {
                    (show::money(Fen::new(amount.as_i64().unwrap_or_default()))) " · " span.num { (serial) }
                }))
            }
            @for (refund, amount) in back(evidence) {
                (fact(&say!(lang, "evidence-back"), html! { (show::money(amount)) " · " span.num { (refund) } }))
            }
            @if let Some(file) = evidence.get("file").and_then(Value::as_str) {
                (fact(&say!(lang, "evidence-file"), html! { span.num { (file) } }))
            }
            @for (name, value) in pairs("fields") {
                (fact(&name, html! { code.raw { (value.as_str().unwrap_or_default()) } }))
            }
        }
    }
}

/// What the bank gave back otherwise than it was asked to: each refund's number at the bank, and how much.
fn back(evidence: &Value) -> BTreeMap<String, Fen> {
    evidence.get("back").and_then(|back| serde_json::from_value(back.clone()).ok()).unwrap_or_default()
}

fn told_words(lang: Lang, kind: ExceptionKind, told: &Told) -> Markup {
    let refund = matches!(kind, ExceptionKind::RefundContradiction | ExceptionKind::RefundFailed);
    let said = if refund { words::refund_told(lang, told) } else { steps::said(lang, told) };
    html! {
        (said)
        // Of a refund the words name it.
        @if let Told::Done { serial, .. } = told { @if !refund { " · " span.num { (serial) } } }
    }
}

fn refusal(evidence: &Value) -> Option<(&str, &str)> {
    if unasked(evidence) {
        return None;
    }
    evidence.get("code").and_then(Value::as_str).zip(evidence.get("words").and_then(Value::as_str))
}

/// Where the deposit stood, or the refund.
fn state(lang: Lang, kind: ExceptionKind, was: &str) -> Markup {
    let refund = kind == ExceptionKind::RefundContradiction;
    match (State::parse(was).filter(|_| !refund), RefundState::parse(was)) {
        (Some(state), _) => state_tag(lang, state),
        (None, Some(state)) => {
            let (tone, word) = words::refund(lang, state);
            tag(tone, &word)
        }
        (None, None) => html! { (was) },
    }
}
