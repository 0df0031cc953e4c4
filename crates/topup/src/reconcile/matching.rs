//! Our deposits and refunds of a day against the gateway's file of it. Pure.
//!
//! Every line of the file comes out once, and so does everything of ours that should be in it. The order number pairs the
//! two; the gateway's serial number decides between several lines of one order, and ties a refund that we never asked for
//! to the payment that it gives back.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ledger::{Fen, GroupId};
use store::Micros;

use super::file::{Row, What, sum};

/// A deposit or a refund of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    /// [`What::Payment`] or [`What::Refund`].
    pub what: What,
    /// Our number of it.
    pub order: String,
    /// The number of the deposit that it is, or that it gives back: where its page is.
    pub deposit: String,
    /// Whose.
    pub group: GroupId,
    /// The gateway's serial number, as far as it told us.
    pub serial: Option<String>,
    /// How much.
    pub amount: Fen,
    /// Whether it moved money in our books.
    pub moved: bool,
    /// How it stands, as stored.
    pub state: String,
    /// Whether it was made with the gateway and merchant that the file is of. Another gateway's serial number of it may be
    /// that of something else in the file.
    pub of_file: bool,
    /// The day on which it settles, as far as it moved.
    pub day: Option<Date>,
    /// The earliest other day whose file has it.
    pub elsewhere: Option<Date>,
}

/// A line, what is ours, and how they go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The line, if there is one.
    pub theirs: Option<Row>,
    /// Ours, if there is one.
    pub ours: Option<Ours>,
    /// How they go together.
    pub finding: Finding,
}

/// How a line of the file and our books go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// Same order, same amount, same serial number.
    Matched,
    /// The bank has it, we do not.
    MissingHere(Why),
    /// We have it, the bank does not.
    MissingThere,
    /// Both have it, with different amounts.
    Amount,
    /// Both have it, with different serial numbers.
    Serial,
    /// The gateway lists it among errors.
    Listed,
    /// A refund that we never asked for gives a payment of ours back: at the bank's counter, or by the bank itself.
    GivenBack,
}

/// Why something of the bank's is missing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// No order of ours has this number.
    Unknown,
    /// We have the order, and in our books it moved no money.
    NotMoved,
    /// Our order stands against another line already, of this file or of an earlier day's.
    Twice,
    /// Neither a payment nor a refund.
    Kind,
}

impl Finding {
    /// As stored; none for what matched, which needs no record.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Matched => None,
            Self::MissingHere(Why::Unknown) => Some("missing-here.unknown"),
            Self::MissingHere(Why::NotMoved) => Some("missing-here.not-moved"),
            Self::MissingHere(Why::Twice) => Some("missing-here.twice"),
            Self::MissingHere(Why::Kind) => Some("missing-here.kind"),
            Self::MissingThere => Some("missing-there"),
            Self::Amount => Some("amount"),
            Self::Serial => Some("serial"),
            Self::Listed => Some("listed"),
            Self::GivenBack => Some("given-back"),
        }
    }
}

impl Pair {
    /// What names the pair within its day, whatever becomes of it.
    pub fn subject(&self) -> String {
        match (&self.theirs, &self.ours) {
            (Some(row), _) => format!("{}/{}/{}", row.what.as_str(), row.order.as_deref().unwrap_or("-"), row.serial),
            (None, Some(ours)) => format!("{}/{}", ours.what.as_str(), ours.order),
            (None, None) => String::new(),
        }
    }
}

/// How many of something, and how much together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub count: i64,
    /// What came in, less what went out, as the bank has it; what is missing there, as we have it.
    pub sum: Fen,
}

/// The pairs with one of these findings, counted and added up.
pub fn total(pairs: &[Pair], of: impl Fn(Finding) -> bool) -> Total {
    let chosen: Vec<&Pair> = pairs.iter().filter(|pair| of(pair.finding)).collect();
    Total {
        count: i64::try_from(chosen.len()).unwrap_or(i64::MAX),
        sum: sum(chosen.iter().map(|pair| match (&pair.theirs, &pair.ours) {
            (Some(row), _) => signed(row.what, row.amount),
            (None, Some(ours)) => signed(ours.what, ours.amount),
            (None, None) => Fen::ZERO,
        })),
    }
}

/// Positive if it comes to us.
fn signed(what: What, amount: Fen) -> Fen {
    match what {
        What::Payment => amount,
        What::Refund => Fen::new(amount.as_i64().saturating_neg()),
        // Which way it goes is not known.
        What::Other | What::Error => Fen::ZERO,
    }
}

/// Pairs the lines of the file of `day` with what is ours: all that settles on that day, and whatever the lines name.
pub fn pair(day: Date, rows: &[Row], ours: &[Ours]) -> Vec<Pair> {
    // Of an order, the line with our serial number comes before others, else the first.
    let mut chosen: BTreeMap<(What, &str), &Row> = BTreeMap::new();
    let key = |row: &Row| (row.what, row.order.clone().unwrap_or_default());
    let by_key: BTreeMap<(What, &str), &Ours> = ours.iter().map(|o| ((o.what, o.order.as_str()), o)).collect();
    for row in rows {
        let (what, order) = (row.what, row.order.as_deref().unwrap_or_default());
        let serial = by_key.get(&(what, order)).and_then(|ours| ours.serial.as_deref());
        let place = chosen.entry((what, order)).or_insert(row);
        if serial == Some(row.serial.as_str()) {
            *place = row;
        }
    }
    let payments = ours.iter().filter(|o| o.what == What::Payment && o.moved && o.of_file);
    let by_serial: BTreeMap<&str, &Ours> = payments.filter_map(|o| Some((o.serial.as_deref()?, o))).collect();
    let mut pairs: Vec<Pair> = rows
        .iter()
        .map(|row| {
            let (what, order) = key(row);
            let ours = by_key.get(&(what, order.as_str())).copied();
            let original = row.original.as_deref().filter(|_| what == What::Refund && ours.is_none());
            if let Some(paid) = original.and_then(|serial| by_serial.get(serial).copied()) {
                return Pair { theirs: Some(row.clone()), ours: Some(paid.clone()), finding: Finding::GivenBack };
            }
            let first = chosen.get(&(what, order.as_str())).is_some_and(|chosen| std::ptr::eq(*chosen, row));
            Pair { theirs: Some(row.clone()), ours: ours.cloned(), finding: judge(day, row, ours, first) }
        })
        .collect();
    let missing = ours.iter().filter(|o| o.moved && o.day == Some(day) && o.elsewhere.is_none()).filter(|o| {
        // In the file under its number, and be it as something that differs: then it was said above.
        !chosen.contains_key(&(o.what, o.order.as_str()))
    });
    pairs.extend(missing.map(|o| Pair { theirs: None, ours: Some(o.clone()), finding: Finding::MissingThere }));
    pairs
}

fn judge(day: Date, row: &Row, ours: Option<&Ours>, first: bool) -> Finding {
    match (row.what, ours) {
        (What::Error, _) => Finding::Listed,
        (What::Other, _) => Finding::MissingHere(Why::Kind),
        (What::Payment | What::Refund, None) => Finding::MissingHere(Why::Unknown),
        (What::Payment | What::Refund, Some(_)) if !first => Finding::MissingHere(Why::Twice),
        (What::Payment | What::Refund, Some(ours)) => {
            if ours.elsewhere.is_some_and(|other| other < day) {
                Finding::MissingHere(Why::Twice)
            } else if !ours.moved {
                Finding::MissingHere(Why::NotMoved)
            } else if ours.amount != row.amount {
                Finding::Amount
            } else if ours.serial.as_deref().is_some_and(|serial| serial != row.serial) {
                Finding::Serial
            } else {
                Finding::Matched
            }
        }
    }
}

/// The day on which something that the gateway did at `at` settles: the one it named (`MMDD`, in the year that brings it
/// nearest), else by its window, which goes from 23:00 to 23:00.
pub fn settles_on(named: Option<&str>, at: Micros) -> Option<Date> {
    let window = crate::house::beijing(Micros(at.0.saturating_add(3_600_000_000)))?.date();
    let Some(named) = named else { return Some(window) };
    let (month, day) = named.split_at_checked(2)?;
    let (month, day): (i8, i8) = (month.parse().ok()?, day.parse().ok()?);
    let year = window.year();
    let years = [year.saturating_sub(1), year, year.saturating_add(1)];
    let days = years.into_iter().filter_map(|year| Date::new(year, month, day).ok());
    days.min_by_key(|date| apart(*date, window))
}

/// How many days lie between two.
pub(super) fn apart(a: Date, b: Date) -> i32 {
    a.since(b).map_or(i32::MAX, |span| span.get_days().saturating_abs())
}
