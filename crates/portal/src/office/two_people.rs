//! What two people decide, as its page shows it: who said what so far, and the parts of the forms by which more is said.

use maud::{Markup, html};
use topup::Micros;
use topup::people::staff::{StaffId, StaffPermission};

use crate::look::{Field, Frame, Tone, notice, show, tag};
use crate::words::{Lang, say};

/// What was typed before the page came back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Typed<'a> {
    pub(crate) reason: &'a str,
    pub(crate) verdict: &'a str,
    /// Under which number the bank knows of it, where that is asked for.
    pub(crate) reference: &'a str,
}

/// Somebody's word, and why.
pub(super) fn said(who: &str, what: impl maud::Render, at: Micros, why: &str) -> Markup {
    html! {
        p { b { (who) } " " (what) " " span.sub.num { (show::date_time(at)) } }
        blockquote { (why) }
    }
}

/// The same of whoever proposes this.
pub(super) fn proposed(lang: Lang, who: &str, what: &str, at: Micros, why: &str) -> Markup {
    said(who, html! { (say!(lang, "said-proposed")) " " (tag(Tone::Plain, what)) }, at, why)
}

/// Under which number the bank knows of it: shown once nobody has to read it themselves.
pub(super) fn referred(lang: Lang, reference: Option<&str>) -> Markup {
    html! {
        @if let Some(reference) = reference {
            p.sub { (say!(lang, "exception-reference")) " " span.num { (reference) } }
        }
    }
}

/// What was typed into a form that is not there any more.
pub(super) fn kept(lang: Lang, typed: &Typed<'_>) -> Markup {
    html! {
        @if !typed.reason.trim().is_empty() {
            div.kept {
                p.soft { (say!(lang, "office-deposit-kept")) }
                blockquote { (typed.reason) }
            }
        }
    }
}

/// Why whoever looks has no form: in the words for their role, or in those, with their heading, for whoever proposed it.
pub(super) fn no_form(
    frame: &Frame,
    needs: StaffPermission,
    proposer: Option<StaffId>,
    (role, heading, own): (String, String, String),
) -> Option<Markup> {
    match frame.staff().filter(|staff| staff.role.may(needs)) {
        None => Some(html! { p.soft { (role) } }),
        Some(staff) if proposer == Some(staff.id) => {
            Some(html! { div.greyed aria-disabled="true" { (notice(Tone::Plain, &heading, own)) } })
        }
        Some(_) => None,
    }
}

/// What can be chosen: each as it is sent, its name, and what it does.
pub(super) fn choices(
    field: &str,
    legend: &Markup,
    choices: &[(&str, String, String)],
    typed: &Typed<'_>,
    problems: &[(&str, String)],
) -> Markup {
    html! {
        fieldset.choices id=(field) aria-invalid=[wrong(field, problems)] {
            (legend)
            @for (value, word, what) in choices {
                label.choice {
                    input type="radio" name=(field) value=(value) required checked[typed.verdict == *value];
                    span { b { (word) } small.soft { (what) } }
                }
            }
        }
    }
}

/// A box to tick, for what a person has to do themselves first.
pub(super) fn tick(field: &str, words: &str, problems: &[(&str, String)]) -> Markup {
    html! {
        label.tick {
            input type="checkbox" id=(field) name=(field) value="yes" aria-invalid=[wrong(field, problems)];
            span { (words) }
        }
    }
}

fn wrong(field: &str, problems: &[(&str, String)]) -> Option<&'static str> {
    problems.iter().any(|(known, _)| *known == field).then_some("true")
}

/// Why.
pub(super) fn because(lang: Lang, hint: String, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    Field::new("reason", say!(lang, "reason"), "text", "off").hint(hint).value(typed.reason).wrong(problems).draw()
}

/// Under which number the bank knows of it.
pub(super) fn number(lang: Lang, hint: String, typed: &Typed<'_>, problems: &[(&str, String)]) -> Markup {
    let label = say!(lang, "exception-reference");
    Field::new("reference", label, "text", "off").hint(hint).value(typed.reference).wrong(problems).draw()
}

/// The two answers to a proposal; one alone where it cannot be confirmed.
pub(super) fn either(decline: &str, confirm: Option<&str>) -> Markup {
    html! {
        div.either {
            button.button name="verdict" value="decline" { (decline) }
            @if let Some(confirm) = confirm { button.button.main name="verdict" value="confirm" { (confirm) } }
        }
    }
}
