//! A clerk in a browser: signs in, begins a run, keeps its page open and answers that somebody is there.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::{Client, Response};

/// What one thing may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Clerk {
    web: Client,
    url: String,
    run: String,
    live: Response,
    /// What has come of the live page and is not a whole event yet.
    text: Vec<u8>,
}

impl Clerk {
    /// Signs in and begins a run of so many cards.
    pub(crate) async fn begin(url: &str, login: &str, password: &str, terminal: &str, plan: &Plan) -> Result<Self> {
        let redirects = reqwest::redirect::Policy::none();
        let web = Client::builder().cookie_store(true).redirect(redirects).build()?;
        let post = async |path: &str, form: &[(&str, &str)]| {
            let answer = web.post(format!("{url}{path}")).form(form).send().await?;
            let status = answer.status();
            ensure!(status.is_success() || status.is_redirection(), "{path} was answered {status}");
            answer.text().await.context("no answer")
        };
        post("/sign-in", &[("login", login), ("password", password)]).await?;
        post("/station/terminal", &[("terminal", terminal)]).await?;
        let (amount, cards, money) = (plan.yuan.to_string(), plan.cards.to_string(), plan.money().to_string());
        let form = [("amount", amount.as_str()), ("cards", &cards), ("money", &money)];
        let check = post("/station/run", &form).await?;
        let key = between(&check, "name=\"key\" value=\"").context("the check page has a key")?;
        let sure = [form[0], form[1], form[2], ("terminal", terminal), ("key", &key), ("sure", "yes")];
        post("/station/run", &sure).await?;
        let page = web.get(format!("{url}/station/run")).send().await?.text().await?;
        let run = between(&page, "data-run=\"").context("a run is under way")?;
        let live = web.get(format!("{url}/station/live?terminal={terminal}&run={run}")).send().await?;
        ensure!(live.status().is_success(), "the live page was answered {}", live.status());
        Ok(Self { web, url: url.to_owned(), run, live, text: Vec::new() })
    }

    /// Waits until the page is told something with `sign` in it.
    pub(crate) async fn see(&mut self, sign: &str) -> Result<Instant> {
        let seeing = tokio::time::timeout(PATIENCE, self.until(sign)).await;
        seeing.with_context(|| format!("the page never showed {sign}"))?
    }

    async fn until(&mut self, sign: &str) -> Result<Instant> {
        loop {
            let event = self.event().await?;
            let now = Instant::now();
            if event.contains("event: watch") {
                let watch = self.web.post(format!("{}/station/run/watch", self.url));
                watch.form(&[("run", &self.run)]).send().await?.error_for_status()?;
            } else if event.contains(sign) {
                return Ok(now);
            }
        }
    }

    async fn event(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let event = self.text.drain(..end + 2).collect();
                return String::from_utf8(event).context("the live page is text");
            }
            let Some(chunk) = self.live.chunk().await? else { bail!("the live page ended") };
            self.text.extend_from_slice(&chunk);
        }
    }
}

/// What is confirmed.
pub(crate) struct Plan {
    pub(crate) yuan: usize,
    pub(crate) cards: usize,
}

impl Plan {
    pub(crate) fn money(&self) -> usize {
        self.yuan * self.cards
    }
}

/// What stands after `start`, up to the next quote.
fn between(page: &str, start: &str) -> Option<String> {
    let (_, rest) = page.split_once(start)?;
    Some(rest.split_once('"')?.0.to_owned())
}
