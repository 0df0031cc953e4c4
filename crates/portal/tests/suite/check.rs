//! The self-test: with a real terminal whose readers, clock and cards ail, and every state as a page.

use std::sync::Arc;
use std::time::Duration;

use portal::{Lang, gallery};
use reqwest::StatusCode;
use reqwest::header::ACCEPT_LANGUAGE;
use terminal::{Card, CardLost, Health, Readers};
use tokio::sync::watch;

use crate::world::{Browser, World, location, text};

const CARD: &str = "4100000099000001";

/// Readers that are as a test says.
struct Stand {
    readers: watch::Sender<Vec<link::Reader>>,
    health: watch::Sender<Health>,
}

impl Readers for Stand {
    fn watch(&self) -> watch::Receiver<Vec<link::Reader>> {
        self.readers.subscribe()
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    fn connect(&self, _: u64) -> Result<Box<dyn Card>, CardLost> {
        Err(CardLost)
    }
}

/// Reads the fragment in a language.
async fn checkup(world: &World, browser: &Browser<'_>, lang: &str) -> String {
    let asked = browser.client.get(world.url("/terminal/check/now")).header(ACCEPT_LANGUAGE, lang);
    text(asked.send().await.expect("an answer")).await
}

/// Waits until the fragment says so, in both languages.
async fn says(world: &World, browser: &Browser<'_>, zh: &str, en: &str) {
    for _ in 0..2_000 {
        if checkup(world, browser, "zh-CN").await.contains(zh) && checkup(world, browser, "en").await.contains(en) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("never {zh:?} and {en:?}: {}", checkup(world, browser, "zh-CN").await);
}

#[tokio::test]
async fn a_terminal_is_followed_from_its_first_connection_to_a_card() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    let page = browser.read("/terminal/check").await;
    assert!(page.contains("还没有连接过") && page.contains("jichong terminal doctor"), "{page}");
    assert!(page.contains("有 1 项需要处理"), "{page}");

    world.set_clock();
    let desk = world.start_terminal().await;
    says(&world, &browser, "一切正常", "All is well").await;
    says(&world, &browser, "终端与服务器往返", "Terminal to server and back in").await;
    says(&world, &browser, "Software reader", "Lay any card flat").await;
    desk.reader.tap(CARD).expect("the card is there");
    says(&world, &browser, "读到尾号 0001 的卡，余额 ¥12.60", "Card ending in 0001 read, balance ¥12.60").await;
    assert!(!checkup(&world, &browser, "en").await.contains(CARD), "the number is masked");

    drop(desk);
    says(&world, &browser, "最后一次有消息是", "It was heard last at").await;
}

#[tokio::test]
async fn what_ails_the_readers_is_told_on_the_page_and_on_the_strip() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    let stand =
        Arc::new(Stand { readers: watch::Sender::new(Vec::new()), health: watch::Sender::new(Health::NoService) });
    world.set_clock();
    let _terminal = world.start_terminal_with(Arc::clone(&stand) as Arc<dyn Readers>).await;
    for (health, readers, zh, en, strip) in [
        (Health::NoService, 0, "电脑的读卡器服务没有运行", "reader service is not running", "读卡器服务没有运行"),
        (Health::Forbidden, 0, "不让终端程序使用", "does not let the terminal program in", "读卡器服务不让终端使用"),
        (Health::NoReader, 0, "没有找到读卡器", "No reader found", "没有找到读卡器"),
        (Health::MuteCard, 1, "芯片朝读卡器", "the chip towards the reader", "卡片没有应答"),
        (Health::Ready, 1, "一切正常", "All is well", "读卡器就绪"),
    ] {
        let reader = |_| link::Reader { name: "R".into(), tap: None };
        stand.readers.send_replace((0..readers).map(reader).collect());
        stand.health.send_replace(health);
        says(&world, &browser, zh, en).await;
        let station = browser.read_until("/station", strip).await;
        let (_, strip) = station.split_once("id=\"strip\"").expect("a strip");
        let (strip, _) = strip.split_once("</div>").expect("its end");
        assert_eq!(strip.contains("href=\"/terminal/check\""), health != Health::Ready, "{health:?}: {strip}");
    }
}

#[tokio::test]
async fn a_wrong_clock_is_told_on_the_page_and_on_the_strip() {
    let world = World::open().await;
    // The terminal's clock is that of this machine, and now an hour behind.
    world.set_clock();
    world.clock.advance(Duration::from_hours(1));
    let browser = world.signed_in("0012").await;
    let _desk = world.start_terminal().await;
    says(&world, &browser, "终端电脑比服务器慢 ", "behind the server").await;
    let station = browser.read_until("/station", "终端电脑的时钟不对").await;
    assert!(station.contains("href=\"/terminal/check\""), "{station}");
}

#[tokio::test]
async fn who_has_no_terminal_is_sent_to_choose_one() {
    let world = World::open().await;
    let browser = world.signed_in("0099").await;
    let answer = browser.get("/terminal/check").await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, "/station/terminal"));
    assert_eq!(browser.get("/terminal/check/now").await.status(), StatusCode::NOT_FOUND);
}

#[test]
fn every_state_has_its_heading_and_its_next_step() {
    let page = |lang: Lang, name: &str| {
        let found = gallery::pages(lang).into_iter().find(|(known, _)| known == &format!("check-{name}"));
        found.expect("the page is in the gallery").1
    };
    for (name, zh, en) in [
        ("well", "一切正常", "Lay any card flat"),
        ("card", "余额 ¥12.60", "balance ¥12.60"),
        ("unreadable", "读不出这张卡", "Cannot read this card"),
        ("gone", "2026-11-22 14:19:34", "Is the computer on"),
        ("old", "版本不合", "Replace the program"),
        ("never", "还没有连接过", "has never been connected"),
        ("no-service", "pcscd.socket", "Install pcscd"),
        ("no-service-windows", "先插上读卡器", "sc start SCardSvr"),
        ("forbidden", "请管理员允许", "allowed to use readers"),
        ("no-reader", "换一个插口", "try another socket"),
        ("mute", "芯片朝读卡器", "it is the reader"),
        ("clock", "比服务器慢 63 分钟", "63 minutes behind"),
        ("slow", "往返 812.0 ms", "Good for 5 more days"),
        ("owing", "有 2 笔充值的结果", "not delivered yet: 2"),
        ("over", "证书已过期", "has ended"),
    ] {
        let (zh_page, en_page) = (page(Lang::Zh, name), page(Lang::En, name));
        assert!(zh_page.contains(zh), "{name}: {zh}");
        assert!(en_page.contains(en), "{name}: {en}");
    }
}
