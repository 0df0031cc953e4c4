//! The page where exports wait: how far each is, the file, and a way to give it up.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use topup::records::exports::{Export, ExportState, KEPT_DAYS, MOST_AT_ONCE};

use crate::look::{Frame, Tone, empty, icon, notice, show, tag};
use crate::records::shelf::file_of;
use crate::records::views;
use crate::web::Html;
use crate::words::{Lang, say};

/// How often the page comes again while one is being made.
const REFRESH: u32 = 2;

/// An export, and its filter in words.
pub(crate) type Told = (Export, Vec<(String, String)>);

/// The page; `refused` says that as many are under way as one person may have.
pub(super) fn answer(frame: &Frame, exports: &[Told], refused: bool) -> Response {
    let status = if refused { StatusCode::CONFLICT } else { StatusCode::OK };
    (status, Html(page(frame, exports, refused))).into_response()
}

/// The page.
pub(crate) fn page(frame: &Frame, exports: &[Told], refused: bool) -> Markup {
    let lang = frame.lang;
    let back = views::root(frame.side());
    let title = say!(lang, "exports-title");
    let body = html! {
        div.heading {
            div { h1 { (title) } p.soft { (say!(lang, "exports-text", days = KEPT_DAYS)) } }
        }
        (views::draw(frame))
        @if refused { (notice(Tone::Doubt, "", say!(lang, "exports-refused", most = MOST_AT_ONCE))) }
        @if exports.is_empty() {
            section.sheet {
                (empty(icon::LIST.draw(), &say!(lang, "exports-none"), &say!(lang, "exports-none-text"), html! {
                    a.button.main href=(back) { (say!(lang, "records-title")) }
                }))
            }
        } @else {
            ul.exports { @for (export, filter) in exports { li.sheet { (one(lang, back, export, filter)) } } }
        }
    };
    let page = frame.page(title, body);
    let making = exports.iter().any(|(export, _)| export.state == ExportState::Making);
    if making { page.refresh(REFRESH).draw() } else { page.draw() }
}

fn one(lang: Lang, back: &str, export: &Export, filter: &[(String, String)]) -> Markup {
    let at = format!("{back}/exports/{}", export.id.0);
    html! {
        div.what {
            b { (file_of(lang, &export.wanted)) " " (export.format.as_str().to_uppercase()) }
            " " (state(lang, export.state))
            div.soft { @for (n, (_, which)) in filter.iter().enumerate() { @if n > 0 { " · " } (which) } }
            small.soft.num { (show::date_time(export.asked_at)) " · " (say!(lang, "records-found", n = show::count(export.lines))) }
        }
        @match export.state {
            ExportState::Making => {
                div.course {
                    progress value=(export.done) max=(export.lines.max(1)) aria-label=(say!(lang, "export-progress")) {}
                    small.num { (show::count(export.done)) " / " (show::count(export.lines)) }
                }
                (drop_form(&at, &say!(lang, "export-cancel")))
            }
            ExportState::Ready => {
                a.button.main href={ (at) "/file" } download { (say!(lang, "export-download", size = size(export.bytes))) }
                (drop_form(&at, &say!(lang, "export-remove")))
            }
            ExportState::Failed => { p.soft { (say!(lang, "export-failed-text")) } (drop_form(&at, &say!(lang, "export-remove"))) }
            ExportState::Cancelled => {}
        }
    }
}

fn drop_form(at: &str, word: &str) -> Markup {
    html! { form method="post" action={ (at) "/cancel" } { button.plain { (word) } } }
}

fn state(lang: Lang, state: ExportState) -> Markup {
    let (tone, word) = match state {
        ExportState::Making => (Tone::Plain, say!(lang, "export-making")),
        ExportState::Ready => (Tone::Good, say!(lang, "export-ready")),
        ExportState::Failed => (Tone::Bad, say!(lang, "export-failed")),
        ExportState::Cancelled => (Tone::Plain, say!(lang, "export-cancelled")),
    };
    tag(tone, &word)
}

/// In kilobytes, or megabytes with one place, rounded up.
fn size(bytes: i64) -> String {
    let tenths = bytes.saturating_add(104_857) / 104_858;
    if bytes < 1_048_576 {
        format!("{} KB", bytes.saturating_add(1_023) / 1_024)
    } else {
        format!("{}.{} MB", tenths / 10, tenths % 10)
    }
}
