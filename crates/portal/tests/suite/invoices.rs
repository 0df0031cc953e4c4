//! Invoices through the office's pages, without script.

use ledger::{Fen, GroupId};
use reqwest::StatusCode;
use topup::people::staff::StaffRole;

use crate::records::opened;
use crate::world::{World, header, location, text};

/// An approved deposit, as the table has it.
async fn approved(world: &World, order: &str, amount: Fen) {
    let mut tx = world.house.db.begin().await.expect("a unit of work");
    tx.query(
        "INSERT INTO deposits (group_id, id, order_id, intent, state, operator_id, amount_fen, remark, payer, gateway, \
         created_at_us, expires_at_us, redirected_at_us, paid_fen, serial, paid_at_us, decided_at_us) \
         VALUES ($1, $2, $3, $3, 'approved', 1, $4, '', 'company', 'unionpay', $5, $5, $5, $4, $3, $5, $5)",
    )
    .bind(GroupId(7))
    .bind(world.house.ids.next())
    .bind(order)
    .bind(amount)
    .bind(world.house.now())
    .execute()
    .await
    .expect("a deposit");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn the_file_for_the_tax_system_is_text_or_a_workbook() {
    let world = World::open().await;
    world.hire(&[StaffRole::Finance]).await;
    approved(&world, "D2611220000000000001", Fen::new(500_000)).await;
    let finance = world.in_office(StaffRole::Finance).await;
    let buyer = [("name", "=示例科技有限公司"), ("taxpayer", "914403001922038216"), ("email", "cw@example.cn")];
    assert_eq!(location(&finance.post("/office/invoices/buyers/7", &buyer).await), "/office/invoices/buyers");
    let made = finance.post("/office/invoices", &[("order", "D2611220000000000001")]).await;
    assert_eq!(location(&made), "/office/invoices?state=requested&made=1");
    let table = finance.get("/office/invoices/export?state=requested&format=csv").await;
    let named = header(&table, "content-disposition").to_owned();
    assert!(named.starts_with("attachment; filename=\"export.csv\"; filename*=UTF-8''"), "{named}");
    let table = table.bytes().await.expect("bytes");
    assert!(table.starts_with(&[0xEF, 0xBB, 0xBF]));
    let table = String::from_utf8(table.to_vec()).expect("UTF-8");
    let line = "'=示例科技有限公司,\"914403001922038216\t\",cw@example.cn,普通发票,*预付卡销售*预付卡充值,\
                \"6010000000000000000\t\",5000.00,不征税,0.00,D2611220000000000001,";
    assert!(table.contains(line), "{table}");
    let workbook = finance.get("/office/invoices/export?state=requested&format=xlsx").await;
    assert!(header(&workbook, "content-disposition").contains(".xlsx"));
    let rows = opened(&workbook.bytes().await.expect("bytes"));
    let titles = rows.iter().position(|row| row[0].1 == "购买方名称").expect("the titles");
    let [invoice] = &rows[titles + 1..] else { panic!("one invoice: {rows:?}") };
    assert_eq!((invoice[0].1.as_str(), invoice[0].0.as_str()), (Some("=示例科技有限公司"), "s"), "never a formula");
    assert_eq!((invoice[1].1.as_str(), invoice[1].2.as_str()), (Some("914403001922038216"), "@"));
    assert_eq!(invoice[5].1, "6010000000000000000", "no digit is lost");
    assert_eq!((invoice[6].1.as_f64(), invoice[6].0.as_str()), (Some(5_000.0), "n"));
    let nothing = finance.get("/office/invoices/export?state=requested&format=pdf").await;
    assert_eq!(nothing.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn from_the_buyers_data_to_a_reversed_invoice() {
    let world = World::open().await;
    world.hire(&StaffRole::ALL).await;
    approved(&world, "D2611220000000000001", Fen::new(500_000)).await;
    let finance = world.in_office(StaffRole::Finance).await;
    assert!(finance.read("/office").await.contains("笔已通过的充值还没有申请开票"));
    let page = finance.read("/office/invoices").await;
    assert!(page.contains("D2611220000000000001") && page.contains("去填写"), "{page}");
    let early = finance.post("/office/invoices", &[("order", "D2611220000000000001")]).await;
    assert!(text(early).await.contains("请先填写这个集团的开票信息"));

    let keep = async |name: &str, taxpayer: &str, email: &str| {
        let form = [("name", name), ("taxpayer", taxpayer), ("email", email)];
        finance.post("/office/invoices/buyers/7", &form).await
    };
    let wrong = keep("", "914403001922038217", "x").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = text(wrong).await;
    for words in ["请填写公司名称", "最后一位与前面对不上", "请填写一个邮箱", "914403001922038217"]
    {
        assert!(wrong.contains(words), "{words} is not in {wrong}");
    }
    assert!(text(keep("示例", "9144O3001922038216", "a@b.cn").await).await.contains("第 5 位是“O”"));
    let good = keep("=示例科技有限公司", "91440300 1922038216", "cw@example.cn").await;
    assert_eq!(location(&good), "/office/invoices/buyers");
    assert!(finance.read("/office/invoices/buyers").await.contains("914403001922038216"));

    let made = finance.post("/office/invoices", &[("order", "D2611220000000000001")]).await;
    assert_eq!(location(&made), "/office/invoices?state=requested&made=1");
    let again = finance.post("/office/invoices", &[("order", "D2611220000000000001")]).await;
    assert_eq!(location(&again), "/office/invoices?state=requested&made=0", "one live invoice");
    let page = finance.read("/office/invoices?state=requested").await;
    let path = format!(
        "/office/invoices/{}",
        page.split("/office/invoices/")
            .find_map(|part| { part.split_once('"').map(|(id, _)| id).filter(|id| id.parse::<i64>().is_ok()) })
            .expect("a link")
    );
    let today = world.house.now();
    let today = jiff::Timestamp::from_microsecond(today.0).unwrap();
    let today = jiff::tz::offset(8).to_datetime(today).date().to_string();
    let say = async |what: &str, number: &str, on: &str, reason: &str| {
        let form = [("number", number), ("on", on), ("reason", reason)];
        finance.post(&format!("{path}/{what}"), &form).await
    };
    assert!(text(say("issued", "123", &today, "").await).await.contains("发票号码是 20 位数字"));
    assert!(text(say("issued", "26412000000012345678", "2099-01-01", "").await).await.contains("日期还没有到"));
    assert_eq!(location(&say("issued", "26412000000012345678", &today, "").await), path);
    assert!(text(say("issued", "26412000000012345679", &today, "").await).await.contains("别人已先一步处理"));
    assert!(text(say("reversed", "26412000000012345679", &today, "").await).await.contains("请填写理由"));
    assert_eq!(location(&say("reversed", "26412000000012345679", &today, "抬头有误").await), path);
    let page = finance.read(&path).await;
    for words in ["已红冲", "26412000000012345678", "26412000000012345679", "登记红字发票", "抬头有误", "finance 刘敏"]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    // The deposit waits for another one. Auditors see all of it and no form.
    assert!(finance.read("/office/invoices").await.contains("D2611220000000000001"));
    let auditor = world.in_office(StaffRole::Auditor).await;
    for at in ["/office/invoices", "/office/invoices/buyers", path.as_str()] {
        let page = auditor.read(at).await;
        let main = page.split_once("<main").expect("a page").1.split_once("</main>").expect("its end").0;
        assert!(!main.contains("<form") && !main.contains("<button"), "{main}");
    }
}

#[tokio::test]
async fn a_group_says_who_gets_its_invoices_and_sees_what_became_of_them() {
    let world = World::open().await;
    world.hire(&[StaffRole::Finance]).await;
    approved(&world, "D2611220000000000001", Fen::new(500_000)).await;
    let (manager, clerk) = (world.signed_in("0013").await, world.signed_in("0012").await);
    for at in ["/invoices", "/invoices/buyer"] {
        assert_eq!(clerk.get(at).await.status(), StatusCode::FORBIDDEN, "{at}");
    }
    let page = manager.read("/invoices").await;
    for words in ["未填写", "填写开票信息", "有 1 笔已通过的充值还没有申请发票", "还没有发票"]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let keep = async |name: &str, taxpayer: &str, email: &str| {
        manager.post("/invoices/buyer", &[("name", name), ("taxpayer", taxpayer), ("email", email)]).await
    };
    let wrong = keep("<b>示例</b>", "914403001922038217", "x").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = text(wrong).await;
    for words in ["最后一位与前面对不上", "请填写一个邮箱", "&lt;b&gt;示例&lt;/b&gt;", "914403001922038217"]
    {
        assert!(wrong.contains(words), "{words} is not in {wrong}");
    }
    assert_eq!(location(&keep("示例科技有限公司", "914403001922038216", "cw@example.cn").await), "/invoices?kept=yes");
    let page = manager.read("/invoices?kept=yes").await;
    for words in ["开票信息已保存", "示例科技有限公司", "914403001922038216", "cw@example.cn"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }

    // The office works with it, and sees who said it.
    let finance = world.in_office(StaffRole::Finance).await;
    assert!(finance.read("/office/invoices/buyers/7").await.contains("0013"));
    let made = finance.post("/office/invoices", &[("order", "D2611220000000000001")]).await;
    assert_eq!(location(&made), "/office/invoices?state=requested&made=1");
    let page = manager.read("/invoices").await;
    assert!(page.contains("已申请") && page.contains("D2611220000000000001") && !page.contains("还没有申请"), "{page}");
}
