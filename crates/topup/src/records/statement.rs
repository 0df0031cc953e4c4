//! The statement of a group's quota: what it was, what came and went, what it is; by day or by month, to the fen.
//!
//! The quota of a statement is what a group may still use and what is held for loads in flight, together. A hold is then
//! no line of it, and neither is one that goes back: money leaves the quota when it is on the card. Each line is what the
//! ledger booked on its days, by the time of the booking; a load that was confirmed before midnight and proven after it
//! stands on the second day, and a deposit on the day of its approval.
//!
//! The lines come from `quota_days`, which the ledger writes with every posting. The opening quota is all that was before,
//! so a statement is right by itself, and the last one's closing quota is the group's now.

use ledger::{Fen, GroupId, Kind};
use store::{Micros, Result, Tx};

use super::{Day, Period};
use crate::House;
use crate::deposits::DepositNumber;
use crate::groups::Quota;
use crate::loads::{OrderNumber, Totals as Sum};

/// What a line is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Grain {
    /// A day.
    #[default]
    Day,
    /// A calendar month, or what of it is in the period.
    Month,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From when to when.
    pub period: Period,
    /// What a line is of.
    pub grain: Grain,
    /// The quota before the first day.
    pub opening: Fen,
    /// A line for each day or month on which something came or went, first to last.
    pub lines: Vec<StatementLine>,
    /// All of them together.
    pub total: StatementLine,
    /// What the accounts hold now, at whatever time the period ends.
    pub now: Quota,
}

/// What came and went on some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// From when to when.
    pub period: Period,
    /// The quota before.
    pub opening: Fen,
    /// What came and went, in the order of [`Item::ALL`].
    items: [Sum; Item::ALL.len()],
    /// The quota after.
    pub closing: Fen,
}

/// A day of one kind of movement: the day, from which account to which, how many and how much.
pub type Booked = (Day, Kind, Kind, i64, Fen);

/// What can come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// Deposits that became quota.
    Deposits,
    /// Deposits that had become quota and left it again, since their money is back at the payer.
    TakenBack,
    /// Loads that are on their cards.
    Loads,
    /// Loads that were taken to be on their cards and were not: given back.
    GivenBack,
    /// Loads that were taken not to be on their cards and were: charged after all.
    ChargedAfter,
    /// Anything else: the quota with which a group began.
    Other,
}

/// One movement of the journal that changed the quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the group's journal.
    pub number: i64,
    /// When.
    pub at: Micros,
    /// What it is.
    pub item: Item,
    /// What it is about.
    pub about: About,
    /// How much: negative if it went.
    pub amount: Fen,
    /// From this account.
    pub from: Kind,
    /// To this one.
    pub to: Kind,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A load.
    Load(OrderNumber),
    /// A deposit.
    Deposit(DepositNumber),
    /// Neither.
    Nothing,
}

/// Entries of a day, in the order in which they were booked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// They.
    pub entries: Vec<Entry>,
    /// The number after which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// Times of movements grow with their numbers, but for the moments between a decision and its commit: this long.
const AROUND_US: i64 = 15_000_000;

impl Grain {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    /// As it stands in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// From an address.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grain| grain.as_str() == text)
    }

    fn first(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            Self::Month => day.first_of_month(),
        }
    }

    fn last(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            Self::Month => day.last_of_month(),
        }
    }
}

impl Item {
    /// Every one, in the order of a line.
    pub const ALL: [Self; 6] =
        [Self::Deposits, Self::TakenBack, Self::Loads, Self::GivenBack, Self::ChargedAfter, Self::Other];

    /// As it stands in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposits => "deposits",
            Self::TakenBack => "taken-back",
            Self::Loads => "loads",
            Self::GivenBack => "given-back",
            Self::ChargedAfter => "charged-after",
            Self::Other => "other",
        }
    }

    /// From an address.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.as_str() == text)
    }

    /// What a movement between these accounts is; one of them is part of the quota.
    const fn of(from: Kind, to: Kind) -> Self {
        match (from, to) {
            (Kind::DepositsInReview | Kind::RefundsDue, _) => Self::Deposits,
            (Kind::Held, Kind::OnCards) => Self::Loads,
            (Kind::OnCards, _) => Self::GivenBack,
            (Kind::Quota, Kind::OnCards) => Self::ChargedAfter,
            (Kind::Quota, Kind::Bank) => Self::TakenBack,
            (Kind::Bank | Kind::Quota | Kind::Held, _) => Self::Other,
        }
    }
}

impl Statement {
    /// Of what was booked in the period, first to last, on a quota that was `opening` before.
    pub fn of(
        period: Period,
        grain: Grain,
        opening: Fen,
        booked: impl IntoIterator<Item = Booked>,
        now: Quota,
    ) -> Self {
        let mut lines = Vec::<StatementLine>::new();
        let mut total = StatementLine::empty(period, opening);
        for (day, from, to, count, sum) in booked {
            let change = if to.is_quota() { sum } else { Fen::new(sum.as_i64().saturating_neg()) };
            let first = grain.first(day).max(period.first());
            if lines.last().is_none_or(|line| line.period.first() != first) {
                let last = grain.last(day).min(period.last());
                let days = Period::new(first, last).unwrap_or_else(|| Period::of(day));
                lines.push(StatementLine::empty(days, total.closing));
            }
            if let Some(line) = lines.last_mut() {
                line.add(Item::of(from, to), count, change);
            }
            total.add(Item::of(from, to), count, change);
        }
        Self { period, grain, opening, lines, total, now }
    }
}

impl StatementLine {
    fn empty(period: Period, opening: Fen) -> Self {
        Self { period, opening, items: [Sum::default(); Item::ALL.len()], closing: opening }
    }

    /// How many, and how much they changed the quota by: negative for what went.
    pub fn item(&self, item: Item) -> Sum {
        Item::ALL.into_iter().zip(self.items).find(|(one, _)| *one == item).map_or_else(Sum::default, |(_, sum)| sum)
    }

    fn add(&mut self, item: Item, count: i64, change: Fen) {
        for (_, sum) in Item::ALL.iter().zip(&mut self.items).filter(|(one, _)| **one == item) {
            sum.count = sum.count.saturating_add(count);
            sum.sum = plus(sum.sum, change);
        }
        self.closing = plus(self.closing, change);
    }
}

/// One more than people ever have; what the database holds is checked there.
const fn plus(fen: Fen, change: Fen) -> Fen {
    Fen::new(fen.as_i64().saturating_add(change.as_i64()))
}

/// The same as it is stored.
type DayRow = (Day, String, String, i64, Fen);

/// The statement of a group, in one moment.
pub async fn statement(house: &House, group: GroupId, period: Period, grain: Grain) -> Result<Statement> {
    let mut tx = house.db.read().await?;
    let (opening,): (Fen,) = tx
        .query(
            "SELECT CAST(COALESCE(SUM(CASE WHEN to_kind IN ('quota', 'held') THEN sum_fen ELSE - sum_fen END), 0) \
             AS BIGINT) FROM quota_days WHERE group_id = $1 AND day < $2",
        )
        .bind(group)
        .bind(period.first())
        .one()
        .await?;
    let rows: Vec<DayRow> = tx
        .query(
            "SELECT day, from_kind, to_kind, movements, sum_fen FROM quota_days \
             WHERE group_id = $1 AND day >= $2 AND day <= $3 ORDER BY day, from_kind, to_kind",
        )
        .bind(group)
        .bind(period.first())
        .bind(period.last())
        .all()
        .await?;
    let balances = ledger::balances(&mut tx, group).await?.unwrap_or_default();
    let now = Quota { available: balances.get(Kind::Quota), held: balances.get(Kind::Held) };
    let booked = |(day, from, to, count, sum): DayRow| Ok((day, kind(&from)?, kind(&to)?, count, sum));
    let booked = rows.into_iter().map(booked).collect::<Result<Vec<Booked>>>()?;
    Ok(Statement::of(period, grain, opening, booked, now))
}

/// What the entries of a day come to, item by item: those that there are.
pub async fn day(house: &House, group: GroupId, day: Day) -> Result<StatementLine> {
    Ok(statement(house, group, Period::of(day), Grain::Day).await?.total)
}

type Columns = (i64, Micros, String, String, Fen, i64);

/// The entries of a day after the one of this number, of one item or of all.
pub async fn entries(
    house: &House,
    group: GroupId,
    day: Day,
    item: Option<Item>,
    after: i64,
    most: usize,
) -> Result<Entries> {
    let mut tx = house.db.read().await?;
    let (begins, ends) = (day.begins(), day.plus(1).begins());
    let first = first_since(&mut tx, group, Micros(begins.0.saturating_sub(AROUND_US))).await?;
    let last = first_since(&mut tx, group, Micros(ends.0.saturating_add(AROUND_US))).await?;
    let mut entries = Vec::new();
    let mut after = after.max(first.saturating_sub(1));
    // A page of what changes the quota and is asked for; holds, and other items, are passed over page by page.
    while entries.len() <= most {
        let rows: Vec<Columns> = tx
            .query(
                "SELECT id, at_us, from_kind, to_kind, amount_fen, subject FROM movements \
                 WHERE group_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4",
            )
            .bind(group)
            .bind(after)
            .bind(last)
            .bind(AT_ONCE)
            .all()
            .await?;
        let Some((number, ..)) = rows.last() else { break };
        after = *number;
        for (number, at, from, to, amount, subject) in rows {
            let entry = Entry::of((number, at), (kind(&from)?, kind(&to)?), amount, subject);
            let on_the_day = begins <= at && at < ends && entry.from.is_quota() != entry.to.is_quota();
            entries.extend((on_the_day && item.is_none_or(|item| item == entry.item)).then_some(entry));
        }
    }
    let more = entries.len() > most;
    entries.truncate(most);
    let next = entries.last().filter(|_| more).map(|entry| entry.number);
    Ok(Entries { entries, next })
}

/// Movements that are read at once.
const AT_ONCE: i64 = 1_000;

impl Entry {
    fn of((number, at): (i64, Micros), (from, to): (Kind, Kind), amount: Fen, subject: i64) -> Self {
        let item = Item::of(from, to);
        let about = match item {
            Item::Deposits | Item::TakenBack => About::Deposit(DepositNumber::new(subject)),
            Item::Loads | Item::GivenBack | Item::ChargedAfter => About::Load(OrderNumber::new(subject)),
            Item::Other => About::Nothing,
        };
        let amount = if to.is_quota() { amount } else { Fen::new(amount.as_i64().saturating_neg()) };
        Self { number, at, item, about, amount, from, to }
    }
}

/// The account of this name.
fn kind(name: &str) -> Result<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(store::Error::Missing)
}

/// The number of a group's first movement since `at`. Their times grow with their numbers, but for the moments between a
/// decision and its commit.
pub(super) async fn first_since(tx: &mut Tx, group: GroupId, at: Micros) -> Result<i64> {
    let last: Option<(i64,)> =
        tx.query("SELECT movements FROM accounts WHERE group_id = $1").bind(group).optional().await?;
    let (mut low, mut high) = (1_i64, last.map_or(0, |(last,)| last).saturating_add(1));
    while low < high {
        let middle = low.midpoint(high);
        let (moment,): (Micros,) = tx
            .query("SELECT at_us FROM movements WHERE group_id = $1 AND id = $2")
            .bind(group)
            .bind(middle)
            .one()
            .await?;
        if moment < at {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    Ok(low)
}
