//! Whose records are seen, and whom a filter can name in them.

use ledger::GroupId;
use serde::{Deserialize, Serialize};
use store::Result;

use crate::House;
use crate::people::OperatorId;

/// Whose records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope(Option<GroupId>);

impl Scope {
    /// Every group's: for staff.
    pub const ALL: Self = Self(None);

    /// One group's.
    pub const fn of(group: GroupId) -> Self {
        Self(Some(group))
    }

    /// The group, if it is one.
    pub const fn group(self) -> Option<GroupId> {
        self.0
    }

    /// Narrowed to a group; a scope that is one group's already stays so.
    #[must_use]
    pub fn within(self, group: Option<GroupId>) -> Self {
        Self(self.0.or(group))
    }
}

/// Whom and what a filter offers to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Number and name of each group; of all, for staff.
    pub groups: Vec<(GroupId, String)>,
    /// Login and name of each operator.
    pub operators: Vec<(String, String)>,
    /// Number and name of each terminal.
    pub terminals: Vec<(String, String)>,
}

/// How many of each are offered; who has more types.
const OFFERED: i64 = 500;

/// Whom a filter of this scope can name: the operators and terminals of one group, or the groups.
pub async fn people(house: &House, scope: Scope) -> Result<People> {
    let mut tx = house.db.read().await?;
    let Some(group) = scope.group() else {
        let groups = tx.query("SELECT id, name FROM groups ORDER BY name, id LIMIT $1").bind(OFFERED).all().await?;
        return Ok(People { groups, ..People::default() });
    };
    let groups = tx.query("SELECT id, name FROM groups WHERE id = $1").bind(group).all().await?;
    let operators = tx
        .query("SELECT login, name FROM operators WHERE group_id = $1 ORDER BY login LIMIT $2")
        .bind(group)
        .bind(OFFERED)
        .all()
        .await?;
    let terminals = tx
        .query("SELECT number, name FROM terminals WHERE group_id = $1 ORDER BY number LIMIT $2")
        .bind(group)
        .bind(OFFERED)
        .all()
        .await?;
    Ok(People { groups, operators, terminals })
}

/// The operator with this login, if the scope has them: who is outside is as unknown as who never was.
pub(super) async fn operator(house: &House, scope: Scope, login: &str) -> Result<Option<OperatorId>> {
    let mut tx = house.db.read().await?;
    let found: Option<(OperatorId,)> = tx
        .query("SELECT id FROM operators WHERE login = $1 AND (CAST($2 AS BIGINT) IS NULL OR group_id = $2)")
        .bind(login.to_lowercase())
        .bind(scope.group())
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}
