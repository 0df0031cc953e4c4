//! Reconciliation over HTTP: what groups paid at the sandbox bank, its own daily file, and that file tampered with.

use std::time::Duration;

use pay::unionpay::bill::unpack;
use reqwest::{Response, StatusCode};
use topup::audit::Actor;
use topup::deposits::{self, DepositNumber, Proposal};
use topup::people::staff::{self, StaffRole};
use topup::reconcile::{self, Came};

use crate::bank::PAYS;
use crate::world::{Browser, World, field, header, location, text};

/// A file in a form, as a browser sends it.
pub(crate) async fn send(
    browser: &Browser<'_>,
    world: &World,
    path: &str,
    fields: &[(&str, &str)],
    file: (&str, &[u8]),
) -> Response {
    let (line, mut body) = ("----the-form-ends-here", Vec::new());
    for (name, value) in fields {
        body.extend(
            format!("--{line}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    let (name, bytes) = file;
    let head = format!(
        "--{line}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
                        Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend(head.as_bytes());
    body.extend(bytes);
    body.extend(format!("\r\n--{line}--\r\n").as_bytes());
    let request = browser.client.post(world.url(path));
    let request = request.header("content-type", format!("multipart/form-data; boundary={line}")).body(body);
    request.send().await.expect("an answer")
}

/// A deposit of the group, paid at the bank; its number.
async fn pay_in(world: &World, browser: &Browser<'_>, yuan: &str) -> String {
    let sent = [("amount", yuan), ("remark", ""), ("payer", "person")];
    let checked = text(browser.post("/deposits/check", &sent).await).await;
    let fields = ["intent", "amount", "remark", "payer"].map(|name| (name, field(&checked, "check", name)));
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let confirmed = browser.post("/deposits", &pairs).await;
    let pay = location(&confirmed).to_owned();
    let bank = world.bank.as_ref().expect("a bank");
    let cashier = bank.arrive(&browser.read(&pay).await).await;
    bank.pay(&cashier, PAYS).await;
    let deposit = pay.trim_end_matches("/pay").to_owned();
    browser.read_until(&deposit, "已付款，等待审核").await;
    // The bank sends no second code before.
    world.clock.advance(Duration::from_secs(61));
    deposit.trim_start_matches("/deposits/").to_owned()
}

async fn decide(world: &World, order: &str, approve: bool) {
    let staff = staff::by_login(&world.house, "finance").await.expect("a look").expect("finance");
    let order = DepositNumber::parse(order).expect("an order");
    let proposal = Proposal { order, approve, reason: "核对无误", reference: "", seen: &[] };
    deposits::propose(&world.house, &staff, &Actor::staff(&staff, "192.0.2.7"), proposal).await.expect("decided");
}

async fn movements(world: &World) -> i64 {
    let mut tx = world.house.db.read().await.expect("a look");
    let (count,): (i64,) = tx.query("SELECT COUNT(*) FROM movements").one().await.expect("a count");
    count
}

/// One deposit that was approved, and one whose money has gone back.
async fn kept_and_returned(world: &World, clerk: &Browser<'_>) -> (String, String) {
    let kept = pay_in(world, clerk, "500").await;
    let returned = pay_in(world, clerk, "300").await;
    decide(world, &kept, true).await;
    decide(world, &returned, false).await;
    // The bank decides refunds in its own time; the day must not end meanwhile.
    for look in 0..3_000 {
        if clerk.read(&format!("/deposits/{returned}")).await.contains("已退款") {
            return (kept, returned);
        }
        if look < 50 {
            world.clock.advance(Duration::from_mins(1));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        deposits::sweep(&world.house).await.expect("followed");
    }
    panic!("the refund of {returned} does not end");
}

#[tokio::test]
async fn the_banks_own_file_agrees_and_each_change_of_it_is_found() {
    let world = World::with_bank().await;
    world.hire(&StaffRole::ALL).await;
    let clerk = world.signed_in("0013").await;
    let (kept, returned) = kept_and_returned(&world, &clerk).await;
    let before = movements(&world).await;
    let days = reconcile::days(&world.house, None).await.expect("a look").days;
    let day = days.last().expect("a day").day;
    // Two mornings later one process asks the bank, once.
    world.clock.advance(Duration::from_hours(48));
    reconcile::sweep(&world.house).await.expect("swept");
    let finance = world.in_office(StaffRole::Finance).await;
    let list = finance.read("/office/reconcile").await;
    assert!(list.contains(&format!("/office/reconcile/{day}")) && list.contains("相符"), "{list}");
    let path = format!("/office/reconcile/{day}");
    let page = finance.read(&path).await;
    for words in [kept.as_str(), &returned, "自动下载", "退款", "清算净额", "尚未找到"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(!page.contains("待处理") && !finance.read("/office").await.contains("差异"), "{page}");

    // Its lines, as the bank wrote them.
    let zip = finance.get(&format!("{path}/file")).await;
    assert!(header(&zip, "content-disposition").contains(".zip"), "{zip:?}");
    let zip = zip.bytes().await.expect("bytes");
    let (member, whole) = unpack(&zip).expect("a ZIP").zm.remove(0);
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    assert!((2..=3).contains(&lines.len()), "{}", lines.len());
    let upload = async |bytes: &[u8]| send(&finance, &world, "/office/reconcile", &[], (&member, bytes)).await;
    let known = upload(&whole).await;
    assert_eq!(location(&known), format!("{path}?file=known"));
    assert!(finance.read(&format!("{path}?file=known")).await.contains("什么都没有改动"));

    // One amount changed, one line gone, one line of nobody's: each is found, and nothing else.
    let at = |line: &[u8], from: &str, to: &str| {
        let at = line.windows(from.len()).position(|part| part == from.as_bytes()).expect("it is there");
        [&line[..at], to.as_bytes(), &line[at + from.len()..]].concat()
    };
    let strange = at(&at(lines[0], &kept, &"X".repeat(kept.len())), "8 ", "9 ");
    let strange = [&strange[..], &at(lines[1], "000000030000", "000000030001")].concat();
    // Brought by a person it does not stand against the bank's own.
    let refused = upload(&strange).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(refused).await.contains("以网关的为准"));
    let system = Actor::system("");
    let fetched = async |bytes: &[u8]| {
        reconcile::take(&world.house, &system, Came::Fetched, &member, bytes).await.expect("taken")
    };
    assert!(fetched(&strange).await.fresh);
    let page = finance.read(&path).await;
    for words in ["银行有，我方没有", "我方有，银行没有", "金额或流水号不符", "我方没有这个订单号", "300.01"]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(finance.read("/office").await.contains("银行与我方账目的差异"));

    // Somebody closes one with a reason; the right file resolves the others.
    let form = page.split_once("action=\"/office/reconcile/differences/").expect("a form").1;
    let id = form.split_once('"').expect("its end").0;
    let close = format!("/office/reconcile/differences/{id}");
    let date = day.to_string();
    let refused = finance.post(&close, &[("day", &date), ("reason", " ")]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(refused).await.contains("请写明原因"));
    let auditor = world.in_office(StaffRole::Auditor).await;
    assert!(!auditor.read(&path).await.contains("differences/"), "auditors read");
    let closed = finance.post(&close, &[("day", &date), ("reason", "银行测试数据")]).await;
    assert_eq!(location(&closed), path);
    assert!(finance.read(&path).await.contains("银行测试数据"));
    fetched(&whole).await;
    let page = finance.read(&path).await;
    assert!(page.contains("已解决") && page.contains("银行测试数据") && !page.contains("待处理"), "{page}");
    assert_eq!(movements(&world).await, before, "no file moves money");
}

#[tokio::test]
async fn what_is_damaged_is_refused_in_words_and_changes_nothing() {
    let world = World::open().await;
    world.hire(&[StaffRole::Finance]).await;
    let finance = world.in_office(StaffRole::Finance).await;
    assert!(finance.read("/office/reconcile").await.contains("还没有对账日"));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../pay/tests/vectors/unionpay/zm");
    let (member, zip) = ("INN26030188ZM_777290058110048", "777290058110048_20260301.zip");
    let whole = std::fs::read(folder.join(member)).expect("a vector");
    let mut gbk = whole.clone();
    let broken = gbk.windows(2).position(|two| two == [0xBC, 0xAF]).expect("the text 集");
    gbk[broken + 1] = 0xFF;
    let packed = std::fs::read(folder.join(zip)).expect("a vector");
    for (name, bytes, words) in [
        (member, &whole[..whole.len() - 9], "第 3 行：应有 607 字节"),
        (member, &gbk, "第 2 行，商户自定义域 merReserved 列：不是 GBK 文字"),
        (zip, &packed[..packed.len() / 2], "文件损坏或不完整"),
        ("账单.txt", &whole, "从文件名“账单.txt”看不出"),
        ("", &[], "请先选择文件"),
    ] {
        let answer = send(&finance, &world, "/office/reconcile", &[], (name, bytes)).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let page = text(answer).await;
        assert!(page.contains(words) && page.contains("还没有对账日"), "{words} is not in {page}");
    }
    let large = vec![b'x'; 33 * 1024 * 1024];
    let answer = send(&finance, &world, "/office/reconcile", &[], (member, &large)).await;
    assert!(text(answer).await.contains("文件超过 32 MiB"));
    let plain = finance.post("/office/reconcile", &[("file", "x")]).await;
    assert_eq!(plain.status(), StatusCode::BAD_REQUEST, "no upload at all");
}

#[tokio::test]
async fn an_account_is_set_up_from_a_sample_and_its_statements_come_in() {
    let world = World::open().await;
    world.hire(&[StaffRole::Finance]).await;
    let finance = world.in_office(StaffRole::Finance).await;
    let statement = "户名,示例一卡通\r\n日期,收入,支出,余额,对方户名,摘要,流水号\r\n\
                     2026-11-21,\"1,000.00\",,\"1,000.00\",中国银联,清算,7001\r\n2026-11-22,,3.50,996.50,某银行,手续费,7002\r\n";
    let sheet = send(&finance, &world, "/office/reconcile/accounts", &[], ("a.xlsx", b"PK\x03\x04 Excel")).await;
    assert!(text(sheet).await.contains("请另存为 CSV"));
    let page =
        text(send(&finance, &world, "/office/reconcile/accounts", &[], ("a.csv", statement.as_bytes())).await).await;
    assert!(page.contains("表头在第 2 行，共 2 行记录") && page.contains("1,000.00"), "{page}");
    // As the page has filled it in, and with a column that is none.
    let form = [
        ("sample", statement),
        ("separator", "comma"),
        ("date", "日期"),
        ("way", "two"),
        ("income", "收入"),
        ("expense", "支出"),
        ("balance", "余额"),
        ("serial", "流水号"),
        ("counterparty", "对方户名"),
        ("remark", "摘要"),
        ("settles", "银联"),
        ("step", "keep"),
    ];
    let wrong = finance.post("/office/reconcile/accounts/new", &[&form[..], &[("name", "")]].concat()).await;
    assert!(text(wrong).await.contains("请填写名称"));
    let mut look = [&form[..], &[("name", "结算户")]].concat();
    look[2] = ("date", "收入");
    let look = text(finance.post("/office/reconcile/accounts/new", &look).await).await;
    assert!(look.contains("第 3 行，收入 列：应为日期"), "{look}");
    let kept = finance.post("/office/reconcile/accounts/new", &[&form[..], &[("name", "结算户")]].concat()).await;
    assert_eq!(location(&kept), "/office/reconcile/statements?kept=yes");

    let page = finance.read("/office/reconcile/statements").await;
    let account = page.split_once("/office/reconcile/accounts/").expect("a link").1;
    let account = account.split_once('"').expect("its end").0.to_owned();
    assert!(finance.read(&format!("/office/reconcile/accounts/{account}")).await.contains("共 2 行记录"));
    let bring = async |bytes: &[u8]| {
        send(&finance, &world, "/office/reconcile/statements", &[("account", &account)], ("十一月.csv", bytes)).await
    };
    let broken = bring(statement.replace("3.50", "3,50").as_bytes()).await;
    assert_eq!(broken.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Without quotation marks a comma is another cell.
    assert!(text(broken).await.contains("第 4 行"));
    let (gbk, _, _) = encoding_rs::GBK.encode(statement);
    assert_eq!(location(&bring(&gbk).await), "/office/reconcile/statements?fresh=2");
    assert_eq!(location(&bring(statement.as_bytes()).await), "/office/reconcile/statements?fresh=0");
    let page = finance.read("/office/reconcile/statements?fresh=0").await;
    assert!(page.contains("什么都没有改动") && page.contains("十一月.csv"), "{page}");
}

#[tokio::test]
async fn who_has_to_confirm_a_difference_reads_the_banks_number_elsewhere() {
    let world = World::open().await;
    world.hire(&[StaffRole::Finance, StaffRole::Admin]).await;
    let (day, id) = ("2026-03-01", world.house.ids.next());
    let mut tx = world.house.db.begin().await.expect("a unit of work");
    tx.query(
        "INSERT INTO differences (id, day, kind, subject, theirs_fen, found_at_us) \
         VALUES ($1, $2, 'not-settled', 'net', 600000000, 0)",
    )
    .bind(id)
    .bind(day)
    .execute()
    .await
    .expect("a difference");
    tx.commit().await.expect("a commit");
    let path = format!("/office/reconcile/{day}");
    let close = format!("/office/reconcile/differences/{id}");
    let (finance, admin) = (world.in_office(StaffRole::Finance).await, world.in_office(StaffRole::Admin).await);
    let says = async |browser: &Browser<'_>, number: &str| {
        let sent = [("day", day), ("reason", "已另行转账"), ("moved", "yes"), ("reference", number)];
        browser.post(&close, &sent).await
    };
    assert_eq!(location(&says(&finance, "TF-4711").await), path);
    for browser in [&finance, &admin] {
        let page = browser.read(&path).await;
        assert!(!page.contains("TF-4711") && page.contains("请自行对照银行单据填写"), "{page}");
    }
    let other = says(&admin, "TF-4712").await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(other).await;
    assert!(page.contains("已记为您的意见，尚未关闭") && !page.contains("TF-4711"), "{page}");
    assert_eq!(location(&says(&finance, "TF-4712").await), path);
    let page = finance.read(&path).await;
    assert!(page.contains("TF-4712") && !page.contains("请自行对照银行单据填写"), "closed, it stands there: {page}");
}
