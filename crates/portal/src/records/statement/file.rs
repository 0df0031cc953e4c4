//! The statement as a file: `POST /records/statement/export`, `POST /office/records/statement/export`.

use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;
use topup::records::exports;
use topup::records::{Cell, Column, Format, Head, Item, Scope, StatementLine};

use super::words::{columns, item};
use super::{Asked, Found, Shown, by, look, page};
use crate::App;
use crate::look::Frame;
use crate::people::access::{Deposits, May, Office};
use crate::records::exports::layout::preface;
use crate::records::exports::send;
use crate::web::problem::Problem;
use crate::words::say;

/// What the form sends: the statement, and as what file.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Sent {
    #[serde(flatten)]
    asked: Asked,
    #[serde(default)]
    format: String,
}

/// `POST /records/statement/export`
pub(crate) async fn post(
    State(app): State<App>,
    may: May<Deposits>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    export(&app, &may.frame, Scope::of(may.group()), sent).await
}

/// `POST /office/records/statement/export`
pub(crate) async fn office_post(
    State(app): State<App>,
    may: Office<crate::office::deposits::See>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    export(&app, &may.frame, Scope::ALL, sent).await
}

async fn export(app: &App, frame: &Frame, scope: Scope, sent: Sent) -> Result<Response, Problem> {
    let format = Format::parse(&sent.format).ok_or(Problem::Malformed)?;
    let shown = look(&app.house, scope, sent.asked).await?;
    let Ok(Some(found)) = &shown.found else {
        // The page of the statement, as if its address had been asked.
        let frame = Frame { here: by(frame.side(), &shown.typed, shown.grain), ..frame.clone() };
        return Ok(page::answer(&frame, &shown));
    };
    let (head, rows) = (head(frame, &shown, found), rows(found));
    let file = exports::table(format, head, rows).await?;
    let name = send::name(&say!(frame.lang, "statement-title"), found.statement.period, format);
    send::file(file, &name, format)
}

fn head(frame: &Frame, shown: &Shown, found: &Found) -> Head {
    let (lang, statement) = (frame.lang, &found.statement);
    let days = format!("{} – {}", statement.period.first(), statement.period.last());
    let what = [(say!(lang, "load-group"), found.name.clone()), (say!(lang, "export-days"), days)];
    let mut lines = preface(lang, &what, shown.at, &frame.by());
    let money = |word: String, fen| vec![Cell::Text(word), Cell::Empty, Cell::Money(fen)];
    lines.push(money(say!(lang, "statement-opening"), statement.opening));
    for column in columns(&statement.total) {
        let sum = statement.total.item(column);
        lines.push(vec![Cell::Text(item(lang, column)), Cell::Count(sum.count), Cell::Money(sum.sum)]);
    }
    lines.push(money(say!(lang, "statement-closing"), statement.total.closing));
    lines.push(vec![Cell::Text(say!(lang, "statement-what"))]);
    let column = |title: String, width: u8| Column { title, width };
    let mut titles = vec![column(say!(lang, "records-from"), 14), column(say!(lang, "records-to"), 14)];
    titles.push(column(say!(lang, "statement-opening"), 16));
    for one in columns(&statement.total) {
        titles.push(column(say!(lang, "statement-count", item = item(lang, one)), 18));
        titles.push(column(item(lang, one), 16));
    }
    titles.push(column(say!(lang, "statement-closing"), 16));
    Head { title: say!(lang, "statement-title"), lines, columns: titles }
}

fn rows(found: &Found) -> Vec<Vec<Cell>> {
    let items = columns(&found.statement.total);
    found.statement.lines.iter().map(|line| row(line, &items)).collect()
}

fn row(line: &StatementLine, items: &[Item]) -> Vec<Cell> {
    let day = |day: topup::records::Day| Cell::Text(day.to_string());
    let mut cells = vec![day(line.period.first()), day(line.period.last()), Cell::Money(line.opening)];
    for item in items {
        let sum = line.item(*item);
        cells.extend([Cell::Count(sum.count), Cell::Money(sum.sum)]);
    }
    cells.push(Cell::Money(line.closing));
    cells
}
