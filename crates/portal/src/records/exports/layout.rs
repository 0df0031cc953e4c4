//! How a file of loads says what is in it.

use topup::Micros;
use topup::people;
use topup::records::exports::Layout;
use topup::records::{self, Cell, Column, Filter, Head, Holds, Line, Scope, Totals};

use crate::App;
use crate::loads::view::{short, state_word};
use crate::look::show;
use crate::records::words;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// The words of one file.
pub(super) struct Loads {
    lang: Lang,
    /// The filter in words: what, and which.
    filter: Vec<(String, String)>,
    by: String,
    at: Micros,
    /// Of more groups than one.
    all: bool,
}

/// The words for a file of `filter`, made by `by` now.
pub(super) async fn of(app: &App, lang: Lang, filter: &Filter, by: String) -> Result<Loads, Problem> {
    let (all, at) = (filter.scope.group().is_none(), app.house.now());
    Ok(Loads { lang, filter: describe(app, lang, filter).await?, by, at, all })
}

/// A filter in words.
pub(super) async fn describe(app: &App, lang: Lang, filter: &Filter) -> Result<Vec<(String, String)>, Problem> {
    let mut told = Vec::new();
    let Filter { scope, period, holds, card, operator, terminal, least, most, order } = filter;
    let group = match scope.group() {
        None => say!(lang, "export-all-groups"),
        Some(group) => {
            let groups = records::people(&app.house, Scope::of(group)).await?.groups;
            groups.into_iter().map(|(_, name)| name).collect()
        }
    };
    told.push((say!(lang, "load-group"), group));
    if let Some(order) = order {
        told.push((say!(lang, "load-order"), order.to_string()));
    } else {
        told.push((say!(lang, "export-days"), format!("{} – {}", period.first(), period.last())));
    }
    told.extend(holds.map(|holds| (say!(lang, "load-state"), words::holds(lang, holds))));
    told.extend(card.as_ref().map(|card| (say!(lang, "load-card"), format!("…{card}"))));
    if let Some(operator) = operator {
        let found = people::operator(&app.house, *operator).await?;
        let name = found.map_or_else(|| operator.0.to_string(), |found| format!("{} {}", found.name, found.login));
        told.push((say!(lang, "load-operator"), name));
    }
    told.extend(terminal.as_ref().map(|terminal| (say!(lang, "load-terminal"), terminal.clone())));
    told.extend(least.map(|least| (say!(lang, "records-least"), least.to_string())));
    told.extend(most.map(|most| (say!(lang, "records-most"), most.to_string())));
    Ok(told)
}

impl Layout for Loads {
    fn head(&self, totals: &Totals) -> Head {
        let lang = self.lang;
        let text = |text: String| Cell::Text(text);
        let mut lines: Vec<Vec<Cell>> =
            self.filter.iter().map(|(what, which)| vec![text(what.clone()), text(which.clone())]).collect();
        lines.push(vec![text(say!(lang, "export-made")), text(show::date_time(self.at))]);
        lines.push(vec![text(say!(lang, "export-by")), text(self.by.clone())]);
        for holds in Holds::ALL {
            let sum = totals.of(holds);
            let what = say!(lang, "export-total", state = words::holds(lang, holds));
            lines.push(vec![text(what), Cell::Count(sum.count), Cell::Money(sum.sum)]);
        }
        let column = |title: String, width: u8| Column { title, width };
        let mut columns = vec![column(say!(lang, "list-time"), 20), column(say!(lang, "load-order"), 23)];
        if self.all {
            columns.push(column(say!(lang, "load-group"), 24));
        }
        columns.extend([
            column(say!(lang, "load-card"), 22),
            column(say!(lang, "export-operator"), 12),
            column(say!(lang, "export-operator-name"), 12),
            column(say!(lang, "load-terminal"), 15),
            column(say!(lang, "export-terminal-name"), 14),
            column(say!(lang, "load-balance-before"), 12),
            column(say!(lang, "load-amount"), 12),
            column(say!(lang, "load-balance-after"), 12),
            column(say!(lang, "load-quota-before"), 16),
            column(say!(lang, "load-quota-after"), 16),
            column(say!(lang, "list-result"), 10),
            column(say!(lang, "load-reason"), 28),
        ]);
        Head { title: say!(lang, "records-title"), lines, columns }
    }

    fn row(&self, line: &Line) -> Vec<Cell> {
        let (lang, load) = (self.lang, &line.load);
        let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
        let money = |amount: Option<topup::Fen>| amount.map_or(Cell::Empty, Cell::Money);
        let mut cells = vec![Cell::Text(show::date_time(load.created_at)), Cell::Digits(load.order.to_string())];
        if self.all {
            cells.push(text(&line.group));
        }
        // What holds now, so that the rows come to the totals; how it had ended stands beside it where that differs.
        let holds = load.holds();
        let mut why = short(lang, load).unwrap_or_default();
        if holds != load.state {
            why = say!(lang, "export-corrected", state = state_word(lang, load.state), why = why);
        }
        cells.extend([
            Cell::Digits(load.card.to_string()),
            Cell::Digits(load.operator.clone()),
            text(line.operator.as_deref().unwrap_or_default()),
            Cell::Digits(load.terminal.clone()),
            text(line.terminal.as_deref().unwrap_or_default()),
            money(load.balance_before),
            Cell::Money(load.amount),
            money(load.balance_after),
            money(load.quota_before),
            money(load.quota_after),
            Cell::Text(state_word(lang, holds)),
            text(&why),
        ]);
        cells
    }
}
