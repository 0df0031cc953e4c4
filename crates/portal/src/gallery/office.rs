//! The office's pages.

use std::time::Duration;

use maud::Markup;
use serde_json::json;
use topup::alarms::{Alarm, Kind};
use topup::audit::{Action, Recorded, Subject};
use topup::groups::Group;
use topup::people::staff::{Staff, StaffId, StaffRole};
use topup::terminals::TerminalNumber;
use topup::terminals::list::{Find, Listed, Page, Stand};
use topup::{GroupId, Micros};

use super::{NOW_US, SERVER};
use crate::look::{Frame, Tone, Visitor, Who};
use crate::office::home::{self, Waiting};
use crate::office::role;
use crate::office::terminals::terminal::Shown;
use crate::office::terminals::{list, new, revoke, view};
use crate::office::trail::Trail;
use crate::people::{password, sign_in};
use crate::web::problem;
use crate::words::{Lang, say};

/// The pages of the office.
pub(super) fn pages(lang: Lang) -> Vec<(String, Markup)> {
    let door = Frame { lang, here: "/office/sign-in".into(), visitor: None };
    let frame = |here: &str, role| signed_in(lang, here, role);
    let at_list = frame("/office/terminals", StaffRole::Teller);
    let at_new = frame("/office/terminals/new", StaffRole::Teller);
    let at_one = |role| frame("/office/terminals/000001000050", role);
    let full = Page { terminals: terminals(lang), more: true };
    let with_alarm = one(lang, Stand::Connected);
    let with_alarm =
        Shown { alarms: vec![alarm()], terminal: Listed { alarms: 1, ..with_alarm.terminal }, ..with_alarm };
    let fresh = Shown { fresh: Some(("8QK2-M7XA-0Z3T-WB5H".into(), later(30))), ..one(lang, Stand::New) };
    let gone = Stand::Revoked { at: Some(ago(3)) };
    let search = Find { text: "x".into(), ..Find::default() };
    let wrong = vec![("group", say!(lang, "register-group")), ("number", say!(lang, "register-taken"))];
    let no_reason = vec![("reason", say!(lang, "register-reason", most = 500))];
    let typed = new::Sent { number: "000001000052".into(), name: "食堂".into(), ..new::Sent::default() };
    let named = |(name, page): (&str, Markup)| (format!("office-{name}"), page);
    let rest = [
        ("sign-in", sign_in::page(&door, &sign_in::View::default())),
        ("sign-in-wrong", sign_in::page(&door, &super::wrong_sign_in(lang))),
        ("sign-in-expired", sign_in::page(&door, &super::expired(lang))),
        ("forbidden", forbidden(lang)),
        ("home", home::page(&frame("/office", StaffRole::Admin), &waiting(lang))),
        ("home-nothing", home::page(&frame("/office", StaffRole::Auditor), &[])),
        ("password", password::page(&frame("/office/password", StaffRole::Finance), &[], false)),
        ("terminals", list::page(&at_list, &Find::default(), &[312, 280, 29, 3, 1, 14], &full)),
        ("terminals-found-none", list::page(&at_list, &search, &[0; 6], &Page::default())),
        ("terminals-none", list::page(&at_list, &Find::default(), &[0; 6], &Page::default())),
        ("terminal-new", new::page(&at_new, &groups(lang), &typed, &[])),
        ("terminal-new-wrong", new::page(&at_new, &groups(lang), &typed, &wrong)),
        ("terminal-new-no-group", new::page(&at_new, &[], &typed, &[])),
        ("terminal-fresh", view::page(&at_one(StaffRole::Teller), &fresh, SERVER, &[])),
        ("terminal-alarm", view::page(&at_one(StaffRole::Teller), &with_alarm, SERVER, &no_reason)),
        ("terminal-silent", view::page(&at_one(StaffRole::Auditor), &one(lang, silent()), SERVER, &[])),
        ("terminal-revoked", view::page(&at_one(StaffRole::Admin), &one(lang, gone), SERVER, &[])),
        ("revoke", revoke::page(&at_one(StaffRole::Teller), &terminal(lang, 0, Stand::Connected), "", &[])),
    ];
    let queues = super::reviews::pages(lang).into_iter().chain(super::intake::pages(lang));
    rest.into_iter()
        .chain(queues)
        .chain(super::reconcile::pages(lang))
        .chain(super::invoices::pages(lang))
        .map(named)
        .collect()
}

/// A teller at what only finance may see.
fn forbidden(lang: Lang) -> Markup {
    let text = say!(lang, "office-forbidden-text", role = role(lang, StaffRole::Teller));
    let frame = signed_in(lang, "/office/deposits", StaffRole::Teller);
    problem::page(&frame, &say!(lang, "error-forbidden"), &text, "9f3c01d2a4b7e650")
}

/// A member of staff in the office.
pub(super) fn signed_in(lang: Lang, here: &str, role: StaffRole) -> Frame {
    let name = match lang {
        Lang::Zh => "刘敏",
        Lang::En => "Liu Min",
    };
    let staff = Staff { id: StaffId(3), login: "liu".into(), name: name.into(), role };
    let visitor = Visitor { who: Who::Staff(staff), since: Micros(NOW_US), idle: Duration::from_mins(15) };
    Frame { lang, here: here.into(), visitor: Some(visitor) }
}

fn waiting(lang: Lang) -> Vec<Waiting> {
    let (clones, next) = (say!(lang, "waiting-clones"), say!(lang, "waiting-clones-next"));
    let (deposits, review) = (say!(lang, "waiting-deposits"), say!(lang, "waiting-deposits-next"));
    let (invoices, request) = (say!(lang, "waiting-invoices-due"), say!(lang, "waiting-invoices-due-next"));
    vec![
        Waiting { count: 1, what: clones, next, path: "/office/terminals?state=alarm", tone: Tone::Bad },
        Waiting { count: 30, what: deposits, next: review, path: "/office/deposits", tone: Tone::Doubt },
        Waiting { count: 128, what: invoices, next: request, path: "/office/invoices", tone: Tone::Plain },
    ]
}

pub(super) fn ago(hours: i64) -> Micros {
    Micros(NOW_US.saturating_sub(hours.saturating_mul(3_600_000_000)))
}

fn later(minutes: i64) -> Micros {
    Micros(NOW_US.saturating_add(minutes.saturating_mul(60_000_000)))
}

fn silent() -> Stand {
    Stand::Silent { since: Some(ago(26)) }
}

pub(super) fn groups(lang: Lang) -> Vec<Group> {
    let names = match lang {
        Lang::Zh => ["示例科技有限公司", "城东物业集团"],
        Lang::En => ["Sample Technology Ltd", "Eastside Property Group"],
    };
    names.into_iter().zip(7..).map(|(name, id)| Group { id: GroupId(id), name: name.into() }).collect()
}

fn terminal(lang: Lang, n: u8, stand: Stand) -> Listed {
    let name = match lang {
        Lang::Zh => ["前台一号", "食堂窗口", "工会办公室", "南门岗亭"],
        Lang::En => ["Front desk", "Canteen", "Union office", "South gate"],
    };
    let groups = groups(lang);
    let group = groups.get(usize::from(n % 2));
    Listed {
        number: TerminalNumber([0, 0, 1, 0, 0, n.saturating_add(0x50)]),
        group: group.map_or(GroupId(0), |group| group.id),
        group_name: group.map_or_else(String::new, |group| group.name.clone()),
        name: name.get(usize::from(n % 4)).map_or_else(String::new, |name| (*name).into()),
        stand,
        program: (stand != Stand::New).then(|| "jichong terminal 0.1.0".into()),
        alarms: i64::from(n == 1),
        created_at: ago(400),
        enrolled_at: (stand != Stand::New).then(|| ago(399)),
        revoked_why: matches!(stand, Stand::Revoked { .. }).then(|| reason(lang)),
    }
}

fn reason(lang: Lang) -> String {
    match lang {
        Lang::Zh => "电脑被盗".into(),
        Lang::En => "The computer was stolen".into(),
    }
}

fn terminals(lang: Lang) -> Vec<Listed> {
    let stands = [Stand::Connected, Stand::Connected, silent(), Stand::New, Stand::Silent { since: None }];
    stands.into_iter().zip(0..).map(|(stand, n)| terminal(lang, n, stand)).collect()
}

fn alarm() -> Alarm {
    Alarm {
        id: 41,
        group: GroupId(7),
        kind: Kind::KeyInTwoPlaces,
        subject: Subject::Terminal(TerminalNumber([0, 0, 1, 0, 0, 0x50])),
        details: json!({ "addresses": ["203.0.113.9", "198.51.100.23"] }),
        raised_at: ago(2),
        last_at: ago(1),
        times: 7,
    }
}

fn one(lang: Lang, stand: Stand) -> Shown {
    let entry = |at, action, actor: &str, origin: &str, details| Recorded {
        at,
        actor: actor.into(),
        origin: origin.into(),
        action: Some(action),
        details,
    };
    let mut trail = vec![
        entry(ago(399), Action::TerminalEnrolled, "jichong", "203.0.113.9", json!({})),
        entry(ago(400), Action::CodeIssued, "sun 孙敏", "192.0.2.7", json!({})),
        entry(ago(400), Action::TerminalAdded, "sun 孙敏", "192.0.2.7", json!({})),
    ];
    let why = json!({ "reason": reason(lang) });
    match stand {
        Stand::New => drop(trail.remove(0)),
        Stand::Revoked { at } => {
            trail.insert(0, entry(at.unwrap_or_default(), Action::TerminalRevoked, "sun 孙敏", "192.0.2.7", why));
        }
        Stand::Connected | Stand::Silent { .. } => {}
    }
    let terminal = terminal(lang, 0, stand);
    let checkup = match stand {
        Stand::Connected => super::checks::checkup(lang, "clock"),
        Stand::Silent { .. } => super::checks::checkup(lang, "gone"),
        Stand::New | Stand::Revoked { .. } => None,
    };
    Shown {
        terminal,
        health: None,
        checkup,
        alarms: vec![],
        trail: Trail::whole(trail),
        fresh: None,
        outstanding: None,
    }
}
