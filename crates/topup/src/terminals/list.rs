//! Terminals as the office sees them: of all groups, with how each stands.

use ledger::GroupId;
use store::Micros;

use super::TerminalNumber;
use crate::House;

/// Rows on one page of the list.
pub const PAGE: usize = 50;

/// Which terminals are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Those in use: all that are not revoked.
    #[default]
    InUse,
    /// Connected now.
    Connected,
    /// Enrolled but not connected.
    Silent,
    /// Never enrolled.
    New,
    /// With an open alarm.
    Alarm,
    /// Taken out of use.
    Revoked,
}

impl Filter {
    /// Every filter, in the order of the page.
    pub const ALL: [Self; 6] = [Self::InUse, Self::Connected, Self::Silent, Self::New, Self::Alarm, Self::Revoked];

    /// As in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InUse => "in-use",
            Self::Connected => "connected",
            Self::Silent => "silent",
            Self::New => "new",
            Self::Alarm => "alarm",
            Self::Revoked => "revoked",
        }
    }

    /// From an address.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.as_str() == text)
    }
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Find {
    /// In the number, the name or the group's name.
    pub text: String,
    /// In which state.
    pub filter: Filter,
    /// The page begins after this number.
    pub after: Option<TerminalNumber>,
}

/// How a terminal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// No key was ever bound to it.
    New,
    /// Connected, and heard of in the last seconds.
    Connected,
    /// Not connected; since when, if it ever was.
    Silent {
        /// When it was heard last.
        since: Option<Micros>,
    },
    /// Taken out of use.
    Revoked {
        /// When; none for one revoked by an older version.
        at: Option<Micros>,
    },
}

/// A terminal in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub number: TerminalNumber,
    /// Whose.
    pub group: GroupId,
    /// Their name.
    pub group_name: String,
    /// What people call it.
    pub name: String,
    /// How it stands.
    pub stand: Stand,
    /// Its program with its version, as it said last.
    pub program: Option<String>,
    /// Open alarms about it.
    pub alarms: i64,
    /// When it was created.
    pub created_at: Micros,
    /// When its key was bound to it.
    pub enrolled_at: Option<Micros>,
    /// Why it was revoked.
    pub revoked_why: Option<String>,
}

/// One page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// By number.
    pub terminals: Vec<Listed>,
    /// Whether there are more after the last of them.
    pub more: bool,
}

/// How many terminals each filter would list, in the order of [`Filter::ALL`].
pub type Counts = [i64; 6];

#[derive(sqlx::FromRow)]
struct Row {
    number: String,
    group_id: GroupId,
    group_name: String,
    name: String,
    enrolled: i64,
    revoked: i64,
    seen_at_us: Option<Micros>,
    left_at_us: Option<Micros>,
    program: Option<String>,
    alarms: i64,
    created_at_us: Micros,
    enrolled_at_us: Option<Micros>,
    revoked_at_us: Option<Micros>,
    revoked_why: Option<String>,
}

/// The columns of a [`Row`], and where they come from.
macro_rules! listed {
    ($where:literal) => {
        concat!(
            "SELECT t.number, t.group_id, g.name AS group_name, t.name, \
             CAST(CASE WHEN t.public_key IS NULL THEN 0 ELSE 1 END AS BIGINT) AS enrolled, t.revoked, \
             l.seen_at_us, l.left_at_us, h.program, t.created_at_us, t.enrolled_at_us, t.revoked_at_us, \
             t.revoked_why, (SELECT COUNT(*) FROM alarms a WHERE a.subject = 'terminal/' || t.number \
             AND a.closed_at_us IS NULL) AS alarms \
             FROM terminals t JOIN groups g ON g.id = t.group_id LEFT JOIN terminal_live l ON l.terminal = t.number \
             LEFT JOIN terminal_health h ON h.terminal = t.number WHERE ",
            $where
        )
    };
}

/// A page of the terminals that `find` asks for, by number.
pub async fn list(house: &House, find: &Find) -> Result<Page, store::Error> {
    let (from, to) = alive(house);
    let (words, digits) = patterns(&find.text);
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(listed!(
            "t.number > $1 AND (t.number LIKE $2 OR LOWER(t.name) LIKE $3 ESCAPE '!' \
             OR LOWER(g.name) LIKE $3 ESCAPE '!') AND CASE CAST($4 AS TEXT) WHEN 'revoked' THEN t.revoked = 1 \
             WHEN 'new' THEN t.revoked = 0 AND t.public_key IS NULL \
             WHEN 'connected' THEN t.revoked = 0 AND COALESCE(l.seen_at_us, 0) BETWEEN $5 AND $6 \
             WHEN 'silent' THEN t.revoked = 0 AND t.public_key IS NOT NULL \
             AND COALESCE(l.seen_at_us, 0) NOT BETWEEN $5 AND $6 \
             WHEN 'alarm' THEN EXISTS (SELECT 1 FROM alarms a WHERE a.subject = 'terminal/' || t.number \
             AND a.closed_at_us IS NULL) ELSE t.revoked = 0 END ORDER BY t.number LIMIT $7"
        ))
        .bind(find.after.map_or_else(String::new, |number| number.to_string()))
        .bind(digits)
        .bind(words)
        .bind(find.filter.as_str())
        .bind(from)
        .bind(to)
        .bind(i64::try_from(PAGE.saturating_add(1)).unwrap_or(i64::MAX))
        .all()
        .await?;
    let more = rows.len() > PAGE;
    let terminals = rows.into_iter().take(PAGE).filter_map(|row| row.into_listed((from, to))).collect();
    Ok(Page { terminals, more })
}

/// How many terminals of those that match `text` each filter would list.
pub async fn counts(house: &House, text: &str) -> Result<Counts, store::Error> {
    let (from, to) = alive(house);
    let (words, digits) = patterns(text);
    let mut tx = house.db.read().await?;
    let counts: (i64, i64, i64, i64, i64, i64) = tx
        .query(
            "SELECT CAST(COALESCE(SUM(1 - t.revoked), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN t.revoked = 0 AND COALESCE(l.seen_at_us, 0) BETWEEN $3 AND $4 \
             THEN 1 ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN t.revoked = 0 AND t.public_key IS NOT NULL \
             AND COALESCE(l.seen_at_us, 0) NOT BETWEEN $3 AND $4 THEN 1 ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN t.revoked = 0 AND t.public_key IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM alarms a WHERE a.subject = 'terminal/' || t.number \
             AND a.closed_at_us IS NULL) THEN 1 ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(t.revoked), 0) AS BIGINT) \
             FROM terminals t JOIN groups g ON g.id = t.group_id LEFT JOIN terminal_live l ON l.terminal = t.number \
             WHERE t.number LIKE $1 OR LOWER(t.name) LIKE $2 ESCAPE '!' OR LOWER(g.name) LIKE $2 ESCAPE '!'",
        )
        .bind(digits)
        .bind(words)
        .bind(from)
        .bind(to)
        .one()
        .await?;
    Ok(counts.into())
}

/// The terminal with this number, revoked or not.
pub async fn one(house: &House, number: TerminalNumber) -> Result<Option<Listed>, store::Error> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = tx.query(listed!("t.number = $1")).bind(number.to_string()).optional().await?;
    Ok(row.and_then(|row| row.into_listed(alive(house))))
}

/// A number that is free: the one after the terminal created last, or the next that no terminal ever had.
pub async fn next_free(house: &House) -> Result<Option<TerminalNumber>, store::Error> {
    let mut tx = house.db.read().await?;
    let last: Option<(String,)> =
        tx.query("SELECT number FROM terminals ORDER BY created_at_us DESC, number DESC LIMIT 1").optional().await?;
    let mut free = last.and_then(|(number,)| number.parse().ok()).and_then(next).or(Some(FIRST));
    while let Some(candidate) = free {
        let taken: Vec<(String,)> = tx
            .query("SELECT number FROM terminals WHERE number >= $1 ORDER BY number LIMIT $2")
            .bind(candidate.to_string())
            .bind(LOOK_AHEAD)
            .all()
            .await?;
        let after = taken.iter().try_fold(candidate, |free, (number,)| {
            if *number == free.to_string() { next(free).ok_or(None) } else { Err(Some(free)) }
        });
        match after {
            // All of them were taken, one after the other: there may be more.
            Ok(free_so_far) if !taken.is_empty() => free = Some(free_so_far),
            Ok(found) => return Ok(Some(found)),
            Err(found) => return Ok(found),
        }
    }
    Ok(free)
}

/// Numbers looked at in one go.
const LOOK_AHEAD: i64 = 500;

/// What an installation's first terminal is suggested.
const FIRST: TerminalNumber = TerminalNumber([0, 0, 0, 0, 0, 1]);

fn next(number: TerminalNumber) -> Option<TerminalNumber> {
    let mut wide = [0; 8];
    let (_, low) = wide.split_first_chunk_mut::<2>()?;
    low.copy_from_slice(&number.0);
    let [0, 0, bytes @ ..] = u64::from_be_bytes(wide).checked_add(1)?.to_be_bytes() else { return None };
    Some(TerminalNumber(bytes))
}

/// Between which moments a terminal was heard that counts as connected. In both directions: a clock that was set back
/// must not make a dead terminal look alive.
fn alive(house: &House) -> (Micros, Micros) {
    let silence = i64::try_from(house.settings.silence.as_micros()).unwrap_or(i64::MAX);
    let now = house.now().0;
    (Micros(now.saturating_sub(silence)), Micros(now.saturating_add(silence)))
}

/// What to look for in names, and in numbers, which people also type in two groups of six.
fn patterns(text: &str) -> (String, String) {
    let (text, upper) = (text.trim().to_lowercase(), text.trim().to_uppercase());
    let words: String =
        text.chars().flat_map(|c| ['!'].into_iter().filter(move |_| "!%_".contains(c)).chain([c])).collect();
    let digits: String = upper.chars().filter(|c| !c.is_whitespace()).collect();
    // What is no hexadecimal digit is in no number.
    let digits = if digits.chars().all(|c| c.is_ascii_hexdigit()) { format!("%{digits}%") } else { String::new() };
    (format!("%{words}%"), digits)
}

impl Row {
    fn into_listed(self, (from, to): (Micros, Micros)) -> Option<Listed> {
        let seen = self.seen_at_us.filter(|seen| seen.0 > 0);
        let stand = match (self.revoked, self.enrolled, seen) {
            (1, _, _) => Stand::Revoked { at: self.revoked_at_us },
            (_, 0, _) => Stand::New,
            (_, _, Some(seen)) if (from..=to).contains(&seen) => Stand::Connected,
            (_, _, seen) => Stand::Silent { since: seen.or(self.left_at_us) },
        };
        Some(Listed {
            number: self.number.parse().ok()?,
            group: self.group_id,
            group_name: self.group_name,
            name: self.name,
            stand,
            program: self.program,
            alarms: self.alarms,
            created_at: self.created_at_us,
            enrolled_at: self.enrolled_at_us,
            revoked_why: self.revoked_why,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_up_in_hexadecimal_and_end() {
        let check = |number: &str, expected: Option<&str>| {
            let next = next(number.parse().unwrap()).map(|number| number.to_string());
            assert_eq!(next.as_deref(), expected, "{number}");
        };
        check("000001000050", Some("000001000051"));
        check("0000010000FF", Some("000001000100"));
        check("FFFFFFFFFFFF", None);
    }

    #[test]
    fn what_is_typed_is_looked_for_as_it_stands() {
        let check = |text: &str, words: &str, digits: &str| {
            assert_eq!(patterns(text), (words.to_owned(), digits.to_owned()), "{text}");
        };
        check("", "%%", "%%");
        check(" 000001 00af ", "%000001 00af%", "%00000100AF%");
        check("前台", "%前台%", "");
        check("100%_A!", "%100!%!_a!!%", "");
    }
}
