//! Staff: the card company's own people, who work in the office.
//!
//! They sign in apart from operators, with sessions of their own. What each may do follows from the role; decisions
//! about money need two of them, and that rule lives with the decision.

mod query;

pub(crate) use query::may_still;
pub use query::{NewStaff, add, by_login, staff};

use serde::{Deserialize, Serialize};

use super::sign_in::{Change, Origin, change, let_in};
use super::{PasswordError, PersonId, SignInError};
use crate::House;

/// Names a member of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct StaffId(pub i64);

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// Their id.
    pub id: StaffId,
    /// What they type to sign in, in lower case.
    pub login: String,
    /// Their name.
    pub name: String,
    /// What they are.
    pub role: StaffRole,
}

/// What a member of staff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Looks after cards, terminals and groups.
    Teller,
    /// Decides about money.
    Finance,
    /// May do all of it.
    Admin,
    /// Sees all of it and changes nothing.
    Auditor,
}

/// What a page or an action of the office needs. Every handler names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffPermission {
    /// Change one's own password, see one's own account and the office's first page.
    OwnAccount,
    /// See the terminals of all groups, and the alarms about them.
    SeeTerminals,
    /// Create terminals, enrol and revoke them, close alarms about them.
    Terminals,
    /// See loads that no proof settles, and what was decided about them.
    SeeReviews,
    /// Propose and decide what becomes of them.
    ReviewLoads,
    /// See deposits of all groups and what does not fit about them.
    SeeDeposits,
    /// Decide about deposits, and close what does not fit.
    ReviewDeposits,
    /// See the bank's daily files, its statements, and where they and our books differ.
    SeeReconcile,
    /// Bring in files and statements, and close differences.
    Reconcile,
    /// See invoices, and the data of those who get them.
    SeeInvoices,
    /// Keep that data, request invoices, and record what was issued.
    Invoices,
    /// See what all groups charged, and export it.
    SeeRecords,
}

impl StaffRole {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Teller, Self::Finance, Self::Admin, Self::Auditor];

    /// Whether this role carries `permission`.
    pub const fn may(self, permission: StaffPermission) -> bool {
        use StaffPermission as P;
        match (self, permission) {
            (Self::Teller, P::OwnAccount | P::SeeTerminals | P::Terminals | P::SeeRecords)
            | (
                Self::Finance,
                P::OwnAccount
                | P::SeeReviews
                | P::ReviewLoads
                | P::SeeDeposits
                | P::ReviewDeposits
                | P::SeeReconcile
                | P::Reconcile
                | P::SeeInvoices
                | P::Invoices
                | P::SeeRecords,
            )
            | (Self::Admin, _)
            | (
                Self::Auditor,
                P::OwnAccount
                | P::SeeTerminals
                | P::SeeReviews
                | P::SeeDeposits
                | P::SeeReconcile
                | P::SeeInvoices
                | P::SeeRecords,
            ) => true,
            (
                Self::Teller,
                P::SeeReviews
                | P::ReviewLoads
                | P::SeeDeposits
                | P::ReviewDeposits
                | P::SeeReconcile
                | P::Reconcile
                | P::SeeInvoices
                | P::Invoices,
            )
            | (Self::Finance, P::SeeTerminals | P::Terminals)
            | (Self::Auditor, P::Terminals | P::ReviewLoads | P::ReviewDeposits | P::Reconcile | P::Invoices) => false,
        }
    }

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Teller => "teller",
            Self::Finance => "finance",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }

    /// From what is stored or typed.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Lets a member of staff in by login and password, as [`super::sign_in`] does for operators. Attempts on a login of
/// the office are counted apart from those on the same login of a group.
pub async fn sign_in(house: &House, login: &str, password: &str, address: &str) -> Result<Staff, SignInError> {
    let found = query::with_hash(house, login).await?;
    let staff = let_in(house, Origin { kind: "staff", login, address }, found, password).await?;
    tracing::info!(staff = staff.id.0, "signed in to the office");
    Ok(staff)
}

/// Changes the password of `staff` and ends their other sessions; `keep` is the session that asks.
pub async fn change_password(
    house: &House,
    staff: &Staff,
    original: &str,
    new: &str,
    again: &str,
    keep: &str,
) -> Result<(), PasswordError> {
    let hash = query::with_hash(house, &staff.login).await?.map(|(_, hash)| hash);
    let asked = Change { person: PersonId::Staff(staff.id), login: &staff.login, original, new, again, keep };
    change(house, &asked, hash).await
}
