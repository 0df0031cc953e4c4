//! The staff's pages about terminals: finding, creating, codes, alarms, the end.

use reqwest::StatusCode;
use serde_json::json;
use terminal::Status;
use topup::alarms::{self, Kind};
use topup::audit::Subject;
use topup::paging::PAGE;
use topup::people::staff::StaffRole;
use topup::terminals::TerminalNumber;

use crate::world::{Browser, TERMINAL, World, field, header, location, text};

const NEW: &str = "000001000051";

/// The codes that a page shows.
fn codes(page: &str) -> Vec<&str> {
    let is_code =
        |word: &&str| word.len() == 19 && word.split('-').count() == 4 && word.split('-').all(|part| part.len() == 4);
    page.split(['<', '>', ' ', '"']).filter(is_code).collect()
}

async fn create(browser: &Browser<'_>, number: &str) -> reqwest::Response {
    browser.post("/office/terminals", &[("group", "7"), ("number", number), ("name", "食堂窗口")]).await
}

#[tokio::test]
async fn a_code_is_shown_once_and_enrols() {
    let world = World::open().await;
    world.hire(&[StaffRole::Teller]).await;
    let browser = world.in_office(StaffRole::Teller).await;
    let form = browser.read("/office/terminals/new").await;
    assert!(form.contains(&format!(r#"value="{NEW}""#)), "the next free number is suggested: {form}");
    assert!(form.contains("示例科技有限公司") && form.contains("另一家公司"), "{form}");
    let created = create(&browser, "000001 000051").await;
    let path = format!("/office/terminals/{NEW}");
    assert_eq!((created.status(), location(&created)), (StatusCode::SEE_OTHER, path.as_str()));
    let cookie = header(&created, "set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains(&format!("Path={path}")), "{cookie}");
    assert!(cookie.contains("SameSite=Strict") && cookie.contains("Max-Age=60"), "{cookie}");

    let shown = browser.read(&path).await;
    let code = codes(&shown).first().expect("a code").to_string();
    assert_eq!(codes(&shown), [code.as_str(), code.as_str()], "by itself and in the command: {shown}");
    let command = format!("jichong terminal enrol --server http://topup.example.cn --code {code}");
    assert!(shown.contains(&command) && shown.contains("只显示这一次") && shown.contains("30 分钟内有效"), "{shown}");
    let again = browser.get(&path).await;
    assert_eq!(header(&again, "cache-control"), "no-store", "not by the way back either");
    let again = text(again).await;
    assert_eq!(codes(&again), [""; 0], "{again}");
    assert!(again.contains("有一个登记码尚未使用") && again.contains("生成登记码"), "{again}");

    // A new one voids it, and is shown once as well.
    let renewed = browser.post(&format!("{path}/code"), &[]).await;
    assert_eq!(location(&renewed), path);
    let newer = codes(&browser.read(&path).await).first().expect("a code").to_string();
    assert_ne!(code, newer);
    let state = tempfile::tempdir().unwrap();
    let old = world.enrol(&code, state.path()).await.expect_err("void").to_string();
    assert!(old.contains("this code is not valid"), "{old}");
    assert_eq!(world.enrol(&newer, state.path()).await.expect("enrolled").name, "食堂窗口");
    let page = browser.read(&path).await;
    assert!(page.contains("这个终端已登记") && !page.contains("有一个登记码尚未使用"), "{page}");
    for entry in ["创建终端", "生成登记码", "终端登记", "teller 刘敏", "127.0.0.1"] {
        assert!(page.contains(entry), "{entry}: {page}");
    }
    // What was done to it goes on page by page.
    assert!(!page.contains("?trail="), "{page}");
    for _ in 0..PAGE {
        browser.post(&format!("{path}/code"), &[]).await;
    }
    let page = browser.read(&path).await;
    assert!(!page.contains("创建终端"), "{page}");
    let next =
        page.split_once(&format!("href=\"{path}?trail=")).expect("more").1.split_once("#trail").expect("its end").0;
    let page = browser.read(&format!("{path}?trail={next}")).await;
    assert!(page.contains("创建终端") && page.contains(&format!("href=\"{path}#trail\"")), "{page}");
    assert!(!page.contains("rel=\"next\""), "{page}");
}

#[tokio::test]
async fn what_cannot_be_created_says_why_and_keeps_what_was_typed() {
    let world = World::open().await;
    world.hire(&[StaffRole::Admin]).await;
    let browser = world.in_office(StaffRole::Admin).await;
    let name = "长".repeat(41);
    for (group, number, name, expected) in [
        ("", "000001000051", "食堂", "请选择集团"),
        ("12345", "000001000051", "食堂", "请选择集团"),
        ("7", "51", "食堂", "12 位十六进制"),
        ("7", "", "食堂", "12 位十六进制"),
        ("7", TERMINAL, "食堂", "已被使用"),
        ("7", "000001000051", "  ", "请填写名称"),
        ("7", "000001000051", &name, "请填写名称"),
    ] {
        let answer = browser.post("/office/terminals", &[("group", group), ("number", number), ("name", name)]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{group} {number} {name}");
        let page = text(answer).await;
        assert!(page.contains(expected) && page.contains(&format!(r#"value="{number}""#)), "{expected}: {page}");
    }
    assert!(!browser.read("/office/terminals").await.contains("000001 000051"));
}

#[tokio::test]
async fn the_list_shows_every_group_and_finds_by_number_name_and_state() {
    let world = World::open().await;
    world.hire(&[StaffRole::Auditor]).await;
    let browser = world.in_office(StaffRole::Auditor).await;
    let list = browser.read("/office/terminals").await;
    assert!(list.contains("000001 000050") && list.contains("示例科技有限公司") && list.contains("未登记"), "{list}");
    assert!(!list.contains("新建终端"), "an auditor changes nothing");
    let _desk = world.start_terminal().await;
    let list = browser.read_until("/office/terminals?state=connected", "jichong terminal 0.1.0").await;
    assert!(list.contains("000001 000050") && list.contains("在线"), "{list}");
    for (query, found) in
        [("q=%E5%89%8D%E5%8F%B0", true), ("q=000001+000050", true), ("q=1%25", false), ("state=new", false)]
    {
        let list = browser.read(&format!("/office/terminals?{query}")).await;
        assert_eq!(list.contains("000001 000050"), found, "{query}");
        assert_eq!(list.contains("没有符合的终端"), !found, "{query}");
    }
    let one = browser.read(&format!("/office/terminals/{TERMINAL}")).await;
    assert!(one.contains("终端登记") && !one.contains("生成登记码</button>") && !one.contains("停用终端</a>"), "{one}");
    for missing in ["/office/terminals/000009000009", "/office/terminals/rubbish"] {
        assert_eq!(browser.get(missing).await.status(), StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn a_role_that_may_not_is_told_so_in_plain_words() {
    let world = World::open().await;
    world.hire(&[StaffRole::Finance, StaffRole::Auditor]).await;
    let finance = world.in_office(StaffRole::Finance).await;
    assert!(!finance.read("/office").await.contains(r#"href="/office/terminals""#));
    let answer = finance.get("/office/terminals").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = text(answer).await;
    for words in ["您没有这项权限", "您的角色是“财务”", "刘敏", "退出", r#"href="/office""#] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let auditor = world.in_office(StaffRole::Auditor).await;
    let answer = auditor.post(&format!("/office/terminals/{TERMINAL}/revoke"), &[("reason", "x")]).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(!auditor.read(&format!("/office/terminals/{TERMINAL}")).await.contains("已停用"));
}

#[tokio::test]
async fn a_revoked_terminal_is_out_at_once_and_for_good() {
    let world = World::open().await;
    world.hire(&[StaffRole::Teller]).await;
    let desk = world.start_terminal().await;
    let (staff, clerk) = (world.in_office(StaffRole::Teller).await, world.signed_in("0012").await);
    desk.reader.tap("4100000099000001").expect("a sample card");
    let station = clerk.read_until("/station", "id=\"charge\"").await;
    let confirm = ["terminal", "card", "balance", "intent"].map(|name| (name, field(&station, "charge", name)));

    let ask = staff.read(&format!("/office/terminals/{TERMINAL}/revoke")).await;
    assert!(ask.contains("停用不能撤销") && ask.contains("确认停用"), "{ask}");
    let path = format!("/office/terminals/{TERMINAL}/revoke");
    let without = staff.post(&path, &[("reason", " ")]).await;
    assert_eq!(without.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(without).await.contains("请填写原因"));
    let revoked = staff.post(&path, &[("reason", "电脑被盗")]).await;
    assert_eq!(location(&revoked), format!("/office/terminals/{TERMINAL}"));
    let mut status = desk.handle.status();
    let refused = status.wait_for(|status| matches!(status, Status::Refused { .. })).await.expect("a status");
    assert!(matches!(&*refused, Status::Refused { text, .. } if text.contains("was revoked by the card company")));
    drop(refused);

    // Nothing can be charged there any more, by no page that was open.
    let mut form: Vec<(&str, &str)> = confirm.iter().map(|(name, value)| (*name, value.as_str())).collect();
    form.extend([("amount", "50"), ("yes", "yes")]);
    let late = clerk.post("/station/charge", &form).await;
    let page = if late.status().is_redirection() { clerk.read(location(&late)).await } else { text(late).await };
    assert!(!page.contains("充值成功") && !page.contains("正在充值"), "{page}");
    assert_eq!(world.loads().await, 0);
    assert_eq!(location(&clerk.get("/station").await), "/station/terminal");

    let page = staff.read(&format!("/office/terminals/{TERMINAL}")).await;
    for words in ["已停用", "电脑被盗", "不能恢复", "停用时间"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("生成登记码</button>"), "{page}");
    assert_eq!(location(&staff.get(&path).await), format!("/office/terminals/{TERMINAL}"));
    assert_eq!(location(&staff.post(&path, &[("reason", "again")]).await), format!("/office/terminals/{TERMINAL}"));
    assert!(staff.read("/office/terminals?state=revoked").await.contains("000001 000050"));
}

#[tokio::test]
async fn an_alarm_waits_on_the_first_page_until_it_is_closed_with_a_reason() {
    let world = World::open().await;
    world.hire(&[StaffRole::Teller, StaffRole::Finance]).await;
    let browser = world.in_office(StaffRole::Teller).await;
    let number: TerminalNumber = TERMINAL.parse().unwrap();
    let mut tx = world.house.db.begin().await.unwrap();
    let details = json!({ "addresses": ["203.0.113.9", "198.51.100.23"] });
    let (group, subject) = (topup::GroupId(7), Subject::Terminal(number));
    alarms::raise(&mut tx, &world.house.ids, group, Kind::KeyInTwoPlaces, subject, details).await.unwrap();
    tx.commit().await.unwrap();

    let home = browser.read("/office").await;
    assert!(home.contains("终端密钥出现在两处") && home.contains("/office/terminals?state=alarm"), "{home}");
    let finance = world.in_office(StaffRole::Finance).await;
    assert!(finance.read("/office").await.contains("没有等待处理的事"), "not theirs to see");
    assert!(browser.read("/office/terminals?state=alarm").await.contains("000001 000050"));
    let path = format!("/office/terminals/{TERMINAL}");
    let page = browser.read(&path).await;
    for words in ["此终端的密钥出现在两处", "203.0.113.9 · 198.51.100.23", "发现警报"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let close = page.split_once(&format!("action=\"{path}/alarms/")).expect("a form").1;
    let close = format!("{path}/alarms/{}", close.split_once('"').unwrap().0);
    let without = browser.post(&close, &[("reason", "")]).await;
    assert_eq!(without.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(without).await.contains("请填写原因"));
    assert_eq!(location(&browser.post(&close, &[("reason", "已重新登记")]).await), path);
    let page = browser.read(&path).await;
    assert!(!page.contains("此终端的密钥出现在两处") && page.contains("已重新登记"), "{page}");
    assert!(browser.read("/office").await.contains("没有等待处理的事"));
    assert_eq!(browser.post(&close, &[("reason", "twice")]).await.status(), StatusCode::NOT_FOUND);
}
