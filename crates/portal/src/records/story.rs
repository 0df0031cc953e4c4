//! All that became of one load: each state with its time, who, and by what evidence; and where its money went.

use maud::{Markup, html};
use topup::loads::State;
use topup::records::{Moved, Story};
use topup::reviews::{Event, Happened};

use super::words::account;
use crate::loads::view::{reason, state_word};
use crate::look::{Side, show};
use crate::office::reviews::words::{happened, verdict};
use crate::words::{Lang, say};

/// What happened, oldest first.
pub(crate) fn timeline(lang: Lang, side: Side, story: &Story) -> Markup {
    html! {
        section.sheet.pad.stack {
            h2 { (say!(lang, "evidence-timeline")) }
            ol.timeline { @for event in &story.events {
                li { small.soft.num { (show::date_time(event.at)) } (told(lang, side, story, event)) }
            } }
        }
    }
}

/// One event in words. To a group its own people have names; staff are "the card company".
fn told(lang: Lang, side: Side, story: &Story, event: &Event) -> Markup {
    let load = &story.load;
    let amount = show::yuan(load.amount);
    match &event.what {
        Happened::Confirmed => {
            let who = format!("{} {}", story.operator.as_deref().unwrap_or_default(), load.operator);
            let place = story.terminal.as_deref().unwrap_or(&load.terminal);
            html! { (say!(lang, "story-confirmed", who = who.trim(), place = place, amount = amount)) }
        }
        Happened::Held => html! { (say!(lang, "story-held", amount = amount)) },
        Happened::Ended(state) => html! {
            b { (state_word(lang, *state)) }
            @if *state == State::Succeeded && story.tac.is_some() { span { (say!(lang, "story-by-tac")) } }
            @if let Some(why) = load.reason { span { (reason(lang, why)) } }
        },
        Happened::Proposed { written, .. } if side == Side::Portal => {
            html! { (say!(lang, "story-proposed", verdict = verdict(lang, *written))) }
        }
        Happened::Answered { confirmed: true, .. } if side == Side::Portal => html! { (say!(lang, "story-agreed")) },
        Happened::Answered { confirmed: false, .. } if side == Side::Portal => html! { (say!(lang, "story-declined")) },
        what @ (Happened::Asked(_)
        | Happened::Tried(_)
        | Happened::Proposed { .. }
        | Happened::Answered { .. }
        | Happened::Contradicted { .. }
        | Happened::Collected) => html! { (happened(lang, what)) },
    }
}

/// Where the money went.
pub(crate) fn ledger(lang: Lang, story: &Story) -> Markup {
    html! {
        section.sheet.found.evidence aria-labelledby="ledger" {
            header { h2 id="ledger" { (say!(lang, "story-ledger")) } }
            @if story.movements.is_empty() { p.none.soft { (say!(lang, "story-ledger-none")) } }
            @else {
                table.table.reviews {
                    thead { tr {
                        th.wide-only scope="col" { (say!(lang, "story-number")) }
                        th scope="col" { (say!(lang, "list-time")) }
                        th scope="col" { (say!(lang, "story-from-to")) }
                        th.r scope="col" { (say!(lang, "list-amount")) }
                    } }
                    tbody { @for moved in &story.movements { tr {
                        td.num.wide-only { (moved.number) }
                        td.when { (show::moment(moved.at)) }
                        td {
                            (account(lang, moved.from)) " → " (account(lang, moved.to))
                            div.sub { (after(lang, moved)) }
                        }
                        td.r { (moved.amount) }
                    } } }
                }
            }
        }
    }
}

/// What was on both accounts then.
fn after(lang: Lang, moved: &Moved) -> String {
    let on = |kind, fen: topup::Fen| format!("{} {}", account(lang, kind), show::yuan(fen));
    let (from, to) = (on(moved.from, moved.from_after), on(moved.to, moved.to_after));
    say!(lang, "story-after", from = from, to = to)
}
