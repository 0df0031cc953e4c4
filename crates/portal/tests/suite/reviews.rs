//! Two members of staff decide a load in doubt through the office's pages, without script.

use reqwest::StatusCode;
use terminal::Tear;
use topup::people::staff::{self, NewStaff, StaffRole};

use crate::world::{Browser, Desk, PASSWORD, World, field, location, text};

const CARD: &str = "4100000099000001";

/// A load that was torn after it was written; its order number.
async fn in_doubt(world: &World, clerk: &Browser<'_>, desk: &Desk) -> String {
    desk.reader.tear(Some(Tear::AfterCredit));
    desk.reader.tap(CARD).expect("the card is there");
    let page = clerk.read_until("/station", "data-phase=\"open\"").await;
    let [terminal, card, balance, intent] =
        ["terminal", "card", "balance", "intent"].map(|name| field(&page, "limits", name));
    let form = [
        ("terminal", terminal.as_str()),
        ("card", &card),
        ("balance", &balance),
        ("intent", &intent),
        ("amount", "50"),
        ("sure", "yes"),
    ];
    let taken = clerk.post("/station/charge", &form).await;
    let mut at = location(&taken).to_owned();
    while !at.starts_with("/loads/") {
        let answer = clerk.get(&at).await;
        if answer.status() == StatusCode::SEE_OTHER {
            at = location(&answer).to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(world.house.db.read().await.is_ok());
    at.trim_start_matches("/loads/").to_owned()
}

/// Ma, who does finance too.
async fn ma(world: &World) -> Browser<'_> {
    let mut tx = world.house.db.begin().await.expect("a unit of work");
    let new = NewStaff { login: "ma", name: "马会计", role: StaffRole::Finance, password: PASSWORD };
    staff::add(&mut tx, &world.house.ids, &*world.house.entropy, &new, topup::Clock::now(&*world.house.clock))
        .await
        .expect("staff");
    tx.commit().await.expect("a commit");
    let browser = world.browser();
    browser.post("/office/sign-in", &[("login", "ma"), ("password", PASSWORD)]).await;
    browser
}

#[tokio::test]
async fn two_people_decide_through_the_pages_and_the_clerk_sees_it() {
    let world = World::open().await;
    world.hire(&[StaffRole::Finance, StaffRole::Auditor]).await;
    let clerk = world.signed_in("0012").await;
    let desk = world.start_terminal().await;
    let order = in_doubt(&world, &clerk, &desk).await;
    let (liu, ma, auditor) =
        (world.in_office(StaffRole::Finance).await, ma(&world).await, world.in_office(StaffRole::Auditor).await);

    // The card may still come back: it waits, and counts as nothing to do yet.
    assert!(liu.read("/office").await.contains("没有等待处理的事"));
    let queue = liu.read("/office/reviews").await;
    assert!(
        queue.contains("没有等待核定的充值") && queue.contains("等待卡片放回") && queue.contains(&order),
        "{queue}"
    );
    world.clock.advance(std::time::Duration::from_hours(25));
    // A day later everybody has to sign in anew.
    for (browser, login) in [(&liu, "finance"), (&ma, "ma"), (&auditor, "auditor")] {
        browser.post("/office/sign-in", &[("login", login), ("password", PASSWORD)]).await;
    }
    let home = liu.read("/office").await;
    assert!(home.contains("笔充值待人工核定") && home.contains("href=\"/office/reviews\""), "{home}");
    let found = liu.get(&format!("/office/reviews?order={}", order.to_lowercase())).await;
    let path = format!("/office/reviews/{order}");
    assert_eq!(location(&found), path);

    let page = liu.read(&path).await;
    for words in ["¥50.00", "示例科技有限公司", "王芳", "前台一号", "MAC2", "若已写入", "¥62.60", "卡片被拿开"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let propose = format!("{path}/proposal");
    let refused = auditor.post(&propose, &[("verdict", "written"), ("reason", "是")]).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    for form in [&[("reason", "余额")][..], &[("verdict", "written")], &[("verdict", "written"), ("reason", " ")]] {
        assert_eq!(liu.post(&propose, form).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{form:?}");
    }
    let form = [("verdict", "not-written"), ("reason", "持卡人到窗口，<b>余额</b>没有变")];
    for _ in 0..2 {
        assert_eq!(location(&liu.post(&propose, &form).await), path, "twice is once");
    }
    let own = liu.read(&path).await;
    assert!(own.contains("自己提出的意见须由另一人复核") && !own.contains("/answer"), "{own}");
    assert!(own.contains("&lt;b&gt;余额"), "what people type is text");
    assert!(liu.read("/office/reviews").await.contains("您已提出"));
    assert!(!auditor.read(&path).await.contains("/answer"));

    let answer = format!("{path}/answer");
    let by_hand = [("verdict", "confirm"), ("number", "1"), ("looked", "yes"), ("reason", "自己批")];
    let refused = liu.post(&answer, &by_hand).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let unlooked = ma.post(&answer, &[("verdict", "confirm"), ("number", "1"), ("reason", "同意")]).await;
    assert!(text(unlooked).await.contains("请先核对证据"));
    let form = [("verdict", "confirm"), ("number", "1"), ("looked", "yes"), ("reason", "同意")];
    for _ in 0..2 {
        assert_eq!(location(&ma.post(&answer, &form).await), path, "twice is once");
    }
    let decided = ma.read(&path).await;
    assert!(decided.contains("已由两人核定") && decided.contains("额度已退回") && !decided.contains("/answer"));
    let late = [("verdict", "decline"), ("number", "1"), ("reason", "等等")];
    assert!(text(ma.post(&answer, &late).await).await.contains("已有人复核过"));

    clerk.post("/sign-in", &[("login", "0012"), ("password", PASSWORD)]).await;
    let load = clerk.read(&format!("/loads/{order}")).await;
    assert!(load.contains("未扣款") && load.contains("已由一卡通公司核定为未写入"), "{load}");
    assert!(clerk.read("/station").await.contains("¥10,000.00"), "the quota has it back");

    it_was_written_after_all(&desk, &liu, &path).await;
}

/// The card proves it on its next tap, and the books are put right.
async fn it_was_written_after_all(desk: &Desk, liu: &Browser<'_>, path: &str) {
    desk.reader.tap(CARD).expect("the card is there");
    let alarm = liu.read_until(path, "卡片的证明与原结论不符").await;
    assert!(alarm.contains("已从集团额度补扣 ¥50.00"), "{alarm}");
    assert!(liu.read("/office/reviews").await.contains("出现相反证明"));
    assert!(liu.read("/office").await.contains("笔充值出现相反证明"));
    let (_, close) = alarm.split_once(&format!("{path}/alarms/")).expect("the form");
    let close = format!("{path}/alarms/{}", close.split_once('"').expect("its end").0);
    assert_eq!(liu.post(&close, &[("reason", "")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..2 {
        assert_eq!(location(&liu.post(&close, &[("reason", "已告知集团")]).await), path);
    }
    assert!(!liu.read("/office/reviews").await.contains("出现相反证明"));
    let nowhere = liu.get("/office/reviews/L261122143208-1X28ANW").await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
}
