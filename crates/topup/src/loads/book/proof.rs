//! The proof that the ledger and the loads tell the same story.

use std::fmt;

use ledger::{Fen, GroupId, Kind, Proof};
use store::{Result, Tx};

use super::State;

/// Faults listed at most; books with more are beyond reading a list.
const LISTED: i64 = 100;

/// What a look through all the books found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// The ledger by itself.
    pub ledger: Proof,
    /// How many loads are in each state, and their sum; states without loads are left out.
    pub loads: Vec<(State, i64, Fen)>,
    /// Where ledger and loads disagree; empty in true books.
    pub faults: Vec<BooksFault>,
}

/// A group whose accounts are not what its loads say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BooksFault {
    /// Whose.
    pub group: GroupId,
    /// On the account `held`.
    pub held: Fen,
    /// The sum of the loads authorised or unknown.
    pub open: Fen,
    /// On the account `on_cards`.
    pub on_cards: Fen,
    /// The sum of the loads succeeded.
    pub succeeded: Fen,
}

impl Books {
    /// Whether the books are exact.
    pub fn hold(&self) -> bool {
        self.ledger.holds() && self.faults.is_empty()
    }
}

/// Proves all the books in the one moment that `tx` sees; begin it with [`store::Db::read`]. The ledger is exact by
/// itself, what is held is the sum of the loads authorised or unknown, what is on cards that of the loads succeeded.
pub async fn prove_books(tx: &mut Tx) -> Result<Books> {
    let ledger = ledger::prove(tx).await?;
    let states: Vec<(String, i64, Fen)> = tx
        .query("SELECT state, COUNT(*), CAST(SUM(amount_fen) AS BIGINT) FROM loads GROUP BY state ORDER BY state")
        .all()
        .await?;
    let loads =
        states.into_iter().filter_map(|(state, count, sum)| Some((State::parse(&state)?, count, sum))).collect();
    let faults: Vec<(GroupId, Fen, Fen, Fen, Fen)> = tx
        .query(
            "SELECT group_id, held, opened, on_cards, succeeded FROM (\
             SELECT COALESCE(accounts.group_id, sums.group_id) AS group_id, COALESCE(held_fen, 0) AS held, \
             COALESCE(sums.opened, 0) AS opened, COALESCE(on_cards_fen, 0) AS on_cards, \
             COALESCE(sums.succeeded, 0) AS succeeded FROM accounts FULL JOIN (SELECT group_id, \
             CAST(SUM(CASE WHEN state IN ('authorised', 'unknown') THEN amount_fen ELSE 0 END) AS BIGINT) AS opened, \
             CAST(SUM(CASE WHEN state = 'succeeded' THEN amount_fen ELSE 0 END) AS BIGINT) AS succeeded \
             FROM loads GROUP BY group_id) AS sums ON sums.group_id = accounts.group_id) AS both_sides \
             WHERE held <> opened OR on_cards <> succeeded ORDER BY group_id LIMIT $1",
        )
        .bind(LISTED)
        .all()
        .await?;
    let fault = |(group, held, open, on_cards, succeeded)| BooksFault { group, held, open, on_cards, succeeded };
    Ok(Books { ledger, loads, faults: faults.into_iter().map(fault).collect() })
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
        self.ledger.faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))
    }
}

impl fmt::Display for BooksFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, held, open, on_cards, succeeded } = self;
        write!(
            f,
            "group {}: held is {held}, its open loads are {open}; on cards is {on_cards}, its loads succeeded are {succeeded}",
            group.0
        )
    }
}
