//! Deposit records and statements over HTTP: page, files and ledger say the same, nobody sees another's, and what a dead
//! process left is taken up.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test that goes wrong here fails, as it should"
)]

use std::time::Duration;

use ledger::{Fen, GroupId, Kind, Movement};
use reqwest::StatusCode;
use topup::deposits::DepositNumber;
use topup::loads::OrderNumber;
use topup::people::OperatorId;
use topup::people::staff::StaffRole;
use topup::records::exports::{self, ExportState, NewExport, Owner};
use topup::records::{Day, Deposits, Format, Record as _, Scope, Typed};

use crate::bank::PAYS;
use crate::office_deposits::{approve, pay_in};
use crate::records::{Fate, charge, export, id_of, new_load, opened, said};
use crate::world::{Browser, World, text};

const OURS: GroupId = GroupId(7);
const OTHERS: GroupId = GroupId(8);

#[tokio::test]
async fn page_files_and_ledger_say_the_same_of_deposits() {
    let world = World::with_bank().await;
    world.hire(&[StaffRole::Finance]).await;
    let manager = world.signed_in("0013").await;
    let approved = pay_in(&world, &manager, "30000", PAYS).await;
    let waiting = pay_in(&world, &manager, "1200", PAYS).await;
    let liu = world.in_office(StaffRole::Finance).await;
    approve(&liu, &approved).await;
    let page = manager.read("/records/deposits").await;
    for words in
        ["¥31,200.00", "¥30,000.00", "¥1,200.00", "2 笔", &approved, &waiting, "十一月", "href=\"/deposits/new\""]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let one = manager.read("/records/deposits?state=approved&least=100").await;
    assert!(one.contains(&approved) && !one.contains(&waiting), "{one}");
    let found = manager.read(&format!("/records/deposits?range=today&order={waiting}")).await;
    assert!(found.contains(&waiting) && !found.contains(&approved), "{found}");

    // What is wrong is said at its field; what there is none of is said too.
    let wrong = manager.get("/records/deposits?order=L261122143208-1X142NW&state=gone&from=x").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = text(wrong).await;
    for words in ["例如 D2611221432081X142NW", "没有这个选项", "日期不对"] {
        assert!(wrong.contains(words), "{words}: {wrong}");
    }
    assert!(manager.read("/records/deposits?state=refunded").await.contains("没有符合这些条件的额度充值"));

    let (workbook, name) = export(&manager, "/records/deposits/export", &[("format", "xlsx")]).await;
    assert!(name.contains(".xlsx"), "{name}");
    let rows = opened(&workbook);
    let total = |what: &str| {
        let row = rows.iter().find(|row| row[0].1.as_str().is_some_and(|told| told.contains(what))).expect("a total");
        (row[1].1.as_f64(), row[2].1.as_f64())
    };
    assert_eq!(total("已付款（合计）"), (Some(2.0), Some(31_200.0)));
    assert_eq!(total("其中已到额度"), (Some(1.0), Some(30_000.0)));
    assert_eq!(total("其中待审核"), (Some(1.0), Some(1_200.0)));
    let titles = rows.iter().position(|row| row[0].1 == "确认时间").expect("the titles");
    let column = |title: &str| rows[titles].iter().position(|cell| cell.1 == title).expect("the column");
    let (order, paid, serial) = (column("订单编号"), column("银行实收"), column("银行流水号"));
    let deposits = &rows[titles + 1..];
    assert_eq!(deposits.len(), 2);
    for row in deposits {
        assert_eq!((row[order].0.as_str(), row[order].2.as_str()), ("s", "@"), "numbers are text");
        assert_eq!((row[paid].0.as_str(), row[paid].2.as_str()), ("n", "#,##0.00"), "amounts are numbers");
        assert!(row[serial].0 == "s" && row.iter().all(|cell| cell.0 != "f"), "{row:?}");
    }
    let (csv, _) = export(&manager, "/records/deposits/export", &[("format", "csv")]).await;
    let csv = String::from_utf8(csv).expect("UTF-8");
    assert!(csv.contains("合计：已付款（合计）（笔数、金额）,2,31200.00\r\n") && csv.contains(&waiting), "{csv}");

    // The ledger: what came to quota, and what waits.
    let mut tx = world.house.db.read().await.expect("a look");
    let balances = ledger::balances(&mut tx, OURS).await.expect("a look").expect("accounts");
    assert_eq!(balances.get(Kind::DepositsInReview), Fen::new(120_000));
    assert!(topup::books::prove_books(&mut tx).await.expect("a look").hold());
    drop(tx);
    // And the statement.
    let statement = manager.read("/records/statement?range=today").await;
    for words in ["+30,000.00", "¥40,000.00", "+10,000.00", "示例科技有限公司"] {
        assert!(statement.contains(words), "{words}: {statement}");
    }
    let today = Day::of(world.house.now());
    let day = manager.read(&format!("/records/statement/{today}?item=deposits")).await;
    assert!(day.contains(&approved) && !day.contains(&waiting) && day.contains("1 笔 · +30,000.00"), "{day}");
    let (workbook, _) =
        export(&manager, "/records/statement/export", &[("range", "today"), ("by", "month"), ("format", "xlsx")]).await;
    let rows = opened(&workbook);
    let last = rows.last().expect("a line");
    assert_eq!((last[2].1.as_f64(), last[last.len() - 1].1.as_f64()), (Some(0.0), Some(40_000.0)), "{last:?}");
}

#[tokio::test]
async fn what_a_dead_process_left_is_taken_up() {
    let world = World::open().await;
    let owner = Owner::Operator(OURS, OperatorId(id_of(&world, "0013").await));
    let filter = Typed::default().read::<Deposits>(&world.house, Scope::of(OURS)).await.expect("a look").expect("good");
    let new = NewExport {
        owner,
        by: "王芳 0013".into(),
        format: Format::Csv,
        language: "zh-CN".into(),
        wanted: Deposits::wanted(filter),
        lines: 0,
    };
    let id = exports::ask(&world.house, &new).await.expect("asked").expect("one may");
    // A process takes it up and dies; for a while it may still be at work.
    drop(exports::take(&world.house, owner, id).await.expect("taken").expect("it was free"));
    portal::take_up_exports(&world.house).await;
    let state = async || exports::one(&world.house, owner, id).await.expect("a look").expect("there").state;
    assert_eq!(state().await, ExportState::Making);
    world.clock.advance(Duration::from_secs(31));
    portal::take_up_exports(&world.house).await;
    assert_eq!(state().await, ExportState::Ready);
    let browser = world.signed_in("0013").await;
    assert!(browser.read("/records/exports").await.contains("额度充值记录"));
    let file = text(browser.get(&format!("/records/exports/{}/file", id.0)).await).await;
    assert!(file.contains("合计：已付款（合计）（笔数、金额）,0,0.00"), "{file}");
}

/// What another group must never see of one.
struct Secrets {
    group: GroupId,
    deposit: DepositNumber,
    load: OrderNumber,
    words: Vec<String>,
}

/// A group with a deposit that waits to be paid, one that is quota, and a load.
async fn with_money(world: &World, group: GroupId, login: &'static str, digit: i64) -> Secrets {
    let operator = id_of(world, login).await;
    let (now, ids) = (world.house.now(), [world.house.ids.next(), world.house.ids.next()]);
    let fen = [digit * 1_111_100, digit * 2_222_200];
    let mut tx = world.house.db.begin().await.expect("a unit of work");
    for (id, fen) in ids.into_iter().zip(fen) {
        tx.query(
            "INSERT INTO deposits (group_id, id, order_id, intent, state, operator_id, amount_fen, remark, payer, \
             gateway, created_at_us, expires_at_us) VALUES ($1, $2, $3, $3, 'created', $4, $5, $6, 'person', 'unionpay', $7, $7)",
        )
        .bind(group)
        .bind(id)
        .bind(DepositNumber::new(id).to_string())
        .bind(operator)
        .bind(Fen::new(fen))
        .bind(format!("机密{digit}"))
        .bind(now)
        .execute()
        .await
        .expect("a deposit");
    }
    let movement =
        |from, to| Movement { group, from, to, amount: Fen::new(fen[1]), reason: "a test", subject: ids[1], at: now };
    let movements = [movement(Kind::Bank, Kind::DepositsInReview), movement(Kind::DepositsInReview, Kind::Quota)];
    let posted = ledger::post(&mut tx, &movements).await.expect("a posting");
    assert!(posted.iter().all(Result::is_ok));
    tx.commit().await.expect("a commit");
    let load = new_load(world, group, operator, &format!("4100000000{digit}{digit}{digit}{digit}00"), digit * 3_000);
    let load = charge(world, load, Fate::Written).await;
    let mut words: Vec<String> = ids.iter().map(|id| DepositNumber::new(*id).to_string()).collect();
    for fen in [fen[0], fen[1], digit * 3_000, fen[1] - digit * 3_000] {
        let amount = Fen::new(fen).to_string();
        words.extend([amount.replace(',', ""), amount]);
    }
    words.extend([load.to_string(), format!("机密{digit}")]);
    Secrets { group, deposit: DepositNumber::new(ids[0]), load, words }
}

/// Whether it is sent as a form, the address, and the form.
type Address = (bool, String, Vec<(&'static str, String)>);

/// Every address of deposit records and statements, with everything in it that could lead to another group.
fn addresses(other: &Secrets, today: Day) -> Vec<Address> {
    let group = other.group.0.to_string();
    let cursor = format!("{}.{group}", other.deposit);
    let filters: Vec<Vec<(&'static str, String)>> = vec![
        vec![],
        vec![("group", group.clone())],
        vec![("range", "today".into()), ("group", group.clone()), ("by", "month".into())],
        vec![("order", other.deposit.to_string()), ("group", group.clone())],
        vec![("state", "created".into()), ("group", group.clone())],
        vec![("least", "1".into()), ("most", "999999".into())],
        vec![("older", cursor.clone())],
        vec![("newer", cursor)],
        vec![("page", "last".into())],
    ];
    let mut all = vec![
        (false, format!("/deposits/{}", other.deposit), vec![]),
        (false, format!("/loads/{}", other.load), vec![]),
        (false, format!("/records/statement/{today}?group={group}"), vec![]),
        (false, format!("/records/statement/{today}?group={group}&item=deposits&after=0"), vec![]),
    ];
    for (n, filter) in filters.into_iter().enumerate() {
        let query: Vec<String> = filter.iter().map(|(name, value)| format!("{name}={value}")).collect();
        for list in ["/records/deposits", "/records/statement"] {
            all.push((false, format!("{list}?{}", query.join("&")), vec![]));
            // The rows of both files are the same; a workbook takes long to open.
            for format in if n < 2 { &["csv", "xlsx"][..] } else { &["csv"] } {
                let mut form = filter.clone();
                form.push(("format", (*format).into()));
                all.push((true, format!("{list}/export"), form));
            }
        }
    }
    all
}

async fn ask(browser: &Browser<'_>, (post, path, form): &Address) -> (StatusCode, String) {
    let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = if *post { browser.post(path, &fields).await } else { browser.get(path).await };
    (answer.status(), said(answer).await)
}

#[tokio::test]
async fn nothing_of_another_group_comes_back_of_deposits_and_statements() {
    let world = World::open().await;
    let (ours, others) = (with_money(&world, OURS, "0013", 3).await, with_money(&world, OTHERS, "0098", 7).await);
    let mut tx = world.house.db.begin().await.expect("a unit of work");
    let migration = include_str!("../../../store/migrations/0035_deposit_totals.sql");
    let from = migration.find("WITH told").expect("it sums up what is there");
    let to = from + migration[from..].find(';').expect("it ends");
    tx.query(&migration[from..to]).execute().await.expect("summed up");
    tx.commit().await.expect("a commit");
    let today = Day::of(world.house.now());
    for (login, own, other) in [("0013", &ours, &others), ("0098", &others, &ours)] {
        let browser = world.signed_in(login).await;
        let all = browser.read("/records/deposits").await;
        assert!(all.contains("2 笔") && all.contains(&own.deposit.to_string()), "{login} sees their own: {all}");
        let statement = browser.read("/records/statement").await;
        assert!(statement.contains(&own.words[5]), "{login} sees their own: {statement}");
        for address in addresses(other, today) {
            let (status, said) = ask(&browser, &address).await;
            assert!(!status.is_server_error(), "{login} {address:?}: {status}");
            // What was asked is said back; it is the others that would tell.
            let asked = |secret: &&String| {
                address.1.contains(secret.as_str())
                    || address.2.iter().any(|(_, asked)| asked.contains(secret.as_str()))
            };
            for secret in other.words.iter().filter(|secret| !asked(secret)) {
                assert!(!said.contains(secret.as_str()), "{login} {address:?} says {secret}: {said}");
            }
        }
        let counted = browser.read(&format!("/records/deposits?order={}", other.deposit)).await;
        assert!(counted.contains("0 笔") && !counted.contains("1 笔"), "{login}: {counted}");
    }
    // A clerk sees neither, whatever the address.
    let clerk = world.signed_in("0012").await;
    for address in addresses(&others, today).iter().filter(|(_, path, _)| path.starts_with("/records")) {
        assert_eq!(ask(&clerk, address).await.0, StatusCode::FORBIDDEN, "{address:?}");
    }
    // Staff who see deposits see both, and one at a time; a teller sees neither.
    world.hire(&StaffRole::ALL).await;
    for role in StaffRole::ALL {
        let browser = world.in_office(role).await;
        let paths = ["/office/records/deposits", "/office/records/statement?group=8"];
        if role == StaffRole::Teller {
            for path in paths {
                assert_eq!(browser.get(path).await.status(), StatusCode::FORBIDDEN, "{path}");
            }
            continue;
        }
        let all = browser.read("/office/records/deposits").await;
        assert!(all.contains("4 笔") && all.contains("另一家公司"), "{role:?}: {all}");
        let one = browser.read("/office/records/deposits?group=8").await;
        assert!(one.contains("2 笔") && !one.contains(&ours.deposit.to_string()), "{role:?}: {one}");
        let statement = browser.read("/office/records/statement?group=8").await;
        assert!(statement.contains(&others.words[5]) && !statement.contains(&ours.words[5]), "{role:?}: {statement}");
        assert!(browser.read("/office/records/statement").await.contains("请选择集团"), "{role:?}");
        let day = browser.read(&format!("/office/records/statement/{today}?group=8")).await;
        assert!(day.contains(&others.load.to_string()) && !day.contains(&ours.load.to_string()), "{role:?}: {day}");
    }
}
