//! The decision about a deposit: where it stands, what was said so far, and what whoever looks can do now.

use maud::{Markup, html};
use topup::deposits::{
    Exception, ExceptionKind, Happened, MOST_REASON, MOST_REFERENCE, Proposed, Ruling, State, Story, Voucher,
};
use topup::people::staff::StaffPermission;
use topup::{Fen, Micros};

use super::line::{self, Line};
use super::{compare, path, words};
use crate::look::{Field, Frame, Tone, hidden, notice, show, tag};
use crate::words::{Lang, say};

/// What was typed before the page came back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Typed<'a> {
    pub(crate) reason: &'a str,
    pub(crate) verdict: &'a str,
    /// Under which number the bank knows of it, where that is asked for.
    pub(crate) reference: &'a str,
}

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
            @if !offered && !typed.reason.trim().is_empty() { (kept(lang, typed)) }
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
    html! {
        p {
            b { (name) } " "
            @if ruling.alone {
                @if *approve { (tag(Tone::Good, &say!(lang, "office-deposit-said-approve"))) }
                @else { (tag(Tone::Bad, &say!(lang, "office-deposit-said-reject"))) }
            } @else {
                (say!(lang, "office-deposit-proposed")) " " (tag(Tone::Plain, &words::verdict(lang, *approve)))
            }
            " " span.sub.num { (show::date_time(*at)) }
        }
        blockquote { (reason) }
        @if let Some(reference) = reference.as_ref().filter(|_| ruling.answered.is_some()) {
            p.sub { (say!(lang, "exception-reference")) " " span.num { (reference) } }
        }
        @if let Some((yes, who, why, when)) = ruling.answered.as_ref().filter(|_| !ruling.alone) {
            p {
                b { (who) } " "
                @if *yes { (tag(Tone::Good, &say!(lang, "office-deposit-confirmed"))) }
                @else { (tag(Tone::Bad, &say!(lang, "office-deposit-declined"))) }
                " " span.sub.num { (show::date_time(*when)) }
            }
            blockquote { (why) }
        }
    }
}

/// What was typed into a form that is not there any more.
pub(crate) fn kept(lang: Lang, typed: &Typed<'_>) -> Markup {
    html! {
        div.kept {
            p.soft { (say!(lang, "office-deposit-kept")) }
            blockquote { (typed.reason) }
        }
    }
}

/// What can be done now, and whether it is a form; if nothing, why.
fn forms(frame: &Frame, look: &Look<'_>, typed: &Typed<'_>, problems: &[(&str, String)]) -> (Markup, bool) {
    let (lang, story) = (frame.lang, look.story);
    if story.deposit.state != State::Paid {
        return (html! {}, false);
    }
    let Some(staff) = frame.staff().filter(|staff| staff.role.may(StaffPermission::ReviewDeposits)) else {
        return (html! { p.soft { (say!(lang, "office-deposit-role")) } }, false);
    };
    match &story.proposed {
        None => (propose(lang, look, typed, problems), true),
        Some(proposed) if proposed.by == staff.id => {
            let own = notice(Tone::Plain, &say!(lang, "office-deposit-own-title"), say!(lang, "office-deposit-own"));
            (html! { div.greyed aria-disabled="true" { (own) } }, false)
        }
        Some(proposed) => (answer(lang, look, proposed, typed, problems), true),
    }
}

fn propose(lang: Lang, look: &Look<'_>, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let story = look.story;
    let wrong = problems.iter().any(|(field, _)| *field == "verdict");
    let choice = |value: &str, approve: bool| {
        html! {
            label.choice {
                input type="radio" name="verdict" value=(value) required checked[typed.verdict == value];
                span {
                    b { (words::verdict(lang, approve)) }
                    small.soft { (words::moves(lang, approve, amount(story), &story.group)) }
                }
            }
        }
    };
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
            fieldset.choices id="verdict" aria-invalid=[wrong.then_some("true")] {
                legend { (say!(lang, "office-deposit-what")) }
                (choice("approve", true))
                (choice("reject", false))
            }
            @if let Some(why) = vouching(lang, story) {
                (notice(Tone::Doubt, &say!(lang, "office-deposit-vouch-title"), why))
                (number(say!(lang, "office-deposit-reference-hint", most = MOST_REFERENCE), lang, typed, problems))
            }
            (compared(lang, look, problems))
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
                (number(say!(lang, "office-deposit-reference-again", most = MOST_REFERENCE), lang, typed, problems))
            }
            (compared(lang, look, problems))
            (because(lang, say!(lang, "office-deposit-answer-hint", most = MOST_REASON), typed, problems))
            div.either {
                button.button name="verdict" value="decline" { (say!(lang, "office-deposit-decline")) }
                @if !unvouched {
                    button.button.main name="verdict" value="confirm" { (say!(lang, "office-deposit-confirm")) }
                }
            }
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

/// Under which number the bank knows of the payment.
fn number(hint: String, lang: Lang, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let label = say!(lang, "exception-reference");
    Field::new("reference", label, "text", "off").hint(hint).value(typed.reference).wrong(problems).draw()
}

/// The tick that the evidence was looked at; it says so if something differs.
fn compared(lang: Lang, look: &Look<'_>, problems: &[(&str, String)]) -> Markup {
    let wrong = problems.iter().any(|(field, _)| *field == "compared");
    html! {
        label.tick {
            input type="checkbox" id="compared" name="compared" value="yes" aria-invalid=[wrong.then_some("true")];
            span { (tick_words(lang, look)) }
        }
    }
}

/// What is ticked; without another reason it is the reason.
pub(crate) fn tick_words(lang: Lang, look: &Look<'_>) -> String {
    if compare::differing(&compare::lines(lang, look.story, look.merchant)) == 0 {
        say!(lang, "office-deposit-compared")
    } else {
        say!(lang, "office-deposit-compared-differs")
    }
}

fn because(lang: Lang, hint: String, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    Field::new("reason", say!(lang, "reason"), "text", "off").hint(hint).value(typed.reason).wrong(problems).draw()
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
