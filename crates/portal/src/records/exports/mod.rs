//! Exports: a small one is the answer at once; a large one is made in the background and waits on a page.

pub(crate) mod layout;
pub(crate) mod page;
pub(crate) mod send;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use tokio::sync::Semaphore;
use topup::House;
use topup::records::exports::{self, ExportId, ExportState, Job, NewExport, Owner, Wanted};
use topup::records::{Filter, Format, Scope, Typed, totals};

use super::ask::{address, look};
use super::shelf::{Shelf, file_of};
use super::{Asked, Records, list, views};
use crate::App;
use crate::look::Frame;
use crate::people::access::{May, Needs};
use crate::web::problem::Problem;
use crate::words::Lang;

/// An export of more records than this is made in the background: more would keep a browser waiting for seconds.
const AT_ONCE: i64 = 10_000;

/// Exports that one process makes at a time; the others wait, so that charging never does.
static MAKERS: Semaphore = Semaphore::const_new(2);

/// How often a process looks for exports that nobody makes any more.
const LOOK: Duration = Duration::from_secs(15);

/// What an export form sends: the filter, and as what.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Sent {
    #[serde(flatten)]
    pub(crate) typed: Typed,
    #[serde(default)]
    pub(crate) format: String,
}

/// Who exports what they may see.
pub(crate) struct Exporter<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) owner: Owner,
    pub(crate) scope: Scope,
}

impl<'a> Exporter<'a> {
    fn operator<P: Needs>(may: &'a May<P>) -> Self {
        let owner = Owner::Operator(may.group(), may.operator.id);
        Self { frame: &may.frame, owner, scope: Scope::of(may.group()) }
    }

    /// Where their exports wait.
    fn page(&self) -> String {
        format!("{}/exports", views::root(self.frame.side()))
    }
}

/// A group's own records as a file.
pub(crate) async fn post<R: Shelf>(
    State(app): State<App>,
    may: May<R::Needs>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    export::<R>(&app, &Exporter::operator(&may), sent).await
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
pub(crate) async fn export<R: Shelf>(app: &App, who: &Exporter<'_>, sent: Sent) -> Result<Response, Problem> {
    let (house, lang) = (&app.house, who.frame.lang);
    let format = Format::parse(&sent.format).ok_or(Problem::Malformed)?;
    let Ok(filter) = sent.typed.read::<R>(house, who.scope).await? else {
        // The page of the list, as if its address had been asked: there its language is switched.
        let frame = Frame { here: address(R::path(who.frame.side()), &sent.typed, &[]), ..who.frame.clone() };
        let shown = look::<R>(app, who.scope, Asked::of(sent.typed)).await?;
        return Ok(list::answer(&frame, &shown));
    };
    let lines = R::count(&totals(house, &filter).await?);
    if lines <= AT_ONCE {
        let layout = layout::of(house, lang, &filter, who.frame.by()).await?;
        let file = exports::write(house, &filter, format, Arc::new(layout)).await?;
        return send::file(file, &send::name(&R::file(lang), filter.period, format), format);
    }
    let (language, wanted) = (lang.tag().to_owned(), R::wanted(filter));
    let new = NewExport { owner: who.owner, by: who.frame.by(), format, language, wanted, lines };
    let Some(id) = exports::ask(house, &new).await? else { return waiting(app, who, true).await };
    let (house, owner) = (house.clone(), who.owner);
    tokio::spawn(async move { make(&house, owner, id).await });
    Ok(Redirect::to(&who.page()).into_response())
}

/// The exports of a person.
pub(crate) async fn waiting(app: &App, who: &Exporter<'_>, refused: bool) -> Result<Response, Problem> {
    let mut told = Vec::new();
    for export in exports::list(&app.house, who.owner).await? {
        let filter = layout::told(&app.house, who.frame.lang, &export.wanted).await?;
        told.push((export, filter));
    }
    Ok(page::answer(who.frame, &told, refused))
}

/// Takes up what processes that are gone left half made, for as long as the house stands. Several processes may.
pub async fn follow(house: House) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = house.stopped() => return,
            _ = tick.tick() => {}
        }
        take_up(&house).await;
    }
}

/// One look: what nobody makes is made.
pub async fn take_up(house: &House) {
    match exports::left(house).await {
        Ok(left) => {
            for (owner, id) in left {
                make(house, owner, id).await;
            }
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "exports were not looked for; the next look will");
        }
    }
}

/// Makes an export, unless somebody else does.
async fn make(house: &House, owner: Owner, id: ExportId) {
    let Ok(_permit) = MAKERS.acquire().await else { return };
    let made = async {
        let Some(job) = exports::take(house, owner, id).await? else { return Ok(()) };
        match &job.export.wanted {
            Wanted::Loads(filter) => write(house, &job, filter).await,
            Wanted::Deposits(filter) => write(house, &job, filter).await,
        }
    };
    if let Err(problem) = made.await {
        tracing::error!(?problem, id = id.0, "an export was not taken up");
    }
}

async fn write<R: Shelf>(house: &House, job: &Job, filter: &Filter<R>) -> Result<(), Problem> {
    let lang = Lang::parse(&job.export.language).unwrap_or(Lang::Zh);
    let layout = layout::of(house, lang, filter, job.export.by.clone()).await?;
    exports::make(house, job, filter, Arc::new(layout)).await;
    Ok(())
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
    let lang = Lang::parse(&export.language).unwrap_or(Lang::Zh);
    let name = send::name(&file_of(lang, &export.wanted), export.wanted.period(), export.format);
    send::parts(&app.house, who.owner, &export, &name)
}
