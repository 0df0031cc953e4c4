//! The page of one exception: what happened, where the money is, what can be done, and the form that does it.

use std::iter;

use maud::{Markup, html};
use topup::deposits::{Exception, Needs, Outcome, People};
use topup::people::staff::StaffPermission;
use topup::two_people::{MOST_REASON, MOST_REFERENCE};
use topup::{Fen, Micros};

use super::{evidence, path, words};
use crate::look::{Frame, Tone, fact, notice, show, summary, tag};
use crate::office::deposits::{self, words as said};
use crate::office::two_people::{self, Typed, because, choices, kept, no_form, number, proposed, referred};
use crate::words::{Lang, say};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    pub(crate) exception: &'a Exception,
    /// What it takes to close it.
    pub(crate) needs: Needs,
    /// Above this two people say the same.
    pub(crate) limit: Fen,
    pub(crate) now: Micros,
}

/// The page.
pub(crate) fn page(frame: &Frame, look: &Look<'_>, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let (lang, exception) = (frame.lang, look.exception);
    let title = said::kind(lang, exception.kind);
    let closed = exception.closed.is_some();
    let body = html! {
        div.heading {
            div {
                h1 { (title) " · " (show::yuan(exception.amount)) }
                p.soft { span.num.order { (exception.order) } " · "
                    @if let Some(group) = &exception.group { (group) } @else { (say!(lang, "exception-nobody")) } }
            }
            div { @if closed { (tag(Tone::Plain, &say!(lang, "exceptions-closed"))) }
                @else { (tag(Tone::Bad, &say!(lang, "exceptions-open"))) } }
        }
        (summary(lang, problems))
        section.sheet.pad.stack.explained {
            (explained(&say!(lang, "exception-what"), &words::what(lang, exception)))
            (explained(&say!(lang, "exception-where"), &words::place(lang, exception)))
            @if !closed { div {
                h2 { (say!(lang, "exception-can")) }
                p { (words::can(lang, exception)) }
                @if let Some(rest) = words::rest(lang, exception, look.needs) { p { (rest) } }
            } }
        }
        (decision(frame, look, typed, problems))
        div.halves {
            section.sheet.pad.stack { h2 { (say!(lang, "exception-about")) } (facts(lang, look)) }
            section.sheet.pad.stack { h2 { (say!(lang, "exception-evidence")) } (evidence::draw(lang, exception)) }
        }
        @if closed { p { a href="/office/exceptions?state=closed" { (say!(lang, "exception-back-closed")) } } }
        @else { p { a href="/office/exceptions" { (say!(lang, "exception-back")) } } }
    };
    frame.page(format!("{} {}", say!(lang, "section-exceptions"), exception.id.0), body).draw()
}

fn explained(heading: &str, text: &str) -> Markup {
    html! { div { h2 { (heading) } p { (text) } } }
}

fn facts(lang: Lang, look: &Look<'_>) -> Markup {
    let exception = look.exception;
    html! {
        dl.facts {
            (fact(&say!(lang, "exception-number"), html! { span.num { (exception.id.0) } }))
            (fact(&say!(lang, "load-order"), html! { span.num.order { (exception.order) } }))
            @if let Some(serial) = &exception.serial {
                (fact(&say!(lang, "compare-serial"), html! { span.num { (serial) } }))
            }
            (fact(&say!(lang, "exception-amount"), show::money(exception.amount)))
            (fact(&say!(lang, "load-group"), exception.group.clone().unwrap_or_else(|| say!(lang, "exception-nobody"))))
            (fact(&say!(lang, "exception-gateway"), words::gateway(lang, &exception.gateway)))
            (fact(&say!(lang, "exception-opened"), html! { span.num { (show::date_time(exception.opened_at)) } }))
            @if exception.closed.is_none() {
                (fact(&say!(lang, "review-age"), said::waited(lang, exception.opened_at, look.now)))
            }
        }
        @if let Some(order) = exception.deposit {
            p { a href=(deposits::path(order)) { (say!(lang, "exception-see-deposit")) } }
        }
    }
}

/// What was said so far, and what whoever looks can do now; if nothing, why.
fn decision(frame: &Frame, look: &Look<'_>, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let (lang, exception) = (frame.lang, look.exception);
    let (form, offered) = forms(frame, look, typed, problems);
    html! {
        section.sheet.pad.stack.decision id="decision" {
            h2 { (say!(lang, "exception-decide")) }
            (history(lang, exception))
            @if !offered { (kept(lang, typed)) }
            (form)
        }
    }
}

fn history(lang: Lang, exception: &Exception) -> Markup {
    let kind = exception.kind;
    html! {
        @if exception.proposed.is_some() || exception.closed.is_some() {
            ol.said {
                @if let Some((_, who, outcome, reason, at)) = &exception.proposed {
                    // The number is not shown while another person has to read it themselves.
                    li { (proposed(lang, who, &said::outcome(lang, kind, *outcome), *at, reason)) }
                }
                @if let Some((who, outcome, reason, at)) = &exception.closed { li {
                    @let made = say!(lang, "exception-closed-title", outcome = said::outcome(lang, kind, *outcome));
                    (two_people::said(who, tag(Tone::Good, &made), *at, reason))
                    (referred(lang, exception.reference.as_deref()))
                } }
            }
        }
    }
}

fn forms(frame: &Frame, look: &Look<'_>, typed: &Typed<'_>, problems: &[(&str, String)]) -> (Markup, bool) {
    let (lang, exception) = (frame.lang, look.exception);
    if exception.closed.is_some() {
        return (html! {}, false);
    }
    let instead = (say!(lang, "exception-role"), say!(lang, "office-deposit-own-title"), say!(lang, "exception-own"));
    let proposer = exception.proposed.as_ref().map(|(by, ..)| *by);
    if let Some(why) = no_form(frame, StaffPermission::ReviewDeposits, proposer, instead) {
        return (why, false);
    }
    if exception.kind.outcomes().is_empty() {
        let link = html! {
            p { (say!(lang, "exception-decide-deposit")) }
            @if let Some(order) = exception.deposit {
                div { a.button.main href={ (deposits::path(order)) "#decision" } { (say!(lang, "exception-to-deposit")) } }
            }
        };
        return (link, false);
    }
    match &exception.proposed {
        Some((_, who, outcome, ..)) => {
            let outcome = said::outcome(lang, exception.kind, *outcome);
            let heading = say!(lang, "exception-other-proposed", who = who.as_str(), outcome = outcome);
            let note = notice(Tone::Doubt, &heading, say!(lang, "exception-other-text"));
            (html! { (note) (close(lang, look, typed, problems)) }, true)
        }
        None => (close(lang, look, typed, problems), true),
    }
}

fn close(lang: Lang, look: &Look<'_>, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let exception = look.exception;
    let outcomes = exception.kind.outcomes().iter().copied();
    let outcomes: Vec<Outcome> = outcomes.filter(|outcome| look.needs.offers(*outcome)).collect();
    let legend = html! { legend.unseen { (say!(lang, "exception-outcome")) } };
    let choice = |outcome: &Outcome| {
        let what = words::moves(lang, exception, look.needs, *outcome);
        (outcome.as_str(), said::outcome(lang, exception.kind, *outcome), what)
    };
    let offered: Vec<_> = outcomes.iter().map(choice).collect();
    let (hints, submit) = submit(lang, look, &outcomes);
    html! {
        form.stack id="close" method="post" action={ (path(exception.id)) "/close" } {
            (choices("outcome", &legend, &offered, typed, problems))
            @if outcomes.iter().any(|outcome| look.needs.reference(*outcome)) {
                (number(lang, reference_hint(lang, look, &outcomes), typed, problems))
            }
            (because(lang, say!(lang, "exception-reason-hint", most = MOST_REASON), typed, problems))
            div { button.button.main { (submit) } }
            @for hint in hints { p.soft.small { (hint) } }
        }
    }
}

/// What is said below the button, and what stands on it.
fn submit(lang: Lang, look: &Look<'_>, outcomes: &[Outcome]) -> (Vec<String>, String) {
    let people = |these: People| outcomes.iter().any(|outcome| look.needs.people(*outcome) == these);
    let (submit, propose) = (say!(lang, "exception-submit"), say!(lang, "exception-propose"));
    let forgotten = people(People::OneIfKnown).then(|| say!(lang, "exception-forgotten-hint"));
    if !people(People::Two) {
        return (iter::once(say!(lang, "exception-one-hint")).chain(forgotten).collect(), submit);
    }
    if look.exception.proposed.is_some() {
        // What happens then stands above.
        return (vec![], submit);
    }
    if people(People::One) || people(People::OneIfKnown) {
        let hint = if look.needs.other_amount() {
            say!(lang, "exception-in-part-hint")
        } else if look.needs.only_in_file(Outcome::Credited) {
            say!(lang, "exception-file-hint")
        } else {
            say!(lang, "exception-listed-hint")
        };
        return (iter::once(hint).chain(forgotten).collect(), submit);
    }
    let hint = if look.exception.stake > look.limit {
        say!(lang, "exception-two-hint", limit = show::yuan(look.limit))
    } else if look.needs.other_amount() || look.needs.part().is_some() {
        say!(lang, "exception-in-part-hint")
    } else if look.needs.quota() {
        say!(lang, "exception-quota-hint")
    } else {
        say!(lang, "exception-blind-hint")
    };
    (vec![hint], propose)
}

fn reference_hint(lang: Lang, look: &Look<'_>, outcomes: &[Outcome]) -> String {
    let needs = look.needs;
    if look.exception.proposed.as_ref().is_some_and(|(_, _, outcome, ..)| needs.reference(*outcome)) {
        say!(lang, "office-deposit-reference-again", most = MOST_REFERENCE)
    } else if outcomes.contains(&Outcome::Credited) && needs.reference(Outcome::Credited) {
        say!(lang, "exception-reference-hint-credited", most = MOST_REFERENCE)
    } else {
        say!(lang, "exception-reference-hint", most = MOST_REFERENCE)
    }
}

#[cfg(test)]
mod tests {
    use topup::deposits::{ExceptionId, ExceptionKind, State, Voucher};
    use topup::people::staff::StaffId;

    use super::*;

    fn name() -> String {
        "刘会计".to_owned()
    }

    fn open() -> Exception {
        Exception {
            id: ExceptionId(7),
            kind: ExceptionKind::RefundFailed,
            deposit: None,
            stands: None,
            group: None,
            gateway: "unionpay".to_owned(),
            order: "R1".to_owned(),
            serial: None,
            amount: Fen::new(100),
            stake: Fen::new(100),
            booked: true,
            evidence: serde_json::Value::Null,
            opened_at: Micros(0),
            proposed: Some((StaffId(3), name(), Outcome::Credited, name(), Micros(0))),
            closed: None,
            reference: Some("TF-1".to_owned()),
        }
    }

    #[test]
    fn the_number_that_another_has_to_read_themselves_is_shown_once_it_is_closed() {
        let open = open();
        let needs = Needs::of(&open, Fen::new(1), Voucher::Nobody);
        let look = Look { exception: &open, needs, limit: Fen::new(1), now: Micros(0) };
        let shown = |exception: &Exception| history(Lang::Zh, exception).into_string().contains("TF-1");
        assert!(!shown(&open));
        assert!(!close(Lang::Zh, &look, &Typed::default(), &[]).into_string().contains("TF-1"));
        let closed = Some((name(), Outcome::Credited, name(), Micros(0)));
        assert!(shown(&Exception { closed, ..open.clone() }));
    }

    #[test]
    fn of_a_return_in_the_banks_file_the_page_says_what_takes_two() {
        let evidence = serde_json::json!({ "back": { "S1": 60 } });
        let (kind, stands) = (ExceptionKind::GoneBack, Some(State::Rejected));
        let gone = Exception { kind, stands, evidence, proposed: None, reference: None, ..open() };
        let needs = Needs::of(&gone, Fen::new(1_000), Voucher::Gateway);
        let people = [Outcome::ReturnedOtherwise, Outcome::Nothing].map(|outcome| needs.people(outcome));
        assert_eq!(people, [People::One, People::Two]);
        let look = Look { exception: &gone, needs, limit: Fen::new(1_000), now: Micros(0) };
        let form = close(Lang::Zh, &look, &Typed::default(), &[]).into_string();
        assert!(form.contains("选“无需处理”的，须另一人选同样的才生效"), "{form}");
    }
}
