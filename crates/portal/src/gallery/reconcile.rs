//! The bank's days and statements.

use jiff::civil::{Date, date};
use maud::Markup;
use serde_json::json;
use topup::audit::{Action, Recorded};
use topup::paging::Page;
use topup::people::staff::StaffRole;
use topup::reconcile::file::{Row, What};
use topup::reconcile::matching::{Finding, Ours, Pair, pair};
use topup::reconcile::settling::Arrived;
use topup::reconcile::statement::{Layout, guess};
use topup::reconcile::{Account, Bank, Came, Day, DayState, Days, Difference, Listed, StatementTaken};
use topup::{Fen, GroupId};

use super::office::{ago, groups, signed_in};
use crate::office::reconcile::day::Shown;
use crate::office::reconcile::{account, day, list, statements};
use crate::office::trail::Trail;
use crate::words::{Lang, say};

const DAY: Date = date(2026, 11, 21);
const SAMPLE: &str = "账号:,41050100000000001,,,,,\n交易日期,借方发生额,贷方发生额,余额,对方户名,摘要,流水号\n\
    2026-11-22,,\"149,700.00\",\"1,149,700.00\",中国银联股份有限公司,清算1121,90000001\n\
    2026-11-22,500.00,,\"1,149,200.00\",某供应商,货款,90000002\n合计,500.00,\"149,700.00\",,,,\n";

pub(super) fn pages(lang: Lang) -> Vec<(&'static str, Markup)> {
    let at = |here: &str, role| signed_in(lang, here, role);
    let finance = |here: &str| at(here, StaffRole::Finance);
    let list_at = finance("/office/reconcile");
    let wrong = vec![("file", say!(lang, "bill-name", name = "对账单.txt"))];
    let differs = shown(lang, true);
    let refused = Shown { refused: Some((1, day::Sent::default())), news: String::new(), ..differs.clone() };
    let no_reason = vec![("reason-1", say!(lang, "review-no-reason"))];
    let sent = account::Sent::of(&name(lang), SAMPLE, &guess(SAMPLE));
    let unread = account::Sent::of("", SAMPLE, &Layout::default());
    let day_at = |role| at("/office/reconcile/2026-11-21", role);
    vec![
        ("reconcile", list::page(&list_at, &days(), &[])),
        ("reconcile-wrong", list::page(&list_at, &days(), &wrong)),
        ("reconcile-none", list::page(&list_at, &list::Shown::default(), &[])),
        ("day-differs", day::page(&day_at(StaffRole::Finance), &differs, &[])),
        ("day-no-reason", day::page(&day_at(StaffRole::Finance), &refused, &no_reason)),
        ("day-agrees", day::page(&day_at(StaffRole::Auditor), &shown(lang, false), &[])),
        ("day-absent", day::page(&day_at(StaffRole::Finance), &absent(), &[])),
        ("statements", statements::page(&finance("/office/reconcile/statements"), &kept(lang), &[])),
        (
            "statements-none",
            statements::page(&finance("/office/reconcile/statements"), &statements::Shown::default(), &[]),
        ),
        ("account", account::page(&finance("/office/reconcile/accounts/new"), "new", &sent, &[])),
        ("account-unread", account::page(&finance("/office/reconcile/accounts/new"), "new", &unread, &[])),
    ]
}

fn name(lang: Lang) -> String {
    match lang {
        Lang::Zh => "工行结算户".into(),
        Lang::En => "ICBC settlement account".into(),
    }
}

fn bank(net: i64, matched: i64, settled: Option<Date>) -> DayState {
    DayState::Here(Box::new(Bank {
        name: "777290058110048_20261121.zip".into(),
        merchant: "777290058110048".into(),
        came: Came::Fetched,
        by: "jichong".into(),
        taken_at: ago(5),
        reconciled_at: Some(ago(5)),
        lines: 6,
        matched,
        net: Fen::new(net),
        fee: Fen::new(3_000),
        settled,
    }))
}

fn days() -> list::Shown {
    let trouble = "the gateway was not reached, or did not answer: connection refused";
    let days = vec![
        Day { day: date(2026, 11, 23), state: DayState::Early, ours: 4, open: 0 },
        Day {
            day: date(2026, 11, 22),
            state: DayState::Absent { asked_at: Some(ago(1)), trouble: Some(trouble.into()) },
            ours: 7,
            open: 0,
        },
        Day { day: DAY, state: bank(14_970_000, 3, None), ours: 5, open: 3 },
        Day { day: date(2026, 11, 20), state: bank(120_000_000, 6, Some(date(2026, 11, 23))), ours: 6, open: 0 },
        Day { day: date(2026, 11, 19), state: bank(0, 0, None), ours: 0, open: 0 },
    ];
    list::Shown { days: Days { days, earlier: Some(date(2026, 9, 21)) }, later: false }
}

fn absent() -> Shown {
    let state = DayState::Absent { asked_at: Some(ago(1)), trouble: None };
    let day = Day { day: date(2026, 11, 22), state, ours: 7, open: 0 };
    let listed = Listed { day, pairs: vec![], differences: vec![], near: vec![], groups: [].into() };
    Shown { listed, trail: Trail::default(), news: "not-ready".into(), refused: None, limit: Fen::new(5_000_000) }
}

fn line(n: i64, order: &str, fen: i64) -> Row {
    Row {
        line: n,
        what: if order.starts_with('R') { What::Refund } else { What::Payment },
        code: "01".into(),
        order: Some(order.into()),
        serial: format!("22611211015000{n:06}8"),
        original: None,
        at: "1121101500".into(),
        amount: Fen::new(fen),
        fee: Fen::new(1_000),
        net: Fen::new(fen.saturating_sub(1_000)),
    }
}

fn own(row: &Row) -> Ours {
    let order = row.order.clone().unwrap_or_default();
    Ours {
        what: row.what,
        deposit: order.replace('R', "D"),
        order,
        group: GroupId(7),
        serial: Some(row.serial.clone()),
        amount: row.amount,
        moved: true,
        state: "approved".into(),
        of_file: true,
        day: Some(DAY),
        elsewhere: None,
    }
}

fn shown(lang: Lang, differs: bool) -> Shown {
    let mut rows = vec![
        line(1, "D2611211014081X142NW", 5_000_000),
        line(2, "D2611211102311X14D7K", 10_000_000),
        line(3, "R2611211540211X14P3M", 300_000),
    ];
    let mut ours: Vec<Ours> = rows.iter().map(own).collect();
    if differs {
        rows.push(line(4, "D2611211700001X15QQQ", 270_000));
        rows.push(line(5, "D2611211811001X15A2B", 80_100));
        let original = rows.first().map(|paid| paid.serial.clone());
        rows.push(Row { original, ..line(7, "R42000031", 5_000_000) });
        ours.push(own(&line(5, "D2611211811001X15A2B", 80_000)));
        ours.push(own(&line(6, "D2611212214551X15K9F", 1_200_000)));
    }
    let pairs = pair(DAY, &rows, &ours);
    let differences: Vec<Difference> = pairs.iter().zip(0..).filter_map(difference).collect();
    let open = i64::try_from(differences.len()).unwrap_or_default();
    let near =
        Arrived { id: 1, day: date(2026, 11, 22), amount: Fen::new(14_900_000), text: "中国银联 清算".into() };
    let names = groups(lang).into_iter().map(|group| (group.id.0, group.name)).collect();
    let state = if differs { bank(14_970_000, 3, None) } else { bank(14_697_000, 3, Some(date(2026, 11, 23))) };
    let listed = Listed {
        day: Day { day: DAY, state, ours: 5, open },
        pairs,
        differences: differences.into_iter().chain(differs.then(past)).collect(),
        near: if differs { vec![near] } else { vec![] },
        groups: names,
    };
    let entry = Recorded {
        at: ago(5),
        actor: "jichong".into(),
        origin: String::new(),
        action: Some(Action::DayFileTaken),
        details: json!({}),
    };
    Shown {
        listed,
        trail: Trail::whole(vec![entry]),
        news: if differs { "fresh".into() } else { String::new() },
        refused: None,
        limit: Fen::new(5_000_000),
    }
}

fn difference((pair, n): (&Pair, i64)) -> Option<Difference> {
    let closed = pair.finding == Finding::Amount;
    Some(Difference {
        id: n.saturating_sub(2),
        kind: pair.finding.as_str()?.into(),
        subject: pair.subject(),
        group: pair.ours.as_ref().map(|ours| ours.group),
        deposit: pair.ours.as_ref().map(|ours| ours.deposit.clone()),
        order: pair.theirs.as_ref().and_then(|row| row.order.clone()),
        serial: pair.theirs.as_ref().map(|row| row.serial.clone()),
        theirs: pair.theirs.as_ref().map(|row| row.amount),
        ours: pair.ours.as_ref().map(|ours| ours.amount),
        found_at: ago(5),
        resolved_at: None,
        closed_at: closed.then(|| ago(1)),
        closed_by: closed.then(|| "liu 刘敏".into()),
        closed_why: closed.then(|| "银行确认多记一元，次日冲回。".into()),
        proposed_id: None,
        proposed_by: None,
        proposed_why: None,
        proposed_at: None,
        reference: closed.then(|| "TF2211220099".into()),
    })
}

fn past() -> Difference {
    Difference {
        id: 90,
        kind: "missing-there".into(),
        subject: "payment/D2611212259001X15Z0Z".into(),
        group: Some(GroupId(7)),
        deposit: Some("D2611212259001X15Z0Z".into()),
        order: Some("D2611212259001X15Z0Z".into()),
        serial: None,
        theirs: None,
        ours: Some(Fen::new(50_000)),
        found_at: ago(20),
        resolved_at: Some(ago(4)),
        closed_at: None,
        closed_by: None,
        closed_why: None,
        proposed_id: None,
        proposed_by: None,
        proposed_why: None,
        proposed_at: None,
        reference: None,
    }
}

fn kept(lang: Lang) -> statements::Shown {
    let account = Account {
        id: 4,
        name: name(lang),
        layout: guess(SAMPLE),
        sample: SAMPLE.into(),
        kept_by: "liu 刘敏".into(),
        kept_at: ago(90),
    };
    let taken = StatementTaken {
        id: 5,
        account: name(lang),
        name: "账户明细_202611.csv".into(),
        lines: 412,
        fresh: 38,
        from: date(2026, 11, 1),
        until: date(2026, 11, 22),
        by: "liu 刘敏".into(),
        at: ago(2),
    };
    statements::Shown {
        accounts: vec![account],
        taken: Page { rows: vec![taken], next: None },
        fresh: Some(38),
        ..statements::Shown::default()
    }
}
