//! Writes the records of a filter into a file.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::query::{beat, end, keep};
use super::{ExportState, Job};
use crate::House;
use crate::records::keyset::pages;
use crate::records::sheet::{self, SheetError};
use crate::records::{Cell, Filter, Format, Head, Loads, Record};

/// Records that are read at once. They are all that is in memory of a file of any length.
const AT_ONCE: i64 = 2_000;

/// How often a maker says how far it is.
const BEAT: Duration = Duration::from_secs(1);

/// Pages that wait for the writer.
const WAITING: usize = 2;

/// How a file says what is in it: the words, which are not this crate's.
pub trait Layout<R: Record = Loads>: Send + Sync {
    /// What stands above the rows.
    fn head(&self, totals: &R::Totals) -> Head;

    /// A record's row.
    fn row(&self, line: &R::Line) -> Vec<Cell>;
}

/// A file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] store::Error),
    /// The file.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The rows do not come to the totals above them; such a file is not handed out.
    #[error("the rows of an export do not come to its totals: {rows}, {totals}")]
    Disagree {
        /// What the rows come to.
        rows: String,
        /// What is said above them.
        totals: String,
    },
    /// The writer is gone.
    #[error("the writer of an export is gone")]
    Gone,
    /// It is no longer wanted, or another makes it.
    #[error("the export is no longer this process's")]
    NotOurs,
}

/// The records of a filter in a file, with totals that are theirs: all of it in the one moment of its beginning.
pub async fn write<R: Record>(
    house: &House,
    filter: &Filter<R>,
    format: Format,
    layout: Arc<dyn Layout<R>>,
) -> Result<File, ExportError> {
    written(house, filter, format, layout, &AtomicI64::new(0)).await
}

async fn written<R: Record>(
    house: &House,
    filter: &Filter<R>,
    format: Format,
    layout: Arc<dyn Layout<R>>,
    done: &AtomicI64,
) -> Result<File, ExportError> {
    let mut tx = house.db.read().await?;
    let totals = R::sum(&mut tx, filter).await?;
    let head = layout.head(&totals);
    let (send, receive) = mpsc::channel(WAITING);
    // The lines are laid out where they are written, so that the next are read meanwhile.
    let writer = tokio::task::spawn_blocking(move || {
        let mut rows = R::Totals::default();
        let cells = sheet::received(receive).map(|line| {
            R::count_in(&mut rows, &line);
            layout.row(&line)
        });
        let file = sheet::write(format, &head, cells)?;
        Ok::<_, SheetError>((file, rows))
    });
    let mut from = None;
    loop {
        let lines = pages(&mut tx, filter, from, AT_ONCE).await?;
        let Some(last) = lines.last() else { break };
        from = Some(R::place(last));
        done.fetch_add(i64::try_from(lines.len()).unwrap_or(i64::MAX), Ordering::Relaxed);
        if send.send(lines).await.is_err() {
            break; // the writer says why
        }
    }
    drop(send);
    let (file, rows) = writer.await.map_err(|_| ExportError::Gone)??;
    if rows != totals {
        return Err(ExportError::Disagree { rows: format!("{rows:?}"), totals: format!("{totals:?}") });
    }
    Ok(file)
}

/// A table that is in memory already, as a file.
pub async fn table(format: Format, head: Head, rows: Vec<Vec<Cell>>) -> Result<File, ExportError> {
    let writer = tokio::task::spawn_blocking(move || sheet::write(format, &head, rows.into_iter()));
    Ok(writer.await.map_err(|_| ExportError::Gone)??)
}

/// Says every moment how far an export is and that its maker lives, also while totals are summed and the file is packed;
/// ends when it is no longer this process's.
async fn lost(house: &House, job: &Job, done: &AtomicI64) -> ExportError {
    loop {
        match beat(house, job, done.load(Ordering::Relaxed)).await {
            Ok(true) => tokio::time::sleep(BEAT).await,
            Ok(false) => return ExportError::NotOurs,
            Err(error) => return error.into(),
        }
    }
}

/// Makes an export that was taken up, to its end: that of `filter`, which is its own.
pub async fn make<R: Record>(house: &House, job: &Job, filter: &Filter<R>, layout: Arc<dyn Layout<R>>) {
    let done = AtomicI64::new(0);
    let made = async {
        let file = tokio::select! {
            file = written(house, filter, job.export.format, layout, &done) => file?,
            error = lost(house, job, &done) => return Err(error),
        };
        if keep(house, job, file).await? { Ok(()) } else { Err(ExportError::NotOurs) }
    };
    match made.await {
        Ok(()) => metrics::counter!("jichong_exports_total", "state" => "ready").increment(1),
        Err(ExportError::NotOurs) => tracing::info!(id = job.export.id.0, "an export is no longer this process's"),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, id = job.export.id.0, "an export failed");
            metrics::counter!("jichong_exports_total", "state" => "failed").increment(1);
            if let Err(error) = end(house, job, ExportState::Failed, 0).await {
                tracing::error!(error = &error as &dyn std::error::Error, "nor was that written down");
            }
        }
    }
}
