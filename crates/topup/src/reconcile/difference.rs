//! Differences as they are kept, and read.

use jiff::civil::Date;
use ledger::{Fen, GroupId};
use store::{Micros, Tx};

use crate::people::staff::StaffId;

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Difference {
    /// Its id.
    pub id: i64,
    /// What it is, as [`super::matching::Finding::as_str`], `not-settled` or `no-day`.
    pub kind: String,
    /// Which line or which of ours.
    pub subject: String,
    /// Whose, if it is known.
    #[sqlx(rename = "group_id")]
    pub group: Option<GroupId>,
    /// The number of the deposit that it is about, if it is ours.
    pub deposit: Option<String>,
    /// The order number.
    #[sqlx(rename = "order_id")]
    pub order: Option<String>,
    /// The gateway's serial number.
    pub serial: Option<String>,
    /// As the bank has it.
    #[sqlx(rename = "theirs_fen")]
    pub theirs: Option<Fen>,
    /// As we have it.
    #[sqlx(rename = "ours_fen")]
    pub ours: Option<Fen>,
    /// When it was found.
    #[sqlx(rename = "found_at_us")]
    pub found_at: Micros,
    /// When it was found no longer.
    #[sqlx(rename = "resolved_at_us")]
    pub resolved_at: Option<Micros>,
    /// When it was closed.
    #[sqlx(rename = "closed_at_us")]
    pub closed_at: Option<Micros>,
    /// By whom.
    pub closed_by: Option<String>,
    /// Why.
    pub closed_why: Option<String>,
    /// What one person said of it, where another has to say so too: who, by id and by name, why and when.
    pub proposed_id: Option<StaffId>,
    /// By name.
    pub proposed_by: Option<String>,
    /// Why.
    pub proposed_why: Option<String>,
    /// When.
    #[sqlx(rename = "proposed_at_us")]
    pub proposed_at: Option<Micros>,
    /// Under which number the bank knows of money that moved outside of this system. Not shown to whoever is to read it
    /// themselves.
    pub reference: Option<String>,
}

impl Difference {
    /// Whether it waits for someone.
    pub fn is_open(&self) -> bool {
        self.resolved_at.is_none() && self.closed_at.is_none()
    }

    /// How much depends on it: as the bank has it or as we have it, whichever is more.
    pub fn stake(&self) -> Fen {
        let sides = [self.theirs, self.ours].map(|side| side.map_or(0, |fen| fen.as_i64().saturating_abs()));
        Fen::new(sides.into_iter().max().unwrap_or(0))
    }
}

/// The differences of a day, the open ones first.
pub(super) async fn of_day(tx: &mut Tx, day: Date) -> Result<Vec<Difference>, store::Error> {
    tx.query(
        "SELECT id, kind, subject, group_id, deposit, order_id, serial, theirs_fen, ours_fen, found_at_us, \
         resolved_at_us, closed_at_us, closed_by, closed_why, proposed_id, proposed_by, proposed_why, proposed_at_us, \
         reference FROM differences WHERE day = $1 \
         ORDER BY CASE WHEN closed_at_us IS NULL AND resolved_at_us IS NULL THEN 0 ELSE 1 END, id",
    )
    .bind(day.to_string())
    .all()
    .await
}

/// A difference.
pub(super) async fn difference(tx: &mut Tx, id: i64) -> Result<Option<Difference>, store::Error> {
    tx.query(
        "SELECT id, kind, subject, group_id, deposit, order_id, serial, theirs_fen, ours_fen, found_at_us, \
         resolved_at_us, closed_at_us, closed_by, closed_why, proposed_id, proposed_by, proposed_why, proposed_at_us, \
         reference FROM differences WHERE id = $1",
    )
    .bind(id)
    .optional()
    .await
}
