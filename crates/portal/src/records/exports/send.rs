//! A file as an answer.

use std::fs::File;
use std::io::Read as _;

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, StreamExt as _, stream};
use topup::House;
use topup::records::exports::{self, Export, Owner};
use topup::records::{Format, Period};

use crate::web::encoded;
use crate::web::problem::Problem;

/// Read from the disk at once.
const PIECE: u64 = 64 * 1024;

/// What the file is called, without quotes or anything else that would need them.
pub(crate) fn name(file: &str, period: Period, format: Format) -> String {
    let day = |day: topup::records::Day| day.to_string().replace('-', "");
    format!("{file}-{}-{}.{}", day(period.first()), day(period.last()), format.as_str())
}

/// A file that was just made; the system removes it with its handle.
pub(crate) fn file(file: File, name: &str, format: Format) -> Result<Response, Problem> {
    let length = file.metadata()?.len();
    let pieces = stream::unfold(Some(file), async |file| {
        let mut file = file?;
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::new();
            let read = file.by_ref().take(PIECE).read_to_end(&mut piece);
            read.map(|_| (piece, file))
        });
        match read.await.unwrap_or_else(|gone| Err(gone.into())) {
            Ok((piece, _)) if piece.is_empty() => None,
            Ok((piece, file)) => Some((Ok(Bytes::from(piece)), Some(file))),
            // The download breaks, and the browser says so.
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(answer(pieces, length, name, format))
}

/// A file that waited, part by part.
pub(super) fn parts(house: &House, owner: Owner, export: &Export, name: &str) -> Result<Response, Problem> {
    let length = u64::try_from(export.bytes)?;
    let (house, id) = (house.clone(), export.id);
    let pieces = stream::unfold(0_i64, move |number| {
        let house = house.clone();
        async move {
            let part = exports::part(&house, owner, id, number).await.transpose()?;
            Some((part.map(Bytes::from), number.saturating_add(1)))
        }
    });
    Ok(answer(pieces, length, name, export.format))
}

fn answer<E: Into<BoxError> + 'static>(
    pieces: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    length: u64,
    name: &str,
    format: Format,
) -> Response {
    // What compresses an answer asks once more after its end.
    let body = Body::from_stream(pieces.fuse());
    // The plain name is for programs of another age.
    let disposition =
        format!("attachment; filename=\"export.{}\"; filename*=UTF-8''{}", format.as_str(), encoded(name));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (CONTENT_LENGTH, HeaderValue::from(length)),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_str(&disposition).unwrap_or_else(|_| HeaderValue::from_static("attachment")),
        ),
    ];
    (headers, body).into_response()
}
