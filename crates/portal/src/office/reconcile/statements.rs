//! Bank statements: `GET /office/reconcile/statements`, and one brought in: `POST` there.

use axum::extract::{Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::paging::{Page, Place};
use topup::reconcile::{self, Account, StatementRefused, StatementTaken};

use super::list::file_field;
use super::{Do, LIST, STATEMENTS, See, groups, may_do, words};
use crate::App;
use crate::look::{Choice, Frame, Tone, empty, icon, notice, pages, show, summary};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::web::upload::Upload;
use crate::words::{Lang, say};

/// What the address says of what was done a moment ago.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct News {
    /// How many lines were new.
    fresh: Option<i64>,
    /// Set when an account was kept.
    #[serde(default)]
    kept: String,
    #[serde(default)]
    after: String,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) accounts: Vec<Account>,
    pub(crate) taken: Page<StatementTaken>,
    /// Not the first page of these.
    pub(crate) later: bool,
    pub(crate) fresh: Option<i64>,
    pub(crate) kept: bool,
    /// The account that was chosen.
    pub(crate) chosen: String,
}

/// `GET /office/reconcile/statements`
pub(crate) async fn get(State(app): State<App>, may: Office<See>, Query(news): Query<News>) -> Result<Html, Problem> {
    let shown =
        Shown { fresh: news.fresh, kept: !news.kept.is_empty(), ..look(&app, Place::parse(&news.after)).await? };
    Ok(Html(page(&may.frame, &shown, &[])))
}

pub(super) async fn look(app: &App, after: Option<Place>) -> Result<Shown, Problem> {
    let accounts = reconcile::accounts(&app.house).await?;
    let taken = reconcile::statements(&app.house, after).await?;
    Ok(Shown { accounts, taken, later: after.is_some(), ..Shown::default() })
}

/// `POST /office/reconcile/statements`
pub(crate) async fn post(State(app): State<App>, may: Office<Do>, form: Multipart) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let (mut chosen, mut field) = (String::new(), "file");
    let problem = match Upload::read(form).await {
        Err(error) => error.words(lang)?,
        Ok(upload) => {
            upload.field("account").clone_into(&mut chosen);
            match chosen.parse::<i64>() {
                Err(_) => {
                    field = "account";
                    say!(lang, "statement-account-none")
                }
                Ok(_) if upload.name.is_empty() => say!(lang, "upload-none"),
                Ok(account) => match take(&app, &may, account, &upload).await? {
                    Ok(fresh) => return Ok(Redirect::to(&format!("{STATEMENTS}?fresh={fresh}")).into_response()),
                    Err(words) => words,
                },
            }
        }
    };
    let shown = Shown { chosen, ..look(&app, None).await? };
    let page = page(&may.frame, &shown, &[(field, problem)]);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// How many lines were new, or why it was not taken.
async fn take(app: &App, may: &Office<Do>, account: i64, upload: &Upload) -> Result<Result<i64, String>, Problem> {
    match reconcile::take_statement(&app.house, &may.actor(), account, &upload.name, &upload.bytes).await {
        Ok(taken) => Ok(Ok(taken.fresh)),
        Err(StatementRefused::Unknown) => Err(Problem::NotFound),
        Err(StatementRefused::Storage(error)) => Err(error.into()),
        Err(StatementRefused::Statement(error)) => Ok(Err(words::statement(may.frame.lang, &error))),
    }
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "statements");
    let body = html! {
        p.back { a href=(LIST) { (say!(lang, "back-days")) } }
        div.heading { div { h1 { (title) } p.soft { (say!(lang, "statements-text")) } } }
        (summary(lang, problems))
        (news(lang, shown))
        @if may_do(frame) && !shown.accounts.is_empty() { (bring(lang, shown, problems)) }
        (accounts(frame, shown))
        @if !shown.taken.rows.is_empty() { (taken(lang, shown)) }
    };
    frame.page(title, body).draw()
}

fn news(lang: Lang, shown: &Shown) -> Markup {
    let (tone, text) = match shown.fresh {
        Some(0) => (Tone::Plain, say!(lang, "statement-known")),
        Some(fresh) => (Tone::Good, say!(lang, "statement-taken", n = fresh)),
        None if shown.kept => (Tone::Good, say!(lang, "account-kept")),
        None => return html! {},
    };
    html! { div.news role="status" { (notice(tone, "", text)) } }
}

fn bring(lang: Lang, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let options: Vec<(String, &str)> =
        shown.accounts.iter().map(|account| (account.id.to_string(), account.name.as_str())).collect();
    let only = shown.accounts.first().filter(|_| shown.accounts.len() == 1).map(|account| account.id.to_string());
    let chosen = only.as_deref().unwrap_or(&shown.chosen);
    html! {
        section.sheet.pad.stack.queue {
            h2 { (say!(lang, "statement-bring")) }
            p.soft { (say!(lang, "statement-bring-text")) }
            form.upload method="post" action=(STATEMENTS) enctype="multipart/form-data" {
                (Choice::new("account", say!(lang, "account"), say!(lang, "choose")).options(&options).value(chosen)
                    .wrong(problems).draw())
                (file_field(lang, problems))
                button.button.main { (say!(lang, "upload")) }
            }
        }
    }
}

fn accounts(frame: &Frame, shown: &Shown) -> Markup {
    let lang = frame.lang;
    html! {
        section.sheet.queue {
            h2 { (say!(lang, "accounts")) }
            @if shown.accounts.is_empty() {
                (empty(icon::BANK.draw(), &say!(lang, "accounts-none"), &say!(lang, "accounts-none-text"), html! {}))
            } @else {
                ul.lines { @for account in &shown.accounts { li {
                    b { (account.name) }
                    span.soft.small { (groups::person(lang, &account.kept_by)) " · " span.num { (show::date_time(account.kept_at)) } }
                    @if may_do(frame) {
                        a href={ "/office/reconcile/accounts/" (account.id) } { (say!(lang, "account-change")) }
                    }
                } } }
            }
            @if may_do(frame) { (sample(lang)) }
        }
    }
}

/// The first step of a new account: a statement of it.
fn sample(lang: Lang) -> Markup {
    html! {
        details.pad.sample {
            summary { (say!(lang, "account-new")) }
            form.upload method="post" action="/office/reconcile/accounts" enctype="multipart/form-data" {
                div.field {
                    label for="sample" { (say!(lang, "account-sample")) }
                    p.hint { (say!(lang, "account-sample-hint")) }
                    input id="sample" name="file" type="file" required accept=".csv,.txt";
                }
                button.button { (say!(lang, "account-next")) }
            }
        }
    }
}

fn taken(lang: Lang, shown: &Shown) -> Markup {
    let next = shown.taken.next.map(|next| format!("{STATEMENTS}?after={next}"));
    html! {
        section.sheet.queue {
            h2 { (say!(lang, "statements-taken")) }
            table.table.statements {
                thead { tr {
                    th scope="col" { (say!(lang, "file")) }
                    th scope="col" { (say!(lang, "statement-days")) }
                    th.r scope="col" { (say!(lang, "statement-lines")) }
                    th.wide-only scope="col" { (say!(lang, "trail-who")) }
                } }
                tbody { @for statement in &shown.taken.rows { tr {
                    td { (statement.name) div.sub { (statement.account) } }
                    td.num { (statement.from) div { (statement.until) } }
                    td.r { (statement.lines) div.sub { (say!(lang, "statement-fresh", n = statement.fresh)) } }
                    td.wide-only { (groups::person(lang, &statement.by)) div.sub.num { (show::date_time(statement.at)) } }
                } } }
            }
            (pages(lang, shown.later.then(|| STATEMENTS.to_owned()), next))
        }
    }
}
