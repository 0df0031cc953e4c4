//! The SQL of people.

use ledger::GroupId;
use store::{Micros, Tx};

use super::{Operator, OperatorId, PersonId, Role, passwords};
use crate::{Entropy, House, Ids};

/// An operator to be.
#[derive(Debug)]
pub struct NewOperator<'a> {
    /// Their group.
    pub group: GroupId,
    /// What they will type to sign in.
    pub login: &'a str,
    /// Their name.
    pub name: &'a str,
    /// What they are.
    pub role: Role,
    /// Their first password.
    pub password: &'a str,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: OperatorId,
    group_id: GroupId,
    group_name: String,
    login: String,
    name: String,
    role: String,
    password_hash: String,
}

/// Creates an operator. The login must be free: [`store::Error::Unique`] says that it is not.
pub async fn add(
    tx: &mut Tx,
    ids: &Ids,
    entropy: &dyn Entropy,
    new: &NewOperator<'_>,
    now: Micros,
) -> Result<OperatorId, store::Error> {
    let id = OperatorId(ids.next());
    let hash = passwords::hash(entropy, new.password, passwords::WORK_KIB);
    tx.query(
        "INSERT INTO operators (id, group_id, login, name, role, password_hash, active, created_at_us) \
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7)",
    )
    .bind(id)
    .bind(new.group)
    .bind(normal_login(new.login))
    .bind(new.name)
    .bind(new.role.as_str())
    .bind(hash)
    .bind(now)
    .execute()
    .await?;
    Ok(id)
}

/// The active operator with this id.
pub async fn operator(house: &House, id: OperatorId) -> Result<Option<Operator>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = tx
        .query(
            "SELECT o.id, o.group_id, g.name AS group_name, o.login, o.name, o.role, o.password_hash \
             FROM operators o JOIN groups g ON g.id = o.group_id WHERE o.id = $1 AND o.active = 1",
        )
        .bind(id)
        .optional()
        .await?;
    Ok(row.and_then(Row::into_operator).map(|(operator, _)| operator))
}

/// The active operator with this login, and the hash of their password.
pub(super) async fn by_login(house: &House, login: &str) -> Result<Option<(Operator, String)>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = tx
        .query(
            "SELECT o.id, o.group_id, g.name AS group_name, o.login, o.name, o.role, o.password_hash \
             FROM operators o JOIN groups g ON g.id = o.group_id WHERE o.login = $1 AND o.active = 1",
        )
        .bind(normal_login(login))
        .optional()
        .await?;
    Ok(row.and_then(Row::into_operator))
}

/// Replaces the password of `person`, if it is still the one with `old_hash`.
pub(super) async fn set_password(
    tx: &mut Tx,
    person: PersonId,
    old_hash: &str,
    new_hash: &str,
) -> Result<bool, store::Error> {
    let query = match person {
        PersonId::Operator(id) => {
            tx.query("UPDATE operators SET password_hash = $3 WHERE id = $1 AND password_hash = $2").bind(id)
        }
        PersonId::Staff(id) => {
            tx.query("UPDATE staff SET password_hash = $3 WHERE id = $1 AND password_hash = $2").bind(id)
        }
    };
    Ok(query.bind(old_hash).bind(new_hash).execute().await? == 1)
}

/// Logins do not tell capitals from small letters, and nobody sees a space at the end.
pub(super) fn normal_login(login: &str) -> String {
    login.trim().to_lowercase()
}

impl Row {
    fn into_operator(self) -> Option<(Operator, String)> {
        let operator = Operator {
            id: self.id,
            group: self.group_id,
            group_name: self.group_name,
            login: self.login,
            name: self.name,
            role: Role::parse(&self.role)?,
        };
        Some((operator, self.password_hash))
    }
}
