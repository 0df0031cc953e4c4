//! The page of one deposit: what does not fit, the evidence, the decision, and the story.

use maud::{Markup, html};
use topup::deposits::Moved;

use super::decide::{self, Look};
use super::{compare, line, story};
use crate::deposits::deposit::state_tag;
use crate::look::{Frame, show, summary};
use crate::office::two_people::Typed;
use crate::words::say;

/// The page.
pub(crate) fn page(
    frame: &Frame,
    look: &Look<'_>,
    moved: &[Moved],
    typed: &Typed<'_>,
    problems: &[(&str, String)],
) -> Markup {
    let (lang, told) = (frame.lang, look.story);
    let order = told.deposit.order.to_string();
    let body = html! {
        div.heading {
            div {
                h1 { (show::yuan(decide::amount(told))) " · " (told.group) }
                p.soft { span.num.order { (order) } }
            }
            div { (state_tag(lang, told.deposit.state)) }
        }
        (summary(lang, problems))
        div.unfits { (story::unfit(lang, told)) }
        (compare::draw(lang, told, look.merchant))
        (decide::draw(frame, look, typed, problems))
        (story::draw(lang, told, moved))
        (line::past(lang, look.line))
    };
    frame.page(format!("{} {order}", say!(lang, "section-deposits")), body).draw()
}
