//! How a file of records says what is in it.

use topup::people;
use topup::records::exports::{Layout, Wanted};
use topup::records::{self, Cell, Filter, Head, Scope};
use topup::{House, Micros};

use crate::look::show;
use crate::records::shelf::Shelf;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// The words of one file.
pub(crate) struct Words {
    pub(crate) lang: Lang,
    /// The filter in words: what, and which.
    filter: Vec<(String, String)>,
    by: String,
    at: Micros,
    /// Of more groups than one.
    all: bool,
}

/// The words for a file of `filter`, made by `by` now.
pub(super) async fn of<R: Shelf>(house: &House, lang: Lang, filter: &Filter<R>, by: String) -> Result<Words, Problem> {
    let (all, at) = (filter.scope.group().is_none(), house.now());
    Ok(Words { lang, filter: describe(house, lang, filter).await?, by, at, all })
}

/// The filter of an export in words.
pub(super) async fn told(house: &House, lang: Lang, wanted: &Wanted) -> Result<Vec<(String, String)>, Problem> {
    match wanted {
        Wanted::Loads(filter) => describe(house, lang, filter).await,
        Wanted::Deposits(filter) => describe(house, lang, filter).await,
    }
}

/// Whose records, in words.
pub(crate) async fn whose(house: &House, lang: Lang, scope: Scope) -> Result<(String, String), Problem> {
    let group = match scope.group() {
        None => say!(lang, "export-all-groups"),
        Some(group) => {
            let groups = records::people(house, Scope::of(group)).await?.groups;
            groups.into_iter().map(|(_, name)| name).collect()
        }
    };
    Ok((say!(lang, "load-group"), group))
}

/// A filter in words.
async fn describe<R: Shelf>(house: &House, lang: Lang, filter: &Filter<R>) -> Result<Vec<(String, String)>, Problem> {
    let Filter { scope, period, holds, card, operator, terminal, least, most, order } = filter;
    let mut told = vec![whose(house, lang, *scope).await?];
    if let Some(order) = order {
        told.push((say!(lang, "load-order"), order.to_string()));
    } else {
        told.push((say!(lang, "export-days"), format!("{} – {}", period.first(), period.last())));
    }
    told.extend(holds.map(|holds| (say!(lang, "load-state"), R::state(lang, holds))));
    told.extend(card.as_ref().map(|card| (say!(lang, "load-card"), format!("…{card}"))));
    if let Some(operator) = operator {
        let found = people::operator(house, *operator).await?;
        let name = found.map_or_else(|| operator.0.to_string(), |found| format!("{} {}", found.name, found.login));
        told.push((say!(lang, "load-operator"), name));
    }
    told.extend(terminal.as_ref().map(|terminal| (say!(lang, "load-terminal"), terminal.clone())));
    told.extend(least.map(|least| (say!(lang, "records-least"), least.to_string())));
    told.extend(most.map(|most| (say!(lang, "records-most"), most.to_string())));
    Ok(told)
}

/// The first lines of a file: what it is of, when it was made, and by whom.
pub(crate) fn preface(lang: Lang, filter: &[(String, String)], at: Micros, by: &str) -> Vec<Vec<Cell>> {
    let made = [(say!(lang, "export-made"), show::date_time(at)), (say!(lang, "export-by"), by.to_owned())];
    let lines = filter.iter().chain(&made);
    lines.map(|(what, which)| vec![Cell::Text(what.clone()), Cell::Text(which.clone())]).collect()
}

impl<R: Shelf> Layout<R> for Words {
    fn head(&self, totals: &R::Totals) -> Head {
        let lang = self.lang;
        let mut lines = preface(lang, &self.filter, self.at, &self.by);
        for (_, word, sum) in R::sums(lang, totals) {
            let what = say!(lang, "export-total", state = word);
            lines.push(vec![Cell::Text(what), Cell::Count(sum.count), Cell::Money(sum.sum)]);
        }
        Head { title: R::title(lang), lines, columns: R::columns(lang, self.all) }
    }

    fn row(&self, line: &R::Line) -> Vec<Cell> {
        R::row(self.lang, self.all, line)
    }
}
