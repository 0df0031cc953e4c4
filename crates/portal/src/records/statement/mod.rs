//! The statement of a group's quota: by day or by month, as a page that prints, as a file, and each line down to the
//! movements of the journal.

pub(crate) mod day;
pub(crate) mod file;
pub(crate) mod page;
pub(crate) mod words;

use serde::Deserialize;
use topup::records::{self, Day, Grain, People, Period, Range, Scope, Statement, Typed, WrongField};
use topup::{House, Micros};

use super::ask::{address, fields};
use crate::look::Side;
use crate::web::problem::Problem;

/// How far a statement looks back when nobody says.
const RANGE: Range = Range::ThisMonth;

/// What the address of a statement asks for: the time, the group where staff ask, and what a line is of.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(flatten)]
    pub(crate) typed: Typed,
    #[serde(default)]
    pub(crate) by: String,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) typed: Typed,
    pub(crate) grain: Grain,
    /// Now, in Beijing.
    pub(crate) at: Micros,
    pub(crate) people: People,
    /// None while staff have not said of which group.
    pub(crate) found: Result<Option<Found>, Vec<WrongField>>,
}

/// A group and its statement.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) statement: Statement,
}

impl Shown {
    fn today(&self) -> Day {
        Day::of(self.at)
    }

    fn period(&self) -> Option<Period> {
        self.found.as_ref().ok()?.as_ref().map(|found| found.statement.period)
    }
}

/// Looks at what is asked for, within `scope`.
pub(crate) async fn look(house: &House, scope: Scope, asked: Asked) -> Result<Shown, Problem> {
    let grain = Grain::parse(asked.by.trim()).unwrap_or_default();
    let people = records::people(house, scope).await?;
    let found = match asked.typed.read_period(house, scope, RANGE).await? {
        Err(wrong) => Err(wrong),
        Ok((scope, period)) => Ok(match scope.group() {
            None => None,
            Some(group) => {
                let named = records::people(house, Scope::of(group)).await?.groups;
                let name = named.into_iter().map(|(_, name)| name).collect();
                Some(Found { name, statement: records::statement(house, group, period, grain).await? })
            }
        }),
    };
    Ok(Shown { typed: asked.typed, grain, at: house.now(), people, found })
}

/// Where statements are.
pub(crate) const fn path(side: Side) -> &'static str {
    match side {
        Side::Portal => "/records/statement",
        Side::Office => "/office/records/statement",
    }
}

/// The address of a statement by `grain`.
fn by(side: Side, typed: &Typed, grain: Grain) -> String {
    address(path(side), typed, &[("by", grain.as_str())])
}

/// The address of the same statement of other days, by day.
fn of_days(side: Side, typed: &Typed, period: Period) -> String {
    let (from, to) = (period.first().to_string(), period.last().to_string());
    by(side, &Typed { range: String::new(), from, to, ..typed.clone() }, Grain::Day)
}

/// The fields that stay when the statement is looked at otherwise.
fn kept(typed: &Typed) -> Vec<(&'static str, &str)> {
    fields(typed)
}
