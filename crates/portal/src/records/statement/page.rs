//! The statement as a page: `GET /records/statement`, `GET /office/records/statement?group=`.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use topup::Fen;
use topup::records::{Deposits as DepositRecords, Format, Grain, Item, Period, Scope, Statement, StatementLine};

use super::words::{columns, days, item, signed};
use super::{Asked, Found, Shown, by, kept, look, of_days, path, words};
use crate::App;
use crate::look::{Frame, Side, empty, hidden, icon, show, summary};
use crate::people::access::{Deposits, May, Office};
use crate::records::shelf::Shelf as _;
use crate::records::{filter, views};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// `GET /records/statement`: the group is that of the session, whatever the address says.
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Deposits>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let shown = look(&app.house, Scope::of(may.group()), asked).await?;
    Ok(answer(&may.frame, &shown))
}

/// `GET /office/records/statement`
pub(crate) async fn office_get(
    State(app): State<App>,
    may: Office<crate::office::deposits::See>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let shown = look(&app.house, Scope::ALL, asked).await?;
    Ok(answer(&may.frame, &shown))
}

/// The page; with what is wrong in the address, if something is.
pub(super) fn answer(frame: &Frame, shown: &Shown) -> Response {
    let status = if shown.found.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    (status, Html(page(frame, shown))).into_response()
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown) -> Markup {
    let (lang, side) = (frame.lang, frame.side());
    let title = say!(lang, "statement-title");
    let wrong = shown.found.as_ref().err();
    let problems = wrong.map_or_else(Vec::new, |wrong| crate::records::words::problems::<DepositRecords>(lang, wrong));
    let body = html! {
        div.heading { h1 { (title) } }
        (views::draw(frame))
        (summary(lang, &problems))
        (form(lang, side, shown, &problems))
        @match &shown.found {
            Ok(Some(found)) => { (sheet(frame, shown, found)) }
            Ok(None) => {
                section.sheet {
                    (empty(icon::LIST.draw(), &say!(lang, "statement-group"), &say!(lang, "statement-group-text"), html! {}))
                }
            }
            Err(_) => {}
        }
    };
    frame.page(title, body).draw()
}

fn form(lang: Lang, side: Side, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    html! {
        form.sheet.filter method="get" action=(path(side)) role="search" aria-label=(say!(lang, "records-filter")) {
            (filter::quick(lang, path(side), &shown.typed, shown.today(), shown.period()))
            div.fields {
                (filter::days(lang, &shown.typed, shown.period(), problems))
                @if side == Side::Office { (filter::group(lang, &shown.people, &shown.typed, problems)) }
                div.field {
                    label for="by" { (say!(lang, "statement-by")) }
                    select id="by" name="by" { @for grain in Grain::ALL {
                        option value=(grain.as_str()) selected[grain == shown.grain] { (words::grain(lang, grain)) }
                    } }
                }
            }
            div.go { button.button.main { (say!(lang, "records-find")) } }
        }
    }
}

/// Whose, of when, and how it stood before and after; then the lines.
fn sheet(frame: &Frame, shown: &Shown, found: &Found) -> Markup {
    let (lang, side, statement) = (frame.lang, frame.side(), &found.statement);
    html! {
        section.sheet.found.statement aria-labelledby="found" {
            header {
                div {
                    h2 id="found" { (found.name) }
                    p.soft { span.num { (statement.period.first()) " – " (statement.period.last()) } }
                }
                (export(lang, side, shown))
            }
            (ends(lang, &statement.total))
            @if statement.lines.is_empty() { p.none.soft { (say!(lang, "statement-none")) } }
            @else { div.scroll tabindex="0" role="region" aria-labelledby="found" { (table(lang, side, shown, statement)) } }
            (foot(frame, shown, statement))
        }
    }
}

/// The statement as a file, or on paper.
fn export(lang: Lang, side: Side, shown: &Shown) -> Markup {
    html! {
        div.end.no-print {
            form method="post" action={ (path(side)) "/export" } {
                @for (name, value) in kept(&shown.typed) { (hidden(name, value)) }
                (hidden("by", shown.grain.as_str()))
                button.button name="format" value=(Format::Xlsx.as_str()) { (say!(lang, "export-xlsx")) }
                button.button name="format" value=(Format::Csv.as_str()) { (say!(lang, "export-csv")) }
            }
        }
    }
}

/// What it was, what came and went, what it is.
fn ends(lang: Lang, total: &StatementLine) -> Markup {
    let one = |word: String, amount: String| html! { div { small { (word) } b.num { (amount) } } };
    html! {
        div.ends {
            (one(say!(lang, "statement-opening"), show::yuan(total.opening)))
            @for column in columns(total) { (one(item(lang, column), signed(total.item(column).sum))) }
            (one(say!(lang, "statement-closing"), show::yuan(total.closing)))
        }
    }
}

fn table(lang: Lang, side: Side, shown: &Shown, statement: &Statement) -> Markup {
    let items = columns(&statement.total);
    html! {
        table.table.lines {
            thead { tr {
                th scope="col" { (words::grain(lang, statement.grain)) }
                th.r scope="col" { (say!(lang, "statement-opening")) }
                @for column in &items { th.r scope="col" { (item(lang, *column)) } }
                th.r scope="col" { (say!(lang, "statement-closing")) }
            } }
            tbody { @for line in &statement.lines {
                tr {
                    th scope="row" { a.num href=(inside(side, shown, statement.grain, line, None)) { (days(line)) } }
                    td.r { (line.opening.to_string()) }
                    @for column in &items { td.r { (cell(lang, side, shown, statement.grain, line, *column)) } }
                    td.r { (line.closing.to_string()) }
                }
            } }
            tfoot { tr {
                th scope="row" { (say!(lang, "records-totals")) }
                td.r { (statement.opening.to_string()) }
                @for column in &items { td.r { (amount(lang, &statement.total, *column)) } }
                td.r { (statement.total.closing.to_string()) }
            } }
        }
    }
}

fn cell(lang: Lang, side: Side, shown: &Shown, grain: Grain, line: &StatementLine, column: Item) -> Markup {
    html! {
        @if line.item(column).count == 0 { span.soft { "—" } }
        @else { a href=(inside(side, shown, grain, line, Some(column))) { (amount(lang, line, column)) } }
    }
}

fn amount(lang: Lang, line: &StatementLine, column: Item) -> Markup {
    let sum = line.item(column);
    html! { (signed(sum.sum)) @if sum.count > 0 { small.sub { (say!(lang, "list-count", n = show::count(sum.count))) } } }
}

/// What a line is made of: of a month its days, of a day its entries.
fn inside(side: Side, shown: &Shown, grain: Grain, line: &StatementLine, column: Option<Item>) -> String {
    match grain {
        Grain::Month => of_days(side, &shown.typed, line.period),
        Grain::Day => super::day::address(side, &shown.typed.group, line.period.first(), column),
    }
}

/// What the figures are, what the accounts hold now, and for paper who made it and when.
fn foot(frame: &Frame, shown: &Shown, statement: &Statement) -> Markup {
    let lang = frame.lang;
    let (available, held) = (statement.now.available, statement.now.held);
    let both = Fen::new(available.as_i64().saturating_add(held.as_i64()));
    let (available, held) = (show::yuan(available), show::yuan(held));
    html! {
        div.foot-notes {
            p { (say!(lang, "statement-now", both = show::yuan(both), available = available, held = held)) }
            p.soft { (say!(lang, "statement-what")) }
            p.soft { (say!(lang, "statement-when")) }
            p.soft.print-only { (say!(lang, "statement-made", time = show::date_time(shown.at), by = frame.by())) }
            @if statement.grain == Grain::Day && statement.lines.len() > 31 {
                p.no-print { a href=(by(frame.side(), &shown.typed, Grain::Month)) { (say!(lang, "statement-months")) } }
            }
        }
    }
}

/// The loads and the deposits that were confirmed in a time.
pub(super) fn records(side: Side, group: &str, period: Period) -> [String; 2] {
    let (from, to, group) = (period.first().to_string(), period.last().to_string(), group.to_owned());
    let typed = topup::records::Typed { from, to, group, ..topup::records::Typed::default() };
    [topup::records::Loads::path(side), DepositRecords::path(side)]
        .map(|path| crate::records::ask::address(path, &typed, &[]))
}
