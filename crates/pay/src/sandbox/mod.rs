//! A sandbox bank: it speaks the gateway's protocol as strictly as the real one and moves no money.
//!
//! A merchant's request goes through [`request`], where a wrong signature is 11, a missing field 13 and an unknown one an
//! error page. The payer walks through pages, each a step of [`cashier`]; a company's payment waits for a second person.
//! Notifications go out before and independent of the browser's return, and are repeated until taken. The accounts of
//! [`accounts`] each behave in one way; the console shows "SMS" and orders and lets a tester lose, delay or repeat a
//! notification.
//!
//! Its keys and books are files in one folder, so that it can be stopped and started.

pub mod accounts;
mod bill;
mod books;
mod cashier;
mod gateway;
mod notify;
mod order;
mod pages;
mod pki;
mod request;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;

use crate::unionpay::{Endpoints, time};
use books::Shelf;
use order::{Kind, Order, Status};
use pki::Pki;

pub use pki::{PFX_PASSWORD, PkiError, PkiFiles};

/// The most bytes of a request.
const MOST_BYTES: usize = 256 * 1024;

/// Fills with random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// What the bank needs to know. Time and randomness are handed in.
#[derive(Clone)]
pub struct Config {
    /// Where keys and books are kept.
    pub folder: PathBuf,
    /// The one merchant's number, 15 characters.
    pub merchant: String,
    /// The merchant's name, for the payer.
    pub merchant_name: String,
    /// The gaps between attempts to notify.
    pub notify_gaps: Vec<SignedDuration>,
    /// How long a refund takes.
    pub refund_takes: SignedDuration,
    /// Now.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Fills with random bytes.
    pub random: Random,
}

/// The gaps that the gateway's demo names: at once, then after 1, 2 and 4 minutes.
pub const NOTIFY_GAPS: [SignedDuration; 4] =
    [SignedDuration::ZERO, SignedDuration::from_mins(1), SignedDuration::from_mins(2), SignedDuration::from_mins(4)];

/// The bank; a clone is another handle to the same one.
#[derive(Clone)]
pub struct Bank {
    config: Arc<Config>,
    pki: Arc<Pki>,
    shelf: Arc<Shelf>,
}

/// Why the bank does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its keys.
    #[error(transparent)]
    Keys(#[from] PkiError),
    /// Its books.
    #[error("the sandbox bank's books cannot be read: {0}")]
    Books(#[from] std::io::Error),
}

impl Bank {
    /// Opens the bank in its folder. The first time it makes its keys, which takes some seconds.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let pki = Pki::open(&config.folder, &config.merchant, (config.now)())?;
        let shelf = Shelf::open(&config.folder)?;
        Ok(Self { config: Arc::new(config), pki: Arc::new(pki), shelf: Arc::new(shelf) })
    }

    /// The files that the merchant needs.
    pub fn files(&self) -> &PkiFiles {
        &self.pki.files
    }

    /// Starts sending notifications. They stop when the task is aborted.
    pub fn notify(&self) -> JoinHandle<()> {
        tokio::spawn(self.clone().notify_for_ever())
    }

    /// The bank's addresses.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/gateway/api/frontTransReq.do", post(gateway::front))
            .route("/gateway/api/backTransReq.do", post(gateway::back))
            .route("/gateway/api/queryTrans.do", post(gateway::query))
            .route("/", get(pages::welcome).post(gateway::file))
            .merge(pages::router())
            .layer(axum::extract::DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    /// The merchant's number.
    pub fn merchant(&self) -> &str {
        &self.config.merchant
    }

    fn now(&self) -> Timestamp {
        (self.config.now)()
    }

    fn token(&self) -> String {
        let mut bytes = [0; 16];
        (self.config.random)(&mut bytes);
        hex::encode(bytes)
    }

    /// Six random digits.
    fn digits(&self) -> String {
        let mut bytes = [0; 4];
        (self.config.random)(&mut bytes);
        format!("{:06}", u32::from_be_bytes(bytes).checked_rem(1_000_000).unwrap_or(0))
    }

    fn order(&self, token: &str) -> Option<Order> {
        self.shelf.read(|books| books.orders.iter().find(|order| order.token == token).cloned())
    }

    /// Makes a change to an order; if it is decided by it, gives it its serial number and plans its notifications.
    fn step<T>(&self, token: &str, step: impl FnOnce(&mut Order) -> T) -> Option<T> {
        let now = self.now();
        self.shelf.change(|books| {
            let mut plan = books.plan.clone();
            let order = books.by_token(token)?;
            let before = order.status.clone();
            let answer = step(order);
            if order.status != before {
                if matches!(order.status, Status::Done { .. }) {
                    order.done_at = Some(now);
                    let trace_no = order.trace_no.clone();
                    order.serial.get_or_insert_with(|| serial(now, &trace_no));
                }
                self.plan_notices(order, &mut plan, now);
                books.plan = plan;
            }
            Some(answer)
        })
    }

    /// Gives a payment back without being asked, as a bank does with one that came too late.
    fn give_back(&self, token: &str) {
        let now = self.now();
        self.shelf.change(|books| books.give_back(token, now));
    }

    /// Gives a payment back at the counter, whole or so much, and tells the merchant by nothing but the file of the day.
    fn refund_at_counter(&self, token: &str, fen: Option<i64>) {
        let now = self.now();
        self.shelf.change(|books| books.refund_at_counter(token, fen, now));
    }

    /// Does half of a refund that is under way or was refused, and calls it done.
    fn refund_half(&self, token: &str) {
        let open = |status: &Status| matches!(status, Status::Processing | Status::Failed { .. });
        let fits = self.order(token).is_some_and(|order| order.payment().is_none() && open(&order.status));
        if fits {
            self.shelf.change(|books| books.refund_half(token));
            self.step(token, |order| order.status = Status::Done { code: "00".to_owned() });
        }
    }

    /// Does a refund that was refused, as if the refusal had been a mistake; the merchant is notified of it.
    fn refund_after_all(&self, token: &str) {
        let done = self.step(token, |order| {
            let refused = order.payment().is_none() && matches!(order.status, Status::Failed { .. });
            if refused {
                order.status = Status::Done { code: "00".to_owned() };
            }
            refused
        });
        if done == Some(true) {
            self.shelf.change(|books| books.take_refund_after_all(token));
        }
    }

    /// Decides late payments and slow refunds whose time has come.
    fn decide_what_is_due(&self) {
        let now = self.now();
        let due: Vec<String> = self.shelf.read(|books| books.due(now).map(|order| order.token.clone()).collect());
        for token in due {
            let refuse = self.shelf.read(|books| books.plan.refuse_refunds > 0);
            let refused = self.step(&token, |order| match order.kind {
                Kind::Payment(_) => {
                    cashier::decide_late(order);
                    false
                }
                Kind::Refund { .. } if refuse => {
                    order.status = Status::Failed { code: "60".to_owned() };
                    true
                }
                Kind::Refund { .. } => {
                    order.status = Status::Done { code: "00".to_owned() };
                    false
                }
            });
            if refused == Some(true) {
                self.shelf.change(|books| {
                    books.plan.refuse_refunds = books.plan.refuse_refunds.saturating_sub(1);
                    books.free_refund(&token);
                });
            }
        }
    }
}

/// The gateway's addresses below the bank's own, for a merchant's configuration.
pub fn endpoints(url: &str) -> Endpoints {
    let url = url.trim_end_matches('/');
    Endpoints {
        front: format!("{url}/gateway/api/frontTransReq.do"),
        back: format!("{url}/gateway/api/backTransReq.do"),
        query: format!("{url}/gateway/api/queryTrans.do"),
        file: format!("{url}/"),
    }
}

/// A serial number, 21 digits, as those of the real gateway are made.
fn serial(at: Timestamp, trace_no: &str) -> String {
    format!("13{}{trace_no}8", time::in_china(at).strftime("%y%m%d%H%M%S"))
}

impl fmt::Debug for Bank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bank").field("merchant", &self.config.merchant).finish_non_exhaustive()
    }
}
