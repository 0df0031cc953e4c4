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
/// A card whose payment is notified with one fen less than the bank took.
const NOTIFIED_OF_ANOTHER_AMOUNT: &str = "6216261000000000036";
const SEEN: (&str, &str) = ("unfit", "0");
const COMPARED: (&str, &str) = ("compared", "yes");

/// Pays in and waits until the money waits for review; its number.
pub(crate) async fn pay_in(world: &World, manager: &Browser<'_>, yuan: &str, account: &str) -> String {
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

/// One person approves it.
pub(crate) async fn approve(liu: &Browser<'_>, order: &str) {
    let good = [SEEN, ("verdict", "approve"), COMPARED];
    let answer = liu.post(&format!("/office/deposits/{order}/proposal"), &good).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{order}");
}

/// Where a decision leads: to the same page, with the way on.
fn decided(path: &str) -> String {
    format!("{path}?decided=yes")
}

#[tokio::test]
async fn from_one_decision_to_the_next() {
    let world = World::with_bank().await;
    world.hire(&[StaffRole::Finance]).await;
    let manager = world.signed_in(MANAGER).await;
    let (first, second) =
        (pay_in(&world, &manager, "30000", PAYS).await, pay_in(&world, &manager, "20000", PAYS).await);
    let liu = world.in_office(StaffRole::Finance).await;
    let path = |order: &str| format!("/office/deposits/{order}");
    let skip = |order: &str| format!("rel=\"next\" href=\"{}\"", path(order));
    assert!(liu.read(&path(&first)).await.contains(&skip(&second)));
    assert!(liu.read(&path(&second)).await.contains(&skip(&first)), "round to the oldest");
    let good = [SEEN, ("verdict", "approve"), COMPARED];
    let done = liu.post(&format!("{}/proposal", path(&first)), &good).await;
    let page = liu.read(location(&done)).await;
    assert!(
        page.contains(&format!("autofocus href=\"{}\"", path(&second))) && page.contains("下一笔：¥20,000.00"),
        "{page}"
    );
    let done = liu.post(&format!("{}/proposal", path(&second)), &good).await;
    let page = liu.read(location(&done)).await;
    assert!(page.contains("autofocus href=\"/office/deposits\"") && page.contains("没有等您审核的了"), "{page}");
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
    for words in ["逐项一致", "777290058110048", "***0018", "银行答复已付款", "我已核对", "银行 → 待审核款"]
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
    let home = liu.read("/office").await;
    assert!(!home.contains("笔额度充值待审核") && home.contains("还没有申请开票"), "{home}");
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
        assert_eq!(location(&loser.post(&answer, &no).await), decided(&path), "twice is once");
    }

    // Proposed anew, and confirmed by five clicks at once.
    assert_eq!(location(&liu.post(&propose, &approve).await), decided(&path));
    let page = admin.read(&path).await;
    assert!(page.contains("复核不同意") && page.contains("再看看") && page.contains("请您复核"), "{page}");
    let number = field(&page, "decide", "number");
    let yes = [SEEN, ("number", number.as_str()), COMPARED, ("verdict", "confirm")];
    for done in join_all((0..5).map(|_| admin.post(&answer, &yes))).await {
        assert_eq!(location(&done), decided(&path));
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
    assert_eq!(location(&liu.post(&format!("{path}/proposal"), &form).await), decided(&path));
    assert_eq!(location(&liu.post(&format!("{path}/proposal"), &form).await), decided(&path), "twice is once");
    // That the bank said so may be read a moment before it is booked, and a page reads one after the other.
    liu.read_until(&path, "待退款 → 银行").await;
    let page = liu.read(&path).await;
    for words in ["已退款 ¥200.00", "待审核款 → 待退款", "银行已受理", "付款账户不是贵公司的"]
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

#[tokio::test]
async fn what_does_not_fit_is_explained_and_closed_with_a_reason() {
    let world = World::with_bank().await;
    world.hire(&[StaffRole::Finance, StaffRole::Admin, StaffRole::Auditor]).await;
    let manager = world.signed_in(MANAGER).await;
    let order = pay_in(&world, &manager, "300", NOTIFIED_OF_ANOTHER_AMOUNT).await;
    let (liu, admin) = (world.in_office(StaffRole::Finance).await, world.in_office(StaffRole::Admin).await);
    let path = format!("/office/deposits/{order}");

    // The amount differs: its exception sends staff to the deposit, whose decision closes it.
    assert!(liu.read("/office").await.contains("笔款项异常待处理"));
    let queue = liu.read("/office/exceptions").await;
    assert!(queue.contains("金额不符") && queue.contains("待审核款") && queue.contains(&order), "{queue}");
    let unfit = address(&queue, "/office/exceptions/");
    let page = liu.read(&unfit).await;
    for words in ["银行收到的金额与订单或与通知的金额不一样", "去审核这笔充值", &format!("{path}#decision"), "¥299.99"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let by_hand = liu.post(&format!("{unfit}/close"), &[("outcome", "nothing"), ("reason", "没事")]).await;
    assert_eq!(by_hand.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(by_hand).await;
    assert!(page.contains("异常随之关闭") && page.contains("保留在这里") && page.contains("没事"), "{page}");
    let page = liu.read(&path).await;
    assert!(page.contains("1 项不一致") && page.contains("知道有不一致之处"), "{page}");

    // A page from before the exception was there says so first.
    let form = [("unfit", "0"), ("verdict", "reject"), ("reason", "退回")];
    let stale = text(liu.post(&format!("{path}/proposal"), &form).await).await;
    assert!(stale.contains("出现了新的异常") && stale.contains("value=\"退回\""), "{stale}");

    // Somebody gave the money back at the bank's counter: the refund of the rejected deposit fails.
    give_back(&world, &order, 30_000, 2).await;
    let seen = field(&liu.read(&path).await, "decide", "unfit");
    let form = [("unfit", seen.as_str()), ("verdict", "reject"), ("reason", "退回")];
    assert_eq!(location(&liu.post(&format!("{path}/proposal"), &form).await), decided(&path));
    let page = liu.read_until(&path, "没有退成").await;
    assert!(page.contains("钱还在“待退款”里"), "{page}");
    let queue = liu.read("/office/exceptions").await;
    assert!(queue.contains("退款没有退成") && queue.contains("不认识的订单") && !queue.contains("金额不符"), "{queue}");
    let closed = liu.read("/office/exceptions?state=closed").await;
    assert!(closed.contains("金额不符") && closed.contains("原路退款"), "{closed}");

    let (_, after) = queue.split_once("退款没有退成").expect("it is there");
    let (before, _) = queue.split_at(queue.len() - after.len());
    let failed = before.rsplit_once("href=\"").expect("a link").1.split_once('"').expect("its end").0.to_owned();
    let page = liu.read(&failed).await;
    for words in
        ["再次申请退款", "计入额度", "已用其他方式退回", "银行不肯退", "¥300.00 已在系统外退回，从待退款中销账"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let close = format!("{failed}/close");
    for (form, words) in [
        (&[("reason", "柜台已退")][..], "请选择怎样处理"),
        (&[("outcome", "returned_otherwise")], "请写明原因"),
        (&[("outcome", "returned_otherwise"), ("reason", "柜台已退")], "请填写银行凭证号"),
        (&[("outcome", "nothing"), ("reason", "柜台已退")], "不能这样处理"),
    ] {
        let answer = liu.post(&close, form).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{form:?}");
        let page = text(answer).await;
        assert!(page.contains(words), "{words}: {page}");
        assert!(form.len() == 1 && form[0].0 == "outcome" || page.contains("value=\"柜台已退\""), "{page}");
    }
    // Two people at once, with different outcomes: one is done, the other is told which.
    let otherwise = [("outcome", "returned_otherwise"), ("reason", "柜台已退"), ("reference", "TF2211220099")];
    let credit = [("outcome", "credited"), ("reason", "计入额度吧")];
    let (first, second) = tokio::join!(liu.post(&close, &otherwise), admin.post(&close, &credit));
    let refused = if first.status() == StatusCode::SEE_OTHER { second } else { first };
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let told = text(refused).await;
    assert!(told.contains("没有重复动钱") && told.contains("保留在这里"), "{told}");
    let ended = liu.read(&failed).await;
    assert!(ended.contains("已按充值的审核结果处理") && !ended.contains("/close"), "{ended}");

    nobodys_money_is_put_away(&world, &liu).await;
    books_hold(&world).await;
}

/// Closed without a movement; an auditor only looks.
async fn nobodys_money_is_put_away(world: &World, liu: &Browser<'_>) {
    let auditor = world.in_office(StaffRole::Auditor).await;
    let unknown = address(&auditor.read("/office/exceptions").await, "/office/exceptions/");
    let page = auditor.read(&unknown).await;
    assert!(page.contains("不属于任何集团") && page.contains("您的角色可以查看") && !page.contains("/close"), "{page}");
    let close = format!("{unknown}/close");
    let done = [("outcome", "nothing"), ("reason", "柜台退款的通知")];
    assert_eq!(auditor.post(&close, &done).await.status(), StatusCode::FORBIDDEN);
    for _ in 0..2 {
        assert_eq!(location(&liu.post(&close, &done).await), unknown, "twice is once");
    }
    assert!(liu.read("/office/exceptions").await.contains("没有待处理的异常"));
    assert!(!liu.read("/office").await.contains("笔款项异常待处理"));
}

/// The first address in a page that begins so and goes on.
pub(crate) fn address(page: &str, begins: &str) -> String {
    let (_, rest) = page.split_once(&format!("href=\"{begins}")).expect("a link");
    format!("{begins}{}", rest.split_once('"').expect("its end").0)
}

/// All of a payment goes back under a number that is none of ours; then so many exceptions are open.
pub(crate) async fn give_back(world: &World, order: &str, fen: i64, exceptions: i64) {
    let order = deposits::DepositNumber::parse(order).expect("a number");
    let deposit = deposits::find(&world.house, order).await.expect("a look").expect("a deposit");
    let now = jiff::Timestamp::from_microsecond(world.house.now().0).expect("a time");
    let till = world.house.till.as_ref().expect("a till");
    let refund = pay::Refund {
        order: "X2611221432081X142NW".parse().expect("an order"),
        at: now,
        amount: pay::Amount::from_fen(fen).expect("an amount"),
        payer: pay::Payer::Person,
        serial: deposit.paid.expect("it is paid").serial,
        payment: order.order_id().expect("an order"),
        notify_url: till.notify_url(),
    };
    till.gateway.refund(&refund, now).await.expect("the bank gives it back");
    let mut open = 0;
    for _ in 0..2_000 {
        open = deposits::counts(&world.house).await.expect("a look").1;
        if open == exceptions {
            break;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(open, exceptions, "the bank notifies of it");
}

/// Nothing was lost or made.
pub(crate) async fn books_hold(world: &World) {
    let mut tx = world.house.db.read().await.expect("a unit of work");
    let books = topup::books::prove_books(&mut tx).await.expect("a look through the books");
    assert!(books.hold(), "{books}");
}
