//! A sandbox bank that listens, and a payer who walks through its pages.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};
use pay::sandbox::{Bank, Config, PFX_PASSWORD, endpoints};
use pay::unionpay::sign::SigningKey;
use pay::unionpay::trust::{GATEWAY_NAME, Trust};
use pay::unionpay::{self, UnionPay};
use portal::Listening;
use reqwest::Client;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use topup::{Clock as _, TestClock};

const MERCHANT: &str = "777290058110048";
/// Cards of persons: one that pays, one that is short of money, one whose payment is under way for ever.
pub(crate) const PAYS: &str = "6216261000000000018";
pub(crate) const SHORT: &str = "6216261000000000064";
/// An account of a company that pays.
pub(crate) const COMPANY: &str = "3101261000000000018";

/// The bank.
pub(crate) struct SandboxBank {
    bank: Bank,
    pub(crate) url: String,
    listening: Listening,
    notifying: JoinHandle<()>,
    _folder: TempDir,
}

impl Drop for SandboxBank {
    fn drop(&mut self) {
        self.notifying.abort();
    }
}

/// Its keys take a second to make, so all tests share one set.
fn keys() -> &'static TempDir {
    static KEYS: OnceLock<TempDir> = OnceLock::new();
    KEYS.get_or_init(|| {
        let folder = TempDir::new().expect("a folder");
        drop(Bank::open(config(folder.path(), &Arc::new(TestClock::at(topup::SystemClock.now())))).expect("a bank"));
        folder
    })
}

fn config(folder: &Path, clock: &Arc<TestClock>) -> Config {
    let (clock, drawn) = (Arc::clone(clock), AtomicU64::new(1));
    Config {
        folder: folder.to_owned(),
        merchant: MERCHANT.into(),
        merchant_name: "示例城市一卡通".into(),
        notify_gaps: vec![SignedDuration::ZERO; 4],
        refund_takes: SignedDuration::ZERO,
        now: Arc::new(move || Timestamp::from_microsecond(clock.now().0).expect("a time")),
        random: Arc::new(move |bytes| {
            let next = drawn.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst).to_be_bytes();
            bytes.iter_mut().zip(next.iter().cycle()).for_each(|(byte, drawn)| *byte = *drawn);
        }),
    }
}

impl SandboxBank {
    pub(crate) fn open(clock: &Arc<TestClock>) -> Self {
        let folder = TempDir::new().expect("a folder");
        for file in std::fs::read_dir(keys().path()).expect("keys").map(|file| file.expect("a file")) {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).expect("copied");
        }
        let bank = Bank::open(config(folder.path(), clock)).expect("a bank");
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let listening = portal::listen(anywhere, bank.router(), None).expect("a free port");
        let url = format!("http://{}", listening.address);
        Self { notifying: bank.notify(), bank, url, listening, _folder: folder }
    }

    /// The gateway as the server has it.
    pub(crate) fn gateway(&self) -> UnionPay {
        let files = self.bank.files();
        let read = |path: &Path| std::fs::read(path).expect("a file");
        let trust =
            Trust::new(&[&read(&files.root), &read(&files.middle)], &[GATEWAY_NAME], false).expect("authorities");
        let key = SigningKey::from_pfx(&read(&files.merchant), PFX_PASSWORD).expect("a key");
        let endpoints = endpoints(&self.url);
        UnionPay::new(unionpay::Config { merchant: MERCHANT.into(), endpoints, key, trust }).expect("a gateway")
    }

    /// Does not answer any more.
    pub(crate) async fn close(&self) {
        self.listening.stop().await;
    }

    /// The payer's own browser, which follows the bank's redirects.
    fn browser() -> Client {
        Client::builder().no_proxy().build().expect("a client")
    }

    /// Sends the form of a pay page; answers the address of the cashier's page.
    pub(crate) async fn arrive(&self, pay_page: &str) -> String {
        let (url, fields) = form(pay_page, "pay");
        assert!(url.starts_with(&self.url), "{url}");
        let answer = Self::browser().post(url).form(&fields).send().await.expect("an answer");
        let address = answer.url().to_string();
        assert!(address.contains("/cashier/"), "{}", answer.text().await.expect("a page"));
        address
    }

    /// Account, SMS code and password; answers the page after it.
    pub(crate) async fn pay(&self, cashier: &str, account: &str) -> String {
        let browser = Self::browser();
        let press = async |step: &str, fields: &[(&str, &str)]| {
            let answer = browser.post(format!("{cashier}/{step}")).form(fields).send().await.expect("an answer");
            answer.text().await.expect("a page")
        };
        press("account", &[("method", "card"), ("account", account)]).await;
        press("code", &[]).await;
        let console = browser.get(format!("{}/console", self.url)).send().await.expect("a page");
        let console = console.text().await.expect("a text");
        let code = console.split_once("data-code>").expect("a code").1.get(..6).expect("six digits").to_owned();
        press("confirm", &[("code", &code), ("password", "123456")]).await
    }

    /// A company's second person approves.
    pub(crate) async fn approve(&self, cashier: &str) {
        let answer = Self::browser().post(format!("{cashier}/approve")).form(&[("choice", "yes")]).send().await;
        let page = answer.expect("an answer").text().await.expect("a page");
        assert!(page.contains("支付成功"), "{page}");
    }
}

/// The address and the hidden fields of the form whose id or class this is.
pub(crate) fn form(page: &str, named: &str) -> (String, BTreeMap<String, String>) {
    let (_, rest) = page
        .split_once(&format!("<form id=\"{named}\""))
        .or_else(|| page.split_once(&format!("<form class=\"{named}\"")))
        .unwrap_or_else(|| panic!("no form {named} in {page}"));
    let (form, _) = rest.split_once("</form>").expect("the form ends");
    let plain =
        |text: &str| text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let value = |text: &str, name: &str| {
        let rest = text.split_once(&format!("{name}=\"")).expect("an attribute").1;
        plain(rest.split_once('"').expect("its end").0)
    };
    let fields = form.split("<input type=\"hidden\"").skip(1);
    (value(form, "action"), fields.map(|field| (value(field, "name"), value(field, "value"))).collect())
}
