//! `jichong terminal code` and `jichong terminal revoke`: what the server's side decides about a terminal.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use store::Db;
use topup::audit::Actor;
use topup::terminals::{self, Register, RegisterError, TerminalNumber};
use topup::{Ids, SystemClock, SystemEntropy};

use crate::cli::{Known, Revoke};
use crate::say;

/// Prints a new one-time code.
pub(crate) async fn code(known: Known) -> Result<()> {
    let number = number(&known.number)?;
    let db = crate::open(&known.database.database).await?;
    let code = with_register(&db, async |register| register.code(number).await).await.map_err(of(number))?;
    say(format!("terminal {number}. {}", shown(&code)))
}

/// Takes a terminal out of use.
pub(crate) async fn revoke(revoke: Revoke) -> Result<()> {
    let number = number(&revoke.known.number)?;
    let db = crate::open(&revoke.known.database.database).await?;
    let revoked = with_register(&db, async |register| register.revoke(number, &revoke.reason).await).await;
    match revoked {
        // Asked for twice is as good as once.
        Ok(()) | Err(RegisterError::Revoked) => say(format!("terminal {number} is revoked")),
        Err(error) => Err(of(number)(error)),
    }
}

/// The register of terminals, in the hands of whoever is at the command line.
pub(crate) async fn with_register<T>(db: &Db, work: impl AsyncFnOnce(Register<'_>) -> T) -> T {
    let (actor, ids) = (Actor::command_line(), Ids::new(Arc::new(SystemClock), &SystemEntropy));
    work(Register { db, ids: &ids, entropy: &SystemEntropy, actor: &actor }).await
}

/// What the register says of a terminal, for the command line.
pub(crate) fn of(number: TerminalNumber) -> impl FnOnce(RegisterError) -> anyhow::Error {
    move |error| anyhow!("terminal {number}: {error}")
}

/// A terminal number as it is typed.
pub(crate) fn number(text: &str) -> Result<TerminalNumber> {
    text.parse().map_err(|_| anyhow::anyhow!("number: 12 hexadecimal digits are expected, is {text:?}"))
}

/// A one-time code as it is shown.
pub(crate) fn shown(code: &str) -> String {
    format!("Its one-time code, valid for {} minutes:\n\n    {code}\n", terminals::CODE_LIFE.as_secs() / 60)
}
