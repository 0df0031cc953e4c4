//! The net of a day against a line of the bank statement. Pure.
//!
//! The gateway settles each day in one sum, less its fees, on a working day after it. So a day's line has exactly the
//! day's net and comes within [`WINDOW`] days; where several have the same sum, the one that names the day counts, and
//! else the oldest day takes the earliest line.

use jiff::ToSpan as _;
use jiff::civil::Date;
use ledger::Fen;

/// A day's money may be this many days on its way: the longest holidays are nine days.
pub const WINDOW: i32 = 10;

/// A day whose net was not found on a statement yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// The day.
    pub day: Date,
    /// Its net.
    pub net: Fen,
}

/// A line of a bank statement that stands against no day yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Its id.
    pub id: i64,
    /// The day on which the bank booked it.
    pub day: Date,
    /// How much, positive if it came in.
    pub amount: Fen,
    /// Who and what for, as the bank wrote it.
    pub text: String,
}

/// How a day's net stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// Nothing is to come.
    Nothing,
    /// This line is it.
    Line(i64),
    /// The statements that are here do not reach far enough to say.
    Awaited,
    /// It should be on the statements that are here, and is not.
    Missing,
}

/// Finds for each day its line. `until` is the last day that the statements cover.
pub fn settle(owed: &[Owed], arrived: &[Arrived], until: Option<Date>) -> Vec<(Date, Settling)> {
    let mut days: Vec<Owed> = owed.to_vec();
    days.sort_by_key(|owed| owed.day);
    let mut lines: Vec<&Arrived> = arrived.iter().collect();
    lines.sort_by_key(|line| (line.day, line.id));
    let mut found: Vec<(Date, Option<i64>)> = days.iter().map(|owed| (owed.day, None)).collect();
    for named in [true, false] {
        for (owed, (_, line)) in
            days.iter().zip(&mut found).filter(|(owed, (_, line))| line.is_none() && owed.net != Fen::ZERO)
        {
            let fits = |line: &&Arrived| {
                line.amount == owed.net && within(owed.day, line.day) && (!named || names(&line.text, owed.day))
            };
            if let Some(at) = lines.iter().position(fits) {
                *line = Some(lines.remove(at).id);
            }
        }
    }
    days.iter()
        .zip(found)
        .map(|(owed, (day, line))| {
            let overdue = owed.day.checked_add(WINDOW.days()).ok().zip(until).is_some_and(|(last, until)| last < until);
            let settling = match line {
                _ if owed.net == Fen::ZERO => Settling::Nothing,
                Some(id) => Settling::Line(id),
                None if overdue => Settling::Missing,
                None => Settling::Awaited,
            };
            (day, settling)
        })
        .collect()
}

/// Whether a line of `booked` can be what a `day` settled for.
pub(super) fn within(day: Date, booked: Date) -> bool {
    booked >= day && day.checked_add(WINDOW.days()).is_ok_and(|last| booked <= last)
}

/// Whether a text names the day, as `20261122`, `2026-11-22`, `261122` or `1122`, not as a part of a longer number.
pub(super) fn names(text: &str, day: Date) -> bool {
    ["%Y%m%d", "%Y-%m-%d", "%y%m%d", "%m%d"].iter().any(|format| {
        let wanted = day.strftime(format).to_string();
        text.match_indices(&wanted).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at.saturating_add(wanted.len())..).and_then(|text| text.chars().next());
            ![before, after].into_iter().flatten().any(|next| next.is_ascii_digit())
        })
    })
}
