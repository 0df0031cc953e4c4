//! Staff review what groups paid in through the sandbox bank, without script: two at once, too late, and by hand.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::StatusCode;
use topup::deposits;
use topup::people::staff::StaffRole;

use crate::bank::PAYS;
use crate::deposits::{confirm, order};
use crate::world::{Browser, World, field, location, text};

const MANAGER: &str = "0013";
const SEEN: (&str, &str) = ("unfit", "0");
const COMPARED: (&str, &str) = ("compared", "yes");

/// Pays in and waits until the money waits for review; its number.
async fn pay_in(world: &World, manager: &Browser<'_>, yuan: &str, account: &str) -> String {
    let bank = world.bank.as_ref().expect("a bank");
    let pay = confirm(manager, yuan, "person").await;
    let cashier = bank.arrive(&manager.read(&pay).await).await;
    bank.pay(&cashier, account).await;
    let order = order(&pay).to_owned();
    manager.read_until(&format!("/deposits/{order}"), "等待审核").await;
    // The bank sends no second code within a minute.
    world.clock.advance(Duration::from_secs(61));
    order
}

#[tokio::test]
async fn one_person_decides_and_the_quota_grows_once() {
    let world = World::with_bank().await;
    world.hire(&StaffRole::ALL).await;
    let manager = world.signed_in(MANAGER).await;
    let order = pay_in(&world, &manager, "30000", PAYS).await;
    let liu = world.in_office(StaffRole::Finance).await;
    let (admin, auditor) = (world.in_office(StaffRole::Admin).await, world.in_office(StaffRole::Auditor).await);
    let path = format!("/office/deposits/{order}");
    let propose = format!("{path}/proposal");

    let home = liu.read("/office").await;
    assert!(home.contains("笔额度充值待审核") && home.contains("href=\"/office/deposits\""), "{home}");
    let queue = liu.read("/office/deposits").await;
    for words in
        [order.as_str(), "30,000.00", "个人银行卡", "1 笔，共 ¥30,000.00", "示例科技有限公司", "王芳", "1 分钟"]
    {
        assert!(queue.contains(words), "{words}: {queue}");
    }
    let page = liu.read(&path).await;
    for words in ["逐项一致", "777290058110048", "****0018", "银行答复已付款", "我已核对", "银行 → 待审核款"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }

    // Who may not, cannot.
    let teller = world.in_office(StaffRole::Teller).await;
    assert_eq!(teller.get("/office/deposits").await.status(), StatusCode::FORBIDDEN);
    assert!(!teller.read("/office").await.contains("/office/deposits"));
    let seen = auditor.read(&path).await;
    assert!(seen.contains("您的角色可以查看，不能审核") && !seen.contains("/proposal"), "{seen}");
    let good = [SEEN, ("verdict", "approve"), COMPARED];
    assert_eq!(auditor.post(&propose, &good).await.status(), StatusCode::FORBIDDEN);

    // What is not filled in is told beside its field, and what was typed stays.
    let long = "字".repeat(501);
    for (form, words) in [
        (&[SEEN, COMPARED, ("reason", "钱到了 <b>")][..], "请选择通过或驳回"),
        (&[SEEN, ("verdict", "approve"), ("reason", "钱到了 <b>")], "请先核对申请与银行证据"),
        (&[SEEN, ("verdict", "reject"), ("reason", " ")], "请写明原因"),
        (&[SEEN, ("verdict", "reject"), ("reason", &long)], "现在是 501 字"),
        (&[SEEN, ("verdict", "quota"), ("reason", "钱到了 <b>")], "请选择通过或驳回"),
    ] {
        let answer = liu.post(&propose, form).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{form:?}");
        let page = text(answer).await;
        assert!(page.contains(words), "{words}: {page}");
        let typed = form.iter().any(|(_, value)| value.contains("<b>"));
        assert!(!typed || page.contains("value=\"钱到了 &lt;b&gt;\""), "{page}");
    }

    // Ten clicks of two people at once: one decision.
    let clicks = (0..10).map(|n| if n % 2 == 0 { liu.post(&propose, &good) } else { admin.post(&propose, &good) });
    let (mut done, mut told) = (0, 0);
    for answer in join_all(clicks).await {
        match answer.status() {
            StatusCode::SEE_OTHER => done += 1,
            StatusCode::UNPROCESSABLE_ENTITY => {
                told += 1;
                assert!(text(answer).await.contains("审核通过，额度只增加了一次"));
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!((done, told), (5, 5), "whoever was quicker sees the same as before, the other who it was");
    assert!(manager.read("/").await.contains("¥40,000.00"), "10,000 and 30,000");

    // A page that is older than the decision: told what happened, and what was typed is there still.
    let late = [SEEN, ("verdict", "reject"), ("reason", "付款人不对，<i>退回</i>")];
    let page = text(liu.post(&propose, &late).await).await;
    for words in ["审核通过，额度只增加了一次", "保留在这里", "付款人不对，&lt;i&gt;退回", "待审核款 → 可用额度"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("/proposal"), "there is nothing to decide any more");
    assert!(manager.read(&format!("/deposits/{order}")).await.contains("审核通过，额度已增加"));
    assert!(liu.read("/office/deposits").await.contains("没有等待审核的充值"));
    assert!(liu.read("/office/deposits?tray=done").await.contains(&order));
    assert!(liu.read("/office").await.contains("没有等待处理的事"));
    books_hold(&world).await;
}

#[tokio::test]
async fn above_the_limit_two_people_decide() {
    let world = World::with_bank().await;
    world.hire(&[StaffRole::Finance, StaffRole::Admin]).await;
    let manager = world.signed_in(MANAGER).await;
    let order = pay_in(&world, &manager, "50001", PAYS).await;
    let (liu, admin) = (world.in_office(StaffRole::Finance).await, world.in_office(StaffRole::Admin).await);
    let path = format!("/office/deposits/{order}");
    let (propose, answer) = (format!("{path}/proposal"), format!("{path}/answer"));
    assert!(liu.read("/office/deposits").await.contains("须两人"));
    assert!(liu.read(&path).await.contains("提出，交另一人复核"));

    // Both propose at once: one proposal, and the other is told of it.
    let (approve, reject) =
        ([SEEN, COMPARED, ("verdict", "approve")], [SEEN, ("verdict", "reject"), ("reason", "查一查")]);
    let (first, second) = tokio::join!(liu.post(&propose, &approve), admin.post(&propose, &reject));
    let (winner, loser, refused) =
        if first.status() == StatusCode::SEE_OTHER { (&liu, &admin, second) } else { (&admin, &liu, first) };
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(refused).await.contains("您这次操作没有生效。请复核"));
    assert!(manager.read("/").await.contains("¥10,000.00"), "no money moved");

    let own = winner.read(&path).await;
    assert!(own.contains("您已提出，等他人复核") && !own.contains(&answer), "{own}");
    assert!(winner.read("/office/deposits?tray=second").await.contains("您已提出"));
    assert!(loser.read("/office/deposits?tray=second").await.contains("提出，等待复核"));
    let mine = [SEEN, ("number", "1"), COMPARED, ("verdict", "confirm"), ("reason", "自己批")];
    let by_hand = winner.post(&answer, &mine).await;
    assert_eq!(by_hand.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(by_hand).await.contains("您不能复核"));
    assert_eq!(loser.post(&answer, &[SEEN, ("number", "1")]).await.status(), StatusCode::BAD_REQUEST);
    let unlooked = loser.post(&answer, &[SEEN, ("number", "1"), ("verdict", "confirm")]).await;
    assert!(text(unlooked).await.contains("请先核对"));
    let unsaid = loser.post(&answer, &[SEEN, ("number", "1"), ("verdict", "decline")]).await;
    assert!(text(unsaid).await.contains("请写明原因"));
    let nothing = loser.post(&answer, &[SEEN, ("number", "7"), COMPARED, ("verdict", "confirm")]).await;
    assert!(text(nothing).await.contains("您这次操作没有生效"));
    let no = [SEEN, ("number", "1"), ("verdict", "decline"), ("reason", "再看看")];
    for _ in 0..2 {
        assert_eq!(location(&loser.post(&answer, &no).await), path, "twice is once");
    }

    // Proposed anew, and confirmed by five clicks at once.
    assert_eq!(location(&liu.post(&propose, &approve).await), path);
    let page = admin.read(&path).await;
    assert!(page.contains("复核不同意") && page.contains("再看看") && page.contains("请您复核"), "{page}");
    let number = field(&page, "decide", "number");
    let yes = [SEEN, ("number", number.as_str()), COMPARED, ("verdict", "confirm")];
    for done in join_all((0..5).map(|_| admin.post(&answer, &yes))).await {
        assert_eq!(location(&done), path);
    }
    assert!(manager.read("/").await.contains("¥60,001.00"));
    let late = [SEEN, ("number", number.as_str()), ("verdict", "decline"), ("reason", "等等")];
    let page = text(admin.post(&answer, &late).await).await;
    assert!(page.contains("审核通过，额度只增加了一次") && page.contains("等等"), "{page}");
    books_hold(&world).await;
}

#[tokio::test]
async fn what_is_rejected_goes_back_and_is_followed_to_its_end() {
    let world = World::with_bank().await;
    world.hire(&[StaffRole::Finance]).await;
    let manager = world.signed_in(MANAGER).await;
    let order = pay_in(&world, &manager, "200", PAYS).await;
    let liu = world.in_office(StaffRole::Finance).await;
    let path = format!("/office/deposits/{order}");
    let form = [SEEN, ("verdict", "reject"), ("reason", "付款账户不是贵公司的")];
    assert_eq!(location(&liu.post(&format!("{path}/proposal"), &form).await), path);
    assert_eq!(location(&liu.post(&format!("{path}/proposal"), &form).await), path, "twice is once");
    let page = liu.read_until(&path, "已退款 ¥200.00").await;
    for words in ["待审核款 → 待退款", "待退款 → 银行", "银行已受理", "付款账户不是贵公司的"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let told = manager.read(&format!("/deposits/{order}")).await;
    assert!(told.contains("付款账户不是贵公司的") && told.contains("已退款"), "{told}");
    assert!(manager.read("/").await.contains("¥10,000.00"));

    // Found by the number of the order in any spelling, by the bank's serial number, and by that of the refund.
    let story = deposits::standing(&world.house, None, deposits::DepositNumber::parse(&order).expect("a number")).await;
    let story = story.expect("a look").expect("a story");
    let serial = story.deposit.paid.expect("it was paid").serial;
    for typed in [order.to_lowercase(), serial, story.refunds[0].order.clone()] {
        assert_eq!(location(&liu.get(&format!("/office/deposits?order={typed}")).await), path, "{typed}");
    }
    let missed = liu.read("/office/deposits?order=D1%3Cb%3E").await;
    assert!(missed.contains("没有找到“D1&lt;b&gt;”"), "{missed}");
    for nowhere in ["/office/deposits/D1", "/office/deposits/D2611221432081X142NW", "/office/exceptions/x"] {
        assert_eq!(liu.get(nowhere).await.status(), StatusCode::NOT_FOUND, "{nowhere}");
    }
    books_hold(&world).await;
}

/// Nothing was lost or made.
async fn books_hold(world: &World) {
    let mut tx = world.house.db.read().await.expect("a unit of work");
    let books = topup::books::prove_books(&mut tx).await.expect("a look through the books");
    assert!(books.hold(), "{books}");
}
