//! The SQL of staff.

use store::{Micros, Tx};

use super::{Staff, StaffId, StaffPermission, StaffRole};
use crate::people::passwords;
use crate::people::query::normal_login;
use crate::{Entropy, House, Ids};

/// A member of staff to be.
#[derive(Debug)]
pub struct NewStaff<'a> {
    /// What they will type to sign in.
    pub login: &'a str,
    /// Their name.
    pub name: &'a str,
    /// What they are.
    pub role: StaffRole,
    /// Their first password.
    pub password: &'a str,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: StaffId,
    login: String,
    name: String,
    role: String,
    password_hash: String,
}

/// Creates a member of staff. The login must be free: [`store::Error::Unique`] says that it is not.
pub async fn add(
    tx: &mut Tx,
    ids: &Ids,
    entropy: &dyn Entropy,
    new: &NewStaff<'_>,
    now: Micros,
) -> Result<StaffId, store::Error> {
    let id = StaffId(ids.next());
    let hash = passwords::hash(entropy, new.password, passwords::WORK_KIB);
    tx.query(
        "INSERT INTO staff (id, login, name, role, password_hash, active, created_at_us) \
         VALUES ($1, $2, $3, $4, $5, 1, $6)",
    )
    .bind(id)
    .bind(normal_login(new.login))
    .bind(new.name)
    .bind(new.role.as_str())
    .bind(hash)
    .bind(now)
    .execute()
    .await?;
    Ok(id)
}

/// The active member of staff with this id.
pub async fn staff(house: &House, id: StaffId) -> Result<Option<Staff>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = tx
        .query("SELECT id, login, name, role, password_hash FROM staff WHERE id = $1 AND active = 1")
        .bind(id)
        .optional()
        .await?;
    Ok(row.and_then(Row::into_staff).map(|(staff, _)| staff))
}

/// The active member of staff with this login.
pub async fn by_login(house: &House, login: &str) -> Result<Option<Staff>, store::Error> {
    Ok(with_hash(house, login).await?.map(|(staff, _)| staff))
}

/// The active member of staff with this login, and the hash of their password.
pub(super) async fn with_hash(house: &House, login: &str) -> Result<Option<(Staff, String)>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = tx
        .query("SELECT id, login, name, role, password_hash FROM staff WHERE login = $1 AND active = 1")
        .bind(normal_login(login))
        .optional()
        .await?;
    Ok(row.and_then(Row::into_staff))
}

/// Whether somebody still works here, in a role that carries this permission: what they proposed counts no longer than
/// that.
pub(crate) async fn may_still(tx: &mut Tx, id: StaffId, permission: StaffPermission) -> Result<bool, store::Error> {
    let row: Option<(String,)> =
        tx.query("SELECT role FROM staff WHERE id = $1 AND active = 1").bind(id).optional().await?;
    Ok(row.and_then(|(role,)| StaffRole::parse(&role)).is_some_and(|role| role.may(permission)))
}

impl Row {
    fn into_staff(self) -> Option<(Staff, String)> {
        let staff = Staff { id: self.id, login: self.login, name: self.name, role: StaffRole::parse(&self.role)? };
        Some((staff, self.password_hash))
    }
}
