//! The local page, over HTTP as a browser speaks it.

use std::net::SocketAddr;

use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, HOST, LOCATION, ORIGIN};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use terminal::{SoftReader, Status, TapPage, Tear};
use tokio::sync::watch;

use crate::purse::{FOREIGN, ORDINARY, cards};
use crate::server::soon;

struct Visit {
    page: TapPage,
    reader: SoftReader,
    status: watch::Sender<Status>,
    browser: Client,
    base: String,
}

impl Visit {
    async fn new() -> Self {
        let reader = SoftReader::open("软件读卡器", None, cards()).unwrap();
        let (status, status_seen) = watch::channel(Status::Connecting);
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let page = TapPage::open(loopback, reader.clone(), "000001000050", status_seen).await.unwrap();
        let browser = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let base = format!("http://{}", page.address());
        Self { page, reader, status, browser, base }
    }

    async fn get(&self, path: &str, language: &str) -> String {
        let answer = self.browser.get(format!("{}{path}", self.base)).header(ACCEPT_LANGUAGE, language).send();
        let answer = soon(answer).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        soon(answer.text()).await.unwrap()
    }

    async fn post_from(&self, origin: &str, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self.browser.post(format!("{}{path}", self.base)).header(ORIGIN, origin).form(form);
        soon(request.send()).await.unwrap()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.post_from(&self.base, path, form).await
    }
}

#[tokio::test]
async fn cards_are_tapped_removed_and_torn_by_plain_forms() {
    let visit = Visit::new().await;
    let answer = visit.post("/tap?lang=en", &[("card", ORDINARY)]).await;
    assert_eq!((answer.status(), answer.headers()[LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, "/?lang=en"));
    assert!(visit.reader.card(ORDINARY).unwrap().lies_there);
    visit.post("/tap", &[("card", FOREIGN)]).await;
    assert!(!visit.reader.card(ORDINARY).unwrap().lies_there, "one card at a time");
    visit.post("/tear", &[("tear", "after")]).await;
    assert_eq!(visit.reader.desk().borrow().tear, Some(Tear::AfterCredit));
    visit.post("/tear", &[("tear", "none")]).await;
    assert_eq!(visit.reader.desk().borrow().tear, None);
    visit.post("/remove", &[]).await;
    assert!(visit.reader.desk().borrow().cards.iter().all(|card| !card.lies_there));
    assert_eq!(visit.post("/tap", &[("card", "0000")]).await.status(), StatusCode::NOT_FOUND);
    visit.page.stop().await;
}

#[tokio::test]
async fn it_speaks_the_readers_language_and_says_how_the_terminal_stands() {
    let visit = Visit::new().await;
    let chinese = visit.get("/", "zh-CN,zh;q=0.9,en;q=0.8").await;
    assert!(chinese.contains(r#"lang="zh-CN""#) && chinese.contains("卡内余额") && chinese.contains("¥12.60"));
    let english = visit.get("/", "en-GB").await;
    assert!(english.contains(r#"lang="en""#) && english.contains("Balance") && english.contains("Connecting"));
    let text = "terminal 000001000050 <was> revoked".to_owned();
    visit.status.send_replace(Status::Refused { why: link::Refusal::Unknown, text });
    let refused = visit.get("/?lang=en", "zh-CN").await;
    assert!(refused.contains("Ask the office for a new code"));
    assert!(refused.contains("&lt;was&gt;"), "the server's words are text, not markup");
    visit.page.stop().await;
}

#[tokio::test]
async fn the_live_part_follows_what_happens_and_ends_with_the_page() {
    let visit = Visit::new().await;
    let request = visit.browser.get(format!("{}/live?lang=en", visit.base)).send();
    let mut live = soon(request).await.unwrap();
    let first = soon(live.chunk()).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("No card on the reader"));
    visit.reader.tap(ORDINARY).unwrap();
    let second = soon(live.chunk()).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&second).contains("On the reader"));
    soon(visit.page.stop()).await;
    assert!(soon(live.chunk()).await.unwrap().is_none());
}

#[tokio::test]
async fn only_this_machines_own_page_can_change_anything() {
    let visit = Visit::new().await;
    for origin in ["https://example.org", "null", "http://127.0.0.1:1"] {
        let answer = visit.post_from(origin, "/tap", &[("card", ORDINARY)]).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin}");
    }
    let rebound = visit.browser.get(&visit.base).header(HOST, "example.org");
    assert_eq!(soon(rebound.send()).await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
    let long = "1".repeat(2_000);
    assert_eq!(visit.post("/tap", &[("card", &long)]).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(visit.reader.desk().borrow().cards.iter().all(|card| !card.lies_there));

    let answer = soon(visit.browser.get(&visit.base).send()).await.unwrap();
    let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    let html = answer.text().await.unwrap();
    assert!(!html.contains("style=") && !html.contains("://"), "nothing inline, nothing from elsewhere");
    visit.page.stop().await;
}

#[tokio::test]
async fn it_is_not_served_to_other_machines() {
    let reader = SoftReader::open("r", None, cards()).unwrap();
    let (_status, seen) = watch::channel(Status::Connecting);
    let error = TapPage::open("0.0.0.0:0".parse().unwrap(), reader, "000001000050", seen).await.unwrap_err();
    assert!(error.to_string().contains("only for this machine"), "{error}");
}
