//! The page of one terminal.

use maud::{Markup, html};
use topup::Micros;
use topup::alarms::{Alarm, Kind};
use topup::people::staff::StaffPermission;
use topup::terminals::list::{Listed, Stand};
use topup::terminals::{CODE_LIFE, Health};

use super::terminal::Shown;
use super::{path, since, stand_tag};
use crate::look::{Field, Frame, Tone, command, fact, notice, show, summary, tag};
use crate::office::trail::trail;
use crate::terminals::check;
use crate::words::{Lang, say};

/// The page. `server` is the address that terminals connect to.
pub(crate) fn page(frame: &Frame, shown: &Shown, server: &str, problems: &[(&str, String)]) -> Markup {
    let (lang, terminal) = (frame.lang, &shown.terminal);
    let may_decide = frame.staff().is_some_and(|staff| staff.role.may(StaffPermission::Terminals));
    let number = terminal.number.to_string();
    let body = html! {
        div.heading {
            div { h1 { (terminal.name) } p.soft { (show::terminal(&number)) " · " (terminal.group_name) } }
            div { (stand_tag(lang, terminal.stand)) @if terminal.alarms > 0 { " " (tag(Tone::Bad, &say!(lang, "alarm"))) } }
        }
        (summary(lang, problems))
        @for alarm in &shown.alarms { (alarm_notice(lang, terminal, alarm, may_decide, problems)) }
        @if let Some((code, until)) = &shown.fresh { (fresh_code(lang, terminal, server, code, *until)) }
        div.halves {
            section.sheet.pad.stack {
                h2 { (say!(lang, "terminal-facts")) }
                (facts(lang, terminal, shown.health.as_ref()))
            }
            section.sheet.pad.stack { (enrolment(lang, shown, may_decide)) }
        }
        @if let Some(checkup) = &shown.checkup { (check::fragment(lang, checkup)) }
        (trail(lang, &path(shown.terminal.number), &shown.trail))
        p { a href="/office/terminals" { (say!(lang, "back-terminals")) } }
    };
    frame.page(format!("{} {number}", terminal.name), body).draw()
}

/// The code, this once.
fn fresh_code(lang: Lang, terminal: &Listed, server: &str, code: &str, until: Micros) -> Markup {
    let minutes: u64 = CODE_LIFE.as_secs() / 60;
    html! {
        section.sheet.pad.stack.fresh id="code" aria-labelledby="code-title" {
            h2 id="code-title" { (say!(lang, "code-title", name = terminal.name.as_str())) }
            p.code { output { (code) } }
            (notice(Tone::Doubt, &say!(lang, "code-once"),
                say!(lang, "code-once-text", minutes = minutes, until = show::time(until))))
            p { (say!(lang, "code-how")) }
            (command(&format!("jichong terminal enrol --server {server} --code {code}")))
            p.soft { (say!(lang, "code-program")) " " a href="/guide#terminal" { (say!(lang, "nav-guide")) } }
        }
    }
}

fn facts(lang: Lang, terminal: &Listed, health: Option<&Health>) -> Markup {
    let at = |at: Micros| html! { span.num { (show::date_time(at)) } };
    let vital = health.and_then(|health| health.vital.as_ref());
    html! {
        dl.facts {
            (fact(&say!(lang, "terminal-stand"), stand_tag(lang, terminal.stand)))
            @if !matches!(terminal.stand, Stand::Revoked { .. }) {
                (fact(&say!(lang, "terminal-heard"), html! { span.num { (since(lang, terminal.stand)) } }))
            }
            @if let Stand::Revoked { at: when } = terminal.stand {
                @if let Some(when) = when { (fact(&say!(lang, "terminal-revoked-at"), at(when))) }
                @if let Some(why) = &terminal.revoked_why { (fact(&say!(lang, "reason"), why.as_str())) }
            }
            @if let Some(health) = health {
                (fact(&say!(lang, "terminal-program"), html! {
                    (health.program) @if !health.fits { " " (tag(Tone::Bad, &say!(lang, "terminal-unfit"))) }
                }))
            }
            @if let Some(vital) = vital {
                (fact(&say!(lang, "terminal-platform"), vital.platform.as_str()))
                (fact(&say!(lang, "terminal-owes"), html! { span.num { (vital.unacknowledged) } }))
            }
            @if let Some(when) = terminal.enrolled_at { (fact(&say!(lang, "terminal-enrolled-at"), at(when))) }
            (fact(&say!(lang, "terminal-created-at"), at(terminal.created_at)))
        }
    }
}

/// Codes, and the end of a terminal.
fn enrolment(lang: Lang, shown: &Shown, may_decide: bool) -> Markup {
    let terminal = &shown.terminal;
    if let Stand::Revoked { .. } = terminal.stand {
        return html! {
            h2 { (say!(lang, "enrolment")) }
            p { (say!(lang, "enrolment-revoked")) }
            @if may_decide { div { a.button href="/office/terminals/new" { (say!(lang, "terminal-new")) } } }
        };
    }
    let is_new = terminal.stand == Stand::New;
    html! {
        h2 { (say!(lang, "enrolment")) }
        p {
            @if shown.fresh.is_some() { (say!(lang, "enrolment-fresh")) }
            @else if is_new { (say!(lang, "enrolment-new")) }
            @else { (say!(lang, "enrolment-done")) }
        }
        @if let Some(until) = shown.outstanding.filter(|_| shown.fresh.is_none()) {
            (notice(Tone::Plain, "", say!(lang, "code-outstanding", until = show::time(until))))
        }
        @if may_decide {
            form method="post" action={ (path(terminal.number)) "/code" } {
                button.button.main[is_new && shown.fresh.is_none()] { (say!(lang, "code-new")) }
            }
            p.soft.small { (say!(lang, "code-new-hint")) }
            hr;
            a.button.danger-quiet href={ (path(terminal.number)) "/revoke" } { (say!(lang, "revoke")) }
        }
    }
}

/// What is wrong, what to do about it, and the form that closes it.
fn alarm_notice(lang: Lang, terminal: &Listed, alarm: &Alarm, may_decide: bool, problems: &[(&str, String)]) -> Markup {
    let (heading, text) = match alarm.kind {
        Kind::KeyInTwoPlaces => (say!(lang, "clone-title"), say!(lang, "clone-text")),
        // They are about a load or a deposit, and stand on its page.
        Kind::LoadContradicted | Kind::DepositUnfit => return html! {},
    };
    let places: Vec<&str> = alarm
        .details
        .get("addresses")
        .and_then(|list| list.as_array())
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str())
        .collect();
    let closing = format!("{}/alarms/{}", path(terminal.number), alarm.id);
    html! {
        section.sheet.pad.stack.alarm {
            (notice(Tone::Bad, &heading, text))
            dl.facts {
                (fact(&say!(lang, "alarm-raised"), html! { span.num { (show::date_time(alarm.raised_at)) } }))
                (fact(&say!(lang, "alarm-times"), html! { span.num { (alarm.times) } }))
                (fact(&say!(lang, "alarm-last"), html! { span.num { (show::date_time(alarm.last_at)) } }))
                (fact(&say!(lang, "alarm-places"), html! { span.num { (places.join(" · ")) } }))
            }
            @if may_decide {
                form.stack method="post" action=(closing) {
                    (Field::new("reason", say!(lang, "alarm-close-reason"), "text", "off").wrong(problems).draw())
                    div { button.button { (say!(lang, "alarm-close")) } }
                }
            }
        }
    }
}
