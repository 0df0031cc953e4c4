//! The list as a file for the tax system: `GET /office/invoices/export`.

use axum::extract::{Query, State as Shared};
use axum::response::Response;
use serde::Deserialize;
use topup::invoices::{self, Invoice, State};
use topup::records::{Cell, Column, Format, Head};

use super::{See, state_word};
use crate::App;
use crate::look::show;
use crate::people::access::Office;
use crate::records::exports::send;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    format: String,
}

/// `GET /office/invoices/export`
pub(crate) async fn get(
    Shared(app): Shared<App>,
    may: Office<See>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let state = State::parse(&asked.state).ok_or(Problem::Malformed)?;
    let format = Format::parse(&asked.format).ok_or(Problem::Malformed)?;
    let text = |word: String| Cell::Text(word);
    let head = |count, sum| Head {
        title: say!(lang, "section-invoices"),
        lines: vec![
            vec![text(say!(lang, "invoice-state")), text(state_word(lang, state))],
            vec![text(say!(lang, "export-made")), text(show::date_time(app.house.now()))],
            vec![text(say!(lang, "export-by")), text(format!("{} {}", may.staff.name, may.staff.login))],
            vec![text(say!(lang, "invoice-sum")), Cell::Count(count), Cell::Money(sum)],
        ],
        columns: columns(lang),
    };
    let file = invoices::export(&app.house, state, format, head, row).await?;
    send::file(
        file,
        &format!("{}-{}.{}", say!(lang, "section-invoices"), state_word(lang, state), format.as_str()),
        format,
    )
}

/// What the tax system asks for, then what became of it.
fn columns(lang: Lang) -> Vec<Column> {
    let column = |(title, width)| Column { title, width };
    let all = [
        (say!(lang, "buyer-name"), 30),
        (say!(lang, "buyer-taxpayer"), 22),
        (say!(lang, "buyer-email"), 26),
        (say!(lang, "invoice-kind"), 10),
        (say!(lang, "invoice-item"), 24),
        (say!(lang, "invoice-code"), 22),
        (say!(lang, "invoice-amount"), 14),
        (say!(lang, "invoice-rate"), 10),
        (say!(lang, "invoice-tax"), 8),
        (say!(lang, "invoice-deposit"), 24),
        (say!(lang, "load-group"), 24),
        (say!(lang, "invoice-requested-at"), 20),
        (say!(lang, "invoice-number"), 23),
        (say!(lang, "invoice-issued-on"), 12),
        (say!(lang, "invoice-red-number"), 23),
        (say!(lang, "invoice-red-on"), 12),
    ];
    all.into_iter().map(column).collect()
}

fn row(invoice: &Invoice) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let digits = |number: Option<&String>| number.map_or(Cell::Empty, |number| Cell::Digits(number.clone()));
    let day = |day: Option<jiff::civil::Date>| day.map_or(Cell::Empty, |day| Cell::Text(day.to_string()));
    vec![
        text(&invoice.buyer),
        Cell::Digits(invoice.taxpayer.clone()),
        text(&invoice.email),
        text(invoices::KIND),
        text(invoices::ITEM),
        Cell::Digits(invoices::TAX_CODE.to_owned()),
        Cell::Money(invoice.amount),
        text(invoices::RATE),
        Cell::Money(invoices::TAX),
        text(&invoice.order),
        text(&invoice.group_name),
        text(&show::date_time(invoice.requested_at)),
        digits(invoice.number.as_ref()),
        day(invoice.issued_on),
        digits(invoice.red_number.as_ref()),
        day(invoice.red_on),
    ]
}
