//! The decision about a deposit: where it stands, what was said so far, and what whoever looks can do now.

use maud::{Markup, html};
use topup::deposits::{Exception, ExceptionKind, Happened, Proposed, Ruling, State, Story, Voucher};
use topup::people::staff::StaffPermission;
use topup::two_people::{MOST_REASON, MOST_REFERENCE};
use topup::{Fen, Micros};

use super::line::{self, Line};
use super::{compare, path, words};
use crate::look::{Frame, Tone, hidden, notice, show, tag};
use crate::office::two_people::{self, Typed, because, choices, either, kept, no_form, number, referred, tick};
use crate::words::{Lang, say};

/// What the page of one deposit shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    pub(crate) story: &'a Story,
    /// The merchant that we are at the gateway, if we know.
    pub(crate) merchant: &'a str,
    /// Above this two people decide.
    pub(crate) limit: Fen,
    /// What is next for whoever looks.
    pub(crate) line: &'a Line,
    pub(crate) now: Micros,
}

/// How much it is about: what was paid, or was to be.
pub(crate) fn amount(story: &Story) -> Fen {
    story.deposit.paid.as_ref().map_or(story.deposit.amount, |paid| paid.amount)
}

/// The exceptions of a deposit that are open.
pub(crate) fn open(story: &Story) -> impl Iterator<Item = &Exception> {
    story.exceptions.iter().filter(|exception| exception.closed.is_none())
}

/// Which they are, for the form: with another beside them nothing is decided.
fn ids(story: &Story) -> String {
    open(story).map(|exception| exception.id.0.to_string()).collect::<Vec<_>>().join(",")
}

/// The section.
pub(crate) fn draw(frame: &Frame, look: &Look<'_>, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let (form, offered) = forms(frame, look, typed, problems);
    html! {
        section.sheet.pad.stack.decision id="decision" {
            h2 { (say!(lang, "office-deposit-decision")) }
            (standing(lang, look))
            (history(lang, &look.story.rulings))
            @if !offered { (kept(lang, typed)) }
            (form)
            (line::on(lang, look.line))
        }
    }
}

/// Where the deposit and its money stand, in a sentence or two.
pub(crate) fn standing(lang: Lang, look: &Look<'_>) -> Markup {
    let story = look.story;
    let money = || show::yuan(amount(story));
    match story.deposit.state {
        State::Created | State::Redirected => notice(Tone::Plain, "", say!(lang, "office-deposit-not-paid")),
        State::Paid => {
            let since = story.deposit.paid.as_ref().map_or(story.deposit.created_at, |paid| paid.at);
            let text = if story.proposed.is_some() {
                say!(lang, "office-deposit-waits-proposed")
            } else {
                say!(lang, "office-deposit-waits-text")
            };
            let age = show::age(lang, since, look.now);
            notice(Tone::Doubt, &say!(lang, "office-deposit-waits", amount = money(), age = age), text)
        }
        State::Approved => {
            let heading = say!(lang, "office-deposit-approved-title", amount = money());
            notice(Tone::Good, &heading, decided_by(lang, story).unwrap_or_default())
        }
        State::Rejected if open(story).any(|exception| exception.kind == ExceptionKind::RefundFailed) => {
            let heading = say!(lang, "office-deposit-refund-failed-title", amount = money());
            notice(Tone::Bad, &heading, say!(lang, "office-deposit-refund-failed-text"))
        }
        State::Rejected | State::Refunding if story.voucher == Voucher::Nobody => {
            let heading = say!(lang, "office-deposit-stranded-title", amount = money());
            notice(Tone::Doubt, &heading, say!(lang, "office-deposit-stranded-text"))
        }
        State::Rejected => {
            let heading = say!(lang, "office-deposit-rejected-title", amount = money());
            notice(Tone::Doubt, &heading, say!(lang, "office-deposit-rejected-text"))
        }
        State::Refunding => {
            let heading = say!(lang, "office-deposit-refunding-title", amount = money());
            notice(Tone::Doubt, &heading, say!(lang, "office-deposit-refunding-text"))
        }
        State::Refunded => {
            let heading = say!(lang, "office-deposit-refunded-title", amount = money());
            let text = if story.was_taken_back() {
                say!(lang, "office-deposit-taken-back-text")
            } else {
                say!(lang, "office-deposit-refunded-text")
            };
            notice(Tone::Plain, &heading, text)
        }
        State::Failed | State::Expired => {
            let heading = say!(lang, "office-deposit-ended-title");
            notice(Tone::Plain, &heading, say!(lang, "office-deposit-ended-text"))
        }
    }
}

/// Who took the decision and when.
fn decided_by(lang: Lang, story: &Story) -> Option<String> {
    let last = story.events.iter().rev().find(|event| {
        matches!(&event.what, Happened::Approved { .. } | Happened::Rejected { .. } | Happened::Closed { .. })
    })?;
    Some(say!(lang, "office-deposit-by-at", who = words::who(lang, &last.by), time = show::date_time(last.at)))
}

/// What was proposed and answered so far.
fn history(lang: Lang, rulings: &[Ruling]) -> Markup {
    html! { @if !rulings.is_empty() { ol.said { @for ruling in rulings { li { (said(lang, ruling)) } } } } }
}

/// One person's word that was enough, or two people's. The bank's number is shown once nobody has to read it themselves.
fn said(lang: Lang, ruling: &Ruling) -> Markup {
    let Proposed { approve, name, reason, reference, at, .. } = &ruling.proposed;
    let word = |yes: bool, good: String, bad: String| if yes { tag(Tone::Good, &good) } else { tag(Tone::Bad, &bad) };
    html! {
        @if ruling.alone {
            @let (approved, rejected) = (say!(lang, "office-deposit-said-approve"), say!(lang, "office-deposit-said-reject"));
            (two_people::said(name, word(*approve, approved, rejected), *at, reason))
        } @else {
            (two_people::proposed(lang, name, &words::verdict(lang, *approve), *at, reason))
        }
        (referred(lang, reference.as_deref().filter(|_| ruling.answered.is_some())))
        @if let Some((yes, who, why, when)) = ruling.answered.as_ref().filter(|_| !ruling.alone) {
            @let (confirmed, declined) = (say!(lang, "office-deposit-confirmed"), say!(lang, "office-deposit-declined"));
            (two_people::said(who, word(*yes, confirmed, declined), *when, why))
        }
    }
}

/// What can be done now, and whether it is a form; if nothing, why.
fn forms(frame: &Frame, look: &Look<'_>, typed: &Typed<'_>, problems: &[(&str, String)]) -> (Markup, bool) {
    let (lang, story) = (frame.lang, look.story);
    if story.deposit.state != State::Paid {
        return (html! {}, false);
    }
    let (role, own) = (say!(lang, "office-deposit-role"), say!(lang, "office-deposit-own"));
    let instead = (role, say!(lang, "office-deposit-own-title"), own);
    let by = story.proposed.as_ref().map(|proposed| proposed.by);
    if let Some(why) = no_form(frame, StaffPermission::ReviewDeposits, by, instead) {
        return (why, false);
    }
    let form = match &story.proposed {
        None => propose(lang, look, typed, problems),
        Some(proposed) => answer(lang, look, proposed, typed, problems),
    };
    (form, true)
}

fn propose(lang: Lang, look: &Look<'_>, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let story = look.story;
    let choice = |value: &'static str, approve: bool| {
        (value, words::verdict(lang, approve), words::moves(lang, approve, amount(story), &story.group))
    };
    let legend = html! { legend { (say!(lang, "office-deposit-what")) } };
    let (hint, submit) = if story.two_people {
        (say!(lang, "office-deposit-two-hint", limit = show::yuan(look.limit)), say!(lang, "office-deposit-propose"))
    } else if story.voucher != Voucher::Gateway {
        (say!(lang, "office-deposit-vouch-hint"), say!(lang, "office-deposit-submit"))
    } else {
        (say!(lang, "office-deposit-one-hint"), say!(lang, "office-deposit-submit"))
    };
    html! {
        form.stack id="decide" method="post" action={ (path(story.deposit.order)) "/proposal" } {
            (hidden("unfit", ids(story)))
            (choices("verdict", &legend, &[choice("approve", true), choice("reject", false)], typed, problems))
            @if let Some(why) = vouching(lang, story) {
                (notice(Tone::Doubt, &say!(lang, "office-deposit-vouch-title"), why))
                (number(lang, say!(lang, "office-deposit-reference-hint", most = MOST_REFERENCE), typed, problems))
            }
            (tick("compared", &tick_words(lang, look), problems))
            (because(lang, say!(lang, "office-deposit-reason-hint", most = MOST_REASON), typed, problems))
            div { button.button.main { (submit) } }
            p.soft.small { (hint) }
        }
    }
}

/// The question before the money moves: what moves where, a tick that the evidence was looked at, and why.
fn answer(lang: Lang, look: &Look<'_>, proposed: &Proposed, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let story = look.story;
    let verdict = words::verdict(lang, proposed.approve);
    let moves = words::moves(lang, proposed.approve, amount(story), &story.group);
    let why = vouching(lang, story).filter(|_| proposed.approve);
    // Proposed when the gateway's word was still enough: nobody can say the same number.
    let unvouched = why.is_some() && proposed.reference.is_none();
    let confirm = (!unvouched).then(|| say!(lang, "office-deposit-confirm"));
    html! {
        form.stack id="decide" method="post" action={ (path(story.deposit.order)) "/answer" } {
            h3 { (say!(lang, "office-deposit-answer", who = proposed.name.as_str(), verdict = verdict)) }
            (hidden("number", proposed.number))
            (hidden("unfit", ids(story)))
            (notice(Tone::Doubt, &say!(lang, "office-deposit-answer-moves"), moves))
            @if let Some(why) = &why { (notice(Tone::Doubt, &say!(lang, "office-deposit-vouch-title"), why)) }
            @if unvouched {
                (notice(Tone::Bad, "", say!(lang, "office-deposit-unvouched")))
            } @else if proposed.reference.is_some() {
                (number(lang, say!(lang, "office-deposit-reference-again", most = MOST_REFERENCE), typed, problems))
            }
            (tick("compared", &tick_words(lang, look), problems))
            (because(lang, say!(lang, "office-deposit-answer-hint", most = MOST_REASON), typed, problems))
            (either(&say!(lang, "office-deposit-decline"), confirm.as_deref()))
        }
    }
}

/// Why the bank's number is asked for, where the gateway's own word does not stand for the money.
fn vouching(lang: Lang, story: &Story) -> Option<String> {
    let day = || story.deposit.paid.as_ref()?.settle_date.as_deref().map(compare::month_day);
    match story.voucher {
        Voucher::Gateway => None,
        Voucher::File => Some(say!(lang, "office-deposit-vouch-file", day = day().unwrap_or_default())),
        Voucher::Nobody => Some(say!(lang, "office-deposit-vouch-nobody")),
    }
}

/// What is ticked: that the evidence was looked at, and so if something differs. Without another reason it is the reason.
pub(crate) fn tick_words(lang: Lang, look: &Look<'_>) -> String {
    if compare::differing(&compare::lines(lang, look.story, look.merchant)) == 0 {
        say!(lang, "office-deposit-compared")
    } else {
        say!(lang, "office-deposit-compared-differs")
    }
}

#[cfg(test)]
mod tests {
    use topup::people::staff::StaffId;

    use super::*;

    #[test]
    fn one_persons_word_is_told_once_and_twos_as_twos() {
        let told = |alone| {
            let (name, reason) = ("刘会计".to_owned(), "我已核对".to_owned());
            // The clock goes on between the proposal and its answer.
            let answered = Some((true, name.clone(), reason.clone(), Micros(68)));
            let by = StaffId(3);
            let proposed = Proposed { number: 1, approve: true, by, name, reason, reference: None, at: Micros(0) };
            said(Lang::Zh, &Ruling { alone, proposed, answered }).into_string()
        };
        assert_eq!(told(true).matches("刘会计").count(), 1);
        assert_eq!(told(false).matches("刘会计").count(), 2);
    }
}
