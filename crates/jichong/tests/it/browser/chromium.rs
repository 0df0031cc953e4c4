//! Debian's Chromium, driven by its chromedriver; both are gone when the test ends, however it ends.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;
use thirtyfour::{LoggingPrefsLogLevel, TypingData};

/// How long a page may take to show what is waited for: far more than it needs, on the slowest machine.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(30);

/// What Chromium needs as root, without a screen, and without calling home.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--accept-lang=zh-CN,zh",
    "--window-size=1280,900",
];

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scripts {
    On,
    Off,
}

/// A browser.
pub(super) struct Browser {
    pub(super) driver: WebDriver,
    _chromedriver: Chromedriver,
    _profile: TempDir,
}

impl Browser {
    /// Starts it with an empty profile.
    pub(super) async fn start(scripts: Scripts) -> Self {
        let profile = TempDir::new().expect("a folder");
        let mut wishes = DesiredCapabilities::chrome();
        for flag in FLAGS {
            wishes.add_arg(flag).expect("a flag");
        }
        wishes.add_arg(&format!("--user-data-dir={}", profile.path().display())).expect("a flag");
        wishes.set_browser_log_level(LoggingPrefsLogLevel::Severe).expect("a level");
        if scripts == Scripts::Off {
            let settings = serde_json::json!({ "profile.managed_default_content_settings.javascript": 2 });
            wishes.add_experimental_option("prefs", settings).expect("settings");
        }
        let chromedriver = Chromedriver::start();
        let driver = WebDriver::new(&chromedriver.address, wishes).await.expect("Chromium starts");
        // The keeper ends it; a goodbye of the driver's own would wait two minutes for an answer.
        driver.clone().leak().expect("a new session");
        Self { driver, _chromedriver: chromedriver, _profile: profile }
    }

    /// Waits until something is to be seen, and gives it.
    pub(super) async fn see(&self, css: &str) -> WebElement {
        loop {
            let query = self.driver.query(By::Css(css)).wait(PATIENCE, POLL).and_displayed();
            match query.first().await {
                Ok(element) => return element,
                Err(error) if replaced(&error) => {}
                Err(error) => self.miss(css, &error).await,
            }
        }
    }

    async fn miss(&self, css: &str, error: &WebDriverError) -> ! {
        let picture = artifacts().join("missing.png");
        self.driver.screenshot(&picture).await.ok();
        let address = self.driver.current_url().await.map(String::from).unwrap_or_default();
        panic!("{css} is not to be seen on {address}, look at {}: {error}", picture.display());
    }

    /// Whether something is on the page now.
    pub(super) async fn sees(&self, css: &str) -> bool {
        self.driver.query(By::Css(css)).nowait().and_displayed().exists().await.expect("an answer")
    }

    /// Waits for something and gives its text.
    pub(super) async fn read(&self, css: &str) -> String {
        loop {
            match self.see(css).await.text().await {
                Err(error) if replaced(&error) => {}
                text => return text.unwrap_or_else(|error| panic!("{css}: {error}")),
            }
        }
    }

    /// Waits for something and clicks it.
    pub(super) async fn click(&self, css: &str) {
        loop {
            match self.see(css).await.click().await {
                Err(error) if replaced(&error) => {}
                clicked => return clicked.unwrap_or_else(|error| panic!("{css}: {error}")),
            }
        }
    }

    /// Waits for something and clicks it twice, as fast as it gets.
    pub(super) async fn double_click(&self, css: &str) {
        let element = self.see(css).await;
        let hand = self.driver.action_chain_with_delay(None, Some(Duration::ZERO));
        hand.double_click_element(&element).perform().await.expect("clicked");
    }

    /// Types into a field.
    pub(super) async fn write(&self, css: &str, text: &str) {
        self.see(css).await.send_keys(text).await.expect("typed");
    }

    /// Presses keys, wherever the focus is.
    pub(super) async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.expect("pressed");
    }

    /// Opens an address.
    pub(super) async fn open(&self, address: &str) {
        self.driver.goto(address).await.expect("opened");
    }

    /// Runs a script on the page and gives what it returns.
    pub(super) async fn run<T: serde::de::DeserializeOwned>(&self, script: &str) -> T {
        self.driver.execute(script, vec![]).await.expect("run").convert().expect("the type expected")
    }

    /// What the browser has to complain of since it was last asked: scripts that fail, or break the page's policy.
    /// That the server refuses something is not among it.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let entries = self.driver.browser_log().await.expect("the log");
        let messages = entries.into_iter().map(|entry| entry.message);
        messages.filter(|message| !message.contains("Failed to load resource")).collect()
    }
}

/// Where what tests leave behind for people is kept.
pub(super) fn artifacts() -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../artifacts"));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Whether a live update took the element from under our hands.
fn replaced(error: &WebDriverError) -> bool {
    matches!(error.as_inner(), WebDriverErrorInner::StaleElementReference(_))
}

/// The driver, with Chromium as its child. A shell beside it ends both when the test lets go of its input or is gone.
struct Chromedriver {
    address: String,
    keeper: Child,
    _says: BufReader<ChildStdout>,
}

const KEEPER: &str = "chromedriver --port=0 </dev/null & cat >/dev/null; kill -KILL 0";

impl Chromedriver {
    fn start() -> Self {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0) // what the keeper kills at the end
            .spawn()
            .expect("a shell starts");
        let mut says = BufReader::new(keeper.stdout.take().expect("its output"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            let read = says.read_line(&mut line).expect("text");
            assert!(read > 0, "chromedriver did not start (Debian: apt install chromium chromium-driver)");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim().trim_end_matches('.').to_owned();
            }
        };
        Self { address: format!("http://127.0.0.1:{port}"), keeper, _says: says }
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().ok();
    }
}
