//! How the statements of an account are read, set up from a sample of one: `POST /office/reconcile/accounts` brings the
//! sample, `GET` and `POST /office/reconcile/accounts/{account}` show what it says and keep the layout.
//!
//! The sample travels with the form, so nothing is kept before somebody says so.

use axum::extract::{Form, Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::reconcile::statement::{Columns, Layout, Separator, Statement, decode, guess, read_text, records};
use topup::reconcile::{self, Account, AccountError, Kept, MOST_NAME};

use super::{Do, STATEMENTS, statements, words};
use crate::App;
use crate::look::{Choice, Field, Frame, hidden, show, summary};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::web::upload::Upload;
use crate::words::{Lang, say};

/// The address of an account that is not kept yet.
const NEW: &str = "new";
/// The most lines of a sample, and the most bytes: it comes back with the form, in which a character takes nine.
const SAMPLE_LINES: usize = 40;
const SAMPLE_BYTES: usize = 6_000;

/// What the form sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) sample: String,
    separator: String,
    date: String,
    /// `two`, `signed` or `marked`.
    way: String,
    income: String,
    expense: String,
    amount: String,
    mark: String,
    word: String,
    balance: String,
    serial: String,
    counterparty: String,
    remark: String,
    settles: String,
    /// `look` or `keep`.
    step: String,
}

/// `POST /office/reconcile/accounts`: what a sample seems to say.
pub(crate) async fn sample(State(app): State<App>, may: Office<Do>, form: Multipart) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let problem = match Upload::read(form).await {
        Err(error) => error.words(lang)?,
        Ok(upload) if upload.name.is_empty() => say!(lang, "upload-none"),
        Ok(upload) => match decode(&upload.bytes, Separator::Comma) {
            Err(error) => words::statement(lang, &error),
            Ok((text, _)) => {
                let sample = beginning(&text);
                let sent = Sent::of("", &sample, &guess(&sample));
                let frame = Frame { here: format!("/office/reconcile/accounts/{NEW}"), ..may.frame.clone() };
                return Ok(Html(page(&frame, NEW, &sent, &[])).into_response());
            }
        },
    };
    let shown = statements::look(&app, None).await?;
    let frame = Frame { here: STATEMENTS.to_owned(), ..may.frame.clone() };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(statements::page(&frame, &shown, &[("sample", problem)])))
        .into_response())
}

/// The first lines of a text.
fn beginning(text: &str) -> String {
    let mut sample = String::new();
    for line in text.lines().take(SAMPLE_LINES) {
        if sample.len().saturating_add(line.len()) > SAMPLE_BYTES {
            break;
        }
        sample.push_str(line);
        sample.push('\n');
    }
    sample
}

/// `GET /office/reconcile/accounts/{account}`
pub(crate) async fn get(State(app): State<App>, may: Office<Do>, Path(id): Path<String>) -> Result<Response, Problem> {
    if id == NEW {
        return Ok(Redirect::to(STATEMENTS).into_response());
    }
    let account = known(&app, &id).await?;
    let sent = Sent::of(&account.name, &account.sample, &account.layout);
    Ok(Html(page(&may.frame, &id, &sent, &[])).into_response())
}

async fn known(app: &App, id: &str) -> Result<Account, Problem> {
    let id = id.parse().map_err(|_| Problem::NotFound)?;
    reconcile::account(&app.house, id).await?.ok_or(Problem::NotFound)
}

/// `POST /office/reconcile/accounts/{account}`: shows what the layout makes of the sample, or keeps it.
pub(crate) async fn post(
    State(app): State<App>,
    may: Office<Do>,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let kept = if id == NEW { None } else { Some(known(&app, &id).await?.id) };
    let lang = may.frame.lang;
    if sent.step != "keep" {
        return Ok(Html(page(&may.frame, &id, &sent, &[])).into_response());
    }
    let layout = sent.layout();
    let new = Kept { id: kept, name: &sent.name, layout: &layout, sample: &sent.sample };
    let (field, problem) = match reconcile::keep(&app.house, &may.actor(), &new).await {
        Ok(_) => return Ok(Redirect::to(&format!("{STATEMENTS}?kept=yes")).into_response()),
        Err(AccountError::Name) => ("name", say!(lang, "account-name-wrong", most = MOST_NAME)),
        Err(AccountError::Taken) => ("name", say!(lang, "account-name-taken")),
        Err(AccountError::Sample(error)) => ("", words::statement(lang, &error)),
        Err(AccountError::Unknown) => return Err(Problem::NotFound),
        Err(AccountError::Storage(error)) => return Err(error.into()),
    };
    let page = page(&may.frame, &id, &sent, &[(field, problem)]);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

impl Sent {
    pub(crate) fn of(name: &str, sample: &str, layout: &Layout) -> Self {
        let text = |column: &Option<String>| column.clone().unwrap_or_default();
        let separator = match layout.separator {
            Separator::Comma => "comma",
            Separator::Tab => "tab",
            Separator::Semicolon => "semicolon",
        };
        let sent = Self {
            name: name.to_owned(),
            sample: sample.to_owned(),
            separator: separator.to_owned(),
            date: layout.date.clone(),
            balance: text(&layout.balance),
            serial: text(&layout.serial),
            counterparty: text(&layout.counterparty),
            remark: text(&layout.remark),
            settles: layout.settles.clone(),
            ..Self::default()
        };
        match layout.amount.clone() {
            Columns::Two { income, expense } => Self { way: "two".into(), income, expense, ..sent },
            Columns::Signed { amount } => Self { way: "signed".into(), amount, ..sent },
            Columns::Marked { amount, mark, income } => {
                Self { way: "marked".into(), amount, mark, word: income, ..sent }
            }
        }
    }

    fn layout(&self) -> Layout {
        let maybe = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Layout {
            separator: match self.separator.as_str() {
                "tab" => Separator::Tab,
                "semicolon" => Separator::Semicolon,
                _ => Separator::Comma,
            },
            date: self.date.clone(),
            amount: match self.way.as_str() {
                "two" => Columns::Two { income: self.income.clone(), expense: self.expense.clone() },
                "marked" => Columns::Marked {
                    amount: self.amount.clone(),
                    mark: self.mark.clone(),
                    income: self.word.trim().to_owned(),
                },
                _ => Columns::Signed { amount: self.amount.clone() },
            },
            balance: maybe(&self.balance),
            serial: maybe(&self.serial),
            counterparty: maybe(&self.counterparty),
            remark: maybe(&self.remark),
            settles: self.settles.trim().to_owned(),
        }
    }
}

/// The page.
pub(crate) fn page(frame: &Frame, id: &str, sent: &Sent, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let layout = sent.layout();
    let read = read_text(&sent.sample, &layout);
    let title = if id == NEW { say!(lang, "account-new") } else { sent.name.clone() };
    let body = html! {
        p.back { a href=(STATEMENTS) { (say!(lang, "back-statements")) } }
        div.heading { div { h1 { (title) } p.soft { (say!(lang, "account-text")) } } }
        (summary(lang, problems))
        section.sheet.queue {
            h2 { (say!(lang, "account-preview")) }
            @match &read {
                Ok(statement) => (preview(lang, statement)),
                Err(error) => p.notice.bad.inset { (words::statement(lang, error)) },
            }
        }
        div.halves {
            (form(lang, id, sent, &layout, problems))
            section.sheet.pad.stack {
                h2 { (say!(lang, "account-sample")) }
                pre.sample-text tabindex="0" { (sent.sample) }
            }
        }
    };
    frame.page(title, body).draw()
}

fn form(lang: Lang, id: &str, sent: &Sent, layout: &Layout, problems: &[(&str, String)]) -> Markup {
    let names = columns(&sent.sample, layout);
    let options: Vec<(String, &str)> = names.iter().map(|name| (name.clone(), name.as_str())).collect();
    let choice = |name: &'static str, label: String, value: &str| {
        Choice::new(name, label, say!(lang, "column-none")).options(&options).value(value).wrong(problems).draw()
    };
    let words = [say!(lang, "way-two"), say!(lang, "way-signed"), say!(lang, "way-marked")];
    let ways: Vec<(String, &str)> = ["two", "signed", "marked"]
        .into_iter()
        .zip(&words)
        .map(|(way, word)| (way.to_owned(), word.as_str()))
        .collect();
    let words = [say!(lang, "separator-comma"), say!(lang, "separator-tab"), say!(lang, "separator-semicolon")];
    let separators: Vec<(String, &str)> = ["comma", "tab", "semicolon"]
        .into_iter()
        .zip(&words)
        .map(|(separator, word)| (separator.to_owned(), word.as_str()))
        .collect();
    html! {
        form.sheet.pad.stack.layout method="post" action={ "/office/reconcile/accounts/" (id) } {
            (hidden("sample", &sent.sample))
            (Field::new("name", say!(lang, "account-name"), "text", "off").hint(say!(lang, "account-name-hint"))
                .value(&sent.name).wrong(problems).draw())
            (Choice::new("separator", say!(lang, "separator"), say!(lang, "choose")).options(&separators)
                .value(&sent.separator).draw())
            (choice("date", say!(lang, "column-date"), &sent.date))
            (Choice::new("way", say!(lang, "way"), say!(lang, "choose")).options(&ways).value(&sent.way).draw())
            div.either-or {
                (choice("income", say!(lang, "column-income"), &sent.income))
                (choice("expense", say!(lang, "column-expense"), &sent.expense))
                (choice("amount", say!(lang, "column-one-amount"), &sent.amount))
                (choice("mark", say!(lang, "column-mark"), &sent.mark))
                (Field::new("word", say!(lang, "column-word"), "text", "off").value(&sent.word).draw())
            }
            (choice("balance", say!(lang, "column-balance"), &sent.balance))
            (choice("serial", say!(lang, "column-number"), &sent.serial))
            (choice("counterparty", say!(lang, "column-party"), &sent.counterparty))
            (choice("remark", say!(lang, "column-remark"), &sent.remark))
            (Field::new("settles", say!(lang, "account-settles"), "text", "off")
                .hint(say!(lang, "account-settles-hint")).value(&sent.settles).draw())
            div.either {
                button.button name="step" value="look" { (say!(lang, "account-look")) }
                button.button.main name="step" value="keep" { (say!(lang, "account-keep")) }
            }
        }
    }
}

/// The names that a column can have: the header's, or all short texts above the first amounts while it is not known.
fn columns(sample: &str, layout: &Layout) -> Vec<String> {
    let all = records(sample, layout.separator).unwrap_or_default();
    let header = layout.header(&all).or_else(|| {
        all.iter().max_by_key(|record| {
            let words =
                record.cells.iter().filter(|cell| !cell.is_empty() && !cell.chars().any(|c| c.is_ascii_digit()));
            (words.count(), usize::MAX.saturating_sub(record.line))
        })
    });
    let mut names: Vec<String> = header.map(|record| record.cells.clone()).unwrap_or_default();
    names.retain(|name| !name.is_empty());
    names
}

/// What the layout makes of the sample.
fn preview(lang: Lang, statement: &Statement) -> Markup {
    html! {
        p.soft.none { (say!(lang, "account-read", header = statement.header, n = statement.lines.len(), passed = statement.passed)) }
        div.scroll tabindex="0" { table.table {
            thead { tr {
                th scope="col" { (say!(lang, "column-date")) }
                th.r scope="col" { (say!(lang, "preview-in")) }
                th.r scope="col" { (say!(lang, "preview-out")) }
                th.r scope="col" { (say!(lang, "column-balance")) }
                th scope="col" { (say!(lang, "column-party")) }
                th scope="col" { (say!(lang, "column-remark")) }
                th scope="col" { (say!(lang, "column-number")) }
            } }
            tbody { @for line in statement.lines.iter().take(8) {
                @let out = topup::Fen::new(line.amount.as_i64().saturating_neg());
                @let came = line.amount >= topup::Fen::ZERO;
                tr {
                    td.num { (line.day) }
                    td.r { @if came { (line.amount) } }
                    td.r { @if !came { (out) } }
                    td.r { (show::cell(line.balance)) }
                    td { (line.counterparty) }
                    td { (line.remark) }
                    td.num { (line.serial) }
                }
            } }
        } }
    }
}
