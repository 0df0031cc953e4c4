//! The adapter and the sandbox bank, over HTTP: nothing goes around it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use pay::sandbox::{Bank, Config as BankConfig, PFX_PASSWORD, endpoints};
use pay::unionpay::message::Message;
use pay::unionpay::sign::SigningKey;
use pay::unionpay::trust::{GATEWAY_NAME, Trust};
use pay::unionpay::{Config, UnionPay, bill, zm};
use pay::{
    Amount, CallError, Gateway, Incoming, NotificationError, Payer, Payment, PaymentStatus, Refund, RefundStatus,
    Start, Subject,
};
use tokio::task::JoinHandle;

const MERCHANT: &str = "777290058110048";
/// 2026-03-01 10:15 in China.
const BEGIN: i64 = 1_772_331_300;

/// A bank, a merchant, and what the merchant was notified of.
struct World {
    bank: Bank,
    url: String,
    gateway: UnionPay,
    http: reqwest::Client,
    clock: Arc<AtomicI64>,
    notified: Arc<Mutex<Vec<Vec<u8>>>>,
    notify_url: String,
    tasks: Vec<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn listen(router: axum::Router) -> (String, JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
    (url, task)
}

/// The keys take a second to make, so all tests share one set.
fn keys() -> &'static tempfile::TempDir {
    static KEYS: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        drop(Bank::open(config(folder.path(), &Arc::new(AtomicI64::new(BEGIN)))).expect("a bank"));
        folder
    })
}

fn config(folder: &std::path::Path, clock: &Arc<AtomicI64>) -> BankConfig {
    let (clock, drawn) = (Arc::clone(clock), AtomicU64::new(1));
    BankConfig {
        folder: folder.to_owned(),
        merchant: MERCHANT.into(),
        merchant_name: "郑州城市一卡通".into(),
        notify_gaps: vec![SignedDuration::ZERO; 4],
        refund_takes: SignedDuration::from_secs(1),
        now: Arc::new(move || Timestamp::from_second(clock.load(Ordering::SeqCst)).expect("a time")),
        random: Arc::new(move |bytes| {
            let next = drawn.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst).to_be_bytes();
            bytes.iter_mut().zip(next.iter().cycle()).for_each(|(byte, drawn)| *byte = *drawn);
        }),
    }
}

impl World {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for file in std::fs::read_dir(keys().path()).expect("keys").map(|file| file.expect("a file")) {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).expect("copied");
        }
        let clock = Arc::new(AtomicI64::new(BEGIN));
        let bank = Bank::open(config(folder.path(), &clock)).expect("a bank");
        let (url, serving) = listen(bank.router()).await;
        let notified = Arc::new(Mutex::new(Vec::new()));
        let inbox = Arc::clone(&notified);
        let take = move |body: axum::body::Bytes| async move {
            inbox.lock().expect("no panic").push(body.to_vec());
            "ok"
        };
        let (merchant_url, listening) = listen(axum::Router::new().route("/notify", axum::routing::post(take))).await;
        let read = |path: &std::path::Path| std::fs::read(path).expect("a file");
        let files = bank.files();
        let trust =
            Trust::new(&[&read(&files.root), &read(&files.middle)], &[GATEWAY_NAME], false).expect("authorities");
        let key = SigningKey::from_pfx(&read(&files.merchant), PFX_PASSWORD).expect("a key");
        let gateway = UnionPay::new(Config { merchant: MERCHANT.into(), endpoints: endpoints(&url), key, trust });
        Self {
            tasks: vec![serving, listening, bank.notify()],
            gateway: gateway.expect("an adapter"),
            http: reqwest::Client::builder().cookie_store(true).build().expect("a client"),
            notify_url: format!("{merchant_url}/notify"),
            bank,
            url,
            clock,
            notified,
            _folder: folder,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.load(Ordering::SeqCst)).expect("a time")
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    fn payment(&self, order: &str, payer: Payer) -> Payment {
        Payment {
            order: order.parse().expect("an order"),
            at: self.now(),
            amount: Amount::from_fen(5_000_000).expect("an amount"),
            payer,
            expires_at: self.now().checked_add(SignedDuration::from_mins(15)).expect("a time"),
            description: "额度充值".into(),
            return_url: "http://127.0.0.1:1/return".into(),
            notify_url: self.notify_url.clone(),
            payer_ip: None,
        }
    }

    /// The payer's browser is sent; answers the address of the cashier's page, or the page that refuses.
    async fn send(&self, payment: &Payment) -> Result<String, String> {
        let Start::FormPost { url, fields } = self.gateway.start(payment).await.expect("a form") else {
            panic!("a form is expected")
        };
        let response = self.http.post(url).form(&fields).send().await.expect("an answer");
        let address = response.url().to_string();
        if address.contains("/cashier/") { Ok(address) } else { Err(response.text().await.expect("a page")) }
    }

    async fn press(&self, address: &str, fields: &[(&str, &str)]) -> String {
        let response = self.http.post(address).form(fields).send().await.expect("an answer");
        assert!(response.status().is_success(), "{address}: {}", response.status());
        response.text().await.expect("a page")
    }

    /// The code that was last "sent" by SMS, as the console shows it.
    async fn sms(&self) -> String {
        let page =
            self.http.get(format!("{}/console", self.url)).send().await.expect("a page").text().await.expect("text");
        let (_, rest) = page.split_once("data-code>").expect("a code");
        rest.chars().take(6).collect()
    }

    /// Account, code and password; answers the last page.
    async fn pay(&self, cashier: &str, account: &str) -> String {
        self.press(&format!("{cashier}/account"), &[("method", "card"), ("account", account)]).await;
        self.press(&format!("{cashier}/code"), &[]).await;
        let code = self.sms().await;
        self.press(&format!("{cashier}/confirm"), &[("code", &code), ("password", "123456")]).await
    }

    async fn status(&self, payment: &Payment) -> PaymentStatus {
        self.gateway.query(payment, self.now()).await.expect("an answer")
    }

    /// Waits until so many notifications came.
    async fn notifications(&self, count: usize) -> Vec<Vec<u8>> {
        let come = async {
            loop {
                let now = self.notified.lock().expect("no panic").clone();
                if now.len() >= count {
                    return now;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_mins(1), come).await.expect("notifications")
    }

    fn read(&self, body: &[u8]) -> Result<Subject, NotificationError> {
        let incoming = Incoming { method: "POST", path: "/notify", headers: &[], body };
        self.gateway.notification(&incoming, self.now()).map(|notification| notification.subject)
    }
}

#[tokio::test]
async fn a_person_pays_and_the_money_goes_back_in_two_parts() {
    let world = World::open().await;
    let payment = world.payment("TOPUP00000001", Payer::Person);
    let cashier = world.send(&payment).await.expect("the cashier");
    assert_eq!(world.status(&payment).await, PaymentStatus::NotFound);
    assert!(world.pay(&cashier, "6216 2610 0000 0000 018").await.contains("支付成功"));

    let PaymentStatus::Paid(paid) = world.status(&payment).await else { panic!("paid is expected") };
    assert_eq!((paid.amount, paid.serial.len(), paid.settle_date.as_deref()), (payment.amount, 21, Some("0301")));
    let told = world.notifications(1).await;
    assert_eq!(
        world.read(&told[0]),
        Ok(Subject::Payment { order: payment.order.clone(), status: PaymentStatus::Paid(paid.clone()) })
    );
    // The same order again is a duplicate, whatever it says.
    assert!(world.send(&payment).await.expect_err("refused").contains("12"));

    let refund = |order: &str, fen| Refund {
        order: order.parse().expect("an order"),
        at: world.now(),
        amount: Amount::from_fen(fen).expect("an amount"),
        payer: Payer::Person,
        serial: paid.serial.clone(),
        payment: payment.order.clone(),
        notify_url: world.notify_url.clone(),
    };
    let first = refund("REFUND0001", 2_000_000);
    for _ in 0..2 {
        // Asked twice: given back once.
        let answer = world.gateway.refund(&first, world.now()).await.expect("an answer");
        assert!(matches!(answer, RefundStatus::Accepted { .. }), "{answer:?}");
    }
    let status = world.gateway.query_refund(&first, world.now()).await.expect("an answer");
    assert!(matches!(status, RefundStatus::Accepted { .. }), "{status:?}");
    world.pass(2);
    let told = world.notifications(2).await;
    let Ok(Subject::Refund { order, status: RefundStatus::Refunded(back) }) = world.read(&told[1]) else {
        panic!("a refund is expected")
    };
    assert_eq!((order, back.amount), (first.order.clone(), first.amount));
    let too_much = refund("REFUND0002", 3_000_001);
    let answer = world.gateway.refund(&too_much, world.now()).await.expect("an answer");
    assert!(matches!(&answer, RefundStatus::Failed { code, .. } if code == "36"), "{answer:?}");

    // The day's file says the same, once it is there.
    let day = jiff::civil::date(2026, 3, 1);
    assert_eq!(world.gateway.daily_bill(day, world.now()).await, Ok(None));
    world.pass(24 * 60 * 60);
    let file = world.gateway.daily_bill(day, world.now()).await.expect("an answer").expect("a file");
    let members = bill::unpack(&file.bytes).expect("members");
    let entries = zm::entries(&members.zm[0].1).expect("entries");
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (entries[0].order.clone(), entries[0].amount, entries[0].net_fen),
        (payment.order, payment.amount, 4_999_000)
    );
    assert_eq!((entries[1].original.clone(), entries[1].net_fen), (Some(paid.serial), -2_000_000));
    // And so does the one that a person carries away from the console.
    let carried = world.http.get(format!("{}/console/day/0301", world.url)).send().await.expect("an answer");
    assert!(carried.headers()["content-disposition"].to_str().expect("text").contains("_20260301.zip"));
    let carried = bill::unpack(&carried.bytes().await.expect("bytes")).expect("members");
    assert_eq!(carried.zm[0].1, members.zm[0].1);
}

#[tokio::test]
async fn a_companys_payment_waits_for_its_second_person_even_past_the_merchants_time() {
    let world = World::open().await;
    let payment = world.payment("TOPUP00000002", Payer::Company);
    let cashier = world.send(&payment).await.expect("the cashier");
    // A person's card is of the wrong kind here.
    let page =
        world.press(&format!("{cashier}/account"), &[("method", "ukey"), ("account", "6216261000000000018")]).await;
    assert!(page.contains("(61)"), "{page}");
    assert!(world.pay(&cashier, "3101261000000000018").await.contains("等待复核"));
    assert!(matches!(world.status(&payment).await, PaymentStatus::Pending { .. }));
    world.pass(2 * 60 * 60);
    assert!(world.press(&format!("{cashier}/approve"), &[("choice", "yes")]).await.contains("支付成功"));
    assert!(matches!(world.status(&payment).await, PaymentStatus::Paid(_)));
    world.notifications(1).await;
}

#[tokio::test]
async fn every_account_does_what_it_says() {
    let world = World::open().await;
    let check = async |order: &str, last: &str, code: &str| {
        let payment = world.payment(order, Payer::Person);
        let cashier = world.send(&payment).await.expect("the cashier");
        world.pass(61);
        world.pay(&cashier, &format!("6216261000000000{last}")).await;
        let status = match world.status(&payment).await {
            PaymentStatus::Paid(_) => "paid".to_owned(),
            PaymentStatus::Pending { code, .. } | PaymentStatus::Failed { code, .. } => code,
            PaymentStatus::NotFound => "34".to_owned(),
        };
        assert_eq!(status, code, "{last}");
        payment
    };
    check("TOPUP00000060", "060", "60").await;
    check("TOPUP00000064", "064", "64").await;
    check("TOPUP00000005", "005", "05").await;
    check("TOPUP00000106", "106", "paid").await;
    check("TOPUP00000202", "202", "paid").await;
    // A6 once, and the same twice.
    let told = world.notifications(3).await;
    assert_eq!(told[1], told[2]);
    check("TOPUP00000200", "200", "paid").await;
    check("TOPUP00000011", "011", "paid").await;
    let told = world.notifications(5).await;
    let reads: Vec<bool> = told[3..5].iter().map(|body| world.read(body).is_ok()).collect();
    assert!(
        reads.contains(&false) && reads.contains(&true),
        "one forged, one genuine, none of the lost order: {reads:?}"
    );
    check("TOPUP00000036", "036", "paid").await;
    let told = world.notifications(6).await;
    let Ok(Subject::Payment { status: PaymentStatus::Paid(settled), .. }) = world.read(&told[5]) else {
        panic!("paid")
    };
    assert_eq!(settled.amount.fen(), 4_999_999);
    let late = check("TOPUP00000042", "042", "05").await;
    let returned = check("TOPUP00000142", "142", "05").await;
    world.pass(16 * 60);
    world.notifications(7).await;
    assert!(matches!(world.status(&late).await, PaymentStatus::Paid(_)));
    assert!(matches!(world.status(&returned).await, PaymentStatus::Failed { code, .. } if code == "42"));
}

#[tokio::test]
async fn codes_and_passwords_run_out() {
    let world = World::open().await;
    let payment = world.payment("TOPUP00000003", Payer::Person);
    let cashier = world.send(&payment).await.expect("the cashier");
    let confirm = format!("{cashier}/confirm");
    world.press(&format!("{cashier}/account"), &[("method", "card"), ("account", "6216261000000000018")]).await;
    assert!(world.press(&confirm, &[("code", "111111"), ("password", "123456")]).await.contains("(71)"));
    world.press(&format!("{cashier}/code"), &[]).await;
    assert!(world.press(&format!("{cashier}/code"), &[]).await.contains("秒后再获取"));
    let code = world.sms().await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        assert!(world.press(&confirm, &[("code", wrong), ("password", "123456")]).await.contains("验证码错误"));
    }
    assert!(world.press(&confirm, &[("code", wrong), ("password", "123456")]).await.contains("请重新获取"));
    assert!(world.press(&confirm, &[("code", &code), ("password", "123456")]).await.contains("请重新获取"));
    world.pass(61);
    world.press(&format!("{cashier}/code"), &[]).await;
    let code = world.sms().await;
    for left in ["还可以试 2 次", "还可以试 1 次", "账户已锁定"] {
        assert!(world.press(&confirm, &[("code", &code), ("password", "000000")]).await.contains(left), "{left}");
    }
    assert!(world.press(&confirm, &[("code", &code), ("password", "123456")]).await.contains("已锁定"));
    world.pass(15 * 60);
    let page = world.http.get(&cashier).send().await.expect("a page").text().await.expect("text");
    assert!(page.contains("支付超时"), "{page}");
}

#[tokio::test]
async fn the_gateway_is_strict() {
    let world = World::open().await;
    let payment = world.payment("TOPUP00000004", Payer::Person);
    let Start::FormPost { url, fields } = world.gateway.start(&payment).await.expect("a form") else {
        panic!("a form")
    };
    let message: Message = fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let post = async |url: &str, message: &Message| {
        let form = "application/x-www-form-urlencoded";
        let sent =
            world.http.post(url).header("content-type", form).body(message.to_form()).send().await.expect("an answer");
        (sent.status().as_u16(), sent.text().await.expect("a text"))
    };
    let check = async |message: Message, status: u16, expected: &str| {
        let (found, page) = post(&url, &message).await;
        assert!(found == status && page.contains(expected), "{found} {page}");
    };
    check(message.clone().with("txnAmt", "5000001"), 200, "respCode 11").await;
    check(message.clone().with("merId", "777290058110049"), 200, "respCode 31").await;
    check(message.clone().without("txnAmt"), 200, "respCode 13").await;
    check(message.clone().with("txnAmt", "1.00"), 200, "respCode 10").await;
    check(message.clone().with("orderId", "TOPUP-00000004"), 200, "respCode 10").await;
    check(message.clone().with("more", "1"), 400, "unknown field more").await;
    // A call's refusal is a reply, signed like any other.
    let query = message.clone().with("txnType", "00").with("txnSubType", "00");
    let names = ["channelType", "txnAmt", "currencyCode", "frontUrl", "backUrl", "payTimeout", "orderDesc"];
    let query = names.iter().fold(query, |message, name| message.without(name));
    let (status, reply) = post(&endpoints(&world.url).query, &query).await;
    let reply = Message::parse_reply(reply.as_bytes()).expect("a reply");
    assert_eq!((status, reply.get("respCode")), (200, Some("11")));
    // Nothing of that made an order.
    assert_eq!(world.status(&payment).await, PaymentStatus::NotFound);
    let answer = world.gateway.query(&world.payment("TOPUP00009999", Payer::Person), world.now()).await;
    assert_eq!(answer, Ok(PaymentStatus::NotFound));
}

#[tokio::test]
async fn the_books_survive_a_restart_and_an_absent_bank_is_said_so() {
    let world = World::open().await;
    let payment = world.payment("TOPUP00000005", Payer::Person);
    let cashier = world.send(&payment).await.expect("the cashier");
    world.pay(&cashier, "6216261000000000018").await;
    let again = Bank::open(config(world.bank.files().root.parent().expect("a folder"), &world.clock)).expect("a bank");
    let (url, serving) = listen(again.router()).await;
    let page = world.http.get(format!("{url}/console")).send().await.expect("a page").text().await.expect("text");
    assert!(page.contains("TOPUP00000005"));
    serving.abort();
    world.tasks.iter().for_each(JoinHandle::abort);
    let mut tries = 0;
    // The listener closes when its task has ended.
    let answer = loop {
        match world.gateway.query(&payment, world.now()).await {
            Ok(_) if tries < 100 => tries += 1,
            other => break other,
        }
        tokio::task::yield_now().await;
    };
    assert!(matches!(answer, Err(CallError::Unreachable(_))), "{answer:?}");
}
