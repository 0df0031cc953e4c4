//! `jichong terminal code` and `jichong terminal revoke`: what the server's side decides about a terminal.

use anyhow::{Result, bail};
use store::Tx;
use topup::terminals::{self, TerminalNumber};
use topup::{Clock as _, SystemClock, SystemEntropy};

use crate::cli::Known;
use crate::say;

/// Prints a new one-time code.
pub(crate) async fn code(known: Known) -> Result<()> {
    let number = number(&known.number)?;
    let db = crate::open(&known.database.database).await?;
    let mut tx = db.begin().await?;
    must_exist(&mut tx, number).await?;
    if !terminals::in_use(&mut tx, number).await? {
        bail!("terminal {number} is revoked; its number does not come back, add a terminal with another one");
    }
    let code = terminals::issue_code(&mut tx, &SystemEntropy, number, SystemClock.now()).await?;
    tx.commit().await?;
    say(format!("terminal {number}. {}", shown(&code)))
}

/// Takes a terminal out of use.
pub(crate) async fn revoke(known: Known) -> Result<()> {
    let number = number(&known.number)?;
    let db = crate::open(&known.database.database).await?;
    let mut tx = db.begin().await?;
    must_exist(&mut tx, number).await?;
    terminals::revoke(&mut tx, number).await?;
    tx.commit().await?;
    say(format!("terminal {number} is revoked"))
}

/// A terminal number as it is typed.
pub(crate) fn number(text: &str) -> Result<TerminalNumber> {
    text.parse().map_err(|_| anyhow::anyhow!("number: 12 hexadecimal digits are expected, is {text:?}"))
}

/// A one-time code as it is shown.
pub(crate) fn shown(code: &str) -> String {
    format!("Its one-time code, valid for {} minutes:\n\n    {code}\n", terminals::CODE_LIFE.as_secs() / 60)
}

async fn must_exist(tx: &mut Tx, number: TerminalNumber) -> Result<()> {
    if !terminals::exists(tx, number).await? {
        bail!("there is no terminal {number} in this database");
    }
    Ok(())
}
