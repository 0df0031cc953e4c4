//! Charges in doubt, as the office sees them.

use link::End;
use maud::Markup;
use serde_json::json;
use topup::alarms::{Alarm, Kind};
use topup::audit::Subject;
use topup::cards::{CardNumber, ClassName};
use topup::loads::{Finding, Load, OrderNumber, ProvenSince, Reason, State};
use topup::paging::Page;
use topup::people::staff::{StaffId, StaffRole};
use topup::reviews::{
    Asked, Attempt, Contradiction, Cryptograms, Dossier, Due, Event, Exchange, Happened, Hint, Later, Proposed, Record,
    Review, Reviewed, Said, Script, Waiting,
};
use topup::{Fen, GroupId, Ids, Micros};

use super::NOW_US;
use super::office::{ago, groups, signed_in};
use crate::office::reviews::decide::page;
use crate::office::reviews::list::{self, Shown};
use crate::office::two_people::Typed;
use crate::words::{Lang, say};

/// Somebody else in the office; who looks is 3.
const MA: StaffId = StaffId(4);

pub(super) fn pages(lang: Lang) -> Vec<(&'static str, Markup)> {
    let queue = |role| signed_in(lang, "/office/reviews", role);
    let one = |role| signed_in(lang, "/office/reviews/x", role);
    let draw = |role, dossier: &Dossier| page(&one(role), dossier, Micros(NOW_US), &Typed::default(), &[]);
    let full = Shown {
        contradictions: Page { rows: contradictions(lang), next: None },
        waiting: waiting(lang),
        now: Micros(NOW_US),
        ..Shown::default()
    };
    let none = Shown { not_found: Some("L1".into()), now: Micros(NOW_US), ..Shown::default() };
    let wrong = vec![("verdict", say!(lang, "review-choose")), ("reason", say!(lang, "review-no-reason"))];
    let open = dossier(lang);
    let proposed = |by| Dossier { reviews: vec![proposal(lang, by)], ..dossier(lang) };
    vec![
        ("reviews", list::page(&queue(StaffRole::Finance), &full)),
        ("reviews-none", list::page(&queue(StaffRole::Auditor), &none)),
        ("review", draw(StaffRole::Finance, &open)),
        ("review-wrong", page(&one(StaffRole::Finance), &open, Micros(NOW_US), &Typed::default(), &wrong)),
        ("review-proposed", draw(StaffRole::Finance, &proposed(MA))),
        ("review-own", draw(StaffRole::Finance, &proposed(StaffId(3)))),
        ("review-auditor", draw(StaffRole::Auditor, &proposed(MA))),
        ("review-absent", draw(StaffRole::Finance, &absent(lang))),
        ("review-corrected", draw(StaffRole::Finance, &corrected(lang, false))),
        ("review-owed", draw(StaffRole::Admin, &corrected(lang, true))),
    ]
}

fn order(hours: i64) -> OrderNumber {
    OrderNumber::new(Ids::first_of(ago(hours)) | 0x5A3)
}

#[expect(clippy::expect_used, reason = "sample numbers are well formed")]
fn card(tail: &str) -> CardNumber {
    format!("410000009900{tail}").parse().expect("a card number")
}

fn group(lang: Lang, n: usize) -> String {
    groups(lang).get(n).map_or_else(String::new, |group| group.name.clone())
}

fn name(lang: Lang) -> String {
    match lang {
        Lang::Zh => "马会计".into(),
        Lang::En => "Ma Li".into(),
    }
}

fn waiting(lang: Lang) -> Page<Waiting> {
    let load = |hours, n, tail, yuan: i64, due, proposal: Option<StaffId>| Waiting {
        order: order(hours),
        group: group(lang, n),
        card: card(tail),
        amount: Fen::new(yuan.saturating_mul(100)),
        reason: Some(Reason::RemovedWhileWriting),
        since: ago(hours),
        asked_at: (due == Due::ProvedNothing).then(|| ago(1)),
        due,
        proposal: proposal.map(|by| Proposed { number: 1, written: true, by, name: name(lang), at: ago(1) }),
    };
    let rows = vec![
        load(70, 0, "0417", 50, Due::Absent, None),
        load(26, 1, "0388", 100, Due::Absent, Some(MA)),
        load(3, 0, "0001", 20, Due::ProvedNothing, Some(StaffId(3))),
        load(2, 1, "0355", 200, Due::ProvedNothing, None),
        load(0, 0, "0341", 30, Due::NotYet, None),
    ];
    Page { rows, next: None }
}

fn contradictions(lang: Lang) -> Vec<Contradiction> {
    let found = |hours, written, owed| Contradiction {
        order: order(hours),
        group: group(lang, 1),
        amount: Fen::new(5_000),
        written,
        owed,
        at: ago(5),
    };
    vec![found(90, true, true), found(80, false, false)]
}

fn load() -> Load {
    Load {
        order: order(3),
        intent: "intent".into(),
        group: GroupId(7),
        operator: "0012".into(),
        terminal: "000001000050".into(),
        card: card("0417"),
        amount: Fen::new(5_000),
        balance_before: Some(Fen::new(1_260)),
        balance_after: None,
        quota_before: Some(Fen::new(8_657_000)),
        quota_after: Some(Fen::new(8_652_000)),
        state: State::Unknown,
        reason: Some(Reason::RemovedWhileWriting),
        created_at: ago(3),
        asked_in_vain: true,
        proven_since: None,
    }
}

fn exchange(asked: Asked, raw: &str, status: &str, said: Said) -> Exchange {
    Exchange { asked, raw: Some(raw.into()), status: status.into(), said }
}

fn attempt() -> Attempt {
    let record = Record {
        counter: 7,
        amount: Fen::new(5_000),
        load: true,
        terminal: "000001000050".into(),
        time: "20261122113208".into(),
        ours: true,
    };
    let opened = Said::Opened { balance: 6_260, counter: 8, mac1: "54534929".into() };
    Attempt {
        terminal: "000001000051".into(),
        balance: Fen::new(6_260),
        asked_at: ago(2),
        finding: Some(Finding::MovedOn),
        counter: Some(8),
        prove: Some(Script {
            end: End::Completed,
            exchanges: vec![
                exchange(Asked::Proof { counter: 8 }, "9406", "9406", Said::Nothing),
                exchange(Asked::Proof { counter: 7 }, "9406", "9406", Said::Nothing),
                exchange(
                    Asked::Record { log: 0x18 },
                    "0007000000000013880200000100005020261122113208 9000",
                    "9000",
                    Said::Record(record),
                ),
                exchange(Asked::Record { log: 0x1A }, "6A82", "6A82", Said::Nothing),
            ],
        }),
        probe: Some(Script {
            end: End::Completed,
            exchanges: vec![exchange(Asked::Initialize, "0000187400080100AABBCCDD545349299000", "9000", opened)],
        }),
    }
}

fn dossier(lang: Lang) -> Dossier {
    let event = |at, what| Event { at, what };
    Dossier {
        load: load(),
        group: group(lang, 0),
        operator: Some(match lang {
            Lang::Zh => "王芳".into(),
            Lang::En => "Wang Fang".into(),
        }),
        terminal: Some(match lang {
            Lang::Zh => "前台一号".into(),
            Lang::En => "Front desk".into(),
        }),
        reader: "ACS ACR122U 00".into(),
        class: Some(ClassName { zh: "普通卡".into(), en: "Standard card".into() }),
        held_at: Some(ago(3)),
        ended_at: None,
        due: Some(Due::ProvedNothing),
        cryptograms: Some(cryptograms()),
        scripts: vec![Script { end: End::Removed, exchanges: vec![] }],
        attempts: vec![attempt()],
        later: vec![Later {
            order: order(1),
            state: State::Failed,
            reason: Some(Reason::CardProblem),
            amount: Fen::new(5_000),
            balance_before: Some(Fen::new(6_260)),
            counter: None,
        }],
        hint: Some((Hint::Written, Fen::new(6_260), ago(2))),
        reviews: vec![],
        alarm: None,
        timeline: vec![
            event(ago(3), Happened::Confirmed),
            event(ago(3), Happened::Held),
            event(ago(2), Happened::Asked(Some(Finding::MovedOn))),
            event(ago(1), Happened::Tried(order(1))),
        ],
    }
}

fn cryptograms() -> Cryptograms {
    Cryptograms {
        balance_field: 1_260,
        counter: 7,
        random: "AABBCCDD".into(),
        key_version: 1,
        algorithm: 0,
        mac1: "54534929".into(),
        mac2: "0AC857CA".into(),
        host_time: "20261122113208".into(),
        tac: None,
        file15: Some("073141000000000001010000410000009900041720150605204912310100".into()),
        initialize: Some("000004EC00070100AABBCCDD54534929".into()),
    }
}

fn absent(lang: Lang) -> Dossier {
    let open = dossier(lang);
    Dossier {
        due: Some(Due::Absent),
        attempts: vec![],
        later: vec![],
        hint: None,
        load: Load { order: order(70), created_at: ago(70), asked_in_vain: false, ..load() },
        held_at: Some(ago(70)),
        timeline: open.timeline.into_iter().take(2).collect(),
        ..open
    }
}

fn proposal(lang: Lang, by: StaffId) -> Review {
    let reason = match lang {
        Lang::Zh => "持卡人带卡到窗口，卡内余额 62.60 元，卡上记录与订单一致。",
        Lang::En => "The holder brought the card: it has 62.60, and its record matches the order.",
    };
    Review { number: 1, written: true, by, name: name(lang), reason: reason.into(), at: ago(1), answer: None }
}

fn corrected(lang: Lang, owed: bool) -> Dossier {
    let (other, reason) = match lang {
        Lang::Zh => ("周主管", "同意"),
        Lang::En => ("Zhou Yan", "Agreed"),
    };
    let answer = Reviewed { confirmed: true, by: StaffId(3), name: other.into(), reason: reason.into(), at: ago(2) };
    let review = Review { written: false, answer: Some(answer), ..proposal(lang, MA) };
    let order = order(3);
    let alarm = Alarm {
        id: 1,
        group: GroupId(7),
        kind: Kind::LoadContradicted,
        subject: Subject::Load(order),
        details: json!({ "written": true, "owed": owed }),
        raised_at: ago(1),
        last_at: ago(1),
        times: 1,
    };
    Dossier {
        load: Load {
            state: State::Failed,
            reason: Some(Reason::DecidedNotWritten),
            asked_in_vain: false,
            proven_since: Some(ProvenSince { written: true, owed, at: ago(1) }),
            ..load()
        },
        due: None,
        ended_at: Some(ago(2)),
        reviews: vec![review],
        alarm: Some(alarm),
        ..dossier(lang)
    }
}
