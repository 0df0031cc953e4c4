//! When a load waits for people, and what its card hints at. Pure.

use std::time::Duration;

use store::Micros;

/// Why a load in doubt waits for people, or does not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Its card was asked to the end and proved nothing; it never will.
    ProvedNothing,
    /// Its card did not come back for so long.
    Absent,
    /// Its card may still come back and settle it.
    NotYet,
}

/// Whether a load that is in doubt since `since` waits for people.
pub(super) fn due(since: Micros, asked_in_vain: bool, now: Micros, patience: Duration) -> Due {
    let patience = i64::try_from(patience.as_micros()).unwrap_or(i64::MAX);
    if asked_in_vain {
        Due::ProvedNothing
    } else if now.0.saturating_sub(since.0) >= patience {
        Due::Absent
    } else {
        Due::NotYet
    }
}

/// Which way the balances of a card that was seen again point. Anyone can make a card say anything here, so it is never
/// more than a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// As if the load had been written.
    Written,
    /// As if it had not been.
    NotWritten,
    /// Neither: money was spent from the card since, or loaded elsewhere.
    None,
}

/// What a balance seen later says of a load.
pub(super) fn hint(before: ledger::Fen, amount: ledger::Fen, seen: ledger::Fen) -> Hint {
    if Some(seen) == before.checked_add(amount) {
        Hint::Written
    } else if seen == before {
        Hint::NotWritten
    } else {
        Hint::None
    }
}

#[cfg(test)]
mod tests {
    use ledger::Fen;

    use super::*;

    #[test]
    fn a_load_waits_for_its_card_a_while_and_then_for_people() {
        let patience = Duration::from_hours(24);
        let hour = 3_600_000_000;
        for (hours, asked_in_vain, expected) in [
            (0, false, Due::NotYet),
            (23, false, Due::NotYet),
            (24, false, Due::Absent),
            (0, true, Due::ProvedNothing),
            (48, true, Due::ProvedNothing),
        ] {
            let found = due(Micros(5), asked_in_vain, Micros(5 + hours * hour), patience);
            assert_eq!(found, expected, "{hours} h, {asked_in_vain}");
        }
    }

    #[test]
    fn a_balance_seen_later_is_a_hint() {
        for (seen, expected) in
            [(6_260, Hint::Written), (1_260, Hint::NotWritten), (6_060, Hint::None), (0, Hint::None)]
        {
            assert_eq!(hint(Fen::new(1_260), Fen::new(5_000), Fen::new(seen)), expected, "{seen}");
        }
    }
}
