//! A clerk at the station's page, over HTTP and as its script does it.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use tokio::time::{sleep, timeout};

use crate::kill::server::PASSWORD;

/// How long a clerk waits for anything, and between two looks.
const PATIENCE: Duration = Duration::from_secs(40);
const PAUSE: Duration = Duration::from_millis(50);

/// A signed-in clerk at a terminal.
pub(super) struct Till {
    web: Client,
    url: String,
    terminal: String,
}

/// What the page offers to charge.
pub(super) struct Offer {
    card: String,
    balance: String,
    intent: String,
}

impl Till {
    pub(super) async fn sign_in(url: &str, login: &str, terminal: &str) -> Self {
        let redirects = reqwest::redirect::Policy::none();
        let web = Client::builder().cookie_store(true).redirect(redirects).build().expect("a client");
        let till = Self { web, url: url.to_owned(), terminal: terminal.to_owned() };
        let signed_in = till.post("/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(signed_in, StatusCode::NO_CONTENT);
        assert_eq!(till.post("/station/terminal", &[("terminal", terminal)]).await, StatusCode::SEE_OTHER);
        till
    }

    /// Waits until this card may be charged.
    pub(super) async fn offered(&self, card: &str) -> Offer {
        let looking = async {
            loop {
                let page = self.get("/station").await.1;
                let field = |name: &str| between(&page, &format!("name=\"{name}\" value=\""));
                if between(&page, "data-phase=\"").as_deref() == Some("open")
                    && field("card").as_deref() == Some(card)
                    && let (Some(balance), Some(intent)) = (field("balance"), field("intent"))
                {
                    return Offer { card: card.to_owned(), balance, intent };
                }
                sleep(PAUSE).await;
            }
        };
        timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("card {card} is not offered"))
    }

    /// Waits until no card is offered.
    pub(super) async fn empty(&self) {
        let looking = async {
            while between(&self.get("/station").await.1, "data-phase=\"").as_deref() == Some("open") {
                sleep(PAUSE).await;
            }
        };
        timeout(PATIENCE, looking).await.expect("the card is gone from the page");
    }

    /// Waits for the card and confirms; the intent.
    pub(super) async fn confirm(&self, card: &str, yuan: u32) -> String {
        let offer = self.offered(card).await;
        self.confirm_offer(&offer, yuan).await
    }

    pub(super) async fn confirm_offer(&self, offer: &Offer, yuan: u32) -> String {
        let amount = yuan.to_string();
        let form = [
            ("terminal", self.terminal.as_str()),
            ("card", &offer.card),
            ("balance", &offer.balance),
            ("amount", &amount),
            ("intent", &offer.intent),
            ("sure", "yes"),
        ];
        assert_eq!(self.post("/station/charge", &form).await, StatusCode::ACCEPTED);
        offer.intent.clone()
    }

    /// What the clerk is told of a confirm, as soon as it has ended.
    pub(super) async fn outcome(&self, intent: &str) -> String {
        timeout(PATIENCE, self.state(intent, |_| true)).await.expect("an outcome")
    }

    /// Waits until a confirm has come to this.
    pub(super) async fn becomes(&self, intent: &str, state: &str) {
        let becoming = self.state(intent, |now| now == state);
        timeout(PATIENCE, becoming).await.unwrap_or_else(|_| panic!("{intent} does not become {state}"));
    }

    async fn state(&self, intent: &str, is_it: impl Fn(&str) -> bool) -> String {
        loop {
            let (status, page) = self.get(&format!("/station/outcome/{}/{intent}", self.terminal)).await;
            assert!(matches!(status, StatusCode::OK | StatusCode::ACCEPTED), "{status}");
            let state = between(&page, "data-state=\"").filter(|state| status == StatusCode::OK && is_it(state));
            if let Some(state) = state {
                return state;
            }
            sleep(PAUSE).await;
        }
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let asked = self.web.get(format!("{}{path}", self.url)).header("x-scripted", "yes").send().await;
        let answer = asked.expect("an answer");
        (answer.status(), answer.text().await.expect("a page"))
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> StatusCode {
        let asked = self.web.post(format!("{}{path}", self.url)).header("x-scripted", "yes").form(form).send().await;
        asked.expect("an answer").status()
    }
}

/// What stands after `start`, up to the next quote.
fn between(page: &str, start: &str) -> Option<String> {
    let (_, rest) = page.split_once(start)?;
    Some(rest.split_once('"')?.0.to_owned())
}
