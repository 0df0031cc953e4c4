//! A card company with a group that pays in, and the sandbox bank behind a line that can break.

mod vouched;

use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;
use std::time::Duration;

use axum::extract::{Request, State as Shared};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Router, body::Bytes};
use jiff::{SignedDuration, Timestamp};
use ledger::{Fen, GroupId, Kind};
use pay::sandbox::{Bank, Config as BankConfig, PkiFiles};
use pay::unionpay::UnionPay;
use store::{Db, Micros};
use tokio::sync::RwLock;
use tokio::task::JoinHandle;
use topup::audit::Actor;
use topup::books::Books;
use topup::deposits::{
    self, Answer, Confirm, Decided, Deposit, DepositNumber, ExceptionId, Form, Happened, Incoming, NotifyError, Payer,
    Proposal, ReviewError, Start, Started, State, Story, Terms, Till,
};
use topup::people::staff::{Staff, StaffRole};
use topup::people::{NewOperator, Operator, Role};
use topup::records::{self, Day, DepositTotals, Deposits, Filter, Period, Scope};
use topup::{Clock as _, House, SeededEntropy, Settings, TestClock, books, groups, people};
use vault::SoftVault;

use vouched::adapter;
pub(crate) use vouched::refused;

use crate::cards;
use crate::office::hire;

const MERCHANT: &str = "777290058110048";
/// 2026-03-01 10:15 in China.
const BEGIN: i64 = 1_772_331_300;
/// Above this two people decide.
pub(crate) const LIMIT: Fen = Fen::new(1_000_000);

/// A card that pays.
pub(crate) const PAYS: &str = "6216261000000000018";

/// How the line to the bank is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Up = 0,
    /// Nothing arrives.
    Down = 1,
    /// Everything arrives, and no answer comes back.
    Deaf = 2,
}

pub(crate) struct Counter {
    pub(crate) db: Db,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) group: GroupId,
    pub(crate) operator: Operator,
    pub(crate) li: Staff,
    pub(crate) ma: Staff,
    http: reqwest::Client,
    bank_url: String,
    gateway: Arc<UnionPay>,
    files: PkiFiles,
    merchant: Arc<Merchant>,
    line: Arc<AtomicU8>,
    pub(crate) calls: Arc<AtomicUsize>,
    seed: AtomicU64,
    tasks: Vec<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

/// Where the bank's notifications arrive.
struct Merchant {
    house: RwLock<Option<House>>,
    loses: AtomicBool,
    came: Mutex<Vec<Vec<u8>>>,
    url: OnceLock<String>,
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

pub(crate) fn yuan(yuan: i64) -> Fen {
    Fen::from_yuan(yuan).expect("small")
}

async fn listen(router: Router) -> (String, JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
    (url, task)
}

/// The keys take a second to make, so all tests share one set.
fn keys() -> &'static tempfile::TempDir {
    static KEYS: OnceLock<tempfile::TempDir> = OnceLock::new();
    KEYS.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(TestClock::at(Micros(BEGIN * 1_000_000)));
        drop(Bank::open(config(folder.path(), &clock)).expect("a bank"));
        folder
    })
}

fn config(folder: &Path, clock: &Arc<TestClock>) -> BankConfig {
    let (clock, drawn) = (Arc::clone(clock), AtomicU64::new(1));
    BankConfig {
        folder: folder.to_owned(),
        merchant: MERCHANT.into(),
        merchant_name: "郑州城市一卡通".into(),
        notify_gaps: vec![SignedDuration::ZERO; 4],
        refund_takes: SignedDuration::from_secs(1),
        now: Arc::new(move || Timestamp::from_microsecond(clock.now().0).expect("a time")),
        random: Arc::new(move |bytes| {
            let next = drawn.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst).to_be_bytes();
            bytes.iter_mut().zip(next.iter().cycle()).for_each(|(byte, drawn)| *byte = *drawn);
        }),
    }
}

/// The line: a middleware of the bank's calls; the payer's pages always work.
async fn over_the_line(line: Arc<AtomicU8>, calls: Arc<AtomicUsize>, request: Request, next: Next) -> Response {
    let call = request.uri().path().ends_with("backTransReq.do") || request.uri().path().ends_with("queryTrans.do");
    if !call {
        return next.run(request).await;
    }
    calls.fetch_add(1, Ordering::SeqCst);
    let at = line.load(Ordering::SeqCst);
    if at == Line::Down as u8 {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let answer = next.run(request).await;
    if at == Line::Deaf as u8 { StatusCode::GATEWAY_TIMEOUT.into_response() } else { answer }
}

async fn arrives(Shared(merchant): Shared<Arc<Merchant>>, body: Bytes) -> Response {
    merchant.came.lock().expect("no panic").push(body.to_vec());
    if merchant.loses.load(Ordering::SeqCst) {
        return "ok".into_response();
    }
    let house = merchant.house.read().await.clone().expect("a house");
    match deposits::notified(&house, &incoming(&body)).await {
        Ok(taken) => taken.body.into_response(),
        Err(NotifyError::Refused(_) | NotifyError::TooLong) => StatusCode::BAD_REQUEST.into_response(),
        Err(NotifyError::NoGateway | NotifyError::Storage(_)) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn incoming(body: &[u8]) -> Incoming<'_> {
    Incoming { method: "POST", path: "/gateway/unionpay/notify", headers: &[], body }
}

pub(crate) fn actor(staff: &Staff) -> Actor {
    Actor::staff(staff, "192.0.2.1")
}

/// Runs something until it has had to wait so often, and then no further: as if its process was killed there.
pub(crate) async fn killed<F: Future>(waits: usize, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut left = waits;
    poll_fn(move |context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

impl Counter {
    pub(crate) async fn open(db: Db) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for file in std::fs::read_dir(keys().path()).expect("keys").map(|file| file.expect("a file")) {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).expect("copied");
        }
        let clock = Arc::new(TestClock::at(Micros(BEGIN * 1_000_000)));
        let bank = Bank::open(config(folder.path(), &clock)).expect("a bank");
        let (line, calls) = (Arc::new(AtomicU8::new(0)), Arc::new(AtomicUsize::new(0)));
        let (wire, count) = (Arc::clone(&line), Arc::clone(&calls));
        let layer = from_fn(move |request: Request, next: Next| {
            over_the_line(Arc::clone(&wire), Arc::clone(&count), request, next)
        });
        let (bank_url, serving) = listen(bank.router().layer(layer)).await;
        let merchant = Arc::new(Merchant {
            house: RwLock::new(None),
            loses: AtomicBool::new(false),
            came: Mutex::new(Vec::new()),
            url: OnceLock::new(),
        });
        let router = Router::new().route("/gateway/unionpay/notify", post(arrives)).with_state(Arc::clone(&merchant));
        let (url, listening) = listen(router).await;
        merchant.url.set(url).expect("once");
        let files = bank.files().clone();
        let gateway = Arc::new(adapter(&files, &bank_url, MERCHANT));
        let tasks = vec![serving, listening, bank.notify()];

        let house = house(&db, &clock, &gateway, merchant.url.get().expect("set"), 1).await;
        let group = GroupId(house.ids.next());
        let mut tx = db.begin().await.expect("a unit of work");
        groups::add(&mut tx, group, "示例科技有限公司", clock.now()).await.expect("a group");
        let new =
            NewOperator { group, login: "0010", name: "陈主任", role: Role::Manager, password: "correct horse" };
        let id = people::add(&mut tx, &house.ids, &*house.entropy, &new, clock.now()).await.expect("an operator");
        tx.commit().await.expect("a commit");
        let operator = people::operator(&house, id).await.expect("a look").expect("the operator");
        let li = hire(&house, "li", StaffRole::Finance).await;
        let ma = hire(&house, "ma", StaffRole::Finance).await;
        *merchant.house.write().await = Some(house);
        let http = reqwest::Client::builder().cookie_store(true).build().expect("a client");
        let seed = AtomicU64::new(2);
        Self {
            db,
            clock,
            group,
            operator,
            li,
            ma,
            http,
            bank_url,
            gateway,
            files,
            merchant,
            line,
            calls,
            seed,
            tasks,
            _folder: folder,
        }
    }

    /// The server as it is now.
    pub(crate) async fn house(&self) -> House {
        self.merchant.house.read().await.clone().expect("a house")
    }

    /// The server is gone, and another one starts on the same database.
    pub(crate) async fn restart(&self) {
        let next = self.another_process().await;
        *self.merchant.house.write().await = Some(next);
    }

    /// Another server process beside the first.
    pub(crate) async fn another_process(&self) -> House {
        let seed = self.seed.fetch_add(1, Ordering::SeqCst);
        house(&self.db, &self.clock, &self.gateway, self.merchant.url.get().expect("set"), seed).await
    }

    pub(crate) fn line(&self, line: Line) {
        self.line.store(line as u8, Ordering::SeqCst);
    }

    /// From now on the bank's notifications are acknowledged and lost; the test has them.
    pub(crate) fn lose_notifications(&self) {
        self.merchant.loses.store(true, Ordering::SeqCst);
    }

    pub(crate) fn pass(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Time passes, and the background job looks.
    pub(crate) async fn pass_and_sweep(&self, by: Duration) {
        self.pass(by);
        deposits::sweep(&self.house().await).await.expect("a sweep");
    }

    pub(crate) async fn confirm(&self, amount: i64) -> DepositNumber {
        let house = self.house().await;
        let text = amount.to_string();
        let form = Form { amount: &text, remark: "三月份", payer: Payer::Person };
        let checked = deposits::check(&house, &form).expect("it can be confirmed");
        let confirm = Confirm { intent: &checked.intent, form, payer_ip: None };
        deposits::confirm(&house, &self.operator, &confirm).await.expect("confirmed")
    }

    /// The payer is sent to the bank; answers the address of the cashier's page.
    pub(crate) async fn send(&self, order: DepositNumber) -> String {
        let started = deposits::start(&self.house().await, &self.operator, order).await.expect("started");
        let Started::Go(Start::FormPost { url, fields }) = started else { panic!("a form is expected: {started:?}") };
        let response = self.http.post(url).form(&fields).send().await.expect("an answer");
        let address = response.url().to_string();
        assert!(address.contains("/cashier/"), "{}", response.text().await.expect("a page"));
        address
    }

    async fn press(&self, address: &str, fields: &[(&str, &str)]) -> String {
        let response = self.http.post(address).form(fields).send().await.expect("an answer");
        assert!(response.status().is_success(), "{address}: {}", response.status());
        response.text().await.expect("a page")
    }

    /// The payer walks through the bank's pages to the end.
    pub(crate) async fn pay(&self, cashier: &str, account: &str) {
        self.press(&format!("{cashier}/account"), &[("method", "card"), ("account", account)]).await;
        self.press(&format!("{cashier}/code"), &[]).await;
        let console = format!("{}/console", self.bank_url);
        let page = self.http.get(console).send().await.expect("a page").text().await.expect("text");
        let (_, rest) = page.split_once("data-code>").expect("a code");
        self.press(&format!("{cashier}/confirm"), &[("code", &rest[..6]), ("password", "123456")]).await;
    }

    /// A tester's wishes at the bank's console.
    pub(crate) async fn plan(&self, lose: u32, refuse_refunds: u32) {
        let (lose, refuse) = (lose.to_string(), refuse_refunds.to_string());
        let fields = [("lose", lose.as_str()), ("delay_seconds", "0"), ("refuse_refunds", refuse.as_str())];
        self.press(&format!("{}/console/plan", self.bank_url), &fields).await;
    }

    /// The bank does something out of turn with one of its orders: `give_back` or `refund_after_all`.
    pub(crate) async fn out_of_turn(&self, number: &str, action: &str) {
        self.press(&format!("{}/console/order", self.bank_url), &[("number", number), ("action", action)]).await;
    }

    /// Somebody has so much of a payment given back at the bank's counter, without us.
    pub(crate) async fn refund_at_the_counter(&self, order: DepositNumber, yuan: i64) {
        let (number, yuan) = (order.to_string(), yuan.to_string());
        let fields = [("number", number.as_str()), ("action", "refund_at_counter"), ("yuan", yuan.as_str())];
        self.press(&format!("{}/console/order", self.bank_url), &fields).await;
    }

    /// The file of a day that is over, as people carry it: its name, and the file.
    pub(crate) async fn days_file(&self, day: &str) -> (String, Vec<u8>) {
        let response = self.http.get(format!("{}/console/day/{day}", self.bank_url)).send().await.expect("an answer");
        let named = response.headers()["content-disposition"].to_str().expect("text").to_owned();
        let name = named.split('"').nth(1).expect("a name").to_owned();
        (name, response.bytes().await.expect("a file").to_vec())
    }

    /// Confirmed and paid at the bank; what the bank tells of it is up to the inbox.
    pub(crate) async fn paid_at_the_bank(&self, amount: i64, account: &str) -> DepositNumber {
        let order = self.confirm(amount).await;
        let cashier = self.send(order).await;
        self.pay(&cashier, account).await;
        order
    }

    /// Confirmed, paid and known to be paid. The notification is lost: the payer's coming back asks.
    pub(crate) async fn paid(&self, amount: i64) -> DepositNumber {
        self.plan(1, 0).await;
        let order = self.paid_at_the_bank(amount, PAYS).await;
        let state = deposits::returned(&self.house().await, order).await.expect("a look");
        if state != Some(State::Paid) {
            // A page does not wait for ever, and on a slow machine gave up; the job asks again.
            self.until(async || {
                self.pass_and_sweep(Duration::from_secs(2)).await;
                Some(self.deposit(order).await).filter(|deposit| deposit.state == State::Paid)
            })
            .await;
        }
        order
    }

    /// Waits for the bank's notification about a deposit, and gives it.
    pub(crate) async fn until_told(&self, order: DepositNumber) -> Vec<u8> {
        let order = order.to_string();
        self.until(async || {
            let came = self.merchant.came.lock().expect("no panic").clone();
            came.into_iter().find(|body| String::from_utf8_lossy(body).contains(&order))
        })
        .await
    }

    /// What a notification comes to when it is brought by hand.
    pub(crate) async fn bring(&self, body: &[u8]) -> Result<(), NotifyError> {
        deposits::notified(&self.house().await, &incoming(body)).await.map(drop)
    }

    /// Waits until it is so.
    pub(crate) async fn until<T>(&self, look: impl AsyncFn() -> Option<T>) -> T {
        let come = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), come).await.expect("it comes to be")
    }

    pub(crate) async fn until_state(&self, order: DepositNumber, state: State) -> Deposit {
        self.until(async || Some(self.deposit(order).await).filter(|deposit| deposit.state == state)).await
    }

    pub(crate) async fn deposit(&self, order: DepositNumber) -> Deposit {
        deposits::by_order(&self.house().await, self.group, order).await.expect("a look").expect("the deposit")
    }

    pub(crate) async fn story(&self, order: DepositNumber) -> Story {
        let house = self.house().await;
        deposits::standing(&house, Some(self.group), order).await.expect("a look").expect("the deposit")
    }

    /// The names of its steps.
    pub(crate) async fn steps(&self, order: DepositNumber) -> Vec<&'static str> {
        self.story(order).await.events.iter().map(|event| Happened::kind(&event.what)).collect()
    }

    /// The open exceptions of a deposit, as its page shows them.
    pub(crate) async fn unfit(&self, order: DepositNumber) -> Vec<ExceptionId> {
        let story = self.story(order).await;
        story.exceptions.iter().filter(|unfit| unfit.closed.is_none()).map(|unfit| unfit.id).collect()
    }

    pub(crate) async fn propose(
        &self,
        staff: &Staff,
        order: DepositNumber,
        approve: bool,
    ) -> Result<Decided, ReviewError> {
        let seen = self.unfit(order).await;
        let proposal = Proposal { order, approve, reason: "与银行记录核对过", reference: "", seen: &seen };
        deposits::propose(&self.house().await, staff, &actor(staff), proposal).await
    }

    pub(crate) async fn answer(
        &self,
        staff: &Staff,
        order: DepositNumber,
        number: i64,
        confirm: bool,
    ) -> Result<Decided, ReviewError> {
        let seen = self.unfit(order).await;
        let answer = Answer { order, number, confirm, reason: "看过证据", reference: "", seen: &seen };
        deposits::answer(&self.house().await, staff, &actor(staff), answer).await
    }

    /// The refund is over at the bank, and the job has seen it.
    pub(crate) async fn refund_ends(&self, order: DepositNumber) {
        self.pass(Duration::from_secs(2));
        for _ in 0..500 {
            if !matches!(self.deposit(order).await.state, State::Rejected | State::Refunding) {
                return;
            }
            // The bank decides refunds in its own time.
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.pass_and_sweep(Duration::from_mins(5)).await;
        }
        panic!("the refund of {order} does not end");
    }

    /// What is on an account of the group.
    pub(crate) async fn balance(&self, kind: Kind) -> Fen {
        let mut tx = self.db.read().await.expect("a unit of work");
        ledger::balances(&mut tx, self.group).await.expect("a look").expect("accounts").get(kind)
    }

    /// What all deposits of the group come to, as the records tell it.
    pub(crate) async fn totals(&self) -> DepositTotals {
        let filter = Filter::<Deposits> {
            scope: Scope::of(self.group),
            period: Period::new(Day::EARLIEST, Day::LATEST).expect("in order"),
            holds: None,
            card: None,
            operator: None,
            terminal: None,
            least: None,
            most: None,
            order: None,
        };
        records::totals(&self.house().await, &filter).await.expect("totals")
    }

    /// Proves the books and returns them.
    pub(crate) async fn books(&self) -> Books {
        let mut tx = self.db.read().await.expect("a unit of work");
        let books = books::prove_books(&mut tx).await.expect("a look through the books");
        assert!(books.hold(), "{books}");
        books
    }
}

async fn house(db: &Db, clock: &Arc<TestClock>, gateway: &Arc<UnionPay>, url: &str, seed: u64) -> House {
    let vault = Arc::new(SoftVault::in_memory(cards::masters()));
    let entropy = Arc::new(SeededEntropy::new(seed));
    let terms = Terms { two_people_above: LIMIT, ..Terms::default() };
    let settings = Settings { password_kib: 64, deposits: terms, ..Settings::default() };
    let clock = Arc::clone(clock) as Arc<dyn topup::Clock>;
    let gateway = Arc::clone(gateway) as Arc<dyn pay::Gateway>;
    let house = House::open(db.clone(), vault, clock, entropy, settings).await.expect("a house");
    house.with_till(Till::new(gateway, url))
}
