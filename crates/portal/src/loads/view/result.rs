//! What became of a load, in words: 成功, 未扣款 or 待核实, and what happens next.

use maud::{Markup, html};
use topup::loads::{Load, Reason, State};
use topup::terminals::TerminalNumber;

use crate::look::{Tone, empty, fact, icon, notice, show, tag};
use crate::words::{Lang, say};

/// Where a result is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// At the station, where the card is.
    Station,
    /// On the page of the load, by anyone of the group.
    Page {
        /// Whether it is the answer to a confirm a moment ago, to a browser without script.
        fresh: bool,
    },
}

/// The state of a load in a word.
pub(crate) fn state_word(lang: Lang, state: State) -> String {
    match state {
        State::Succeeded => say!(lang, "state-succeeded"),
        State::Failed => say!(lang, "state-failed"),
        State::Unknown => say!(lang, "state-unknown"),
        State::Authorised => say!(lang, "state-authorised"),
    }
}

/// The state of a load as a tag.
pub(crate) fn state_tag(lang: Lang, state: State) -> Markup {
    let tone = match state {
        State::Succeeded => Tone::Good,
        State::Failed => Tone::Bad,
        State::Unknown => Tone::Doubt,
        State::Authorised => Tone::Plain,
    };
    tag(tone, &state_word(lang, state))
}

/// What holds of a load that a proof has corrected since it ended, as a tag beside its state.
pub(crate) fn corrected(lang: Lang, load: &Load) -> Markup {
    tag(Tone::Plain, &say!(lang, "corrected", state = state_word(lang, load.holds())))
}

/// What was proven after the load had ended, and where the money is.
fn since(lang: Lang, load: &Load) -> Markup {
    let Some(since) = load.proven_since else { return html! {} };
    let amount = show::yuan(load.amount);
    let text = match (since.written, since.owed) {
        (true, true) => say!(lang, "corrected-owed", amount = amount),
        (true, false) => say!(lang, "correction-written", amount = amount),
        (false, _) => say!(lang, "correction-not-written", amount = amount),
    };
    notice(
        Tone::Doubt,
        &say!(lang, "corrected", state = state_word(lang, load.holds())),
        html! {
            (text) br; span.num { (show::date_time(since.at)) }
        },
    )
}

/// The result of a load. `data-state` is for the script: which sound, and whether to wait for a key.
pub(crate) fn outcome(lang: Lang, load: &Load, at: At) -> Markup {
    let (tone, title) = match load.state {
        State::Succeeded => (Tone::Good, say!(lang, "succeeded-title")),
        State::Failed => (Tone::Bad, say!(lang, "failed-title")),
        State::Unknown => (Tone::Doubt, say!(lang, "unknown-title")),
        State::Authorised => (Tone::Plain, say!(lang, "authorised-title")),
    };
    html! {
        div.outcome.(tone.class()) data-state=(load.state.as_str()) data-intent=(load.intent) data-order=(load.order) {
            div.head {
                h2.verdict { (tone.icon().draw()) (title) span.num { (show::yuan(load.amount)) } }
                // After a correction neither the card nor the quota is as it was told then.
                @if load.proven_since.is_none() { @match load.state {
                    // Long after the card was there: who decided it is said below.
                    State::Succeeded if load.reason == Some(Reason::DecidedWritten) => {}
                    State::Succeeded => @if at != (At::Page { fresh: false }) { p.what { (say!(lang, "succeeded-next")) } },
                    State::Failed => p.what { (say!(lang, "failed-text")) },
                    State::Unknown => p.what { (say!(lang, "unknown-held", amount = show::yuan(load.amount))) },
                    State::Authorised => p.what { (say!(lang, "authorised-text")) },
                } }
            }
            (since(lang, load))
            @match load.state {
                State::Failed => {
                    @if let Some(why) = load.reason { (notice(Tone::Bad, &say!(lang, "load-reason"), reason(lang, why))) }
                }
                State::Unknown => {
                    (doubt_facts(lang, load))
                    @if at == At::Station && !load.asked_in_vain { template data-put-back { (put_back(lang, load)) } }
                }
                // Why it succeeded is said when people decided that it did.
                State::Succeeded => {
                    @if let Some(why @ Reason::DecidedWritten) = load.reason {
                        (notice(Tone::Plain, &say!(lang, "load-reason"), reason(lang, why)))
                    }
                }
                State::Authorised => {}
            }
            dl.facts {
                (fact(&say!(lang, "load-order"), html! {
                    @if at == At::Station { a.num.order href={ "/loads/" (load.order) } { (load.order) } }
                    @else { span.num.order { (load.order) } }
                }))
                (fact(&say!(lang, "load-card"), show::card(&load.card)))
                @if let Some(before) = load.balance_before {
                    (fact(&say!(lang, "load-balance-before"), show::money(before)))
                }
                (fact(&say!(lang, "load-amount"), show::money(load.amount)))
                @if let Some(after) = load.balance_after {
                    div.now { dt { (say!(lang, "load-balance-after")) } dd { (show::money(after)) } }
                }
                // The quota after it is the one with the hold taken off, which a load that failed gave back.
                @if load.state != State::Failed {
                    @if let Some(before) = load.quota_before { (fact(&say!(lang, "load-quota-before"), show::money(before))) }
                    @if let Some(after) = load.quota_after { (fact(&say!(lang, "load-quota-after"), show::money(after))) }
                }
            }
        }
    }
}

/// 待核实: put the card back; if it cannot come back or cannot tell, who decides, by when.
pub(crate) fn doubt_facts(lang: Lang, load: &Load) -> Markup {
    html! {
        @if load.asked_in_vain {
            (notice(Tone::Doubt, &say!(lang, "unknown-in-vain"), say!(lang, "unknown-in-vain-text")))
        } @else {
            (notice(Tone::Doubt, &say!(lang, "unknown-card"), html! {
                @if let Some(why) = load.reason { (reason(lang, why)) br; }
                (show::card(&load.card)) br;
                (say!(lang, "unknown-here"))
            }))
        }
        dl.facts {
            @if load.asked_in_vain { (fact(&say!(lang, "unknown-who-now"), say!(lang, "unknown-who-text"))) }
            @else { (fact(&say!(lang, "unknown-who"), say!(lang, "unknown-who-text"))) }
            (fact(&say!(lang, "unknown-when"), say!(lang, "unknown-when-text")))
        }
    }
}

/// What the empty panel of the card asks for beside a doubt; the script puts it there.
fn put_back(lang: Lang, load: &Load) -> Markup {
    let heading = say!(lang, "put-back", tail = show::tail(&load.card));
    html! { div.put-back { (empty(icon::reader(), &heading, &say!(lang, "put-back-text"), html! {})) } }
}

/// Where the outcome of an intent is asked for.
pub(crate) fn outcome_path(terminal: TerminalNumber, intent: &str) -> String {
    format!("/station/outcome/{terminal}/{intent}")
}

/// A load is under way; `look` is where a page without script finds what came of it.
pub(crate) fn under_way(lang: Lang, look: Option<&str>) -> Markup {
    html! {
        (empty(icon::CLOCK.draw(), &say!(lang, "charging-title"), &say!(lang, "charging-text"), html! {
            p data-slow hidden { (say!(lang, "charging-slow")) }
            @if let Some(look) = look {
                noscript { a.button href=(look) { (say!(lang, "charging-look")) } }
            }
        }))
    }
}

/// The confirm never reached the server.
pub(crate) fn unsent(lang: Lang) -> Markup {
    notice(Tone::Doubt, &say!(lang, "unsent"), say!(lang, "unsent-text"))
}

/// Why a load failed or is in doubt, in a sentence that ends with what to do.
pub(crate) fn reason(lang: Lang, reason: Reason) -> String {
    match reason {
        Reason::QuotaShort => say!(lang, "reason-quota-short"),
        Reason::AmountRule => say!(lang, "reason-amount-rule"),
        Reason::OverCeiling => say!(lang, "reason-over-ceiling"),
        Reason::CardProblem => say!(lang, "reason-card-problem"),
        Reason::CardChanged => say!(lang, "reason-card-changed"),
        Reason::CardRemoved => say!(lang, "reason-card-removed"),
        Reason::CardRefused => say!(lang, "reason-card-refused"),
        Reason::NotGenuine => say!(lang, "reason-not-genuine"),
        Reason::NoKey => say!(lang, "reason-no-key"),
        Reason::TerminalGone => say!(lang, "reason-terminal-gone"),
        Reason::TimedOut => say!(lang, "reason-timed-out"),
        Reason::Interrupted => say!(lang, "reason-interrupted"),
        Reason::Storage => say!(lang, "reason-storage"),
        Reason::NotWritten => say!(lang, "reason-not-written"),
        Reason::DecidedWritten => say!(lang, "reason-decided-written"),
        Reason::DecidedNotWritten => say!(lang, "reason-decided-not-written"),
        Reason::RemovedWhileWriting => say!(lang, "reason-removed-while-writing"),
        Reason::RefusedWhileWriting => say!(lang, "reason-refused-while-writing"),
        Reason::SilentWhileWriting => say!(lang, "reason-silent-while-writing"),
        Reason::LinkLostWhileWriting => say!(lang, "reason-link-lost-while-writing"),
        Reason::InterruptedWhileWriting => say!(lang, "reason-interrupted-while-writing"),
        Reason::TacUnverified => say!(lang, "reason-tac-unverified"),
        Reason::TacWrong => say!(lang, "reason-tac-wrong"),
    }
}
