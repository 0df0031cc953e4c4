//! People: operators of the groups and [`staff`] of the card company, what they may do, how they sign in, and their
//! sessions.

mod accounts;
mod doorkeeper;
mod passwords;
mod query;
pub mod sessions;
mod sign_in;
pub mod staff;

pub use accounts::{AccountError, Accounts, Side};
pub use doorkeeper::Doorkeeper;
pub use passwords::{MIN_PASSWORD, PasswordRule, WORK_KIB, check_new as check_password};
pub use query::{NewOperator, add, operator};
pub use sign_in::{PasswordError, SignInError, change_password, sign_in};

use ledger::GroupId;
use serde::{Deserialize, Serialize};

use staff::StaffId;

/// Names an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct OperatorId(pub i64);

/// Names anyone who can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PersonId {
    /// A person of a group.
    Operator(OperatorId),
    /// A person of the card company.
    Staff(StaffId),
}

impl PersonId {
    pub(crate) const fn operator(self) -> Option<OperatorId> {
        match self {
            Self::Operator(id) => Some(id),
            Self::Staff(_) => None,
        }
    }

    pub(crate) const fn staff(self) -> Option<StaffId> {
        match self {
            Self::Operator(_) => None,
            Self::Staff(id) => Some(id),
        }
    }
}

/// A person of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Their id.
    pub id: OperatorId,
    /// Their group.
    pub group: GroupId,
    /// Its name.
    pub group_name: String,
    /// What they type to sign in, in lower case.
    pub login: String,
    /// Their name.
    pub name: String,
    /// What they are.
    pub role: Role,
}

/// What an operator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Charges cards.
    Clerk,
    /// Also pays in, and looks after people and cards of the group.
    Manager,
}

/// What a page or an action needs. Every handler names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See and charge cards at the group's terminals.
    Load,
    /// Change one's own password, see one's own account.
    OwnAccount,
    /// Pay in for the group, and see what was paid in.
    Deposits,
    /// See what the group charged, and export it.
    Records,
    /// Say who gets the group's invoices, and see what became of them.
    Invoices,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::Clerk, Self::Manager];

    /// Whether this role carries `permission`.
    pub const fn may(self, permission: Permission) -> bool {
        match (self, permission) {
            (Self::Clerk | Self::Manager, Permission::Load | Permission::OwnAccount | Permission::Records)
            | (Self::Manager, Permission::Deposits | Permission::Invoices) => true,
            (Self::Clerk, Permission::Deposits | Permission::Invoices) => false,
        }
    }

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Manager => "manager",
        }
    }

    /// From what is stored or typed.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}
