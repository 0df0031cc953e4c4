//! From an address to what its page shows.

use serde::Deserialize;
use topup::records::{self, Cursor, Filter, Loads, Page, People, Record, Scope, Seek, Typed, WrongField};

use crate::App;
use crate::web::encoded;
use crate::web::problem::Problem;

/// Records on a page.
const PAGE: u32 = 50;

/// What the address of a list asks for: the filter, and which page of it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(flatten)]
    pub(crate) typed: Typed,
    /// Those older than this one.
    #[serde(default)]
    older: String,
    /// Those newer than this one.
    #[serde(default)]
    newer: String,
    /// `last` for the oldest.
    #[serde(default)]
    page: String,
}

/// What a list shows.
#[derive(Clone, Debug)]
pub(crate) struct Shown<R: Record = Loads> {
    pub(crate) typed: Typed,
    /// Today in Beijing.
    pub(crate) today: records::Day,
    /// What can be chosen.
    pub(crate) people: People,
    pub(crate) found: Result<Found<R>, Vec<WrongField>>,
}

/// What a filter found.
#[derive(Clone, Debug)]
pub(crate) struct Found<R: Record = Loads> {
    pub(crate) filter: Filter<R>,
    pub(crate) totals: R::Totals,
    pub(crate) page: Page<R>,
    /// The address named a place in the list that is none; the newest are shown.
    pub(crate) lost: bool,
}

/// Looks at what is asked for, within `scope`.
pub(crate) async fn look<R: Record>(app: &App, scope: Scope, mut asked: Asked) -> Result<Shown<R>, Problem> {
    let (seek, lost) = asked.seek();
    asked.typed = narrow_letters(asked.typed);
    let found = match asked.typed.read::<R>(&app.house, scope).await? {
        Ok(filter) => Ok(Found {
            totals: records::totals(&app.house, &filter).await?,
            page: records::page(&app.house, &filter, seek, PAGE).await?,
            filter,
            lost,
        }),
        Err(wrong) => Err(wrong),
    };
    let within = found.as_ref().map_or(scope, |found| found.filter.scope);
    let mut people = records::people(&app.house, within).await?;
    if scope.group().is_none() && within.group().is_some() {
        people.groups = records::people(&app.house, scope).await?.groups;
    }
    Ok(Shown { typed: asked.typed, today: records::Day::of(app.house.now()), people, found })
}

impl Asked {
    /// The newest of a filter.
    pub(super) fn of(typed: Typed) -> Self {
        Self { typed, ..Self::default() }
    }

    fn seek<R: Record>(&self) -> (Seek<R>, bool) {
        let place = |text: &str| text.parse::<Cursor<R>>().ok();
        match (self.older.as_str(), self.newer.as_str(), self.page.as_str()) {
            ("", "", "") => (Seek::First, false),
            ("", "", "last") => (Seek::Last, false),
            ("", newer, "") => place(newer).map_or((Seek::First, true), |newer| (Seek::Newer(newer), false)),
            (older, "", "") => place(older).map_or((Seek::First, true), |older| (Seek::Older(older), false)),
            _ => (Seek::First, true),
        }
    }
}

/// Digits and letters as an input method types them in full width, brought to those that are meant.
fn narrow_letters(typed: Typed) -> Typed {
    let narrow = |letter: char| match letter {
        '\u{FF01}'..='\u{FF5E}' => u32::from(letter).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(letter),
        '\u{3000}' => ' ',
        other => other,
    };
    let field = |text: String| text.chars().map(narrow).collect::<String>();
    let Typed { from, to, card, least, most, order, .. } = typed.clone();
    let (from, to, card) = (field(from), field(to), field(card));
    Typed { from, to, card, least: field(least), most: field(most), order: field(order), ..typed }
}

/// The fields of a filter that ask for something, in the order of the form.
pub(crate) fn fields(typed: &Typed) -> Vec<(&'static str, &str)> {
    let Typed { range, from, to, state, card, operator, terminal, least, most, order, group } = typed;
    let all = [
        ("range", range),
        ("from", from),
        ("to", to),
        ("group", group),
        ("state", state),
        ("card", card),
        ("operator", operator),
        ("terminal", terminal),
        ("least", least),
        ("most", most),
        ("order", order),
    ];
    all.into_iter().map(|(name, value)| (name, value.trim())).filter(|(_, value)| !value.is_empty()).collect()
}

/// The address of the same filter with more behind it.
pub(crate) fn address(path: &str, typed: &Typed, more: &[(&str, &str)]) -> String {
    let parts = fields(typed).into_iter().chain(more.iter().copied());
    let query: Vec<String> = parts.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_the_filter_and_nothing_else() {
        let typed = Typed { range: "week".into(), card: " 4100 0417 ".into(), ..Typed::default() };
        assert_eq!(address("/records", &Typed::default(), &[]), "/records");
        assert_eq!(address("/records", &typed, &[("page", "last")]), "/records?range=week&card=4100%200417&page=last");
    }

    #[test]
    fn full_width_digits_are_digits() {
        let typed = Typed {
            card: "４１００　０４１７".into(), least: "１，０００．５０".into(), ..Typed::default()
        };
        let typed = narrow_letters(typed);
        assert_eq!((typed.card.as_str(), typed.least.as_str()), ("4100 0417", "1,000.50"));
    }

    #[test]
    fn a_place_in_the_list_is_one_or_the_newest_are_shown() {
        let seek = |older: &str, newer: &str, page: &str| {
            let asked = Asked { older: older.into(), newer: newer.into(), page: page.into(), ..Asked::default() };
            asked.seek::<Loads>()
        };
        let here = "L261122143208-1X142NW.7";
        let cursor = here.parse().unwrap();
        assert_eq!(seek("", "", ""), (Seek::First, false));
        assert_eq!(seek("", "", "last"), (Seek::Last, false));
        assert_eq!(seek(here, "", ""), (Seek::Older(cursor), false));
        assert_eq!(seek("", here, ""), (Seek::Newer(cursor), false));
        for (older, newer, page) in [("x", "", ""), ("", "1", ""), (here, here, ""), ("", "", "7"), (here, "", "last")]
        {
            assert_eq!(seek(older, newer, page), (Seek::First, true), "{older} {newer} {page}");
        }
    }
}
