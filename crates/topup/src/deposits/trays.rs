//! The office's lists: deposits of all groups by what is to be done with them, a page at a time.

use ledger::{Fen, GroupId, Kind};
use store::Micros;

use super::query::Row;
use super::{Deposit, DepositNumber};
use crate::House;
use crate::paging::{Page, Place, one_more};
use crate::people::staff::StaffId;

/// What is to be done with a deposit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tray {
    /// Paid; the first person's decision is missing.
    #[default]
    Waiting,
    /// Somebody proposed a decision; another person's answer is missing.
    Second,
    /// Rejected; the money has not gone back yet.
    Refunds,
    /// It is quota, or has gone back.
    Done,
}

/// A deposit in a tray.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InTray {
    /// It.
    pub deposit: Deposit,
    /// Its group's name.
    pub group: String,
    /// Who confirmed it, by name.
    pub operator: String,
    /// How many open exceptions stand beside it.
    pub unfit: i64,
    /// What was proposed and waits for another's answer: to approve it or not, and by whom.
    pub proposed: Option<(bool, StaffId, String)>,
}

/// How many deposits are in a tray, and how much they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: i64,
    /// How much.
    pub fen: Fen,
}

/// Money that moved for a deposit, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// When.
    pub at: Micros,
    /// The account it left.
    pub from: Kind,
    /// The account it entered.
    pub to: Kind,
    /// How much.
    pub amount: Fen,
    /// Its number in the group's journal.
    pub id: i64,
}

impl Tray {
    /// Every tray, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Second, Self::Refunds, Self::Done];

    /// As in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Second => "second",
            Self::Refunds => "refunds",
            Self::Done => "done",
        }
    }

    /// From an address.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tray| tray.as_str() == text)
    }

    /// Whether what came last stands first.
    pub const fn newest_first(self) -> bool {
        match self {
            Self::Waiting | Self::Second | Self::Refunds => false,
            Self::Done => true,
        }
    }
}

impl InTray {
    /// Since when it is in its tray: it was paid then, or decided.
    pub fn since(&self) -> Micros {
        let paid = self.deposit.paid.as_ref().map_or(self.deposit.created_at, |paid| paid.at);
        self.deposit.decided_at.unwrap_or(paid)
    }

    fn place(&self) -> Place {
        Place { at: self.since(), id: self.deposit.order.id() }
    }
}

#[derive(sqlx::FromRow)]
struct NamedRow {
    #[sqlx(flatten)]
    row: Row,
    group_name: String,
    operator_name: String,
    unfit: i64,
    proposed: Option<i64>,
    proposed_by: Option<StaffId>,
    proposer: Option<String>,
}

impl NamedRow {
    fn into_tray(self) -> Option<InTray> {
        let proposed = self.proposed.zip(self.proposed_by).zip(self.proposer);
        Some(InTray {
            deposit: self.row.into_deposit()?,
            group: self.group_name,
            operator: self.operator_name,
            unfit: self.unfit,
            proposed: proposed.map(|((approve, by), name)| (approve == 1, by, name)),
        })
    }
}

/// The columns of a [`NamedRow`], and where they come from; `r` is the proposal that waits for an answer.
macro_rules! listed {
    ($where:literal) => {
        concat!(
            "SELECT d.*, groups.name AS group_name, COALESCE(operators.name, '') AS operator_name, \
             (SELECT COUNT(*) FROM deposit_exceptions e WHERE e.group_id = d.group_id AND e.deposit_id = d.id \
             AND e.closed_at_us IS NULL) AS unfit, r.approve AS proposed, r.proposed_by, staff.name AS proposer \
             FROM deposits d JOIN groups ON groups.id = d.group_id \
             LEFT JOIN operators ON operators.id = d.operator_id \
             LEFT JOIN deposit_reviews r ON r.group_id = d.group_id AND r.deposit_id = d.id AND NOT EXISTS (\
             SELECT 1 FROM deposit_answers a WHERE a.group_id = r.group_id AND a.deposit_id = r.deposit_id \
             AND a.number = r.number) LEFT JOIN staff ON staff.id = r.proposed_by WHERE ",
            $where
        )
    };
}

/// A page of a tray: oldest first, but for what is done.
pub async fn tray(house: &House, tray: Tray, after: Option<Place>) -> Result<Page<InTray>, store::Error> {
    let after = after.unwrap_or(Place::end(tray.newest_first()));
    let mut tx = house.db.read().await?;
    let query = match tray {
        Tray::Waiting => tx.query(listed!(
            "d.state = 'paid' AND r.number IS NULL AND (d.paid_at_us, d.id) > ($1, $2) \
             ORDER BY d.paid_at_us, d.id LIMIT $3"
        )),
        Tray::Second => tx.query(listed!(
            "d.state = 'paid' AND r.number IS NOT NULL AND (d.paid_at_us, d.id) > ($1, $2) \
             ORDER BY d.paid_at_us, d.id LIMIT $3"
        )),
        Tray::Refunds => tx.query(listed!(
            "d.state IN ('rejected', 'refunding') AND (d.decided_at_us, d.id) > ($1, $2) \
             ORDER BY d.decided_at_us, d.id LIMIT $3"
        )),
        Tray::Done => tx.query(listed!(
            "d.state IN ('approved', 'refunded') AND (d.decided_at_us, d.id) < ($1, $2) \
             ORDER BY d.decided_at_us DESC, d.id DESC LIMIT $3"
        )),
    };
    let rows: Vec<NamedRow> = query.bind(after.at).bind(after.id).bind(one_more()).all().await?;
    Ok(Page::of(rows.into_iter().filter_map(NamedRow::into_tray).collect(), InTray::place))
}

/// How much is in each tray where something is to be done, in the order of [`Tray::ALL`].
pub async fn sums(house: &House) -> Result<[Sum; 3], store::Error> {
    let mut tx = house.db.read().await?;
    let (waiting, waiting_fen, second, second_fen): (i64, Fen, i64, Fen) = tx
        .query(
            "SELECT COUNT(*) - CAST(COALESCE(SUM(proposed), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN proposed = 0 THEN paid_fen ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(proposed), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN proposed = 1 THEN paid_fen ELSE 0 END), 0) AS BIGINT) FROM (\
             SELECT d.paid_fen, CASE WHEN EXISTS (SELECT 1 FROM deposit_reviews r WHERE r.group_id = d.group_id \
             AND r.deposit_id = d.id AND NOT EXISTS (SELECT 1 FROM deposit_answers a WHERE a.group_id = r.group_id \
             AND a.deposit_id = r.deposit_id AND a.number = r.number)) THEN 1 ELSE 0 END AS proposed \
             FROM deposits d WHERE d.state = 'paid') AS waiting",
        )
        .one()
        .await?;
    let (refunds, refunds_fen): (i64, Fen) = tx
        .query(
            "SELECT COUNT(*), CAST(COALESCE(SUM(paid_fen), 0) AS BIGINT) FROM deposits \
             WHERE state IN ('rejected', 'refunding')",
        )
        .one()
        .await?;
    let sum = |count, fen| Sum { count, fen };
    Ok([sum(waiting, waiting_fen), sum(second, second_fen), sum(refunds, refunds_fen)])
}

/// The deposit that a number leads to: its own, the bank's serial number of its payment, or the number of its refund.
pub async fn find_by_any(house: &House, text: &str) -> Result<Option<DepositNumber>, store::Error> {
    let typed: String = text.chars().filter(|typed| !typed.is_whitespace() && *typed != '-').collect();
    let typed = typed.to_ascii_uppercase();
    let order = DepositNumber::parse(&typed).map_or_else(String::new, |order| order.to_string());
    let mut tx = house.db.read().await?;
    let found: Option<(i64,)> = tx
        .query(
            "SELECT id FROM deposits WHERE order_id = $1 \
             UNION ALL SELECT deposit_id FROM deposit_serials WHERE serial = $2 \
             UNION ALL SELECT deposit_id FROM deposit_refunds WHERE order_id = $2 LIMIT 1",
        )
        .bind(order)
        .bind(typed)
        .optional()
        .await?;
    Ok(found.map(|(id,)| DepositNumber::new(id)))
}

/// The money that moved for a deposit of `group`, first to last.
pub async fn moved(house: &House, group: GroupId, order: DepositNumber) -> Result<Vec<Moved>, store::Error> {
    let mut tx = house.db.read().await?;
    let rows: Vec<(Micros, String, String, Fen, i64)> = tx
        .query(
            "SELECT at_us, from_kind, to_kind, amount_fen, id FROM movements WHERE group_id = $1 AND subject = $2 \
             AND (from_kind IN ('deposits_in_review', 'refunds_due') OR to_kind IN ('deposits_in_review', 'bank')) ORDER BY id",
        )
        .bind(group)
        .bind(order.id())
        .all()
        .await?;
    let moved = |(at, from, to, amount, id): (Micros, String, String, Fen, i64)| {
        Some(Moved { at, from: account(&from)?, to: account(&to)?, amount, id })
    };
    Ok(rows.into_iter().filter_map(moved).collect())
}

fn account(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}
