//! A hands-free run through the pages: without script, and what the script hears; by a real terminal with software cards.

use std::time::Duration;

use reqwest::{Response, StatusCode};

use crate::world::{Browser, Desk, TERMINAL, World, field, header, location, text};

const STANDARD: &str = "4100000099000001";
const STUDENT: &str = "4100000099000417";
const EXPIRED: &str = "4100000099000355";

/// A world with a terminal that is ready, and a clerk.
async fn hall(world: &World) -> (Browser<'_>, Desk) {
    let browser = world.signed_in("0012").await;
    let desk = world.start_terminal().await;
    browser.read_until("/station", "读卡器就绪").await;
    (browser, desk)
}

/// Fills the form in and confirms the check page; where that leads.
async fn begin(browser: &Browser<'_>, cards: &str) -> Response {
    let checked = browser.post("/station/run", &[("amount", "50"), ("cards", cards), ("money", "")]).await;
    assert_eq!(checked.status(), StatusCode::OK);
    confirm(browser, &text(checked).await).await
}

/// Confirms a check page.
async fn confirm(browser: &Browser<'_>, page: &str) -> Response {
    let sent = ["terminal", "amount", "cards", "money", "key"].map(|name| (name, field(page, "check", name)));
    let mut form: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
    form.push(("sure", "yes"));
    browser.post("/station/run", &form).await
}

#[tokio::test]
async fn a_run_from_the_form_to_the_summary_without_script() {
    let world = World::open().await;
    let (browser, desk) = hall(&world).await;
    let page = browser.read("/station/run").await;
    assert!(page.contains("id=\"setup\"") && page.contains("¥10,000.00"), "{page}");

    let checked = browser.post("/station/run", &[("amount", "50"), ("cards", "3张"), ("money", "")]).await;
    let page = text(checked).await;
    for said in ["核对后开始", "¥50.00", "3 张", "¥150.00", "¥9,850.00", "前台一号", "Software reader"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!browser.read("/station").await.contains("data-run="), "nothing has begun");
    assert_eq!(location(&confirm(&browser, &page).await), "/station/run");
    assert_eq!(location(&confirm(&browser, &page).await), "/station/run", "one page, one run");
    assert_eq!(location(&browser.get("/station").await), "/station/run", "no single charge meanwhile");

    desk.reader.tap(STANDARD).expect("the card is there");
    let page = browser.read_until("/station/run", "data-sound=\"done\"").await;
    for said in ["完成", "可以取走卡片", "¥62.60", "http-equiv=\"refresh\""] {
        assert!(page.contains(said), "{said}: {page}");
    }
    desk.reader.remove();
    browser.read_until("/station/run", "放卡").await;
    desk.reader.tap(STANDARD).expect("the card is there");
    let page = browser.read_until("/station/run", "data-sound=\"noted\"").await;
    assert!(page.contains("本次已充值") && page.contains("再充 ¥50.00"), "{page}");

    // Once more, by a confirm of its own; and a card that cannot be charged.
    let mut form = vec![("run", number(&page))];
    form.extend(["terminal", "card", "balance", "intent"].map(|name| (name, field(&page, "panel", name))));
    let lent: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/station/run/again", &lent).await;
    browser.read_until("/station/run", "¥112.60").await;
    desk.reader.tap(EXPIRED).expect("the card is there");
    let page = browser.read_until("/station/run", "data-sound=\"problem\"").await;
    assert!(page.contains("未充值") && page.contains("到期"), "{page}");

    // The third load ends it; the summary names the card that needs someone.
    desk.reader.tap(STUDENT).expect("the card is there");
    let path = format!("/station/run/{}", number(&page));
    let summary = browser.read_until(&path, "已充满确认的 3 张").await;
    for said in ["¥150.00", "需要处理的卡", "已过期", "<b>0355</b>"] {
        assert!(summary.contains(said), "{said}: {summary}");
    }
    assert!(browser.read("/station/run").await.contains("id=\"setup\""), "the next one can be set up");
    let stranger = world.signed_in("0099").await;
    assert_eq!(stranger.get(&path).await.status(), StatusCode::NOT_FOUND);
}

/// The run that a page shows.
fn number(page: &str) -> String {
    let (_, rest) = page.split_once("data-run=\"").expect("a run");
    rest.split_once('"').expect("its number").0.to_owned()
}

#[tokio::test]
async fn what_is_wrong_with_a_plan_names_field_rule_and_value() {
    let world = World::open().await;
    let (browser, _desk) = hall(&world).await;
    let refused = async |amount: &str, cards: &str, money: &str, said: &[&str]| {
        let answer = browser.post("/station/run", &[("amount", amount), ("cards", cards), ("money", money)]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{amount} {cards} {money}");
        let page = text(answer).await;
        for said in said {
            assert!(page.contains(said), "{said}: {page}");
        }
    };
    refused("55", "10", "", &["href=\"#amount\"", "每张金额：要是 10 元的整数倍", "现在是 ¥55.00"]).await;
    refused("", "ten", "", &["请输入金额", "1 到 1000 的整数；现在是“ten”"]).await;
    refused("50", "1001", "40", &["现在是“1001”", "至少要够充一张卡（¥50.00）；现在是 ¥40.00"]).await;
    refused("50", "2.5", "lots", &["现在是“2.5”", "最多金额：请输入金额"]).await;
}

#[tokio::test]
async fn others_see_who_runs_and_may_stop_but_not_begin() {
    let world = World::open().await;
    let (browser, desk) = hall(&world).await;
    begin(&browser, "10").await;
    let colleague = world.signed_in("0013").await;
    let page = colleague.read("/station/run").await;
    assert!(page.contains("0012 正在这台终端上连续充值"), "{page}");
    assert_eq!(location(&begin(&colleague, "5").await), "/station/run", "theirs does not begin");
    let run = number(&page);
    let stopped = colleague.post("/station/run/stop", &[("run", &run)]).await;
    assert_eq!(location(&stopped), format!("/station/run/{run}"));
    let summary = colleague.read(location(&stopped)).await;
    assert!(
        summary.contains("已按停止键结束") && !summary.contains("继续这一次"),
        "only who began it goes on: {summary}"
    );

    desk.reader.tap(STANDARD).expect("the card is there");
    browser.read_until("/station", "data-phase=\"open\"").await;
    let summary = browser.read(location(&stopped)).await;
    assert!(summary.contains("继续这一次，还可充 10 张"), "nothing was charged: {summary}");
    assert_eq!(location(&browser.post("/station/run/resume", &[("run", &run)]).await), "/station/run");
    assert!(browser.read("/station/run").await.contains("请拿起再放"), "it was not put down for the run");
    let stranger = world.signed_in("0099").await;
    for path in ["/station/run/stop", "/station/run/resume", "/station/run/watch"] {
        assert_eq!(stranger.post(path, &[("run", &run)]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_script_is_asked_whether_it_is_there_and_cards_keep_the_session() {
    let world = World::open().await;
    let (browser, desk) = hall(&world).await;
    let mut station = browser.get(&format!("/station/live?terminal={TERMINAL}")).await;
    begin(&browser, "10").await;
    until(&mut station, "event: run\ndata: run").await; // browsers drop an event without data
    let run = number(&browser.read("/station/run").await);
    let mut live = browser.get(&format!("/station/live?terminal={TERMINAL}&run={run}")).await;
    assert_eq!(header(&live, "content-type"), "text/event-stream");
    until(&mut live, "event: watch\ndata: watch").await;

    // Unheard of for longer than a run waits for a page: nothing is charged, and the page says so.
    world.clock.advance(Duration::from_secs(16));
    desk.reader.tap(STANDARD).expect("the card is there");
    until(&mut live, "data-sound=\"problem\"").await;
    let watched = browser.post("/station/run/watch", &[("run", &run)]).await;
    assert_eq!(watched.status(), StatusCode::NO_CONTENT);
    desk.reader.remove();
    until(&mut live, "没有页面看管").await;

    // Twenty minutes with a card a minute; nobody touches a key.
    for minute in 0..20 {
        world.clock.advance(Duration::from_secs(61));
        browser.post("/station/run/watch", &[("run", &run)]).await;
        desk.reader.tap(if minute % 2 == 0 { STANDARD } else { STUDENT }).expect("the card is there");
        let told = format!("data-told=\"{}\"", minute + 2);
        browser.read_until("/station/run", &told).await;
        desk.reader.remove();
    }
    assert_eq!(browser.get("/session").await.status(), StatusCode::OK);

    let scripted = browser.client.post(world.url("/station/run/stop")).header("x-scripted", "yes");
    let stopped = scripted.form(&[("run", &run)]).send().await.unwrap();
    assert_eq!(stopped.status(), StatusCode::NO_CONTENT);
    until(&mut live, "event: over\ndata: none").await;
}

/// Hears a stream until it says these words.
async fn until(live: &mut Response, words: &str) {
    let mut heard = String::new();
    while !heard.contains(words) {
        let piece = tokio::time::timeout(Duration::from_mins(1), live.chunk()).await.expect("in time");
        heard.push_str(&String::from_utf8_lossy(&piece.expect("no break").expect("more")));
    }
}
