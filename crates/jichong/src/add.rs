//! `jichong add …`: what an installation starts from.

use std::io::Read as _;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use ledger::{Fen, GroupId, Kind, Movement};
use store::Db;
use topup::audit::{self, Action, Actor, Entry, Subject};
use topup::people::staff::{self, NewStaff, StaffRole};
use topup::people::{NewOperator, PasswordRule, Role};
use topup::terminals::NewTerminal;
use topup::{Clock as _, Entropy, Ids, SystemClock, SystemEntropy, groups, people};

use crate::cli::Add;
use crate::say;

/// Creates what was asked for and prints what the engineer needs next.
pub(crate) async fn run(add: Add) -> Result<()> {
    match add {
        Add::Group { name, opening_quota, database } => {
            let opening: Fen = opening_quota.parse().context("--opening-quota: yuan are expected, such as 10000")?;
            let db = crate::open(&database.database).await?;
            let ids = Ids::new(Arc::new(SystemClock), &SystemEntropy);
            let group = group(&db, GroupId(ids.next()), &name, opening).await?;
            say(format!("group {} created: {name}, quota ¥{opening}", group.0))
        }
        Add::Operator { group, login, name, role, database } => {
            let role = Role::parse(&role).ok_or_else(|| anyhow!("--role: clerk or manager, is {role:?}"))?;
            let password = new_password(&login)?;
            let db = crate::open(&database.database).await?;
            let new = NewOperator { group: GroupId(group), login: &login, name: &name, role, password: &password };
            operator(&db, &new).await?;
            say(format!("operator {login} created in group {group}"))
        }
        Add::Staff { login, name, role, database } => {
            let role = StaffRole::parse(&role)
                .ok_or_else(|| anyhow!("--role: teller, finance, admin or auditor, is {role:?}"))?;
            let password = new_password(&login)?;
            let db = crate::open(&database.database).await?;
            staff(&db, &NewStaff { login: &login, name: &name, role, password: &password }).await?;
            say(format!("{} {login} created: {name} signs in at /office", role.as_str()))
        }
        Add::Terminal { group, number, name, database } => {
            let number = crate::terminals::number(&number)?;
            let db = crate::open(&database.database).await?;
            let name = if name.is_empty() { number.to_string() } else { name };
            let new = NewTerminal { number, group: GroupId(group), name: &name };
            let added = crate::terminals::with_register(&db, async |register| register.add(&new).await).await;
            let code = added.map_err(crate::terminals::of(number))?;
            say(format!("terminal {number} created. {}", crate::terminals::shown(&code)))
        }
    }
}

/// A new password of `login`, from standard input.
pub(crate) fn new_password(login: &str) -> Result<String> {
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password).context("the password is read from standard input")?;
    password.truncate(password.trim_end_matches(['\r', '\n']).len());
    people::check_password(login, &password).map_err(broken)?;
    Ok(password)
}

/// Which rule a password breaks.
pub(crate) fn broken(rule: PasswordRule) -> anyhow::Error {
    match rule {
        PasswordRule::TooShort => anyhow!("password: at least {} characters are needed", people::MIN_PASSWORD),
        PasswordRule::Common => anyhow!("password: this one is among the first that people guess"),
    }
}

/// A group with the quota it brings along: one movement from the bank.
pub(crate) async fn group(db: &Db, id: GroupId, name: &str, opening: Fen) -> Result<GroupId> {
    let mut tx = db.begin().await?;
    let now = SystemClock.now();
    groups::add(&mut tx, id, name, now).await?;
    if opening > Fen::ZERO {
        let opening = Movement {
            group: id,
            from: Kind::Bank,
            to: Kind::Quota,
            amount: opening,
            reason: "opening quota",
            subject: 0,
            at: now,
        };
        for posted in ledger::post(&mut tx, &[opening]).await? {
            posted?;
        }
    }
    tx.commit().await?;
    Ok(id)
}

/// An operator with a first password.
pub(crate) async fn operator(db: &Db, new: &NewOperator<'_>) -> Result<()> {
    let entropy: &dyn Entropy = &SystemEntropy;
    let ids = Ids::new(Arc::new(SystemClock), entropy);
    let mut tx = db.begin().await?;
    people::add(&mut tx, &ids, entropy, new, SystemClock.now()).await.map_err(|error| {
        let taken = matches!(error, store::Error::Unique(_));
        if taken { anyhow!("login: {:?} is taken", new.login) } else { error.into() }
    })?;
    tx.commit().await?;
    Ok(())
}

/// A member of staff with a first password.
pub(crate) async fn staff(db: &Db, new: &NewStaff<'_>) -> Result<()> {
    let entropy: &dyn Entropy = &SystemEntropy;
    let ids = Ids::new(Arc::new(SystemClock), entropy);
    let mut tx = db.begin().await?;
    let id = staff::add(&mut tx, &ids, entropy, new, SystemClock.now()).await.map_err(|error| {
        let taken = matches!(error, store::Error::Unique(_));
        if taken { anyhow!("--login: {:?} is taken", new.login) } else { error.into() }
    })?;
    let entry = Entry {
        actor: &Actor::command_line(),
        action: Action::StaffAdded,
        group: audit::NO_GROUP,
        subject: Subject::Staff(id),
        details: serde_json::json!({ "login": new.login, "name": new.name, "role": new.role.as_str() }),
    };
    audit::record(&mut tx, &ids, &entry).await?;
    tx.commit().await?;
    Ok(())
}
