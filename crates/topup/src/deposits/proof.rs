//! The proof that the ledger and the deposits tell the same story, down to each one's movements.

use std::fmt;

use ledger::{Fen, GroupId};
use store::{Result, Tx};

use super::{DepositNumber, ExceptionKind, State, totals};
use crate::records::Day;

/// Faults listed at most by each question; books with more are beyond reading a list.
pub(super) const LISTED: i64 = 100;

/// What a look through the deposits found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DepositsProof {
    /// How many deposits are in each state, and their sum: what was paid, or was to be. States without any are left out.
    pub states: Vec<(State, i64, Fen)>,
    /// Money that exceptions speak of and that is in no account, as far as they are open.
    pub unbooked: Vec<Unbooked>,
    /// How many exceptions are open about money that is booked.
    pub booked_open: i64,
    /// Where they disagree; empty in true books.
    pub faults: Vec<DepositsFault>,
}

/// Money of open exceptions of one kind that is in no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbooked {
    /// What kind.
    pub kind: ExceptionKind,
    /// How many.
    pub count: i64,
    /// How much.
    pub sum: Fen,
}

/// Something that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DepositsFault {
    /// A group's accounts are not what its deposits say.
    Accounts {
        /// Whose.
        group: GroupId,
        /// On the account `deposits_in_review`.
        in_review: Fen,
        /// The sum of the deposits paid and not decided.
        paid: Fen,
        /// On the account `refunds_due`.
        refunds_due: Fen,
        /// The sum of the deposits that are to go back.
        going_back: Fen,
    },
    /// The movements of a deposit are not those of its state, or it has some and is not there.
    Movements {
        /// Whose.
        group: GroupId,
        /// The deposit.
        order: DepositNumber,
    },
    /// A deposit is paid without its serial number, or a serial number pays one that is not paid.
    Serial {
        /// Whose.
        group: GroupId,
        /// The deposit.
        order: DepositNumber,
    },
    /// A deposit counts as decided, but nobody decided so, or not as many as had to.
    Undecided {
        /// Whose.
        group: GroupId,
        /// The deposit.
        order: DepositNumber,
    },
    /// The refunds of a deposit are not what its state says.
    Refunds {
        /// Whose.
        group: GroupId,
        /// The deposit.
        order: DepositNumber,
    },
    /// The totals that are kept of the deposits are not those of the deposits.
    Totals {
        /// Whose.
        group: GroupId,
        /// Of this day, or of the month that begins with it.
        day: Day,
    },
}

/// Proves the deposits in the one moment that `tx` sees.
pub(crate) async fn prove(tx: &mut Tx) -> Result<DepositsProof> {
    let states: Vec<(String, i64, Fen)> = tx
        .query(
            "SELECT state, COUNT(*), CAST(SUM(COALESCE(paid_fen, amount_fen)) AS BIGINT) FROM deposits GROUP BY state \
             ORDER BY state",
        )
        .all()
        .await?;
    let states =
        states.into_iter().filter_map(|(state, count, sum)| Some((State::parse(&state)?, count, sum))).collect();
    let unbooked: Vec<(String, i64, Fen)> = tx
        .query(
            "SELECT kind, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM deposit_exceptions \
             WHERE closed_at_us IS NULL AND (booked = 0 OR kind = 'gone_back' AND EXISTS (SELECT 1 FROM deposit_refunds r \
             WHERE r.group_id = deposit_exceptions.group_id AND r.deposit_id = deposit_exceptions.deposit_id \
             AND r.state = 'refunded')) GROUP BY kind ORDER BY kind",
        )
        .all()
        .await?;
    let unbooked = unbooked
        .into_iter()
        .filter_map(|(kind, count, sum)| Some(Unbooked { kind: ExceptionKind::parse(&kind)?, count, sum }))
        .collect();
    // What our own refund has given back as well is booked no longer.
    let (booked_open,): (i64,) = tx
        .query(
            "SELECT COUNT(*) FROM deposit_exceptions \
             WHERE closed_at_us IS NULL AND booked = 1 AND NOT (kind = 'gone_back' AND EXISTS (\
             SELECT 1 FROM deposit_refunds r WHERE r.group_id = deposit_exceptions.group_id \
             AND r.deposit_id = deposit_exceptions.deposit_id AND r.state = 'refunded'))",
        )
        .one()
        .await?;
    let mut faults = accounts(tx).await?;
    faults.extend(movements(tx).await?.into_iter().map(|(group, order)| DepositsFault::Movements { group, order }));
    faults.extend(serials(tx).await?.into_iter().map(|(group, order)| DepositsFault::Serial { group, order }));
    faults.extend(undecided(tx).await?.into_iter().map(|(group, order)| DepositsFault::Undecided { group, order }));
    faults.extend(refunds(tx).await?.into_iter().map(|(group, order)| DepositsFault::Refunds { group, order }));
    faults.extend(totals::prove(tx).await?.into_iter().map(|(group, day)| DepositsFault::Totals { group, day }));
    Ok(DepositsProof { states, unbooked, booked_open, faults })
}

async fn accounts(tx: &mut Tx) -> Result<Vec<DepositsFault>> {
    let rows: Vec<(GroupId, Fen, Fen, Fen, Fen)> = tx
        .query(
            "WITH sums AS (SELECT group_id, \
             CAST(SUM(CASE WHEN state = 'paid' THEN paid_fen ELSE 0 END) AS BIGINT) AS paid, \
             CAST(SUM(CASE WHEN state IN ('rejected', 'refunding') THEN paid_fen ELSE 0 END) AS BIGINT) AS going \
             FROM deposits GROUP BY group_id) \
             SELECT group_id, in_review, paid, refunds_due, going FROM (\
             SELECT COALESCE(accounts.group_id, sums.group_id) AS group_id, \
             COALESCE(deposits_in_review_fen, 0) AS in_review, COALESCE(sums.paid, 0) AS paid, \
             COALESCE(refunds_due_fen, 0) AS refunds_due, COALESCE(sums.going, 0) AS going \
             FROM accounts FULL JOIN sums ON sums.group_id = accounts.group_id) AS both_sides \
             WHERE in_review <> paid OR refunds_due <> going ORDER BY group_id LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    let fault = |(group, in_review, paid, refunds_due, going_back)| DepositsFault::Accounts {
        group,
        in_review,
        paid,
        refunds_due,
        going_back,
    };
    Ok(rows.into_iter().map(fault).collect())
}

/// Deposits whose movements are not exactly those of their state.
///
/// Each path of money has its own reason, so the state says how often each reason must be there, and with what amount.
async fn movements(tx: &mut Tx) -> Result<Vec<(GroupId, DepositNumber)>> {
    let rows: Vec<(GroupId, i64)> = tx
        .query(
            "WITH told AS (SELECT group_id, subject, \
             SUM(CASE WHEN reason = 'deposit paid' AND from_kind = 'bank' AND to_kind = 'deposits_in_review' \
             THEN amount_fen ELSE 0 END) AS paid, \
             SUM(CASE WHEN reason = 'deposit approved' AND from_kind = 'deposits_in_review' AND to_kind = 'quota' \
             THEN amount_fen ELSE 0 END) AS approved, \
             SUM(CASE WHEN reason = 'deposit rejected' AND from_kind = 'deposits_in_review' \
             AND to_kind = 'refunds_due' THEN amount_fen ELSE 0 END) AS rejected, \
             SUM(CASE WHEN reason = 'deposit refunded' AND from_kind = 'refunds_due' AND to_kind = 'bank' \
             THEN amount_fen ELSE 0 END) AS refunded, \
             SUM(CASE WHEN reason = 'deposit credited' AND from_kind = 'refunds_due' AND to_kind = 'quota' \
             THEN amount_fen ELSE 0 END) AS credited, \
             SUM(CASE WHEN reason = 'deposit taken back' AND from_kind = 'quota' AND to_kind = 'bank' \
             THEN amount_fen ELSE 0 END) AS taken_back, COUNT(*) AS moved FROM movements \
             WHERE reason IN ('deposit paid', 'deposit approved', 'deposit rejected', 'deposit refunded', \
             'deposit credited', 'deposit taken back') GROUP BY group_id, subject), \
             both_sides AS (SELECT COALESCE(d.group_id, told.group_id) AS group_id, COALESCE(d.id, told.subject) AS id, \
             COALESCE(d.state, 'none') AS state, COALESCE(d.paid_fen, 0) AS fen, COALESCE(told.paid, 0) AS paid, \
             COALESCE(told.approved, 0) AS approved, COALESCE(told.rejected, 0) AS rejected, \
             COALESCE(told.refunded, 0) AS refunded, COALESCE(told.credited, 0) AS credited, \
             COALESCE(told.taken_back, 0) AS taken_back, COALESCE(told.moved, 0) AS moved \
             FROM deposits d FULL JOIN told ON told.group_id = d.group_id AND told.subject = d.id) \
             SELECT group_id, id FROM both_sides WHERE NOT (paid = fen AND CASE \
             WHEN state IN ('created', 'redirected', 'failed', 'expired') THEN moved = 0 \
             WHEN state = 'paid' THEN moved = 1 \
             WHEN state = 'approved' THEN (moved = 2 AND approved = fen) \
             OR (moved = 3 AND rejected = fen AND credited = fen) \
             WHEN state IN ('rejected', 'refunding') THEN moved = 2 AND rejected = fen \
             WHEN state = 'refunded' THEN (moved = 3 AND rejected = fen AND refunded = fen) \
             OR (taken_back = fen AND ((moved = 3 AND approved = fen) \
             OR (moved = 4 AND rejected = fen AND credited = fen))) \
             ELSE 1 = 0 END) ORDER BY group_id, id LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, id)| (group, DepositNumber::new(id))).collect())
}

async fn serials(tx: &mut Tx) -> Result<Vec<(GroupId, DepositNumber)>> {
    let rows: Vec<(GroupId, i64)> = tx
        .query(
            "SELECT COALESCE(d.group_id, s.group_id), COALESCE(d.id, s.deposit_id) FROM \
             (SELECT group_id, id, gateway, serial FROM deposits WHERE serial IS NOT NULL) d \
             FULL JOIN deposit_serials s ON s.group_id = d.group_id AND s.deposit_id = d.id \
             WHERE d.id IS NULL OR s.serial IS NULL OR d.serial <> s.serial OR d.gateway <> s.gateway \
             ORDER BY 1, 2 LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, id)| (group, DepositNumber::new(id))).collect())
}

/// Deposits that were decided without a decision, and decisions of deposits that were not.
async fn undecided(tx: &mut Tx) -> Result<Vec<(GroupId, DepositNumber)>> {
    let rows: Vec<(GroupId, i64)> = tx
        .query(
            "SELECT d.group_id, d.id FROM deposits d LEFT JOIN deposit_answers a \
             ON a.group_id = d.group_id AND a.deposit_id = d.id AND a.confirmed = 1 \
             LEFT JOIN deposit_reviews r ON r.group_id = a.group_id AND r.deposit_id = a.deposit_id \
             AND r.number = a.number \
             WHERE CASE WHEN d.state IN ('approved', 'rejected', 'refunding', 'refunded') \
             THEN a.approve IS NULL OR r.paid_fen <> d.paid_fen OR (r.alone = 1 AND r.paid_fen > r.limit_fen) \
             OR COALESCE(a.reference, '') <> COALESCE(r.reference, '') \
             OR a.approve <> CASE WHEN (d.state = 'approved' OR d.state = 'refunded' AND EXISTS (\
             SELECT 1 FROM movements m WHERE m.group_id = d.group_id AND m.subject = d.id \
             AND m.reason = 'deposit taken back' AND (m.from_kind IN ('deposits_in_review', 'refunds_due') \
             OR m.to_kind IN ('deposits_in_review', 'bank')))) AND NOT EXISTS (\
             SELECT 1 FROM deposit_exceptions e WHERE e.group_id = d.group_id AND e.deposit_id = d.id \
             AND e.kind = 'refund_failed' AND e.outcome = 'credited') THEN 1 ELSE 0 END \
             ELSE a.approve IS NOT NULL END ORDER BY d.group_id, d.id LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, id)| (group, DepositNumber::new(id))).collect())
}

/// What is to go back has exactly one refund under way, or an open exception about one that failed; what has gone back
/// has one that succeeded, or a person who said that it went otherwise, whether it was quota meanwhile or not. A refund is
/// of the whole, or, where people have said that a part went back without us, of less.
async fn refunds(tx: &mut Tx) -> Result<Vec<(GroupId, DepositNumber)>> {
    let rows: Vec<(GroupId, i64)> = tx
        .query(
            "WITH told AS (SELECT d.group_id, d.id, d.state, d.paid_fen, \
             (SELECT COUNT(*) FROM deposit_refunds r WHERE r.group_id = d.group_id AND r.deposit_id = d.id) AS every, \
             (SELECT COUNT(*) FROM deposit_refunds r WHERE r.group_id = d.group_id AND r.deposit_id = d.id \
             AND r.state IN ('due', 'accepted') AND (r.amount_fen = d.paid_fen OR r.amount_fen < d.paid_fen \
             AND EXISTS (SELECT 1 FROM deposit_exceptions e WHERE e.group_id = d.group_id AND e.deposit_id = d.id \
             AND e.kind = 'gone_back' AND e.outcome = 'returned_otherwise'))) AS under_way, \
             (SELECT COUNT(*) FROM deposit_refunds r WHERE r.group_id = d.group_id AND r.deposit_id = d.id \
             AND r.state = 'refunded' AND (r.amount_fen = d.paid_fen OR r.amount_fen < d.paid_fen \
             AND EXISTS (SELECT 1 FROM deposit_exceptions e WHERE e.group_id = d.group_id AND e.deposit_id = d.id \
             AND e.kind = 'gone_back' AND e.outcome = 'returned_otherwise'))) AS done, \
             (SELECT COUNT(*) FROM deposit_exceptions e WHERE e.group_id = d.group_id AND e.deposit_id = d.id \
             AND e.kind = 'refund_failed' AND e.closed_at_us IS NULL) AS unfit, \
             (SELECT COUNT(*) FROM deposit_exceptions e WHERE e.group_id = d.group_id AND e.deposit_id = d.id \
             AND e.kind = 'refund_failed' AND e.outcome = 'returned_otherwise') AS otherwise, \
             (SELECT COUNT(*) FROM deposit_exceptions e WHERE e.group_id = d.group_id AND e.deposit_id = d.id \
             AND e.kind = 'gone_back' AND e.outcome = 'returned_otherwise') AS gone FROM deposits d) \
             SELECT group_id, id FROM told WHERE NOT CASE \
             WHEN state IN ('rejected', 'refunding') THEN under_way + unfit = 1 AND done = 0 \
             WHEN state = 'refunded' THEN under_way = 0 AND (done + otherwise = 1 OR done + otherwise = 0 AND gone > 0) \
             WHEN state = 'approved' THEN under_way = 0 AND done = 0 ELSE every = 0 END ORDER BY group_id, id LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, id)| (group, DepositNumber::new(id))).collect())
}

impl fmt::Display for DepositsProof {
    /// The figures, one a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (state, count, sum) in &self.states {
            writeln!(f, "deposits {:<15}{count:>12}{sum:>24}", state.as_str())?;
        }
        if self.booked_open > 0 {
            writeln!(f, "{:<24}{:>12}", "exceptions, booked", self.booked_open)?;
        }
        for Unbooked { kind, count, sum } in &self.unbooked {
            writeln!(f, "no account: {:<18}{count:>6}{sum:>24}", kind.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Display for DepositsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accounts { group, in_review, paid, refunds_due, going_back } => write!(
                f,
                "group {}: in review is {in_review}, its deposits paid are {paid}; refunds due is {refunds_due}, its \
                 deposits that go back are {going_back}",
                group.0
            ),
            Self::Movements { group, order } => {
                write!(f, "group {}: the movements of deposit {order} are not those of its state", group.0)
            }
            Self::Serial { group, order } => {
                write!(f, "group {}: deposit {order} and its bank serial number do not belong together", group.0)
            }
            Self::Undecided { group, order } => {
                write!(f, "group {}: deposit {order} counts as decided, but not by those who had to", group.0)
            }
            Self::Refunds { group, order } => {
                write!(f, "group {}: the refunds of deposit {order} are not what its state says", group.0)
            }
            Self::Totals { group, day } => {
                write!(f, "group {}: the totals kept for {day} are not those of its deposits", group.0)
            }
        }
    }
}
