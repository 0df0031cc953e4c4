//! Exports: a small one is the answer at once; a large one is made in the background and waits on a page.

mod layout;
pub(crate) mod page;
mod send;

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use topup::records::exports::{self, Export, ExportId, ExportState, NewExport, Owner};
use topup::records::{Filter, Format, Scope, Typed, totals};

use super::ask::{address, look};
use super::{Asked, Records, list, path};
use crate::App;
use crate::look::Frame;
use crate::people::access::May;
use crate::web::problem::Problem;
use crate::words::Lang;

/// An export of more loads than this is made in the background: more would keep a browser waiting for seconds.
const AT_ONCE: i64 = 10_000;

/// Exports that one process makes at a time; the others wait, so that charging never does.
pub(crate) const MAKERS: usize = 2;

/// What an export form sends: the filter, and as what.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(flatten)]
    typed: Typed,
    #[serde(default)]
    format: String,
}

/// Who exports what they may see.
pub(crate) struct Exporter<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) owner: Owner,
    pub(crate) scope: Scope,
}

impl<'a> Exporter<'a> {
    fn operator(may: &'a May<Records>) -> Self {
        let owner = Owner::Operator(may.group(), may.operator.id);
        Self { frame: &may.frame, owner, scope: Scope::of(may.group()) }
    }

    /// Login and name, as the file says them.
    fn by(&self) -> String {
        self.frame.visitor.as_ref().map_or_else(String::new, |who| format!("{} {}", who.name(), who.login()))
    }

    /// Where their exports wait.
    fn page(&self) -> String {
        format!("{}/exports", path(self.frame.side()))
    }
}

/// `POST /records/export`
pub(crate) async fn post(
    State(app): State<App>,
    may: May<Records>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    export(&app, &Exporter::operator(&may), wanted).await
}

/// `GET /records/exports`
pub(crate) async fn get(State(app): State<App>, may: May<Records>) -> Result<Response, Problem> {
    waiting(&app, &Exporter::operator(&may), false).await
}

/// `POST /records/exports/{export}/cancel`
pub(crate) async fn cancel(
    State(app): State<App>,
    may: May<Records>,
    Path(export): Path<String>,
) -> Result<Response, Problem> {
    give_up(&app, &Exporter::operator(&may), &export).await
}

/// `GET /records/exports/{export}/file`
pub(crate) async fn file(
    State(app): State<App>,
    may: May<Records>,
    Path(export): Path<String>,
) -> Result<Response, Problem> {
    hand_out(&app, &Exporter::operator(&may), &export).await
}

/// The file of a small filter; a large one is asked for, and its page is next.
pub(crate) async fn export(app: &App, who: &Exporter<'_>, wanted: Wanted) -> Result<Response, Problem> {
    let format = Format::parse(&wanted.format).ok_or(Problem::Malformed)?;
    let Ok(filter) = wanted.typed.read(&app.house, who.scope).await? else {
        // The page of the list, as if its address had been asked: there its language is switched.
        let frame = Frame { here: address(path(who.frame.side()), &wanted.typed, &[]), ..who.frame.clone() };
        let shown = look(app, who.scope, Asked::of(wanted.typed)).await?;
        return Ok(list::answer(&frame, &shown));
    };
    let lines = totals(&app.house, &filter).await?.count();
    let lang = who.frame.lang;
    if lines <= AT_ONCE {
        let layout = layout::of(app, lang, &filter, who.by()).await?;
        let file = exports::write(&app.house, &filter, format, Arc::new(layout)).await?;
        return send::file(file, &send::name(lang, &filter, format), format);
    }
    let language = lang.tag().to_owned();
    let new = NewExport { owner: who.owner, by: who.by(), format, language, filter, lines };
    let Some(id) = exports::ask(&app.house, &new).await? else { return waiting(app, who, true).await };
    let (app, owner) = (app.clone(), who.owner);
    tokio::spawn(async move {
        if let Ok(_permit) = Arc::clone(&app.makers).acquire_owned().await {
            make(&app, owner, id).await;
        }
    });
    Ok(Redirect::to(&who.page()).into_response())
}

/// The exports of a person. One whose maker is gone is taken up again.
pub(crate) async fn waiting(app: &App, who: &Exporter<'_>, refused: bool) -> Result<Response, Problem> {
    let all = exports::list(&app.house, who.owner).await?;
    for export in all.iter().filter(|export| export.state == ExportState::Making) {
        if let Ok(permit) = Arc::clone(&app.makers).try_acquire_owned() {
            let (app, owner, id) = (app.clone(), who.owner, export.id);
            tokio::spawn(async move {
                make(&app, owner, id).await;
                drop(permit);
            });
        }
    }
    let mut told = Vec::new();
    for export in all {
        let filter = layout::describe(app, who.frame.lang, &export.filter).await?;
        told.push((export, filter));
    }
    Ok(page::answer(who.frame, &told, refused))
}

/// Makes an export that nobody else makes.
async fn make(app: &App, owner: Owner, id: ExportId) {
    let made = async {
        let Some(job) = exports::take(&app.house, owner, id).await? else { return Ok(()) };
        let Export { language, filter, by, .. } = &job.export;
        let layout = layout::of(app, Lang::parse(language).unwrap_or(Lang::Zh), filter, by.clone()).await?;
        exports::make(&app.house, &job, Arc::new(layout)).await;
        Ok::<(), Problem>(())
    };
    if let Err(problem) = made.await {
        tracing::error!(?problem, id = id.0, "an export was not taken up");
    }
}

/// No longer wanted.
pub(crate) async fn give_up(app: &App, who: &Exporter<'_>, id: &str) -> Result<Response, Problem> {
    let id = ExportId(id.parse().map_err(|_| Problem::NotFound)?);
    if exports::cancel(&app.house, who.owner, id).await? {
        Ok(Redirect::to(&who.page()).into_response())
    } else {
        Err(Problem::NotFound)
    }
}

/// A file that is ready.
pub(crate) async fn hand_out(app: &App, who: &Exporter<'_>, id: &str) -> Result<Response, Problem> {
    let id = ExportId(id.parse().map_err(|_| Problem::NotFound)?);
    let export = exports::one(&app.house, who.owner, id).await?.ok_or(Problem::NotFound)?;
    if export.state != ExportState::Ready {
        return Err(Problem::NotFound);
    }
    send::parts(app, who.owner, &export)
}

/// The days of a filter, for a file's name.
fn days(filter: &Filter) -> String {
    let day = |day: topup::records::Day| day.to_string().replace('-', "");
    format!("{}-{}", day(filter.period.first()), day(filter.period.last()))
}
