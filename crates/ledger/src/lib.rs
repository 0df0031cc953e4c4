//! Double entry: accounts, movements, holds, trial balance.
//!
//! Every movement is one row of the journal: an amount, from one account of a group to another, with the balance of
//! both after it. Nothing in the journal is ever changed or deleted; a correction is a new movement. Each group has the
//! six accounts of [`Kind`] in **one** row, so that
//!
//! - a posting locks one row a group, and groups in the order of their ids: two postings cannot deadlock;
//! - a group's movements have one order and are numbered 1, 2, 3, … without a gap;
//! - the database itself sees, in a CHECK on the row, that the balances of a group add up to nothing and that none but
//!   [`Kind::Bank`] is below zero. Not even a mistake in this code can make or lose a fen.
//!
//! Postings come in sets: [`Accounts::lock`] once for all groups concerned, [`Accounts::post`] for each movement in
//! order (a pure decision on the balances in memory), [`Accounts::write`] once for all. [`post`] does the three for a
//! caller that has nothing else to write. A worker that posts to the same groups again and again need not lock: see
//! [`Memory`]. With the movements each posting writes what they change of a group's quota on their day. [`prove`] reads the whole journal and finds it exact, or says where it is not.

mod accounts;
mod days;
mod fen;
mod posting;
mod proof;

pub use accounts::{Accounts, Memory, balances, open_accounts, post};
pub use fen::{Fen, NotAnAmount};
pub use posting::{Balances, Kind, Movement, Posted, Rejected};
pub use proof::{Fault, Proof, prove};

use serde::{Deserialize, Serialize};

/// A company whose people charge cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct GroupId(pub i64);

impl From<GroupId> for store::Cell<'_> {
    fn from(group: GroupId) -> Self {
        group.0.into()
    }
}
