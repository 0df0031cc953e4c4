//! How a terminal stands with us, asked beside its connection: so that its doctor need not take the connection over.

use std::time::Duration;

use link::{AskStanding, Standing};

use super::auth::verifies;
use super::live::live;
use super::query::any_by_number;
use crate::House;

/// How old the time that a terminal signs may be: it asked for it a moment ago.
const FRESH: Duration = Duration::from_mins(1);

/// Why the question is not answered.
#[derive(Debug, thiserror::Error)]
pub enum NotFresh {
    /// The time that was signed is not the server's of a moment ago.
    #[error("now_us: ask {} for the server's time first", link::ABOUT_PATH)]
    Old,
    /// The database did not answer.
    #[error("the server cannot reach its database; try again in a moment")]
    Storage(#[from] store::Error),
}

/// How the terminal that asks stands with us. Who does not prove its key learns nothing.
pub async fn standing(house: &House, asked: &AskStanding) -> Result<Standing, NotFresh> {
    let age = house.now().0.saturating_sub(asked.now_us);
    if !(0..=i64::try_from(FRESH.as_micros()).unwrap_or(i64::MAX)).contains(&age) {
        return Err(NotFresh::Old);
    }
    let Ok(number) = asked.terminal.parse() else { return Ok(Standing::Unknown) };
    let Some((terminal, revoked)) = any_by_number(house, number).await? else { return Ok(Standing::Unknown) };
    let text = link::standing_text(&asked.terminal, asked.now_us);
    let proven = terminal.public_key.is_some_and(|key| verifies(&key, &text, asked.signature.as_ref()));
    Ok(match (proven, revoked) {
        (false, _) => Standing::Unknown,
        (true, true) => Standing::Revoked,
        (true, false) => {
            let connected = live(house, terminal.group, number).await?.connected;
            Standing::Good { name: terminal.name, connected }
        }
    })
}
