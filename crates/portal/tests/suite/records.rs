//! Records and their files: what a page says, what the files say, and that nobody sees another's.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that goes wrong here fails, as it should"
)]

use std::process::Command;

use ledger::{Fen, GroupId, Kind, Movement};
use reqwest::StatusCode;
use serde_json::Value;
use topup::loads::OrderNumber;
use topup::loads::book::{Doubt, NewLoad, Settled};
use topup::people::staff::StaffRole;
use topup::people::{NewOperator, Role};

use crate::world::{Browser, PASSWORD, TERMINAL, World, header, location, text};

const OURS: GroupId = GroupId(7);
const OTHERS: GroupId = GroupId(8);

/// A name that a program for tables would run, if it were let.
const EVIL: &str = "=HYPERLINK(\"http://x\",\"点我\")";

/// What becomes of a load.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    Written,
    Doubtful,
    Refused,
}

pub(crate) async fn id_of(world: &World, login: &'static str) -> i64 {
    let mut tx = world.house.db.read().await.expect("a look");
    let (id,): (i64,) =
        tx.query("SELECT id FROM operators WHERE login = $1").bind(login).one().await.expect("the operator");
    id
}

pub(crate) fn new_load(world: &World, group: GroupId, operator: i64, card: &str, fen: i64) -> NewLoad {
    let id = world.house.ids.next();
    NewLoad {
        group,
        id,
        intent: format!("intent {id}"),
        operator,
        terminal: TERMINAL.into(),
        reader: String::new(),
        card_number: card.into(),
        card_class: "01".into(),
        amount: Fen::new(fen),
        balance_before: Some(Fen::new(1_260)),
        evidence: None,
        at: world.house.now(),
    }
}

pub(crate) async fn charge(world: &World, load: NewLoad, fate: Fate) -> OrderNumber {
    let (book, group, id, at) = (&world.house.book, load.group, load.id, load.at);
    let balance_after = Fen::new(load.amount.as_i64() + 1_260);
    if let Fate::Refused = fate {
        book.refused(load, "quota_short").await.expect("refused");
        return OrderNumber::new(id);
    }
    book.authorise(load).await.expect("held");
    if let Fate::Written = fate {
        book.settle(Settled { group, id, tac: "92A3B4C5".into(), balance_after, at }).await.expect("settled");
    } else {
        book.doubt(Doubt { group, id, reason: "removed_while_writing", answers: None, at }).await.expect("in doubt");
    }
    OrderNumber::new(id)
}

/// Reads a workbook with another program than wrote it: each row's cells with their types and formats.
pub(crate) fn opened(workbook: &[u8]) -> Vec<Vec<(String, Value, String)>> {
    const READ: &str = "import sys, json, io, openpyxl\n\
        book = openpyxl.load_workbook(io.BytesIO(sys.stdin.buffer.read()))\n\
        rows = [[[c.data_type, c.value, c.number_format] for c in row] for sheet in book for row in sheet.iter_rows()]\n\
        json.dump(rows, sys.stdout)";
    let mut file = tempfile::tempfile().expect("a file");
    std::io::Write::write_all(&mut file, workbook).expect("written");
    std::io::Seek::rewind(&mut file).expect("rewound");
    let out = Command::new("/usr/bin/python3").args(["-c", READ]).stdin(file).output().expect("python3 is there");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("rows")
}

/// The bytes of an export, and what its file is called.
pub(crate) async fn export(browser: &Browser<'_>, path: &str, form: &[(&str, &str)]) -> (Vec<u8>, String) {
    let answer = browser.post(path, form).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let name = header(&answer, "content-disposition").to_owned();
    let length: usize = header(&answer, "content-length").parse().unwrap_or_default();
    let bytes = answer.bytes().await.expect("a body").to_vec();
    assert!(length == 0 || length == bytes.len(), "{length} {}", bytes.len());
    (bytes, name)
}

#[tokio::test]
async fn page_workbook_and_text_say_the_same() {
    let world = World::open().await;
    let mut tx = world.house.db.begin().await.expect("a unit of work");
    let evil = NewOperator { group: OURS, login: "0666", name: EVIL, role: Role::Clerk, password: PASSWORD };
    topup::people::add(&mut tx, &world.house.ids, &*world.house.entropy, &evil, world.house.now())
        .await
        .expect("added");
    tx.commit().await.expect("a commit");
    let (wang, evil) = (id_of(&world, "0012").await, id_of(&world, "0666").await);
    for (operator, card, fen, fate) in [
        (wang, "4100000099000417", 5_000, Fate::Written),
        (evil, "4100000099000417", 123_000, Fate::Written),
        (wang, "4100000099000388", 2_000, Fate::Doubtful),
        (wang, "4100000099000388", 3_000, Fate::Refused),
    ] {
        charge(&world, new_load(&world, OURS, operator, card, fen), fate).await;
    }
    let browser = world.signed_in("0012").await;
    let page = browser.read("/records?range=today").await;
    for said in ["¥1,280.00", "2 笔", "¥30.00", "¥20.00", "4 笔"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(page.contains("=HYPERLINK(&quot;http://x&quot;"), "what people are called is text: {page}");

    let (workbook, name) = export(&browser, "/records/export", &[("range", "today"), ("format", "xlsx")]).await;
    assert!(name.starts_with("attachment; ") && name.contains(".xlsx"), "{name}");
    let rows = opened(&workbook);
    let titles = rows.iter().position(|row| row[0].1 == "时间").expect("the titles");
    let told = |what: &str| rows.iter().find(|row| row[0].1.as_str().is_some_and(|told| told.contains(what)));
    let total = |what: &str| told(what).map(|row| (row[1].1.as_f64(), row[2].1.as_f64())).expect("a total");
    assert_eq!(total("合计：成功"), (Some(2.0), Some(1_280.0)));
    assert_eq!(total("合计：未扣款"), (Some(1.0), Some(30.0)));
    assert_eq!(total("合计：待核实"), (Some(1.0), Some(20.0)));
    assert_eq!(told("生成人").expect("who made it")[1].1, "王芳 0012");
    let column = |title: &str| rows[titles].iter().position(|cell| cell.1 == title).expect("the column");
    let loads = &rows[titles + 1..];
    assert_eq!(loads.len(), 4);
    let (card, amount, result) = (column("卡号"), column("充值金额"), column("结果"));
    // The other program adds up the rows itself, and comes to the totals above them.
    for state in ["成功", "未扣款", "待核实"] {
        let of_it = loads.iter().filter(|row| row[result].1 == state);
        let amounts: Vec<f64> = of_it.map(|row| row[amount].1.as_f64().expect("a number")).collect();
        let (count, sum) = total(&format!("合计：{state}"));
        assert_eq!(count, u32::try_from(amounts.len()).ok().map(f64::from), "{state}");
        assert!((amounts.iter().sum::<f64>() - sum.expect("a sum")).abs() < 0.001, "{state}: {amounts:?}");
    }
    for row in loads {
        assert_eq!((row[card].0.as_str(), row[card].2.as_str()), ("s", "@"), "cards are text");
        assert_eq!((row[amount].0.as_str(), row[amount].2.as_str()), ("n", "#,##0.00"), "amounts are numbers");
        assert!(row.iter().all(|cell| cell.0 != "f"), "there are no formulas: {row:?}");
    }
    assert!(loads.iter().any(|row| row[card].1 == "4100000099000417"), "no digit is lost");

    let (csv, _) = export(&browser, "/records/export", &[("range", "today"), ("format", "csv")]).await;
    let csv = String::from_utf8(csv).expect("UTF-8");
    assert!(csv.starts_with('\u{feff}') && csv.lines().count() > 10, "{csv}");
    assert!(csv.contains("合计：成功（笔数、金额）,2,1280.00\r\n"), "{csv}");
    assert!(csv.contains("\"4100000099000417\t\"") && csv.contains(",1230.00,"), "{csv}");
    assert!(csv.contains("\"'=HYPERLINK("), "{csv}");

    // What is wrong in the address is said at its field, and there is no file of it.
    for (form, said) in [
        (&[("range", "today"), ("card", "12"), ("format", "csv")][..], "卡号不对"),
        (&[("from", "2026-13-01"), ("format", "xlsx")][..], "日期不对"),
    ] {
        let answer = browser.post("/records/export", form).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(text(answer).await.contains(said), "{said}");
    }
    assert_eq!(browser.post("/records/export", &[("format", "pdf")]).await.status(), StatusCode::BAD_REQUEST);
    let wrong = browser.get("/records?operator=nobody&least=x").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = text(wrong).await;
    assert!(wrong.contains("没有这个操作员账号") && wrong.contains("金额不对"), "{wrong}");
    as_people_type_it(&browser).await;
}

/// What is typed in full width is found, and what is found nowhere can be looked for in a longer time.
async fn as_people_type_it(browser: &Browser<'_>) {
    let found = browser.read("/records?range=today&card=%EF%BC%90%EF%BC%94%EF%BC%91%EF%BC%97").await;
    assert!(found.contains("共 2 笔") && found.contains("卡号 0417"), "{found}");
    let longer = "<a class=\"button\" href=\"/records?range=half-year&amp;card=9999\">";
    let none = browser.read("/records?range=today&card=9999").await;
    assert!(none.contains(longer) && none.contains("清除条件"), "{none}");
    assert!(!browser.read("/records?range=half-year&card=9999").await.contains(longer), "there is no longer one");
}

#[tokio::test]
async fn a_large_export_waits_for_its_owner_alone() {
    let world = World::open().await;
    let wang = id_of(&world, "0012").await;
    let loads: Vec<NewLoad> =
        (0..10_001).map(|n| new_load(&world, OURS, wang, &format!("41000000{n:08}"), 1_000)).collect();
    let refused = loads.into_iter().map(|load| world.house.book.refused(load, "quota_short"));
    for done in futures_util::future::join_all(refused).await {
        done.expect("refused");
    }
    let browser = world.signed_in("0012").await;
    let answer = browser.post("/records/export", &[("format", "csv")]).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/records/exports"));
    let page = browser.read_until("/records/exports", "可以下载").await;
    let (_, rest) = page.split_once("href=\"/records/exports/").expect("a file");
    let id = rest.split_once('/').expect("its id").0.to_owned();
    let file = browser.get(&format!("/records/exports/{id}/file")).await;
    assert_eq!(header(&file, "content-type"), "text/csv; charset=utf-8");
    let csv = text(file).await;
    assert!(
        csv.contains("合计：未扣款（笔数、金额）,10001,100010.00\r\n"),
        "{}",
        csv.lines().take(12).collect::<String>()
    );
    assert_eq!(csv.matches("\t\"").count(), 4 * 10_001, "every load, with its digits");

    // A colleague, another group and staff do not have it.
    world.hire(&[StaffRole::Admin]).await;
    for login in ["0013", "0099"] {
        let other = world.signed_in(login).await;
        assert!(!other.read("/records/exports").await.contains(&id));
        for (path, post) in [("file", false), ("cancel", true)] {
            let path = format!("/records/exports/{id}/{path}");
            let answer = if post { other.post(&path, &[]).await } else { other.get(&path).await };
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{login} {path}");
        }
    }
    let office = world.in_office(StaffRole::Admin).await;
    let answer = office.get(&format!("/office/records/exports/{id}/file")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);

    // Who gives it up has no file; and after a week nobody has.
    let answer = browser.post(&format!("/records/exports/{id}/cancel"), &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&format!("/records/exports/{id}/file")).await.status(), StatusCode::NOT_FOUND);
    assert!(browser.read("/records/exports").await.contains("已取消"));
    world.clock.advance(std::time::Duration::from_hours(8 * 24));
    topup::records::exports::sweep(&world.house).await.expect("swept");
    let browser = world.signed_in("0012").await;
    assert!(browser.read("/records/exports").await.contains("没有导出文件"));
}

/// What another group must never see of one: its orders, cards, amounts, name and people.
struct Secrets {
    group: GroupId,
    order: OrderNumber,
    words: Vec<String>,
}

async fn with_loads(world: &World, group: GroupId, login: &'static str, digit: u8) -> Secrets {
    let operator = id_of(world, login).await;
    let mut words = Vec::new();
    let mut order = OrderNumber::new(0);
    for (n, fate) in [Fate::Written, Fate::Doubtful, Fate::Refused].into_iter().enumerate() {
        let card = format!("4100000000{digit}{digit}{digit}{digit}{n:02}");
        let fen = 100_000 + i64::from(digit) * 11_110 + i64::try_from(n).expect("small") * 1_000;
        let load = new_load(world, group, operator, &card, fen);
        words.extend([load.card_number.clone(), load.amount.to_string(), load.amount.to_string().replace(',', "")]);
        words.push(card[10..].to_owned());
        order = charge(world, load, fate).await;
        words.push(order.to_string());
    }
    words.push(login.to_owned());
    Secrets { group, order, words }
}

/// Whether it is sent as a form, the address, and the form.
type Address = (bool, String, Vec<(&'static str, String)>);

/// Every address of records, with everything in it that could lead to another group.
fn addresses(other: &Secrets) -> Vec<Address> {
    let cursor = format!("{}.{}", other.order, other.group.0);
    let group = other.group.0.to_string();
    let card = other.words[0].clone();
    let login = other.words.last().expect("a login").clone();
    let filters: Vec<Vec<(&'static str, String)>> = vec![
        vec![],
        vec![("range", "half-year".into())],
        vec![("group", group.clone())],
        vec![("card", card.clone())],
        vec![("card", card[12..].to_owned()), ("group", group.clone())],
        vec![("operator", login)],
        vec![("order", other.order.to_string())],
        vec![("order", other.order.to_string()), ("group", group.clone())],
        vec![("state", "unknown".into()), ("group", group.clone())],
        vec![("state", "failed".into()), ("group", group.clone())],
        vec![("terminal", TERMINAL.into()), ("group", group)],
        vec![("least", "1000".into()), ("most", "9999".into())],
        vec![("older", cursor.clone())],
        vec![("newer", cursor)],
        vec![("page", "last".into())],
    ];
    let mut all = Vec::new();
    for (n, filter) in filters.into_iter().enumerate() {
        let query: Vec<String> = filter.iter().map(|(name, value)| format!("{name}={value}")).collect();
        all.push((false, format!("/records?{}", query.join("&")), vec![]));
        all.push((false, format!("/records/charts?{}", query.join("&")), vec![]));
        // The rows of both files are the same; a workbook takes long to open.
        for format in if n < 3 { &["csv", "xlsx"][..] } else { &["csv"] } {
            let mut form = filter.clone();
            form.push(("format", (*format).into()));
            all.push((true, "/records/export".to_owned(), form));
        }
    }
    for page in ["", "/sitting", "/sitting?paper=80mm"] {
        all.push((false, format!("/loads/{}{page}", other.order), vec![]));
    }
    all.push((false, "/records/exports".into(), vec![]));
    all
}

/// All that an answer says, whatever it is.
pub(crate) async fn said(answer: reqwest::Response) -> String {
    let workbook = header(&answer, "content-type").contains("spreadsheetml");
    let bytes = answer.bytes().await.expect("a body");
    if workbook {
        let cells = opened(&bytes).into_iter().flatten();
        return cells.map(|(_, value, _)| value.as_str().map_or(value.to_string(), str::to_owned) + "\n").collect();
    }
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test]
async fn nothing_of_another_group_comes_back_not_even_a_count() {
    let world = World::open().await;
    let mut tx = world.house.db.begin().await.expect("a unit of work");
    let opening = Movement {
        group: OTHERS,
        from: Kind::Bank,
        to: Kind::Quota,
        amount: Fen::new(10_000_000),
        reason: "opening quota",
        subject: 0,
        at: world.house.now(),
    };
    ledger::post(&mut tx, &[opening]).await.expect("a posting")[0].expect("accepted");
    let manager = NewOperator { group: OTHERS, login: "0097", name: "李雷", role: Role::Manager, password: PASSWORD };
    topup::people::add(&mut tx, &world.house.ids, &*world.house.entropy, &manager, world.house.now())
        .await
        .expect("added");
    tx.commit().await.expect("a commit");
    let ours = with_loads(&world, OURS, "0012", 3).await;
    let others = with_loads(&world, OTHERS, "0099", 6).await;
    for (login, own, other) in
        [("0012", &ours, &others), ("0013", &ours, &others), ("0097", &others, &ours), ("0099", &others, &ours)]
    {
        let browser = world.signed_in(login).await;
        let all = browser.read("/records").await;
        assert!(all.contains("3 笔") && all.contains(&own.order.to_string()), "{login} sees their own: {all}");
        for (post, path, form) in addresses(other) {
            let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = if post { browser.post(&path, &fields).await } else { browser.get(&path).await };
            assert!(!answer.status().is_server_error(), "{login} {path} {form:?}: {}", answer.status());
            let said = said(answer).await;
            // What was asked is said back; it is the others that would tell.
            let asked = |secret: &&String| {
                path.contains(secret.as_str()) || form.iter().any(|(_, asked)| asked.contains(secret.as_str()))
            };
            for secret in other.words.iter().filter(|secret| !asked(secret)) {
                assert!(!said.contains(secret.as_str()), "{login} {path} {form:?} says {secret}: {said}");
            }
        }
        for page in ["", "/sitting"] {
            let answer = browser.get(&format!("/loads/{}{page}", other.order)).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        }
        let charts = browser.read(&format!("/records/charts?group={}", other.group.0)).await;
        assert!(charts.contains(&own.words[1]) && charts.contains("按操作员"), "{login} sees their own: {charts}");
        // A count would be as telling: whatever is asked of the other group counts none, or one's own.
        let counted = browser.read(&format!("/records?card={}", other.words[0])).await;
        assert!(counted.contains("0 笔") && !counted.contains("1 笔"), "{login}: {counted}");
        let ignored = browser.read(&format!("/records?group={}", other.group.0)).await;
        assert!(ignored.contains("3 笔") && ignored.contains(&own.order.to_string()), "{login}: {ignored}");
    }
    // Staff see both, and can look at one.
    world.hire(&StaffRole::ALL).await;
    for role in StaffRole::ALL {
        let browser = world.in_office(role).await;
        let all = browser.read("/office/records").await;
        assert!(
            all.contains("6 笔") && all.contains("另一家公司") && all.contains("示例科技有限公司"),
            "{role:?}: {all}"
        );
        let one = browser.read(&format!("/office/records?group={}", others.group.0)).await;
        assert!(one.contains("3 笔") && !one.contains(&ours.order.to_string()), "{role:?}: {one}");
        let charts = browser.read("/office/records/charts").await;
        assert!(charts.contains("按集团") && charts.contains("另一家公司"), "{role:?}: {charts}");
        let charts = browser.read(&format!("/office/records/charts?group={}", others.group.0)).await;
        assert!(charts.contains("按操作员") && charts.contains("1 笔"), "{role:?}: {charts}");
        let receipt = browser.read(&format!("/office/records/{}/sitting", ours.order)).await;
        assert!(receipt.contains("当日充值小票") && receipt.contains("王芳"), "{role:?}: {receipt}");
        let story = browser.read(&format!("/office/records/{}", ours.order)).await;
        assert!(story.contains("示例科技有限公司"), "{role:?}: {story}");
    }
}
