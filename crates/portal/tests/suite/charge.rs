//! A card is charged through the pages, without script and as the script does it; by a real terminal with software cards.

use std::time::Duration;

use reqwest::StatusCode;

use crate::world::{Browser, TERMINAL, World, field, header, location, text};

const CARD: &str = "4100000099000001";

/// What a confirm sends, as read from the page.
async fn confirmed(browser: &Browser<'_>, amount: &str) -> Vec<(&'static str, String)> {
    let page = browser.read_until("/station", "data-phase=\"open\"").await;
    let mut form: Vec<(&'static str, String)> =
        ["terminal", "card", "balance", "intent"].map(|name| (name, field(&page, "limits", name))).to_vec();
    form.push(("amount", amount.to_owned()));
    form
}

fn lent<'a>(form: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    form.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

async fn settled(browser: &Browser<'_>, mut at: String) -> String {
    for _ in 0..2_000 {
        let answer = browser.get(&at).await;
        if answer.status() == StatusCode::SEE_OTHER {
            at = location(&answer).to_owned();
        } else if at.starts_with("/loads/") {
            return text(answer).await;
        } else {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
    panic!("{at} never ends");
}

#[tokio::test]
async fn a_card_is_charged_without_script() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    assert!(browser.read("/station").await.contains("终端未连接"));
    let desk = world.start_terminal().await;
    browser.read_until("/station", "读卡器就绪").await;
    desk.reader.tap(CARD).expect("the card is there");
    let mut form = confirmed(&browser, "50").await;
    let page = browser.read("/station?amount=50").await;
    let (_, look) = page.split_once("<noscript><a class=\"button\" href=\"").unwrap();
    let look = look.split_once('"').unwrap().0.to_owned();
    assert!(page.contains("¥12.60") && page.contains("¥62.60") && page.contains("¥10,000.00"), "{page}");

    let asked = browser.post("/station/charge", &lent(&form)).await;
    assert_eq!(asked.status(), StatusCode::OK);
    assert!(text(asked).await.contains("data-mode=\"ask\""), "the clerk is asked once more");
    form.push(("sure", "yes".into()));
    let taken = browser.post("/station/charge", &lent(&form)).await;
    assert_eq!(taken.status(), StatusCode::SEE_OTHER);
    let result = settled(&browser, location(&taken).to_owned()).await;
    for words in ["充值成功", "可以取走卡片", "¥12.60", "¥62.60", "¥10,000.00", "¥9,950.00", "示例科技有限公司", "0012"]
    {
        assert!(result.contains(words), "{words}: {result}");
    }

    // The link of a page that still shows the load under way.
    assert_eq!(settled(&browser, look).await, result);

    // The back button, a double click, a second window: the same intent is the same load.
    let again = browser.post("/station/charge", &lent(&form)).await;
    assert_eq!(settled(&browser, location(&again).to_owned()).await, result);
    // The quota is booked a moment before the card is shown anew.
    let page = browser.read_until("/station", "¥62.60").await;
    assert!(page.contains("¥9,950.00") && page.contains("1 笔"), "{page}");

    // Nobody else finds it.
    let (_, order) = result.split_once("class=\"num order\">").unwrap();
    let order = format!("/loads/{}", order.split_once('<').unwrap().0);
    assert_eq!(world.signed_in("0013").await.get(&order).await.status(), StatusCode::OK, "the same group");
    let stranger = world.signed_in("0099").await;
    let without_id = |page: String| page.split("请求编号").next().unwrap().replace(&order, "");
    let theirs = stranger.get(&order).await;
    assert_eq!(theirs.status(), StatusCode::NOT_FOUND);
    let nothing = stranger.get("/loads/L261122143208-1X28ANW").await;
    assert_eq!(
        without_id(text(theirs).await),
        without_id(text(nothing).await).replace("/loads/L261122143208-1X28ANW", "")
    );
}

#[tokio::test]
async fn a_session_that_cannot_be_written_does_not_hide_a_charge() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    let desk = world.start_terminal().await;
    let mut tx = world.house.db.begin().await.unwrap();
    tx.query("CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'full'); END")
        .execute()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // Past the time after which activity is written down, and short of the session's end.
    world.clock.advance(Duration::from_mins(2));
    desk.reader.tap(CARD).expect("the card is there");
    let mut form = confirmed(&browser, "50").await;
    form.push(("sure", "yes".into()));
    let taken = browser.post("/station/charge", &lent(&form)).await;
    assert_eq!(taken.status(), StatusCode::SEE_OTHER);
    assert!(settled(&browser, location(&taken).to_owned()).await.contains("充值成功"));
}

#[tokio::test]
async fn a_charge_in_trouble_never_says_that_nothing_was_charged() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    world.house.db.close().await;
    for (language, open, nothing) in
        [("zh-CN", "结果还不清楚", "没有扣款"), ("en", "outcome is not known yet", "nothing was charged")]
    {
        let post = browser.client.post(world.url("/station/charge")).header("accept-language", language);
        let answer = post.form(&[("sure", "yes")]).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let page = text(answer).await;
        assert!(page.contains(open) && !page.contains(nothing), "{page}");
    }
}

#[tokio::test]
async fn what_cannot_be_charged_says_why_before_and_after() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    let desk = world.start_terminal().await;
    desk.reader.tap(CARD).expect("the card is there");
    let refused = async |amount: &str, words: &str| {
        let form = confirmed(&browser, amount).await;
        let answer = browser.post("/station/charge", &lent(&form)).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{amount}");
        let page = text(answer).await;
        let (_, problem) = page.split_once("id=\"problem\"").unwrap();
        assert!(problem.split("</div></div>").next().unwrap().contains(words), "{amount}: {page}");
    };
    refused("55", "10 元的整数倍").await;
    refused("0", "最少 10 元").await;
    refused("990", "超过卡内上限").await;
    refused("fifty", "请输入充值金额").await;

    let mut stale = confirmed(&browser, "50").await;
    stale.push(("sure", "yes".into()));
    desk.reader.remove();
    let page = browser.read_until("/station", "请放卡").await;
    assert!(page.contains("data-phase=\"no-card\""));
    let answer = browser.post("/station/charge", &lent(&stale)).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert!(text(answer).await.contains("卡片或余额已有变化，没有扣款"));
    for (card, words) in
        [("4100000099000355", "到期"), ("4100000099000341", "尚未启用"), ("4100000099000388", "超上限")]
    {
        desk.reader.tap(card).expect("the card is there");
        browser.read_until("/station", words).await;
        desk.reader.remove();
    }
}

#[tokio::test]
async fn the_script_is_told_of_every_change_and_asks_for_the_outcome() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    let desk = world.start_terminal().await;
    let mut live = browser.get(&format!("/station/live?terminal={TERMINAL}")).await;
    assert_eq!(header(&live, "content-type"), "text/event-stream");
    let mut heard = String::new();
    let mut hear = async |words: &str| {
        while !heard.contains(words) {
            let piece = tokio::time::timeout(Duration::from_mins(1), live.chunk()).await.expect("in time");
            heard.push_str(std::str::from_utf8(&piece.expect("no break").expect("more")).expect("whole characters"));
        }
        std::mem::take(&mut heard)
    };
    assert!(hear("请放卡").await.contains("event: live"));
    desk.reader.tap(CARD).expect("the card is there");
    let event = hear("data-phase=\"open\"").await;
    assert!(event.contains("id=\"card\""), "{event}");
    assert!(!event.contains("id=\"list\""), "only what changed is sent: {event}");

    let mut form = confirmed(&browser, "50").await;
    form.push(("sure", "yes".into()));
    let scripted = |request: reqwest::RequestBuilder| request.header("x-scripted", "yes").send();
    let post = browser.client.post(world.url("/station/charge")).form(&lent(&form));
    assert_eq!(scripted(post).await.unwrap().status(), StatusCode::ACCEPTED);
    let intent = form.iter().find(|(name, _)| *name == "intent").unwrap().1.clone();
    let outcome = async |intent: &str| {
        scripted(browser.client.get(world.url(&format!("/station/outcome/{TERMINAL}/{intent}")))).await.unwrap()
    };
    let result = text(outcome(&intent).await).await;
    assert!(result.starts_with("<div class=\"outcome good\" data-state=\"succeeded\""), "{result}");
    let event = hear("id=\"list\"").await;
    assert!(event.contains("¥9,950.00") || hear("¥9,950.00").await.contains("id=\"strip\""));
    let unheard = outcome("never-given").await;
    assert_eq!(unheard.status(), StatusCode::NOT_FOUND);
    assert!(text(unheard).await.contains("没有收到这笔确认"));

    // A page left open does not keep its session; the stream says so and ends.
    world.clock.advance(Duration::from_secs(901));
    hear("event: ended").await;
    let late = scripted(browser.client.post(world.url("/station/charge")).form(&lent(&form))).await.unwrap();
    assert_eq!(late.status(), StatusCode::UNAUTHORIZED);
}
