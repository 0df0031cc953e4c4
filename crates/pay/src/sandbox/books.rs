//! The bank's books: its orders, kept in one file that is replaced whole at every change.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::order::{Kind, Order, Status};
use crate::unionpay::time;

/// Everything the bank remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Books {
    /// Orders, oldest first.
    pub(crate) orders: Vec<Order>,
    /// How many trace numbers were given out.
    pub(crate) traces: u32,
    /// Days whose file is ready before its time, `MMDD`.
    pub(crate) closed_days: Vec<String>,
    /// What a tester asked for.
    pub(crate) plan: Plan,
}

/// What a tester asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The next notifications that get lost.
    pub(crate) lose: u32,
    /// Seconds by which notifications come late.
    pub(crate) delay_seconds: i64,
    /// The next refunds that are refused.
    pub(crate) refuse_refunds: u32,
}

impl Books {
    /// The order with this number and time.
    pub(crate) fn find(&self, number: &str, txn_time: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.number == number && order.txn_time == txn_time)
    }

    /// The order whose pages have this token, to change.
    pub(crate) fn by_token(&mut self, token: &str) -> Option<&mut Order> {
        self.orders.iter_mut().find(|order| order.token == token)
    }

    /// The payment with this serial number, to change.
    pub(crate) fn by_serial(&mut self, serial: &str) -> Option<&mut Order> {
        self.orders.iter_mut().find(|order| order.serial.as_deref() == Some(serial) && order.payment().is_some())
    }

    /// What a refused refund was to give back can be given back by another.
    pub(crate) fn free_refund(&mut self, token: &str) {
        self.refunded(token, i64::saturating_sub);
    }

    /// It cannot any more: the refund was done after all.
    pub(crate) fn take_refund_after_all(&mut self, token: &str) {
        self.refunded(token, i64::saturating_add);
    }

    fn refunded(&mut self, token: &str, change: fn(i64, i64) -> i64) {
        let Some(refund) = self.by_token(token) else { return };
        let (Kind::Refund { original, .. }, amount) = (refund.kind.clone(), refund.amount_fen) else { return };
        if let Some(payment) = self.by_serial(&original).and_then(Order::payment_mut) {
            payment.refunded_fen = change(payment.refunded_fen, amount);
        }
    }

    /// The next trace number.
    pub(crate) fn trace(&mut self) -> String {
        self.traces = self.traces.saturating_add(1);
        format!("{:06}", self.traces.checked_rem(1_000_000).unwrap_or(0))
    }

    /// Orders that settle on this day and moved money, oldest first; also those whose money the bank gave back later.
    pub(crate) fn settled_on(&self, day: &str) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(move |order| order.done_at.is_some_and(|at| settle_date(at) == day))
    }

    /// The bank gives the money of a payment back by itself: from now on it says 42 of it, and the file of the day lists
    /// a refund under a number that the merchant never gave.
    pub(crate) fn give_back(&mut self, token: &str, now: Timestamp) {
        let Some(payment) = self.refund_unasked(token, None, "R42", now) else { return };
        payment.status = Status::Failed { code: "42".to_owned() };
    }

    /// Somebody has it given back at the bank's counter: whole, or so much. The payment stays one that was done, and the
    /// file of the day lists a refund under a number that the merchant never gave.
    pub(crate) fn refund_at_counter(&mut self, token: &str, fen: Option<i64>, now: Timestamp) {
        self.refund_unasked(token, fen, "COUNTER", now);
    }

    /// Does part of a refund only, and calls it done.
    pub(crate) fn refund_half(&mut self, token: &str) {
        let Some(refund) = self.by_token(token).filter(|order| order.payment().is_none()) else { return };
        let (was_to_be, half) =
            (refund.status == Status::Processing, refund.amount_fen.checked_div(2).unwrap_or(0).max(1));
        if was_to_be {
            self.refunded(token, i64::saturating_sub);
        }
        if let Some(refund) = self.by_token(token) {
            refund.amount_fen = half;
        }
        self.refunded(token, i64::saturating_add);
    }

    /// A refund that is done, of what is left of a payment that is; the payment.
    fn refund_unasked(&mut self, token: &str, fen: Option<i64>, prefix: &str, now: Timestamp) -> Option<&mut Order> {
        let trace_no = self.trace();
        let payment = self.by_token(token).filter(|order| matches!(order.status, Status::Done { .. }))?;
        let left = payment.amount_fen.saturating_sub(payment.payment()?.refunded_fen);
        let amount_fen = fen.unwrap_or(left);
        if !(1..=left).contains(&amount_fen) {
            return None;
        }
        let refund = Order {
            token: format!("{token}{trace_no}"),
            number: format!("{prefix}{trace_no}"),
            amount_fen,
            kind: Kind::Refund { original: payment.serial.clone().unwrap_or_default(), due_at: now },
            back_url: None,
            created_at: now,
            status: Status::Done { code: "00".to_owned() },
            serial: Some(super::serial(now, &trace_no)),
            trace_no,
            done_at: Some(now),
            notices: Vec::new(),
            ..payment.clone()
        };
        let paid = payment.payment_mut()?;
        paid.refunded_fen = paid.refunded_fen.saturating_add(amount_fen);
        self.orders.push(refund);
        self.by_token(token)
    }

    /// What time has decided: late payments, slow refunds.
    pub(crate) fn due(&self, now: Timestamp) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(move |order| {
            let due = match &order.kind {
                Kind::Payment(payment) => payment.due_at,
                Kind::Refund { due_at, .. } => Some(*due_at),
            };
            order.status == Status::Processing && due.is_some_and(|due| due <= now)
        })
    }
}

/// The day on which something done at `at` settles, `MMDD`: a day goes from 23:00 to 23:00.
pub(crate) fn settle_date(at: Timestamp) -> String {
    let hour = SignedDuration::from_hours(1);
    let moved = at.checked_add(hour).unwrap_or(at);
    time::in_china(moved).strftime("%m%d").to_string()
}

/// The books, their file, and who may change them.
#[derive(Debug)]
pub(crate) struct Shelf {
    path: PathBuf,
    books: Mutex<Books>,
}

impl Shelf {
    /// Opens the books in `folder`, or begins new ones.
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        let path = folder.join("books.json");
        let books = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(std::io::Error::other)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Books::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, books: Mutex::new(books) })
    }

    /// Looks something up.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Books) -> T) -> T {
        look(&self.books.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes something; it is on disk when this returns.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = change(&mut books);
        if let Err(error) = self.save(&books) {
            tracing::error!(%error, path = %self.path.display(), "the sandbox bank's books cannot be written");
        }
        answer
    }

    fn save(&self, books: &Books) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(books).map_err(std::io::Error::other)?)?;
        file.as_file().sync_data()?;
        file.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}
