//! A clerk at the station's page, over HTTP and as its script does it: look, post the form, ask for the outcome.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::{Client, Response, StatusCode};
use tokio::time::{sleep, timeout};

use super::counter::Counter;
use super::server::{PASSWORD, Place};

/// How long a clerk waits for a card to be read, and for an outcome, before they turn to the next card.
const PATIENCE: Duration = Duration::from_secs(6);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the server must say that it never heard of a confirm before that counts, and the time between, as the
/// page's script has it: a request that was cut off may still arrive.
const UNHEARD: (u32, Duration) = (3, Duration::from_millis(500));
/// How long a clerk may need in the end until a load goes through.
const LAST_LOAD: Duration = Duration::from_mins(1);

/// What a clerk was told of a confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Succeeded,
    Failed,
    InDoubt,
    /// It was refused, or the server never heard of it: nothing is charged.
    NotSent,
}

/// A clerk and their counter.
pub(crate) struct Clerk {
    pub(crate) counter: Counter,
    /// What they were told last, by intent.
    pub(crate) told: BTreeMap<String, Told>,
    /// How often an answer did not come because the server was gone.
    pub(crate) cut: u32,
    web: Client,
    url: String,
    dice: StdRng,
}

/// What the page offers to charge.
struct Offer {
    card: String,
    balance: String,
    intent: String,
    /// Whether this card may be charged now.
    open: bool,
}

/// What became of a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Taken,
    Refused,
    NoAnswer,
}

impl Clerk {
    /// Signs in and chooses the terminal.
    pub(crate) async fn sign_in(place: &Place, counter: Counter, index: u8, seed: u64) -> Self {
        let login = format!("clerk-{index}");
        place.add_operator(&login);
        let redirects = reqwest::redirect::Policy::none();
        let web = Client::builder().cookie_store(true).redirect(redirects).build().expect("a client");
        let dice = StdRng::seed_from_u64(seed ^ u64::from(index) << 32);
        let clerk = Self { counter, told: BTreeMap::new(), cut: 0, web, url: place.url.clone(), dice };
        let signed_in = clerk.post("/sign-in", &[("login", &login), ("password", PASSWORD)]).await;
        assert_eq!(signed_in.expect("an answer").status(), StatusCode::NO_CONTENT);
        let chosen = clerk.post("/station/terminal", &[("terminal", &clerk.counter.terminal)]).await;
        assert_eq!(chosen.expect("an answer").status(), StatusCode::SEE_OTHER);
        clerk
    }

    /// Charges until a load succeeds: nothing hangs when the server is left in peace.
    pub(crate) async fn charge_until_it_works(&mut self) {
        let working = async { while self.charge().await != Some(Told::Succeeded) {} };
        timeout(LAST_LOAD, working).await.expect("a load goes through when nothing is killed any more");
    }

    /// One load, from putting a card down to being told what became of it, or to losing patience.
    pub(crate) async fn charge(&mut self) -> Option<Told> {
        let cards = self.counter.cards();
        let card = cards.choose(&mut self.dice).expect("cards").number.clone();
        // Now and then the card that lies there is charged again without lifting it.
        let lies = cards.iter().find(|card| card.lies_there).map(|card| card.number.clone());
        let card = lies.filter(|_| self.dice.random_ratio(1, 3)).unwrap_or_else(|| {
            self.counter.tap(&card);
            card
        });
        let offer = timeout(PATIENCE, self.offered(&card)).await.ok().filter(|offer| offer.open)?;
        let yuan: i64 = 10 * self.dice.random_range(1..=3);
        let before = self.counter.balance(&card);
        let sent = self.confirm(&offer, yuan).await;
        let told = match sent {
            Sent::Refused => Some(Told::NotSent),
            Sent::Taken | Sent::NoAnswer => timeout(PATIENCE, self.outcome(&offer.intent, sent)).await.ok(),
        }?;
        // What the clerk is told holds at once: they hand the card back on it.
        let gained = self.counter.balance(&card) - before;
        match told {
            Told::Succeeded => assert_eq!(gained, yuan * 100, "told succeeded: {}", offer.intent),
            Told::Failed | Told::NotSent => assert_eq!(gained, 0, "told {told:?}: {}", offer.intent),
            Told::InDoubt => {}
        }
        self.told.insert(offer.intent, told);
        Some(told)
    }

    /// Waits until the page shows this card.
    async fn offered(&self, card: &str) -> Offer {
        loop {
            if let Some(offer) = self.look().await
                && offer.card == card
            {
                return offer;
            }
            sleep(PAUSE).await;
        }
    }

    /// The page as it is now, if the server is there.
    async fn look(&self) -> Option<Offer> {
        let answer = self.web.get(format!("{}/station", self.url)).send().await.ok()?;
        if answer.status().is_server_error() {
            return None;
        }
        assert_eq!(answer.status(), StatusCode::OK, "the clerk is still signed in, at their terminal");
        let page = answer.text().await.ok()?;
        let field = |name: &str| between(&page, &format!("name=\"{name}\" value=\""));
        Some(Offer {
            card: field("card")?,
            balance: field("balance")?,
            intent: field("intent")?,
            open: between(&page, "data-phase=\"")? == "open",
        })
    }

    /// Confirms, now and then with a double click.
    async fn confirm(&mut self, offer: &Offer, yuan: i64) -> Sent {
        let double = self.dice.random_ratio(1, 5);
        let amount = yuan.to_string();
        let form = [
            ("terminal", self.counter.terminal.as_str()),
            ("card", &offer.card),
            ("balance", &offer.balance),
            ("amount", &amount),
            ("intent", &offer.intent),
            ("sure", "yes"),
        ];
        let click = async || match self.post("/station/charge", &form).await.map(|answer| answer.status()) {
            Some(StatusCode::ACCEPTED) => Sent::Taken,
            Some(StatusCode::CONFLICT) => Sent::Refused,
            Some(status) if !status.is_server_error() => panic!("the form was answered {status}"),
            Some(_) | None => Sent::NoAnswer,
        };
        let sent = if double { tokio::join!(click(), click()).into() } else { [click().await; 2] };
        self.cut += u32::from(sent.contains(&Sent::NoAnswer));
        let found = [Sent::Taken, Sent::NoAnswer].into_iter().find(|one| sent.contains(one));
        found.unwrap_or(Sent::Refused)
    }

    /// Asks what became of a confirm until it is known.
    async fn outcome(&mut self, intent: &str, sent: Sent) -> Told {
        let url = format!("{}/station/outcome/{}/{intent}", self.url, self.counter.terminal);
        let mut unheard = 0;
        loop {
            let answer = self.web.get(&url).header("x-scripted", "yes").send().await.ok();
            match answer.as_ref().map(Response::status) {
                Some(StatusCode::OK) => {
                    if let Some(told) = told(answer).await {
                        return told;
                    }
                }
                Some(StatusCode::ACCEPTED) => continue,
                Some(StatusCode::NOT_FOUND) => {
                    assert_eq!(sent, Sent::NoAnswer, "{intent}: a confirm that was taken on is forgotten");
                    unheard += 1;
                    if unheard == UNHEARD.0 {
                        return Told::NotSent;
                    }
                    sleep(UNHEARD.1).await;
                }
                Some(status) if !status.is_server_error() => panic!("the outcome was answered {status}"),
                Some(_) | None => self.cut += 1,
            }
            sleep(PAUSE).await;
        }
    }

    /// Posts a form as the page's script does; nothing if no answer comes.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Option<Response> {
        let url = format!("{}{path}", self.url);
        self.web.post(url).header("x-scripted", "yes").form(form).send().await.ok()
    }
}

/// The verdict on the result's page; nothing if the answer broke off.
async fn told(answer: Option<Response>) -> Option<Told> {
    let page = answer?.text().await.ok()?;
    Some(match between(&page, "data-state=\"").as_deref() {
        Some("succeeded") => Told::Succeeded,
        Some("failed") => Told::Failed,
        Some("unknown") => Told::InDoubt,
        other => panic!("{other:?} is no outcome"),
    })
}

/// What stands after `start`, up to the next quote.
fn between(page: &str, start: &str) -> Option<String> {
    let (_, rest) = page.split_once(start)?;
    Some(rest.split_once('"')?.0.to_owned())
}
