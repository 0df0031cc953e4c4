//! A clerk: a browser, and the program behind it.

use std::collections::BTreeMap;
use std::ops::Deref;

use thirtyfour::WindowHandle;

use super::chromium::{Browser, Scripts};
use super::demo::Demo;

/// The demo's ordinary card, with ¥12.60 on it.
pub(super) const STANDARD: &str = "4100000099000001";
/// The demo's student card, with ¥80.00 on it.
pub(super) const STUDENT: &str = "4100000099000417";
/// The demo's card that is nearly full, with ¥980.00 on it.
pub(super) const NEARLY_FULL: &str = "4100000099000388";

pub(super) const LOGIN: &str = "0012";
pub(super) const PASSWORD: &str = "jichong-demo";

/// A clerk before their browser.
pub(super) struct Clerk {
    browser: Browser,
    pub(super) demo: Demo,
}

impl Deref for Clerk {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Clerk {
    /// A clerk of a fresh demo.
    pub(super) async fn new(scripts: Scripts, database: Option<&str>) -> Self {
        let demo = Demo::start(database);
        Self { browser: Browser::start(scripts).await, demo }
    }

    /// A clerk of a fresh demo on SQLite, signed in and at the station.
    pub(super) async fn at_the_station() -> Self {
        let clerk = Self::new(Scripts::On, None).await;
        clerk.visit("/sign-in").await;
        clerk.sign_in().await;
        clerk.go_to_the_station().await;
        clerk
    }

    /// Opens a page of the portal.
    pub(super) async fn visit(&self, path: &str) {
        self.open(&format!("{}{path}", self.demo.portal)).await;
    }

    /// Signs in on the page that is open.
    pub(super) async fn sign_in(&self) {
        self.sign_in_as(LOGIN).await;
    }

    /// Signs somebody else of the group in on the page that is open.
    pub(super) async fn sign_in_as(&self, login: &str) {
        self.write("#login", login).await;
        self.write("#password", PASSWORD).await;
        self.click("main form .main").await;
        self.see(".modules").await;
    }

    /// From the modules to the station, ready for keys.
    pub(super) async fn go_to_the_station(&self) {
        self.click(".modules a[href='/station']").await;
        self.station_ready().await;
    }

    /// Waits until the station's script is at work.
    pub(super) async fn station_ready(&self) {
        self.see(".tools:not([hidden])").await;
        self.see(".strip:not(.stop)").await;
    }

    /// Puts a card on the reader and waits until the station shows that it can be charged.
    pub(super) async fn tap(&self, card: &str) {
        self.demo.tap(card).await;
        self.card_ready(card).await;
    }

    /// Waits until the station shows that this card can be charged.
    pub(super) async fn card_ready(&self, card: &str) {
        self.see(".card.ready").await;
        self.see(&format!(".station:has(.limits[data-phase=open] [name=card][value='{card}']) .card")).await;
    }

    /// Chooses one of the amounts offered, in yuan, and asks for it.
    pub(super) async fn arm(&self, yuan: u32) {
        self.click(&format!("#offers button[data-fen='{yuan}00']")).await;
        self.click("#go").await;
        self.see("#yes").await;
    }

    /// Charges the card on the reader by clicks, and waits for the result.
    pub(super) async fn charge(&self, yuan: u32) {
        self.arm(yuan).await;
        self.click("#yes").await;
        self.see("#result [data-state]").await;
    }

    /// Goes on after a result, as soon as the station lets them.
    pub(super) async fn next(&self) {
        while self.sees("#result [data-next]").await {
            self.click("#result [data-next]").await;
        }
    }

    /// Opens a window beside this one and gives both, the old one first.
    pub(super) async fn open_beside(&self, address: &str) -> (WindowHandle, WindowHandle) {
        let old = self.driver.window().await.expect("a window");
        let new = self.driver.new_tab().await.expect("a tab");
        self.go_to(&new).await;
        self.open(address).await;
        (old, new)
    }

    /// Goes to another window.
    pub(super) async fn go_to(&self, window: &WindowHandle) {
        self.driver.switch_to_window(window.clone()).await.expect("switched");
    }

    /// Closes this window and goes to another.
    pub(super) async fn close_and_go_to(&self, window: &WindowHandle) {
        self.driver.close_window().await.expect("closed");
        self.go_to(window).await;
    }

    /// Waits for a result in the state expected, and gives its order number.
    pub(super) async fn order(&self, state: &str) -> String {
        self.see(&format!("#result [data-state='{state}']")).await;
        self.read("#result .facts a[href^='/loads/']").await
    }

    /// The terms and values of the result.
    pub(super) async fn facts(&self) -> BTreeMap<String, String> {
        let script = "return Object.fromEntries([...document.querySelectorAll('.result dl.facts > div')]
            .map((fact) => [fact.querySelector('dt').innerText, fact.querySelector('dd').innerText]))";
        self.run(script).await
    }

    /// The cells of the list, row by row; and first, what is above them.
    pub(super) async fn list(&self) -> (String, Vec<Vec<String>>) {
        let script = "return [...document.querySelectorAll('#list tbody tr')]
            .map((row) => [...row.cells].map((cell) => cell.innerText.replaceAll('\\n', ' ')))";
        let totals = self.read("#list header").await.split_whitespace().collect::<Vec<_>>().join(" ");
        (totals, self.run(script).await)
    }

    /// At the end of a test: the books are exact and the browser had nothing to complain of.
    pub(super) async fn all_is_well(&self) {
        self.demo.books();
        assert_eq!(self.complaints().await, Vec::<String>::new());
    }
}
