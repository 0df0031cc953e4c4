//! The days: `GET /office/reconcile`, and a file brought to them: `POST /office/reconcile`.

use axum::extract::{Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::reconcile::{self, Bank, Came, Day, DayState, Days};

use super::{Do, LIST, STATEMENTS, See, may_do, meanwhile, path, words};
use crate::App;
use crate::look::{Frame, Tone, empty, icon, pages, show, summary, tag};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::web::upload::Upload;
use crate::words::{Lang, say};

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// The days before this one.
    #[serde(default)]
    before: String,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) days: Days,
    /// Not the last days.
    pub(crate) later: bool,
}

/// `GET /office/reconcile`
pub(crate) async fn get(State(app): State<App>, may: Office<See>, Query(asked): Query<Asked>) -> Result<Html, Problem> {
    let before = asked.before.parse().ok();
    let shown = Shown { days: reconcile::days(&app.house, before).await?, later: before.is_some() };
    Ok(Html(page(&may.frame, &shown, &[])))
}

/// `POST /office/reconcile`: on to the day that the file is of.
pub(crate) async fn post(State(app): State<App>, may: Office<Do>, form: Multipart) -> Result<Response, Problem> {
    let lang = may.frame.lang;
    let problem = match Upload::read(form).await {
        Err(error) => error.words(lang)?,
        Ok(upload) if upload.name.is_empty() => say!(lang, "upload-none"),
        Ok(upload) => {
            let (house, actor) = (app.house.clone(), may.actor());
            let work =
                async move { reconcile::take(&house, &actor, Came::Uploaded, &upload.name, &upload.bytes).await };
            match meanwhile(work).await {
                // The file is kept; the day shows how far it has come.
                None => return Ok(Redirect::to(LIST).into_response()),
                Some(Ok(taken)) => {
                    let news = if taken.fresh { "fresh" } else { "known" };
                    return Ok(Redirect::to(&format!("{}?file={news}", path(taken.day))).into_response());
                }
                Some(Err(error)) => match words::not_taken(lang, &error) {
                    Some(words) => words,
                    None => return Err(error.into()),
                },
            }
        }
    };
    let shown = Shown { days: reconcile::days(&app.house, None).await?, later: false };
    let page = page(&may.frame, &shown, &[("file", problem)]);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// The page.
pub(crate) fn page(frame: &Frame, shown: &Shown, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "section-reconcile");
    let body = html! {
        div.heading {
            div { h1 { (title) } p.soft { (say!(lang, "reconcile-text")) } }
            a.button href=(STATEMENTS) { (say!(lang, "statements")) }
        }
        (summary(lang, problems))
        section.sheet.queue {
            @if shown.days.days.is_empty() {
                (empty(icon::BANK.draw(), &say!(lang, "days-none"), &say!(lang, "days-none-text"), html! {}))
            } @else { (table(lang, &shown.days.days)) }
            (pages(lang, shown.later.then(|| LIST.to_owned()), shown.days.earlier.map(|day| format!("{LIST}?before={day}"))))
        }
        @if may_do(frame) { (upload(lang, problems)) }
    };
    frame.page(title, body).draw()
}

fn upload(lang: Lang, problems: &[(&str, String)]) -> Markup {
    html! {
        section.sheet.pad.stack aria-labelledby="upload" {
            h2 id="upload" { (say!(lang, "bill-upload")) }
            p.soft { (say!(lang, "bill-upload-text")) }
            form.upload method="post" action=(LIST) enctype="multipart/form-data" {
                (file_field(lang, problems))
                button.button.main { (say!(lang, "upload")) }
            }
        }
    }
}

/// The field for a file, with what is wrong with the last one.
pub(super) fn file_field(lang: Lang, problems: &[(&str, String)]) -> Markup {
    let wrong = problems.iter().find(|(field, _)| *field == "file").map(|(_, problem)| problem.as_str());
    html! {
        div.field {
            label for="file" { (say!(lang, "file")) }
            @if let Some(wrong) = wrong { p.wrong id="file-wrong" { (icon::BAD.draw()) span { (wrong) } } }
            input id="file" name="file" type="file" required aria-describedby=[wrong.map(|_| "file-wrong")]
                aria-invalid=[wrong.map(|_| "true")];
        }
    }
}

fn table(lang: Lang, days: &[Day]) -> Markup {
    html! {
        table.table.days {
            thead { tr {
                th scope="col" { (say!(lang, "day")) }
                th scope="col" { (say!(lang, "day-state")) }
                th.r.wide-only scope="col" { (say!(lang, "day-ours")) }
                th.r.wide-only scope="col" { (say!(lang, "day-matched")) }
                th.r scope="col" { (say!(lang, "day-net")) }
                th.wide-only scope="col" { (say!(lang, "day-settled")) }
            } }
            tbody { @for day in days { (row(lang, day)) } }
        }
    }
}

fn row(lang: Lang, day: &Day) -> Markup {
    let bank = match &day.state {
        DayState::Here(bank) => Some(bank),
        DayState::Early | DayState::Absent { .. } => None,
    };
    html! {
        tr {
            td.num { a href=(path(day.day)) { (day.day) } }
            td { (state(lang, day)) @if let Some(why) = why(lang, day) { div.sub { (why) } } }
            td.r.wide-only { (day.ours) }
            td.r.wide-only { @if let Some(bank) = bank { (bank.matched) " / " (bank.lines) } @else { "—" } }
            td.r { (show::cell(bank.map(|bank| bank.net))) }
            td.wide-only { @if let Some(bank) = bank { (settled(lang, bank)) } @else { span.soft { "—" } } }
        }
    }
}

/// How a day stands, in a word.
pub(super) fn state(lang: Lang, day: &Day) -> Markup {
    match &day.state {
        _ if day.open > 0 => tag(Tone::Bad, &say!(lang, "day-differs", n = day.open)),
        DayState::Here(_) => tag(Tone::Good, &say!(lang, "day-agrees")),
        DayState::Early => tag(Tone::Plain, &say!(lang, "day-early")),
        DayState::Absent { .. } if day.ours == 0 => tag(Tone::Plain, &say!(lang, "day-absent")),
        DayState::Absent { .. } => tag(Tone::Doubt, &say!(lang, "day-absent")),
    }
}

/// Why there is no file.
pub(super) fn why(lang: Lang, day: &Day) -> Option<String> {
    match &day.state {
        DayState::Here(_) => None,
        DayState::Early => Some(say!(lang, "day-early-why")),
        DayState::Absent { trouble: Some(_), .. } => Some(say!(lang, "day-trouble")),
        DayState::Absent { asked_at: Some(at), .. } => Some(say!(lang, "day-not-ready", at = show::date_time(*at))),
        DayState::Absent { .. } => Some(say!(lang, "day-not-asked")),
    }
}

/// Whether the net has arrived.
pub(super) fn settled(lang: Lang, bank: &Bank) -> Markup {
    match bank.settled {
        Some(on) => html! { (tag(Tone::Good, &say!(lang, "settled-on", day = on.to_string()))) },
        None if bank.net == topup::Fen::ZERO => html! { span.soft { (say!(lang, "settled-nothing")) } },
        None => html! { span.soft { (say!(lang, "settled-not-yet")) } },
    }
}
