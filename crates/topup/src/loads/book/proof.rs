//! The proof that the ledger, the loads and what was decided and corrected since tell the same story.

use std::fmt;

use ledger::{Fen, GroupId, Kind, Proof};
use store::{Result, Tx};

use super::{State, totals};
use crate::deposits::{self, DepositsFault, DepositsProof};
use crate::loads::OrderNumber;
use crate::records::Day;

/// Faults listed at most by each question; books with more are beyond reading a list.
pub(super) const LISTED: i64 = 100;

/// What a look through all the books found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// The ledger by itself.
    pub ledger: Proof,
    /// How many loads are in each state, and their sum; states without loads are left out.
    pub loads: Vec<(State, i64, Fen)>,
    /// How many corrections there are of each kind, and their sum; kinds without any are left out.
    pub corrections: Vec<(CorrectionKind, i64, Fen)>,
    /// The deposits, what was decided about them, their refunds, and money that belongs to no group.
    pub deposits: DepositsProof,
    /// Where they disagree; empty in true books.
    pub faults: Vec<BooksFault>,
}

/// What a correction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionKind {
    /// The load was written after all: its amount went from the quota onto cards.
    Written,
    /// The load was not written after all: its amount went back to the quota.
    NotWritten,
    /// The load was written after all, and its amount is owed until the quota reaches.
    Owed,
}

/// Something that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BooksFault {
    /// A group's accounts are not what its loads say.
    Accounts {
        /// Whose.
        group: GroupId,
        /// On the account `held`.
        held: Fen,
        /// The sum of the loads authorised or unknown.
        open: Fen,
        /// On the account `on_cards`.
        on_cards: Fen,
        /// The sum of the loads succeeded.
        succeeded: Fen,
        /// What corrections moved onto cards since, less what they took back.
        corrected: Fen,
    },
    /// A correction and the movement that it names are not of the same load, amount and direction, or one of them is
    /// without the other.
    Correction {
        /// Whose.
        group: GroupId,
        /// The load.
        order: OrderNumber,
    },
    /// A load counts as decided by people, but no two people decided so.
    Undecided {
        /// Whose.
        group: GroupId,
        /// The load.
        order: OrderNumber,
    },
    /// The totals that are kept of the loads that ended are not those of the loads.
    Totals {
        /// Whose.
        group: GroupId,
        /// Of this day, or of the month that begins with it.
        day: Day,
    },
}

impl Books {
    /// Whether the books are exact.
    pub fn hold(&self) -> bool {
        self.ledger.holds() && self.deposits.faults.is_empty() && self.faults.is_empty()
    }
}

/// Proves all the books in the one moment that `tx` sees; begin it with [`store::Db::read`]. The ledger is exact by
/// itself; what is held is the sum of the loads authorised or unknown; what is on cards is that of the loads succeeded,
/// and of the corrections since; each correction has its movement; what counts as decided by people was; the totals that
/// are kept are those of the loads that ended; and each deposit has the movements of its state.
pub async fn prove_books(tx: &mut Tx) -> Result<Books> {
    let ledger = ledger::prove(tx).await?;
    let states: Vec<(String, i64, Fen)> = tx
        .query("SELECT state, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM loads GROUP BY state ORDER BY state")
        .all()
        .await?;
    let loads =
        states.into_iter().filter_map(|(state, count, sum)| Some((State::parse(&state)?, count, sum))).collect();
    let corrections: Vec<(i64, i64, i64, Fen)> = tx
        .query(
            "SELECT written, posted, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM (\
             SELECT written, CASE WHEN movement IS NULL THEN CAST(0 AS BIGINT) ELSE 1 END AS posted, amount_fen \
             FROM corrections) AS kinds GROUP BY written, posted ORDER BY written DESC, posted DESC",
        )
        .all()
        .await?;
    let corrections = corrections.into_iter().map(|(written, posted, count, sum)| {
        let kind = match (written, posted) {
            (0, _) => CorrectionKind::NotWritten,
            (_, 0) => CorrectionKind::Owed,
            _ => CorrectionKind::Written,
        };
        (kind, count, sum)
    });
    let corrections = corrections.collect();
    let mut faults = accounts(tx).await?;
    faults.extend(stray_corrections(tx).await?);
    faults.extend(undecided(tx).await?);
    faults.extend(totals::prove(tx).await?.into_iter().map(|(group, day)| BooksFault::Totals { group, day }));
    let deposits = deposits::prove(tx).await?;
    Ok(Books { ledger, loads, corrections, deposits, faults })
}

async fn accounts(tx: &mut Tx) -> Result<Vec<BooksFault>> {
    let rows: Vec<(GroupId, Fen, Fen, Fen, Fen, Fen)> = tx
        .query(
            "WITH told AS (\
             SELECT group_id, CASE WHEN state IN ('authorised', 'unknown') THEN amount_fen ELSE 0 END AS opened, \
             CASE WHEN state = 'succeeded' THEN amount_fen ELSE 0 END AS succeeded, 0 AS corrected FROM loads \
             UNION ALL SELECT group_id, 0, 0, CASE WHEN written = 1 THEN amount_fen ELSE - amount_fen END \
             FROM corrections WHERE movement IS NOT NULL), \
             sums AS (SELECT group_id, CAST(SUM(opened) AS BIGINT) AS opened, \
             CAST(SUM(succeeded) AS BIGINT) AS succeeded, CAST(SUM(corrected) AS BIGINT) AS corrected \
             FROM told GROUP BY group_id) \
             SELECT group_id, held, opened, on_cards, succeeded, corrected FROM (\
             SELECT COALESCE(accounts.group_id, sums.group_id) AS group_id, COALESCE(held_fen, 0) AS held, \
             COALESCE(sums.opened, 0) AS opened, COALESCE(on_cards_fen, 0) AS on_cards, \
             COALESCE(sums.succeeded, 0) AS succeeded, COALESCE(sums.corrected, 0) AS corrected \
             FROM accounts FULL JOIN sums ON sums.group_id = accounts.group_id) AS both_sides \
             WHERE held <> opened OR on_cards <> succeeded + corrected ORDER BY group_id LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    let fault = |(group, held, open, on_cards, succeeded, corrected)| BooksFault::Accounts {
        group,
        held,
        open,
        on_cards,
        succeeded,
        corrected,
    };
    Ok(rows.into_iter().map(fault).collect())
}

/// Corrections whose movement is not theirs, and movements of corrections that are not there.
async fn stray_corrections(tx: &mut Tx) -> Result<Vec<BooksFault>> {
    let rows: Vec<(GroupId, i64)> = tx
        .query(
            "SELECT corrections.group_id, load_id FROM corrections \
             LEFT JOIN movements ON movements.group_id = corrections.group_id AND movements.id = movement \
             LEFT JOIN loads ON loads.group_id = corrections.group_id AND loads.id = load_id \
             WHERE loads.id IS NULL OR loads.amount_fen <> corrections.amount_fen \
             OR loads.state IN ('authorised', 'unknown') OR movement IS NOT NULL AND (movements.id IS NULL \
             OR subject <> load_id OR movements.amount_fen <> corrections.amount_fen \
             OR movements.reason <> 'correction' \
             OR from_kind <> CASE WHEN written = 1 THEN 'quota' ELSE 'on_cards' END \
             OR to_kind <> CASE WHEN written = 1 THEN 'on_cards' ELSE 'quota' END) \
             UNION SELECT group_id, subject FROM movements WHERE reason = 'correction' AND NOT EXISTS (\
             SELECT 1 FROM corrections WHERE corrections.group_id = movements.group_id AND movement = movements.id) \
             ORDER BY 1, 2 LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, id)| BooksFault::Correction { group, order: OrderNumber::new(id) }).collect())
}

/// Loads that count as decided without the decision of two people.
async fn undecided(tx: &mut Tx) -> Result<Vec<BooksFault>> {
    let rows: Vec<(GroupId, i64)> = tx
        .query(
            "SELECT group_id, id FROM loads WHERE reason IN ('decided_written', 'decided_not_written') \
             AND NOT EXISTS (SELECT 1 FROM review_answers WHERE review_answers.group_id = loads.group_id \
             AND load_id = loads.id AND confirmed = 1 \
             AND written = CASE WHEN loads.reason = 'decided_written' THEN 1 ELSE 0 END) \
             ORDER BY group_id, id LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group, id)| BooksFault::Undecided { group, order: OrderNumber::new(id) }).collect())
}

impl fmt::Display for CorrectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Written => "written",
            Self::NotWritten => "not written",
            Self::Owed => "owed",
        })
    }
}

impl fmt::Display for Books {
    /// The figures, then every fault, one a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24}{:>12}", "groups", self.ledger.groups)?;
        writeln!(f, "{:<24}{:>12}", "movements", self.ledger.movements)?;
        for kind in Kind::ALL {
            writeln!(f, "{kind:<36}{:>24}", self.ledger.totals.get(kind))?;
        }
        for (state, count, sum) in &self.loads {
            writeln!(f, "loads {:<18}{count:>12}{sum:>24}", state.as_str())?;
        }
        for (kind, count, sum) in &self.corrections {
            writeln!(f, "corrections {kind:<12}{count:>12}{sum:>24}")?;
        }
        write!(f, "{}", self.deposits)?;
        self.deposits.faults.iter().try_for_each(|fault: &DepositsFault| writeln!(f, "{fault}"))?;
        self.ledger.faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))
    }
}

impl fmt::Display for BooksFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accounts { group, held, open, on_cards, succeeded, corrected } => write!(
                f,
                "group {}: held is {held}, its open loads are {open}; on cards is {on_cards}, its loads succeeded are \
                 {succeeded} and its corrections {corrected}",
                group.0
            ),
            Self::Correction { group, order } => {
                write!(f, "group {}: the correction of load {order} and its movement are not the same", group.0)
            }
            Self::Undecided { group, order } => {
                write!(f, "group {}: load {order} counts as decided by people, but no two people decided it", group.0)
            }
            Self::Totals { group, day } => {
                write!(f, "group {}: the totals kept for {day} are not those of its loads that ended", group.0)
            }
        }
    }
}
