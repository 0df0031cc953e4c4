//! The proof of the books: what must be true of every balance and every movement, asked of the database itself.

use std::fmt;

use store::{Result, Tx};

use crate::{Balances, Fen, GroupId, days};

/// Faults listed at most by each question; books with more are beyond reading a list.
pub(crate) const LISTED: i64 = 100;

/// What a look through all the books found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// How many groups have accounts.
    pub groups: i64,
    /// How many movements are in the journal.
    pub movements: i64,
    /// Each account summed over all groups.
    pub totals: Balances,
    /// Everything that is not as it must be; empty in true books.
    pub faults: Vec<Fault>,
}

/// Something in the books that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The balances of the group do not add up to nothing.
    TrialBalance {
        /// Whose.
        group: GroupId,
        /// What they add up to.
        sum: Fen,
    },
    /// A balance is not the sum of the account's movements.
    Balance {
        /// Whose.
        group: GroupId,
        /// The account's name.
        kind: String,
        /// The balance in the accounts.
        balance: Fen,
        /// The sum of its movements.
        sum: Fen,
    },
    /// A balance after a movement does not follow from the one before it.
    Chain {
        /// Whose.
        group: GroupId,
        /// The account's name.
        kind: String,
        /// The number of the movement.
        movement: i64,
    },
    /// Movements are missing from the group's journal, or there are too many.
    Gap {
        /// Whose.
        group: GroupId,
        /// How many the accounts count.
        counted: i64,
        /// How many are there.
        found: i64,
    },
    /// What is kept of a day's changes of the group's quota is not what the journal says.
    Day {
        /// Whose.
        group: GroupId,
        /// Which day, since 1970-01-01.
        day: i64,
    },
}

impl Proof {
    /// Whether the books are exact.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Proves the books, all in the one moment that `tx` sees; begin it with [`store::Db::read`].
pub async fn prove(tx: &mut Tx) -> Result<Proof> {
    let mut faults = trial_balances(tx).await?;
    faults.extend(gaps(tx).await?);
    faults.extend(chains(tx).await?);
    faults.extend(sums(tx).await?);
    faults.extend(days::prove(tx).await?.into_iter().map(|(group, day)| Fault::Day { group, day }));
    let (groups, bank, review, quota, held, cards, refunds): (i64, i64, i64, i64, i64, i64, i64) = tx
        .query(
            "SELECT COUNT(*), CAST(COALESCE(SUM(bank_fen), 0) AS BIGINT), \
             CAST(COALESCE(SUM(deposits_in_review_fen), 0) AS BIGINT), CAST(COALESCE(SUM(quota_fen), 0) AS BIGINT), \
             CAST(COALESCE(SUM(held_fen), 0) AS BIGINT), CAST(COALESCE(SUM(on_cards_fen), 0) AS BIGINT), \
             CAST(COALESCE(SUM(refunds_due_fen), 0) AS BIGINT) FROM accounts",
        )
        .one()
        .await?;
    let (movements,): (i64,) = tx.query("SELECT COUNT(*) FROM movements").one().await?;
    let totals = Balances::of([bank, review, quota, held, cards, refunds]);
    Ok(Proof { groups, movements, totals, faults })
}

async fn trial_balances(tx: &mut Tx) -> Result<Vec<Fault>> {
    let rows: Vec<(GroupId, Fen)> = tx
        .query(
            "SELECT group_id, total FROM (SELECT group_id, bank_fen + deposits_in_review_fen + quota_fen + held_fen \
             + on_cards_fen + refunds_due_fen AS total FROM accounts) AS totals \
             WHERE total <> 0 ORDER BY group_id LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, sum)| Fault::TrialBalance { group, sum }).collect())
}

async fn gaps(tx: &mut Tx) -> Result<Vec<Fault>> {
    let rows: Vec<(GroupId, i64, i64)> = tx
        .query(
            "SELECT group_id, counted, found FROM (\
             SELECT COALESCE(accounts.group_id, journal.group_id) AS group_id, COALESCE(accounts.movements, 0) AS counted, \
             COALESCE(journal.found, 0) AS found, COALESCE(journal.last, 0) AS last \
             FROM accounts FULL JOIN (SELECT group_id, COUNT(*) AS found, MAX(id) AS last FROM movements \
             GROUP BY group_id) AS journal ON journal.group_id = accounts.group_id) AS counts \
             WHERE counted <> found OR last <> found ORDER BY group_id LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, counted, found)| Fault::Gap { group, counted, found }).collect())
}

async fn chains(tx: &mut Tx) -> Result<Vec<Fault>> {
    let rows: Vec<(GroupId, String, i64)> = tx
        .query(
            "WITH steps AS (\
             SELECT group_id, id, from_kind AS kind, - amount_fen AS change, from_after_fen AS after_fen FROM movements \
             UNION ALL SELECT group_id, id, to_kind, amount_fen, to_after_fen FROM movements), \
             chained AS (SELECT group_id, id, kind, change, after_fen, \
             COALESCE(LAG(after_fen) OVER (PARTITION BY group_id, kind ORDER BY id), 0) AS before_fen FROM steps) \
             SELECT group_id, kind, id FROM chained WHERE before_fen + change <> after_fen \
             ORDER BY group_id, id, kind LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, kind, movement)| Fault::Chain { group, kind, movement }).collect())
}

async fn sums(tx: &mut Tx) -> Result<Vec<Fault>> {
    let rows: Vec<(GroupId, String, Fen, Fen)> = tx
        .query(
            "WITH changes AS (\
             SELECT group_id, from_kind AS kind, - amount_fen AS change FROM movements \
             UNION ALL SELECT group_id, to_kind, amount_fen FROM movements), \
             sums AS (SELECT group_id, kind, SUM(change) AS total FROM changes GROUP BY group_id, kind), \
             held AS (\
             SELECT group_id, 'bank' AS kind, bank_fen AS balance FROM accounts \
             UNION ALL SELECT group_id, 'deposits_in_review', deposits_in_review_fen FROM accounts \
             UNION ALL SELECT group_id, 'quota', quota_fen FROM accounts \
             UNION ALL SELECT group_id, 'held', held_fen FROM accounts \
             UNION ALL SELECT group_id, 'on_cards', on_cards_fen FROM accounts \
             UNION ALL SELECT group_id, 'refunds_due', refunds_due_fen FROM accounts) \
             SELECT COALESCE(held.group_id, sums.group_id), COALESCE(held.kind, sums.kind), COALESCE(held.balance, 0), \
             CAST(COALESCE(sums.total, 0) AS BIGINT) \
             FROM held FULL JOIN sums ON sums.group_id = held.group_id AND sums.kind = held.kind \
             WHERE COALESCE(held.balance, 0) <> COALESCE(sums.total, 0) ORDER BY 1, 2 LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    let fault = |(group, kind, balance, sum)| Fault::Balance { group, kind, balance, sum };
    Ok(rows.into_iter().map(fault).collect())
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrialBalance { group, sum } => {
                write!(f, "group {}: the balances add up to {sum}, not to nothing", group.0)
            }
            Self::Balance { group, kind, balance, sum } => {
                write!(f, "group {}: {kind} is {balance}, its movements add up to {sum}", group.0)
            }
            Self::Chain { group, kind, movement } => {
                write!(f, "group {}: the balance of {kind} after movement {movement} does not follow", group.0)
            }
            Self::Gap { group, counted, found } => {
                write!(f, "group {}: {counted} movements are counted, {found} are in the journal", group.0)
            }
            Self::Day { group, day } => {
                write!(f, "group {}: what is kept of its quota on day {day} is not what the journal says", group.0)
            }
        }
    }
}
